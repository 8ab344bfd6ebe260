"""How a therapy ends and what follows: a planned ending, a summary, a follow-up.

The handing over to a colleague is in ``domain/transfer.py``; that a case is closed, in
``domain/case.py``.
"""

from datetime import datetime

from domain.errors import Invalid
from domain.events.ending import (
    DischargeSummarised,
    FollowUpDropped,
    FollowUpHeld,
    FollowUpPlanned,
    TerminationPlanned,
    TerminationReplanned,
    TerminationWithdrawn,
)
from domain.lifecycle import Item, Lifecycle, step

PLANNED, WITHDRAWN, SUMMARISED, HELD, DROPPED = (
    "planned",
    "withdrawn",
    "summarised",
    "held",
    "dropped",
)
TERMINATION = Lifecycle(
    "planned ending",
    TerminationPlanned,
    PLANNED,
    {
        TerminationReplanned: step(PLANNED),
        TerminationWithdrawn: step(PLANNED, to=WITHDRAWN),
    },
)
DISCHARGE = Lifecycle("discharge summary", DischargeSummarised, SUMMARISED, {})
FOLLOW_UP = Lifecycle(
    "follow-up",
    FollowUpPlanned,
    PLANNED,
    {FollowUpHeld: step(PLANNED, to=HELD), FollowUpDropped: step(PLANNED, to=DROPPED)},
)
TerminationEvent = TerminationPlanned | TerminationReplanned | TerminationWithdrawn
FollowUpEvent = FollowUpPlanned | FollowUpHeld | FollowUpDropped
_LIVES = {
    TerminationPlanned: TERMINATION,
    TerminationReplanned: TERMINATION,
    TerminationWithdrawn: TERMINATION,
    DischargeSummarised: DISCHARGE,
    FollowUpPlanned: FOLLOW_UP,
    FollowUpHeld: FOLLOW_UP,
    FollowUpDropped: FOLLOW_UP,
}
Said = TerminationEvent | DischargeSummarised | FollowUpEvent


def decide(state: Item | None, said: Said, *, now: datetime) -> tuple[Said, ...]:
    """What is recorded of what is said about an ending.

    Raises:
        Invalid: An ending or a follow-up is planned for a day that has passed; a text says nothing.
        InTheFuture: It is said to have happened later than now.
        WrongState: The ending or the follow-up does not stand where this can follow.
    """
    for name in ("ends_on", "due_on"):
        day = getattr(said, name, None)
        if day is not None and day < now.date():
            raise Invalid(name, "lies in the past")
    return _LIVES[type(said)].decide(state, said, now=now)
