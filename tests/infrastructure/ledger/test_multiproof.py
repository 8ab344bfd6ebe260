"""One proof for many leaves: there is exactly one, and its root is the root of the tree."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, strategies as st

from infrastructure.ledger.errors import ProofRefused
from infrastructure.ledger.merkle import (
    EMPTY_ROOT,
    CompactRange,
    inclusion_proof,
    leaf_hash,
    verify_inclusion,
)
from infrastructure.ledger.multiproof import ProofNode, compact_range, prove, root_of

LEAVES = tuple(leaf_hash(str(number).encode()) for number in range(300))


def range_over(begin: int, end: int) -> CompactRange:
    tree = CompactRange()
    tree.extend(LEAVES[begin:end])
    return tree


ROOTS = tuple(range_over(0, size).root() for size in range(301))


def subtree(level: int, index: int) -> bytes:
    assert (index + 1) << level <= len(LEAVES)
    return range_over(index << level, (index + 1) << level).root()


def chosen(indexes: set[int]) -> dict[int, bytes]:
    return {index: LEAVES[index] for index in indexes}


def flipped(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(len(value), "big")


@st.composite
def choices(draw: st.DrawFn, *, least: int = 0) -> tuple[int, set[int]]:
    size = draw(st.integers(least, 300))
    most = min(size, draw(st.sampled_from([2, 8, 300])))
    places = st.integers(0, max(0, size - 1))
    return size, draw(st.sets(places, min_size=least, max_size=most) if size else st.just(set()))


@given(choices())
def test_the_root_is_that_of_the_tree(choice: tuple[int, set[int]]) -> None:
    size, indexes = choice
    assert root_of(size, chosen(indexes), prove(subtree, indexes, size)) == ROOTS[size]


@given(choices(least=1))
def test_a_multiproof_shows_what_the_proofs_of_its_leaves_show(
    choice: tuple[int, set[int]],
) -> None:
    size, indexes = choice
    root = root_of(size, chosen(indexes), prove(subtree, indexes, size))
    for index in indexes:
        verify_inclusion(index, size, LEAVES[index], inclusion_proof(LEAVES, index, size), root)


@given(st.integers(0, 8), st.integers(0))
def test_one_leaf_of_a_perfect_tree_has_the_nodes_of_its_inclusion_proof(
    level: int, index: int
) -> None:
    size = 1 << level
    index %= size
    nodes = sorted(prove(subtree, [index], size))
    assert tuple(hash_ for _, _, hash_ in nodes) == inclusion_proof(LEAVES, index, size)


@given(st.integers(0, 300))
def test_the_proof_of_no_leaf_is_the_compact_range(size: int) -> None:
    grown = compact_range(subtree, size)
    assert (grown.size, grown.to_bytes()) == (size, range_over(0, size).to_bytes())


@given(choices(least=1), st.integers(0), st.integers(0, 255))
def test_an_altered_node_or_leaf_changes_the_root(
    choice: tuple[int, set[int]], which: int, bit: int
) -> None:
    size, indexes = choice
    leaves, nodes = chosen(indexes), list(prove(subtree, indexes, size))
    place = which % (len(leaves) + len(nodes))
    if place < len(nodes):
        level, index, hash_ = nodes[place]
        nodes[place] = (level, index, flipped(hash_, bit))
    else:
        altered = sorted(leaves)[place - len(nodes)]
        leaves[altered] = flipped(leaves[altered], bit)
    assert root_of(size, leaves, nodes) != ROOTS[size]


@given(choices(least=1), st.integers(0))
def test_without_any_one_of_its_nodes_a_proof_is_refused(
    choice: tuple[int, set[int]], which: int
) -> None:
    size, indexes = choice
    nodes = list(prove(subtree, indexes, size))
    assume(nodes)
    del nodes[which % len(nodes)]
    with pytest.raises(ProofRefused, match="expected a node from leaf"):
        root_of(size, chosen(indexes), nodes)


@given(choices(least=1), st.integers(0))
def test_without_one_of_its_leaves_or_with_one_more_a_proof_is_refused(
    choice: tuple[int, set[int]], which: int
) -> None:
    size, indexes = choice
    nodes = prove(subtree, indexes, size)
    other = which % size
    with pytest.raises(ProofRefused):
        root_of(size, chosen(indexes ^ {other}), nodes)


@given(choices(least=1), st.integers(0, 9), st.integers(0, 300), st.integers(0))
def test_with_one_node_more_a_proof_is_refused(
    choice: tuple[int, set[int]], level: int, index: int, where: int
) -> None:
    size, indexes = choice
    nodes = list(prove(subtree, indexes, size))
    nodes.insert(where % (len(nodes) + 1), (level, index, bytes(32)))
    with pytest.raises(ProofRefused):
        root_of(size, chosen(indexes), nodes)


@given(choices(least=1), st.integers(0), st.integers(0))
def test_with_a_node_twice_or_in_another_order_a_proof_is_refused(
    choice: tuple[int, set[int]], first: int, second: int
) -> None:
    size, indexes = choice
    nodes = list(prove(subtree, indexes, size))
    assume(nodes)
    first, second = first % len(nodes), second % len(nodes)
    with pytest.raises(ProofRefused):
        root_of(size, chosen(indexes), [*nodes[: first + 1], *nodes[first:]])
    if first != second:
        nodes[first], nodes[second] = nodes[second], nodes[first]
        with pytest.raises(ProofRefused):
            root_of(size, chosen(indexes), nodes)


@given(choices(least=1), st.integers(0))
def test_two_nodes_in_the_place_of_their_parent_are_refused(
    choice: tuple[int, set[int]], which: int
) -> None:
    size, indexes = choice
    nodes = list(prove(subtree, indexes, size))
    split = [place for place, (level, _, _) in enumerate(nodes) if level]
    assume(split)
    place = split[which % len(split)]
    level, index, _ = nodes[place]
    children: list[ProofNode] = [
        (level - 1, child, subtree(level - 1, child)) for child in (index * 2, index * 2 + 1)
    ]
    nodes[place : place + 1] = children
    with pytest.raises(ProofRefused, match="expected the parent of two nodes"):
        root_of(size, chosen(indexes), nodes)


@given(choices(least=1), st.integers(1, 300))
def test_under_another_size_the_root_is_another_or_the_proof_is_refused(
    choice: tuple[int, set[int]], other: int
) -> None:
    size, indexes = choice
    assume(other != size)
    try:
        root = root_of(other, chosen(indexes), prove(subtree, indexes, size))
    except ProofRefused:
        return
    assert root != ROOTS[size]


def test_the_empty_tree_has_the_empty_root() -> None:
    assert root_of(0, {}, ()) == EMPTY_ROOT
    assert prove(subtree, (), 0) == ()


@pytest.mark.parametrize("index", [-1, 5, 10**30])
def test_no_leaf_outside_the_tree_is_proved(index: int) -> None:
    with pytest.raises(ProofRefused, match="an index below 5"):
        prove(subtree, [1, index], 5)
    with pytest.raises(ProofRefused, match="an index below 5"):
        root_of(5, {index: LEAVES[0]}, prove(subtree, [1], 5))


@pytest.mark.parametrize(
    "node", [(-1, 0), (63, 0), (10**9, 0), (10**9, 1), (0, -1), (0, 10**30), (1, 0), (2, 0), (0, 1)]
)
def test_a_node_that_stands_elsewhere_is_refused(node: tuple[int, int]) -> None:
    assert root_of(2, {1: LEAVES[1]}, [(0, 0, LEAVES[0])]) == ROOTS[2]
    with pytest.raises(ProofRefused, match="expected a node from leaf 0"):
        root_of(2, {1: LEAVES[1]}, [(*node, LEAVES[0])])


def test_a_hash_of_another_length_is_refused_before_it_is_hashed() -> None:
    with pytest.raises(ProofRefused, match="expected 32 bytes, found 31"):
        root_of(2, {1: LEAVES[1]}, [(0, 0, bytes(31))])
    with pytest.raises(ProofRefused, match="expected 32 bytes, found 33"):
        root_of(2, {1: bytes(33)}, [(0, 0, bytes(32))])


def test_more_nodes_than_any_proof_has_are_refused() -> None:
    node: ProofNode = (0, 0, bytes(32))
    with pytest.raises(ProofRefused, match="at most"):
        root_of(2**62, {0: bytes(32)}, [node] * 1_000_000)
    with pytest.raises(ProofRefused, match="a size from"):
        root_of(2**63, {}, ())
    with pytest.raises(ProofRefused, match="at most"):
        root_of(1, {0: bytes(32), 1: bytes(32)}, ())


def test_the_largest_tree_has_a_proof_of_a_few_hundred_nodes() -> None:
    size = 2**63 - 1
    indexes = {0, 1, 2**40, 2**62, size - 1}
    nodes = prove(lambda level, index: leaf_hash(f"{level} {index}".encode()), indexes, size)
    assert len(nodes) <= 63 * 6
    assert len(root_of(size, dict.fromkeys(indexes, bytes(32)), nodes)) == 32
