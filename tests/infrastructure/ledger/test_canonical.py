"""The reader of canonical msgpack: one form for each value, and nothing hostile costs anything."""

from __future__ import annotations

import time
from typing import Any

import msgpack
import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.canonical import (
    MOST_BYTES,
    MOST_DEPTH,
    MOST_ITEMS,
    Ext,
    decode,
)
from infrastructure.ledger.errors import CanonicalRefused

KEYS = st.integers(-(2**63), 2**64 - 1) | st.text(max_size=40)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=300)
    | st.binary(max_size=300)
    | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=300))
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(KEYS, inner, max_size=20),
    max_leaves=30,
)


def refused(data: bytes) -> str:
    with pytest.raises(CanonicalRefused) as caught:
        decode(data)
    return caught.value.code


def theirs(data: bytes) -> Any:
    """What the msgpack package reads, if it would write the same bytes; else its refusal."""
    try:
        value = msgpack.unpackb(data, strict_map_key=False)
        again = msgpack.packb(value)
    except (ValueError, TypeError, OverflowError, msgpack.UnpackException) as error:
        return error
    return value if again == data else ValueError("not canonical")


def in_the_subset(value: Any) -> bool:
    match value:
        case Exception() | float() | msgpack.Timestamp():
            return False
        case list():
            return all(map(in_the_subset, value))
        case dict():
            keyed = all(type(key) in {int, str} for key in value)
            return keyed and all(map(in_the_subset, value.values()))
        case _:
            return True


@given(VALUES)
def test_what_the_msgpack_package_writes_is_read_as_the_same(value: Any) -> None:
    assert decode(msgpack.packb(value)) == value


@given(st.binary(max_size=12) | st.binary(max_size=6).map(lambda some: b"\x82" + some))
def test_any_bytes_are_read_or_refused_as_the_msgpack_package_would(data: bytes) -> None:
    expected = theirs(data)
    if in_the_subset(expected):
        assert decode(data) == expected
    else:
        assert refused(data) in {"E-PARSE", "E-LIMIT"}


@given(VALUES, st.data())
def test_a_value_cut_short_or_followed_by_a_byte_is_refused(
    value: Any, data: st.DataObject
) -> None:
    packed = msgpack.packb(value)
    assert refused(packed + b"\xc0") == "E-PARSE"
    cut = data.draw(st.integers(0, len(packed) - 1))
    assert refused(packed[:cut]) == "E-PARSE"


def test_types_of_an_application_are_told_apart() -> None:
    assert decode(b"\xd4\x2a\x07") == Ext(42, b"\x07")
    assert repr(decode(b"\x93\xc3\x01\xc0")) == "[True, 1, None]"
    assert decode(b"\x82\x01\xc0\xa1\x31\xc0") == {1: None, "1": None}


@pytest.mark.parametrize(
    "longer",
    [
        "cc7f", "cd00ff", "ce0000ffff", "cf00000000ffffffff",
        "d0e0", "d1ff80", "d2ffff8000", "d3ffffffff80000000",
        "d000", "d17fff", "d27fffffff", "d37fffffffffffffff",
        "d91f" + "61" * 31, "da00ff" + "61" * 255, "db0000ffff" + "61" * 65535,
        "c50001aa", "c6000000ff" + "aa" * 255,
        "dc000190", "dd0000000190", "de0000", "df00000000",
        "c70101aa", "c70801" + "aa" * 8, "c71001" + "aa" * 16, "c8000301aaaaaa",
    ],
)  # fmt: skip
def test_a_longer_form_than_needed_is_refused(longer: str) -> None:
    assert refused(bytes.fromhex(longer)) == "E-PARSE"


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param("ca00000000", id="a float"),
        pytest.param("cb7ff8000000000000", id="a double that is no number"),
        pytest.param("c1", id="the type that there is not"),
        pytest.param("d6ff00000000", id="a timestamp"),
        pytest.param("c70cff" + "00" * 12, id="a long timestamp"),
        pytest.param("d48000", id="a reserved type"),
        pytest.param("a1ff", id="a text that is not UTF-8"),
        pytest.param("a3eda080", id="half a surrogate pair"),
        pytest.param("a2c080", id="an overlong zero"),
        pytest.param("8201010102", id="a key twice"),
        pytest.param("82a16101a16102", id="a text twice"),
        pytest.param("81c001", id="a key that is nothing"),
        pytest.param("81c301", id="a key that is true"),
        pytest.param("81c4016101", id="a key of bytes"),
        pytest.param("819001", id="a key that is a list"),
        pytest.param("", id="nothing at all"),
    ],
)
def test_what_is_not_of_the_subset_is_refused(foreign: str) -> None:
    assert refused(bytes.fromhex(foreign)) == "E-PARSE"


@pytest.mark.parametrize(
    ("hostile", "code"),
    [
        pytest.param(b"\xdd\xff\xff\xff\xff", "E-LIMIT", id="an array of 2^32"),
        pytest.param(b"\xdf\xff\xff\xff\xff", "E-LIMIT", id="a map of 2^32"),
        pytest.param(b"\xdb\xff\xff\xff\xff", "E-PARSE", id="a text of 2^32"),
        pytest.param(b"\xc6\xff\xff\xff\xff", "E-PARSE", id="bytes of 2^32"),
        pytest.param(b"\xc9\xff\xff\xff\xff\x01", "E-PARSE", id="a type of 2^32"),
        pytest.param(b"\x91" * 100_000, "E-LIMIT", id="10^5 arrays within one another"),
        pytest.param(b"\x81\x01" * 50_000, "E-LIMIT", id="maps within one another"),
        pytest.param(b"\xdc\xff\xff" + b"\x90" * 65_535, "E-LIMIT", id="65,535 empty arrays"),
        pytest.param(b"\x93" + b"\xdc\x10\x00" * 3, "E-LIMIT", id="many in many"),
        pytest.param(b"\xc0" * (MOST_BYTES + 1), "E-LIMIT", id="more than a megabyte"),
        pytest.param(b"\x82\x01\x01\x01" + b"\x91" * 100_000, "E-PARSE", id="a key twice"),
    ],
)
def test_what_is_hostile_is_refused_at_once(hostile: bytes, code: str) -> None:
    def once() -> float:
        begun = time.perf_counter()
        assert refused(hostile) == code
        return time.perf_counter() - begun

    assert min(once() for _ in range(3)) < 0.01


def test_the_limits_themselves_are_allowed() -> None:
    deep = b"\x91" * (MOST_DEPTH - 1) + b"\x90"
    assert decode(deep) is not None
    assert refused(b"\x91" + deep) == "E-LIMIT"
    assert decode(msgpack.packb([0] * MOST_ITEMS)) == [0] * MOST_ITEMS
    assert refused(msgpack.packb([0] * (MOST_ITEMS + 1))) == "E-LIMIT"
    assert refused(msgpack.packb(dict.fromkeys(range(MOST_ITEMS // 2 + 1)))) == "E-LIMIT"
    longest = msgpack.packb(bytes(MOST_BYTES - 5))
    assert decode(longest) == bytes(MOST_BYTES - 5)
    assert refused(longest + b"\xc0") == "E-LIMIT"


def test_what_a_refused_value_says_is_not_repeated() -> None:
    with pytest.raises(CanonicalRefused) as caught:
        decode(b"\x92\xa6secret\xa1\xff")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
