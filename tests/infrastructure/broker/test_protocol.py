"""Frames: what is said on the socket, within limits; anything else ends the connection."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgpack
import pytest
from hypothesis import given, strategies as st

from api.compose import broker as brokers
from infrastructure.broker import protocol
from infrastructure.broker.protocol import (
    FIELDS,
    MOST_BYTES,
    Ask,
    NotAFrame,
    Outcome,
    decode,
    encode,
    receive,
    request,
)
from infrastructure.errors import Broken
from tests.support.brokers import ROOT, House, Prepared, house

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary() | st.text()
ARRAYS = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=6), max_leaves=20)
GOOD: dict[Ask, list[Any]] = {
    Ask.HELLO: [1],
    Ask.TAGS: [[[1, "a" * 32]]],
    Ask.PLACE: [bytes(16)],
    Ask.POLICY_KEY: [bytes(16)],
    Ask.MAKE: [[[[1, "a" * 32], 1, 2]], ["a" * 32, "request"]],
    Ask.MAKE_ITEMS: [[[bytes(16), None, 1]]],
    Ask.REDEEM: [["a" * 32, "request"], [[5, [[1, "a" * 32]]]]],
    Ask.STANDING: [["a" * 32, "request"], 5],
    Ask.RECORDS: [bytes(16), [[bytes(16), 5, bytes(16), bytes(16), 1, b"record"]]],
    Ask.FOLD: [["a" * 32, "request"], [[bytes(16), 5, bytes(16), bytes(16), 1, b"record"]]],
    Ask.CELLS: [bytes(16), [[b"cell", ["view-1", "table", ["key", 1], 5]]]],
    Ask.WORDS: [bytes(16), [b"field"]],
    Ask.ENTRY_KEYS: [bytes(16), [[bytes(16), bytes(16), bytes(16), 1]]],
    Ask.SEAL_CELLS: [bytes(16), [[[1, "a" * 32], 1, 2, 5, ["v", "t", ["k"], 5], b"plain"]]],
    Ask.STATE: [],
    Ask.RECONCILE: [],
    Ask.SETTLE: [1],
    Ask.RETIRE: [[2, "a" * 32], 3, ["a" * 32, "request"]],
    Ask.FINGERPRINT: ["pesel", "value", None],
    Ask.SHRED_STATEMENT: [["a" * 32, "art-51", [[1, "a" * 32]], [1], [], [], None, []]],
    Ask.SEAL_CHUNK: [bytes(16), bytes(16), 1, 0, b"plain"],
    Ask.CHUNKS: [bytes(16), [b"chunk"]],
    Ask.FOLD_CHUNKS: [["a" * 32, "request"], [b"chunk"]],
    Ask.SHRED: [["a" * 32, "art-51", [], [], [2], [b"text"], 2026, []], b"approvals"],
}


@pytest.fixture(scope="module")
def one_home(founded_house: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(founded_house, tmp_path_factory.mktemp("frames")) as found:
        yield found


def test_every_request_has_its_fields() -> None:
    assert set(GOOD) == set(FIELDS) == set(Ask)
    for ask, fields in GOOD.items():
        assert request(decode(encode([ask, *fields])[4:])) == (ask, fields)


def test_every_request_stands_in_the_description_of_the_format() -> None:
    page = (ROOT / "docs/formats/broker.md").read_text()
    assert all(f"| {ask.value} | {ask.name} |" in page for ask in Ask)


@given(ask=st.sampled_from(list(Ask)), at=st.integers(0, 2), with_=ARRAYS)
def test_a_field_that_is_another_one_is_no_request(ask: Ask, at: int, with_: object) -> None:
    fields = list(GOOD[ask])
    if at < len(fields):
        fields[at] = with_
    else:
        fields.append(with_)
    try:
        found, given_ = request([ask, *fields])
    except NotAFrame:
        return
    assert found is ask
    assert all(check(each) for check, each in zip(FIELDS[ask], given_, strict=True))


@given(st.binary(max_size=200))
def test_bytes_are_a_plain_array_or_nothing(body: bytes) -> None:
    try:
        found = decode(body)
    except NotAFrame:
        return
    assert protocol._plain(found, protocol.MOST_DEPTH)


@given(ARRAYS.filter(lambda each: type(each) is list and bool(each)))
def test_what_is_decoded_is_what_was_said_or_nothing(message: list[object]) -> None:
    try:
        assert decode(msgpack.packb(message)) == message
    except NotAFrame:
        assert not protocol._plain(message, protocol.MOST_DEPTH)


@pytest.mark.parametrize(
    "body",
    [
        msgpack.packb({1: 2}),
        msgpack.packb([{}]) + b"x",
        msgpack.packb([1.5]),
        msgpack.packb([msgpack.ExtType(42, b"x")]),
        msgpack.packb([[[[[[[]]]]]]]),
        b"\xdd\xff\xff\xff\xff",
        b"\x91" * 5000 + b"\xc0",
        b"",
        msgpack.packb([]),
        msgpack.packb([list(range(5000))]),
    ],
)
def test_a_bomb_is_no_frame(body: bytes) -> None:
    with pytest.raises(NotAFrame):
        decode(body)


def test_a_frame_has_a_limit() -> None:
    with pytest.raises(Broken, match="E-LIMIT"):
        encode([bytes(MOST_BYTES)])


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack(">I", MOST_BYTES + 1),
        struct.pack(">I", 0),
        struct.pack(">I", 5) + b"\xff" * 5,
        encode([99]),
        encode([int(Ask.PLACE)]),
        encode([int(Ask.PLACE), b"short"]),
        encode(["place", bytes(16)]),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_ends_the_connection(one_home: House, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(one_home.socket))
        connection.sendall(sent)
        # Where not all of it was read, the kernel says so too.
        with suppress(ConnectionResetError):
            assert connection.recv(100) == b""
    # The broker goes on, and has written it down.
    line = one_home.line()
    assert line.ask(Ask.PLACE, bytes(16)) == [None]
    line.close()
    assert "not-a-frame" in {each["code"] for each in brokers.alarms(one_home.socket)}


@given(noise=st.lists(st.binary(max_size=100), max_size=3))
def test_noise_brings_no_broker_down(one_home: House, noise: list[bytes]) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(one_home.socket))
        for each in noise:
            try:
                connection.sendall(struct.pack(">I", len(each)) + each)
            except OSError:
                break
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(one_home.socket))
        connection.sendall(encode([int(Ask.PLACE), bytes(16)]))
        assert receive(connection) == [Outcome.DONE, None]
