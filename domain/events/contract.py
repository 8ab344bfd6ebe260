"""What happens to a therapeutic contract: agreed on, renegotiated, its budget extended and used."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import CLINICAL, FRAME, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section, SessionId


class Length(StrEnum):
    """How long the work is meant to be: short work has a budget of sessions."""

    SHORT = "short"
    LONG = "long"


class Frequency(StrEnum):
    """How often people meet."""

    SEVERAL_A_WEEK = "several-a-week"
    TWICE_A_WEEK = "twice-a-week"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    BY_ARRANGEMENT = "by-arrangement"


class PartyKind(StrEnum):
    """As what somebody agreed."""

    CLIENT = "client"
    PARTICIPANT = "participant"
    STATUTORY_REPRESENTATIVE = "statutory-representative"
    PARENTAL_AUTHORITY = "holder-of-parental-authority"


@dataclass(frozen=True, slots=True)
class Party:
    """Who agreed: a participant by her alias, a representative by her id, the client by neither."""

    kind: PartyKind
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a contract can be counted.

    ``budget``: sessions; ``cancellation_hours``: whoever calls a session off later than this calls
    it off late; ``fee``: for one session, in the currency's smallest unit, a term and no invoice;
    ``limits_told_at``: when the limits of confidentiality (*granice poufności*) were explained.
    """

    length: Length
    frequency: Frequency
    agreed_by: tuple[Party, ...]
    budget: int | None = None
    cancellation_hours: int | None = None
    fee: int | None = None
    currency: str | None = None
    limits_told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractAgreed:
    """Both sides agreed on how they will work."""

    NAME: ClassVar[str] = "contract.agreed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    contract: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    terms: Terms
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRenegotiated:
    """They agreed on other terms."""

    NAME: ClassVar[str] = "contract.renegotiated"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    contract: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    terms: Terms
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractBudgetExtended:
    """There will be more sessions than was agreed on; ``budget`` is how many altogether."""

    NAME: ClassVar[str] = "contract.budget_extended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    contract: ItemId
    case: CaseId
    author: PractitionerId
    budget: int
    reason: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractBudgetDrawn:
    """A held session was counted: the ``number``-th of a ``budget`` as it was then."""

    NAME: ClassVar[str] = "contract.budget_drawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    contract: ItemId
    case: CaseId
    session: SessionId
    number: int
    budget: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseContractLinked:
    """The case has a contract; what it says stands in the contract's own stream."""

    NAME: ClassVar[str] = "case.contract_linked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    contract: ItemId


ContractEvent = (
    ContractAgreed
    | ContractRenegotiated
    | ContractBudgetExtended
    | ContractBudgetDrawn
    | CaseContractLinked
)
EVENTS: tuple[type[ContractEvent], ...] = (
    ContractAgreed,
    ContractRenegotiated,
    ContractBudgetExtended,
    ContractBudgetDrawn,
    CaseContractLinked,
)
