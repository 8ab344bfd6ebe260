"""What was seen elsewhere of a later state of the log, put where the data folder looks for it.

A record that is older than what a pinned head or a published checkpoint has seen must not serve.
Nothing of that is decided here: what the operator has kept, or what lies in the folder that is
being replaced, is copied into the restored folder, where the same E-ROLLBACK stops it that stops
any record that was put back. On goes it only by ``powiernik recover``.

Source:
    docs of the design: security, section 2.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from infrastructure.backup.parts import write
from infrastructure.durable import sync_folder
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.guard.pin import PinnedHead
from infrastructure.layout import Layout
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import LedgerError, LogBroken
from infrastructure.ledger.note import MAX_NOTE_SIZE
from infrastructure.ledger.trust import Trust

_PIN = b"PSH\x01"
_SLOT = 4096


@dataclass(frozen=True, slots=True)
class Seen:
    """Heads that were kept elsewhere: pinned heads and signed checkpoints, as they are."""

    pins: tuple[bytes, ...] = ()
    checkpoints: tuple[bytes, ...] = ()

    @classmethod
    def gather(cls, files: Iterable[Path], replaced: Path | None, log: Path | None) -> Seen:
        """Read what was kept: files, the folder that is being replaced, and a published log.

        Raises:
            FolderRefused: A file is neither a pinned head nor a checkpoint.
        """
        given = [_read(each) for each in files]
        if replaced is not None:
            old = Layout(replaced)
            given += [_read(each) for each in (old.head, old.log / "checkpoint") if each.is_file()]
        if log is not None:
            beside = (log / "checkpoint", log / "head.pin", log / "log" / "checkpoint")
            given += [_read(each) for each in beside if each.is_file()]
        pins = tuple(each for each in given if _is_pin(each))
        return cls(pins, tuple(each for each in given if not _is_pin(each)))


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_NOTE_SIZE + 1)
    if not data or len(data) > MAX_NOTE_SIZE:
        msg = "What was seen must be a pinned head or a signed checkpoint."
        raise FolderRefused(msg)
    return data


def _is_pin(data: bytes) -> bool:
    return _PIN in (data[:4], data[_SLOT : _SLOT + 4])


@dataclass(frozen=True, slots=True)
class Newest:
    """How far the log was seen to be, and the heads that say so, where the restored ones do not."""

    size: int
    pin: bytes | None = None
    checkpoint: bytes | None = None


def newest(seen: Seen, folder: OpenFolder) -> Newest:
    """Judge what was seen by a restored folder's own keys and policy.

    Raises:
        FolderRefused: A head is not one of this log.
    """
    layout = folder.layout
    here = folder.pin.read()
    best, pin = (0 if here is None else here.size), None
    for data in seen.pins:
        size = _pinned(data, folder)
        if size > best:
            best, pin = size, data
    published = _published(layout)
    most, checkpoint = (0 if published is None else published.size), None
    for note in seen.checkpoints:
        judged = _judged(layout, note)
        if judged.size > most or published is None:
            most, checkpoint, published = judged.size, note, judged
    return Newest(max(folder.store.standing().size, best, most), pin, checkpoint)


def put(found: Newest, layout: Layout) -> None:
    """Put what was seen where whoever opens the folder looks for it; nobody has it open."""
    if found.pin is not None:
        write(layout.head, found.pin)
    if found.checkpoint is not None:
        layout.log.mkdir(mode=0o755, exist_ok=True)
        write(layout.log / "checkpoint", found.checkpoint)
    sync_folder(layout.folder)


def _pinned(data: bytes, folder: OpenFolder) -> int:
    path = folder.layout.folder / "head.pin.given"
    write(path, data)
    try:
        with closing(PinnedHead(path, folder.genesis.log_id, folder.append_key)) as pin:
            found = pin.read()
    finally:
        path.unlink()
    if found is None:
        msg = "The pinned head that was given is not one of this record."
        raise FolderRefused(msg)
    return found.size


def _published(layout: Layout) -> Checkpoint | None:
    try:
        return _judged(layout, (layout.log / "checkpoint").read_bytes())
    except (FileNotFoundError, FolderRefused):
        return None


def _judged(layout: Layout, note: bytes) -> Checkpoint:
    try:
        return Trust.parse(layout.policy.read_bytes()).judge(note).checkpoint
    except (FileNotFoundError, LedgerError):
        msg = "The checkpoint that was given is not one that this record's policy believes."
        raise FolderRefused(msg) from None


def is_behind(error: LogBroken) -> bool:
    """Whether a refusal says that the record is older than what was seen of it."""
    return error.code == "E-ROLLBACK"
