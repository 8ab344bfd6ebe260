"""What happens to a request for erasure: asked for, approved by two, refused, or carried out.

A request has a stream of its own, sealed for the clinic: it outlives the keys of whom it is about,
and holds pseudonymous ids and codes alone. What the custodians sign is told by its digest.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import FRAME, Label
from domain.values import CaseId, ClientId, ErasureId, ItemId, PractitionerId


class ErasureScope(StrEnum):
    """How much goes."""

    ITEM = "item"
    PURPOSE = "purpose"
    CLIENT = "client"
    MEMBER = "member"
    LOG_AGE = "log-age"


class ErasureGround(StrEnum):
    """By what right it goes."""

    RETENTION_EXPIRED = "retention-expired"
    ART_51 = "art-51"
    WRONG_CLIENT = "wrong-client"
    UNLAWFUL_RECORDING = "unlawful-recording"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    MEMBER_ERASED = "member-erased"
    LOG_EXPIRED = "log-expired"


class HandOver(StrEnum):
    """What came of offering the record to the client before its destruction (u.p.p. art. 29(2))."""

    TAKEN = "taken"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"


class RefusalGround(StrEnum):
    """Why it stays."""

    RETENTION_MEDICAL = "retention-medical-entity"
    RETENTION_PSYCHOLOGIST = "retention-psychologist-practice"
    HOLD = "hold"
    LOG_FLOOR = "log-floor"
    NOT_THE_AUTHOR = "not-the-author"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRequested:
    """Somebody asked that something be made unreadable for good.

    ``item`` is a note, or another stream of the case with texts in it; ``text_version`` names one
    event of it where not all of its texts are meant; ``author`` who wrote it. ``year`` is that of
    the access log's entries.
    """

    NAME: ClassVar[str] = "erasure.requested"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    erasure: ErasureId
    scope: ErasureScope
    ground: ErasureGround
    requester: PractitionerId
    clients: tuple[ClientId, ...]
    case: CaseId | None = None
    item: ItemId | None = None
    text_version: int | None = None
    author: PractitionerId | None = None
    year: int | None = None
    hand_over: HandOver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureApproved:
    """A custodian signed; ``statement`` is the SHA-256 of what she signed, ``key`` her vkey."""

    NAME: ClassVar[str] = "erasure.approved"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    erasure: ErasureId
    custodian: PractitionerId
    number: int
    key: str
    statement: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRefused:
    """It stays, on a ground and, where that has an end, until a day; or it was withdrawn."""

    NAME: ClassVar[str] = "erasure.refused"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    erasure: ErasureId
    ground: RefusalGround
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureCompleted:
    """The keys are gone: the tombstone of what was there.

    ``position`` is that of the SHRED record in the log; ``keys`` and ``items`` how many subject
    keys and item keys went; ``final_by`` the day by which no backup of the key store opens any.
    """

    NAME: ClassVar[str] = "erasure.completed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    erasure: ErasureId
    scope: ErasureScope
    ground: ErasureGround
    approvers: tuple[PractitionerId, ...]
    position: int
    keys: int
    items: int
    destroyed_at: datetime
    case: CaseId | None = None
    item: ItemId | None = None
    text_version: int | None = None
    final_by: date | None = None


ErasureEvent = ErasureRequested | ErasureApproved | ErasureRefused | ErasureCompleted
EVENTS: tuple[type[ErasureEvent], ...] = (
    ErasureRequested,
    ErasureApproved,
    ErasureRefused,
    ErasureCompleted,
)
