"""The folder of tiles: what was written is read, what is wrong is refused, what died goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from infrastructure.ledger.errors import TileRefused
from infrastructure.ledger.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from infrastructure.ledger.multiproof import compact_range
from infrastructure.ledger.tiles import (
    MOST_CHECKPOINT_BYTES,
    MOST_CONTROL_BYTES,
    Logged,
    TileFolder,
    TileWriter,
    control_path,
    tile_path,
)

SPECIFIED = 70_000
"""The size of the example in the specification."""


def row(position: int) -> Logged:
    entry = f"entry {position}".encode()
    return entry, leaf_hash(entry), b"record of " + entry if position % 7 == 0 else None


ROWS = tuple(row(position) for position in range(SPECIFIED))
LEAVES = tuple(leaf for _, leaf, _ in ROWS)


def root_at(size: int) -> bytes:
    tree = CompactRange()
    tree.extend(LEAVES[:size])
    return tree.root()


def write(path: Path, *sizes: int) -> TileFolder:
    with TileWriter(path) as writer:
        for size in sizes:
            writer.extend(ROWS[writer.size : size])
    return TileFolder(path)


def files_in(path: Path) -> dict[str, bytes]:
    every = (each for each in path.rglob("*") if each.is_file())
    return {each.relative_to(path).as_posix(): each.read_bytes() for each in every}


@pytest.fixture(scope="module")
def specified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("specified") / "log"
    write(path, SPECIFIED)
    return path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (tile_path(0, 0), "tile/0/000"),
        (tile_path(63, 999, 255), "tile/63/999.p/255"),
        (tile_path(1, 1000, 1), "tile/1/x001/000.p/1"),
        (tile_path("entries", 1_234_067), "tile/entries/x001/x234/067"),
        (control_path(1_234_067, 8), "control/x001/x234/067.p/8"),
    ],
)
def test_a_path_has_its_index_in_groups_of_three_digits(path: str, expected: str) -> None:
    assert path == expected


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257)],
)
def test_there_is_no_tile_outside_any_tree(level: int, index: int, width: int) -> None:
    with pytest.raises(TileRefused):
        tile_path(level, index, width)


def test_a_tree_of_70000_has_the_files_that_the_specification_counts(specified: Path) -> None:
    found = files_in(specified)
    tiles = {f"tile/0/{index:03}": 8192 for index in range(273)}
    tiles |= {"tile/0/273.p/112": 112 * 32, "tile/1/000": 8192, "tile/1/001.p/17": 17 * 32}
    tiles |= {"tile/2/000.p/1": 32}
    bundles = {f"tile/entries/{index:03}" for index in range(273)} | {"tile/entries/273.p/112"}
    controls = {f"control/{index:03}" for index in range(273)} | {"control/273.p/112"}
    assert {name: len(found[name]) for name in tiles} == tiles
    assert found.keys() == tiles.keys() | bundles | controls


def test_a_tree_of_256_has_a_partial_tile_of_one_hash_above_its_full_one(tmp_path: Path) -> None:
    write(tmp_path, 256)
    tiles = {name for name in files_in(tmp_path) if name.startswith("tile/")}
    assert tiles == {"tile/0/000", "tile/entries/000", "tile/1/000.p/1"}


def test_an_empty_log_has_no_files_and_the_empty_root(tmp_path: Path) -> None:
    folder = write(tmp_path, 0)
    assert files_in(tmp_path) == {}
    assert folder.compact_range(0).root() == EMPTY_ROOT
    assert list(folder.entries(0, 0)) == []


def test_tiles_without_control_records_have_no_control_file(tmp_path: Path) -> None:
    with TileWriter(tmp_path) as writer:
        writer.extend((entry, leaf, None) for entry, leaf, _ in ROWS[:600])
    assert not (tmp_path / "control").exists()
    assert list(TileFolder(tmp_path).controls(0, 600)) == []


growths = st.lists(st.integers(0, 400), min_size=1, max_size=5)


@settings(max_examples=30)
@given(growths)
def test_however_a_log_grew_every_size_it_had_is_read_back(steps: list[int]) -> None:
    sizes = [sum(steps[: step + 1]) for step in range(len(steps))]
    with TemporaryDirectory() as name:
        folder = write(Path(name), *sizes)
        for size in sizes:
            assert folder.compact_range(size).root() == root_at(size)
            assert list(folder.entries(0, size)) == [entry for entry, _, _ in ROWS[:size]]
            records = [(at, row(at)[2]) for at in range(0, size, 7)]
            assert list(folder.controls(0, size)) == records


@settings(max_examples=15)
@given(growths)
def test_however_a_log_grew_its_files_are_those_of_one_go(steps: list[int]) -> None:
    sizes = [sum(steps[: step + 1]) for step in range(len(steps))]
    with TemporaryDirectory() as name:
        grown, at_once = Path(name) / "grown", Path(name) / "at once"
        write(grown, *sizes)
        write(at_once, sizes[-1])
        one, other = files_in(at_once), files_in(grown)
        assert one.items() <= other.items()
        # What is over are the partial files of sizes before, where the tile is not full yet.
        for left in other.keys() - one.keys():
            full, _, width = left.partition(".p/")
            assert width
            assert full not in other


@given(st.integers(0, 999), st.integers(0, 999), st.integers(0, 999))
def test_any_span_of_positions_is_read_out_of_the_tiles_of_a_larger_tree(
    specified: Path, first: int, second: int, third: int
) -> None:
    start, end, size = sorted((first, second, third))
    size += SPECIFIED - 999
    folder = TileFolder(specified)
    found = list(folder.entries(start, end, size=SPECIFIED))
    assert found == [entry for entry, _, _ in ROWS[start:end]]
    records = [(at, row(at)[2]) for at in range(start, end) if at % 7 == 0]
    assert list(folder.controls(start, end, size=size)) == records


@settings(max_examples=50)
@given(st.integers(1, SPECIFIED), st.integers(0, SPECIFIED - 1))
def test_tiles_prove_what_leaves_prove(specified: Path, size: int, index: int) -> None:
    size = SPECIFIED - size % 600
    index %= size
    subtree = TileFolder(specified).subtrees(SPECIFIED)
    proof = inclusion_proof(subtree, index, SPECIFIED)
    verify_inclusion(index, SPECIFIED, LEAVES[index], proof, ROOT)
    # Any smaller size is read out of the tiles of a larger one.
    smaller = compact_range(subtree, size).root()
    grown = consistency_proof(subtree, size, SPECIFIED)
    verify_consistency(size, SPECIFIED, smaller, ROOT, grown)


ROOT = root_at(SPECIFIED)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 300, 511, 512, 1000])
def test_every_proof_from_tiles_is_the_one_from_leaves(tmp_path: Path, size: int) -> None:
    subtree = write(tmp_path, size).subtrees(size)
    for index in range(0, size, 1 + size // 40):
        assert inclusion_proof(subtree, index, size) == inclusion_proof(LEAVES, index, size)
        shown = consistency_proof(subtree, index + 1, size)
        assert shown == consistency_proof(LEAVES, index + 1, size)


class Counting(TileFolder):
    """A folder that counts the tiles it reads."""

    __slots__ = ("count",)

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.count = 0

    def hashes(self, level: int, index: int, width: int = 256) -> bytes:
        self.count += 1
        return super().hashes(level, index, width)


def test_a_proof_reads_at_most_two_tiles_of_each_level(specified: Path) -> None:
    for index in (0, 30_000, 65_535, 65_536, SPECIFIED - 1):
        folder = Counting(specified)
        inclusion_proof(folder.subtrees(SPECIFIED), index, SPECIFIED)
        assert folder.count <= 6


@pytest.mark.parametrize("place", [(0, -1), (-1, 0), (0, 300), (8, 1), (9, 0), (64, 0), (10**9, 0)])
def test_no_subtree_outside_the_tree_is_given(tmp_path: Path, place: tuple[int, int]) -> None:
    subtree = write(tmp_path, 300).subtrees(300)
    with pytest.raises(TileRefused, match="within size 300"):
        subtree(*place)


@pytest.mark.parametrize("span", [(-1, 3, 3), (2, 1, 3), (0, 4, 3), (0, 3, 2**63)])
def test_no_positions_outside_the_tree_are_given(
    tmp_path: Path, span: tuple[int, int, int]
) -> None:
    folder = write(tmp_path, 3)
    start, end, size = span
    with pytest.raises(TileRefused, match="positions"):
        folder.entries(start, end, size=size)
    with pytest.raises(TileRefused, match="positions"):
        folder.controls(start, end, size=size)


def test_full_files_stand_in_for_partial_ones_that_are_gone(tmp_path: Path) -> None:
    folder = write(tmp_path, 300, 900)
    assert not list(tmp_path.glob("*/*/001.p"))
    assert not (tmp_path / "control" / "001.p").exists()
    assert folder.compact_range(300).root() == root_at(300)
    assert folder.hashes(0, 1, 44) == b"".join(LEAVES[256:300])
    assert folder.bundle(1, 44) == [entry for entry, _, _ in ROWS[256:300]]
    assert list(folder.entries(290, 300)) == [entry for entry, _, _ in ROWS[290:300]]
    assert [at for at, _ in folder.controls(280, 300)] == [280, 287, 294]


def test_partial_files_stay_as_long_as_their_tile_is_not_full(tmp_path: Path) -> None:
    write(tmp_path, 300, 310, 511)
    assert {each.name for each in (tmp_path / "tile/0/001.p").iterdir()} == {"44", "54", "255"}
    write(tmp_path, 512)
    assert not (tmp_path / "tile/0/001.p").exists()
    assert {each.name for each in (tmp_path / "tile/1/000.p").iterdir()} == {"1", "2"}


# --- what is refused when reading


def test_a_missing_tile_is_refused(tmp_path: Path) -> None:
    folder = TileFolder(tmp_path / "nowhere")
    with pytest.raises(TileRefused, match=r"tile 0 of level 0: .* found no file"):
        folder.hashes(0, 0)
    with pytest.raises(TileRefused, match=r"entry bundle 0: .* found no file"):
        folder.bundle(0, 3)
    with pytest.raises(TileRefused, match="checkpoint"):
        folder.read_checkpoint()


@given(st.integers(1, 256), st.integers(-40, 40).filter(bool))
def test_a_tile_of_another_length_is_refused(width: int, over: int) -> None:
    with TemporaryDirectory() as name:
        place = Path(name) / tile_path(0, 0, width)
        place.parent.mkdir(parents=True)
        place.write_bytes(bytes(max(0, width * 32 + over)))
        with pytest.raises(TileRefused, match=f"expected .*{width * 32} bytes, found "):
            TileFolder(Path(name)).hashes(0, 0, width)


def bundle_of(path: Path, data: bytes, width: int) -> list[bytes]:
    place = path / tile_path("entries", 0, width)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return TileFolder(path).bundle(0, width)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x00\x01a",
        b"\x00\x01a\x00",
        b"\x00\x01a\x00\x02b",
        b"\x00\x02a\x00\x01b",
        b"\x00\x01a\x00\x01bc",
        b"\x00\x01a\x00\x01b\x00",
        b"\x00\x01a\x00\x01b\x00\x01c",
        b"\xff\xffa\x00\x01b",
    ],
)
def test_a_bundle_that_is_not_two_entries_is_refused(tmp_path: Path, data: bytes) -> None:
    assert bundle_of(tmp_path, b"\x00\x01a\x00\x01b", 2) == [b"a", b"b"]
    with pytest.raises(TileRefused, match="entry bundle 0"):
        bundle_of(tmp_path, data, 2)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256), st.integers(1))
def test_a_bundle_cut_short_anywhere_is_refused(entries: list[bytes], cut: int) -> None:
    data = b"".join(len(each).to_bytes(2, "big") + each for each in entries)
    with TemporaryDirectory() as name:
        assert bundle_of(Path(name), data, len(entries)) == entries
        with pytest.raises(TileRefused):
            bundle_of(Path(name), data[: -1 - cut % len(data)], len(entries))


def control(place: int, record: bytes) -> bytes:
    return bytes([place]) + len(record).to_bytes(4, "big") + record


def controls_of(path: Path, data: bytes, width: int) -> list[tuple[int, bytes]]:
    place = path / control_path(0, width)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return list(TileFolder(path).controls(0, width))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x00\x00\x00",
        control(0, b""),
        control(1, b"a") + b"\x02",
        control(1, b"ab")[:-1],
        control(1, b"a") + control(1, b"b"),
        control(2, b"a") + control(1, b"b"),
        control(5, b"a"),
        b"\x01\xff\xff\xff\xffa",
        b"\x01" + (MOST_CONTROL_BYTES + 1).to_bytes(4, "big") + bytes(MOST_CONTROL_BYTES + 1),
    ],
)
def test_a_control_bundle_that_is_not_in_order_is_refused(tmp_path: Path, data: bytes) -> None:
    good = control(1, b"a") + control(4, bytes(MOST_CONTROL_BYTES))
    assert controls_of(tmp_path, good, 5) == [(1, b"a"), (4, bytes(MOST_CONTROL_BYTES))]
    with pytest.raises(TileRefused, match="control bundle 0"):
        controls_of(tmp_path, data, 5)


def test_a_full_control_bundle_is_read_whole_even_for_a_part_of_it(tmp_path: Path) -> None:
    place = tmp_path / control_path(0)
    place.parent.mkdir(parents=True)
    place.write_bytes(control(1, b"a") + control(9, b"b") + b"\x09")
    with pytest.raises(TileRefused, match="control bundle 0"):
        list(TileFolder(tmp_path).controls(0, 5))


def every_read(folder: TileFolder) -> Iterator[Callable[[], object]]:
    yield lambda: folder.hashes(0, 0)
    yield lambda: folder.bundle(0)
    yield lambda: list(folder.controls(0, 256))
    yield folder.read_checkpoint


NAMES = ("tile/0/000", "tile/entries/000", "control/000", "checkpoint")


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    for name, read in zip(NAMES, every_read(TileFolder(tmp_path)), strict=True):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            file.truncate(2**40)
        with pytest.raises(TileRefused, match="expected at most"):
            read()


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    for name, read in zip(NAMES, every_read(TileFolder(tmp_path)), strict=True):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(place)
        with pytest.raises(TileRefused, match="expected a file"):
            read()
        place.unlink()
        place.mkdir()
        with pytest.raises(TileRefused, match="expected a file"):
            read()


def test_a_refusal_names_no_path(tmp_path: Path) -> None:
    place = tmp_path / "checkpoint"
    place.symlink_to(place)
    with pytest.raises(TileRefused) as refused:
        TileFolder(tmp_path).read_checkpoint()
    assert str(tmp_path) not in str(refused.value)


# --- what is refused when writing


def test_a_leaf_that_is_not_of_its_entry_is_refused(tmp_path: Path) -> None:
    with TileWriter(tmp_path) as writer:
        with pytest.raises(TileRefused, match="leaf at position 300"):
            writer.extend([*ROWS[:300], (b"entry", LEAVES[300], None)])
        assert writer.size == 0


@pytest.mark.parametrize(
    ("entry", "record"),
    [(bytes(2**16), None), (b"e", b""), (b"e", bytes(MOST_CONTROL_BYTES + 1))],
)
def test_what_could_not_be_read_is_not_written(
    tmp_path: Path, entry: bytes, record: bytes | None
) -> None:
    with TileWriter(tmp_path) as writer:
        with pytest.raises(TileRefused):
            writer.extend([(entry, leaf_hash(entry), record)])
        assert writer.size == 0


def test_the_longest_entry_and_the_longest_record_are_written_and_read(tmp_path: Path) -> None:
    entry, record = bytes(2**16 - 1), bytes(MOST_CONTROL_BYTES)
    with TileWriter(tmp_path) as writer:
        writer.extend([(entry, leaf_hash(entry), record), (b"", leaf_hash(b""), None)])
    assert list(TileFolder(tmp_path).entries(0, 2)) == [entry, b""]
    assert list(TileFolder(tmp_path).controls(0, 2)) == [(0, record)]


def test_a_folder_that_does_not_hold_what_is_expected_is_not_extended(tmp_path: Path) -> None:
    write(tmp_path, 300)
    before = files_in(tmp_path)
    with TileWriter(tmp_path) as writer:
        with pytest.raises(TileRefused, match="size of a folder of tiles: expected 299, found 300"):
            writer.extend(ROWS[300:400], size=299)
        with pytest.raises(TileRefused, match="root of a folder of tiles"):
            writer.extend(ROWS[300:400], size=300, root=root_at(299))
        assert files_in(tmp_path) == before
        writer.extend(ROWS[300:400], size=300, root=root_at(300))
        assert (writer.size, writer.root()) == (400, root_at(400))


EDGE = ("tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44", "control/001.p/44")


@pytest.mark.parametrize("name", EDGE)
def test_a_right_edge_that_was_cut_short_is_not_extended(tmp_path: Path, name: str) -> None:
    write(tmp_path, 300)
    place = tmp_path / name
    place.write_bytes(place.read_bytes()[:-1])
    with TileWriter(tmp_path) as writer, pytest.raises(TileRefused):
        writer.extend(ROWS[300:400])


# A control record is not hashed into any tile: an auditor compares it with its entry.
@pytest.mark.parametrize("name", EDGE[:3])
def test_a_right_edge_that_was_altered_is_not_extended(tmp_path: Path, name: str) -> None:
    write(tmp_path, 300)
    place = tmp_path / name
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    with TileWriter(tmp_path) as writer, pytest.raises(TileRefused):
        writer.extend(ROWS[300:600])


def test_a_file_is_never_replaced_by_other_bytes(tmp_path: Path) -> None:
    write(tmp_path, 300)
    shutil.rmtree(tmp_path / "tile/0/001.p")
    other = [(entry, leaf_hash(entry), None) for entry in (b"another", b"log")]
    with TileWriter(tmp_path) as writer:
        assert writer.size == 256
        with pytest.raises(TileRefused, match="the bytes of this log, found others"):
            writer.extend(other * 22)


def test_files_of_other_names_are_not_taken_for_tiles(tmp_path: Path) -> None:
    write(tmp_path, 300)
    for name in ("0", "256", "300", "044", "4x", ".255.new"):
        (tmp_path / "tile/0/001.p" / name).write_bytes(b"")
    with TileWriter(tmp_path) as writer:
        assert writer.size == 300


def test_two_writers_are_not_at_work_together(tmp_path: Path) -> None:
    with TileWriter(tmp_path), pytest.raises(TileRefused, match="expected no writer"):
        TileWriter(tmp_path)
    with TileWriter(tmp_path) as writer:
        assert writer.size == 0


def test_a_checkpoint_replaces_the_one_before(tmp_path: Path) -> None:
    with TileWriter(tmp_path) as writer:
        for note in (b"one", bytes(MOST_CHECKPOINT_BYTES), b"two"):
            writer.write_checkpoint(note)
            assert TileFolder(tmp_path).read_checkpoint() == note
        with pytest.raises(TileRefused, match="checkpoint: expected at most"):
            writer.write_checkpoint(bytes(MOST_CHECKPOINT_BYTES + 1))
    assert files_in(tmp_path) == {"checkpoint": b"two"}


# --- what is left behind


def test_when_its_source_fails_a_writer_goes_on_from_the_shorter_log(tmp_path: Path) -> None:
    def failing() -> Iterator[Logged]:
        yield from ROWS[:700]
        msg = "the source fails"
        raise ValueError(msg)

    with TileWriter(tmp_path) as writer:
        with pytest.raises(ValueError, match="the source fails"):
            writer.extend(failing())
        writer.extend(ROWS[writer.size : 900])
        assert (writer.size, writer.root()) == (900, root_at(900))


class Killed(BaseException):
    """The process ends here: nothing after it is done."""


def die_at(patch: pytest.MonkeyPatch, step: int) -> list[int]:
    """Let the process end at this step of its work on the disk; return the count of the steps."""
    done = [0]

    def mortal(act: Callable[..., Any]) -> Callable[..., Any]:
        def acting(*given: Any, **named: Any) -> Any:
            done[0] += 1
            if done[0] > step:
                raise Killed
            return act(*given, **named)

        return acting

    def writing(place: Path, data: bytes) -> None:
        done[0] += 1
        with place.open("wb") as file:
            file.write(data if done[0] <= step else data[: len(data) // 2])
        if done[0] > step:
            raise Killed

    patch.setattr(Path, "write_bytes", writing)
    for name in ("fsync", "rename", "replace", "unlink", "rmdir"):
        patch.setattr(os, name, mortal(getattr(os, name)))
    return done


def extend(path: Path, size: int) -> None:
    with TileWriter(path) as writer:
        writer.extend(ROWS[writer.size : size])


def test_whatever_step_a_writer_dies_at_the_next_one_completes_its_work(tmp_path: Path) -> None:
    begun, whole = tmp_path / "begun", tmp_path / "whole"
    write(begun, 300)
    shutil.copytree(begun, whole)
    with pytest.MonkeyPatch.context() as patch:
        steps = die_at(patch, 10**9)
        extend(whole, 808)
    expected = files_in(whole)
    assert 40 < steps[0] < 200
    for step in range(steps[0]):
        died = tmp_path / f"died at {step}"
        shutil.copytree(begun, died)
        with pytest.MonkeyPatch.context() as patch:
            die_at(patch, step)
            with pytest.raises(Killed):
                extend(died, 808)
        assert TileFolder(died).compact_range(300).root() == root_at(300)
        with TileWriter(died) as writer:
            assert writer.root() == root_at(writer.size)
        extend(died, 808)
        assert files_in(died) == expected


def test_a_writer_that_dies_within_256_tiles_is_followed_by_one_that_completes_them(
    tmp_path: Path, specified: Path
) -> None:
    expected = files_in(specified)
    # It dies while it syncs the files of the first 256 tiles, and while these appear one by one.
    for step, least, most in ((1100, 100, 100), (2200, 256, 65_280)):
        died = tmp_path / f"died at {step}"
        write(died, 100)
        with pytest.MonkeyPatch.context() as patch:
            die_at(patch, step)
            with pytest.raises(Killed):
                extend(died, SPECIFIED)
        with TileWriter(died) as writer:
            assert least <= writer.size <= most
            assert writer.root() == root_at(writer.size)
        extend(died, SPECIFIED)
        assert files_in(died) == expected


def test_partial_files_that_a_dead_writer_did_not_delete_are_deleted_by_the_next_one(
    tmp_path: Path, specified: Path
) -> None:
    write(tmp_path, 100)
    partial = [tmp_path / name for name in ("tile/0/000.p", "tile/entries/000.p", "control/000.p")]
    for each in partial:
        shutil.copytree(each, each.with_name("kept"))
    write(tmp_path, 65_536)
    for each in partial:
        each.with_name("kept").rename(each)
    write(tmp_path, SPECIFIED)
    assert files_in(tmp_path) == files_in(specified)


def test_a_tile_that_a_failure_of_power_has_lost_is_written_again(tmp_path: Path) -> None:
    write(tmp_path, 2000)
    expected = files_in(tmp_path)
    (tmp_path / "tile/0/004").unlink()
    with TileWriter(tmp_path) as writer:
        assert writer.size == 1024
        writer.extend(ROWS[1024:2000])
    assert files_in(tmp_path) == expected


CHILD = """
import sys
from itertools import count
from pathlib import Path
from infrastructure.ledger.merkle import leaf_hash
from infrastructure.ledger.tiles import TileWriter

def rows(begin, end):
    for position in range(begin, end):
        entry = f"entry {position}".encode()
        yield entry, leaf_hash(entry), b"record of " + entry if position % 7 == 0 else None

with TileWriter(Path(sys.argv[1])) as writer:
    print("ready", flush=True)
    while writer.size < 70000:
        writer.extend(rows(writer.size, min(writer.size + 3001, 70000)))
"""


def test_a_process_killed_again_and_again_leaves_a_log_that_is_completed(
    tmp_path: Path, specified: Path
) -> None:
    chance = Random(1)
    sizes = [0]
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0.0, 0.1))
            child.kill()
        with TileWriter(tmp_path) as writer:
            sizes.append(writer.size)
            assert writer.root() == root_at(writer.size)
    assert sizes == sorted(sizes)
    extend(tmp_path, SPECIFIED)
    expected, found = files_in(specified), files_in(tmp_path)
    assert expected.items() <= found.items()
    assert TileFolder(tmp_path).compact_range(SPECIFIED).root() == ROOT
