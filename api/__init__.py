"""Every way in: HTTP for people and programs, the command line for those who run the clinic.

``compose`` builds a clinic from a data folder and is the only module that imports infrastructure.
"""
