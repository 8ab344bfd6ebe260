"""One proof for many leaves of a tree: the hashes that cannot be computed from the leaves shown.

- Leaves and proof nodes, laid side by side, cover the tree from left to right without gap or
  overlap. Every node is a perfect subtree without a shown leaf, and the largest such.
- So for given leaves there is one proof and no other, in the order of what it covers; a node too
  many, too few, twice, or where its parent would do, is refused.
- `root_of` gives a root. Only comparing it with a believed one, of a tree of that size, proves.

The price of one form only is the ragged right edge of a tree: an inclusion proof folds it into one
hash, here its perfect subtrees stand one by one.

Source:
    RFC 6962, section 2.1; docs of the design: security, section 2.9 (deduplicated multiproof).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from infrastructure.ledger.errors import ProofRefused
from infrastructure.ledger.merkle import HASH_SIZE, CompactRange, Subtree, node_hash

_LIMIT = 2**63
# A leaf has at most 63 siblings on its way up, and a tree as many perfect subtrees at its edge.
_MOST_LEVELS = 63


ProofNode: TypeAlias = tuple[int, int, bytes]
"""Level, index, and the root of the leaves `index << level` to `(index + 1) << level`."""


class _Perfect(NamedTuple):
    """A perfect subtree that is known; `shown` tells whether a shown leaf stands in it."""

    level: int
    hash: bytes
    shown: bool


def prove(subtree: Subtree, indexes: Iterable[int], size: int) -> tuple[ProofNode, ...]:
    """Prove the leaves at `indexes` in the tree of the first `size` leaves.

    Without any index, what is returned is the compact range of the tree.

    Raises:
        ProofRefused: there is no such leaf in such a tree.
    """
    nodes: list[ProofNode] = []
    begin = 0
    for index in sorted(set(indexes)):
        _require_inside("multiproof", index, size)
        nodes += _covering(subtree, begin, index)
        begin = index + 1
    nodes += _covering(subtree, begin, size)
    return tuple(nodes)


def root_of(size: int, leaves: Mapping[int, bytes], nodes: Sequence[ProofNode]) -> bytes:
    """Compute the root of the tree of `size` from some of its leaves and the proof of them.

    Raises:
        ProofRefused: the nodes are not exactly those that belong to these leaves.
    """
    if not 0 <= size < _LIMIT:
        raise ProofRefused("multiproof", expected="a size from 0 to 2^63 - 1", found=size)
    most = _MOST_LEVELS * (len(leaves) + 1)
    if len(leaves) > size or len(nodes) > most:
        expected = f"at most {size} leaves and {most} nodes"
        raise ProofRefused("multiproof", expected=expected, found=(len(leaves), len(nodes)))
    for index, leaf in leaves.items():
        _require_inside("multiproof", index, size)
        _require_hash(leaf)
    range_: list[_Perfect] = []
    begin = 0
    upcoming = iter(nodes)
    for index in (*sorted(leaves), size):
        while begin < index:
            begin = _push_node(range_, next(upcoming, None), begin, index)
        if index < size:
            _push(range_, _Perfect(0, leaves[index], shown=True))
            begin = index + 1
    if next(upcoming, None) is not None:
        raise ProofRefused("multiproof", expected="no further node", found="one")
    # What remains is the compact range: one perfect subtree for each set bit of the size.
    return CompactRange.from_bytes(size, b"".join(each.hash for each in range_)).root()


def compact_range(subtree: Subtree, size: int) -> CompactRange:
    """Return the compact range, and with it the root, of the tree of the first `size` leaves."""
    hashes = (hash_ for _level, _index, hash_ in prove(subtree, (), size))
    return CompactRange.from_bytes(size, b"".join(hashes))


def _covering(subtree: Subtree, begin: int, end: int) -> Iterator[ProofNode]:
    """Cover the leaves from `begin` to `end` with the largest perfect subtrees."""
    while begin < end:
        widest = (end - begin).bit_length() - 1
        # The number of zeros at the end of `begin` says how large a subtree can begin there.
        level = min(widest, (begin & -begin).bit_length() - 1) if begin else widest
        yield level, begin >> level, subtree(level, begin >> level)
        begin += 1 << level


def _push_node(range_: list[_Perfect], node: ProofNode | None, begin: int, end: int) -> int:
    """Push the node that must begin at `begin` and not go beyond `end`; return where it ends."""
    if node is None:
        raise ProofRefused("multiproof", expected=f"a node from leaf {begin}", found="none")
    level, index, hash_ = node
    if not 0 <= level < _MOST_LEVELS or index << level != begin or begin + (1 << level) > end:
        expected = f"a node from leaf {begin} that ends by {end}"
        raise ProofRefused("multiproof", expected=expected, found=(level, index))
    _require_hash(hash_)
    _push(range_, _Perfect(level, hash_, shown=False))
    return begin + (1 << level)


def _push(range_: list[_Perfect], right: _Perfect) -> None:
    while range_ and range_[-1].level == right.level:
        left = range_.pop()
        if not left.shown and not right.shown:
            expected = f"the parent of two nodes of level {right.level}"
            raise ProofRefused("multiproof", expected=expected, found="the two")
        right = _Perfect(right.level + 1, node_hash(left.hash, right.hash), shown=True)
    range_.append(right)


def _require_inside(what: str, index: int, size: int) -> None:
    if not 0 <= index < size:
        raise ProofRefused(what, expected=f"an index below {size}", found=index)


def _require_hash(value: bytes) -> None:
    if len(value) != HASH_SIZE:
        raise ProofRefused("hash in a proof", expected=f"{HASH_SIZE} bytes", found=len(value))
