"""Supervision: State, evolve, decisions. What was arranged and held; marks; advice."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.supervision import (
    SupervisionAdviceRecorded,
    SupervisionArranged,
    SupervisionCaseBrought,
    SupervisionCaseMarked,
    SupervisionEnded,
    SupervisionEvent,
    SupervisionForm,
    SupervisionHeld,
)
from domain.values import CaseId, ItemId, PractitionerId
from domain.wording import worded

_MOST_SUPERVISEES = 30
_MOST_MINUTES = 12 * 60
_MOST_PACKS = 20


@dataclass(frozen=True, slots=True)
class Supervision:
    """A supervision as it was arranged."""

    arranged: SupervisionArranged
    meetings: frozenset[ItemId] = frozenset()
    ended: date | None = None

    @property
    def id(self) -> ItemId:
        """Its id."""
        return self.arranged.supervision

    @property
    def supervisor(self) -> PractitionerId | None:
        """The supervisor, if she works here."""
        return self.arranged.supervisor

    @property
    def supervisees(self) -> tuple[PractitionerId, ...]:
        """Who is supervised."""
        return self.arranged.supervisees

    @property
    def open(self) -> bool:
        """Whether they still meet."""
        return self.ended is None

    def has(self, practitioner: PractitionerId) -> bool:
        """Whether somebody takes part, as supervisee or supervisor."""
        return practitioner == self.supervisor or practitioner in self.supervisees


def evolve(state: Supervision | None, event: object) -> Supervision | None:
    """The state after the event; events of other aggregates change nothing."""
    match event:
        case SupervisionArranged():
            return Supervision(event)
        case SupervisionHeld() if state is not None:
            return replace(state, meetings=state.meetings | {event.meeting})
        case SupervisionEnded() if state is not None:
            return replace(state, ended=event.on)
        case _:
            return state


def fold(events: Iterable[object]) -> Supervision | None:
    """A supervision's state from its events."""
    state: Supervision | None = None
    for event in events:
        state = evolve(state, event)
    return state


def arrange(
    state: Supervision | None, arranged: SupervisionArranged
) -> tuple[SupervisionEvent, ...]:
    """Arrange supervision, with a colleague who works here or with an outsider, never with both.

    Raises:
        Invalid: It has no supervisor or two; she supervises herself; the form has not so many; or
            whoever arranges it takes no part in it.
    """
    if state is not None:
        return ()
    supervisees, supervisor = arranged.supervisees, arranged.supervisor
    if (supervisor is None) is (arranged.outside is None):
        raise Invalid("supervisor", "is either a colleague or somebody outside")
    if len(set(supervisees)) != len(supervisees) or not supervisees:
        raise Invalid("supervisees", "must be one or more, each once")
    if supervisor in supervisees:
        raise Invalid("supervisor", "cannot supervise herself")
    if len(supervisees) > _MOST_SUPERVISEES or (
        arranged.form is SupervisionForm.INDIVIDUAL and len(supervisees) > 1
    ):
        raise Invalid("supervisees", "are too many for the form")
    if arranged.arranged_by not in (*supervisees, supervisor):
        raise Invalid("supervisees", "must have whoever arranges it among them")
    return (arranged,)


def hold(
    state: Supervision, held: SupervisionHeld, *, now: datetime
) -> tuple[SupervisionEvent, ...]:
    """Record that they met.

    Raises:
        Invalid: In the future, before it was arranged, for no or too long a time, or strangers.
        WrongState: They had stopped meeting by then.
    """
    if held.meeting in state.meetings:
        return ()
    if held.occurred_at > now:
        raise InTheFuture("occurred_at")
    day = held.occurred_at.date()
    if state.ended is not None and day > state.ended:
        raise WrongState("The supervision has ended")
    if day < state.arranged.starts_on:
        raise Invalid("occurred_at", "lies before the supervision began")
    if not 0 < held.minutes <= _MOST_MINUTES:
        raise Invalid("minutes", "are too few or too many")
    present = held.participants
    if (
        not present
        or len(set(present)) != len(present)
        or not set(present) <= set(state.supervisees)
    ):
        raise Invalid("participants", "must be supervisees, each once")
    if len(set(held.packs)) != len(held.packs) or len(held.packs) > _MOST_PACKS:
        raise Invalid("packs", "must be named once each, and be few")
    return (held,)


def end(state: Supervision, on: date, *, today: date) -> tuple[SupervisionEvent, ...]:
    """Record that they meet no longer; ending it again changes nothing."""
    if not state.open:
        return ()
    if on > today:
        raise InTheFuture("on")
    if on < state.arranged.starts_on:
        raise Invalid("on", "lies before the supervision began")
    return (SupervisionEnded(supervision=state.id, on=on),)


def must_go_on(state: Supervision) -> None:
    """Refuse what only a supervision that goes on allows.

    Raises:
        WrongState: It has ended.
    """
    if not state.open:
        raise WrongState("The supervision has ended")


@dataclass(frozen=True, slots=True)
class Mark:
    """A case that is to be brought."""

    id: ItemId
    case: CaseId
    author: PractitionerId
    brought: bool = False


def fold_mark(events: Iterable[object]) -> Mark | None:
    """A mark's state from its events."""
    state: Mark | None = None
    for event in events:
        match event:
            case SupervisionCaseMarked():
                state = Mark(event.mark, event.case, event.author)
            case SupervisionCaseBrought() if state is not None:
                state = replace(state, brought=True)
            case _:
                pass
    return state


def mark(state: Mark | None, marked: SupervisionCaseMarked) -> tuple[SupervisionEvent, ...]:
    """Mark a case to be brought."""
    if state is not None:
        return ()
    return (replace(marked, question=worded(marked.question)),)


def bring(state: Mark) -> tuple[SupervisionEvent, ...]:
    """Record that a marked case was brought."""
    if state.brought:
        return ()
    return (SupervisionCaseBrought(mark=state.id, case=state.case, author=state.author),)


@dataclass(frozen=True, slots=True)
class Advice:
    """Who wrote advice down, about which case, and which colleague may read it, too."""

    id: ItemId
    case: CaseId
    author: PractitionerId
    supervisor: PractitionerId | None


def fold_advice(events: Iterable[object]) -> Advice | None:
    """An advice's state from its events."""
    state: Advice | None = None
    for event in events:
        if isinstance(event, SupervisionAdviceRecorded):
            state = Advice(event.advice, event.case, event.author, event.supervisor)
    return state


def advise(
    state: Advice | None, supervision: Supervision, advised: SupervisionAdviceRecorded
) -> tuple[SupervisionEvent, ...]:
    """Record what was advised, by somebody who takes part; it is for her and the supervisor.

    Raises:
        Invalid: The author takes no part in the supervision.
    """
    if state is not None:
        return ()
    if not supervision.has(advised.author):
        raise Invalid("supervision", "is not one of yours")
    return (replace(advised, supervisor=supervision.supervisor, words=worded(advised.words)),)
