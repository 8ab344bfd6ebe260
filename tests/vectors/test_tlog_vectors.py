"""Vectors that others wrote: a whole small log, whose checkpoints its key has signed.

Source:
    ../shared/vectors/README.md: transparency-dev/tessera, Apache-2.0.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.merkle import CompactRange, leaf_hash
from infrastructure.ledger.note import Note
from infrastructure.ledger.trust import Trust

pytestmark = pytest.mark.shared

VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
POLICY = Trust.parse(f"log {VKEY}\nquorum none\n".encode())
WORDS = (b"one", b"two", b"three", b"four", b"five", b"six", b"seven", b"eit", b"nain", b"ten")


def note_of(shared: Path, size: int) -> bytes:
    return (shared / "vectors" / "tlog" / f"checkpoint.{size}").read_bytes()


@pytest.mark.parametrize("size", range(11))
def test_every_checkpoint_is_signed_over_its_entries(shared: Path, size: int) -> None:
    tree = CompactRange()
    tree.extend(leaf_hash(word) for word in WORDS[:size])
    judged = POLICY.require(note_of(shared, size))
    assert judged.checkpoint == Checkpoint("example.com/log/testdata", size, tree.root())
    assert judged.log.vkey() == VKEY
    assert judged.quorum
    assert not judged.witnesses


@pytest.mark.parametrize("size", range(11))
def test_every_checkpoint_is_written_as_we_would_write_it(shared: Path, size: int) -> None:
    data = note_of(shared, size)
    note = Note.parse(data)
    assert note.encode() == data
    assert Checkpoint.parse(note.text).text() == note.text


def test_a_signature_does_not_fit_another_checkpoint(shared: Path) -> None:
    notes = [Note.parse(note_of(shared, size)) for size in range(11)]
    for one in notes:
        for other in notes:
            if one is not other:
                with pytest.raises(LedgerError):
                    POLICY.judge(Note(one.text, other.signatures).encode())
