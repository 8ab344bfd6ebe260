"""The chart's items of the work: plans, goals, methods, what others do, endings, adverse events.

A row holds how the item began, where it stands, and every step since: its history is all there.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from domain import (
    adverse_event,
    ending,
    goal,
    homework,
    method,
    plan,
    referral,
    shared_care,
    skill,
    transfer,
    work_area,
)
from domain.lifecycle import Lifecycle
from domain.ports import Recorded
from domain.rows import Content
from projections.chart.facts import facts
from projections.chart.rows import begin, change
from projections.projection import Rows
from projections.times import from_ms, to_ms

LIVES: dict[str, Lifecycle] = {
    "plan": plan.LIFE,
    "goal": goal.LIFE,
    "method": method.LIFE,
    "work_area": work_area.LIFE,
    "homework": homework.LIFE,
    "skill": skill.LIFE,
    "referral": referral.LIFE,
    "consultation": shared_care.CONSULTATION,
    "conference": shared_care.CONFERENCE,
    "pharmacotherapy": shared_care.PHARMACOTHERAPY,
    "co_treater": shared_care.CO_TREATER,
    "termination": ending.TERMINATION,
    "discharge": ending.DISCHARGE,
    "transfer": transfer.LIFE,
    "follow_up": ending.FOLLOW_UP,
    "adverse_event": adverse_event.LIFE,
}
"""The kinds of items, and what each goes through."""
_KINDS = {
    event: (kind, life) for kind, life in LIVES.items() for event in (life.begins, *life.steps)
}


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let an event begin an item, or take it a step on."""
    event: Any = recorded.event
    found = _KINDS.get(type(event))
    if found is None:
        return
    kind, life = found
    item = getattr(event, fields(event)[0].name)
    if isinstance(event, life.begins):
        content: Content = {"status": life.first, "begun": facts(event), "steps": []}
        begin(recorded, rows, event.case, item, kind, content)
    else:
        to = life.steps[type(event)].to
        change(recorded, rows, event.case, item, lambda content: _step(content, recorded, to))


def _step(content: Content, recorded: Recorded, to: str | None) -> None:
    content["status"] = to or content["status"]
    content["steps"].append(step_of(recorded))


def step_of(recorded: Recorded) -> Content:
    """A step as a row holds it: what was done, by whom, when it was recorded, and what it said."""
    event: Any = recorded.event
    return {
        "step": event.NAME.partition(".")[2].replace("_", "-"),
        "by": recorded.who.actor.id,
        "recorded_at": from_ms(to_ms(recorded.recorded_at)).isoformat(),
        "said": facts(event),
    }
