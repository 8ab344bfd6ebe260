"""What a control record says is read strictly, and only where it may say it."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.control import (
    ControlKind,
    Genesis,
    MapHead,
    OtherControl,
    log_id_of,
    map_stream,
    parse_control,
)
from infrastructure.ledger.errors import CanonicalRefused, ControlRefused
from infrastructure.ledger.key_control import KeyMade
from tests.support.logs import CLINIC, LOG_ID, NO_KEY, ORIGIN, header, name

KEY_ID, TAG, CHECK = name(1, "key"), name(1, "subject"), b"its check value."
GENESIS = [ORIGIN, CLINIC, 1_700_000_000_000_000]
KEY = ["create", KEY_ID, TAG, 2, 13, 2026, CHECK]
MAPHEAD = [1, 10, 3, b"r" * 32]
STREAMS = {
    ControlKind.GENESIS: LOG_ID,
    ControlKind.KEY: KEY_ID,
    ControlKind.MAPHEAD: map_stream(LOG_ID),
}


def record(kind: int, payload: object, *, stream: bytes | None = None, version: int = 1) -> bytes:
    stream_id = stream or STREAMS.get(ControlKind(kind), name(1, "stream"))
    return header(kind, NO_KEY, stream_id, version) + msgpack.packb(payload)


def refused(data: bytes) -> str:
    with pytest.raises((ControlRefused, CanonicalRefused)) as caught:
        parse_control(data)
    return caught.value.code


def changed(payload: list[Any], place: int, value: object) -> list[Any]:
    return [*payload[:place], value, *payload[place + 1 :]]


def test_each_kind_says_what_was_written() -> None:
    assert parse_control(record(0x40, GENESIS)) == Genesis(ORIGIN, CLINIC, 1_700_000_000_000_000)
    assert parse_control(record(0x41, KEY)) == KeyMade(KEY_ID, TAG, 2, 13, 2026, CHECK)
    assert parse_control(record(0x42, MAPHEAD)) == MapHead(1, 10, 3, b"r" * 32)
    assert parse_control(record(0x42, MAPHEAD, version=7)) == MapHead(1, 10, 3, b"r" * 32)


@pytest.mark.parametrize("kind", [0x45, 0x46, 0x48])
def test_of_other_kinds_only_an_array_is_known(kind: int) -> None:
    found = parse_control(record(kind, ["begin", {1: None}], version=3))
    assert found == OtherControl(ControlKind(kind), ("begin", {1: None}))
    assert refused(record(kind, {1: None})) == "E-PARSE"
    assert refused(record(kind, None)) == "E-PARSE"


@pytest.mark.parametrize("kind", [0x00, 0x01, 0x05, 0x06, 0x3F, 0x49, 0x7F, 0xFF])
def test_a_kind_that_is_no_control_kind_is_refused(kind: int) -> None:
    plain = header(kind, NO_KEY, name(1, "stream"), 1) + msgpack.packb([])
    assert refused(plain) == "E-PARSE"


@pytest.mark.parametrize(("kind", "payload"), [(0x40, GENESIS), (0x41, KEY), (0x42, MAPHEAD)])
@pytest.mark.parametrize("value", [None, True, -1, 2**64 - 1, "text", b"", b"bytes", [], {}])
def test_any_part_of_a_foreign_type_or_size_is_refused(
    kind: int, payload: list[Any], value: object
) -> None:
    for place in range(len(payload)):
        assert refused(record(kind, changed(payload, place, value))) in {"E-PARSE", "E-BIND"}
    assert refused(record(kind, [*payload, value])) == "E-PARSE"
    assert refused(record(kind, payload[:-1])) == "E-PARSE"


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, "destroy"), (1, NO_KEY), (3, 0), (3, 256), (4, 0), (4, 256), (5, 2**32), (6, bytes(15))],
)
def test_a_key_is_made_of_what_keys_have(place: int, value: object) -> None:
    assert refused(record(0x41, changed(KEY, place, value))) == "E-PARSE"


@pytest.mark.parametrize(
    ("place", "value"), [(0, 0), (0, 2**63), (1, 2**63), (2, 2**63), (3, bytes(31))]
)
def test_the_head_of_a_map_has_a_first_epoch_sizes_and_a_root(place: int, value: object) -> None:
    assert refused(record(0x42, changed(MAPHEAD, place, value))) == "E-PARSE"


def test_a_control_record_stands_only_where_it_may() -> None:
    elsewhere = name(9, "stream")
    assert refused(record(0x40, GENESIS, stream=elsewhere)) == "E-BIND"
    assert refused(record(0x40, GENESIS, version=2)) == "E-BIND"
    assert refused(record(0x40, changed(GENESIS, 0, "another.example/log"))) == "E-BIND"
    assert refused(record(0x41, KEY, stream=elsewhere)) == "E-BIND"
    assert refused(record(0x41, KEY, version=2)) == "E-BIND"
    assert refused(record(0x42, MAPHEAD, stream=elsewhere)) == "E-BIND"
    assert refused(record(0x42, MAPHEAD, stream=map_stream(name(1, "log")))) == "E-BIND"


@pytest.mark.parametrize("offset", [0, 3, 4, 5, 6, 7, 24, 39, 64, 79])
def test_a_header_that_is_not_that_of_a_control_record_is_refused(offset: int) -> None:
    data = bytearray(record(0x41, KEY))
    data[offset] ^= 0x81
    assert refused(bytes(data)) == "E-PARSE"


@pytest.mark.parametrize("offset", [8, 40, 56, 63])
def test_a_header_of_another_place_is_found_or_left_to_the_audit(offset: int) -> None:
    data = bytearray(record(0x40, GENESIS))
    data[offset] ^= 0x81
    assert refused(bytes(data)) == "E-BIND"


def test_a_payload_that_is_not_canonical_is_refused() -> None:
    good = record(0x42, MAPHEAD)
    assert refused(good + b"\xc0") == "E-PARSE"
    assert refused(good[:-1]) == "E-PARSE"
    assert refused(good[:80] + b"\x94\xcc\x01" + good[82:]) == "E-PARSE"
    assert refused(good[:80] + b"\xdd\xff\xff\xff\xff") == "E-LIMIT"
    assert refused(good[:80]) == "E-PARSE"
    assert refused(good[:79]) == "E-PARSE"


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_a_refusal_of_ours(data: bytes) -> None:
    assert refused(data) in {"E-PARSE", "E-LIMIT", "E-BIND"}
    begun = header(0x41, NO_KEY, KEY_ID, 1)
    assert refused(begun + data) in {"E-PARSE", "E-LIMIT", "E-BIND"}


def test_names_are_derived_as_the_format_says() -> None:
    assert log_id_of(ORIGIN) == LOG_ID
    assert len({LOG_ID, map_stream(LOG_ID), map_stream(bytes(16))}) == 3


def test_a_refusal_does_not_repeat_what_the_record_says() -> None:
    with pytest.raises(ControlRefused) as caught:
        parse_control(record(0x40, ["secret.example/log", CLINIC, -1]))
    assert "secret" not in str(caught.value)
