"""The audit of bare entries: without records it holds to the same laws, with them to more."""

from __future__ import annotations

import struct
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.entries import EntryAudit
from infrastructure.ledger.entry import NO_PREVIOUS, Entry
from infrastructure.ledger.errors import EntryRefused, LogBroken
from infrastructure.ledger.merkle import leaf_hash
from tests.support.logs import LOG_ID, NO_KEY, WrittenLog, header, name


def a_log(size: int = 30) -> WrittenLog:
    log, chance = WrittenLog(), Random(size)
    while log.size < size:
        stream = chance.randrange(4)
        log.event(name(stream, "stream"), name(stream, "key"))
    return log


LOG = a_log()
LATER = next(row.position for row in LOG.rows[10:] if row.prev_pos is not None)
FIELDS = {
    "position": (">Q", 8),
    "version": (">Q", 32),
    "record_len": (">Q", 56),
    "prev_pos": (">Q", 128),
    "tx_first": (">Q", 136),
    "time_ms": (">Q", 144),
}


def broken(position: int, entry: bytes, record: bytes | None = None) -> str:
    """The code that an entry is refused with after the good ones before it."""
    audit = EntryAudit(LOG_ID)
    audit.extend(LOG.entries[:position])
    before = audit.state()
    with pytest.raises(LogBroken, match=r"E-.* expected .* found ") as caught:
        audit.feed(entry, record)
    assert caught.value.position == position
    assert audit.state() == before
    return caught.value.code


def bent(position: int, field: str, value: int) -> bytes:
    form, offset = FIELDS[field]
    entry = bytearray(LOG.entries[position])
    struct.pack_into(form, entry, offset, value)
    return bytes(entry)


def record_at(position: int) -> bytes:
    record = LOG.rows[position].record
    assert record is not None
    return record


def entry_over(record: bytes, kind: int | None = None) -> bytes:
    """The entry at `LATER`, over another record."""
    entry = bytearray(LOG.entries[LATER])
    struct.pack_into(">Q", entry, 56, len(record))
    entry[64:96] = sha256(record).digest()
    if kind is not None:
        entry[4] = kind
    return bytes(entry)


@given(st.integers(0, 60), st.booleans())
def test_an_untouched_log_passes_with_its_records_and_without(
    size: int, with_records: bool
) -> None:
    log, audit = a_log(max(size, 1)), EntryAudit(LOG_ID)
    for entry, row in zip(log.entries[:size], log.rows[:size], strict=True):
        audit.feed(entry, row.record if with_records else None)
    assert audit.size == size
    assert audit.root() == log.root(size)


@given(st.integers(0, 29))
def test_an_audit_goes_on_where_it_stood(stop: int) -> None:
    begun = EntryAudit(LOG_ID)
    begun.extend(LOG.entries[:stop])
    later = EntryAudit(LOG_ID, state=begun.state())
    later.extend(LOG.entries[stop:])
    later.finish(LOG.size, LOG.range_bytes())


@given(st.integers(0, 28), st.integers(0, 152 * 8 - 1))
def test_any_flipped_bit_of_an_entry_is_found_there_or_shows_in_the_root(
    position: int, bit: int
) -> None:
    number = int.from_bytes(LOG.entries[position], "big") ^ (1 << bit)
    flipped = number.to_bytes(152, "big")
    audit = EntryAudit(LOG_ID)
    try:
        audit.extend([*LOG.entries[:position], flipped, *LOG.entries[position + 1 :]])
    except LogBroken as found:
        assert found.position >= position  # noqa: PT017 - it may be raised or not
    else:
        assert audit.root() != LOG.root()


@given(st.binary(max_size=200) | st.binary(min_size=152, max_size=152))
def test_whatever_is_no_entry_is_refused_here_and_there(data: bytes) -> None:
    for each in (data, b"PSL\x01" + data[4:]):
        with pytest.raises(EntryRefused):
            Entry.unpack(each)
        with pytest.raises(LogBroken):
            EntryAudit(LOG_ID).feed(each)


@given(st.sampled_from(LOG.entries))
def test_whatever_passes_is_an_entry(entry: bytes) -> None:
    position = int.from_bytes(entry[8:16], "big")
    audit = EntryAudit(LOG_ID)
    audit.extend(LOG.entries[:position])
    link, read = audit.check(entry), Entry.unpack(entry)
    for field in ("position", "kind", "stream_id", "version", "key_id", "prev_leaf", "tx_first"):
        assert getattr(link, field) == getattr(read, field)
    assert (link.time_ms, link.leaf) == (read.time_ms, leaf_hash(entry))


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("position", LATER + 1, "E-GAP"),
        ("position", LATER - 1, "E-GAP"),
        ("version", LOG.rows[LATER].version + 1, "E-CHAIN"),
        ("version", LOG.rows[LATER].version - 1, "E-CHAIN"),
        ("version", 0, "E-CHAIN"),
        ("prev_pos", NO_PREVIOUS, "E-CHAIN"),
        ("prev_pos", LATER, "E-CHAIN"),
        ("tx_first", LATER - 2, "E-CHAIN"),
        ("tx_first", LATER + 1, "E-CHAIN"),
        ("time_ms", 1_700_000_000_000, "E-TIME"),
        ("time_ms", 2**63, "E-PARSE"),
        ("record_len", 2**63, "E-PARSE"),
    ],
)
def test_a_number_that_breaks_a_law_is_named_by_it(field: str, value: int, code: str) -> None:
    assert broken(LATER, bent(LATER, field, value)) == code


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(LOG.entries[LATER][:-1], id="cut short"),
        pytest.param(LOG.entries[LATER] + b"\0", id="too long"),
        pytest.param(b"PSL\x02" + LOG.entries[LATER][4:], id="another magic"),
        pytest.param(LOG.entries[LATER][:7] + b"\x01" + LOG.entries[LATER][8:], id="not zero"),
    ],
)
def test_what_is_not_in_the_layout_does_not_parse(entry: bytes) -> None:
    assert broken(LATER, entry) == "E-PARSE"


def test_a_previous_leaf_that_is_not_in_the_log_breaks_the_chain() -> None:
    entry = LOG.entries[LATER]
    assert broken(LATER, entry[:96] + b"F" * 32 + entry[128:]) == "E-CHAIN"
    assert broken(LATER, entry[:96] + bytes(32) + entry[128:]) == "E-CHAIN"


def test_a_missing_entry_is_a_gap_and_one_fed_twice_as_well() -> None:
    assert broken(11, LOG.entries[12]) == "E-GAP"
    assert broken(11, LOG.entries[10]) == "E-GAP"


def test_a_record_is_the_one_of_its_entry_by_length_and_hash() -> None:
    record, entry = record_at(LATER), LOG.entries[LATER]
    assert broken(LATER, entry, record[:-1]) == "E-LEAF"
    assert broken(LATER, entry, record + b"\0") == "E-LEAF"
    assert broken(LATER, entry, record[:-1] + b"!") == "E-LEAF"
    assert broken(LATER, entry, b"") == "E-LEAF"
    assert broken(LATER, entry, record_at(LATER - 1)) == "E-LEAF"


@pytest.mark.parametrize(
    ("offset", "code"),
    [
        *((offset, "E-PARSE") for offset in (0, 4, 6)),
        *((offset, "E-BIND") for offset in (8, 24, 39, 40, 56, 63)),
    ],
)
def test_the_header_of_a_record_says_what_its_entry_says(offset: int, code: str) -> None:
    record = bytearray(record_at(LATER))
    record[offset] ^= 2
    assert broken(LATER, entry_over(bytes(record)), bytes(record)) == code


def test_a_record_of_another_kind_than_its_entry_is_not_bound_to_it() -> None:
    assert broken(LATER, entry_over(record_at(LATER), kind=0x06), record_at(LATER)) == "E-BIND"


def test_a_record_too_short_for_a_header_does_not_parse() -> None:
    assert broken(LATER, entry_over(b"short"), b"short") == "E-PARSE"


def test_a_record_of_another_log_is_not_bound_here() -> None:
    row = LOG.rows[LATER]
    foreign = header(0x01, row.key_id, row.stream_id, row.version, log_id=b"the staging's id")
    assert broken(LATER, entry_over(foreign), foreign) == "E-BIND"


def test_only_control_records_may_be_plain() -> None:
    row = LOG.rows[LATER]
    plain = header(0x01, NO_KEY, row.stream_id, row.version)
    assert broken(LATER, entry_over(plain), plain) == "E-PARSE"
