"""Caseload: which cases each practitioner cares for. Pseudonymous columns only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.confidentiality import FRAME, KeyPurpose
from domain.events.case import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseTeamJoined,
    CaseTeamLeft,
    CaseTransferred,
)
from domain.ports import Recorded
from domain.rows import Table, Under, ViewStore
from projections.projection import Rows
from projections.times import from_ms, to_ms

CARES = Table(
    "cares",
    key=("practitioner_id", "case_id"),
    clear=("since_ms", "caring"),
)
CASES = Table("cases", key=("case_id",), clear=("open",))


@dataclass(frozen=True, slots=True)
class Line:
    """One case on somebody's caseload."""

    case: str
    since: datetime
    open: bool


class CaseloadProjection:
    """How events change caseloads."""

    name = "caseload-1"
    tables = (CARES, CASES)
    purposes = frozenset({KeyPurpose.RELATIONSHIP})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        match recorded.event:
            case CaseOpened() as event:
                self._case(recorded, rows, event.case, is_open=True)
                self._care(recorded, rows, event.therapist, event.case, caring=True)
            case CaseTeamJoined() as event:
                self._care(recorded, rows, event.practitioner, event.case, caring=True)
            case CaseTeamLeft() as event:
                self._care(recorded, rows, event.practitioner, event.case, caring=False)
            case CaseTransferred() as event:
                self._care(recorded, rows, event.previous, event.case, caring=False)
                self._care(recorded, rows, event.therapist, event.case, caring=True)
            case CaseClosed() as event:
                self._case(recorded, rows, event.case, is_open=False)
            case CaseReopened() as event:
                self._case(recorded, rows, event.case, is_open=True)
            case _:
                pass

    @staticmethod
    def _care(
        recorded: Recorded, rows: Rows, practitioner: str, case_id: str, *, caring: bool
    ) -> None:
        key = (practitioner, case_id)
        found = rows.get(CARES, key)
        # Whoever comes back to a case cares for it since then.
        stayed = found is not None and found[0]["caring"]
        since = found[0]["since_ms"] if found and stayed else to_ms(recorded.recorded_at)
        clear = {"since_ms": since, "caring": int(caring)}
        rows.put(CARES, key, clear, {}, _under(recorded), recorded.position)

    @staticmethod
    def _case(recorded: Recorded, rows: Rows, case_id: str, *, is_open: bool) -> None:
        clear = {"open": int(is_open)}
        rows.put(CASES, (case_id,), clear, {}, _under(recorded), recorded.position)


def _under(recorded: Recorded) -> Under:
    return Under(recorded.owner, FRAME, recorded.recorded_at)


class Caseload:
    """The queries of the caseload."""

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def of(self, practitioner_id: str) -> list[Line]:
        """The cases that somebody cares for now; their clients stand in each case's frame."""
        rows = self._store.select(
            CARES, {"practitioner_id": practitioner_id, "caring": 1}, limit=_MOST
        )
        lines = []
        for row in rows:
            since, _ = row.clear
            case_id = str(row.key[1])
            case_row = self._store.load(CASES, (case_id,))
            is_open = bool(case_row.clear[0]) if case_row else True
            lines.append(Line(case_id, from_ms(int(since or 0)), is_open))
        return lines


_MOST = 100_000
