"""What the items of the work say together: goals and their attainment, methods, skills, the trace.

Pure functions of items that a recorded look has opened; words in them stay closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.goal import summary_score
from domain.rows import Content
from projections.chart.rows import ChartItem

_ANEW = frozenset({"revised", "replanned", "changed"})
"""Steps that say anew what the item says: what they leave out stays as it was."""


def as_it_stands(item: ChartItem) -> Content:
    """What an item says now: how it began, and what was said anew since."""
    found: Content = dict(item.content["begun"])
    for each in item.content["steps"]:
        if each["step"] in _ANEW:
            found.update({name: said for name, said in each["said"].items() if name != "reason"})
    return found


def steps(item: ChartItem, *named: str) -> list[Content]:
    """What was said in the steps of these names, in the order in which it happened."""
    found = [each["said"] for each in item.content["steps"] if each["step"] in named]
    return sorted(found, key=lambda said: said.get("occurred_at", ""))


@dataclass(frozen=True, slots=True)
class Attained:
    """How far a goal has come: the first rating, the newest, and the way between."""

    first: int | None
    newest: int | None
    change: int | None
    ratings: int


def attained(goal: ChartItem) -> Attained:
    """The ratings of a goal, by when they were made."""
    found = [said["attainment"] for said in steps(goal, "progress-rated")]
    if not found:
        return Attained(None, None, None, 0)
    return Attained(found[0], found[-1], found[-1] - found[0], len(found))


def summary(goals: Iterable[ChartItem]) -> float | None:
    """The T score of the newest ratings of all goals that were not dropped."""
    kept = (attained(each).newest for each in goals if each.content["status"] != "dropped")
    score = summary_score([each for each in kept if each is not None])
    return None if score is None else round(score, 1)


@dataclass(frozen=True, slots=True)
class Used:
    """How much a method was used, and how it was last found to fit."""

    times: int
    share: float
    fit: str | None


def mix(methods: Sequence[ChartItem]) -> dict[str, Used]:
    """The method mix of a case: each method's share of all uses, by the method's id."""
    times = {each.id: len(steps(each, "used")) for each in methods}
    total = sum(times.values())
    return {
        each.id: Used(
            times[each.id],
            round(times[each.id] / total, 3) if total else 0.0,
            next((said["fit"] for said in reversed(steps(each, "reviewed"))), None),
        )
        for each in methods
    }


@dataclass(frozen=True, slots=True)
class Level:
    """A skill at the start and now, and how often it was practised since."""

    baseline: int
    now: int
    practised: int


def level(skill: ChartItem) -> Level:
    """A line of the skills profile."""
    baseline = skill.content["begun"]["level"]
    again = steps(skill, "reassessed")
    return Level(
        baseline, again[-1]["level"] if again else baseline, len(steps(skill, "practised"))
    )


def next_review(plan: ChartItem) -> str | None:
    """The day on which a plan is to be reviewed next; a review that names none ends the series."""
    found: str | None = plan.content["begun"].get("review_on")
    for each in plan.content["steps"]:
        if each["step"] == "review-held":
            found = each["said"].get("review_on")
        elif "review_on" in each["said"]:
            found = each["said"]["review_on"]
    return None if plan.content["status"] == "ended" else found


_UNDER_WAY = {
    "plan": ("drafted", "agreed"),
    "goal": ("set",),
    "work_area": ("open",),
    "homework": ("set",),
    "referral": ("made", "accepted"),
    "transfer": ("proposed",),
    "adverse_event": ("reported",),
}


def unfinished(items: Iterable[ChartItem]) -> list[ChartItem]:
    """What of the work is still under way."""
    return [each for each in items if each.content.get("status") in _UNDER_WAY.get(each.kind, ())]
