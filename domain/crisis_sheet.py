"""Crisis sheets: issued to somebody for a while, and used while the clinic could not be reached.

State, evolve, decisions. What may be on one is the emergency subset: contacts, diagnosis,
medication, risk, safety plan (architecture, fine print 11).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.errors import InTheFuture, Invalid
from domain.events.crisis_sheet import (
    CrisisSheetEvent,
    CrisisSheetIssued,
    CrisisSheetUsed,
    UseReason,
)
from domain.values import CaseId, FreeText, ItemId, PractitionerId
from domain.wording import worded

LONGEST = timedelta(days=31)
"""A sheet is for weeks, not for years: what it says grows old, and it may be lost."""
MOST_CASES = 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that somebody has taken along."""

    id: ItemId
    holder: PractitionerId
    cases: tuple[CaseId, ...]
    valid_until: datetime
    uses: tuple[tuple[datetime, tuple[CaseId, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """When a sheet was opened, whom it was about, and why."""

    occurred_at: datetime
    cases: tuple[CaseId, ...]
    reason: UseReason
    words: FreeText


def evolve(state: Sheet | None, event: object) -> Sheet | None:
    """The state after the event."""
    match event:
        case CrisisSheetIssued():
            return Sheet(event.sheet, event.holder, event.cases, event.valid_until)
        case CrisisSheetUsed() if state is not None:
            return replace(state, uses=(*state.uses, (event.occurred_at, event.cases)))
        case _:
            return state


def fold(events: Iterable[object]) -> Sheet | None:
    """A sheet's state from its events."""
    state: Sheet | None = None
    for event in events:
        state = evolve(state, event)
    return state


def issue(
    state: Sheet | None,
    sheet: ItemId,
    cases: tuple[CaseId, ...],
    *,
    holder: PractitionerId,
    valid_until: datetime,
    now: datetime,
) -> tuple[CrisisSheetEvent, ...]:
    """Let somebody take a sealed sheet of her cases along.

    Raises:
        Invalid: It has no cases or too many, or would open too long or not at all.
    """
    if state is not None:
        return ()
    if not cases or len(cases) > MOST_CASES or len(set(cases)) != len(cases):
        raise Invalid("cases", f"must be 1 to {MOST_CASES}, each once")
    if not now < valid_until <= now + LONGEST:
        raise Invalid("valid_until", f"must be within {LONGEST.days} days from now")
    return (CrisisSheetIssued(sheet=sheet, holder=holder, cases=cases, valid_until=valid_until),)


def use(
    state: Sheet, used: Use, *, issued_at: datetime, now: datetime
) -> tuple[CrisisSheetEvent, ...]:
    """Write down afterwards that the sheet was opened; one use is written down once.

    Raises:
        Invalid: It was about a case that is not on the sheet, before the sheet was issued or after
            it had expired.
        InTheFuture: It would have been opened later than now.
    """
    if (used.occurred_at, used.cases) in state.uses:
        return ()
    if used.occurred_at > now:
        raise InTheFuture("occurred_at")
    # Whoever writes it down afterwards knows the minute.
    if used.occurred_at < issued_at.replace(second=0, microsecond=0):
        raise Invalid("occurred_at", "lies before the sheet was issued")
    if used.occurred_at > state.valid_until:
        raise Invalid("occurred_at", "lies after the sheet had expired")
    if not used.cases or not set(used.cases) <= set(state.cases):
        raise Invalid("cases", "must be on the sheet")
    if len(set(used.cases)) != len(used.cases):
        raise Invalid("cases", "has one twice")
    recorded = CrisisSheetUsed(
        sheet=state.id,
        holder=state.holder,
        cases=used.cases,
        occurred_at=used.occurred_at,
        reason=used.reason,
        words=worded(used.words),
    )
    return (recorded,)
