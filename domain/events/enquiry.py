"""What happens before a case: an enquiry, consultations, a qualification, a waiting list.

What the policy must read (whose the enquiry is, whom a qualification names, that it has ended) is
frame; everything that was said lies under the client's clinical key. An ``entry`` is one act's own
id, so that the same act recorded twice stands once.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import CLINICAL, FRAME, Label
from domain.values import CaseId, ClientId, Format, FreeText, ItemId, PractitionerId, School


class Channel(StrEnum):
    """How an enquiry came."""

    TELEPHONE = "telephone"
    EMAIL = "e-mail"
    FORM = "web-form"
    LETTER = "letter"
    IN_PERSON = "in-person"
    REFERRAL = "referral"


class Priority(StrEnum):
    """How soon somebody on the waiting list should have a place."""

    URGENT = "urgent"
    SOON = "soon"
    ORDINARY = "ordinary"


class DeclinedBecause(StrEnum):
    """Why no therapy begins here."""

    NOT_QUALIFIED = "not-qualified"
    REFERRED_ELSEWHERE = "referred-elsewhere"
    NO_PLACE = "no-place"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryReceived:
    """Somebody asked for help: how it came, when, what for in her own words, who had sent her."""

    NAME: ClassVar[str] = "enquiry.received"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    enquiry: ItemId
    client: ClientId
    author: PractitionerId
    channel: Channel
    occurred_at: datetime
    words: FreeText
    format: Format | None = None
    source: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryAssigned:
    """An enquiry became a clinician's: from now on she may read and write in it, and nobody else.

    It is the first event of its stream; a later one hands the enquiry on.
    """

    NAME: ClassVar[str] = "enquiry.assigned"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    enquiry: ItemId
    client: ClientId
    practitioner: PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryConsultationHeld:
    """A consultation took place before it was decided whether a therapy begins."""

    NAME: ClassVar[str] = "enquiry.consultation_held"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    enquiry: ItemId
    entry: ItemId
    author: PractitionerId
    occurred_at: datetime
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryQualified:
    """It was decided that a therapy may begin, in which form, with whom, and why.

    ``therapist`` may open the case beside the intake person; ``group`` is the case of a group.
    """

    NAME: ClassVar[str] = "enquiry.qualified"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    enquiry: ItemId
    entry: ItemId
    author: PractitionerId
    format: Format
    reason: FreeText
    school: School | None = None
    therapist: PractitionerId | None = None
    group: CaseId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryDeclined:
    """It was decided that no therapy begins here, and why; whoever was named instead is words."""

    NAME: ClassVar[str] = "enquiry.declined"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    enquiry: ItemId
    entry: ItemId
    author: PractitionerId
    because: DeclinedBecause
    reason: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryWaitlisted:
    """Somebody waits for a place: for which, and how urgently; said again, it is changed."""

    NAME: ClassVar[str] = "enquiry.waitlisted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    enquiry: ItemId
    entry: ItemId
    author: PractitionerId
    priority: Priority
    words: FreeText
    format: Format | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryPlaceOffered:
    """A place was offered to somebody on the waiting list."""

    NAME: ClassVar[str] = "enquiry.place_offered"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    enquiry: ItemId
    entry: ItemId
    author: PractitionerId
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryOfferDeclined:
    """The place was not taken; she waits on, in the order in which she came."""

    NAME: ClassVar[str] = "enquiry.offer_declined"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    enquiry: ItemId
    entry: ItemId
    author: PractitionerId
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryWithdrawn:
    """The person asks for help no longer, here or at all."""

    NAME: ClassVar[str] = "enquiry.withdrawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    enquiry: ItemId
    entry: ItemId
    author: PractitionerId
    reason: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryTakenUp:
    """A therapy began; from now on its care team may read the enquiry, its intake person not."""

    NAME: ClassVar[str] = "enquiry.taken_up"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    enquiry: ItemId
    case: CaseId


EnquiryEvent = (
    EnquiryReceived
    | EnquiryAssigned
    | EnquiryConsultationHeld
    | EnquiryQualified
    | EnquiryDeclined
    | EnquiryWaitlisted
    | EnquiryPlaceOffered
    | EnquiryOfferDeclined
    | EnquiryWithdrawn
    | EnquiryTakenUp
)
EVENTS: tuple[type[EnquiryEvent], ...] = (
    EnquiryReceived,
    EnquiryAssigned,
    EnquiryConsultationHeld,
    EnquiryQualified,
    EnquiryDeclined,
    EnquiryWaitlisted,
    EnquiryPlaceOffered,
    EnquiryOfferDeclined,
    EnquiryWithdrawn,
    EnquiryTakenUp,
)
