r"""The map of streams: for each stream its last entry, in one tree that is sorted by stream.

- The labels rise strictly by stream, so a stream stands in the map once.
- That a stream stands in the map is shown by the inclusion of its label; that it does not, by the
  two labels between which it would stand.
- Size and root must come from a MAPHEAD that is believed: the root alone fixes no size. That the
  map itself is sorted and complete shows only when it is made anew from the log.

```
off len field
  0   4 "PSM\x01"    4 16 stream    20 8 version    28 32 leaf of the stream's last entry
```

Source:
    docs of the design: security, section 2.9; RFC 6962, section 2.1.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from infrastructure.ledger.errors import MapRefused, ProofRefused
from infrastructure.ledger.merkle import (
    HASH_SIZE,
    CompactRange,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_inclusion,
)
from infrastructure.ledger.multiproof import compact_range

MAGIC = b"PSM\x01"
STREAM_SIZE = 16

_LIMIT = 2**63


class MapLabel(NamedTuple):
    """A stream, how many entries it has, and the leaf of the last of them."""

    stream: bytes
    version: int
    leaf: bytes


def map_leaf(label: MapLabel) -> bytes:
    """Hash a label into its leaf.

    Raises:
        MapRefused: the fields are not those of any label.
    """
    stream, version, leaf = label
    if len(stream) != STREAM_SIZE or len(leaf) != HASH_SIZE or not 0 < version < _LIMIT:
        expected = f"{STREAM_SIZE} bytes, 1 to 2^63 - 1, {HASH_SIZE} bytes"
        found = f"{len(stream)} bytes, {version}, {len(leaf)} bytes"
        raise MapRefused("label", expected=expected, found=found)
    return leaf_hash(MAGIC + stream + version.to_bytes(8, "big") + leaf)


def map_root(labels: Iterable[MapLabel]) -> bytes:
    """Return the root over labels that come sorted, without keeping them.

    Raises:
        MapRefused: a label is malformed, or does not follow the one before it.
    """
    tree = CompactRange()
    tree.extend(_leaves(labels))
    return tree.root()


@dataclass(frozen=True, slots=True)
class MembershipProof:
    """The proof that a label stands at `index` in a map of `size`."""

    index: int
    size: int
    hashes: tuple[bytes, ...]

    def verify(self, label: MapLabel, *, size: int, root: bytes) -> None:
        """Verify it against the size and root of a map that is believed.

        Raises:
            MapRefused: the label is not shown to stand in that map.
        """
        _require_size(size, self.size)
        try:
            verify_inclusion(self.index, size, map_leaf(label), self.hashes, root)
        except ProofRefused as refused:
            expected, found = refused.expected, refused.found
            raise MapRefused("membership", expected=expected, found=found) from refused


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A label beside the place where an absent stream would stand, and its proof."""

    label: MapLabel
    proof: MembershipProof


@dataclass(frozen=True, slots=True)
class AbsenceProof:
    """The proof that a stream is not in a map of `size`: the labels around its place.

    `before` is missing where the stream would be the first, `after` where it would be the last.
    """

    size: int
    before: Neighbour | None
    after: Neighbour | None

    def verify(self, stream: bytes, *, size: int, root: bytes) -> None:
        """Verify it against the size and root of a map that is believed.

        Raises:
            MapRefused: the stream is not shown to be absent from that map.
        """
        _require_stream(stream)
        _require_size(size, self.size)
        before, after = self.before, self.after
        # The index of the one before and of the one after, or what stands in for them at the ends.
        left = before.proof.index if before else -1
        right = after.proof.index if after else size
        if right != left + 1:
            raise MapRefused("absence", expected="adjacent labels", found=(left, right))
        if before and not before.label.stream < stream:
            raise _out_of_order("before", stream, before.label.stream)
        if after and not stream < after.label.stream:
            raise _out_of_order("after", stream, after.label.stream)
        for each in (before, after):
            if each:
                each.proof.verify(each.label, size=size, root=root)
        if size == 0 and root != CompactRange().root():
            raise MapRefused("absence", expected="the root of the empty map", found=root)


class StreamMap:
    """A whole map, kept so that many proofs can be made from it, or to follow a growing log.

    Raises:
        MapRefused: a label is malformed, or does not follow the one before it.
    """

    __slots__ = ("_labels", "_rows", "_streams")

    def __init__(self, labels: Iterable[MapLabel]) -> None:
        self._labels = list(labels)
        self._streams = [label.stream for label in self._labels]
        # Every perfect subtree, by level and index; the odd last one of a row has no parent.
        self._rows = [list(_leaves(self._labels))]
        self._hash_above(set(), 0)

    @property
    def size(self) -> int:
        """How many streams the map has."""
        return len(self._labels)

    def root(self) -> bytes:
        """Return the root of the map."""
        return compact_range(self._subtree, self.size).root()

    def update(self, labels: Iterable[MapLabel]) -> None:
        """Put labels in, each in place of the one of its stream, if that stands here already.

        What stands here already costs a path to the root, what is new half of the tree.

        Raises:
            MapRefused: a label is malformed; the map is none any more.
        """
        changed, begin = set[int](), self.size
        for label in sorted(labels):
            leaf, index = map_leaf(label), self._place(label.stream)
            if self._holds(index, label.stream):
                self._labels[index], self._rows[0][index] = label, leaf
                changed.add(index)
            else:
                self._labels.insert(index, label)
                self._streams.insert(index, label.stream)
                self._rows[0].insert(index, leaf)
                begin = min(begin, index)
        self._hash_above(changed, begin)

    def membership(self, stream: bytes) -> tuple[MapLabel, MembershipProof]:
        """Return the label of a stream, and the proof of it.

        Raises:
            MapRefused: the stream is not in the map.
        """
        index = self._place(stream)
        if not self._holds(index, stream):
            raise MapRefused("membership", expected=stream, found="no such stream")
        neighbour = self._shown(index)
        return neighbour.label, neighbour.proof

    def absence(self, stream: bytes) -> AbsenceProof:
        """Return the proof that a stream is not in the map.

        Raises:
            MapRefused: the stream is in the map.
        """
        index = self._place(stream)
        if self._holds(index, stream):
            raise MapRefused("absence", expected="a stream that is not there", found=stream)
        return AbsenceProof(
            self.size,
            self._shown(index - 1) if index > 0 else None,
            self._shown(index) if index < self.size else None,
        )

    def _hash_above(self, changed: set[int], begin: int) -> None:
        """Hash what stands above leaves that have changed, or stand at `begin` or after."""
        level = 0
        while len(row := self._rows[level]) > 1:
            level += 1
            if level == len(self._rows):
                self._rows.append([])
            begin //= 2
            changed = {index // 2 for index in changed if index // 2 < begin}
            for index in changed:
                self._rows[level][index] = node_hash(row[2 * index], row[2 * index + 1])
            pairs = zip(row[2 * begin :: 2], row[2 * begin + 1 :: 2], strict=False)
            self._rows[level][begin:] = [node_hash(left, right) for left, right in pairs]

    def _place(self, stream: bytes) -> int:
        _require_stream(stream)
        return bisect_left(self._streams, stream)

    def _holds(self, index: int, stream: bytes) -> bool:
        return index < self.size and self._streams[index] == stream

    def _shown(self, index: int) -> Neighbour:
        hashes = inclusion_proof(self._subtree, index, self.size)
        return Neighbour(self._labels[index], MembershipProof(index, self.size, hashes))

    def _subtree(self, level: int, index: int) -> bytes:
        return self._rows[level][index]


def _leaves(labels: Iterable[MapLabel]) -> Iterator[bytes]:
    before: bytes | None = None
    for label in labels:
        if before is not None and not before < label.stream:
            raise MapRefused(
                "order of labels", expected=f"after {before.hex()}", found=label.stream
            )
        yield map_leaf(label)
        before = label.stream


def _require_size(expected: int, found: int) -> None:
    if expected != found:
        raise MapRefused("size of the map", expected=expected, found=found)


def _require_stream(stream: bytes) -> None:
    if len(stream) != STREAM_SIZE:
        found = f"{len(stream)} bytes"
        raise MapRefused("stream", expected=f"{STREAM_SIZE} bytes", found=found)


def _out_of_order(where: str, stream: bytes, found: bytes) -> MapRefused:
    return MapRefused("absence", expected=f"a label {where} {stream.hex()}", found=found)
