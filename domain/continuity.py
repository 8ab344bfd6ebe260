"""Backups and restore drills of the clinic: State, evolve, decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.errors import Invalid
from domain.events.continuity import (
    ContinuityBackupMade,
    ContinuityDrillCompleted,
    ContinuityEvent,
)


@dataclass(frozen=True, slots=True)
class Continuity:
    """The newest backup that is whole, and the newest drill, whatever that has shown."""

    backup: ContinuityBackupMade | None = None
    drill: ContinuityDrillCompleted | None = None


def evolve(state: Continuity | None, event: object) -> Continuity | None:
    """The state after the event."""
    match event:
        case ContinuityBackupMade():
            return replace(state or Continuity(), backup=event)
        case ContinuityDrillCompleted():
            return replace(state or Continuity(), drill=event)
        case _:
            return state


def fold(events: Iterable[object]) -> Continuity | None:
    """The clinic's state from its events."""
    state: Continuity | None = None
    for event in events:
        state = evolve(state, event)
    return state


def made(state: Continuity | None, backup: ContinuityBackupMade) -> tuple[ContinuityEvent, ...]:
    """Note that a backup is whole.

    Raises:
        Invalid: It has no set, or a number that there is not.
    """
    if state is not None and state.backup == backup:
        return ()
    if not backup.parts or len(set(backup.parts)) != len(backup.parts):
        raise Invalid("parts", "must be one or more sets, each once")
    _must_count(backup.events, backup.size, backup.milliseconds, backup.generation)
    return (backup,)


def drilled(
    state: Continuity | None, drill: ContinuityDrillCompleted
) -> tuple[ContinuityEvent, ...]:
    """Note what a drill has shown.

    Raises:
        Invalid: A number that there is not, or it calls itself equal and is not.
    """
    if state is not None and state.drill == drill:
        return ()
    _must_count(
        drill.events,
        drill.texts,
        drill.destroyed,
        drill.keys,
        drill.rows,
        drill.different,
        drill.milliseconds,
        drill.age_seconds,
        drill.events_since,
    )
    if drill.equal and drill.different:
        raise Invalid("equal", "cannot be said of what differs")
    return (drill,)


def _must_count(*numbers: int) -> None:
    if min(numbers) < 0:
        raise Invalid("count", "is never negative")
