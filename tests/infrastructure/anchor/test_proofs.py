"""Proofs out of the published log: they verify, or nobody is handed anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from domain.errors import IntegrityIncident, Invalid, NotThere
from infrastructure.anchor.checkpointer import Checkpointer, create
from infrastructure.anchor.proofs import NotCovered, NotPublished, Proofs, read_policy
from infrastructure.folder import OpenFolder
from infrastructure.ledger.errors import LedgerError, PolicyRefused, SignatureRefused
from infrastructure.ledger.merkle import CompactRange, leaf_hash, verify_consistency
from infrastructure.ledger.note import ED25519, Signer
from infrastructure.ledger.proof import TlogProof
from infrastructure.ledger.tiles import TileFolder, control_path, tile_path
from infrastructure.ledger.trust import Trust
from tests.support import ink

Open = Callable[..., OpenFolder]
MANY = 300
"""More entries than a tile is wide."""


@dataclass(frozen=True)
class Published:
    """A clinic whose log is published up to `size`."""

    folder: OpenFolder
    trust: Trust
    proofs: Proofs
    size: int

    @property
    def leaves(self) -> list[bytes]:
        return [row.leaf for row in self.folder.store.rows(0, self.size)]

    def roots(self) -> list[bytes]:
        tree = CompactRange()
        found = [tree.root()]
        for leaf in self.leaves:
            tree.append(leaf)
            found.append(tree.root())
        return found

    def path(self, name: str) -> Path:
        return self.folder.layout.log / name

    def poison(self, name: str, place: int) -> None:
        """Flip a bit of a published file."""
        data = bytearray(self.path(name).read_bytes())
        data[place] ^= 1
        self.path(name).write_bytes(bytes(data))

    def codes(self) -> list[str]:
        return [each.code for each in self.folder.guard.incidents.all()]


@pytest.fixture
def unpublished(open_: Open, old_clinic: Path, tmp_path: Path) -> Published:
    """A clinic with a checkpointer that has not been at work yet."""
    folder = open_(old_clinic)
    vkey = create(tmp_path / "checkpointer", folder.vault.lineage, folder.append_key)
    folder.layout.policy.write_text(f"log {vkey}\nquorum none\n")
    trust = Trust.parse(read_policy(folder.layout.policy))
    proofs = Proofs(TileFolder(folder.layout.log), trust, folder.store, folder.guard)
    return Published(folder, trust, proofs, 0)


@pytest.fixture
def small(unpublished: Published, tmp_path: Path) -> Published:
    """A log of one partial tile, and some rows behind its checkpoint."""
    published = signed(unpublished, tmp_path / "checkpointer")
    lived(published, 3)
    return published


@pytest.fixture
def large(unpublished: Published, tmp_path: Path) -> Published:
    """A log of a full tile, a partial one, and one above them."""
    lived(unpublished, MANY)
    return signed(unpublished, tmp_path / "checkpointer")


def lived(published: Published, times: int) -> None:
    append = published.folder.record.append_now
    append(tuple(ink.looked(ink.ANNA) for _ in range(times)), ink.WHO)


def signed(published: Published, place: Path) -> Published:
    folder = published.folder
    with closing(
        Checkpointer(place, folder.store, folder.layout.log, published.trust)
    ) as checkpointer:
        size = checkpointer.step().size
    return replace(published, size=size)


def altered(published: Published, statement: str) -> None:
    with closing(sqlite3.connect(published.folder.layout.record, isolation_level=None)) as db:
        for trigger in ("record_is_append_only_1", "record_is_append_only_2", "log_only_grows"):
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        db.execute(statement)


def test_before_a_checkpointer_was_set_up_there_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(NotPublished, match="No checkpoint"):
        read_policy(tmp_path / "trust.policy")


def test_a_policy_that_is_none_is_handed_to_nobody(tmp_path: Path) -> None:
    path = tmp_path / "trust.policy"
    path.write_text("log nobody\n")
    with pytest.raises(PolicyRefused):
        read_policy(path)


def test_before_anything_is_published_everything_is_refused(unpublished: Published) -> None:
    proofs = unpublished.proofs
    asked: list[Callable[[], object]] = [
        proofs.checkpoint,
        lambda: proofs.inclusion(0, with_entry=False),
        lambda: proofs.consistency(1, 2),
        lambda: proofs.tile(0, 0, 1),
        lambda: proofs.entries(0, 1),
        lambda: proofs.controls(0, 1),
    ]
    for each in asked:
        with pytest.raises(NotPublished, match="No checkpoint"):
            each()
    assert unpublished.codes() == []


class TestACheckpoint:
    def test_is_the_published_note(self, small: Published) -> None:
        note = small.proofs.checkpoint()
        assert note == small.path("checkpoint").read_bytes()
        assert small.trust.require(note).checkpoint.root == small.roots()[-1]

    def test_that_the_policys_log_has_not_signed_is_handed_to_nobody(
        self, small: Published
    ) -> None:
        origin = small.trust.logs[0].verifier.name
        stranger = Signer.generate(origin, ED25519).verifier
        trust = Trust.parse(f"log {stranger.vkey()}\nquorum none\n".encode())
        folder = small.folder
        proofs = Proofs(TileFolder(folder.layout.log), trust, folder.store, folder.guard)
        with pytest.raises(SignatureRefused):
            proofs.checkpoint()
        with pytest.raises(SignatureRefused):
            proofs.inclusion(0, with_entry=False)
        # Whose fault that is, is for the scrubber to say: the policy may be the wrong one.
        assert small.codes() == []


class TestAnInclusionProof:
    def test_of_every_row_verifies_by_the_policy(self, small: Published) -> None:
        for position, leaf in enumerate(small.leaves):
            proof = TlogProof.parse(small.proofs.inclusion(position, with_entry=False))
            assert (proof.index, proof.extra) == (position, None)
            assert proof.verify(leaf, small.trust).checkpoint.size == small.size

    def test_across_tiles_verifies_by_the_policy(self, large: Published) -> None:
        leaves = large.leaves
        for position in (0, 1, 127, 255, 256, 257, large.size - 1):
            proof = TlogProof.parse(large.proofs.inclusion(position, with_entry=True))
            assert proof.extra is not None
            assert leaf_hash(proof.extra) == leaves[position]
            proof.verify(leaves[position], large.trust)

    def test_of_what_no_checkpoint_covers_is_refused(self, small: Published) -> None:
        for position in (small.size, small.size + 1, small.size + 3, 2**70, -1, -small.size):
            with pytest.raises(NotCovered, match="not yet covered by a checkpoint"):
                small.proofs.inclusion(position, with_entry=True)
        assert small.codes() == []

    def test_out_of_any_poisoned_tile_verifies_or_reaches_nobody(self, small: Published) -> None:
        tile, leaves = tile_path(0, 0, small.size), small.leaves
        refused = 0

        @settings(max_examples=60, database=None, suppress_health_check=list(HealthCheck))
        @given(st.integers(0, small.size * 32 - 1), st.integers(0, small.size - 1))
        def law(place: int, position: int) -> None:
            nonlocal refused
            small.poison(tile, place)
            try:
                data = small.proofs.inclusion(position, with_entry=False)
            except IntegrityIncident:
                refused += 1
            else:
                # What was flipped is the row's own hash, which no proof of it holds.
                assert place // 32 == position
                TlogProof.parse(data).verify(leaves[position], small.trust)
            finally:
                small.poison(tile, place)

        law()
        assert refused
        assert small.codes() == ["E-ROOT"]

    def test_out_of_a_poisoned_tile_is_an_incident_that_is_written_down_once(
        self, small: Published
    ) -> None:
        small.poison(tile_path(0, 0, small.size), 0)
        for position in range(1, small.size):
            with pytest.raises(IntegrityIncident, match=r"Incident 1\."):
                small.proofs.inclusion(position, with_entry=False)
        (incident,) = small.folder.guard.incidents.open()
        assert (incident.code, incident.scope, incident.position) == ("E-ROOT", "log", 1)
        assert (small.folder.layout.folder / "evidence" / "1").is_dir()

    def test_with_a_poisoned_tile_above_it_reaches_nobody(self, large: Published) -> None:
        large.poison(tile_path(1, 0, 1), 9)
        assert large.proofs.inclusion(0, with_entry=False)
        with pytest.raises(IntegrityIncident):
            large.proofs.inclusion(256, with_entry=False)

    def test_with_a_foreign_entry_reaches_nobody(self, small: Published) -> None:
        small.poison(tile_path("entries", 0, small.size), 2 + 150)
        assert small.proofs.inclusion(0, with_entry=False)
        assert small.proofs.inclusion(1, with_entry=True)
        with pytest.raises(IntegrityIncident):
            small.proofs.inclusion(0, with_entry=True)
        assert small.codes() == ["E-ROOT"]

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE record SET leaf = zeroblob(32) WHERE pos = 5",
            "UPDATE record SET leaf = zeroblob(3) WHERE pos = 5",
            "DELETE FROM record WHERE pos = 5",
        ],
    )
    def test_of_a_row_that_was_altered_reaches_nobody(
        self, small: Published, statement: str
    ) -> None:
        altered(small, statement)
        assert small.proofs.inclusion(4, with_entry=True)
        with pytest.raises(IntegrityIncident):
            small.proofs.inclusion(5, with_entry=False)
        assert small.codes() == ["E-ROOT"]

    def test_out_of_a_tile_cut_short_or_lost_reaches_nobody(self, small: Published) -> None:
        path = small.path(tile_path(0, 0, small.size))
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(IntegrityIncident):
            small.proofs.inclusion(0, with_entry=False)
        path.unlink()
        with pytest.raises(IntegrityIncident):
            small.proofs.inclusion(0, with_entry=False)


class TestAConsistencyProof:
    def test_of_every_two_sizes_verifies(self, small: Published) -> None:
        roots = small.roots()
        for new in range(1, small.size + 1):
            for old in range(1, new + 1):
                proof = small.proofs.consistency(old, new)
                verify_consistency(old, new, roots[old], roots[new], proof)

    def test_across_tiles_verifies(self, large: Published) -> None:
        roots = large.roots()
        for old, new in ((1, 256), (200, 256), (255, 257), (256, 257), (3, large.size)):
            proof = large.proofs.consistency(old, new)
            verify_consistency(old, new, roots[old], roots[new], proof)

    def test_of_sizes_that_make_none_is_refused(self, small: Published) -> None:
        for old, new in ((0, 0), (0, 3), (-1, 3), (4, 3)):
            with pytest.raises(Invalid):
                small.proofs.consistency(old, new)
        with pytest.raises(NotCovered):
            small.proofs.consistency(1, small.size + 1)
        assert small.codes() == []

    def test_out_of_any_poisoned_tile_verifies_or_reaches_nobody(self, small: Published) -> None:
        tile, roots = tile_path(0, 0, small.size), small.roots()
        refused = 0
        sizes = st.integers(1, small.size)

        @settings(max_examples=60, database=None, suppress_health_check=list(HealthCheck))
        @given(st.integers(0, small.size * 32 - 1), st.tuples(sizes, sizes))
        def law(place: int, pair: tuple[int, int]) -> None:
            nonlocal refused
            old, new = sorted(pair)
            small.poison(tile, place)
            try:
                proof = small.proofs.consistency(old, new)
            except IntegrityIncident:
                refused += 1
            else:
                verify_consistency(old, new, roots[old], roots[new], proof)
            finally:
                small.poison(tile, place)

        law()
        assert refused


class TestTiles:
    def test_are_the_published_files_in_any_width_up_to_theirs(self, large: Published) -> None:
        proofs, size = large.proofs, large.size
        leaves = b"".join(large.leaves)
        assert proofs.tile(0, 0, 256) == leaves[: 256 * 32]
        for width in (1, 7, size - 256):
            assert proofs.tile(0, 1, width) == leaves[256 * 32 : (256 + width) * 32]
        assert proofs.tile(1, 0, 1) == large.path(tile_path(1, 0, 1)).read_bytes()
        for index, width in ((0, 256), (1, size - 256)):
            bundle = large.path(tile_path("entries", index, width)).read_bytes()
            assert proofs.entries(index, width) == bundle
        assert proofs.entries(0, 2) == large.path(tile_path("entries", 0)).read_bytes()[: 2 * 154]
        assert proofs.controls(0, 256) == large.path(control_path(0)).read_bytes()

    def test_beyond_the_checkpoint_are_not_there(self, small: Published) -> None:
        wider = small.size + 1
        for level, index, width in ((1, 0, 1), (63, 0, 1), (99, 0, 1), (0, 1, 1), (0, 0, wider)):
            with pytest.raises(NotThere):
                small.proofs.tile(level, index, width)
        for index, width in ((0, wider), (0, 256), (0, 0), (0, -1), (1, 1), (2**60, 1)):
            with pytest.raises(NotThere):
                small.proofs.tile(0, index, width)
            with pytest.raises(NotThere):
                small.proofs.entries(index, width)
            with pytest.raises(NotThere):
                small.proofs.controls(index, width)

    def test_of_control_records_are_not_there_where_no_record_is_one(
        self, large: Published
    ) -> None:
        with pytest.raises(NotThere):
            large.proofs.controls(1, large.size - 256)

    def test_that_are_lost_are_no_answer(self, small: Published) -> None:
        small.path(tile_path(0, 0, small.size)).unlink()
        small.path(tile_path("entries", 0, small.size)).unlink()
        with pytest.raises(LedgerError):
            small.proofs.tile(0, 0, 1)
        with pytest.raises(LedgerError):
            small.proofs.entries(0, 1)
