"""A note of the clinical record: State, evolve, decisions.

A draft is its author's. A signature fixes the words; amendments add and never replace; an erroneous
note is marked and stays (compliance.md SIG-01, REC-03).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from domain.errors import InTheFuture, Stale, WrongState
from domain.events.note import (
    NoteAmended,
    NoteCountersigned,
    NoteDrafted,
    NoteEvent,
    NoteKind,
    NoteMarkedErroneous,
    NoteMoved,
    NoteReceived,
    NoteRevised,
    NoteSigned,
)
from domain.values import (
    CaseId,
    FreeText,
    NoteId,
    PractitionerId,
    Registration,
    Role,
    SessionId,
)
from domain.wording import worded

LATE_AFTER = timedelta(hours=72)
"""A note recorded later than this after what it tells of is marked late (REC-03)."""


class Status(Enum):
    """Where a note stands."""

    DRAFT = auto()
    SIGNED = auto()
    ERRONEOUS = auto()
    MOVED = auto()


@dataclass(frozen=True, slots=True)
class Note:
    """A note as later decisions need to know it; its words are not among that."""

    id: NoteId
    case: CaseId
    author: PractitionerId
    status: Status = Status.DRAFT
    text_version: int = 1
    version: int = 1
    countersigned_by: frozenset[PractitionerId] = frozenset()


@dataclass(frozen=True, slots=True)
class NewNote:
    """What a new note is about, and what it says."""

    kind: NoteKind
    occurred_at: datetime
    text: FreeText
    session: SessionId | None = None


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs, as the entry must show her (u.p.p. art. 25(1), REC-02)."""

    id: PractitionerId
    title: str
    registration: Registration


def evolve(state: Note | None, event: object) -> Note | None:
    """The state after the event; ``version`` counts the note's events."""
    match event:
        case NoteDrafted():
            return Note(event.note, event.case, event.author)
        case NoteReceived():
            return Note(event.note, event.case, event.author, status=Status.SIGNED)
        case _ if state is None:
            return None
    version = state.version + 1
    match event:
        case NoteRevised():
            return replace(state, version=version, text_version=version)
        case NoteSigned():
            return replace(state, version=version, status=Status.SIGNED)
        case NoteCountersigned():
            seconds = state.countersigned_by | {event.practitioner}
            return replace(state, version=version, countersigned_by=seconds)
        case NoteMarkedErroneous():
            return replace(state, version=version, status=Status.ERRONEOUS)
        case NoteMoved():
            return replace(state, version=version, status=Status.MOVED)
        case _:
            return replace(state, version=version)


def fold(events: Iterable[object]) -> Note | None:
    """The note's state from its events."""
    state: Note | None = None
    for event in events:
        state = evolve(state, event)
    return state


def draft(
    state: Note | None,
    note: NoteId,
    case: CaseId,
    drafting: NewNote,
    *,
    author: PractitionerId,
    now: datetime,
) -> tuple[NoteEvent, ...]:
    """Begin a note about something that has happened; a late one is marked."""
    if state is not None:
        return ()
    if drafting.occurred_at > now:
        raise InTheFuture("occurred_at")
    return (
        NoteDrafted(
            note=note,
            case=case,
            author=author,
            kind=drafting.kind,
            occurred_at=drafting.occurred_at,
            text=worded(drafting.text),
            late=now - drafting.occurred_at > LATE_AFTER,
            session=drafting.session,
        ),
    )


def revise(state: Note, author: PractitionerId, text: FreeText) -> tuple[NoteEvent, ...]:
    """Replace a draft's words."""
    _must_be_authors_draft(state, author)
    return (NoteRevised(note=state.id, case=state.case, text=worded(text)),)


def sign(state: Note, who: Signatory, *, text_version: int) -> tuple[NoteEvent, ...]:
    """Put the author's name to the words that she saw last; signing twice changes nothing."""
    if state.status is Status.SIGNED and who.id == state.author:
        return ()
    _must_be_authors_draft(state, who.id)
    if text_version != state.text_version:
        raise Stale(state.version)
    return (
        NoteSigned(
            note=state.id,
            case=state.case,
            author=who.id,
            role=Role.CLINICIAN,
            title=who.title,
            registration=who.registration,
            text_version=text_version,
        ),
    )


def amend(
    state: Note, author: PractitionerId, *, reason: FreeText, text: FreeText
) -> tuple[NoteEvent, ...]:
    """Add to a signed note; what it amends stays readable."""
    _must_be_signed(state)
    return (
        NoteAmended(
            note=state.id,
            case=state.case,
            author=author,
            reason=worded(reason),
            text=worded(text),
        ),
    )


def countersign(state: Note, who: Signatory) -> tuple[NoteEvent, ...]:
    """Put a second name beside the author's."""
    _must_be_signed(state)
    if who.id == state.author:
        raise WrongState("The author cannot countersign her own note")
    if who.id in state.countersigned_by:
        return ()
    return (
        NoteCountersigned(
            note=state.id,
            case=state.case,
            practitioner=who.id,
            title=who.title,
            registration=who.registration,
            text_version=state.text_version,
        ),
    )


def mark_erroneous(state: Note, author: PractitionerId, reason: FreeText) -> tuple[NoteEvent, ...]:
    """Mark a note as one that ought not to stand; only its author does that."""
    if state.author != author:
        raise WrongState("Only the author marks her note erroneous")
    if state.status is Status.ERRONEOUS:
        return ()
    _must_be_signed(state)
    return (NoteMarkedErroneous(note=state.id, case=state.case, reason=worded(reason)),)


def move(state: Note) -> tuple[NoteEvent, ...]:
    """Take a note away that was filed under the wrong client; a marker stays."""
    if state.status is Status.MOVED:
        return ()
    if state.status is Status.DRAFT:
        raise WrongState("The note is not signed")
    return (NoteMoved(note=state.id, case=state.case),)


def _must_be_authors_draft(state: Note, author: PractitionerId) -> None:
    if state.status is not Status.DRAFT:
        raise WrongState("The note is signed")
    if state.author != author:
        raise WrongState("The draft is its author's")


def _must_be_signed(state: Note) -> None:
    if state.status is not Status.SIGNED:
        raise WrongState("The note is not signed")
