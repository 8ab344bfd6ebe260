"""Safety plans and crises: State, evolve, decisions.

Source:
    The plan's steps are those of Stanley & Brown (2012), Cogn Behav Pract 19, 256-264, in words of
    our own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.safety import (
    CrisisFlagged,
    CrisisResolved,
    SafetyEvent,
    SafetyPlanAgreed,
    SafetyPlanRevised,
)
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section
from domain.wording import worded, worded_sections

STEPS = (
    "warning-signs",
    "own-coping",
    "people-and-places",
    "people-to-ask",
    "professionals-and-emergency-numbers",
    "safe-surroundings",
    "reasons-to-live",
)
"""The steps in the order in which they are gone through; the last one is beside the plan."""
NEEDED = ("warning-signs", "professionals-and-emergency-numbers")
"""Without these nobody could tell when to use it, or whom to call."""


@dataclass(frozen=True, slots=True)
class SafetyPlan:
    """A plan as it stands; its words are not among what later decisions need."""

    id: ItemId
    case: CaseId
    last: SafetyPlanAgreed | SafetyPlanRevised


@dataclass(frozen=True, slots=True)
class Crisis:
    """A crisis, over or not."""

    id: ItemId
    case: CaseId
    flagged_at: datetime
    resolved: bool = False


def evolve(state: SafetyPlan | None, event: object) -> SafetyPlan | None:
    """The plan's state after the event."""
    match event:
        case SafetyPlanAgreed():
            return SafetyPlan(event.plan, event.case, event)
        case SafetyPlanRevised() if state is not None:
            return replace(state, last=event)
        case _:
            return state


def fold(events: Iterable[object]) -> SafetyPlan | None:
    """A plan's state from its events."""
    state: SafetyPlan | None = None
    for event in events:
        state = evolve(state, event)
    return state


def evolve_crisis(state: Crisis | None, event: object) -> Crisis | None:
    """The crisis' state after the event."""
    match event:
        case CrisisFlagged():
            return Crisis(event.crisis, event.case, event.occurred_at)
        case CrisisResolved() if state is not None:
            return replace(state, resolved=True)
        case _:
            return state


def fold_crisis(events: Iterable[object]) -> Crisis | None:
    """A crisis' state from its events."""
    state: Crisis | None = None
    for event in events:
        state = evolve_crisis(state, event)
    return state


def agree(
    state: SafetyPlan | None,
    plan: ItemId,
    case: CaseId,
    steps: Iterable[Section],
    *,
    author: PractitionerId,
    occurred_at: datetime,
    now: datetime,
) -> tuple[SafetyEvent, ...]:
    """Write down what was agreed on.

    Raises:
        Invalid: A step is unknown, or one without which it is no plan is missing.
        InTheFuture: It would have been agreed on later than now.
    """
    if state is not None:
        return ()
    agreed = SafetyPlanAgreed(
        plan=plan,
        case=case,
        author=author,
        occurred_at=_past(occurred_at, now),
        sections=_steps(steps),
    )
    return (agreed,)


def revise(
    state: SafetyPlan,
    steps: Iterable[Section],
    *,
    author: PractitionerId,
    occurred_at: datetime,
    now: datetime,
) -> tuple[SafetyEvent, ...]:
    """Write down what it says now; what it says already, said at the same time, changes nothing.

    Raises:
        Invalid: As ``agree`` does; or it was gone through before it was last written.
        InTheFuture: As ``agree`` does.
    """
    if _past(occurred_at, now) < state.last.occurred_at:
        raise Invalid("occurred_at", "lies before what the plan says already")
    found = _steps(steps)
    if (occurred_at, found) == (state.last.occurred_at, state.last.sections):
        return ()
    revised = SafetyPlanRevised(
        plan=state.id, case=state.case, author=author, occurred_at=occurred_at, sections=found
    )
    return (revised,)


def flag(
    state: Crisis | None,
    crisis: ItemId,
    case: CaseId,
    words: FreeText,
    *,
    author: PractitionerId,
    occurred_at: datetime,
    now: datetime,
) -> tuple[SafetyEvent, ...]:
    """Say that the client is in a crisis.

    Raises:
        Invalid: It says nothing.
        InTheFuture: It would have begun later than now.
    """
    if state is not None:
        return ()
    flagged = CrisisFlagged(
        crisis=crisis,
        case=case,
        author=author,
        occurred_at=_past(occurred_at, now),
        words=worded(words),
    )
    return (flagged,)


def resolve(
    state: Crisis,
    words: FreeText,
    *,
    author: PractitionerId,
    occurred_at: datetime,
    now: datetime,
) -> tuple[SafetyEvent, ...]:
    """Say that the crisis is over; saying it twice changes nothing.

    Raises:
        WrongState: It would have been over before it began.
        Invalid, InTheFuture: As ``flag`` does.
    """
    if state.resolved:
        return ()
    if _past(occurred_at, now) < state.flagged_at:
        raise WrongState("The crisis cannot be over before it began")
    resolved = CrisisResolved(
        crisis=state.id,
        case=state.case,
        author=author,
        occurred_at=occurred_at,
        words=worded(words),
    )
    return (resolved,)


def _steps(steps: Iterable[Section]) -> tuple[Section, ...]:
    found = worded_sections(steps, STEPS)
    if not {each.code for each in found} >= set(NEEDED):
        raise Invalid("sections", f"must have {' and '.join(NEEDED)}")
    return found


def _past(occurred_at: datetime, now: datetime) -> datetime:
    if occurred_at > now:
        raise InTheFuture("occurred_at")
    return occurred_at
