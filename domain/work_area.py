"""An area of work (*obszar problemowy*): what it goes through."""

from datetime import datetime

from domain.events.work_area import (
    WorkAreaAdvanced,
    WorkAreaClosed,
    WorkAreaEvent,
    WorkAreaOpened,
)
from domain.lifecycle import Item, Lifecycle, step

OPEN, CLOSED = "open", "closed"
LIFE = Lifecycle(
    "area of work",
    WorkAreaOpened,
    OPEN,
    {WorkAreaAdvanced: step(OPEN), WorkAreaClosed: step(OPEN, to=CLOSED)},
)
fold = LIFE.fold


def decide(state: Item | None, said: WorkAreaEvent, *, now: datetime) -> tuple[WorkAreaEvent, ...]:
    """What is recorded of what is said about an area; refusals are those of every lifecycle."""
    return LIFE.decide(state, said, now=now)
