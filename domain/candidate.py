"""A candidate for a group: screened, accepted or declined, waiting: State, evolve, decisions."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain import group as group_file
from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.group import (
    Acquaintance,
    CandidateEvent,
    GroupAcquaintancesChecked,
    GroupAgreementAccepted,
    GroupCandidateAccepted,
    GroupCandidateDeclined,
    GroupCandidateNamed,
    GroupCandidateScreened,
    GroupCandidateWaitlisted,
    GroupCandidateWithdrew,
    Suitability,
)
from domain.group import Group
from domain.values import CaseId, FreeText, ItemId
from domain.wording import worded

LAST_PLACE = 999


class Standing(StrEnum):
    """Where a candidacy stands; from the last two it goes nowhere."""

    NAMED = "named"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDREW = "withdrew"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What later decisions about a candidate depend on."""

    id: ItemId
    case: CaseId
    group: ItemId
    standing: Standing = Standing.NAMED
    screening: GroupCandidateScreened | None = None
    acquaintances: GroupAcquaintancesChecked | None = None
    place: int | None = None
    terms: int | None = None
    """The version of the group's stream whose agreement she has agreed to."""

    @property
    def settled(self) -> bool:
        """Whether she is a candidate no longer."""
        return self.standing in (Standing.DECLINED, Standing.WITHDREW)


def evolve(state: Candidate | None, event: object) -> Candidate | None:
    """The state after the event."""
    if state is None:
        if isinstance(event, GroupCandidateNamed):
            return Candidate(event.candidate, event.case, event.group)
        return None
    match event:
        case GroupCandidateScreened():
            return replace(state, screening=event)
        case GroupAcquaintancesChecked():
            return replace(state, acquaintances=event)
        case GroupCandidateWaitlisted():
            return replace(state, standing=Standing.WAITING, place=event.place)
        case GroupCandidateAccepted():
            return replace(state, standing=Standing.ACCEPTED)
        case GroupCandidateDeclined():
            return replace(state, standing=Standing.DECLINED)
        case GroupCandidateWithdrew():
            return replace(state, standing=Standing.WITHDREW)
        case GroupAgreementAccepted():
            return replace(state, terms=event.terms)
        case _:
            return state


def fold(events: Iterable[object]) -> Candidate | None:
    """The candidate's state from her events."""
    state: Candidate | None = None
    for event in events:
        state = evolve(state, event)
    return state


def name(state: Candidate | None, named: GroupCandidateNamed) -> tuple[CandidateEvent, ...]:
    """Consider somebody for a group."""
    if state is not None:
        return ()
    _checked(named.words)
    return (named,)


def screen(
    state: Candidate, screened: GroupCandidateScreened, *, now: datetime
) -> tuple[CandidateEvent, ...]:
    """Record what a talk with her found; a later talk counts."""
    _must_be_one(state)
    if state.screening == screened:
        return ()
    if screened.occurred_at > now:
        raise InTheFuture("occurred_at")
    worded(screened.words)
    return (screened,)


def check_acquaintances(
    state: Candidate, checked: GroupAcquaintancesChecked, others: Collection[ItemId]
) -> tuple[CandidateEvent, ...]:
    """Record whom of the ``others`` she knows, and what was decided.

    Raises:
        Invalid: Somebody named is none of them, or the decision does not fit.
        WrongState: She is a candidate no longer.
    """
    _must_be_one(state)
    if state.acquaintances == checked:
        return ()
    if not set(checked.knows) <= set(others) - {state.id}:
        raise Invalid("knows", "names somebody who is no other candidate")
    if len(set(checked.knows)) != len(checked.knows):
        raise Invalid("knows", "names somebody twice")
    if (checked.decision is Acquaintance.KNOWS_NOBODY) is bool(checked.knows):
        raise Invalid("decision", "does not fit whom she knows")
    _checked(checked.words)
    return (checked,)


def accept(
    state: Candidate, accepted: GroupCandidateAccepted, group: Group, members: int
) -> tuple[CandidateEvent, ...]:
    """Let her join a group that has so many members.

    Raises:
        WrongState: She was not screened, or found unsuitable; nobody has asked whom she knows, or
            it stands in the way; the group takes nobody; she is a candidate no longer.
    """
    _must_be_one(state)
    if state.standing is Standing.ACCEPTED:
        return ()
    if state.screening is None:
        raise WrongState("The candidate has not been screened")
    if state.screening.suitability is Suitability.UNSUITABLE:
        raise WrongState("The screening found the candidate unsuitable")
    if state.acquaintances is None:
        raise WrongState("Nobody has asked yet whether the candidate knows somebody of the group")
    if state.acquaintances.decision is Acquaintance.OBSTACLE:
        raise WrongState("The candidate knows somebody of the group, and that stands in the way")
    group_file.must_take_in(group, members)
    worded(accepted.words)
    return (accepted,)


def decline(state: Candidate, declined: GroupCandidateDeclined) -> tuple[CandidateEvent, ...]:
    """Do not take her, and say why."""
    if state.standing is Standing.DECLINED:
        return ()
    _must_be_one(state)
    worded(declined.words)
    return (declined,)


def waitlist(state: Candidate, waiting: GroupCandidateWaitlisted) -> tuple[CandidateEvent, ...]:
    """Let her wait, or wait in another place."""
    _must_be_one(state)
    if state.standing is Standing.WAITING and state.place == waiting.place:
        return ()
    if waiting.place is not None and not 1 <= waiting.place <= LAST_PLACE:
        raise Invalid("place", "must be a place in the line")
    _checked(waiting.words)
    return (waiting,)


def withdraw(state: Candidate, withdrew: GroupCandidateWithdrew) -> tuple[CandidateEvent, ...]:
    """Record that she does not want to be considered any more."""
    if state.standing is Standing.WITHDREW:
        return ()
    _must_be_one(state)
    _checked(withdrew.words)
    return (withdrew,)


def accept_agreement(
    state: Candidate, agreed: GroupAgreementAccepted, group: Group, *, now: datetime
) -> tuple[CandidateEvent, ...]:
    """Record that she has agreed to the group's confidentiality agreement as it stands.

    Raises:
        WrongState: There is none, or she agreed to another one; she is a candidate no longer.
        InTheFuture: She has not yet.
    """
    _must_be_one(state)
    if group.terms is None or agreed.terms != group.terms:
        raise WrongState("The group has no such agreement now")
    if state.terms == agreed.terms:
        return ()
    if agreed.occurred_at > now:
        raise InTheFuture("occurred_at")
    return (agreed,)


def must_be_let_in(state: Candidate | None, group: Group, members: int) -> None:
    """Refuse to let somebody join a group that was not settled before.

    Raises:
        WrongState: She was not accepted, has not agreed to the group's agreement as it stands, or
            the group takes nobody.
    """
    if state is None or state.standing is not Standing.ACCEPTED:
        raise WrongState("Nobody joins the group who was not accepted")
    group_file.must_take_in(group, members)
    if group.terms is not None and state.terms != group.terms:
        raise WrongState("The group's confidentiality agreement has not been agreed to")


def in_line(waiting: Iterable[tuple[ItemId, int | None, datetime]]) -> tuple[ItemId, ...]:
    """Candidates who wait, in their order: those with a place by it, the others as they came."""
    ordered = sorted(waiting, key=lambda each: (each[1] is None, each[1] or 0, each[2], each[0]))
    return tuple(candidate for candidate, _, _ in ordered)


def _must_be_one(state: Candidate) -> None:
    if state.settled:
        raise WrongState("She is a candidate no longer")


def _checked(words: FreeText | None) -> None:
    if words is not None:
        worded(words)
