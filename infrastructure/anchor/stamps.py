"""Time stamps on their way: asked for once a day, kept beside the tiles, entered in the log.

The checkpointer asks and keeps two files, ``anchors/<size>.note`` and ``anchors/<size>.tsr``, in
the public folder; the server enters what is new as ANCHOR records. So the log itself tells by when
a checkpoint existed, and the files let anybody verify it with other software.

Source:
    docs of the design: security, section 2.5 (W3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cryptography.x509 import Certificate

from infrastructure import durable
from infrastructure.anchor import timestamp
from infrastructure.anchor.timestamp import Anchor, Stamped
from infrastructure.control import anchor_line, control_stream
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import OtherControl, parse_control
from infrastructure.ledger.errors import AnchorRefused, LedgerError
from infrastructure.ledger.note import MAX_NOTE_SIZE, Note
from infrastructure.stores.contract import Outcome, RecordStore, Submission

FOLDER = "anchors"
SECONDS = 10.0
"""How long an authority may take."""
_NOTE, _TOKEN = ".note", ".tsr"


@dataclass(frozen=True, slots=True)
class TimeAuthority:
    """Who states times: where it is asked, and the certificates by which it is believed."""

    url: str
    roots: tuple[Certificate, ...]


class Kept(NamedTuple):
    """A stamped checkpoint as it lies in the public folder."""

    size: int
    note: bytes
    token: bytes


def stamp(public: Path, note: bytes, authority: TimeAuthority) -> int:
    """Have a checkpoint stamped, and keep the stamp; its size.

    Raises:
        AnchorRefused: No good answer came in time.
    """
    size = Checkpoint.parse(Note.parse(note).text).size
    token = timestamp.stamp(note, authority.url, authority.roots, SECONDS)
    folder = public / FOLDER
    folder.mkdir(exist_ok=True)
    _write(folder / f"{size}{_NOTE}", note)
    # Last: a token without its note would say nothing.
    _write(folder / f"{size}{_TOKEN}", token)
    return size


def kept(public: Path) -> Iterator[Kept]:
    """The stamped checkpoints, the smallest first; what is not whole is left out."""
    tokens = (public / FOLDER).glob(f"*{_TOKEN}")
    for size in sorted(int(each.stem) for each in tokens if each.stem.isdecimal()):
        place = public / FOLDER / f"{size}{_NOTE}"
        token = place.with_suffix(_TOKEN)
        if place.exists() and place.stat().st_size <= MAX_NOTE_SIZE:
            yield Kept(size, place.read_bytes(), token.read_bytes()[: timestamp.MAX_TOKEN_SIZE + 1])


def enter_new(
    public: Path, store: RecordStore, log_id: bytes, enter: Callable[[Submission], Outcome]
) -> int:
    """Enter the stamps that the log does not hold yet; how many.

    Raises:
        AnchorRefused: A file is none of a stamp.
        RecordUnavailable: The store could not write.
    """
    known = {anchor.size for anchor in entered(store, log_id)}
    new = [each for each in kept(public) if each.size not in known]
    for each in new:
        anchor = Anchor.of(each.note, each.token)
        line = anchor_line(log_id, anchor.size, anchor.note_digest, anchor.token)
        enter(Submission((line,)))
    return len(new)


def entered(store: RecordStore, log_id: bytes) -> list[Anchor]:
    """The stamps that stand in the log.

    Raises:
        LedgerError: A record is none of a stamp.
    """
    found = []
    for row in store.stream(control_stream(log_id, "anchor")):
        control = parse_control(row.record or b"")
        if isinstance(control, OtherControl):
            found.append(Anchor.parse(control.payload))
    return found


def verify_entered(
    public: Path, store: RecordStore, log_id: bytes, roots: Sequence[Certificate]
) -> Iterator[tuple[int, Stamped | str]]:
    """By when each stamped checkpoint existed, or the code why that is not shown."""
    notes = {each.size: each.note for each in kept(public)}
    for anchor in entered(store, log_id):
        try:
            if anchor.size not in notes:
                raise AnchorRefused("time stamp: expected the note that was stamped, found none")
            yield anchor.size, anchor.verify(notes[anchor.size], roots)
        except LedgerError as refused:
            yield anchor.size, refused.code


def _write(path: Path, data: bytes) -> None:
    durable.write(path, data, 0o644)
