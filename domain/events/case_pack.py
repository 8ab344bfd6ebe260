"""Case packs: what of a case is brought to supervision, item by item, mostly under other names.

A pack is supervision material (class F) under the keys of the case's owner: after her erasure it is
unreadable as well; that it was issued, to whom and until when is frame, which has no words. By
which aliases and by how many days it differs from the record stands apart, under its author's own
key (compliance SUP-01).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.confidentiality import FRAME, PORTFOLIO, SUPERVISION, Label
from domain.values import CaseId, ClientId, ItemId, PractitionerId, Section


@dataclass(frozen=True, slots=True)
class PackAlias:
    """By what letter a pack speaks of somebody; whoever is no client has no id here."""

    alias: str
    client: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePackDrafted:
    """The author chose items; with ``identified`` the names are left as they are.

    Each section is one item, as the supervisor is going to read it.
    """

    NAME: ClassVar[str] = "case_pack.drafted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = SUPERVISION
    pack: ItemId
    case: CaseId
    author: PractitionerId
    supervision: ItemId
    items: tuple[ItemId, ...]
    sections: tuple[Section, ...]
    identified: bool
    supervisor: PractitionerId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePackLinked:
    """How a pack leads back to the record: by so many days, and by these aliases."""

    NAME: ClassVar[str] = "case_pack.linked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = PORTFOLIO
    pack: ItemId
    author: PractitionerId
    offset_days: int
    aliases: tuple[PackAlias, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePackConfirmed:
    """The author has read the pack as it will be shown, and stands for it."""

    NAME: ClassVar[str] = "case_pack.confirmed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = SUPERVISION
    pack: ItemId
    case: CaseId
    author: PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePackIssued:
    """The supervisor may read it on line, or be handed it, until then and not a moment longer.

    Who may do so is frame: the policy reads it at each look.
    """

    NAME: ClassVar[str] = "case_pack.issued"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    pack: ItemId
    case: CaseId
    author: PractitionerId
    supervision: ItemId
    identified: bool
    expires_at: datetime
    supervisor: PractitionerId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePackHandedOver:
    """The printed page was given to the outside supervisor; ``page`` is its SHA-256 in hexadecimal.

    The page bears the id ``entry``, so that a copy that turns up says which one it is.
    """

    NAME: ClassVar[str] = "case_pack.handed_over"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = SUPERVISION
    pack: ItemId
    case: CaseId
    author: PractitionerId
    entry: ItemId
    recipient: str
    occurred_at: datetime
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePackRevoked:
    """Nobody but its author reads it from now on."""

    NAME: ClassVar[str] = "case_pack.revoked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    pack: ItemId
    case: CaseId
    author: PractitionerId


CasePackEvent = (
    CasePackDrafted
    | CasePackLinked
    | CasePackConfirmed
    | CasePackIssued
    | CasePackHandedOver
    | CasePackRevoked
)
EVENTS: tuple[type[CasePackEvent], ...] = (
    CasePackDrafted,
    CasePackLinked,
    CasePackConfirmed,
    CasePackIssued,
    CasePackHandedOver,
    CasePackRevoked,
)
