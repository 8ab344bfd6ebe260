"""The command line: ``powiernik``, for those who run the clinic's server.

- ``main``: all commands, and how each ends. Each of the other modules holds what its name says.
- ``clinic``: init, rebuild, verify, status, reset-password; ``serving`` has serve,
  ``demonstration`` demo, ``broker`` follow, ``backup`` restore and drill, ``incidents`` recover,
  ``report`` access-report, ``rotation`` what ``keys`` does to change them.
- ``options`` ``custody_options`` ``passphrase``: what several commands take; ``output``: what they
  print; ``memory``: keeps the keys in it from other processes.
"""
