"""The tree: what is proved holds, what is altered is refused, and the range is the tree."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.errors import ProofRefused, RangeRefused
from infrastructure.ledger.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

LEAVES = tuple(leaf_hash(str(number).encode()) for number in range(301))


def naive_root(leaves: tuple[bytes, ...]) -> bytes:
    """Hash a tree exactly as RFC 6962, section 2.1, spells it."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


ROOTS = tuple(naive_root(LEAVES[:size]) for size in range(len(LEAVES)))


def range_over(size: int) -> CompactRange:
    grown = CompactRange()
    grown.extend(LEAVES[:size])
    return grown


def flipped(value: bytes, bit: int) -> bytes:
    number = int.from_bytes(value, "big") ^ (1 << bit % (len(value) * 8))
    return number.to_bytes(len(value), "big")


@st.composite
def indexes_and_sizes(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, 300))
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw: st.DrawFn) -> tuple[int, int]:
    size2 = draw(st.integers(1, 300))
    return draw(st.integers(1, size2)), size2


def test_leaves_and_nodes_are_hashed_under_different_prefixes() -> None:
    assert leaf_hash(b"ab") == sha256(b"\x00ab").digest()
    assert node_hash(b"a", b"b") == sha256(b"\x01ab").digest()
    assert sha256(b"").digest() == EMPTY_ROOT


def test_the_range_has_the_root_of_the_naive_tree_at_every_size_to_300() -> None:
    grown = CompactRange()
    for size, root in enumerate(ROOTS):
        assert (grown.size, grown.root()) == (size, root)
        grown.append(LEAVES[size])


@given(st.integers(0, 300), st.integers(0, 300))
def test_extending_is_appending_one_by_one(first: int, second: int) -> None:
    begun, ended = sorted((first, second))
    grown = range_over(begun)
    grown.extend(LEAVES[begun:ended])
    assert grown.to_bytes() == range_over(ended).to_bytes()


@given(st.integers(0, 300))
def test_a_range_survives_its_bytes(size: int) -> None:
    data = range_over(size).to_bytes()
    restored = CompactRange.from_bytes(size, data)
    assert len(data) == size.bit_count() * 32
    assert (restored.size, restored.to_bytes(), restored.root()) == (size, data, ROOTS[size])


@given(st.integers(-2, 300), st.integers(0, 400))
def test_a_range_of_any_other_length_is_refused(size: int, length: int) -> None:
    if size >= 0 and length == size.bit_count() * 32:
        length += 1
    with pytest.raises(RangeRefused, match="expected"):
        CompactRange.from_bytes(size, bytes(length))


def test_a_leaf_of_another_length_leaves_the_range_as_it_was() -> None:
    grown = range_over(7)
    with pytest.raises(RangeRefused, match="expected 32 bytes, found 31"):
        grown.append(bytes(31))
    with pytest.raises(RangeRefused, match="expected 32 bytes, found 33"):
        grown.extend([LEAVES[7], bytes(33)])
    assert (grown.size, grown.root()) == (7, ROOTS[7])


def test_a_copy_grows_on_its_own() -> None:
    kept = range_over(5)
    thrown_away = kept.copy()
    thrown_away.append(LEAVES[5])
    assert (kept.root(), thrown_away.root()) == (ROOTS[5], ROOTS[6])


@given(indexes_and_sizes())
def test_every_inclusion_proof_verifies(place: tuple[int, int]) -> None:
    index, size = place
    proof = inclusion_proof(LEAVES, index, size)
    verify_inclusion(index, size, LEAVES[index], proof, ROOTS[size])


@given(growths())
def test_every_consistency_proof_verifies(growth: tuple[int, int]) -> None:
    size1, size2 = growth
    proof = consistency_proof(LEAVES, size1, size2)
    verify_consistency(size1, size2, ROOTS[size1], ROOTS[size2], proof)


@given(indexes_and_sizes(), st.integers(0), st.integers(0, 255))
def test_an_altered_inclusion_proof_is_refused(
    place: tuple[int, int], which: int, bit: int
) -> None:
    index, size = place
    parts = [LEAVES[index], ROOTS[size], *inclusion_proof(LEAVES, index, size)]
    parts[which % len(parts)] = flipped(parts[which % len(parts)], bit)
    leaf, root, *proof = parts
    with pytest.raises(ProofRefused, match="root at size"):
        verify_inclusion(index, size, leaf, proof, root)


@given(growths(), st.integers(0), st.integers(0, 255))
def test_an_altered_consistency_proof_is_refused(
    growth: tuple[int, int], which: int, bit: int
) -> None:
    size1, size2 = growth
    parts = [ROOTS[size1], ROOTS[size2], *consistency_proof(LEAVES, size1, size2)]
    parts[which % len(parts)] = flipped(parts[which % len(parts)], bit)
    root1, root2, *proof = parts
    with pytest.raises(ProofRefused, match="root at size"):
        verify_consistency(size1, size2, root1, root2, proof)


@given(indexes_and_sizes(), growths(), st.booleans())
def test_a_proof_too_long_or_too_short_is_refused(
    place: tuple[int, int], growth: tuple[int, int], longer: bool
) -> None:
    index, size = place
    size1, size2 = growth

    def resized(proof: tuple[bytes, ...]) -> tuple[bytes, ...]:
        return (*proof, EMPTY_ROOT) if longer or not proof else proof[:-1]

    shown = resized(inclusion_proof(LEAVES, index, size))
    with pytest.raises(ProofRefused, match="proof length"):
        verify_inclusion(index, size, LEAVES[index], shown, ROOTS[size])
    linked = resized(consistency_proof(LEAVES, size1, size2))
    with pytest.raises(ProofRefused, match="proof length"):
        verify_consistency(size1, size2, ROOTS[size1], ROOTS[size2], linked)


@given(indexes_and_sizes(), st.integers(0, 299))
def test_a_proof_for_another_index_is_refused(place: tuple[int, int], other: int) -> None:
    index, size = place
    if other == index:
        other += 1
    with pytest.raises(ProofRefused):
        verify_inclusion(
            other, size, LEAVES[index], inclusion_proof(LEAVES, index, size), ROOTS[size]
        )


def test_a_hash_of_another_length_is_refused_before_it_is_hashed() -> None:
    proof = inclusion_proof(LEAVES, 1, 3)
    # The byte moved from one sibling to the leaf would hash alike were lengths not checked.
    with pytest.raises(ProofRefused, match="expected 32 bytes, found 33"):
        verify_inclusion(1, 3, proof[0][-1:] + LEAVES[1], (proof[0][:-1], proof[1]), ROOTS[3])
    with pytest.raises(ProofRefused, match="expected 32 bytes, found 31"):
        verify_consistency(2, 3, ROOTS[2], ROOTS[3], (bytes(31),))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3), (5, 3)])
def test_no_leaf_outside_the_tree_is_proved(index: int, size: int) -> None:
    with pytest.raises(ProofRefused, match="an index below"):
        inclusion_proof(LEAVES, index, size)
    with pytest.raises(ProofRefused, match="an index below"):
        verify_inclusion(index, size, LEAVES[0], (), ROOTS[1])


@pytest.mark.parametrize(("size1", "size2"), [(0, 0), (0, 3), (4, 3), (-1, 3)])
def test_nothing_is_proved_from_the_empty_tree_or_backwards(size1: int, size2: int) -> None:
    with pytest.raises(ProofRefused, match="a first size"):
        consistency_proof(LEAVES, size1, size2)
    with pytest.raises(ProofRefused, match="a first size"):
        verify_consistency(size1, size2, EMPTY_ROOT, EMPTY_ROOT, ())


def test_too_few_leaves_prove_nothing() -> None:
    with pytest.raises(ProofRefused, match="at least 4 leaves, found 3"):
        inclusion_proof(LEAVES[:3], 0, 4)


@given(growths())
def test_perfect_subtrees_from_elsewhere_prove_what_leaves_prove(growth: tuple[int, int]) -> None:
    size1, size2 = growth

    def tile(level: int, index: int) -> bytes:
        begin, end = index << level, (index + 1) << level
        assert end <= size2, "only complete subtrees stand in tiles"
        return naive_root(LEAVES[begin:end])

    assert consistency_proof(tile, size1, size2) == consistency_proof(LEAVES, size1, size2)
    assert inclusion_proof(tile, size1 - 1, size2) == inclusion_proof(LEAVES, size1 - 1, size2)


def test_a_refusal_says_what_was_expected_and_what_was_found() -> None:
    with pytest.raises(ProofRefused) as refused:
        verify_inclusion(0, 1, LEAVES[0], (), LEAVES[1])
    assert refused.value.code == "E-ROOT"
    assert (refused.value.expected, refused.value.found) == (LEAVES[1].hex(), LEAVES[0].hex())
    assert LEAVES[1].hex() in str(refused.value)
