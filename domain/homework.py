"""Homework: what it goes through. How it went can be told again; the newest word stands."""

from datetime import datetime

from domain.events.homework import HomeworkDropped, HomeworkEvent, HomeworkReported, HomeworkSet
from domain.lifecycle import Item, Lifecycle, step

SET, REPORTED, DROPPED = "set", "reported", "dropped"
LIFE = Lifecycle(
    "homework",
    HomeworkSet,
    SET,
    {
        HomeworkReported: step(SET, REPORTED, to=REPORTED),
        HomeworkDropped: step(SET, to=DROPPED),
    },
)
fold = LIFE.fold


def decide(state: Item | None, said: HomeworkEvent, *, now: datetime) -> tuple[HomeworkEvent, ...]:
    """What is recorded of what is said about homework; refusals are those of every lifecycle."""
    return LIFE.decide(state, said, now=now)
