"""Vectors that others wrote: their whole log is written bit for bit, read back, and proved from.

Source:
    ../shared/vectors/README.md: transparency-dev/tessera, Apache-2.0.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.ledger.merkle import inclusion_proof, leaf_hash
from infrastructure.ledger.proof import TlogProof
from infrastructure.ledger.tiles import TileFolder, TileWriter
from infrastructure.ledger.trust import Trust

pytestmark = pytest.mark.shared

WORDS = (b"one", b"two", b"three", b"four", b"five", b"six", b"seven", b"eit", b"nain", b"ten")
TRUST = Trust.parse(
    b"log example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx\n"
    b"quorum none\n"
)


def tiles_in(path: Path) -> dict[str, bytes]:
    every = (each for each in (path / "tile").rglob("*") if each.is_file())
    return {each.relative_to(path).as_posix(): each.read_bytes() for each in every}


def test_the_log_written_word_by_word_is_theirs_bit_for_bit(shared: Path, tmp_path: Path) -> None:
    theirs = tiles_in(shared / "vectors" / "tlog")
    assert len(theirs) == 20
    with TileWriter(tmp_path) as writer:
        for word in WORDS:
            writer.extend([(word, leaf_hash(word), None)])
    assert tiles_in(tmp_path) == theirs


def test_the_log_written_at_once_has_their_files_of_that_size(shared: Path, tmp_path: Path) -> None:
    theirs = tiles_in(shared / "vectors" / "tlog")
    with TileWriter(tmp_path) as writer:
        writer.extend((word, leaf_hash(word), None) for word in WORDS)
    expected = ("tile/0/000.p/10", "tile/entries/000.p/10")
    assert tiles_in(tmp_path) == {name: theirs[name] for name in expected}


@pytest.mark.parametrize("size", range(11))
def test_their_files_are_read_back_under_their_checkpoints(
    shared: Path, tmp_path: Path, size: int
) -> None:
    log = shared / "vectors" / "tlog"
    folder = TileFolder(log)
    note = (log / f"checkpoint.{size}").read_bytes()
    checkpoint = TRUST.require(note).checkpoint
    assert (checkpoint.size, checkpoint.root) == (size, folder.compact_range(size).root())
    assert list(folder.entries(0, size)) == list(WORDS[:size])
    assert list(folder.controls(0, size)) == []


@pytest.mark.parametrize("size", range(1, 11))
def test_a_proof_from_their_tiles_verifies_under_their_checkpoint(shared: Path, size: int) -> None:
    log = shared / "vectors" / "tlog"
    note = (log / f"checkpoint.{size}").read_bytes()
    subtree = TileFolder(log).subtrees(size)
    for index, word in enumerate(WORDS[:size]):
        made = TlogProof(index, inclusion_proof(subtree, index, size), note, word)
        read = TlogProof.parse(made.encode())
        assert read == made
        assert read.verify(leaf_hash(word), TRUST).checkpoint.size == size
