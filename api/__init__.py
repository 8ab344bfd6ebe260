"""Every way in: HTTP for people and programs, the command line for those who run the clinic.

- ``compose/``: builds a clinic from a data folder; it alone imports infrastructure.
- ``http/``: the API; ``cli/``: the command ``powiernik``; ``demo/``: a clinic that is played.
- ``protocol``: the destruction record (*protokół zniszczenia*) as text to print.
"""
