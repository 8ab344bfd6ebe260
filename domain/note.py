"""A note of the clinical record: State, evolve, decisions.

A draft is its author's until it is signed, discarded, or has expired, and an expired one is still
hers to take up again. A signature fixes the words; amendments add and never replace; an erroneous
note is marked and stays (compliance.md SIG-01, SIG-06, REC-03).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto

from domain import contact as contact_file, note_forms
from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.note import (
    Contact,
    NoteAmended,
    NoteCoSignatureAsked,
    NoteCountersigned,
    NoteDiscarded,
    NoteDrafted,
    NoteEvent,
    NoteKind,
    NoteMarkedErroneous,
    NoteMoved,
    NoteReceived,
    NoteRevised,
    NoteSigned,
    NoteTakenUp,
    Template,
)
from domain.note_forms import Words
from domain.settings import DRAFT_DAYS
from domain.values import (
    CaseId,
    FreeText,
    NoteId,
    PractitionerId,
    Section,
    SessionId,
)
from domain.wording import worded

LATE_AFTER = timedelta(hours=72)
"""A note recorded later than this after what it tells of is marked late (REC-03)."""


class Status(Enum):
    """Where a note stands."""

    DRAFT = auto()
    DISCARDED = auto()
    SIGNED = auto()
    ERRONEOUS = auto()
    MOVED = auto()


@dataclass(frozen=True, slots=True)
class Note:
    """A note as later decisions need to know it; its words are not among that.

    ``co_signer`` is who was asked for a second signature last; while ``pending``, the words are for
    her and for the author alone.
    """

    id: NoteId
    case: CaseId
    author: PractitionerId
    kind: NoteKind = NoteKind.SESSION
    template: Template = Template.FREE
    status: Status = Status.DRAFT
    text_version: int = 1
    version: int = 1
    countersigned_by: frozenset[PractitionerId] = frozenset()
    expires_on: date | None = None
    co_signer: PractitionerId | None = None
    pending: bool = False

    @property
    def open_to_team(self) -> bool:
        """Whether whoever cares for the case may know its words."""
        return self.status not in (Status.DRAFT, Status.DISCARDED) and not self.pending

    def is_for(self, practitioner: PractitionerId) -> bool:
        """Whether it is hers before it is the team's: she wrote it, or is asked to co-sign it."""
        return practitioner == self.author or self.asks(practitioner)

    def asks(self, practitioner: PractitionerId) -> bool:
        """Whether she is asked to put her name beside the author's, or was and did."""
        return self.status is not Status.DRAFT and practitioner == self.co_signer

    def is_draft_of(self, practitioner: PractitionerId) -> bool:
        """Whether it is a draft of hers: hers alone to finish, or to give up."""
        return self.status is Status.DRAFT and practitioner == self.author

    def expired(self, today: date) -> bool:
        """Whether it is a draft whose last day is over."""
        last = self.expires_on
        return self.status is Status.DRAFT and last is not None and today > last


@dataclass(frozen=True, slots=True)
class NewNote:
    """What a new note is about, and what it says: a text, or a template's sections."""

    kind: NoteKind
    occurred_at: datetime
    text: FreeText | None = None
    session: SessionId | None = None
    template: Template = Template.FREE
    sections: tuple[Section, ...] = ()
    contact: Contact | None = None
    third_party: FreeText | None = None

    @property
    def words(self) -> Words:
        """What it says of what happened."""
        return Words(self.text, self.sections)

    @property
    def texts(self) -> tuple[FreeText, ...]:
        """Every text in it."""
        named = () if self.third_party is None else (self.third_party,)
        return (*self.words.texts, *named)


@dataclass(frozen=True, slots=True)
class NewAmendment:
    """What is added to a signed note, and why: a text, or new words of some sections."""

    reason: FreeText
    text: FreeText | None = None
    scope: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def texts(self) -> tuple[FreeText, ...]:
        """Every text in it."""
        return (self.reason, *Words(self.text, self.sections).texts)


def evolve(state: Note | None, event: object) -> Note | None:
    """The state after the event; ``version`` counts the note's events."""
    match event:
        case NoteDrafted():
            return Note(
                event.note,
                event.case,
                event.author,
                event.kind,
                event.template,
                expires_on=event.expires_on,
            )
        case NoteReceived():
            return Note(
                event.note,
                event.case,
                event.author,
                event.kind,
                event.template,
                status=Status.SIGNED,
            )
        case _ if state is None:
            return None
    return _changed(replace(state, version=state.version + 1), event)


def _changed(state: Note, event: object) -> Note:
    match event:
        case NoteRevised():
            return replace(state, text_version=state.version, expires_on=event.expires_on)
        case NoteTakenUp():
            return replace(state, expires_on=event.expires_on)
        case NoteDiscarded() if state.status is Status.DRAFT:
            return replace(state, status=Status.DISCARDED)
        case NoteSigned():
            return replace(state, status=Status.SIGNED)
        case NoteCoSignatureAsked():
            return replace(state, co_signer=event.co_signer, pending=event.required)
        case NoteCountersigned():
            seconds = state.countersigned_by | {event.practitioner}
            pending = state.pending and event.practitioner != state.co_signer
            return replace(state, countersigned_by=seconds, pending=pending)
        case NoteMarkedErroneous():
            return replace(state, status=Status.ERRONEOUS)
        case NoteMoved():
            return replace(state, status=Status.MOVED)
        case _:
            return state


def fold(events: Iterable[object]) -> Note | None:
    """The note's state from its events."""
    state: Note | None = None
    for event in events:
        state = evolve(state, event)
    return state


# A draft and its fate


def draft(
    state: Note | None,
    note: NoteId,
    case: CaseId,
    drafting: NewNote,
    *,
    author: PractitionerId,
    now: datetime,
    days: int = DRAFT_DAYS,
) -> tuple[NoteEvent, ...]:
    """Begin a note about something that has happened; a late one is marked.

    Raises:
        Invalid: It says nothing, or not what its template or its kind has.
        InTheFuture: It tells of what has not happened yet.
    """
    if state is not None:
        return ()
    if drafting.occurred_at > now:
        raise InTheFuture("occurred_at")
    note_forms.must_serve(drafting.template, drafting.kind)
    contact_file.must_name_a_third_party(drafting.contact, drafting.third_party)
    third_party = drafting.third_party
    words = note_forms.said(drafting.template, drafting.words)
    return (
        NoteDrafted(
            note=note,
            case=case,
            author=author,
            kind=drafting.kind,
            occurred_at=drafting.occurred_at,
            text=words.text,
            late=now - drafting.occurred_at > LATE_AFTER,
            session=drafting.session,
            template=drafting.template,
            sections=words.sections,
            contact=drafting.contact,
            third_party=None if third_party is None else worded(third_party),
            expires_on=_last_day(now.date(), days),
        ),
    )


def revise(
    state: Note,
    author: PractitionerId,
    words: Words,
    *,
    today: date | None = None,
    days: int = DRAFT_DAYS,
) -> tuple[NoteEvent, ...]:
    """Replace a draft's words, all of them; an expired draft is taken up with it."""
    must_be_authors_draft(state, author)
    new = note_forms.said(state.template, words)
    last = None if today is None else _last_day(today, days)
    return (
        NoteRevised(
            note=state.id,
            case=state.case,
            text=new.text,
            sections=new.sections,
            expires_on=last,
        ),
    )


def take_up(
    state: Note, author: PractitionerId, *, today: date, days: int = DRAFT_DAYS
) -> tuple[NoteEvent, ...]:
    """Go on with an expired draft, its words as they were; one that has not expired goes on."""
    must_be_authors_draft(state, author)
    if not state.expired(today):
        return ()
    return (NoteTakenUp(note=state.id, case=state.case, expires_on=_last_day(today, days)),)


def discard(state: Note, author: PractitionerId) -> tuple[NoteEvent, ...]:
    """Give a draft up."""
    if state.status is Status.DISCARDED and state.author == author:
        return ()
    must_be_authors_draft(state, author)
    return (NoteDiscarded(note=state.id, case=state.case),)


# What is done to a signed note


def amend(state: Note, author: PractitionerId, amendment: NewAmendment) -> tuple[NoteEvent, ...]:
    """Add to a signed note; what it amends stays readable, marked superseded.

    Raises:
        Invalid: It says nothing, or of sections that the note's template does not have.
    """
    must_be_signed(state)
    if state.pending and author != state.author:
        raise WrongState("The note waits for the supervisor who was named")
    reason = worded(amendment.reason)
    text, sections, scope = amendment.text, amendment.sections, amendment.scope
    if bool(sections) == (text is not None):
        raise Invalid("text", "or sections: an amendment has the one or the other")
    if sections:
        sections = note_forms.said(state.template, Words(sections=sections)).sections
        scope = (*scope, *(each.code for each in sections))
    return (
        NoteAmended(
            note=state.id,
            case=state.case,
            author=author,
            reason=reason,
            text=None if text is None else worded(text),
            scope=note_forms.must_be_sections(state.template, scope),
            sections=sections,
        ),
    )


def mark_erroneous(state: Note, author: PractitionerId, reason: FreeText) -> tuple[NoteEvent, ...]:
    """Mark a note as one that ought not to stand; only its author does that."""
    if state.author != author:
        raise WrongState("Only the author marks her note erroneous")
    if state.status is Status.ERRONEOUS:
        return ()
    must_be_signed(state)
    return (NoteMarkedErroneous(note=state.id, case=state.case, reason=worded(reason)),)


def move(state: Note) -> tuple[NoteEvent, ...]:
    """Take a note away that was filed under the wrong client; a marker stays."""
    if state.status is Status.MOVED:
        return ()
    if state.status in (Status.DRAFT, Status.DISCARDED):
        raise WrongState("The note is not signed")
    return (NoteMoved(note=state.id, case=state.case),)


def _last_day(today: date, days: int) -> date:
    return today + timedelta(days=days)


def must_be_authors_draft(state: Note, author: PractitionerId) -> None:
    """Refuse what only the author does, and only to a draft.

    Raises:
        WrongState: It is none any more, or another one's.
    """
    if state.status is Status.DISCARDED:
        raise WrongState("The draft was discarded")
    if state.status is not Status.DRAFT:
        raise WrongState("The note is signed")
    if state.author != author:
        raise WrongState("The draft is its author's")


def must_be_signed(state: Note) -> None:
    """Refuse what is only done to a signed note.

    Raises:
        WrongState: It is none, or stands no more.
    """
    if state.status is not Status.SIGNED:
        raise WrongState("The note is not signed")
