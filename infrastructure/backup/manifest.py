"""The manifest of a set: what it is of, who can open it, which files, in how many parts.

One text, a line for each thing, in one order and one spelling; the last line is a MAC under a key
derived from the backup key. A manifest without files is a set that was begun and not finished.

Source:
    docs/formats/backup.md.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from infrastructure.errors import Broken
from infrastructure.vault.keys import derive

FIRST_LINE = "powiernik-backup 1"
PART_SIZE = 4 * 1024 * 1024
"""Bytes of a part before it is sealed; the last part of a file is smaller."""
MOST_BYTES = 32 * 1024 * 1024
MOST_FILES = 60_000
"""A part names its file by 16 bits."""
MOST_FILE_SIZE = 1 << 42
MANIFEST, BEGUN = "manifest", "begun"
_LOG_FILE = r"log(?:\.retired-[1-9][0-9]{0,3})?/(?:checkpoint|anchors/[0-9]{1,19}\.(?:note|tsr))"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_HEX16, _HEX32 = r"[0-9a-f]{32}", r"[0-9a-f]{64}"
_NUMBER = r"0|[1-9][0-9]{0,18}"
_NEVER = "never"


class BackupSet(Enum):
    """Which of the three sets; its number stands in every sealed part. Never renumber."""

    RECORD = 1
    KEYS = 2
    ACCOUNTS = 3

    @property
    def word(self) -> str:
        """How it is called in folders and manifests."""
        return self.name.lower()


_NAMES = {
    BackupSet.RECORD: re.compile(
        r"FORMAT|custody\.conf|clinic\.conf|record\.db|head\.pin|incidents|spool|backups\.list|keys\.gone"
        r"|trust\.policy(?:\.retired-[1-9][0-9]{0,3})?"
        rf"|custodian-[1-9][0-9]{{0,2}}\.key|attachments/[0-9a-f]{{32}}|{_LOG_FILE}"
    ),
    BackupSet.KEYS: re.compile(r"keys\.db"),
    BackupSet.ACCOUNTS: re.compile(r"accounts\.db"),
}
"""Every name that a set may hold: nothing else is ever written by a restore."""


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes of one part before it was sealed: how many, and their SHA-256."""

    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class File:
    """One file of a set."""

    name: str
    size: int
    digest: bytes
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What a set is of: everything that is known when it is begun.

    ``size`` and ``root`` are the log's when the record was frozen, ``published`` the size of the
    checkpoint that was published then. ``generation`` is that of the key-encryption key which wraps
    the backup key as ``wrapped``; ``lasting`` is the same key wrapped by the key store, which
    outlives the generation; a keys set has none, so that it dies with its generation.
    """

    backup: str
    kind: BackupSet
    made: datetime
    expires: datetime | None
    log_id: bytes
    origin: str
    size: int
    root: bytes
    published: int
    generation: int
    wrapped: bytes
    lasting: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """A set: what it is of, and its files."""

    head: Head
    files: tuple[File, ...]

    def encode(self, key: bytes) -> bytes:
        """The manifest's bytes, with the MAC of a backup key."""
        text = "".join(f"{line}\n" for line in _lines(self)).encode()
        return text + f"mac {_mac(key, text).hex()}\n".encode()

    @property
    def bytes(self) -> int:
        """How large the files are, together."""
        return sum(each.size for each in self.files)


def _lines(manifest: Manifest) -> Iterator[str]:
    head = manifest.head
    yield FIRST_LINE
    yield f"backup {head.backup}"
    yield f"set {head.kind.word}"
    yield f"made {told(head.made)}"
    yield f"expires {_NEVER if head.expires is None else told(head.expires)}"
    yield f"log {head.log_id.hex()}"
    yield f"origin {head.origin}"
    yield f"size {head.size}"
    yield f"root {head.root.hex()}"
    yield f"published {head.published}"
    yield f"generation {head.generation}"
    yield f"custody {head.wrapped.hex()}"
    yield f"keystore {head.lasting.hex() or '-'}"
    for file in manifest.files:
        yield f"file {file.name} {file.size} {file.digest.hex()} {len(file.parts)}"
        for part in file.parts:
            yield f"part {part.size} {part.digest.hex()}"


_HEAD = re.compile(
    rf"{FIRST_LINE}\n"
    rf"backup ({_HEX16})\n"
    rf"set (record|keys|accounts)\n"
    rf"made (\S{{20}})\n"
    rf"expires ({_NEVER}|\S{{20}})\n"
    rf"log ({_HEX16})\n"
    rf"origin ([^\s+]{{1,255}})\n"
    rf"size ({_NUMBER})\n"
    rf"root ({_HEX32})\n"
    rf"published ({_NUMBER})\n"
    rf"generation ({_NUMBER})\n"
    rf"custody ((?:[0-9a-f]{{2}}){{33,4096}})\n"
    rf"keystore (-|(?:[0-9a-f]{{2}}){{33,4096}})\n"
)
_FILE = re.compile(rf"file (\S{{1,64}}) ({_NUMBER}) ({_HEX32}) ({_NUMBER})\n")
_PART = re.compile(rf"part ({_NUMBER}) ({_HEX32})\n")
_MAC = re.compile(rf"mac ({_HEX32})\n")


@dataclass(frozen=True, slots=True)
class Unverified:
    """A manifest that was read and not yet believed: who made it, only the backup key tells."""

    manifest: Manifest
    text: bytes
    mac: bytes

    def verified(self, key: bytes) -> Manifest:
        """The manifest, if it is what was written under this backup key.

        Raises:
            Broken: E-AUTH, it is not.
        """
        if not hmac.compare_digest(_mac(key, self.text), self.mac):
            raise Broken("E-AUTH", "the manifest of a backup is not what was written")
        return self.manifest


def read(path: Path) -> Unverified:
    """Read a manifest, strictly.

    Raises:
        FileNotFoundError: There is none.
        Broken: E-LIMIT or E-PARSE, it is none.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Broken("E-LIMIT", "the manifest of a backup is too large")
    return parse(data)


def parse(data: bytes) -> Unverified:
    """Take a manifest apart.

    Raises:
        Broken: E-LIMIT or E-PARSE, it is none.
    """
    try:
        text = data.decode("ascii")
        found = _HEAD.match(text)
        if found is None:
            raise _unreadable()
        head = _head(found)
        files, place = _files(text, found.end(), head.kind)
        end = _MAC.fullmatch(text, place)
        if end is None:
            raise _unreadable()
    except ValueError:
        raise _unreadable() from None
    return Unverified(Manifest(head, files), data[:place], bytes.fromhex(end[1]))


def _head(found: re.Match[str]) -> Head:
    backup, kind, made, expires, log, origin, size, root, published, *keys = found.groups()
    generation, wrapped, lasting = keys
    return Head(
        backup=backup,
        kind=BackupSet[kind.upper()],
        made=instant(made),
        expires=None if expires == _NEVER else instant(expires),
        log_id=bytes.fromhex(log),
        origin=origin,
        size=int(size),
        root=bytes.fromhex(root),
        published=int(published),
        generation=int(generation),
        wrapped=bytes.fromhex(wrapped),
        lasting=b"" if lasting == "-" else bytes.fromhex(lasting),
    )


def _files(text: str, place: int, kind: BackupSet) -> tuple[tuple[File, ...], int]:
    files: list[File] = []
    names: set[str] = set()
    while found := _FILE.match(text, place):
        name, size, digest, count = found[1], int(found[2]), found[3], int(found[4])
        if not holds(kind, name) or name in names:
            raise Broken("E-PARSE", "a backup with a file that its set does not hold")
        if size > MOST_FILE_SIZE or len(files) >= MOST_FILES:
            raise Broken("E-LIMIT", "a backup with too many or too large files")
        if count != parts_of(size):
            raise _unreadable()
        parts, place = _parts(text, found.end(), size, count)
        names.add(name)
        files.append(File(name, size, bytes.fromhex(digest), parts))
    return tuple(files), place


def _parts(text: str, place: int, size: int, count: int) -> tuple[tuple[Part, ...], int]:
    parts = []
    for number in range(count):
        found = _PART.match(text, place)
        if found is None or int(found[1]) != min(PART_SIZE, size - number * PART_SIZE):
            raise _unreadable()
        parts.append(Part(int(found[1]), bytes.fromhex(found[2])))
        place = found.end()
    return tuple(parts), place


def holds(kind: BackupSet, name: str) -> bool:
    """Whether a set may hold a file of this name."""
    return _NAMES[kind].fullmatch(name) is not None


def parts_of(size: int) -> int:
    """How many parts a file of a size has; an empty one has none."""
    return -(-size // PART_SIZE)


def told(at: datetime) -> str:
    """An instant as it stands in a manifest."""
    return at.astimezone(UTC).strftime(_TIME)


def instant(text: str) -> datetime:
    """The instant that stands in a manifest.

    Raises:
        ValueError: It is none, or not in its one spelling.
    """
    found = datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    if told(found) != text:
        raise ValueError(text)
    return found


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(derive(key, "backup-manifest"), text, "sha256")


def _unreadable() -> Broken:
    return Broken("E-PARSE", "the manifest of a backup cannot be read")
