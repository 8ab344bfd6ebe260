"""What happens to a note of the clinical record: drafted, signed, amended; the original stays."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import CLINICAL, Label
from domain.values import (
    CaseId,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    Registration,
    Role,
    SessionId,
)


class NoteKind(StrEnum):
    """What a note is about."""

    INTAKE = "intake"
    SESSION = "session"
    CONTACT = "contact"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDrafted:
    """A note was begun; until it is signed only its author sees it."""

    NAME: ClassVar[str] = "note.drafted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    author: PractitionerId
    kind: NoteKind
    occurred_at: datetime
    text: FreeText
    late: bool
    session: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRevised:
    """The draft's words were replaced before signing."""

    NAME: ClassVar[str] = "note.revised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    text: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSigned:
    """The author put her name to the words of ``text_version``, and nobody changes them after."""

    NAME: ClassVar[str] = "note.signed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    author: PractitionerId
    role: Role
    title: str
    registration: Registration
    text_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAmended:
    """An amendment (*uzupełnienie, sprostowanie*) was added; what it amends stays (SIG-01)."""

    NAME: ClassVar[str] = "note.amended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    author: PractitionerId
    reason: FreeText
    text: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCountersigned:
    """A second practitioner put her name beside the author's (*współpodpis*)."""

    NAME: ClassVar[str] = "note.countersigned"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    practitioner: PractitionerId
    title: str
    registration: Registration
    text_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteMarkedErroneous:
    """The note ought not to stand; it stays readable to the same readers, marked."""

    NAME: ClassVar[str] = "note.marked_erroneous"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    reason: FreeText


@dataclass(frozen=True, slots=True)
class PartOf:
    """Whose part of a joint note stands in which stream."""

    alias: str
    part: ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePartsAdded:
    """The joint note has parts that concern one member each, under the members' own keys."""

    NAME: ClassVar[str] = "note.parts_added"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    parts: tuple[PartOf, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteMoved:
    """The note was filed under the wrong client and stands elsewhere now (SIG-05).

    It is entered in error here, and nothing of it is shown any more; where it went is not told.
    """

    NAME: ClassVar[str] = "note.moved"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteReceived:
    """A signed note came from where it had been misfiled, newly sealed; whence is not told.

    Its author, her signature and the instants are those of the note as it was first written and
    signed.
    """

    NAME: ClassVar[str] = "note.received"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    author: PractitionerId
    kind: NoteKind
    occurred_at: datetime
    written_at: datetime
    signed_at: datetime
    late: bool
    title: str
    registration: Registration
    text: FreeText


NoteEvent = (
    NoteDrafted
    | NoteRevised
    | NoteSigned
    | NoteAmended
    | NoteCountersigned
    | NoteMarkedErroneous
    | NotePartsAdded
    | NoteMoved
    | NoteReceived
)
EVENTS: tuple[type[NoteEvent], ...] = (
    NoteDrafted,
    NoteRevised,
    NoteSigned,
    NoteAmended,
    NoteCountersigned,
    NoteMarkedErroneous,
    NotePartsAdded,
    NoteMoved,
    NoteReceived,
)
