"""The data folder: what lies in it, of which version it is, what can be read without a key.

```
FORMAT        the version of this layout
kek.key       the key-encryption keys, locked with passphrases
custody.conf  in its place, where they are elsewhere: in a token or with a server, and which
clinic.conf   under which law records are kept, where it is not the default
custodian-*   for each passphrase a key to approve with, what takes two of them
keys.db       subject keys and item keys, wrapped
keys.bell     a counter by which every process hears that keys have changed
record.db     the record and its log
head.pin      what the last commit left, remembered outside the record
incidents     what was found broken, and what is frozen because of it
evidence/     copies of the files as they were when the log was found broken
spool         looks that were recorded while the record was read-only
scrub.db      how far the scrubber has verified
log/          the log as auditors read it: checkpoint, tiles; written by the checkpointer
trust.policy  whose signatures make a checkpoint good
accounts.db   who may sign in
releases.db   what a broker of its own released to whom
*.lock        held while a broker, a follower, a scrubber, a rotation or a destruction is at work
lookups.db    how often each of the staff looked people up today
backups.list  which backups there are, and when those of the keys expire
backup.work/  a record that is being backed up, frozen; gone when that is done
keys.gone     after a restore: keys that are gone though the record does not say why
attachments/  the bytes of recordings and documents, sealed, a file each; uploads under way
views-*.db    projections; they can always be rebuilt
```
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.ports import Clock
from infrastructure.control import (
    Genesis,
    genesis_in,
)
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken, FolderRefused
from infrastructure.stores.contract import RecordStore
from infrastructure.stores.sqlite import SqliteStore

FORMAT = "powiernik 3\n"
OLDER_FORMATS = ("powiernik 1\n", "powiernik 2\n")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths in a data folder."""

    folder: Path

    @property
    def format(self) -> Path:
        """The file that names the version of the layout."""
        return self.folder / "FORMAT"

    @property
    def keyfile(self) -> Path:
        """The locked key-encryption key."""
        return self.folder / "kek.key"

    @property
    def keys(self) -> Path:
        """The key store."""
        return self.folder / "keys.db"

    @property
    def bell(self) -> Path:
        """The counter by which every process hears that keys have changed."""
        return self.folder / "keys.bell"

    @property
    def record(self) -> Path:
        """The record."""
        return self.folder / "record.db"

    @property
    def head(self) -> Path:
        """The pinned head."""
        return self.folder / "head.pin"

    @property
    def incidents(self) -> Path:
        """The list of incidents."""
        return self.folder / "incidents"

    @property
    def spool(self) -> Path:
        """Looks that were recorded while the record was read-only."""
        return self.folder / "spool"

    @property
    def scrub(self) -> Path:
        """How far the scrubber has verified."""
        return self.folder / "scrub.db"

    @property
    def log(self) -> Path:
        """The log as auditors read it."""
        return self.folder / "log"

    @property
    def policy(self) -> Path:
        """Whose signatures make a checkpoint good."""
        return self.folder / "trust.policy"

    @property
    def accounts(self) -> Path:
        """The accounts."""
        return self.folder / "accounts.db"

    @property
    def attachments(self) -> Path:
        """The sealed bytes of attachments; missing where there are none."""
        return self.folder / "attachments"

    @property
    def lookups(self) -> Path:
        """How often each of the staff looked people up today."""
        return self.folder / "lookups.db"


def check_format(folder: Path) -> None:
    """Refuse a folder that this program cannot use.

    Raises:
        FolderRefused: See ``open_folder``.
    """
    try:
        found = Layout(folder).format.read_text()
    except (FileNotFoundError, NotADirectoryError):
        msg = "There is no data folder here; 'powiernik init' makes one."
        raise FolderRefused(msg) from None
    except (OSError, UnicodeDecodeError):
        # The message of the cause names the path.
        msg = "The data folder cannot be read."
        raise FolderRefused(msg) from None
    if found not in (FORMAT, *OLDER_FORMATS):
        msg = "The data folder has a format that this version does not know."
        raise FolderRefused(msg)


def write_format(layout: Layout) -> None:
    """Say durably that the folder is of the present version."""
    making = layout.format.with_suffix(".new")
    with making.open("w") as file:
        file.write(FORMAT)
        file.flush()
        os.fsync(file.fileno())
    making.rename(layout.format)
    sync_folder(layout.folder)


def structure(path: Path) -> RecordStore:
    """The record as it can be read without any key; nothing is ever written through it."""
    return SqliteStore(path, b"", lambda: 0)


def read_genesis(path: Path) -> Genesis:
    """The first record of a log; it needs no key.

    Raises:
        FolderRefused: There is none, or it is not one.
    """
    store = structure(path)
    try:
        (row,) = store.rows(0, 1)
        genesis = genesis_in(row)
        whole = genesis.log_id == row.stream_id
    except sqlite3.DatabaseError:
        msg = "The record store is damaged."
        raise FolderRefused(msg) from None
    except (ValueError, TypeError, AttributeError, OverflowError, OSError, Broken):
        whole, genesis = False, None
    finally:
        store.close()
    if not whole or genesis is None:
        msg = "The record store does not begin as a record does."
        raise FolderRefused(msg)
    return genesis


def milliseconds(clock: Clock) -> Callable[[], int]:
    """The clock as the store reads it."""
    return lambda: int(clock.now().timestamp() * 1000)
