"""Backups to try things on: three sets in three places, and what their operator does to them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from infrastructure.backup import sets
from infrastructure.backup.make import Made, back_up
from infrastructure.backup.manifest import MANIFEST, BackupSet
from infrastructure.backup.sets import Opened
from infrastructure.control import shred_line
from infrastructure.custodians import signing as custodians
from infrastructure.folder import OpenFolder
from infrastructure.guard.published import rows_of
from infrastructure.ledger.key_control import CONTROL_KEY, Shred, shred_statement
from infrastructure.ledger.note import Note
from infrastructure.stores.contract import Placed, Submission
from infrastructure.vault import shredding
from infrastructure.vault.custody import Custody


@dataclass(frozen=True, slots=True)
class Trio:
    """Where the three sets of one clinic lie."""

    root: Path

    @property
    def places(self) -> dict[BackupSet, Path]:
        """The three places."""
        return {kind: self.root / kind.word for kind in BackupSet}

    def set(self, kind: BackupSet) -> Path:
        """The folder of the newest set of a kind."""
        return max(each for each in self.places[kind].iterdir() if each.is_dir())

    def files(self) -> Iterator[Path]:
        """Every file of every set."""
        for place in self.places.values():
            yield from sorted(each for each in place.rglob("*") if each.is_file())

    def made(self, folder: OpenFolder) -> Made:
        """Back a folder up into the three places."""
        return back_up(folder, folder.custody, self.places)

    def copy(self, to: Path) -> Trio:
        """The same sets elsewhere, to be damaged."""
        return Trio(Path(shutil.copytree(self.root, to)))


def opened(trio: Trio, custody: Custody) -> dict[BackupSet, Opened]:
    """The newest set of each kind, its manifest believed."""
    return {
        kind: sets.open_set(sets.find(kind, place), custody) for kind, place in trio.places.items()
    }


def check(trio: Trio, custody: Custody) -> None:
    """Open every part and hold it against every hash."""
    for each in opened(trio, custody).values():
        sets.check_set(each, lambda _now, _of: None)


def flip(path: Path, offset: int, chance: Random) -> None:
    """Turn one bit of a byte over."""
    data = bytearray(path.read_bytes())
    data[offset] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def parts(place: Path) -> list[Path]:
    """The parts of a set, in their order."""
    return sorted(place.glob("part-*"))


def manifest(place: Path) -> Path:
    """The manifest of a set."""
    return place / MANIFEST


def keys_of(folder: OpenFolder, stream: str) -> tuple[bytes, ...]:
    """The keys that sealed the records of a stream."""
    rows = folder.store.stream(bytes.fromhex(stream))
    return tuple(dict.fromkeys(row.key_id for row in rows if row.key_id != CONTROL_KEY))


def shred(
    folder: OpenFolder,
    passphrases: list[str],
    *,
    keys: Iterable[bytes] = (),
    items: Iterable[bytes] = (),
) -> Shred:
    """Destroy keys as the protocol has it: approved by two, in the log first, then here."""
    unsigned = Shred(
        log_id=folder.vault.log_id,
        request=b"r" * 16,
        keys=tuple(keys),
        items=tuple(items),
        reason="retention-expired",
        generation=folder.keys.generation(),
    )
    text = shred_statement((unsigned,))
    named = custodians.signers(folder.layout.folder, folder.genesis.origin, passphrases)
    note = Note(text, tuple(each.sign(text.encode()) for each in named))
    signed = Shred(
        **{
            **{name: getattr(unsigned, name) for name in Shred.__slots__},
            "approvals": note.encode(),
        }
    )
    shredding.condemn(folder.keys, (signed,))
    folder.bell.ring()
    assert isinstance(folder.committer.commit(Submission((shred_line(signed),))), Placed)
    shredding.apply(folder.keys, (signed,))
    folder.bell.ring()
    return signed


def sealed_rows(folder: OpenFolder) -> int:
    """How many records stand under a key."""
    size = folder.store.standing().size
    return sum(row.key_id != CONTROL_KEY for row in rows_of(folder.store)(0, size))
