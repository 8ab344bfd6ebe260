"""Incidents: written down once, seen by every process, and settled on purpose."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import IntegrityIncident
from infrastructure.errors import Broken
from infrastructure.guard.incidents import MOST_FROZEN, Incidents, Scope

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STREAM = bytes(range(16))
HEX = STREAM.hex()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "incidents"


def test_a_bad_record_freezes_its_stream_and_no_other(path: Path) -> None:
    incidents = Incidents(path)
    found, new = incidents.report("E-AEAD", stream=STREAM, position=7, now=NOW)
    assert (found.number, found.scope, found.stream, new) == (1, Scope.STREAM, HEX, True)
    incidents.must_accept(["another"])
    with pytest.raises(IntegrityIncident) as caught:
        incidents.must_accept(["another", HEX])
    assert caught.value.number == 1
    assert incidents.halted() is None


@pytest.mark.parametrize("code", ["E-ROOT", "E-ROLLBACK", "E-FORK", "E-AUTH", "E-GAP", "E-CHAIN"])
def test_a_broken_log_makes_everything_read_only(path: Path, code: str) -> None:
    incidents = Incidents(path)
    incidents.report(code, stream=STREAM, position=7, now=NOW)
    with pytest.raises(IntegrityIncident):
        incidents.must_accept(["anything"])
    assert incidents.halted() is not None


def test_another_process_sees_it_at_once_and_a_restart_forgets_nothing(path: Path) -> None:
    here, there = Incidents(path), Incidents(path)
    there.must_accept([HEX])
    here.report("E-LEAF", stream=STREAM, position=7, now=NOW)
    with pytest.raises(IntegrityIncident):
        there.must_accept([HEX])
    assert Incidents(path).open() == here.open()


def test_the_same_finding_is_one_incident(path: Path) -> None:
    incidents = Incidents(path)
    first, _ = incidents.report("E-LEAF", stream=STREAM, position=7, now=NOW)
    again, new = Incidents(path).report("E-AEAD", stream=STREAM, position=9, now=NOW)
    assert (again, new) == (first, False)
    assert len(incidents.all()) == 1


def test_numbers_of_two_processes_never_meet(path: Path) -> None:
    here, there = Incidents(path), Incidents(path)
    for number in range(10):
        each = here if number % 2 else there
        each.report("E-LEAF", stream=bytes([number]) * 16, position=number, now=NOW)
    assert [each.number for each in here.all()] == list(range(1, 11))


def test_a_settled_incident_stops_nothing_and_stays_on_the_list(path: Path) -> None:
    incidents = Incidents(path)
    incidents.report("E-LEAF", stream=STREAM, position=7, now=NOW)
    incidents.settle(1, NOW)
    incidents.must_accept([HEX])
    assert [each.settled for each in incidents.all()] == [NOW.isoformat()]
    with pytest.raises(KeyError):
        incidents.settle(1, NOW)
    _, new = incidents.report("E-LEAF", stream=STREAM, position=7, now=NOW)
    assert new


def test_too_many_frozen_streams_stop_the_whole_record(path: Path) -> None:
    incidents = Incidents(path)
    for number in range(MOST_FROZEN):
        stream = number.to_bytes(16, "big")
        incidents.report("E-LEAF", stream=stream, position=number, now=NOW)
    found, _ = incidents.report("E-LEAF", stream=STREAM, position=MOST_FROZEN, now=NOW)
    assert found.scope is Scope.LOG


def test_a_line_torn_by_a_crash_is_written_over(path: Path) -> None:
    Incidents(path).report("E-LEAF", stream=STREAM, position=7, now=NOW)
    with path.open("ab") as file:
        file.write(b'{"incident":2,"at":"20')
    incidents = Incidents(path)
    assert len(incidents.all()) == 1
    incidents.report("E-LEAF", stream=bytes(16), position=8, now=NOW)
    assert [each.number for each in Incidents(path).all()] == [1, 2]


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"nonsense",
        b"[]",
        b'{"incident":5,"at":"x","code":"E-LEAF","scope":"log","position":1,"stream":null}',
        b'{"incident":1,"at":"x","code":"E-NONE","scope":"log","position":1,"stream":null}',
        b'{"settled":3,"at":"x"}',
    ],
)
def test_an_altered_list_is_refused_and_not_taken_for_empty(path: Path, line: bytes) -> None:
    path.write_bytes(line + b"\n")
    with pytest.raises(Broken, match="E-PARSE"):
        Incidents(path)
