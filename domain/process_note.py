"""A process note: State, evolve, decisions. It exists for its author alone (ACC-05)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import InTheFuture
from domain.events.process_note import (
    ProcessNoteAmended,
    ProcessNoteEvent,
    ProcessNoteWritten,
)
from domain.values import CaseId, FreeText, NoteId, PractitionerId
from domain.wording import worded


@dataclass(frozen=True, slots=True)
class ProcessNote:
    """Whose it is and to which case it belongs."""

    id: NoteId
    case: CaseId
    author: PractitionerId


def evolve(state: ProcessNote | None, event: object) -> ProcessNote | None:
    """The state after the event."""
    match event:
        case ProcessNoteWritten():
            return ProcessNote(event.note, event.case, event.author)
        case _:
            return state


def fold(events: Iterable[object]) -> ProcessNote | None:
    """The process note's state from its events."""
    state: ProcessNote | None = None
    for event in events:
        state = evolve(state, event)
    return state


def write(
    state: ProcessNote | None,
    note: NoteId,
    case: CaseId,
    *,
    author: PractitionerId,
    occurred_at: datetime,
    text: FreeText,
    now: datetime,
) -> tuple[ProcessNoteEvent, ...]:
    """Write down what is the author's alone."""
    if state is not None:
        return ()
    if occurred_at > now:
        raise InTheFuture("occurred_at")
    written = ProcessNoteWritten(
        note=note, case=case, author=author, occurred_at=occurred_at, text=worded(text)
    )
    return (written,)


def amend(state: ProcessNote, text: FreeText) -> tuple[ProcessNoteEvent, ...]:
    """Add to it."""
    return (ProcessNoteAmended(note=state.id, case=state.case, text=worded(text)),)
