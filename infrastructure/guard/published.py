"""What is published of a log, and the comparison of its leaves with that.

A checkpoint in the public folder counts if it is this log's, by name and by signature. The leaves
of the rows have to lead to its root, and the tiles beside it have to be those of the same tree: a
log that was signed otherwise is a fork, tiles that differ from what was signed were altered.

Source:
    docs of the design: security, sections 2.7 and 2.10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infrastructure.folder import OpenFolder
from infrastructure.layout import Layout
from infrastructure.ledger.check import Row
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import (
    ClaimRefused,
    LedgerError,
    LogBroken,
    RangeRefused,
    TileRefused,
)
from infrastructure.ledger.merkle import HASH_SIZE, CompactRange
from infrastructure.ledger.policy_key import NamedKey, must_be_live
from infrastructure.ledger.tiles import TILE_WIDTH, TileFolder
from infrastructure.ledger.trust import Judged, Trust
from infrastructure.stores.contract import RecordStore

_BATCH = 5_000

Rows = Callable[[int, int], Iterator[Row]]
"""Gives the rows from one position up to another, or as many of them as there are."""


@dataclass(frozen=True, slots=True)
class Published:
    """The published log: its folder, and whose signature makes its checkpoint good.

    With the file of the policy, what the policy does not know is judged by that as it is now: keys
    are replaced while others are at work.
    """

    folder: TileFolder
    trust: Trust
    policy: Path | None = None

    def checkpoint(self) -> Checkpoint | None:
        """The newest published checkpoint; ``None`` before there is one.

        Raises:
            LedgerError: It is not one that a log of the policy has signed.
        """
        judged = self.judged()
        return None if judged is None else judged.checkpoint

    def judged(self) -> Judged | None:
        """The newest published checkpoint with whoever signed it; ``None`` before there is one.

        Raises:
            LedgerError: It is not one that a log of the policy has signed.
        """
        try:
            note = self.folder.read_checkpoint()
        except TileRefused as refused:
            if refused.found == "none":
                return None
            raise
        try:
            return self.trust.judge(note)
        except LedgerError:
            trust = None if self.policy is None else read_trust(self.policy)
            if trust is None:
                raise
            return trust.judge(self.folder.read_checkpoint())

    def of(self, origin: str, size: int, named: Sequence[NamedKey] = ()) -> Checkpoint | None:
        """The newest published checkpoint of a log that stands at ``size``, and names these keys.

        Raises:
            LogBroken: E-AUTH, it is another log's, or nobody's that the policy knows; E-KEYSTATE,
                the log names other keys than those that signed it, or has ended them.
        """
        try:
            judged = self.judged()
        except LedgerError as refused:
            expected, found = "a checkpoint that the log has signed", str(refused)
            raise LogBroken("E-AUTH", size, None, expected, found) from refused
        if judged is None:
            return None
        if judged.checkpoint.origin != origin:
            raise LogBroken("E-AUTH", size, None, "a checkpoint of this log", "another log's")
        if judged.checkpoint.size <= size:
            # What it covers is known: no key has come since that could have signed it.
            try:
                must_be_live(judged.logs, named, origin)
            except ClaimRefused as refused:
                found = refused.found
                raise LogBroken("E-KEYSTATE", size, None, refused.expected, found) from refused
        return judged.checkpoint


class Comparison:
    """Leaves of a log, held against a checkpoint of it and against the tiles beside that."""

    def __init__(self, folder: TileFolder, checkpoint: Checkpoint, tree: CompactRange) -> None:
        """Begin behind the leaves in ``tree``, which grows."""
        self._folder = folder
        self._checkpoint = checkpoint
        self._tree = tree
        self._tile, self._hashes = -1, b""
        self._wrong: int | None = None

    def go_over(self, rows: Rows, end: int) -> None:
        """Feed the rows up to ``end``; up to the checkpoint, where that tells what is wrong.

        Raises:
            LogBroken: See ``feed``; or E-GAP, there are fewer rows.
        """
        self._feed_all(rows, end)
        if self._wrong is not None:
            self._feed_all(rows, self._checkpoint.size)

    def feed(self, leaf: bytes) -> None:
        """Hold the next leaf below the checkpoint against its tile; any beyond it is let pass.

        Raises:
            LogBroken: With the last one: E-FORK, another log was signed; E-ROOT, the tiles are not
                those of the log that was signed.
        """
        if self._is_done():
            return
        position = self._tree.size
        if self._wrong is None and self._published(position) != leaf:
            self._wrong = position
        try:
            self._tree.append(leaf)
        except RangeRefused:
            raise LogBroken("E-PARSE", position, None, "a leaf", leaf) from None
        if self._is_done():
            self._conclude()

    def must_have_its_root(self) -> None:
        """Compare the leaves that were fed before with the checkpoint.

        Raises:
            LogBroken: E-FORK, another log was signed.
        """
        root, signed = self._tree.root(), self._checkpoint.root
        if root != signed:
            place = self._checkpoint.size if self._wrong is None else self._wrong
            raise LogBroken("E-FORK", place, None, signed, root)

    def _feed_all(self, rows: Rows, end: int) -> None:
        for row in rows(self._tree.size, end):
            if row.position != self._tree.size:
                break
            self.feed(row.leaf)
        if self._tree.size < end:
            expected = f"a row at {self._tree.size}"
            raise LogBroken("E-GAP", self._tree.size, None, expected, "none")

    def _is_done(self) -> bool:
        return self._tree.size >= self._checkpoint.size

    def _conclude(self) -> None:
        self.must_have_its_root()
        place, size = self._wrong, self._checkpoint.size
        if place is None:
            try:
                if self._folder.compact_range(size).root() == self._checkpoint.root:
                    return
            except TileRefused:
                pass
            place = size
        raise LogBroken("E-ROOT", place, None, "the tiles of what was signed", "others")

    def _published(self, position: int) -> bytes:
        index, place = divmod(position, TILE_WIDTH)
        if index != self._tile:
            width = min(TILE_WIDTH, self._checkpoint.size - index * TILE_WIDTH)
            try:
                self._hashes = self._folder.hashes(0, index, width)
            except TileRefused:
                self._hashes = b""
            self._tile = index
        return self._hashes[place * HASH_SIZE : (place + 1) * HASH_SIZE]


def read_trust(path: Path) -> Trust | None:
    """The policy of a data folder; ``None`` where no checkpointer was ever set up.

    Raises:
        LedgerError: It is none.
    """
    try:
        return Trust.parse(path.read_bytes())
    except FileNotFoundError:
        return None


def published_in(layout: Layout) -> Published | None:
    """What is published of a data folder; ``None`` where no checkpointer was ever set up.

    Raises:
        LedgerError: The policy is none.
    """
    trust = read_trust(layout.policy)
    return None if trust is None else Published(TileFolder(layout.log), trust, layout.policy)


def rows_of(store: RecordStore) -> Rows:
    """The rows of a store, read some at a time."""

    def rows(start: int, end: int) -> Iterator[Row]:
        while start < end:
            some = store.rows(start, min(_BATCH, end - start))
            if not some:
                return
            yield from some
            start += len(some)

    return rows


def must_be_published(folder: OpenFolder) -> None:
    """Hold the leaves of a whole log against what is published of it, if anything is.

    Raises:
        LogBroken: E-AUTH, E-ROLLBACK, E-FORK or E-ROOT.
        LedgerError: The policy is none.
    """
    published, size = published_in(folder.layout), folder.store.standing().size
    checkpoint = published.of(folder.vault.lineage.origin, size) if published else None
    if published is None or checkpoint is None:
        return
    must_reach(checkpoint, folder.store.standing().size)
    comparison = Comparison(published.folder, checkpoint, CompactRange())
    comparison.go_over(rows_of(folder.store), checkpoint.size)


def must_reach(checkpoint: Checkpoint, size: int) -> None:
    """Refuse a log that is smaller than the checkpoint that was published of it.

    Raises:
        LogBroken: E-ROLLBACK.
    """
    if size < checkpoint.size:
        expected = f"at least {checkpoint.size} records"
        raise LogBroken("E-ROLLBACK", size, None, expected, f"{size} records")
