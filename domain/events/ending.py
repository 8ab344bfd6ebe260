"""How a therapy comes to its end and what follows: planned, summarised, handed on, followed up.

That a case is closed, transferred or taken up again is in the case's own stream.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, FreeText, ItemId, NoteId, PractitionerId


class TerminationReason(StrEnum):
    """Why an ending is planned."""

    GOALS_REACHED = "goals-reached"
    AGREED_TIME = "agreed-time"
    CLIENTS_WISH = "clients-wish"
    THERAPIST_LEAVES = "therapist-leaves"
    NO_PROGRESS = "no-progress"
    REFERRED_ON = "referred-on"
    OTHER = "other"


class TransferReason(StrEnum):
    """Why somebody else is to go on."""

    LIMIT_OF_COMPETENCE = "limit-of-competence"
    CONFLICT_OF_INTEREST = "conflict-of-interest"
    OTHER_METHOD_NEEDED = "other-method-needed"
    CLIENTS_WISH = "clients-wish"
    THERAPIST_LEAVES = "therapist-leaves"
    THERAPIST_ILL = "therapist-ill"
    OTHER = "other"


class FollowUpContact(StrEnum):
    """How somebody is asked how she is, after the end."""

    SESSION = "session"
    CALL = "call"
    LETTER = "letter"
    QUESTIONNAIRE = "questionnaire"


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminationPlanned:
    """An ending was agreed for a day: why, and what remains to be done until then."""

    NAME: ClassVar[str] = "termination.planned"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    termination: ItemId
    case: CaseId
    author: PractitionerId
    ends_on: date
    reason: TerminationReason
    remains: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminationReplanned:
    """The planned ending falls on another day, or something else remains to be done."""

    NAME: ClassVar[str] = "termination.replanned"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    termination: ItemId
    case: CaseId
    author: PractitionerId
    ends_on: date
    remains: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminationWithdrawn:
    """The therapy goes on after all."""

    NAME: ClassVar[str] = "termination.withdrawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    termination: ItemId
    case: CaseId
    reason: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargeSummarised:
    """A signed note is the discharge summary (*karta zakończenia terapii*)."""

    NAME: ClassVar[str] = "discharge.summarised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    discharge: ItemId
    case: CaseId
    author: PractitionerId
    note: NoteId


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferProposed:
    """A colleague was asked to go on with the case; ``joins`` if she reads it only to answer."""

    NAME: ClassVar[str] = "transfer.proposed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    transfer: ItemId
    case: CaseId
    author: PractitionerId
    to: PractitionerId
    reason: TransferReason
    words: FreeText
    joins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAccepted:
    """She goes on; that the case is hers stands in the case's own stream."""

    NAME: ClassVar[str] = "transfer.accepted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    transfer: ItemId
    case: CaseId
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferDeclined:
    """She does not, and reads the case no longer if she read it only to answer."""

    NAME: ClassVar[str] = "transfer.declined"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    transfer: ItemId
    case: CaseId
    reason: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferWithdrawn:
    """The proposal was taken back before it was answered."""

    NAME: ClassVar[str] = "transfer.withdrawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    transfer: ItemId
    case: CaseId
    reason: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpPlanned:
    """Somebody is to be asked how she is, some time after the end."""

    NAME: ClassVar[str] = "follow_up.planned"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    follow_up: ItemId
    case: CaseId
    author: PractitionerId
    due_on: date
    contact: FollowUpContact
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpHeld:
    """She was asked; or she was not ``reached``."""

    NAME: ClassVar[str] = "follow_up.held"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    follow_up: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    reached: bool
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpDropped:
    """She is not to be asked."""

    NAME: ClassVar[str] = "follow_up.dropped"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    follow_up: ItemId
    case: CaseId
    reason: FreeText


EndingEvent = (
    TerminationPlanned
    | TerminationReplanned
    | TerminationWithdrawn
    | DischargeSummarised
    | TransferProposed
    | TransferAccepted
    | TransferDeclined
    | TransferWithdrawn
    | FollowUpPlanned
    | FollowUpHeld
    | FollowUpDropped
)
EVENTS: tuple[type[EndingEvent], ...] = get_args(EndingEvent)
