"""What happens to a client's file: registration, identity, contact, legal representatives."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import ADMINISTRATIVE, FRAME, MEMBERS_PART, Label
from domain.values import Address, CaseId, ClientId, ItemId, PractitionerId, StreamId


class Sex(StrEnum):
    """As the Act on Patients' Rights, art. 25, wants it recorded."""

    FEMALE = "female"
    MALE = "male"
    UNSPECIFIED = "unspecified"


class Authority(StrEnum):
    """By what right somebody speaks for the client."""

    STATUTORY_REPRESENTATIVE = "statutory-representative"
    PARENTAL_AUTHORITY = "holder-of-parental-authority"
    GUARDIAN_OF_INCAPACITATED = "guardian-of-incapacitated-adult"


class PersonWord(StrEnum):
    """What the person whom a therapy is for is called."""

    CLIENT = "client"
    PATIENT = "patient"


class HoldGround(StrEnum):
    """Why a record must be kept beyond its time (GDPR 17(3)(e) and others)."""

    COURT = "court"
    PROSECUTOR = "prosecutor"
    SUPERVISORY_AUTHORITY = "supervisory-authority"
    COMPLAINT = "complaint"
    LEGAL_CLAIM = "legal-claim"
    DEATH = "death"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered:
    """A client's file was opened; her consents and her access log get streams of their own."""

    NAME: ClassVar[str] = "client.registered"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    client: ClientId
    access_stream: StreamId
    consent_stream: StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientIdentified:
    """The client's identity was recorded or corrected (u.p.p. art. 25(1))."""

    NAME: ClassVar[str] = "client.identified"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    given_name: str
    family_name: str
    birth_date: date
    sex: Sex
    pesel: str | None = None
    identity_document: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientContactChanged:
    """How the client can be reached changed."""

    NAME: ClassVar[str] = "client.contact_changed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    phone: str | None = None
    email: str | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRepresentativeAdded:
    """Somebody was recorded as speaking for the client, with the right by which she does."""

    NAME: ClassVar[str] = "client.representative_added"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    representative: ItemId
    authority: Authority
    given_name: str
    family_name: str
    address: Address | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRepresentativeEnded:
    """Somebody no longer speaks for the client."""

    NAME: ClassVar[str] = "client.representative_ended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    representative: ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCaseLinked:
    """The client takes part in a case."""

    NAME: ClassVar[str] = "client.case_linked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAliasGiven:
    """By what alias a joint case speaks of the client; nothing else says whose alias it is."""

    NAME: ClassVar[str] = "client.alias_given"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    case: CaseId
    alias: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEnquiryLinked:
    """The client asked for help; whoever opens her case must be whose enquiry it is."""

    NAME: ClassVar[str] = "client.enquiry_linked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    enquiry: ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPersonWordSet:
    """What she wishes to be called; without a word what is usual here holds again."""

    NAME: ClassVar[str] = "client.person_word_set"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    word: PersonWord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHoldPlaced:
    """Nothing of the client's record may be destroyed; on the review day somebody asks why not."""

    NAME: ClassVar[str] = "client.hold_placed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    hold: ItemId
    ground: HoldGround
    setter: PractitionerId
    review_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHoldLifted:
    """A hold no longer stands."""

    NAME: ClassVar[str] = "client.hold_lifted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    hold: ItemId
    lifter: PractitionerId


ClientEvent = (
    ClientRegistered
    | ClientIdentified
    | ClientContactChanged
    | ClientRepresentativeAdded
    | ClientRepresentativeEnded
    | ClientCaseLinked
    | ClientEnquiryLinked
    | ClientPersonWordSet
    | ClientHoldPlaced
    | ClientHoldLifted
    | ClientAliasGiven
)
EVENTS: tuple[type[ClientEvent], ...] = (
    ClientRegistered,
    ClientIdentified,
    ClientContactChanged,
    ClientRepresentativeAdded,
    ClientRepresentativeEnded,
    ClientCaseLinked,
    ClientEnquiryLinked,
    ClientPersonWordSet,
    ClientHoldPlaced,
    ClientHoldLifted,
    ClientAliasGiven,
)
