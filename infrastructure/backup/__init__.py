"""Backup, restore, and what a restore drill needs: three sets that are never kept in one place.

A **record** set holds what is written and its log, a **keys** set the key store, an **accounts**
set who may sign in. Each is sealed under a backup key of its own; the key-encryption key itself is
in none of them. The format is ``docs/formats/backup.md``.

The map of this room:

- ``manifest``: what a set says of itself, in strict text under a MAC.
- ``parts``: files cut into numbered parts, each sealed in its place.
- ``wrapping``: who can open a backup key: custody and, but for a keys set, the key store.
- ``freeze``: copies of the stores under a running server, each consistent in itself, in the one
  order in which they belong together.
- ``make``: writes the sets, and goes on where it was cut short.
- ``listed``: ``backups.list``, which backups there are and when they expire; ``expiry``: deletes.
- ``sets``: reads sets into a folder, every part and every hash, and goes on where that was cut
  short; ``restore``: puts a clinic back from three of them, judged before it takes its place.
- ``mend``: what a key store of another age than its record needs; ``gone``: ``keys.gone``, keys
  that are gone though the record does not say why.
- ``seen``: what was seen elsewhere of a later state, so that an older record meets E-ROLLBACK.
- ``shreds``: what a newer log says was destroyed, applied to the key store that was restored.
- ``contents``: opens everything that a record holds, and counts what does not open.

Source:
    docs of the design: security, sections 1.7 and 2.6; compliance, AVL-01 and AVL-02.
"""
