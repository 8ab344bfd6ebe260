"""The Merkle tree of RFC 6962: its hashes, its compact range and its two kinds of proof.

- A leaf and a node are hashed under different prefixes, so neither can pass for the other.
- `CompactRange` is all that appending needs: the roots of the perfect subtrees, largest first.
- Proofs are made from leaf hashes or from any source of perfect subtrees (tiles), bottom up.
- Verification raises `ProofRefused`; it never answers False.

Source:
    RFC 6962, section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeAlias

from infrastructure.ledger.errors import ProofRefused, RangeRefused

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

Subtree: TypeAlias = Callable[[int, int], bytes]
"""`subtree(level, index)`: the root of the leaves `index << level` to `(index + 1) << level`."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry into its leaf.

    Source:
        RFC 6962, section 2.1: SHA-256(0x00 || d(0)).
    """
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children into their parent.

    Source:
        RFC 6962, section 2.1: SHA-256(0x01 || left || right).
    """
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The right edge of a growing tree: one hash for each set bit of its size, largest first.

    Appending costs two hashes on average and keeps no leaf, so it may stand inside the
    transaction that stores a record. A refused call leaves the range as it was.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self) -> None:
        self._hashes: list[bytes] = []
        self._size = 0

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> CompactRange:
        """Read back what `to_bytes` wrote for a tree of `size` leaves.

        Raises:
            RangeRefused: the length is not that of a range of this size.
        """
        if size < 0 or len(data) != size.bit_count() * HASH_SIZE:
            needed = size.bit_count() * HASH_SIZE if size >= 0 else "no range at all"
            msg = f"range of size {size}: expected {needed} bytes, found {len(data)}"
            raise RangeRefused(msg)
        restored = cls()
        restored._size = size
        restored._hashes = [
            bytes(data[start : start + HASH_SIZE]) for start in range(0, len(data), HASH_SIZE)
        ]
        return restored

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash on the right.

        Raises:
            RangeRefused: the leaf is not 32 bytes.
        """
        if len(leaf) != HASH_SIZE:
            msg = f"leaf hash: expected {HASH_SIZE} bytes, found {len(leaf)}"
            raise RangeRefused(msg)
        size = self._size
        hashes = self._hashes
        while size & 1:
            leaf = node_hash(hashes.pop(), leaf)
            size >>= 1
        hashes.append(leaf)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes on the right, all of them or none.

        Raises:
            RangeRefused: a leaf is not 32 bytes.
        """
        before, size = self._hashes.copy(), self._size
        try:
            for leaf in leaves:
                self.append(leaf)
        except BaseException:
            self._hashes, self._size = before, size
            raise

    def copy(self) -> CompactRange:
        """Return a range that grows on its own: what a transaction may throw away."""
        return CompactRange.from_bytes(self._size, self.to_bytes())

    def root(self) -> bytes:
        """Fold the range into the root of the tree."""
        if not self._hashes:
            return EMPTY_ROOT
        root = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """Return the hashes, largest subtree first: 32 bytes for each set bit of the size."""
        return b"".join(self._hashes)


def inclusion_proof(leaves: Sequence[bytes] | Subtree, index: int, size: int) -> tuple[bytes, ...]:
    """Prove that leaf `index` stands in the tree of the first `size` leaves.

    Raises:
        ProofRefused: there is no such leaf in such a tree.

    Source:
        RFC 6962, section 2.1.1.
    """
    if not 0 <= index < size:
        raise ProofRefused("inclusion proof", expected=f"an index below {size}", found=index)
    subtree = _subtrees_of(leaves, size)
    begin, end, siblings = 0, size, list[bytes]()
    while end - begin > 1:
        split = begin + _largest_power_below(end - begin)
        if index < split:
            siblings.append(_root_between(subtree, split, end))
            end = split
        else:
            siblings.append(_root_between(subtree, begin, split))
            begin = split
    return tuple(reversed(siblings))


def consistency_proof(
    leaves: Sequence[bytes] | Subtree, size1: int, size2: int
) -> tuple[bytes, ...]:
    """Prove that the tree of `size1` leaves is the beginning of the tree of `size2`.

    Raises:
        ProofRefused: the sizes are in the wrong order, or the first tree is empty.

    Source:
        RFC 6962, section 2.1.2.
    """
    _require_ordered(size1, size2)
    subtree = _subtrees_of(leaves, size2)
    begin, end, siblings = 0, size2, list[bytes]()
    while end != size1:
        split = begin + _largest_power_below(end - begin)
        if size1 <= split:
            siblings.append(_root_between(subtree, split, end))
            end = split
        else:
            siblings.append(_root_between(subtree, begin, split))
            begin = split
    # The whole first tree is left out: whoever verifies holds its root already.
    if begin:
        siblings.append(_root_between(subtree, begin, end))
    return tuple(reversed(siblings))


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Verify that `leaf` stands at `index` in the tree of `size` leaves with this root.

    Raises:
        ProofRefused: it does not, or the proof has not the shape such a proof has.

    Source:
        RFC 6962, section 2.1.1; RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise ProofRefused("inclusion proof", expected=f"an index below {size}", found=index)
    inner, border = _shape(index, size)
    _require_count(proof, inner + border)
    _require_hashes((leaf, *proof))
    _require_root(root, _climb(leaf, proof, _turns(index, inner)), size)


def verify_consistency(
    size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]
) -> None:
    """Verify that the tree of `size1` and `root1` is the beginning of that of `size2` and `root2`.

    Raises:
        ProofRefused: it is not, or the first tree is empty, which would prove nothing, or the
            proof has not the shape such a proof has.

    Source:
        RFC 6962, section 2.1.2; RFC 9162, section 2.1.4.2.
    """
    _require_ordered(size1, size2)
    if size1 == size2:
        _require_count(proof, 0)
        _require_root(root1, root2, size1)
        return
    level = (size1 & -size1).bit_length() - 1
    inner, border = _shape(size1 - 1, size2)
    inner -= level
    # A perfect first tree is its own largest subtree, and then the proof leaves that root out.
    perfect = size1 == 1 << level
    _require_count(proof, inner + border + (0 if perfect else 1))
    start, *siblings = (root1, *proof) if perfect else proof
    _require_hashes((start, *siblings))
    turns = _turns((size1 - 1) >> level, inner)
    _require_root(root1, _climb_left(start, siblings, turns), size1)
    _require_root(root2, _climb(start, siblings, turns), size2)


def _largest_power_below(width: int) -> int:
    return 1 << ((width - 1).bit_length() - 1)


def _root_between(subtree: Subtree, begin: int, end: int) -> bytes:
    """Hash the leaves from `begin` to `end` out of perfect subtrees."""
    width = end - begin
    if width.bit_count() == 1:
        level = width.bit_length() - 1
        return subtree(level, begin >> level)
    split = begin + _largest_power_below(width)
    return node_hash(_root_between(subtree, begin, split), _root_between(subtree, split, end))


def _subtrees_of(leaves: Sequence[bytes] | Subtree, size: int) -> Subtree:
    if callable(leaves):
        return leaves
    if len(leaves) < size:
        raise ProofRefused("proof", expected=f"at least {size} leaves", found=len(leaves))
    held = leaves

    def subtree(level: int, index: int) -> bytes:
        perfect = CompactRange()
        perfect.extend(held[index << level : (index + 1) << level])
        return perfect.root()

    return subtree


def _shape(index: int, size: int) -> tuple[int, int]:
    """Count the siblings below and above the fork of the paths to `index` and to the last leaf."""
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _turns(index: int, inner: int) -> int:
    """Mark by a set bit each level at which the sibling stands on the left.

    Above the fork only left siblings are listed, whatever the index: hence the endless ones.
    """
    return index | (-1 << inner)


def _climb(node: bytes, siblings: Sequence[bytes], turns: int) -> bytes:
    for level, sibling in enumerate(siblings):
        on_the_left = turns >> level & 1
        node = node_hash(sibling, node) if on_the_left else node_hash(node, sibling)
    return node


def _climb_left(node: bytes, siblings: Sequence[bytes], turns: int) -> bytes:
    """Climb with the left siblings only: the tree as it was before the others were appended."""
    for level, sibling in enumerate(siblings):
        if turns >> level & 1:
            node = node_hash(sibling, node)
    return node


def _require_ordered(size1: int, size2: int) -> None:
    if not 0 < size1 <= size2:
        expected = f"a first size from 1 to {size2}"
        raise ProofRefused("consistency proof", expected=expected, found=size1)


def _require_count(proof: Sequence[bytes], needed: int) -> None:
    if len(proof) != needed:
        raise ProofRefused("proof length", expected=needed, found=len(proof))


def _require_hashes(hashes: Sequence[bytes]) -> None:
    for each in hashes:
        if len(each) != HASH_SIZE:
            raise ProofRefused("hash in a proof", expected=f"{HASH_SIZE} bytes", found=len(each))


def _require_root(expected: bytes, found: bytes, size: int) -> None:
    if expected != found:
        raise ProofRefused(f"root at size {size}", expected=expected, found=found)
