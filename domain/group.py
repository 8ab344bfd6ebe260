"""A group beside its case: for whom it is, how many it holds, when it takes somebody in.

State, evolve, decisions. Its candidates are aggregates of their own (``domain.candidate``); who
takes part in the therapy stands in the frame of the case.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.group import (
    GroupAgreementMade,
    GroupBegun,
    GroupClosed,
    GroupEvent,
    GroupKind,
    GroupOpened,
    GroupPreparatoryMeetingHeld,
    GroupRevised,
    Size,
)
from domain.values import CaseId, FreeText, ItemId
from domain.wording import worded

FEWEST, MOST = 2, 30
"""How many a group may be planned for; the format holds no more."""


@dataclass(frozen=True, slots=True)
class Group:
    """What later decisions about a group depend on."""

    id: ItemId
    case: CaseId
    plan: GroupOpened | GroupRevised
    version: int = 1
    """How many events its stream has."""
    terms: int | None = None
    """The version of the stream that holds the confidentiality agreement, once there is one."""
    agreement: GroupAgreementMade | None = None
    meeting: GroupPreparatoryMeetingHeld | None = None
    begun: bool = False
    closed: bool = False


def evolve(state: Group | None, event: object) -> Group | None:
    """The state after the event."""
    if state is None:
        return Group(event.group, event.case, event) if isinstance(event, GroupOpened) else None
    counted = replace(state, version=state.version + 1)
    match event:
        case GroupRevised():
            return replace(counted, plan=event)
        case GroupPreparatoryMeetingHeld():
            return replace(counted, meeting=event)
        case GroupAgreementMade():
            return replace(counted, agreement=event, terms=counted.version)
        case GroupBegun():
            return replace(counted, begun=True)
        case GroupClosed():
            return replace(counted, closed=True)
        case None:
            # Something that is gone was written there all the same.
            return counted
        case _:
            return state


def fold(events: Iterable[object]) -> Group | None:
    """The group's state from its events."""
    state: Group | None = None
    for event in events:
        state = evolve(state, event)
    return state


def open_group(state: Group | None, opened: GroupOpened) -> tuple[GroupEvent, ...]:
    """Plan a group."""
    if state is not None:
        return ()
    _check_plan(opened)
    return (opened,)


def revise(state: Group, revised: GroupRevised) -> tuple[GroupEvent, ...]:
    """Change for whom it is, or how many it holds; the same plan again changes nothing."""
    must_be_open(state)
    if _said(state.plan) == _said(revised):
        return ()
    _check_plan(revised)
    return (revised,)


def hold_meeting(
    state: Group,
    held: GroupPreparatoryMeetingHeld,
    candidates: Iterable[ItemId],
    *,
    now: datetime,
) -> tuple[GroupEvent, ...]:
    """Record that candidates met before the group began; ``candidates`` are all it has.

    Raises:
        Invalid: Somebody who was there is no candidate, or is named twice.
        InTheFuture: It has not been yet.
    """
    must_be_open(state)
    if state.meeting == held:
        return ()
    if held.occurred_at > now:
        raise InTheFuture("occurred_at")
    if not held.present or len(set(held.present)) != len(held.present):
        raise Invalid("present", "must name each candidate once")
    if not set(held.present) <= set(candidates):
        raise Invalid("present", "names somebody who is no candidate")
    _checked(held.words)
    return (held,)


def make_agreement(state: Group, made: GroupAgreementMade) -> tuple[GroupEvent, ...]:
    """Put the confidentiality agreement into words; whoever agreed to another has to agree anew."""
    must_be_open(state)
    if state.agreement == made:
        return ()
    worded(made.words)
    return (made,)


def begin(
    state: Group, occurred_at: datetime, members: int, *, now: datetime
) -> tuple[GroupEvent, ...]:
    """Record that the group began to work, with so many members.

    Raises:
        WrongState: They are too few, or have promised each other nothing yet.
        InTheFuture: It has not been yet.
    """
    must_be_open(state)
    if state.begun:
        return ()
    if occurred_at > now:
        raise InTheFuture("occurred_at")
    if state.agreement is None:
        raise WrongState("The group has no confidentiality agreement yet")
    if members < state.plan.size.least:
        raise WrongState("The group has too few members to begin")
    return (GroupBegun(group=state.id, case=state.case, occurred_at=occurred_at),)


def close(state: Group, closed: GroupClosed) -> tuple[GroupEvent, ...]:
    """Let the group take nobody in any more."""
    if state.closed:
        return ()
    _checked(closed.words)
    return (closed,)


def must_be_open(state: Group) -> None:
    """Refuse what only a group allows that is not closed.

    Raises:
        WrongState: It is.
    """
    if state.closed:
        raise WrongState("The group is closed")


def must_take_in(state: Group, members: int) -> None:
    """Refuse another member where the group takes none.

    Raises:
        WrongState: It is closed, full, or a closed group that has begun.
    """
    must_be_open(state)
    if state.begun and state.plan.kind is GroupKind.CLOSED:
        raise WrongState("A closed group takes no new member once it has begun")
    if members >= state.plan.size.most:
        raise WrongState("The group is full")


def _check_plan(plan: GroupOpened | GroupRevised) -> None:
    size = plan.size
    if not FEWEST <= size.least <= size.most <= MOST:
        raise Invalid("size", "must be two to thirty, the least first")
    worded(plan.inclusion)
    _checked(plan.exclusion)
    _checked(plan.setting)


def _said(
    plan: GroupOpened | GroupRevised,
) -> tuple[GroupKind, Size, FreeText, FreeText | None, FreeText | None]:
    return (plan.kind, plan.size, plan.inclusion, plan.exclusion, plan.setting)


def _checked(words: FreeText | None) -> None:
    if words is not None:
        worded(words)
