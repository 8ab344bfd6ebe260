"""Every way into the record: HTTP, command line and console."""
