"""What a client allows: each consent an object of its own, given, refused or withdrawn (REC-06)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import FRAME, Label
from domain.values import ClientId, ItemId


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """Somebody entitled allowed it."""

    NAME: ClassVar[str] = "consent.given"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    consent: ItemId
    client: ClientId
    scope: Scope
    purpose: str
    form: Form
    representative: ItemId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRefused:
    """Somebody entitled was asked and said no."""

    NAME: ClassVar[str] = "consent.refused"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    consent: ItemId
    client: ClientId
    scope: Scope
    purpose: str
    form: Form
    representative: ItemId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn:
    """A given consent was taken back; what was done under it stays lawful."""

    NAME: ClassVar[str] = "consent.withdrawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    consent: ItemId
    client: ClientId
    form: Form


ConsentEvent = ConsentGiven | ConsentRefused | ConsentWithdrawn
EVENTS: tuple[type[ConsentEvent], ...] = (ConsentGiven, ConsentRefused, ConsentWithdrawn)
