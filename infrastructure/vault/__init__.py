"""The vault: keys, and what is sealed under them. It knows no ledger and no store of records.

The map of this room:

- ``custody``: who holds the key-encryption keys: a keyfile with passphrases, a token, a server.
- ``port``: what record and mapper need of this room, wherever the keys are.
- ``keystore``: ``keys.db``, where subject keys and item keys lie wrapped; ``keyrows``: its rows.
- ``keys``: a subject key and the subkeys derived from it; the bytes that bind a wrapped key.
- ``keyring``: finds the key of a subject, or makes it; checks it against the log before use.
- ``items``: keys of single texts, made ahead in blocks.
- ``envelope``: seals and opens a record in layout PSR1.
- ``cells``: seals and opens a cell of a projection.
- ``rotation``: a new generation of the key-encryption key; ``shredding``: destroys keys; ``bell``:
  by which every process hears of both.
- ``fingerprints``: what stands in the clear for an identifier, so that it can be found.
- ``broker``: opens content against the receipt of a recorded access, and not otherwise.
- ``deriving``: one derivation from a password at a time.
"""
