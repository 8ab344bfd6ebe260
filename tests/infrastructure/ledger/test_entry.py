"""The log entry: 152 bytes, one reading, and no bit that does not count."""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.entry import (
    ENTRY_SIZE,
    NO_PREVIOUS,
    ZERO_LEAF,
    Entry,
    authenticate,
    pack_entry,
)
from infrastructure.ledger.errors import EntryRefused
from infrastructure.ledger.merkle import leaf_hash

FIRST = Entry(
    kind=0x01,
    position=7,
    stream_id=b"S" * 16,
    version=1,
    key_id=b"K" * 16,
    record_len=664,
    record_hash=b"R" * 32,
    prev_leaf=ZERO_LEAF,
    prev_pos=None,
    tx_first=6,
    time_ms=1_700_000_000_000,
)
SECOND = replace(FIRST, position=9, version=2, prev_leaf=b"L" * 32, prev_pos=7, tx_first=9)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    position = draw(st.integers(1, 2**63 - 1))
    previous = draw(st.none() | st.integers(0, position - 1))
    leaf = st.binary(min_size=32, max_size=32).filter(lambda value: value != ZERO_LEAF)
    return Entry(
        kind=draw(st.integers(0, 255)),
        position=position,
        stream_id=draw(st.binary(min_size=16, max_size=16)),
        version=1 if previous is None else draw(st.integers(2, 2**63 - 1)),
        key_id=draw(st.binary(min_size=16, max_size=16)),
        record_len=draw(st.integers(0, 2**63 - 1)),
        record_hash=draw(st.binary(min_size=32, max_size=32)),
        prev_leaf=ZERO_LEAF if previous is None else draw(leaf),
        prev_pos=previous,
        tx_first=draw(st.integers(0, position)),
        time_ms=draw(st.integers(0, 2**63 - 1)),
    )


@given(entries())
def test_an_entry_survives_its_bytes(entry: Entry) -> None:
    packed = entry.pack()
    assert len(packed) == ENTRY_SIZE
    assert Entry.unpack(packed) == entry


@given(entries(), st.integers(0, ENTRY_SIZE * 8 - 1))
def test_any_flipped_bit_changes_the_leaf_and_is_refused_or_read_otherwise(
    entry: Entry, bit: int
) -> None:
    packed = entry.pack()
    altered = (int.from_bytes(packed, "big") ^ (1 << bit)).to_bytes(ENTRY_SIZE, "big")
    assert leaf_hash(altered) != leaf_hash(packed)
    with suppress(EntryRefused):
        assert Entry.unpack(altered) != entry


@given(st.binary(min_size=ENTRY_SIZE, max_size=ENTRY_SIZE), st.booleans())
def test_what_is_read_is_written_back_alike(data: bytes, with_magic: bool) -> None:
    if with_magic:
        data = b"PSL\x01\x01\x00\x00\x00" + data[8:]
    with suppress(EntryRefused):
        assert Entry.unpack(data).pack() == data


def test_the_layout_is_the_one_written_down() -> None:
    packed = SECOND.pack()
    assert packed == b"".join(
        [
            b"PSL\x01",
            b"\x01",
            bytes(3),
            (9).to_bytes(8, "big"),
            b"S" * 16,
            (2).to_bytes(8, "big"),
            b"K" * 16,
            (664).to_bytes(8, "big"),
            b"R" * 32,
            b"L" * 32,
            (7).to_bytes(8, "big"),
            (9).to_bytes(8, "big"),
            (1_700_000_000_000).to_bytes(8, "big"),
        ]
    )


def test_the_first_of_a_stream_has_no_previous() -> None:
    packed = FIRST.pack()
    assert packed[96:128] == ZERO_LEAF
    assert packed[128:136] == NO_PREVIOUS.to_bytes(8, "big") == b"\xff" * 8


@pytest.mark.parametrize("length", [0, 151, 153])
def test_an_entry_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(EntryRefused, match=f"expected 152 bytes, found {length}"):
        Entry.unpack(FIRST.pack()[:length].ljust(length, b"\x00"))


@pytest.mark.parametrize("offset", [0, 1, 2, 3, 5, 6, 7])
def test_magic_and_reserved_bytes_are_what_they_must_be(offset: int) -> None:
    packed = bytearray(FIRST.pack())
    packed[offset] ^= 1
    with pytest.raises(EntryRefused, match=r"magic|reserved"):
        Entry.unpack(bytes(packed))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", 256),
        ("kind", -1),
        ("position", -1),
        ("position", 2**63),
        ("stream_id", b"S" * 15),
        ("stream_id", b"S" * 17),
        ("version", 0),
        ("version", 1),
        ("version", 2**63),
        ("key_id", b""),
        ("record_len", -1),
        ("record_len", 2**63),
        ("record_hash", b"R" * 31),
        ("prev_leaf", b"L" * 33),
        ("prev_leaf", ZERO_LEAF),
        ("prev_pos", None),
        ("prev_pos", 9),
        ("prev_pos", -1),
        ("prev_pos", NO_PREVIOUS),
        ("tx_first", 10),
        ("tx_first", -1),
        ("time_ms", -1),
        ("time_ms", 2**63),
        ("time_ms", 1.5),
    ],
)
def test_no_entry_has_such_a_field(field: str, value: Any) -> None:
    with pytest.raises(EntryRefused, match="entry: "):
        replace(SECOND, **{field: value})


@pytest.mark.parametrize(
    "changed", [{"version": 2}, {"prev_leaf": b"L" * 32}, {"prev_pos": 6}], ids=str
)
def test_the_first_of_a_stream_has_all_marks_of_a_first(changed: dict[str, Any]) -> None:
    with pytest.raises(EntryRefused, match="entry: "):
        replace(FIRST, **changed)


def test_no_entry_at_position_zero_has_a_previous() -> None:
    with pytest.raises(EntryRefused, match="prev_pos"):
        replace(SECOND, position=0, prev_pos=0, tx_first=0)


def test_the_append_path_never_pads_or_truncates() -> None:
    with pytest.raises(EntryRefused, match="found \\(16, 16, 32, 31\\)"):
        pack_entry(
            kind=1,
            position=0,
            stream_id=bytes(16),
            version=1,
            key_id=bytes(16),
            record_len=0,
            record_hash=bytes(32),
            prev_leaf=bytes(31),
            prev_pos=None,
            tx_first=0,
            time_ms=0,
        )


def test_a_tag_is_the_mac_of_the_whole_entry_under_the_append_key() -> None:
    packed = FIRST.pack()
    tag = authenticate(b"k" * 32, packed)
    assert tag == hmac.new(b"k" * 32, packed, hashlib.sha256).digest()
    assert tag != authenticate(b"K" * 32, packed)
