"""What control records mean: keys made before use, one access log for each subject, true maps."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger import lifecycle
from infrastructure.ledger.chain import Link
from infrastructure.ledger.control import ControlKind, Genesis, map_stream
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.key_control import KeyMade
from infrastructure.ledger.lifecycle import Change, Key, Lifecycle, LoggedMap
from infrastructure.ledger.map import MapLabel, map_root
from infrastructure.ledger.policy_key import NamedKey
from infrastructure.ledger.verification import EntryVerification, RowVerification
from tests.support.logs import APPEND_KEY, LOG_ID, NO_KEY, WrittenLog, header, name


def verified(log: WrittenLog) -> Lifecycle:
    """The lifecycle of a log that is good, over its rows and over its entries alike."""
    rows, entries = RowVerification(LOG_ID, append_key=APPEND_KEY), EntryVerification(LOG_ID)
    rows.extend(log.rows)
    entries.extend(log.shown())
    assert rows.state() == entries.state()
    assert rows.root() == log.root()
    assert rows.news() == entries.news()
    return rows._lifecycle


def broken(log: WrittenLog) -> tuple[str, str]:
    """How the last entry of a log is refused, over its rows and over its entries alike."""
    found = []
    for verification, items in (
        (RowVerification(LOG_ID, append_key=APPEND_KEY), log.rows),
        (EntryVerification(LOG_ID), log.shown()),
    ):
        with pytest.raises(LogBroken) as caught:
            verification.extend(items)  # type: ignore[arg-type]
        assert verification.size == log.size - 1 == caught.value.position
        assert verification.root() == log.root(log.size - 1)
        found.append((caught.value.code, caught.value.found))
    assert found[0] == found[1]
    return found[0]


def a_log(seed: int, size: int = 80) -> WrittenLog:
    """Clients, their access logs and heads of maps, in any order that is allowed."""
    log, chance = WrittenLog(), Random(seed)
    made: set[int] = set()
    covered = 0
    while log.size < size:
        number, act = chance.randrange(6), chance.random()
        if number not in made:
            log.key(name(number, "key"), name(number, "subject"))
            log.access_key(number)
            made.add(number)
        elif act < 0.4:
            log.access(number)
        elif act < 0.8:
            log.event(name(number, "stream"), name(number, "key"))
        else:
            covered = chance.randint(covered, log.size)
            log.map_head(covered)
    return log


@given(st.integers(0, 500))
def test_a_log_in_which_everything_is_in_order_passes(seed: int) -> None:
    log = a_log(seed)
    news = verified(log).news()
    assert set(news.access_logs.values()) == set(log.access_logs)
    heads = [row for row in log.rows if row.stream_id == map_stream(LOG_ID)]
    assert (news.logged_map.position if news.logged_map else None) == (
        heads[-1].position if heads else None
    )


@given(st.integers(0, 50), st.integers(0, 80))
def test_a_lifecycle_goes_on_from_what_is_remembered(seed: int, stop: int) -> None:
    log = a_log(seed)
    first = RowVerification(LOG_ID)
    first.extend(log.rows[:stop])
    remembered = Remembered(first._lifecycle, log, stop)
    later = Lifecycle(remembered)
    again = RowVerification(LOG_ID)
    again.extend(log.rows[:stop])
    again._lifecycle = later
    again.extend(log.rows[stop:])
    assert again.size == log.size
    asked = {row.key_id for row in log.rows[stop:]} | {
        row.stream_id for row in log.rows[stop:] if row.key_id == NO_KEY
    }
    assert set(remembered.asked) <= asked


class Remembered:
    """A past, as a memory would keep it, that notes which keys it was asked for."""

    def __init__(self, before: Lifecycle, log: WrittenLog, size: int) -> None:
        self.news = before.news()
        self.known = log.labels(size)
        self.asked: list[bytes] = []

    def custodians(self) -> tuple[str, ...]:
        return self.news.custodians

    def named_keys(self) -> tuple[NamedKey, ...]:
        return tuple(self.news.named_keys.values())

    def key(self, key_id: bytes) -> Key | None:
        self.asked.append(key_id)
        return self.news.keys.get(key_id)

    def access_log(self, subject_tag: bytes) -> bytes | None:
        return self.news.access_logs.get(subject_tag)

    def has_keys(self) -> bool:
        return bool(self.news.keys)

    def is_closed(self, key_id: bytes) -> bool:
        return key_id in self.news.closed

    def is_access_log(self, stream_id: bytes) -> bool:
        return stream_id in self.news.access_logs.values()

    def labels(self) -> list[MapLabel]:
        return self.known

    def changes(self) -> tuple[Change, ...]:
        return self.news.changes

    def logged_map(self) -> LoggedMap | None:
        return self.news.logged_map


def test_an_entry_under_a_key_that_was_never_made_is_refused() -> None:
    log = WrittenLog()
    log.event(name(1, "stream"), name(1, "key"))
    assert broken(log) == ("E-KEYSTATE", "none")


def test_a_key_made_after_its_first_use_comes_too_late() -> None:
    log = WrittenLog()
    log.access_key(1)
    log.event(name(2, "stream"), name(2, "key"))
    assert broken(log)[0] == "E-KEYSTATE"


def test_a_sealed_record_under_no_key_is_refused() -> None:
    log = WrittenLog()
    sealed = b"PSR\x01\x01" + header(0x01, NO_KEY, name(1, "stream"), 1)[5:]
    log.enter(0x01, name(1, "stream"), NO_KEY, sealed)
    rows = RowVerification(LOG_ID)
    with pytest.raises(LogBroken, match="E-KEYSTATE"):
        rows.extend(log.rows)


def test_a_key_is_made_once() -> None:
    log = WrittenLog()
    log.access_key(1)
    log.access_key(1)
    # Its stream has moved on, so that the second making stands where no making can.
    assert broken(log)[0] == "E-BIND"
    again, twice = Lifecycle(), WrittenLog()
    twice.access_key(1)
    verification = RowVerification(LOG_ID)
    verification._lifecycle = again
    verification.extend(twice.rows)
    made = verification._audit.state().heads[name(1, "access key")]
    link = Link(2, 0x41, name(1, "access key"), 1, NO_KEY, b"", made.leaf, 2, 0)
    control = KeyMade(name(1, "access key"), name(1, "subject"), 2, 13, 0, bytes(16))
    with pytest.raises(LogBroken, match=r"E-KEYSTATE .*found a key made twice"):
        again.feed(link, control)


def test_a_log_begins_with_genesis_and_has_no_other() -> None:
    log = WrittenLog(genesis=False)
    log.access_key(1)
    assert broken(log)[0] == "E-PARSE"
    other = WrittenLog(genesis=False)
    other.event(name(1, "stream"), name(1, "key"))
    assert broken(other)[0] == "E-KEYSTATE"
    again = WrittenLog()
    again.access_key(1)
    genesis = Genesis("origin", bytes(16), 0)
    link = Link(2, 0x40, LOG_ID, 1, NO_KEY, b"", bytes(32), 2, 0)
    begun = verified(again)
    with pytest.raises(LogBroken, match=r"E-PARSE .*expected GENESIS first"):
        begun.feed(link, genesis)


@pytest.mark.parametrize("kind", [0x00, 0x02, 0x03, 0x04, 0x05, 0x07, 0x3F])
def test_a_kind_that_does_not_stand_in_a_log_is_refused(kind: int) -> None:
    log = WrittenLog()
    log.key(name(1, "key"), name(1, "subject"))
    log.event(name(1, "stream"), name(1, "key"), kind)
    assert broken(log) == ("E-PARSE", f"kind {kind}")


@pytest.mark.parametrize("kind", [0x49, 0x80, 0xFF])
def test_a_control_kind_that_is_not_known_is_refused(kind: int) -> None:
    log = WrittenLog()
    log.control(kind, name(1, "stream"), [])
    assert broken(log)[0] == "E-PARSE"


OTHERS = (ControlKind.ANCHOR, ControlKind.REDACT, ControlKind.INCIDENT)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_control_record_of_a_kind_that_exists_passes(kind: ControlKind) -> None:
    log = WrittenLog()
    log.control(kind, name(1, "stream"), ["begin", 1, None])
    verified(log)


def test_a_control_record_that_is_withheld_is_refused() -> None:
    log = WrittenLog()
    log.access_key(1)
    bare = EntryVerification(LOG_ID)
    bare.feed(*log.shown()[0])
    with pytest.raises(LogBroken, match=r"E-PARSE at position 1.*found a control record withheld"):
        bare.feed(log.entries[1])
    rows = RowVerification(LOG_ID)
    rows.feed(log.rows[0])
    with pytest.raises(LogBroken, match=r"E-PARSE at position 1.*found a control record withheld"):
        rows.feed(log.rows[1]._replace(record=None, entry=log.entries[1]))
    assert rows.size == bare.size == 1
    bare.feed(*log.shown()[1])
    rows.feed(log.rows[1])


def with_two_subjects() -> WrittenLog:
    log = WrittenLog()
    for number in (1, 2):
        log.key(name(number, "key"), name(number, "subject"))
        log.access_key(number)
        log.access(number)
    return log


def test_a_second_access_log_of_one_subject_is_found() -> None:
    log = with_two_subjects()
    log.event(name(3, "hidden access log"), name(1, "access key"), 0x06)
    assert broken(log) == ("E-MAP", "a second")


def test_a_second_access_log_under_the_key_of_the_next_year_is_found() -> None:
    log = with_two_subjects()
    log.key(name(1, "next key"), name(1, "subject"), purpose=2, epoch=2027)
    log.access(1, name(1, "next key"))
    verified(log)
    log.event(name(3, "hidden access log"), name(1, "next key"), 0x06)
    assert broken(log) == ("E-MAP", "a second")


def test_two_subjects_cannot_share_an_access_log() -> None:
    log = with_two_subjects()
    log.event(name(1, "access log"), name(2, "access key"), 0x06)
    assert broken(log) == ("E-MAP", "a second")
    third = with_two_subjects()
    third.access_key(3)
    third.event(name(1, "access log"), name(3, "access key"), 0x06)
    assert broken(third) == ("E-MAP", "another stream")


def test_an_access_log_holds_nothing_else() -> None:
    log = with_two_subjects()
    log.event(name(1, "access log"), name(1, "key"))
    assert broken(log)[0] == "E-MAP"
    control = with_two_subjects()
    control.control(ControlKind.INCIDENT, name(1, "access log"), [])
    assert broken(control)[0] == "E-MAP"


def test_a_stream_with_other_entries_does_not_become_an_access_log() -> None:
    log = with_two_subjects()
    log.access_key(3)
    log.key(name(3, "key"), name(3, "subject"))
    log.event(name(3, "access log"), name(3, "key"))
    log.access(3)
    assert broken(log) == ("E-MAP", "another stream")


def test_an_entry_of_an_access_log_under_a_key_of_another_purpose_is_found() -> None:
    log = with_two_subjects()
    log.event(name(1, "stream"), name(1, "key"), 0x06)
    assert broken(log)[0] == "E-BIND"


def test_older_entries_of_an_access_log_may_be_events() -> None:
    log = with_two_subjects()
    log.access(1, kind=0x01)
    verified(log)


@pytest.mark.parametrize(
    "bent",
    [
        {"epoch": 1},
        {"epoch": 3},
        {"epoch": 2**63 - 1},
        {"log_size": 2},
        {"log_size": 1_000},
        {"map_size": 1},
        {"map_size": 3},
        {"map_root": map_root([])},
        {"map_root": bytes(32)},
    ],
    ids=repr,
)
def test_the_head_of_a_map_that_is_not_true_is_found(bent: dict[str, Any]) -> None:
    log = with_two_subjects()
    log.map_head()
    log.access(1)
    log.map_head(**bent)
    assert broken(log)[0] == "E-MAP"


def test_a_map_that_leaves_out_the_newest_entry_of_an_access_log_is_found() -> None:
    log = with_two_subjects()
    stale = map_root(log.labels(log.size))
    log.access(1)
    log.map_head(map_root=stale)
    assert broken(log)[0] == "E-MAP"


def test_a_map_that_leaves_out_a_subject_is_found() -> None:
    log = with_two_subjects()
    fewer = log.labels(log.size)[:1]
    log.map_head(map_size=1, map_root=map_root(fewer))
    assert broken(log) == ("E-MAP", "1")


def test_the_head_of_a_map_covers_what_stood_below_its_size_and_nothing_later() -> None:
    log = with_two_subjects()
    size = log.size
    log.access(2)
    log.access_key(3)
    log.access(3)
    log.access(2)
    log.map_head(size)
    log.map_head(size + 1)
    log.map_head(size + 1)
    verified(log)
    log.map_head(size)
    assert broken(log)[0] == "E-MAP"


def test_an_empty_map_is_the_root_of_the_empty_tree() -> None:
    log = WrittenLog()
    log.map_head(0)
    log.map_head(1)
    log.access_key(1)
    log.access(1)
    log.map_head(2)
    verified(log)


def test_the_head_of_a_map_must_not_lie_too_far_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "MAP_REACH", 10)
    log = with_two_subjects()
    for _ in range(20):
        log.access(1)
    log.map_head(log.size - 10)
    news = verified(log).news()
    assert [change.position for change in news.changes] == list(range(log.size - 11, log.size - 1))
    log.map_head(log.size - 11)
    assert broken(log)[0] == "E-MAP"


def test_a_map_is_right_although_what_changed_since_the_last_one_was_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle, "MAP_REACH", 10)
    log = with_two_subjects()
    log.map_head()
    log.access(2)
    for _ in range(20):
        log.access(1)
    log.map_head()
    verified(log)


def test_a_head_of_a_map_that_is_refused_bends_no_later_one() -> None:
    good, bad = with_two_subjects(), with_two_subjects()
    for log in (good, bad):
        log.map_head()
        log.access(1)
        log.access(2)
    good.map_head(good.size - 1)
    bad.map_head(map_root=bytes(32))
    good.access(1)
    good.map_head()
    verification = RowVerification(LOG_ID)
    with pytest.raises(LogBroken, match="E-MAP"):
        verification.extend(bad.rows)
    verification.extend(good.rows[verification.size :])
    assert verification.size == good.size


def test_what_is_refused_is_not_learnt() -> None:
    log = with_two_subjects()
    log.map_head()
    good = log.size
    log.access(1)
    log.map_head(epoch=7)
    verification = RowVerification(LOG_ID)
    verification.extend(log.rows[:good])
    before = verification.news()
    forged = log.rows[good]._replace(version=9)
    with pytest.raises(LogBroken):
        verification.feed(forged)
    assert verification.news() == before
    verification.feed(log.rows[good])
    with pytest.raises(LogBroken, match=r"E-MAP .*expected epoch 2, found epoch 7"):
        verification.feed(log.rows[good + 1])
    assert verification.news().logged_map == before.logged_map
    assert verification.size == good + 1
