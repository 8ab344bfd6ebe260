"""Checkpoints that are believed, and what a verifier has seen of a log before.

A `Remembered` is a memory (`memory`) with the newest checkpoint in it, as a note under a name, and
with the time of its first cosignature. There need be no file: then nothing was seen before, and one
is made when there is something to keep.

Source:
    docs of the design: security, sections 2.5 (W4) and 2.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from infrastructure.ledger.access import utc
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import MemoryRefused, NoteRefused
from infrastructure.ledger.lifecycle import News
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.note import Note
from infrastructure.ledger.trust import Judged, Trust
from infrastructure.ledger.verification import EntryVerification

SKEW_S = 300
"""How far the clocks of the clinic, a witness and a verifier may be apart."""

_CHECKPOINT = "checkpoint"
_COSIGNED = "cosigned"


class Signed(NamedTuple):
    """A checkpoint that is believed, as it was signed, and the times of its cosignatures."""

    note: bytes
    checkpoint: Checkpoint
    times: tuple[int, ...]
    judged: Judged

    @property
    def earliest_s(self) -> int | None:
        return min(self.times, default=None)

    @property
    def newest_s(self) -> int | None:
        return max(self.times, default=None)

    def notes(self) -> dict[str, bytes]:
        """What a memory keeps of it."""
        earliest = b"" if self.earliest_s is None else b"%d" % self.earliest_s
        return {_CHECKPOINT: self.note, _COSIGNED: earliest}


class Newest(NamedTuple):
    """The newest checkpoint that was seen before, and its earliest cosignature, if any."""

    size: int
    root: bytes
    cosigned_s: int | None = None


_NOTHING = Newest(0, b"")


def believe(note: bytes, trust: Trust, now_s: int) -> tuple[str, Signed]:
    """Require a checkpoint's quorum under a policy, and tell who has cosigned it.

    Raises:
        NoteRefused, SignatureRefused, KeyReplaced, TimeRefused, QuorumMissing: as `Trust.require`.
    """
    judged = trust.require(note, now_s=now_s, skew_s=SKEW_S)
    times = judged.witnesses
    by = ", ".join(f"{name} at {utc(1000 * time_s)}" for name, time_s in times.items())
    found = f"size {judged.checkpoint.size}, cosigned by {by or 'nobody'}"
    return found, Signed(note, judged.checkpoint, tuple(times.values()), judged)


class Remembered:
    """What this verifier has seen before, in a file that is made when there is something to keep.

    Raises:
        MemoryRefused: there is a file, and it is no memory.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.memory = Memory(path) if path is not None and path.exists() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.memory is not None:
            self.memory.close()

    @property
    def wanted(self) -> bool:
        """Whether anything is to be remembered at all."""
        return self._path is not None

    def newest(self) -> Newest:
        """Return the newest checkpoint that was seen.

        Raises:
            MemoryRefused: the memory is damaged.
        """
        if self.memory is None:
            return _NOTHING
        standing = self.memory.standing()
        verified = Newest(standing.size, standing.root())
        note = self.memory.note(_CHECKPOINT)
        if note is None:
            return verified
        cosigned = self.memory.note(_COSIGNED)
        try:
            checkpoint = Checkpoint.parse(Note.parse(note).text)
            cosigned_s = int(cosigned) if cosigned else None
        except (NoteRefused, ValueError) as refused:
            raise MemoryRefused("The memory holds a checkpoint that is none.") from refused
        seen = Newest(checkpoint.size, checkpoint.root, cosigned_s)
        return seen if seen.size >= verified.size else verified

    def keep_evidence(self, note: bytes) -> None:
        """Keep a checkpoint that contradicts what was remembered, and the one it contradicts."""
        if self.memory is None:
            return
        for each in (note, self.memory.note(_CHECKPOINT)):
            if each is not None:
                self.memory.put_note(f"evidence/{sha256(each).hexdigest()[:16]}", each)

    def save_log(self, origin: str, laws: EntryVerification, notes: Mapping[str, bytes]) -> None:
        """Remember how far a log was verified; `origin` is the name under which it began.

        Raises:
            MemoryRefused: it cannot be written, or another process has advanced it meanwhile.
        """
        if self.memory is not None:
            laws.save(notes)
        elif self._path is not None:
            self.memory = Memory.create(self._path, origin)
            self.memory.advance(0, laws.state(), laws.news(), notes)

    def save_notes(self, origin: str, notes: Mapping[str, bytes]) -> None:
        """Remember notes alone, all of them or none.

        Raises:
            MemoryRefused: they cannot be written.
        """
        if self.memory is None and self._path is not None:
            self.memory = Memory.create(self._path, origin)
        if self.memory is not None:
            standing = self.memory.standing()
            self.memory.advance(standing.size, standing.state(), News(), notes)
