"""What a client allows: each consent an object of its own, given, refused or withdrawn (REC-06).

Whoever spoke is named: a ``representative`` of the client's file, or, without one, the client
herself. ``said_at`` is when; it is absent in what was recorded before it was asked for.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import ADMINISTRATIVE, FRAME, Label
from domain.values import ClientId, FreeText, ItemId, PractitionerId


class Scope(StrEnum):
    """What is allowed or refused."""

    THERAPY = "therapy"
    RECORDING = "recording"
    SUPERVISION = "supervision"
    RESEARCH = "research"
    INSURER = "insurer"
    SHARING = "sharing"
    NOTIFICATION = "notification"


class Form(StrEnum):
    """How it was said."""

    WRITTEN = "written"
    ORAL = "oral"
    ELECTRONIC = "electronic"


class Opinion(StrEnum):
    """What somebody thinks of it who was consulted, a minor above all; or that nobody knows."""

    SUPPORTS = "supports"
    OPPOSES = "opposes"
    UNDECIDED = "undecided"
    NOT_GIVEN = "not-given"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """Somebody entitled allowed it."""

    NAME: ClassVar[str] = "consent.given"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = FRAME
    consent: ItemId
    client: ClientId
    scope: Scope
    purpose: str
    form: Form
    representative: ItemId | None = None
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRefused:
    """Somebody entitled was asked and said no, perhaps with a reason."""

    NAME: ClassVar[str] = "consent.refused"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = FRAME
    consent: ItemId
    client: ClientId
    scope: Scope
    purpose: str
    form: Form
    representative: ItemId | None = None
    said_at: datetime | None = None
    reason: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn:
    """A given consent was taken back; what was done under it stays lawful."""

    NAME: ClassVar[str] = "consent.withdrawn"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = FRAME
    consent: ItemId
    client: ClientId
    form: Form
    said_at: datetime | None = None
    reason: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentConsulted:
    """Somebody was consulted about a consent that others give for her, or beside her.

    Where a minor's opinion was not heard, the reason says why.
    """

    NAME: ClassVar[str] = "consent.consulted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    consultation: ItemId
    client: ClientId
    author: PractitionerId
    scope: Scope
    opinion: Opinion
    said_at: datetime
    representative: ItemId | None = None
    reason: FreeText | None = None


ConsentEvent = ConsentGiven | ConsentRefused | ConsentWithdrawn | ConsentConsulted
EVENTS: tuple[type[ConsentEvent], ...] = (
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    ConsentConsulted,
)
