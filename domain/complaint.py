"""A complaint (*skarga*): State, evolve, decisions.

It is handled by the compliance officer and by nobody whom it is about.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.complaint import (
    ComplaintDeadlineExtended,
    ComplaintEvent,
    ComplaintExamined,
    ComplaintFiled,
    ComplaintOutcome,
    ComplaintResolved,
)
from domain.values import CaseId, ClientId, ItemId, PractitionerId
from domain.wording import texts_of, worded


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint as later decisions need to know it; its words are not among that."""

    id: ItemId
    client: ClientId
    about: PractitionerId | None
    about_case: CaseId | None
    answer_by: date
    outcome: ComplaintOutcome | None = None


def evolve(state: Complaint | None, event: object) -> Complaint | None:
    """The state after the event."""
    match event:
        case ComplaintFiled():
            return Complaint(
                event.complaint, event.client, event.about, event.about_case, event.answer_by
            )
        case ComplaintDeadlineExtended() if state is not None:
            return replace(state, answer_by=event.answer_by)
        case ComplaintResolved() if state is not None:
            return replace(state, outcome=event.outcome)
        case _:
            return state


def fold(events: Iterable[object]) -> Complaint | None:
    """The complaint's state from its events."""
    state: Complaint | None = None
    for event in events:
        state = evolve(state, event)
    return state


def file(
    state: Complaint | None, said: ComplaintFiled, *, now: datetime
) -> tuple[ComplaintEvent, ...]:
    """Take a complaint in.

    Raises:
        Invalid: It would have to be answered before it came, or says nothing.
        InTheFuture: It is said to have come later than now.
    """
    if state is not None:
        return ()
    if said.answer_by < said.occurred_at.date():
        raise Invalid("answer_by", "lies before the complaint")
    return _said(said, now)


def handle(
    state: Complaint,
    said: ComplaintExamined | ComplaintDeadlineExtended | ComplaintResolved,
    *,
    now: datetime,
) -> tuple[ComplaintEvent, ...]:
    """Examine it, extend its deadline, or answer it; it is answered once.

    Raises:
        Invalid: The deadline would not move to a later day, or a text says nothing.
        InTheFuture: It is said to have happened later than now.
        WrongState: It has been answered.
    """
    if state.outcome is not None:
        if isinstance(said, ComplaintResolved) and said.outcome is state.outcome:
            return ()
        raise WrongState("The complaint has been answered")
    if isinstance(said, ComplaintDeadlineExtended):
        if said.answer_by == state.answer_by:
            return ()
        if said.answer_by < state.answer_by:
            raise Invalid("answer_by", "lies before the present deadline")
    return _said(said, now)


def _said(said: ComplaintEvent, now: datetime) -> tuple[ComplaintEvent, ...]:
    for text in texts_of(said):
        worded(text)
    if getattr(said, "occurred_at", now) > now:
        raise InTheFuture("occurred_at")
    return (said,)
