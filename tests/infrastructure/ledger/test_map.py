"""The map of streams: who stands in it and who does not is proved, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.errors import MapRefused
from infrastructure.ledger.map import (
    AbsenceProof,
    MapLabel,
    MembershipProof,
    Neighbour,
    StreamMap,
    map_leaf,
    map_root,
)
from infrastructure.ledger.merkle import EMPTY_ROOT, CompactRange, leaf_hash


def label(number: int, version: int = 1) -> MapLabel:
    return MapLabel(number.to_bytes(16, "big"), version, leaf_hash(f"{number}".encode()))


streams = st.sets(st.integers(0, 300), max_size=40)
places = st.integers(0, 300)


def labels_of(numbers: set[int]) -> list[MapLabel]:
    return [label(number) for number in sorted(numbers)]


def test_a_label_is_hashed_as_its_layout_says() -> None:
    stream, leaf = bytes(range(16)), bytes(range(32))
    packed = b"PSM\x01" + stream + b"\x00" * 7 + b"\x05" + leaf
    assert len(packed) == 60
    assert map_leaf(MapLabel(stream, 5, leaf)) == leaf_hash(packed)


@pytest.mark.parametrize(
    "wrong",
    [
        MapLabel(bytes(15), 1, bytes(32)),
        MapLabel(bytes(17), 1, bytes(32)),
        MapLabel(bytes(16), 0, bytes(32)),
        MapLabel(bytes(16), -1, bytes(32)),
        MapLabel(bytes(16), 2**63, bytes(32)),
        MapLabel(bytes(16), 1, bytes(31)),
        MapLabel(bytes(16), 1, bytes(33)),
    ],
)
def test_a_malformed_label_is_refused(wrong: MapLabel) -> None:
    for act in (lambda: map_leaf(wrong), lambda: map_root([wrong]), lambda: StreamMap([wrong])):
        with pytest.raises(MapRefused, match="label") as refused:
            act()
        assert refused.value.code == "E-MAP"


@given(streams)
def test_the_root_is_that_of_the_tree_over_the_labels(numbers: set[int]) -> None:
    labels = labels_of(numbers)
    tree = CompactRange()
    tree.extend(map_leaf(each) for each in labels)
    assert map_root(labels) == StreamMap(labels).root() == tree.root()


@given(streams, st.lists(st.dictionaries(places, st.integers(2, 9), max_size=12), max_size=4))
def test_a_map_that_follows_its_log_is_the_one_made_anew(
    numbers: set[int], changes: list[dict[int, int]]
) -> None:
    known = {number: label(number) for number in numbers}
    followed = StreamMap(labels_of(numbers))
    for change in changes:
        later = {number: label(number, version) for number, version in change.items()}
        known |= later
        followed.update(later.values())
        anew = StreamMap(known[number] for number in sorted(known))
        assert (followed.size, followed.root()) == (anew.size, anew.root())
        for number in known:
            stream = label(number).stream
            assert followed.membership(stream) == anew.membership(stream)


@given(st.lists(places, min_size=2, max_size=10))
def test_labels_that_do_not_rise_are_refused(numbers: list[int]) -> None:
    if numbers == sorted(set(numbers)):
        numbers.reverse()
    labels = [label(number) for number in numbers]
    for made in (map_root, StreamMap):
        with pytest.raises(MapRefused, match="order of labels"):
            made(labels)


def test_a_stream_that_stands_twice_is_refused() -> None:
    for second in (label(1), label(1, version=2)):
        with pytest.raises(MapRefused, match="order of labels"):
            map_root([label(1), second])


@given(streams, places)
def test_of_any_stream_either_presence_or_absence_is_proved(numbers: set[int], sought: int) -> None:
    made = StreamMap(labels_of(numbers))
    stream = label(sought).stream
    if sought in numbers:
        found, proof = made.membership(stream)
        assert found == label(sought)
        proof.verify(found, size=made.size, root=made.root())
        with pytest.raises(MapRefused, match="absence"):
            made.absence(stream)
    else:
        made.absence(stream).verify(stream, size=made.size, root=made.root())
        with pytest.raises(MapRefused, match="membership"):
            made.membership(stream)


@given(streams.filter(bool), places)
def test_an_altered_label_or_map_is_refused(numbers: set[int], which: int) -> None:
    made = StreamMap(labels_of(numbers))
    found, proof = made.membership(label(sorted(numbers)[which % len(numbers)]).stream)
    size, root = made.size, made.root()
    others = [
        found._replace(version=2),
        found._replace(leaf=bytes(32)),
        found._replace(stream=label(301).stream),
    ]
    for other in others:
        with pytest.raises(MapRefused, match="membership"):
            proof.verify(other, size=size, root=root)
    with pytest.raises(MapRefused, match="membership"):
        proof.verify(found, size=size, root=EMPTY_ROOT)
    with pytest.raises(MapRefused, match="size of the map"):
        proof.verify(found, size=size + 1, root=root)
    for altered in (
        replace(proof, index=proof.index + 1),
        replace(proof, index=-1),
        replace(proof, hashes=(*proof.hashes, bytes(32))),
    ):
        with pytest.raises(MapRefused):
            altered.verify(found, size=size, root=root)


@given(streams, places)
def test_an_absence_is_refused_for_every_stream_outside_its_gap(
    numbers: set[int], sought: int
) -> None:
    numbers = numbers - {sought}
    made = StreamMap(labels_of(numbers))
    proof = made.absence(label(sought).stream)
    below = max((number for number in numbers if number < sought), default=-1)
    above = min((number for number in numbers if number > sought), default=301)
    for number in range(301):
        stream = label(number).stream
        if below < number < above:
            proof.verify(stream, size=made.size, root=made.root())
            continue
        with pytest.raises(MapRefused, match="absence"):
            proof.verify(stream, size=made.size, root=made.root())


MAP = StreamMap([label(number) for number in (10, 20, 30)])


def shown(number: int) -> Neighbour:
    return Neighbour(*MAP.membership(label(number).stream))


@pytest.mark.parametrize(
    ("sought", "before", "after"),
    [
        (20, shown(10), shown(30)),
        (20, None, shown(30)),
        (20, shown(10), None),
        (20, None, None),
        (20, shown(10), shown(20)),
        (20, shown(20), shown(30)),
        (5, None, shown(20)),
        (35, shown(20), None),
        (15, shown(20), shown(10)),
        (15, shown(10), shown(10)),
        (15, shown(10), None),
        (15, None, shown(20)),
        (15, None, None),
        (15, shown(10), Neighbour(label(19), shown(20).proof)),
        (15, Neighbour(label(11), shown(10).proof), shown(20)),
        (25, Neighbour(label(10), shown(20).proof), shown(30)),
        (5, Neighbour(label(1), MembershipProof(-1, 3, ())), shown(10)),
        (35, shown(30), Neighbour(label(40), MembershipProof(3, 3, ()))),
    ],
)
def test_an_absence_without_the_two_true_neighbours_is_refused(
    sought: int, before: Neighbour | None, after: Neighbour | None
) -> None:
    with pytest.raises(MapRefused):
        AbsenceProof(3, before, after).verify(label(sought).stream, size=3, root=MAP.root())


def test_from_the_empty_map_every_stream_is_absent_and_only_from_it() -> None:
    stream = label(1).stream
    proof = StreamMap([]).absence(stream)
    proof.verify(stream, size=0, root=EMPTY_ROOT)
    with pytest.raises(MapRefused, match="the root of the empty map"):
        proof.verify(stream, size=0, root=MAP.root())
    with pytest.raises(MapRefused, match="size of the map"):
        proof.verify(stream, size=3, root=MAP.root())
    with pytest.raises(MapRefused, match="absence"):
        AbsenceProof(3, None, None).verify(stream, size=3, root=MAP.root())


def test_a_neighbour_shown_for_another_size_is_refused() -> None:
    other = StreamMap([label(10), label(20)])
    proof = other.absence(label(15).stream)
    with pytest.raises(MapRefused, match="size of the map"):
        replace(proof, size=3).verify(label(15).stream, size=3, root=MAP.root())


@pytest.mark.parametrize("stream", [b"", bytes(15), bytes(17)])
def test_what_is_no_stream_is_neither_present_nor_absent(stream: bytes) -> None:
    for act in (MAP.membership, MAP.absence):
        with pytest.raises(MapRefused, match="stream"):
            act(stream)
    with pytest.raises(MapRefused, match="stream"):
        MAP.absence(label(15).stream).verify(stream, size=3, root=MAP.root())
