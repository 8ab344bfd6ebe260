"""The command line: ``powiernik``, for those who run the clinic's server."""
