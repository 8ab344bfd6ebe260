"""``backups.list``: which backups of this clinic there are, in the data folder.

Shredding reads it: a SHRED record names the key-store backups that were there when it was written,
with the generation that opens them and the day on which they expire. A set stands here before its
first byte is written and until it has been deleted, so that none is ever forgotten. No place is
written down: where backups lie is the operator's.

Source:
    docs/formats/backup.md; docs of the design: security, section 1.7, step 4.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from infrastructure.backup.manifest import BackupSet, instant, told
from infrastructure.backup.parts import write
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken

NAME = "backups.list"
_FIRST_LINE = "powiernik-backups 1"
_MOST_BYTES = 16 * 1024 * 1024
_LINE = re.compile(
    r"([0-9a-f]{32}) (record|keys|accounts) (0|[1-9][0-9]{0,9}) (\S{20}) (never|\S{20}) (0|1)"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One set of one backup; ``whole`` once its manifest was written."""

    backup: str
    kind: BackupSet
    generation: int
    made: datetime
    expires: datetime | None
    whole: bool

    @property
    def expires_ms(self) -> int:
        """When it expires, in milliseconds since 1970; 0 for never."""
        return 0 if self.expires is None else int(self.expires.timestamp() * 1000)


class Backups:
    """The list of one data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / NAME

    def all(self) -> list[Listed]:
        """Every set that is not known to be deleted, in the order in which they were made.

        Raises:
            Broken: E-PARSE or E-LIMIT, the list is not one.
        """
        try:
            with self._path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return []
        if len(data) > _MOST_BYTES:
            raise Broken("E-LIMIT", "the list of backups is too long")
        try:
            first, *lines, end = data.decode("ascii").split("\n")
            if first != _FIRST_LINE or end:
                raise ValueError(first)
            return [_parsed(each) for each in lines]
        except ValueError:
            raise Broken("E-PARSE", "the list of backups cannot be read") from None

    def extant_keys(self) -> list[Listed]:
        """The backups of the key store: what shredding has to name and to wait for."""
        return [each for each in self.all() if each.kind is BackupSet.KEYS]

    def put(self, listed: Listed) -> None:
        """Write a set down, durably; what was said of it before is replaced."""
        with self._alone():
            others = [each for each in self.all() if not _same(each, listed)]
            self._write([*others, listed])

    def take_out(self, backup: str, kind: BackupSet) -> bool:
        """Note that a set was deleted; whether it stood here."""
        with self._alone():
            all_ = self.all()
            left = [each for each in all_ if (each.backup, each.kind) != (backup, kind)]
            if len(left) == len(all_):
                return False
            self._write(left)
            return True

    def _write(self, listed: list[Listed]) -> None:
        lines = (_FIRST_LINE, *map(_line, listed), "")
        write(self._path, "\n".join(lines).encode())
        sync_folder(self._folder)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self._folder / f"{NAME}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _same(one: Listed, other: Listed) -> bool:
    return (one.backup, one.kind) == (other.backup, other.kind)


def _line(each: Listed) -> str:
    expires = "never" if each.expires is None else told(each.expires)
    whole = int(each.whole)
    return f"{each.backup} {each.kind.word} {each.generation} {told(each.made)} {expires} {whole}"


def _parsed(line: str) -> Listed:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(line)
    backup, kind, generation, made, expires, whole = found.groups()
    return Listed(
        backup,
        BackupSet[kind.upper()],
        int(generation),
        instant(made),
        None if expires == "never" else instant(expires),
        whole == "1",
    )
