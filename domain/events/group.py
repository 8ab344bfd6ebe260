"""What happens to a group beside its case: its criteria, who was considered for it, its agreement.

The group's own events are sealed for its case. What was said about one candidate stands in a stream
of hers and under her own key: if she is erased, or was never taken in and goes, nothing is left
that anybody can read (docs of the design: security, section 1.8).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import CLINICAL, MEMBERS_PART, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId


class GroupKind(StrEnum):
    """Whether somebody can still come once the group has begun."""

    OPEN = "open"
    CLOSED = "closed"


class Suitability(StrEnum):
    """What a screening found."""

    SUITABLE = "suitable"
    UNSUITABLE = "unsuitable"
    UNDECIDED = "undecided"


class Acquaintance(StrEnum):
    """What was decided after asking whether a candidate knows somebody of the group."""

    KNOWS_NOBODY = "knows-nobody"
    NO_OBSTACLE = "no-obstacle"
    OBSTACLE = "obstacle"


@dataclass(frozen=True, slots=True)
class Size:
    """How many a group needs to begin, and how many it holds."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOpened:
    """A group was planned: for whom it is, for whom not, how many, and whether more may come."""

    NAME: ClassVar[str] = "group.opened"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    group: ItemId
    case: CaseId
    author: PractitionerId
    kind: GroupKind
    size: Size
    inclusion: FreeText
    exclusion: FreeText | None = None
    setting: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRevised:
    """The criteria or limits of a group changed; those before are kept."""

    NAME: ClassVar[str] = "group.revised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    group: ItemId
    case: CaseId
    author: PractitionerId
    kind: GroupKind
    size: Size
    inclusion: FreeText
    exclusion: FreeText | None = None
    setting: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPreparatoryMeetingHeld:
    """Candidates met before the group began; they are named by their candidacies alone."""

    NAME: ClassVar[str] = "group.preparatory_meeting_held"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    group: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    present: tuple[ItemId, ...]
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAgreementMade:
    """What the group's members promise each other about confidentiality, from now on."""

    NAME: ClassVar[str] = "group.agreement_made"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    group: ItemId
    case: CaseId
    author: PractitionerId
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBegun:
    """The group began to work; a closed one takes nobody in after this."""

    NAME: ClassVar[str] = "group.begun"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    group: ItemId
    case: CaseId
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupClosed:
    """The group takes nobody in any more; its case is closed by itself."""

    NAME: ClassVar[str] = "group.closed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    group: ItemId
    case: CaseId
    author: PractitionerId
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCandidateNamed:
    """Somebody is considered for a group."""

    NAME: ClassVar[str] = "group.candidate_named"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    candidate: ItemId
    case: CaseId
    group: ItemId
    author: PractitionerId
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCandidateScreened:
    """A candidate was talked with: what speaks for her taking part and what against."""

    NAME: ClassVar[str] = "group.candidate_screened"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    candidate: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    suitability: Suitability
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAcquaintancesChecked:
    """Whether a candidate knows somebody of the group, and what was decided.

    ``knows`` names other candidacies, so that a pair is found from both sides and nobody is named.
    """

    NAME: ClassVar[str] = "group.acquaintances_checked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    candidate: ItemId
    case: CaseId
    author: PractitionerId
    decision: Acquaintance
    knows: tuple[ItemId, ...]
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCandidateAccepted:
    """A candidate may join the group, and why."""

    NAME: ClassVar[str] = "group.candidate_accepted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    candidate: ItemId
    case: CaseId
    author: PractitionerId
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCandidateDeclined:
    """A candidate was not taken, and why."""

    NAME: ClassVar[str] = "group.candidate_declined"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    candidate: ItemId
    case: CaseId
    author: PractitionerId
    words: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCandidateWaitlisted:
    """A candidate waits; ``place`` puts her before those without one, whoever came first."""

    NAME: ClassVar[str] = "group.candidate_waitlisted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    candidate: ItemId
    case: CaseId
    author: PractitionerId
    place: int | None = None
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCandidateWithdrew:
    """A candidate does not want to be considered any more."""

    NAME: ClassVar[str] = "group.candidate_withdrew"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    candidate: ItemId
    case: CaseId
    author: PractitionerId
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAgreementAccepted:
    """A candidate or member has agreed to the group's confidentiality agreement as it then stood.

    ``terms`` is the version of the group's stream that holds its words.
    """

    NAME: ClassVar[str] = "group.agreement_accepted"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    candidate: ItemId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    terms: int


GroupEvent = (
    GroupOpened
    | GroupRevised
    | GroupPreparatoryMeetingHeld
    | GroupAgreementMade
    | GroupBegun
    | GroupClosed
)
CandidateEvent = (
    GroupCandidateNamed
    | GroupCandidateScreened
    | GroupAcquaintancesChecked
    | GroupCandidateAccepted
    | GroupCandidateDeclined
    | GroupCandidateWaitlisted
    | GroupCandidateWithdrew
    | GroupAgreementAccepted
)
EVENTS: tuple[type[GroupEvent | CandidateEvent], ...] = (
    GroupOpened,
    GroupRevised,
    GroupPreparatoryMeetingHeld,
    GroupAgreementMade,
    GroupBegun,
    GroupClosed,
    GroupCandidateNamed,
    GroupCandidateScreened,
    GroupAcquaintancesChecked,
    GroupCandidateAccepted,
    GroupCandidateDeclined,
    GroupCandidateWaitlisted,
    GroupCandidateWithdrew,
    GroupAgreementAccepted,
)
