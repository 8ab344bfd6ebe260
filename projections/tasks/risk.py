"""What of risk waits for the care team: positive items, deterioration, crises, concerns."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from domain.events.risk import (
    RiskAssessed,
    RiskDeteriorationDetected,
    RiskDeteriorationReviewed,
    RiskTaskOpened,
    RiskTaskSettled,
)
from domain.events.safeguarding import SafeguardingClosed, SafeguardingRaised
from domain.events.safety import CrisisFlagged, CrisisResolved
from domain.ports import Recorded
from domain.risk import GRAVE
from domain.rows import Content
from projections.worklist import TaskKind, Tasks

RISK_KINDS = frozenset(
    {TaskKind.RISK, TaskKind.DETERIORATION, TaskKind.CRISIS, TaskKind.SAFEGUARDING}
)
"""What stands on the risk board."""


def apply(recorded: Recorded, tasks: Tasks) -> None:
    """Let an event open or close what waits."""
    match recorded.event:
        case RiskTaskOpened() as event:
            items = [[each.item, each.towards.value] for each in event.items]
            detail: Content = {
                "instrument": event.instrument,
                "measure": event.measure,
                "items": items,
            }
            if event.unanswered:
                detail["unanswered"] = list(event.unanswered)
            # It may not wait: it is due from the moment at which it is opened.
            due = recorded.recorded_at
            tasks.open(event.case, event.task, TaskKind.RISK, due, detail=detail)
        case RiskDeteriorationDetected() as event:
            detail = {
                "instrument": event.instrument,
                "measure": event.measure,
                "before": event.before,
                "after": event.after,
            }
            tasks.open(event.case, event.task, TaskKind.DETERIORATION, detail=detail)
        case RiskTaskSettled() | RiskDeteriorationReviewed() as event:
            tasks.close(event.case, event.task)
        case RiskAssessed() as event:
            _assessed(event, tasks)
        case CrisisFlagged() as event:
            due = recorded.recorded_at
            tasks.open(event.case, event.crisis, TaskKind.CRISIS, due)
        case CrisisResolved() as event:
            tasks.close(event.case, event.crisis)
        case SafeguardingRaised() as event:
            detail = {"concern": event.concern.value}
            kind = TaskKind.SAFEGUARDING
            tasks.open(event.case, event.safeguarding, kind, recorded.recorded_at, detail=detail)
        case SafeguardingClosed() as event:
            tasks.close(event.case, event.safeguarding)
        case _:
            pass


def _assessed(event: RiskAssessed, tasks: Tasks) -> None:
    """A grave assessment waits for the next one, and so does one that names a day."""
    grave = event.to_self in GRAVE or event.to_others in GRAVE
    if event.review_on is None and not grave:
        tasks.close(event.case, event.assessment)
        return
    detail = {"to_self": event.to_self.value, "to_others": event.to_others.value}
    due = None if event.review_on is None else _day(event.review_on)
    tasks.open(event.case, event.assessment, TaskKind.RISK, due, detail=detail)


def _day(day: date) -> datetime:
    """The first instant of a day."""
    return datetime.combine(day, time(), UTC)
