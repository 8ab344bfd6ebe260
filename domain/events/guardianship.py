"""What happens to the rights of those who speak for a minor: limits, and the end of limits.

They stand in the minor's own stream, beside ``client.representative_added``.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import ADMINISTRATIVE, Label
from domain.values import FreeText, ItemId, PractitionerId


class Matter(StrEnum):
    """In what somebody can speak for a minor; each can be taken from her alone."""

    CONSENT = "consent"
    INFORMATION = "information"
    DOCUMENTATION = "documentation"
    CONTACT = "contact"


class LimitGround(StrEnum):
    """Why somebody may not do all that a representative may."""

    COURT_ORDER = "court-order"
    PARENTS_AGREEMENT = "parents-agreement"
    SAFETY = "safety"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRepresentativeLimited:
    """One representative may not do some of it, from a day and perhaps until one (FAM-02)."""

    NAME: ClassVar[str] = "client.representative_limited"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    limit: ItemId
    representative: ItemId
    author: PractitionerId
    ground: LimitGround
    forbids: tuple[Matter, ...]
    since: date
    until: date | None = None
    decided_on: date | None = None
    court: str | None = None
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRepresentativeLimitEnded:
    """A limit holds no longer; ``on`` is the last day on which it does."""

    NAME: ClassVar[str] = "client.representative_limit_ended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    limit: ItemId
    on: date


GuardianshipEvent = ClientRepresentativeLimited | ClientRepresentativeLimitEnded
EVENTS: tuple[type[GuardianshipEvent], ...] = (
    ClientRepresentativeLimited,
    ClientRepresentativeLimitEnded,
)
