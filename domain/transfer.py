"""A transfer that is proposed to a colleague: State, evolve, decisions.

She reads the case from the proposal until she has answered, for nobody can take over what she does
not know; where that was her only ground to read it, it ends with her no.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.case import Case, must_be_open
from domain.errors import Invalid, WrongState
from domain.events.ending import (
    TransferAccepted,
    TransferDeclined,
    TransferProposed,
    TransferWithdrawn,
)
from domain.lifecycle import Item, Lifecycle, step
from domain.values import CaseId, ItemId, PractitionerId
from domain.wording import worded

PROPOSED, ACCEPTED, DECLINED, WITHDRAWN = "proposed", "accepted", "declined", "withdrawn"
Answer = TransferAccepted | TransferDeclined | TransferWithdrawn
LIFE = Lifecycle(
    "transfer",
    TransferProposed,
    PROPOSED,
    {
        TransferAccepted: step(PROPOSED, to=ACCEPTED),
        TransferDeclined: step(PROPOSED, to=DECLINED),
        TransferWithdrawn: step(PROPOSED, to=WITHDRAWN),
    },
)


@dataclass(frozen=True, slots=True)
class Transfer:
    """A proposal as later decisions need to know it."""

    id: ItemId
    case: CaseId
    author: PractitionerId
    to: PractitionerId
    joins: bool
    status: str = PROPOSED


def evolve(state: Transfer | None, event: object) -> Transfer | None:
    """The state after the event."""
    match event:
        case TransferProposed():
            return Transfer(event.transfer, event.case, event.author, event.to, event.joins)
        case TransferAccepted() | TransferDeclined() | TransferWithdrawn() if state is not None:
            return replace(state, status=LIFE.steps[type(event)].to or state.status)
        case _:
            return state


def fold(events: Iterable[object]) -> Transfer | None:
    """The proposal's state from its events."""
    state: Transfer | None = None
    for event in events:
        state = evolve(state, event)
    return state


def propose(
    state: Transfer | None, case: Case, said: TransferProposed
) -> tuple[TransferProposed, ...]:
    """Ask a colleague to go on with an open case.

    Raises:
        Invalid: She is its therapist already, or the words say nothing.
        WrongState: The case is closed.
    """
    if state is not None:
        return ()
    must_be_open(case)
    if said.to == case.therapist:
        raise Invalid("to", "is the therapist of the case")
    worded(said.words)
    return (said,)


def answer(
    state: Transfer, said: Answer, by: PractitionerId, *, now: datetime
) -> tuple[Answer, ...]:
    """Accept or decline, which only she who was asked can, or take the proposal back.

    Raises:
        WrongState: It was answered otherwise, or is somebody else's to answer.
    """
    asked = isinstance(said, TransferAccepted | TransferDeclined)
    if asked and by != state.to:
        raise WrongState("Only she who was asked answers")
    if not asked and by == state.to:
        raise WrongState("She who was asked declines, and does not take back")
    return LIFE.decide(Item(state.id, state.case, state.author, state.status), said, now=now)
