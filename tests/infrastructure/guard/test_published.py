"""What is published: rows that were signed otherwise, tiles and checkpoints that were altered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from infrastructure.folder import OpenFolder
from infrastructure.guard.incidents import Scope
from infrastructure.guard.published import Comparison, Rows
from infrastructure.guard.scrubber import Scrubber, open_scrubber
from infrastructure.ledger.check import Row
from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.errors import LogBroken, PolicyRefused
from infrastructure.ledger.merkle import CompactRange, leaf_hash
from infrastructure.ledger.note import ED25519, Signer
from infrastructure.ledger.tiles import TileFolder, TileWriter
from tests.support.damage import (
    ORIGIN,
    another_ending,
    cut,
    lived,
    poison,
    publish,
    rewritten,
    stopped,
    tile,
    whole,
)


def test_a_rewrite_with_the_append_key_is_told_from_what_was_signed(
    folder: OpenFolder, anchored: Path, scrubber: Scrubber
) -> None:
    rewritten(folder, another_ending)
    assert stopped(scrubber.step) == "E-FORK"
    (found,) = folder.guard.incidents.all()
    first = next(row for row in folder.store.rows(0, 99) if (row.record or b"")[5] < 0x40)
    assert (found.scope, found.position) == (Scope.LOG, first.position)
    # What was contradicted is not remembered: it would be in the way of what is put back.
    assert scrubber.memory.standing().size == 0


def test_a_rewrite_of_what_was_verified_is_found_without_a_checkpoint(
    folder: OpenFolder, scrubber: Scrubber
) -> None:
    whole(scrubber)
    rewritten(folder, another_ending, start=20)
    assert stopped(scrubber.step) == "E-ROOT"
    assert stopped(scrubber.again) == "E-FORK"


def test_a_checkpoint_that_comes_later_is_held_against_what_was_verified_before(
    folder: OpenFolder, anchored: Path, scrubber: Scrubber
) -> None:
    whole(scrubber)
    lived(folder, 3)
    whole(scrubber)
    size = publish(anchored, folder.layout)
    signer = Signer.decode((anchored / "log.key").read_text())
    forked = signed(Checkpoint(ORIGIN, size, bytes(32)), signer).encode()
    (folder.layout.log / "checkpoint").write_bytes(forked)
    assert stopped(scrubber.step) == "E-FORK"


def test_a_second_checkpoint_of_the_same_size_is_compared_as_well(
    folder: OpenFolder, anchored: Path, scrubber: Scrubber
) -> None:
    size = whole(scrubber)
    signer = Signer.decode((anchored / "log.key").read_text())
    forked = signed(Checkpoint(ORIGIN, size, bytes(32)), signer).encode()
    (folder.layout.log / "checkpoint").write_bytes(forked)
    assert stopped(scrubber.step) == "E-FORK"


def test_a_log_that_is_smaller_than_its_checkpoint_was_cut_short(
    folder: OpenFolder, anchored: Path
) -> None:
    cut(folder, 2)
    folder.pin.reset(folder.store.standing().size, folder.store.standing().range_bytes)
    with closing(open_scrubber(folder)) as scrubber:
        assert stopped(scrubber.step) == "E-ROLLBACK"


@pytest.mark.parametrize("spoil", [poison, Path.unlink])
def test_a_poisoned_or_missing_tile_is_an_incident_and_no_fork(
    folder: OpenFolder, anchored: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(tile(folder))
    with closing(open_scrubber(folder)) as scrubber:
        assert stopped(scrubber.step) == "E-ROOT"
    (found,) = folder.guard.incidents.all()
    assert found.position == (7 if spoil is poison else 0)


def test_a_tile_that_is_poisoned_after_it_was_compared_is_found_by_chance_and_by_the_week(
    folder: OpenFolder, anchored: Path, scrubber: Scrubber
) -> None:
    whole(scrubber)
    poison(tile(folder))
    whole(scrubber)
    assert stopped(lambda: scrubber.sample(200)) == "E-ROOT"
    assert stopped(scrubber.again) == "E-ROOT"
    assert len(folder.guard.incidents.all()) == 1


@pytest.mark.parametrize("name", [ORIGIN, "clinic.example/log/9"])
def test_a_checkpoint_of_another_key_or_log_is_an_incident(
    folder: OpenFolder, anchored: Path, name: str
) -> None:
    standing = folder.store.standing()
    root = CompactRange.from_bytes(standing.size, standing.range_bytes).root()
    signer = Signer.generate(name, ED25519)
    note = signed(Checkpoint(name, standing.size, root), signer).encode()
    (folder.layout.log / "checkpoint").write_bytes(note)
    if name != ORIGIN:
        # A log that the policy knows may still be another one.
        policy = folder.layout.policy.read_text()
        folder.layout.policy.write_text(f"log {signer.verifier.vkey()}\n{policy}")
    with closing(open_scrubber(folder)) as scrubber:
        assert stopped(scrubber.step) == "E-AUTH"
        assert stopped(lambda: scrubber.sample(1)) == "E-AUTH"


@pytest.mark.parametrize("data", [b"", b"no note", bytes(2**19)])
def test_a_checkpoint_that_is_none_is_an_incident(
    folder: OpenFolder, anchored: Path, data: bytes
) -> None:
    (folder.layout.log / "checkpoint").write_bytes(data)
    with closing(open_scrubber(folder)) as scrubber:
        assert stopped(scrubber.step) == "E-AUTH"


def test_without_a_published_checkpoint_rows_are_held_to_their_own_laws(
    folder: OpenFolder, anchored: Path
) -> None:
    (folder.layout.log / "checkpoint").unlink()
    with closing(open_scrubber(folder)) as scrubber:
        whole(scrubber)
    folder.layout.policy.write_text("nonsense")
    with pytest.raises(PolicyRefused):
        open_scrubber(folder)


# A larger log, as bare leaves

SIZE = 700
LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(SIZE + 50)]


@pytest.fixture(scope="module")
def tiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published log with full tiles in two levels."""
    path = tmp_path_factory.mktemp("tiled")
    with TileWriter(path) as writer:
        entries = enumerate(LEAVES[:SIZE])
        writer.extend((number.to_bytes(4, "big"), leaf, None) for number, leaf in entries)
    return path


def rows(leaves: list[bytes]) -> Rows:
    bare = Row(0, bytes(16), 1, bytes(16), None, 0, 0, b"", b"", b"")

    def some(start: int, end: int) -> Iterator[Row]:
        found = enumerate(leaves[start:end], start=start)
        return (bare._replace(position=position, leaf=leaf) for position, leaf in found)

    return some


def compared(path: Path, leaves: list[bytes], ends: list[int]) -> LogBroken | None:
    """What a comparison in slices comes to."""
    root = CompactRange()
    root.extend(LEAVES[:SIZE])
    tree = CompactRange()
    checkpoint = Checkpoint(ORIGIN, SIZE, root.root())
    try:
        for end in (*sorted(ends), SIZE):
            Comparison(TileFolder(path), checkpoint, tree).go_over(rows(leaves), end)
    except LogBroken as broken:
        return broken
    assert (tree.size, tree.root()) == (SIZE, root.root())
    return None


FEW = settings(deadline=None, max_examples=40)
ENDS = st.lists(st.integers(0, SIZE), max_size=4)


@FEW
@given(ENDS)
def test_a_log_is_that_of_its_checkpoint_in_whatever_slices(tiled: Path, ends: list[int]) -> None:
    assert compared(tiled, LEAVES, ends) is None


@FEW
@given(ENDS, st.integers(0, SIZE - 1), st.integers(0, 255))
def test_any_other_leaf_is_a_fork_at_its_place(
    tiled: Path, ends: list[int], place: int, bit: int
) -> None:
    other = (int.from_bytes(LEAVES[place], "big") ^ 1 << bit).to_bytes(32, "big")
    found = compared(tiled, [*LEAVES[:place], other, *LEAVES[place + 1 :]], ends)
    assert found is not None
    assert (found.code, found.position) == ("E-FORK", place)


@FEW
@given(ENDS, st.data())
def test_any_other_tile_is_no_fork(tiled: Path, ends: list[int], data: st.DataObject) -> None:
    files = sorted(each for each in (tiled / "tile").rglob("*") if each.is_file())
    tiles = [each for each in files if "entries" not in each.parts]
    assert len(tiles) == 4
    spoilt = data.draw(st.sampled_from(tiles))
    before = spoilt.read_bytes()
    after = bytearray(before)
    after[data.draw(st.integers(0, len(before) - 1))] ^= 1
    spoilt.write_bytes(bytes(after))
    try:
        found = compared(tiled, LEAVES, ends)
    finally:
        spoilt.write_bytes(before)
    assert found is not None
    assert found.code == "E-ROOT"


@FEW
@given(ENDS, st.integers(0, SIZE - 1))
def test_fewer_rows_than_were_signed_are_a_gap(tiled: Path, ends: list[int], left: int) -> None:
    found = compared(tiled, LEAVES[:left], ends)
    assert found is not None
    assert (found.code, found.position) == ("E-GAP", left)
