"""A process note: State, evolve, decisions. It exists for its author alone (ACC-05)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import InTheFuture, Invalid
from domain.events.process_note import (
    ProcessNoteAmended,
    ProcessNoteEvent,
    ProcessNoteWritten,
    Thought,
)
from domain.values import CaseId, FreeText, NoteId, PractitionerId, SessionId
from domain.wording import worded


@dataclass(frozen=True, slots=True)
class ProcessNote:
    """Whose it is and to which case it belongs."""

    id: NoteId
    case: CaseId
    author: PractitionerId
    kind: Thought = Thought.THOUGHT


@dataclass(frozen=True, slots=True)
class About:
    """What kind of thought it is, in which session it came, and which rupture a repair answers."""

    kind: Thought = Thought.THOUGHT
    answers: NoteId | None = None
    session: SessionId | None = None


ANYTHING = About()


def evolve(state: ProcessNote | None, event: object) -> ProcessNote | None:
    """The state after the event."""
    match event:
        case ProcessNoteWritten():
            return ProcessNote(event.note, event.case, event.author, event.kind)
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
    about: About = ANYTHING,
) -> tuple[ProcessNoteEvent, ...]:
    """Write down what is the author's alone.

    Raises:
        Invalid: Something else than a repair answers a rupture, or it says nothing.
        InTheFuture: It would have happened later than now.
    """
    if state is not None:
        return ()
    if about.answers is not None and about.kind is not Thought.REPAIR:
        raise Invalid("answers", "is for a repair: it names its rupture")
    if occurred_at > now:
        raise InTheFuture("occurred_at")
    written = ProcessNoteWritten(
        note=note,
        case=case,
        author=author,
        occurred_at=occurred_at,
        text=worded(text),
        kind=about.kind,
        answers=about.answers,
        session=about.session,
    )
    return (written,)


def amend(state: ProcessNote, text: FreeText) -> tuple[ProcessNoteEvent, ...]:
    """Add to it."""
    return (ProcessNoteAmended(note=state.id, case=state.case, text=worded(text)),)
