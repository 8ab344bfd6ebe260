"""A recording or a document of a case: State, evolve, decisions.

Its bytes come in chunks and are kept sealed. A recording is for its author and for those whom she
named, as long as everybody in it allows it and its day has not come; what is decided here is asked
at every look (compliance.md SUP-04, REC-08).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, StrEnum, auto

from domain.confidentiality import Class
from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.attachment import (
    AttachmentAbandoned,
    AttachmentBegun,
    AttachmentEvent,
    AttachmentSealed,
    AttachmentStored,
    MediaType,
)
from domain.local_time import local_day
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId
from domain.wording import worded

CHUNK = 1024 * 1024
"""Bytes of a chunk before it is sealed; the last one is smaller. For good: it is the format's."""
UPLOAD_LASTS = timedelta(days=1)
LONGEST_KEPT = timedelta(days=90)
"""How long a recording is kept at most, and where nobody says less."""
MOST_VIEWERS = 20
LONGEST_TITLE = 200
DOCUMENT_CLASSES = frozenset({Class.CLINICAL, Class.THIRD_PARTY, Class.LEGAL})


class Status(Enum):
    """Where an attachment stands."""

    BEGUN = auto()
    ABANDONED = auto()
    STORED = auto()


class Withheld(StrEnum):
    """Why nobody sees or hears a recording any more; it waits to be destroyed."""

    CONSENT = "deny.no-consent-to-recording"
    TIME = "deny.recording-is-past-its-day"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an attachment may be, in bytes."""

    document: int = 50 * 1024 * 1024
    recording: int = 2 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """What is about to be uploaded; ``viewers`` and ``delete_on`` are a recording's."""

    media_type: MediaType
    size: int
    title: FreeText
    cls: Class = Class.CLINICAL
    viewers: tuple[PractitionerId, ...] = ()
    delete_on: date | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a document came: the other provider, who wrote it there, and when (REC-08)."""

    organisation: FreeText
    on: date
    author: FreeText | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What the upload was: its SHA-256 in hex, when it came about, what for, from where."""

    digest: str
    occurred_at: datetime
    purpose: FreeText | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment as the policy and an upload need to know it."""

    id: ItemId
    case: CaseId
    author: PractitionerId
    cls: Class
    media_type: MediaType
    size: int
    title: FreeText
    clients: tuple[ClientId, ...]
    lapses_at: datetime
    viewers: tuple[PractitionerId, ...] = ()
    delete_on: date | None = None
    status: Status = Status.BEGUN
    seal: str | None = None

    @property
    def is_recording(self) -> bool:
        """Whether it is one."""
        return self.cls is Class.RECORDING

    @property
    def chunks(self) -> int:
        """In how many chunks it comes."""
        return chunks_of(self.size)


def chunks_of(size: int) -> int:
    """How many chunks so many bytes are."""
    return -(-size // CHUNK)


def size_of_chunk(size: int, number: int) -> int:
    """How many bytes a chunk has, counted from 1, of an attachment of a size."""
    return min(CHUNK, size - (number - 1) * CHUNK)


def evolve(state: Attachment | None, event: object) -> Attachment | None:
    """The state after the event."""
    match event:
        case AttachmentBegun():
            return Attachment(
                id=event.attachment,
                case=event.case,
                author=event.author,
                cls=event.cls,
                media_type=event.media_type,
                size=event.size,
                title=event.title,
                clients=event.clients,
                lapses_at=event.lapses_at,
                viewers=event.viewers,
                delete_on=event.delete_on,
            )
        case _ if state is None:
            return None
        case AttachmentAbandoned():
            return replace(state, status=Status.ABANDONED)
        case AttachmentSealed():
            return replace(state, status=Status.STORED, seal=event.seal)
        case _:
            return state


def fold(events: Iterable[object]) -> Attachment | None:
    """The attachment's state from its events."""
    state: Attachment | None = None
    for event in events:
        state = evolve(state, event)
    return state


# Decisions


def begin(
    state: Attachment | None,
    attachment: ItemId,
    case: CaseId,
    new: NewAttachment,
    *,
    author: PractitionerId,
    clients: tuple[ClientId, ...],
    limits: Limits,
    now: datetime,
) -> tuple[AttachmentEvent, ...]:
    """Begin an upload; what could never be stored is refused before its first byte.

    Raises:
        Invalid: It is empty or too large, or what it needs beside is missing or too much.
    """
    if state is not None:
        return ()
    recording = new.media_type.is_recording
    if not 0 < new.size <= (limits.recording if recording else limits.document):
        raise Invalid("size", "is nothing, or over the limit")
    if len(worded(new.title).words or "") > LONGEST_TITLE:
        raise Invalid("title", "is too long")
    if not recording:
        _must_be_a_documents(new)
    return (
        AttachmentBegun(
            attachment=attachment,
            case=case,
            author=author,
            cls=Class.RECORDING if recording else new.cls,
            media_type=new.media_type,
            size=new.size,
            title=new.title,
            clients=clients,
            lapses_at=now + UPLOAD_LASTS,
            viewers=_viewers(new) if recording else (),
            delete_on=_delete_on(new, local_day(now)) if recording else None,
        ),
    )


def abandon(state: Attachment) -> tuple[AttachmentEvent, ...]:
    """Give an upload up.

    Raises:
        WrongState: It is stored.
    """
    if state.status is Status.ABANDONED:
        return ()
    if state.status is Status.STORED:
        raise WrongState("It is stored; what is stored goes by a request for erasure")
    return (AttachmentAbandoned(attachment=state.id, case=state.case),)


def must_take(state: Attachment, now: datetime) -> None:
    """Refuse more of an upload that is over.

    Raises:
        WrongState: It is.
    """
    match state.status:
        case Status.ABANDONED:
            raise WrongState("The upload was given up")
        case Status.STORED:
            raise WrongState("It is stored already")
        case Status.BEGUN if now > state.lapses_at:
            raise WrongState("The upload was not finished within a day; begin it anew")
        case Status.BEGUN:
            return


def must_be_chunk(state: Attachment, number: int, size: int) -> None:
    """Refuse a chunk that is none of the upload.

    Raises:
        Invalid: There is no such chunk, or it is of another size.
    """
    if not 1 <= number <= state.chunks:
        raise Invalid("number", "is that of no chunk")
    if size != size_of_chunk(state.size, number):
        raise Invalid("body", "is not as long as this chunk is")


def must_be_describable(state: Attachment, told: Description, now: datetime) -> None:
    """Refuse a description that does not fit, before the bytes are gone over.

    Raises:
        Invalid: A recording's purpose is missing, or a document has one; or a day lies ahead.
        WrongState: The upload is over.
    """
    must_take(state, now)
    if told.occurred_at > now:
        raise InTheFuture("occurred_at")
    if state.is_recording and told.purpose is None:
        raise Invalid("purpose", "is missing: what was it recorded for?")
    if state.is_recording and told.origin is not None:
        raise Invalid("origin", "is a document's")
    if not state.is_recording and told.purpose is not None:
        raise Invalid("purpose", "is a recording's")
    if told.origin is not None and told.origin.on > local_day(now):
        raise InTheFuture("origin")


def store(
    state: Attachment, told: Description, seal: str, *, now: datetime
) -> tuple[AttachmentEvent, ...]:
    """Take what was uploaded into the case; ``seal`` is that of the sealed file.

    Raises:
        Invalid, WrongState: See ``must_be_describable``.
    """
    if state.status is Status.STORED:
        return ()
    must_be_describable(state, told, now)
    origin = told.origin
    return (
        AttachmentSealed(attachment=state.id, case=state.case, chunks=state.chunks, seal=seal),
        AttachmentStored(
            attachment=state.id,
            case=state.case,
            author=state.author,
            cls=state.cls,
            media_type=state.media_type,
            size=state.size,
            title=state.title,
            digest=FreeText(told.digest),
            occurred_at=told.occurred_at,
            purpose=_worded(told.purpose),
            origin_organisation=None if origin is None else worded(origin.organisation),
            origin_author=None if origin is None else _worded(origin.author),
            origin_on=None if origin is None else origin.on,
            viewers=state.viewers,
            delete_on=state.delete_on,
        ),
    )


def may_view(state: Attachment, actor: PractitionerId) -> bool:
    """Whether a recording is for somebody: for its author and for those whom she named."""
    return actor == state.author or actor in state.viewers


def withheld(state: Attachment, *, allowed: bool, today: date) -> Withheld | None:
    """Why a recording is closed to everybody by now; ``allowed``: all who are in it allow it."""
    if not state.is_recording:
        return None
    if not allowed:
        return Withheld.CONSENT
    if state.delete_on is not None and today >= state.delete_on:
        return Withheld.TIME
    return None


def _worded(text: FreeText | None) -> FreeText | None:
    return None if text is None else worded(text)


def _must_be_a_documents(new: NewAttachment) -> None:
    if new.cls not in DOCUMENT_CLASSES:
        raise Invalid("class", "is not one of a document")
    if new.viewers or new.delete_on is not None:
        raise Invalid("viewers", "and the day of destruction are a recording's")


def _viewers(new: NewAttachment) -> tuple[PractitionerId, ...]:
    viewers = tuple(dict.fromkeys(new.viewers))
    if not 0 < len(viewers) <= MOST_VIEWERS:
        raise Invalid("viewers", "are missing: who may see or hear it?")
    return viewers


def _delete_on(new: NewAttachment, today: date) -> date:
    last = today + LONGEST_KEPT
    day = new.delete_on or last
    if not today < day <= last:
        raise Invalid("delete_on", "must be a day of the next ninety")
    return day
