"""The chart's items of risk: tasks, assessments, safety plans, crises, safeguarding; answer sheets.

A row holds how the item began and every step since, as the rows of the work do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from domain.events.measure import AnswerSheetKept
from domain.events.risk import (
    RiskAssessed,
    RiskDeteriorationDetected,
    RiskDeteriorationReviewed,
    RiskTaskOpened,
    RiskTaskSettled,
)
from domain.events.safeguarding import (
    SafeguardingClosed,
    SafeguardingRaised,
    SafeguardingReported,
)
from domain.events.safety import (
    CrisisFlagged,
    CrisisResolved,
    SafetyPlanAgreed,
    SafetyPlanRevised,
)
from domain.ports import Recorded
from domain.rows import Content
from projections.chart.facts import facts
from projections.chart.rows import ITEMS, ChartItem, begin, change
from projections.chart.work import step_of
from projections.projection import Rows

TASK, DETERIORATION = "risk-task", "deterioration"
ASSESSMENT, PLAN, CRISIS = "risk-assessment", "safety-plan", "crisis"
SAFEGUARDING, SHEET = "safeguarding", "answer-sheet"
OPEN = "open"

_STATUS: dict[type, tuple[str, str]] = {
    RiskTaskOpened: (TASK, OPEN),
    RiskTaskSettled: (TASK, "settled"),
    RiskDeteriorationDetected: (DETERIORATION, OPEN),
    RiskDeteriorationReviewed: (DETERIORATION, "reviewed"),
    RiskAssessed: (ASSESSMENT, "assessed"),
    SafetyPlanAgreed: (PLAN, "agreed"),
    SafetyPlanRevised: (PLAN, "revised"),
    CrisisFlagged: (CRISIS, OPEN),
    CrisisResolved: (CRISIS, "resolved"),
    SafeguardingRaised: (SAFEGUARDING, OPEN),
    SafeguardingReported: (SAFEGUARDING, "reported"),
    SafeguardingClosed: (SAFEGUARDING, "closed"),
    AnswerSheetKept: (SHEET, "kept"),
}

_BEGIN = (
    RiskTaskOpened,
    RiskDeteriorationDetected,
    RiskAssessed,
    SafetyPlanAgreed,
    CrisisFlagged,
    SafeguardingRaised,
    AnswerSheetKept,
)


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let one event begin an item of risk, or take it a step on."""
    event: Any = recorded.event
    found = _STATUS.get(type(event))
    if found is None:
        return
    kind, status = found
    item = getattr(event, fields(event)[0].name)
    if type(event) in _BEGIN and rows.get(ITEMS, (event.case, item)) is None:
        content: Content = {"status": status, "begun": facts(event), "steps": []}
        begin(recorded, rows, event.case, item, kind, content)
    else:
        change(recorded, rows, event.case, item, lambda content: _step(content, recorded, status))


def current(item: ChartItem) -> Content:
    """What an item says now: what was said last where it is said anew, else how it began."""
    begun: Content = item.content["begun"]
    if item.kind not in (ASSESSMENT, PLAN):
        return begun
    steps = item.content["steps"]
    found: Content = steps[-1]["said"] if steps else begun
    return found


def is_open(item: ChartItem) -> bool:
    """Whether somebody still has to do something about it."""
    return item.content["status"] in (OPEN, "reported")


def newest(items: Iterable[ChartItem], kind: str) -> ChartItem | None:
    """The item of a kind that was changed last."""
    found = [each for each in items if each.kind == kind]
    return max(found, key=lambda each: (each.changed_at, each.id), default=None)


def _step(content: Content, recorded: Recorded, status: str) -> None:
    content["status"] = status
    content["steps"].append(step_of(recorded))
