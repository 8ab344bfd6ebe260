"""Proofs out of the published log: each is verified before anybody is handed it.

- A proof is made of the published tiles, for the published checkpoint. That of an entry starts from
  the leaf of the stored row, so row, tiles and checkpoint have to agree.
- What does not verify is handed to nobody: an incident is written down (E-ROOT), and with it the
  record becomes read-only. It is written down once: while the record is read-only already, asking
  again gives the number of that incident and leaves no further copy of the evidence.
- Tiles, entries and control records are handed out as far as the checkpoint goes, in any width up
  to that. Whether they are those of the log is for the checkpoint's root to say: whoever takes
  them folds them and compares.

Source:
    docs of the design: security, sections 2.7, 2.10 and 7 (attack 40); C2SP tlog-proof, tlog-tiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from domain.errors import IntegrityIncident, Invalid, NotThere, WrongState
from infrastructure.guard.watch import Guard
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import LedgerError, ProofRefused, TileRefused
from infrastructure.ledger.merkle import (
    HASH_SIZE,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
)
from infrastructure.ledger.multiproof import compact_range
from infrastructure.ledger.proof import TlogProof
from infrastructure.ledger.tiles import TILE_WIDTH, TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.stores.contract import RecordStore

_HEIGHT = 8
_LENGTH_OF_ENTRY = 2
_LENGTH_OF_RECORD = 4


class NotPublished(WrongState):
    """There is no checkpointer yet, or it has published nothing."""

    code = "not-published"

    def __init__(self) -> None:
        super().__init__("No checkpoint of the log has been published yet")


class NotCovered(WrongState):
    """The log may be as long as that; the published checkpoint is not."""

    code = "not-covered"

    def __init__(self) -> None:
        super().__init__("This is not yet covered by a checkpoint")


def read_policy(path: Path) -> bytes:
    """Read the trust policy of a data folder, as it may be handed to anybody.

    Raises:
        NotPublished: No checkpointer was ever set up.
        PolicyRefused: It is none.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotPublished from None
    trusted(data)
    return data


@lru_cache(maxsize=2)
def trusted(policy: bytes) -> Trust:
    """Read a policy; once, since the look at each of its keys takes a millisecond.

    Raises:
        PolicyRefused: It is none.
    """
    return Trust.parse(policy)


class Proofs:
    """The published log of one record, with proofs of what stands in it; for any thread."""

    def __init__(self, folder: TileFolder, trust: Trust, store: RecordStore, guard: Guard) -> None:
        self._folder = folder
        self._trust = trust
        self._store = store
        self._guard = guard

    def checkpoint(self) -> bytes:
        """Return the newest published checkpoint: origin, size, root and signatures.

        Raises:
            NotPublished: There is none.
            LedgerError: It is not one that a log of the policy has signed.
        """
        note, _ = self._published()
        return note

    def inclusion(self, position: int, *, with_entry: bool) -> bytes:
        """Prove that the leaf of a stored row stands in the published checkpoint.

        The proof is a `tlog-proof@v1`; with the entry it carries those 152 bytes as `extra`.

        Raises:
            NotPublished: There is no checkpoint.
            NotCovered: The checkpoint does not reach this position.
            IntegrityIncident: Row, tiles and checkpoint do not agree.
            LedgerError: As `checkpoint` does.
        """
        note, checkpoint = self._published()
        if not 0 <= position < checkpoint.size:
            raise NotCovered
        with self._sound(position):
            leaf = self._leaf(position)
            subtrees = self._folder.subtrees(checkpoint.size)
            hashes = inclusion_proof(subtrees, position, checkpoint.size)
            extra = self._entry(position, checkpoint.size, leaf) if with_entry else None
            proof = TlogProof(position, hashes, note, extra)
            proof.check(leaf, checkpoint.size, checkpoint.root)
        return proof.encode()

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Prove that the log of one size is the beginning of that of another.

        Raises:
            Invalid: There is no such proof: the first size is 0, or larger than the other.
            NotPublished, NotCovered, IntegrityIncident, LedgerError: As `inclusion` does.
        """
        _, checkpoint = self._published()
        if not 0 < old <= new:
            raise Invalid("from", "is not a size from 1 up to the other")
        if new > checkpoint.size:
            raise NotCovered
        with self._sound(None):
            subtrees = self._folder.subtrees(checkpoint.size)
            proof = consistency_proof(subtrees, old, new)
            old_root, new_root = (compact_range(subtrees, each).root() for each in (old, new))
            verify_consistency(old, new, old_root, new_root, proof)
            # The larger tree is believed only as the beginning of the one that was signed.
            onwards = consistency_proof(subtrees, new, checkpoint.size)
            verify_consistency(new, checkpoint.size, new_root, checkpoint.root, onwards)
        return proof

    def tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first hashes of a tile.

        Raises:
            NotThere: The published log has no such tile, or not so wide a one.
            NotPublished: There is none.
            LedgerError: The tile is missing or damaged, or as `checkpoint` does.
        """
        held, _ = self._covered(level, index, width)
        return self._folder.hashes(level, index, held)[: width * HASH_SIZE]

    def entries(self, index: int, width: int) -> bytes:
        """Return the first entries under a tile of level 0, as the bundle that tlog-tiles has.

        Raises:
            NotThere, NotPublished, LedgerError: As `tile` does.
        """
        held, _ = self._covered(0, index, width)
        entries = self._folder.bundle(index, held)[:width]
        return b"".join(len(each).to_bytes(_LENGTH_OF_ENTRY, "big") + each for each in entries)

    def controls(self, index: int, width: int) -> bytes:
        """Return the control records among the first entries under a tile of level 0.

        Raises:
            NotThere: As `tile` does, or there is none among them.
            NotPublished, LedgerError: As `tile` does.
        """
        _, size = self._covered(0, index, width)
        start = index * TILE_WIDTH
        bundle = bytearray()
        for position, record in self._folder.controls(start, start + width, size=size):
            bundle.append(position - start)
            bundle += len(record).to_bytes(_LENGTH_OF_RECORD, "big") + record
        if not bundle:
            raise NotThere
        return bytes(bundle)

    def _published(self) -> tuple[bytes, Checkpoint]:
        try:
            note = self._folder.read_checkpoint()
        except TileRefused:
            raise NotPublished from None
        return note, self._trust.judge(note).checkpoint

    def _covered(self, level: int, index: int, width: int) -> tuple[int, int]:
        """Return how wide the published tile is, and how large the published log."""
        _, checkpoint = self._published()
        held = min((checkpoint.size >> _HEIGHT * level) - index * TILE_WIDTH, TILE_WIDTH)
        if not 0 < width <= held:
            raise NotThere
        return held, checkpoint.size

    def _leaf(self, position: int) -> bytes:
        rows = self._store.rows(position, 1)
        if not rows or rows[0].position != position:
            raise ProofRefused("log", expected=f"a row at position {position}", found="none")
        return rows[0].leaf

    def _entry(self, position: int, size: int, leaf: bytes) -> bytes:
        (entry,) = self._folder.entries(position, position + 1, size=size)
        if leaf_hash(entry) != leaf:
            raise ProofRefused("published entry", expected=leaf, found=leaf_hash(entry))
        return entry

    @contextmanager
    def _sound(self, position: int | None) -> Iterator[None]:
        """Let a refusal end as an incident, and what was refused reach nobody."""
        try:
            yield
        except LedgerError:
            incident = self._guard.incidents.halted() or self._guard.report(
                "E-ROOT", stream=None, position=position
            )
            raise IntegrityIncident(incident.number) from None
