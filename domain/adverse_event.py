"""An adverse event (*zdarzenie niepożądane*): reported, answered with measures, closed."""

from datetime import datetime

from domain.events.adverse_event import (
    AdverseEvent,
    AdverseEventClosed,
    AdverseEventMeasureTaken,
    AdverseEventReported,
)
from domain.lifecycle import Item, Lifecycle, step

REPORTED, CLOSED = "reported", "closed"
LIFE = Lifecycle(
    "adverse event",
    AdverseEventReported,
    REPORTED,
    {
        AdverseEventMeasureTaken: step(REPORTED),
        AdverseEventClosed: step(REPORTED, to=CLOSED),
    },
)
fold = LIFE.fold


def decide(state: Item | None, said: AdverseEvent, *, now: datetime) -> tuple[AdverseEvent, ...]:
    """What is recorded of what is said about it; refusals are those of every lifecycle."""
    return LIFE.decide(state, said, now=now)
