"""What happens to a note of the clinical record: drafted, signed, amended; the original stays."""

from dataclasses import dataclass
from datetime import date, datetime
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
    Section,
    SessionId,
)


class NoteKind(StrEnum):
    """What a note is about; an opinion and a certificate are external documentation."""

    INTAKE = "intake"
    SESSION = "session"
    CONTACT = "contact"
    SUMMARY = "summary"
    CRISIS = "crisis"
    OPINION = "opinion"
    CERTIFICATE = "certificate"


class Template(StrEnum):
    """After which template a note is written; its sections stand in ``domain.note_forms``."""

    FREE = "free"
    SESSION = "session"
    SOAP = "soap"
    DAP = "dap"
    BIRP = "birp"
    PSYCHODYNAMIC = "session-psychodynamic"
    COGNITIVE_BEHAVIOURAL = "session-cognitive-behavioural"
    THOUGHT_RECORD = "thought-record"
    HUMANISTIC_EXISTENTIAL = "session-humanistic-existential"
    SYSTEMIC = "session-systemic"
    CONTACT = "contact"
    CRISIS = "crisis"
    OPINION = "opinion"
    CERTIFICATE = "certificate"


class Means(StrEnum):
    """By what means somebody was in contact; or why nobody met."""

    PHONE = "phone"
    VIDEO = "video"
    LETTER = "letter"
    EMAIL = "e-mail"
    MESSAGE = "message"
    IN_PERSON = "in-person"
    NO_SHOW = "no-show"
    CANCELLATION = "cancellation"
    NOT_YET_HELD = "not-yet-held"


class Direction(StrEnum):
    """Who turned to whom; nobody, where nobody came."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    NONE = "none"


class Party(StrEnum):
    """In what role somebody was spoken or written to."""

    CLIENT = "client"
    PARTNER = "partner"
    PARENT = "parent"
    GUARDIAN = "guardian"
    RELATIVE = "relative"
    PHYSICIAN = "physician"
    PSYCHIATRIST = "psychiatrist"
    THERAPIST = "therapist"
    SCHOOL = "school"
    SOCIAL_SERVICES = "social-services"
    COURT = "court"
    POLICE = "police"
    EMERGENCY_SERVICE = "emergency-service"
    EMPLOYER = "employer"
    INSURER = "insurer"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Contact:
    """How and with whom there was a contact outside a session."""

    means: Means
    direction: Direction
    party: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDrafted:
    """A note was begun; until it is signed only its author sees it.

    Version 1 had words alone; version 2 has a template with sections, a contact and, in
    ``third_party``, with whom it was. After ``expires_on`` the draft has expired.
    """

    NAME: ClassVar[str] = "note.drafted"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    author: PractitionerId
    kind: NoteKind
    occurred_at: datetime
    text: FreeText | None = None
    late: bool
    session: SessionId | None = None
    template: Template = Template.FREE
    sections: tuple[Section, ...] = ()
    contact: Contact | None = None
    third_party: FreeText | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRevised:
    """The draft's words were replaced before signing, all of them."""

    NAME: ClassVar[str] = "note.revised"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    text: FreeText | None = None
    sections: tuple[Section, ...] = ()
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTakenUp:
    """The author goes on with a draft that had expired; its words are as she left them."""

    NAME: ClassVar[str] = "note.taken_up"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDiscarded:
    """The author gave a draft up: it is shown to nobody any more."""

    NAME: ClassVar[str] = "note.discarded"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSigned:
    """The author put her name to the words of ``text_version``, and nobody changes them after.

    Version 1 had no ``name``: it stood with the practitioner alone.
    """

    NAME: ClassVar[str] = "note.signed"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    author: PractitionerId
    role: Role
    title: str
    registration: Registration
    text_version: int
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCoSignatureAsked:
    """The author asked somebody to put her name beside hers (*współpodpis*).

    Where it is ``required``, since the author is in training, nobody else sees the note's words
    until ``co_signer`` has signed; who is asked anew stands in the place of whoever was before.
    """

    NAME: ClassVar[str] = "note.co_signature_asked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    author: PractitionerId
    co_signer: PractitionerId
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAmended:
    """An amendment (*uzupełnienie, sprostowanie*) was added; what it amends stays (SIG-01).

    ``scope`` names the sections that it changes or adds to, all of the note where it names none;
    ``sections`` are those sections' new words. Version 1 had a text alone.
    """

    NAME: ClassVar[str] = "note.amended"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    author: PractitionerId
    reason: FreeText
    text: FreeText | None = None
    scope: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCountersigned:
    """A second practitioner put her name beside the author's (*współpodpis*).

    Version 1 had no ``name``.
    """

    NAME: ClassVar[str] = "note.countersigned"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = CLINICAL
    note: NoteId
    case: CaseId
    practitioner: PractitionerId
    title: str
    registration: Registration
    text_version: int
    name: str | None = None


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
    signed. Version 1 had words alone, version 2 has what ``NoteDrafted`` 2 has.
    """

    NAME: ClassVar[str] = "note.received"
    VERSION: ClassVar[int] = 2
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
    text: FreeText | None = None
    template: Template = Template.FREE
    sections: tuple[Section, ...] = ()
    contact: Contact | None = None
    third_party: FreeText | None = None
    name: str | None = None


NoteEvent = (
    NoteDrafted
    | NoteRevised
    | NoteTakenUp
    | NoteDiscarded
    | NoteSigned
    | NoteCoSignatureAsked
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
    NoteTakenUp,
    NoteDiscarded,
    NoteSigned,
    NoteCoSignatureAsked,
    NoteAmended,
    NoteCountersigned,
    NoteMarkedErroneous,
    NotePartsAdded,
    NoteMoved,
    NoteReceived,
)
