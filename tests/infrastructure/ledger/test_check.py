"""The audit: an untouched log passes, and each attack on its rows is named by its code."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.check import Audit, AuditState, Head, Row
from infrastructure.ledger.entry import NO_PREVIOUS, ZERO_LEAF, Entry, authenticate, pack_entry
from infrastructure.ledger.errors import EntryRefused, LogBroken, RangeRefused
from infrastructure.ledger.merkle import CompactRange, leaf_hash

LOG_ID = b"the log's own id"
APPEND_KEY = b"the key the writers share, 32 by"
STREAMS = tuple(bytes([number]) * 16 for number in (0xA1, 0xB2, 0xC3))


def record_for(row: Row, *, kind: int = 0x01, suite: int = 0x01, log_id: bytes = LOG_ID) -> bytes:
    header = b"PSR\x01" + bytes([suite, kind, 0, 0]) + log_id + row.key_id + row.stream_id
    sealed = sha256(row.stream_id + bytes([row.version & 0xFF])).digest() * 19
    return header + row.version.to_bytes(8, "big") + bytes(16) + sealed


def entry_for(row: Row, prev_leaf: bytes) -> bytes:
    assert row.record is not None
    return pack_entry(
        kind=row.record[5] if len(row.record) >= 80 else 0,
        position=row.position,
        stream_id=row.stream_id,
        version=row.version,
        key_id=row.key_id,
        record_len=len(row.record),
        record_hash=sha256(row.record).digest(),
        prev_leaf=prev_leaf,
        prev_pos=row.prev_pos,
        tx_first=row.tx_first,
        time_ms=row.time_ms,
    )


def prev_leaf_of(rows: list[Row], row: Row) -> bytes:
    return ZERO_LEAF if row.prev_pos is None else rows[row.prev_pos].leaf


def written(row: Row, prev_leaf: bytes, *, key: bytes = APPEND_KEY) -> Row:
    """Give a row the leaf and the tag its writer would have given it."""
    entry = entry_for(row, prev_leaf)
    return row._replace(leaf=leaf_hash(entry), auth=authenticate(key, entry))


def a_log(size: int = 30) -> list[Row]:
    rows: list[Row] = []
    chance = Random(size)
    tx_first = 0
    for position in range(size):
        if chance.random() < 0.6:
            tx_first = position
        stream_id = chance.choice(STREAMS)
        before = [row for row in rows if row.stream_id == stream_id]
        row = Row(
            position=position,
            stream_id=stream_id,
            version=len(before) + 1,
            key_id=stream_id[::-1],
            prev_pos=before[-1].position if before else None,
            tx_first=tx_first,
            time_ms=1_700_000_000_000 + tx_first * 10,
            leaf=b"",
            auth=b"",
            record=None,
        )
        row = row._replace(record=record_for(row))
        rows.append(written(row, before[-1].leaf if before else ZERO_LEAF))
    return rows


LOG = a_log()
TX_TAIL = next(row.position for row in LOG if row.tx_first != row.position)
LATER = next(row.position for row in LOG[10:] if row.prev_pos is not None)


def range_of(rows: list[Row]) -> bytes:
    grown = CompactRange()
    grown.extend(row.leaf for row in rows)
    return grown.to_bytes()


def audit(rows: list[Row], *, key: bytes | None = APPEND_KEY) -> Audit:
    checked = Audit(LOG_ID, append_key=key)
    checked.extend(rows)
    return checked


def broken(rows: list[Row], *, key: bytes | None = APPEND_KEY) -> tuple[str, int]:
    with pytest.raises(LogBroken, match=r"E-.* expected .* found ") as caught:
        audit(rows, key=key)
    return caught.value.code, caught.value.position


def with_row(position: int, /, **changes: Any) -> list[Row]:
    """Change columns of one row, as an administrator of the database could."""
    changed = LOG[position]._replace(**changes)
    return [*LOG[:position], changed, *LOG[position + 1 :]]


def rewritten(position: int, /, *, key: bytes = APPEND_KEY, **changes: Any) -> list[Row]:
    """Change columns of one row and give it the leaf and tag that suit the change."""
    rows = with_row(position, **changes)
    rows[position] = written(rows[position], prev_leaf_of(rows, rows[position]), key=key)
    return rows


@given(st.integers(0, 60), st.booleans())
def test_an_untouched_log_passes(size: int, keyless: bool) -> None:
    rows = a_log(size)
    checked = audit(rows, key=None if keyless else APPEND_KEY)
    checked.finish(size, range_of(rows))
    assert checked.size == size
    assert checked.root() == CompactRange.from_bytes(size, range_of(rows)).root()


@given(st.integers(0, 30))
def test_an_audit_goes_on_where_it_stood(stop: int) -> None:
    state = audit(LOG[:stop]).state()
    later = Audit(LOG_ID, append_key=APPEND_KEY, state=state)
    later.extend(LOG[stop:])
    later.finish(len(LOG), range_of(LOG))
    assert later.state() == audit(LOG).state()


def test_a_state_does_not_follow_later_rows() -> None:
    checked = audit(LOG[:1])
    state = checked.state()
    checked.extend(LOG[1:])
    assert state.size == 1
    assert dict(state.heads) == {LOG[0].stream_id: Head(1, 0, LOG[0].leaf)}


def test_a_state_with_a_range_of_another_size_is_refused() -> None:
    with pytest.raises(RangeRefused):
        Audit(LOG_ID, state=AuditState(size=1))


def test_an_audit_of_no_log_does_not_begin() -> None:
    with pytest.raises(EntryRefused, match="expected 16 bytes, found 0"):
        Audit(b"")


@given(st.integers(0, 29), st.integers(0))
def test_any_flipped_bit_of_a_stored_record_is_found(position: int, bit: int) -> None:
    record = LOG[position].record
    assert record is not None
    number = int.from_bytes(record, "big") ^ (1 << bit % (len(record) * 8))
    rows = with_row(position, record=number.to_bytes(len(record), "big"))
    assert broken(rows, key=None) == ("E-LEAF", position)


@given(st.integers(0, 29), st.sampled_from(["stream_id", "key_id", "leaf", "auth"]), st.integers(0))
def test_any_flipped_bit_of_a_column_is_found_at_its_row(
    position: int, column: str, bit: int
) -> None:
    value: bytes = getattr(LOG[position], column)
    number = int.from_bytes(value, "big") ^ (1 << bit % (len(value) * 8))
    code, at = broken(with_row(position, **{column: number.to_bytes(len(value), "big")}))
    assert at == position
    assert code in {"E-CHAIN", "E-LEAF", "E-AUTH"}


@given(
    st.integers(0, 29),
    st.sampled_from(["position", "version", "prev_pos", "tx_first", "time_ms"]),
    st.integers(0, 2**63 - 1),
)
def test_any_other_number_in_a_column_is_found_at_its_row(
    position: int, column: str, value: int
) -> None:
    if value == getattr(LOG[position], column):
        value += 1
    assert broken(with_row(position, **{column: value}))[1] == position


def test_a_deleted_row_leaves_a_gap() -> None:
    assert broken([*LOG[:11], *LOG[12:]]) == ("E-GAP", 11)


def test_a_row_fed_twice_is_a_gap() -> None:
    assert broken([*LOG[:11], LOG[10], *LOG[11:]]) == ("E-GAP", 11)


def test_a_deleted_tail_does_not_suit_the_head() -> None:
    checked = audit(LOG[:-1])
    with pytest.raises(LogBroken, match="E-ROOT at position 29: expected size 29, found size 30"):
        checked.finish(len(LOG), range_of(LOG))


def test_an_edited_head_does_not_suit_the_rows() -> None:
    stored = range_of(LOG)
    for edited in (stored[:-1], bytes(len(stored)), stored + bytes(32), b""):
        with pytest.raises(LogBroken, match="E-ROOT"):
            audit(LOG).finish(len(LOG), edited)


def test_a_head_of_the_right_size_over_a_rewritten_log_does_not_suit_it() -> None:
    last = len(LOG) - 1
    checked = audit(rewritten(last, time_ms=LOG[last].time_ms + 1))
    with pytest.raises(LogBroken, match="E-ROOT"):
        checked.finish(len(LOG), range_of(LOG))


def test_swapped_positions_are_found() -> None:
    first, second = LOG[11], LOG[12]
    swapped = [second._replace(position=11), first._replace(position=12)]
    assert broken([*LOG[:11], *swapped, *LOG[13:]])[1] == 11


def test_an_edited_leaf_is_found() -> None:
    assert broken(with_row(LATER, leaf=bytes(32)), key=None) == ("E-LEAF", LATER)


def test_a_skipped_version_breaks_the_chain() -> None:
    assert broken(rewritten(LATER, version=LOG[LATER].version + 1)) == ("E-CHAIN", LATER)


def test_a_repeated_version_breaks_the_chain() -> None:
    assert broken(rewritten(LATER, version=LOG[LATER].version - 1)) == ("E-CHAIN", LATER)


@pytest.mark.parametrize("prev_pos", [None, 0, LATER - 1, NO_PREVIOUS])
def test_another_previous_position_breaks_the_chain(prev_pos: int | None) -> None:
    if prev_pos == LOG[LATER].prev_pos:
        prev_pos = None
    assert broken(with_row(LATER, prev_pos=prev_pos)) == ("E-CHAIN", LATER)


def test_a_previous_leaf_that_is_not_in_the_log_is_found() -> None:
    rows = with_row(LATER)
    rows[LATER] = written(rows[LATER], b"F" * 32)
    assert broken(rows) == ("E-LEAF", LATER)


def test_a_transaction_split_in_two_is_found() -> None:
    assert broken(with_row(TX_TAIL, tx_first=TX_TAIL)) == ("E-LEAF", TX_TAIL)


def test_a_transaction_that_is_not_that_of_the_row_before_breaks_the_chain() -> None:
    opening = next(r.position for r in LOG[5:] if r.tx_first == r.position)
    wrong = LOG[opening - 1].tx_first - 1
    assert broken(rewritten(opening, tx_first=wrong)) == ("E-CHAIN", opening)


def test_the_first_row_of_a_log_opens_its_own_transaction() -> None:
    assert broken(with_row(0, tx_first=1)) == ("E-CHAIN", 0)


def test_time_that_goes_back_is_found_even_when_all_is_rewritten() -> None:
    assert broken(rewritten(LATER, time_ms=LOG[LATER - 1].time_ms - 1)) == ("E-TIME", LATER)


def test_backdating_within_the_bounds_changes_the_leaf() -> None:
    later = next(r.position for r in LOG[5:] if r.time_ms > LOG[r.position - 1].time_ms)
    rows = with_row(later, time_ms=LOG[later - 1].time_ms)
    assert broken(rows) == ("E-LEAF", later)


def test_a_row_without_the_tag_of_a_writer_is_found() -> None:
    last = len(LOG) - 1
    rows = rewritten(last, key=b"what an administrator may guess")
    assert broken(rows) == ("E-AUTH", last)
    assert audit(rows, key=None).size == len(LOG)


def test_garbage_inserted_with_a_suitable_leaf_is_found_by_its_tag() -> None:
    last = len(LOG) - 1
    for garbage in (b"", b"garbage", bytes(700)):
        rows = rewritten(last, key=b"guess", record=garbage)
        assert broken(rows) == ("E-AUTH", last)
        assert broken(rows, key=None) == ("E-PARSE", last)


def test_the_right_tag_is_not_told() -> None:
    with pytest.raises(LogBroken) as caught:
        audit(with_row(3, auth=bytes(32)))
    assert LOG[3].auth.hex() not in str(caught.value)
    assert LOG[3].auth.hex() not in caught.value.expected


@pytest.mark.parametrize(("offset", "value"), [(0, 0), (3, 2), (4, 2), (4, 0), (6, 1), (7, 1)])
def test_a_header_that_is_not_well_formed_does_not_parse(offset: int, value: int) -> None:
    record = bytearray(record_for(LOG[LATER]))
    record[offset] = value
    assert broken(rewritten(LATER, record=bytes(record))) == ("E-PARSE", LATER)


def test_only_control_records_may_be_plain() -> None:
    last = len(LOG) - 1
    control = record_for(LOG[last], kind=0x41, suite=0x00)
    assert audit(rewritten(last, record=control)).size == len(LOG)
    event = record_for(LOG[last], kind=0x01, suite=0x00)
    assert broken(rewritten(last, record=event)) == ("E-PARSE", last)


@pytest.mark.parametrize(
    ("offset", "name"),
    [
        (8, "log_id"),
        (23, "log_id"),
        (24, "key_id"),
        (39, "key_id"),
        (40, "stream_id"),
        (55, "stream_id"),
        (56, "version"),
        (63, "version"),
    ],
)
def test_a_header_bound_to_something_else_is_found_by_name(offset: int, name: str) -> None:
    record = bytearray(record_for(LOG[LATER]))
    record[offset] ^= 1
    with pytest.raises(LogBroken, match=f"E-BIND .*expected {name} ") as caught:
        audit(rewritten(LATER, record=bytes(record)))
    assert caught.value.stream == LOG[LATER].stream_id


def test_a_record_of_another_log_is_not_bound_here() -> None:
    foreign = record_for(LOG[LATER], log_id=b"the staging's id")
    assert broken(rewritten(LATER, record=foreign)) == ("E-BIND", LATER)


def test_a_refused_row_leaves_the_audit_as_it_was() -> None:
    checked = audit(LOG[:LATER])
    before = checked.state()
    for bad in (
        LOG[LATER]._replace(leaf=bytes(32)),
        LOG[LATER]._replace(auth=bytes(32)),
        rewritten(LATER, record=b"")[LATER],
    ):
        with pytest.raises(LogBroken):
            checked.feed(bad)
    assert checked.state() == before
    checked.extend(LOG[LATER:])
    checked.finish(len(LOG), range_of(LOG))


@pytest.mark.parametrize(
    "column",
    [each for each in Row._fields if each != "entry"],
)
@pytest.mark.parametrize("value", ["text", None, 1.5, bytearray(16), b"", -1, 2**80, [1]], ids=repr)
def test_a_column_of_any_foreign_type_is_our_own_error(column: str, value: object) -> None:
    if getattr(LOG[LATER], column) == value:
        return
    with pytest.raises(LogBroken) as caught:
        audit(with_row(LATER, **{column: value}))
    assert caught.value.position == LATER


def test_a_withheld_record_is_known_by_its_entry() -> None:
    entries = [entry_for(row, prev_leaf_of(LOG, row)) for row in LOG]
    withheld = [row._replace(record=None, entry=entries[row.position]) for row in LOG]
    audit(withheld).finish(len(LOG), range_of(LOG))


def test_a_record_withheld_without_its_entry_is_found() -> None:
    assert broken(with_row(LATER, record=None)) == ("E-LEAF", LATER)


def test_a_withheld_record_with_the_entry_of_another_row_is_found() -> None:
    other = next(row for row in LOG[5:] if row.stream_id != LOG[LATER].stream_id)
    foreign = entry_for(other, prev_leaf_of(LOG, other))
    assert broken(with_row(LATER, record=None, entry=foreign)) == ("E-CHAIN", LATER)
    assert broken(with_row(LATER, record=None, entry=foreign[:-1])) == ("E-PARSE", LATER)


def test_a_withheld_record_cannot_lie_about_its_length() -> None:
    true = Entry.unpack(entry_for(LOG[LATER], prev_leaf_of(LOG, LOG[LATER])))
    false = replace(true, record_len=true.record_len + 1).pack()
    assert broken(with_row(LATER, record=None, entry=false)) == ("E-LEAF", LATER)
