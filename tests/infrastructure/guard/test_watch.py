"""The guard: what is found is written down once, evidence is kept once, and nothing gets worse."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import IntegrityIncident, RecordUnavailable
from infrastructure.control import incident_line
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder
from infrastructure.guard.incidents import MOST_FROZEN, Incidents, Scope
from infrastructure.guard.watch import Guard
from infrastructure.ledger.errors import RangeRefused
from infrastructure.stores.contract import Outcome, Submission
from tests.infrastructure.conftest import Hands
from tests.support import ink

STREAM = bytes(range(16))


def guard_with(path: Path, commit: Callable[[Submission], Outcome]) -> Guard:
    return Guard(Incidents(path / "incidents"), path, bytes(16), commit, Hands())


def test_one_incident_under_each_code_is_enough_for_a_record_that_is_read_only(
    folder: OpenFolder,
) -> None:
    for position in range(50):
        folder.guard.report("E-AUTH", stream=STREAM, position=position)
        folder.guard.report("E-CHAIN", stream=None, position=position)
    assert [each.code for each in folder.guard.incidents.all()] == ["E-AUTH", "E-CHAIN"]
    assert [each.name for each in (folder.layout.folder / "evidence").iterdir()] == ["1"]


def test_a_log_with_too_many_frozen_streams_is_told_of_once(tmp_path: Path) -> None:
    incidents = Incidents(tmp_path / "incidents")
    for number in range(3 * MOST_FROZEN):
        incidents.report("E-LEAF", stream=number.to_bytes(16, "big"), position=number, now=ink.NOW)
    assert len(incidents.all()) == MOST_FROZEN + 1
    assert incidents.all()[-1].scope is Scope.LOG
    known, new = incidents.report("E-AEAD", stream=bytes(16), position=0, now=ink.NOW)
    assert (known.number, new) == (1, False)


def test_nothing_is_entered_in_a_log_that_is_broken(folder: OpenFolder) -> None:
    folder.guard.report("E-ROOT", stream=None, position=3)
    before = folder.store.standing()
    found = folder.guard.report("E-LEAF", stream=STREAM, position=9)
    assert found.scope is Scope.STREAM
    line = incident_line(folder.vault.log_id, 9, "E-LEAF", None, None)
    with pytest.raises(IntegrityIncident, match="Incident 1"):
        folder.guard.enter(Submission((line,)))
    assert folder.store.standing() == before


def test_nothing_is_entered_in_a_stream_that_is_frozen(folder: OpenFolder) -> None:
    line = incident_line(folder.vault.log_id, 9, "E-LEAF", None, None)
    folder.guard.report("E-LEAF", stream=line.stream_id, position=3)
    size = folder.store.standing().size
    with pytest.raises(IntegrityIncident):
        folder.guard.enter(Submission((line,)))
    folder.guard.report("E-LEAF", stream=STREAM, position=9)
    assert folder.store.standing().size == size
    assert len(folder.guard.incidents.all()) == 2


@pytest.mark.parametrize(
    "error", [RecordUnavailable(), Broken("E-ROOT", "a log without its head"), RangeRefused("x")]
)
def test_an_incident_that_cannot_be_entered_is_written_down_all_the_same(
    tmp_path: Path, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Submission) -> Outcome:
        raise error

    guard = guard_with(tmp_path, refuse)
    with caplog.at_level(logging.CRITICAL):
        guard.report("E-LEAF", stream=STREAM, position=9)
    assert "incident 1 could not be entered" in caplog.text
    assert guard.incidents.frozen(STREAM.hex()) == 1


def test_evidence_that_cannot_be_kept_does_not_hide_the_incident(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Submission) -> Outcome:
        raise RecordUnavailable

    (tmp_path / "evidence").write_text("a file where the folder should be")
    guard = guard_with(tmp_path, refuse)
    with caplog.at_level(logging.CRITICAL):
        guard.report("E-ROOT", stream=None, position=9)
    assert "evidence of incident 1 is not complete" in caplog.text
    assert guard.incidents.halted() is not None
