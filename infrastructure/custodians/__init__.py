"""Custodians: what no single person may decide, and what the log is told of it.

The map of this room:

- ``signing``: a custodian's own key, and her signature.
- ``appointing``: another custodian, as two have signed.
- ``shredder``: destroys keys, as two have signed; the domain's ``Shredder``.
- ``shreds``: what the log says was destroyed, applied again whenever a data folder is opened.
- ``rotating``: a new key-encryption key, a new epoch of a client's keys.
"""
