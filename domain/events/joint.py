"""What couples, families and groups agree on: secrets, roles, releases; and who may not be told.

What is said here names people by alias. The role that somebody has in a family stands under her own
key; agreements and releases are the case's.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import CLINICAL, MEMBERS_PART, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId


class SecrecyPolicy(StrEnum):
    """What becomes of what one participant tells the therapist alone (FAM-04)."""

    NO_SECRETS = "no-secrets"
    INDIVIDUAL_CONFIDENTIALITY = "individual-confidentiality"
    CASE_BY_CASE = "case-by-case"


class PartInSystem(StrEnum):
    """What somebody is to the others in a couple or a family."""

    PARTNER = "partner"
    MOTHER = "mother"
    FATHER = "father"
    STEP_PARENT = "step-parent"
    CHILD = "child"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GUARDIAN = "guardian"
    OTHER = "other"


class Overlay(StrEnum):
    """What is to be thought of before an item is shown to somebody outside (compliance 5).

    ``MINOR_CONFIDENTIAL`` (ADOL): not to a guardian without review. ``DOMESTIC_VIOLENCE`` (SDV):
    never where a partner may read it.
    """

    MINOR_CONFIDENTIAL = "minor-confidential"
    DOMESTIC_VIOLENCE = "domestic-violence"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecrecyAgreed:
    """The participants agreed on what happens to what one of them tells alone."""

    NAME: ClassVar[str] = "secrecy.agreed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    secrecy: ItemId
    case: CaseId
    author: PractitionerId
    policy: SecrecyPolicy
    agreed_by: tuple[str, ...]
    occurred_at: datetime
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecrecyRevised:
    """They agreed on something else, or somebody more agreed; what was said before stays."""

    NAME: ClassVar[str] = "secrecy.revised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    secrecy: ItemId
    case: CaseId
    author: PractitionerId
    policy: SecrecyPolicy
    agreed_by: tuple[str, ...]
    occurred_at: datetime
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantRoleRecorded:
    """What somebody is in the couple or family; the newest word stands."""

    NAME: ClassVar[str] = "participant.role_recorded"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    role: ItemId
    case: CaseId
    alias: str
    author: PractitionerId
    part: PartInSystem
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseProposed:
    """Content of a joint case is to go outside: what, to whom; nothing has gone yet (FAM-05)."""

    NAME: ClassVar[str] = "release.proposed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    release: ItemId
    case: CaseId
    author: PractitionerId
    recipient: FreeText
    content: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseConsented:
    """One participant, or one who speaks for her, consented to a release in writing."""

    NAME: ClassVar[str] = "release.consented"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    release: ItemId
    case: CaseId
    alias: str
    occurred_at: datetime
    representative: ItemId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseConsentWithdrawn:
    """A consent to a release was taken back."""

    NAME: ClassVar[str] = "release.consent_withdrawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    release: ItemId
    case: CaseId
    alias: str
    occurred_at: datetime
    representative: ItemId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlaySet:
    """An item of the case is marked, with the reason; ``alias`` is whose it is in a joint case."""

    NAME: ClassVar[str] = "overlay.set"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    overlay: ItemId
    case: CaseId
    item: ItemId
    author: PractitionerId
    kind: Overlay
    words: FreeText
    alias: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayLifted:
    """An item is marked no longer, after somebody has thought it over."""

    NAME: ClassVar[str] = "overlay.lifted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    overlay: ItemId
    case: CaseId
    author: PractitionerId
    words: FreeText


SecrecyEvent = SecrecyAgreed | SecrecyRevised
ReleaseEvent = ReleaseProposed | ReleaseConsented | ReleaseConsentWithdrawn
OverlayEvent = OverlaySet | OverlayLifted
JointEvent = SecrecyEvent | ParticipantRoleRecorded | ReleaseEvent | OverlayEvent
EVENTS: tuple[type[JointEvent], ...] = (
    SecrecyAgreed,
    SecrecyRevised,
    ParticipantRoleRecorded,
    ReleaseProposed,
    ReleaseConsented,
    ReleaseConsentWithdrawn,
    OverlaySet,
    OverlayLifted,
)
