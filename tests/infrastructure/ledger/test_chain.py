"""The laws over successive entries, and the heads that are looked up when they are needed."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.chain import AuditState, Chain, Head
from infrastructure.ledger.check import Audit, Row
from infrastructure.ledger.entries import EntryAudit
from infrastructure.ledger.errors import EntryRefused, LogBroken, RangeRefused
from tests.support.logs import APPEND_KEY, LOG_ID, WrittenLog, name


def a_log(size: int = 40) -> WrittenLog:
    log, chance = WrittenLog(), Random(size)
    while log.size < size:
        stream = chance.randrange(5)
        log.event(name(stream, "stream"), name(stream, "key"))
    return log


LOG = a_log()


class Found:
    """The heads of a log's first rows, and which of them were asked for."""

    def __init__(self, size: int) -> None:
        self.heads = {
            row.stream_id: Head(row.version, row.position, row.leaf) for row in LOG.rows[:size]
        }
        self.asked: list[bytes] = []

    def __call__(self, stream_id: bytes) -> Head | None:
        self.asked.append(stream_id)
        return self.heads.get(stream_id)


@given(st.integers(0, 40))
def test_rows_and_bare_entries_lead_to_one_state(size: int) -> None:
    rows, entries = Audit(LOG_ID, append_key=APPEND_KEY), EntryAudit(LOG_ID)
    rows.extend(LOG.rows[:size])
    entries.extend(LOG.entries[:size])
    assert rows.state() == entries.state()
    assert rows.root() == entries.root() == LOG.root(size)


@given(st.integers(0, 40), st.booleans())
def test_heads_are_looked_up_once_for_each_stream_that_goes_on(size: int, bare: bool) -> None:
    whole = Audit(LOG_ID)
    whole.extend(LOG.rows[:size])
    state = whole.state()
    begun = AuditState(
        size=size,
        range_bytes=state.range_bytes,
        tx_first=state.tx_first,
        time_ms=state.time_ms,
    )
    find = Found(size)
    later: Audit | EntryAudit
    if bare:
        later = EntryAudit(LOG_ID, state=begun, find_head=find)
        later.extend(LOG.entries[size:])
    else:
        later = Audit(LOG_ID, append_key=APPEND_KEY, state=begun, find_head=find)
        later.extend(LOG.rows[size:])
    grown = {row.stream_id for row in LOG.rows[size:]}
    assert sorted(find.asked) == sorted(grown)
    assert set(later.state().heads) == grown
    later.finish(LOG.size, LOG.range_bytes())


def test_a_stream_whose_head_is_not_found_begins_anew() -> None:
    going_on = next(row for row in LOG.rows[20:] if row.version > 1)
    whole = Audit(LOG_ID)
    whole.extend(LOG.rows[: going_on.position])
    begun = AuditState(size=whole.size, range_bytes=whole.state().range_bytes)
    forgetful = Audit(LOG_ID, state=begun, find_head=lambda _: None)
    with pytest.raises(LogBroken, match=r"E-CHAIN .*expected version 1, found version"):
        forgetful.feed(going_on)


def test_what_was_checked_is_not_counted_in_before_it_is_admitted() -> None:
    audit = Audit(LOG_ID)
    link = audit.check(LOG.rows[0])
    assert audit.state() == AuditState()
    assert audit.check(LOG.rows[0]) == link
    audit.admit(link)
    assert audit.root() == LOG.root(1)
    assert (link.position, link.kind, link.leaf) == (0, 0x40, LOG.rows[0].leaf)


def test_a_chain_of_no_log_does_not_begin() -> None:
    with pytest.raises(EntryRefused, match="expected 16 bytes, found 0"):
        Chain(b"")
    with pytest.raises(RangeRefused):
        EntryAudit(LOG_ID, state=AuditState(size=1))


def bad(row: Row) -> Row:
    return row._replace(leaf=bytes(32))


def test_a_scrubber_that_skips_a_bad_row_goes_on_to_the_next() -> None:
    position = next(r.position for r in LOG.rows[10:] if r.version > 1)
    record = LOG.rows[position].record
    assert record is not None
    altered = LOG.rows[position]._replace(record=record[:-1] + b"!")
    audit = Audit(LOG_ID, append_key=APPEND_KEY)
    audit.extend(LOG.rows[:position])
    with pytest.raises(LogBroken, match=f"E-LEAF at position {position}"):
        audit.feed(altered)
    audit.skip(altered)
    audit.extend(LOG.rows[position + 1 :])
    audit.finish(LOG.size, LOG.range_bytes())


def test_a_skipped_leaf_that_was_altered_is_missed_once_where_its_stream_goes_on() -> None:
    position = next(r.position for r in LOG.rows if any(n.prev_pos == r.position for n in LOG.rows))
    follower = next(row for row in LOG.rows if row.prev_pos == position)
    audit = Audit(LOG_ID, append_key=APPEND_KEY)
    reported = []
    for row in LOG.rows:
        each = bad(row) if row.position == position else row
        try:
            audit.feed(each)
        except LogBroken as broken:
            reported.append((broken.code, broken.position))
            audit.skip(each)
    assert reported == [("E-LEAF", position), ("E-LEAF", follower.position)]
    assert audit.size == LOG.size
    assert audit.root() != LOG.root()


@pytest.mark.parametrize("value", ["text", None, 1.5, b"", -1, 2**80], ids=repr)
@pytest.mark.parametrize("column", ["stream_id", "version", "tx_first", "time_ms", "prev_pos"])
def test_whatever_a_skipped_row_says_the_next_is_judged_and_never_crashes(
    column: str, value: Any
) -> None:
    audit = Audit(LOG_ID, append_key=APPEND_KEY)
    audit.extend(LOG.rows[:20])
    audit.skip(LOG.rows[20]._replace(**{column: value}))
    for row in LOG.rows[21:]:
        try:
            audit.feed(row)
        except LogBroken as broken:
            assert broken.position == row.position  # noqa: PT017 - it may be raised or not
            audit.skip(row)
    assert audit.root() == LOG.root()


def test_a_row_that_cannot_be_counted_in_is_not_skipped() -> None:
    audit = Audit(LOG_ID)
    audit.extend(LOG.rows[:5])
    before = audit.state()
    with pytest.raises(LogBroken, match="E-GAP at position 5"):
        audit.skip(LOG.rows[6])
    for leaf in (b"", bytes(31), None, "text"):
        with pytest.raises(LogBroken, match="E-PARSE at position 5"):
            audit.skip(LOG.rows[5]._replace(leaf=leaf))  # type: ignore[arg-type]
    assert audit.state() == before
