"""Joins what looks after keys: who can open them, what hangs on them, whether all are whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infrastructure.backup.gone import read_gone
from infrastructure.control import logged_keys
from infrastructure.custodians.shreds import shreds_of
from infrastructure.errors import Broken, CustodyUnavailable, FolderRefused, KeyGone
from infrastructure.folder import OpenFolder, open_folder
from infrastructure.layout import check_format
from infrastructure.vault.custody import (
    Keyfile,
    Person,
    Settings,
    open_custody,
    read_settings,
    settings_from,
)
from infrastructure.vault.keyring import LoggedKey
from infrastructure.vault.keyrows import DESTROYED, StoredKey

__all__ = [
    "Checked",
    "CustodyUnavailable",
    "KeyCount",
    "Person",
    "Settings",
    "Shown",
    "add",
    "check",
    "remove",
    "settings_from",
    "show",
]

Progress = Callable[[int, int], None]
Logged = Callable[[bytes], LoggedKey | None]
_MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class KeyCount:
    """How many keys there are of a purpose under one generation, and of those how many of what."""

    purpose: str
    generation: int
    keys: int
    destroyed: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A folder's custody, and what hangs on it."""

    provider: str
    generation: int
    generations: tuple[int, ...]
    capabilities: tuple[str, ...]
    people: tuple[Person, ...]
    keys: tuple[KeyCount, ...]
    items: dict[int, int]


@dataclass(slots=True)
class Checked:
    """What a check of every key found: how many are whole, and what is wrong with which others."""

    keys: int = 0
    items: int = 0
    destroyed: int = 0
    pending: int = 0
    wrong: int = 0
    named: list[tuple[str, str]] = field(default_factory=list)

    def note(self, what: str, code: str) -> None:
        """One more that is wrong; the first hundred are named."""
        self.wrong += 1
        if len(self.named) < _MOST_NAMED:
            self.named.append((what, code))


def show(data: Path, secret: str) -> Shown:
    """Who holds the keys of a data folder, and how many keys hang on them.

    Raises:
        FolderRefused, WrongPassphrase, WrongKeyStore, CustodyUnavailable: It cannot be opened.
    """
    settings = read_settings(data)
    with closing(open_folder(data, secret, pinned=False)) as folder:
        custody = folder.custody
        return Shown(
            provider="keyfile" if settings is None else settings.provider,
            generation=custody.generation,
            generations=custody.generations,
            capabilities=tuple(sorted(custody.capabilities)),
            people=tuple(custody.people()) if isinstance(custody, Keyfile) else (),
            keys=tuple(_counts(folder)),
            items=_items(folder),
        )


def add(data: Path, secret: str, new: str) -> int:
    """Let one more passphrase open a folder's keyfile; the number of its holder.

    Raises:
        FolderRefused: The keys are elsewhere, the passphrase is known, or there is no room.
    """
    with _keyfile(data, secret) as keyfile:
        return keyfile.add(new)


def remove(data: Path, secret: str, number: int, *, leave_one: bool = False) -> None:
    """Let a passphrase of a folder's keyfile open it no more.

    Raises:
        FolderRefused: The keys are elsewhere; there is nobody of that number; or too few stay.
    """
    with _keyfile(data, secret) as keyfile:
        keyfile.remove(number, leave_one=leave_one)


def check(data: Path, secret: str, progress: Progress = lambda _now, _of: None) -> Checked:
    """Unwrap every key, compare it with what the log says, and count what is wrong.

    Raises:
        FolderRefused, WrongPassphrase, WrongKeyStore, CustodyUnavailable: It cannot be opened.
    """
    found = Checked()
    with closing(open_folder(data, secret, pinned=False)) as folder:
        shredded = set(read_gone(folder.layout.folder, folder.append_key).all)
        for shred in shreds_of(folder.store, folder.vault.lineage, folder.append_key):
            shredded.update(shred.keys, shred.items)
        logged = logged_keys(folder.store, folder.vault.lineage.at, folder.append_key)
        keys, items = folder.keys.key_ids(), folder.keys.item_ids()
        for number, key_id in enumerate(keys):
            progress(number, len(keys) + len(items))
            _check_key(folder, key_id, shredded, logged, found)
        for number, item_id in enumerate(items, start=len(keys)):
            progress(number, len(keys) + len(items))
            _check_item(folder, item_id, found)
        progress(len(keys) + len(items), len(keys) + len(items))
    return found


def _check_key(
    folder: OpenFolder, key_id: bytes, shredded: set[bytes], logged: Logged, found: Checked
) -> None:
    stored = folder.keys.key(key_id)
    if stored is None:
        # Swept or destroyed since the list was read.
        return
    if stored.state == DESTROYED:
        found.destroyed += 1
        if key_id not in shredded:
            found.note(key_id.hex(), "E-KEYSTATE: destroyed, and the log does not say so")
        return
    try:
        folder.vault.keyring.for_opening(key_id)
    except KeyGone:
        found.note(key_id.hex(), "E-KEYSTATE: its generation was destroyed without it")
    except Broken as error:
        # One that was made and never used is not in the log, and is swept when it has grown old.
        if logged(key_id) is None and _opens(folder, stored):
            found.pending += 1
        else:
            found.note(key_id.hex(), str(error))
    else:
        found.keys += 1


def _opens(folder: OpenFolder, stored: StoredKey) -> bool:
    context = stored.place.context(folder.genesis.log_id, stored.kek_generation)
    try:
        folder.custody.unwrap(stored.kek_generation, stored.wrapped or b"", context)
    except (Broken, KeyGone):
        return False
    return True


def _check_item(folder: OpenFolder, item_id: bytes, found: Checked) -> None:
    items = folder.vault.items
    try:
        items.check(items.owner(item_id))
    except KeyGone:
        found.destroyed += 1
    except Broken as error:
        found.note(item_id.hex(), str(error))
    else:
        found.items += 1


def _counts(folder: OpenFolder) -> Iterator[KeyCount]:
    counted: Counter[tuple[str, int]] = Counter()
    destroyed: Counter[tuple[str, int]] = Counter()
    for key_id in folder.keys.key_ids():
        stored = folder.keys.key(key_id)
        if stored is None:
            continue
        group = stored.place.label.purpose.name.lower(), stored.kek_generation
        counted[group] += 1
        destroyed[group] += stored.state == DESTROYED
    for purpose, generation in sorted(counted):
        group = purpose, generation
        yield KeyCount(purpose, generation, counted[group] - destroyed[group], destroyed[group])


def _items(folder: OpenFolder) -> dict[int, int]:
    rows = folder.keys.rows(
        "SELECT generation, count(*) FROM item_key GROUP BY generation ORDER BY generation"
    )
    return dict(rows)


@contextmanager
def _keyfile(data: Path, secret: str) -> Iterator[Keyfile]:
    check_format(data)
    if read_settings(data) is not None:
        raise FolderRefused("The keys of this folder are not in a keyfile.")
    custody = open_custody(data, secret)
    if not isinstance(custody, Keyfile):
        raise FolderRefused("The keys of this folder are not in a keyfile.")
    with closing(custody):
        yield custody
