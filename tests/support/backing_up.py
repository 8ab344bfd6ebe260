"""A backup, or a restore, in a process of its own, to be killed: for tests of dying.

python -m tests.support.backing_up backup|restore DATA SETS TARGET PASSPHRASE
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from infrastructure.backup.restore import Wanted, restore
from infrastructure.folder import open_with
from infrastructure.layout import Layout
from infrastructure.vault.custody import unlock
from tests.support.backups import Trio


def main(what: str, data: str, sets: str, target: str, passphrase: str) -> None:
    """Do it once, and say when it begins and when it is done."""
    custody = unlock(Layout(Path(data)).keyfile, passphrase)
    trio = Trio(Path(sets))
    print("ready", flush=True)  # noqa: T201 - for whoever holds the gun
    if what == "restore":
        restore(Path(target), custody, Wanted(trio.places))
    else:
        with closing(open_with(Path(data), custody)) as folder:
            trio.made(folder)
    print("done", flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    main(*sys.argv[1:])
