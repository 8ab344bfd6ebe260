"""A method or technique in a case: what it goes through."""

from datetime import datetime

from domain.events.method import (
    MethodChosen,
    MethodEvent,
    MethodReviewed,
    MethodSetAside,
    MethodUsed,
)
from domain.lifecycle import Item, Lifecycle, step

CHOSEN, SET_ASIDE = "chosen", "set-aside"
LIFE = Lifecycle(
    "method",
    MethodChosen,
    CHOSEN,
    {
        MethodUsed: step(CHOSEN),
        MethodReviewed: step(CHOSEN),
        MethodSetAside: step(CHOSEN, to=SET_ASIDE),
    },
)
fold = LIFE.fold


def decide(state: Item | None, said: MethodEvent, *, now: datetime) -> tuple[MethodEvent, ...]:
    """What is recorded of what is said about a method; refusals are those of every lifecycle."""
    return LIFE.decide(state, said, now=now)
