"""What happens to a case (*proces terapeutyczny*): opening, team, problem, closing."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import CLINICAL, FRAME, Label
from domain.values import CaseId, ClientId, Format, FreeText, ItemId, PractitionerId, School


class Coding(StrEnum):
    """Which classification a diagnosis is coded in."""

    ICD_10 = "icd-10"
    ICD_11 = "icd-11"


class Outcome(StrEnum):
    """How a therapy ended."""

    COMPLETED = "completed"
    ENDED_BY_CLIENT = "ended-by-client"
    ENDED_BY_THERAPIST = "ended-by-therapist"
    REFERRED_ON = "referred-on"
    CLIENT_DIED = "client-died"


class Ending(StrEnum):
    """Whether an ending had been planned."""

    PLANNED = "planned"
    UNPLANNED = "unplanned"


class EndedBy(StrEnum):
    """Who ended a therapy."""

    CLIENT = "client"
    THERAPIST = "therapist"
    TOGETHER = "together"
    CLINIC = "clinic"
    CIRCUMSTANCES = "circumstances"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A code and its title as entered."""

    coding: Coding
    code: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """A therapy began. The clients of an individual case own it; any other case owns itself."""

    NAME: ClassVar[str] = "case.opened"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    clients: tuple[ClientId, ...]
    format: Format
    school: School
    therapist: PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseProblemStated:
    """What the client comes with, in words; a diagnosis is possible and never required.

    Version 1 had no ``problem``: what was said then has an id that is drawn from its seal.
    """

    NAME: ClassVar[str] = "case.problem_stated"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    words: FreeText
    diagnosis: Diagnosis | None = None
    problem: ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseProblemReframed:
    """A problem is seen otherwise now; how it was put at first stays."""

    NAME: ClassVar[str] = "case.problem_reframed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    problem: ItemId
    author: PractitionerId
    words: FreeText
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseProblemResolved:
    """A problem is one no longer; told again in other words it may come back (reframed)."""

    NAME: ClassVar[str] = "case.problem_resolved"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    problem: ItemId
    author: PractitionerId
    words: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTeamJoined:
    """Somebody joined the care team; from now on she may read and write in this case."""

    NAME: ClassVar[str] = "case.team_joined"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    practitioner: PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTeamLeft:
    """Somebody left the care team."""

    NAME: ClassVar[str] = "case.team_left"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    practitioner: PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTransferred:
    """The therapy goes on with another therapist."""

    NAME: ClassVar[str] = "case.transferred"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    previous: PractitionerId
    therapist: PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMemberJoined:
    """Somebody takes part in a joint therapy from now on; the case's keys begin a new epoch."""

    NAME: ClassVar[str] = "case.member_joined"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    client: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMemberLeft:
    """Somebody takes part in a joint therapy no longer; the case's keys begin a new epoch."""

    NAME: ClassVar[str] = "case.member_left"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    client: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseGroupFormed:
    """The case is a group's, with criteria, candidates and an agreement; nobody takes part yet."""

    NAME: ClassVar[str] = "case.group_formed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    group: ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCandidateNamed:
    """Somebody is considered for a group: a look at its candidates is a look at her."""

    NAME: ClassVar[str] = "case.candidate_named"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    client: ClientId
    candidate: ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAliasesDrawn:
    """These aliases were given in the case, and no more after; whose, the members' streams say."""

    NAME: ClassVar[str] = "case.aliases_drawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed:
    """The therapy ended: how, whether planned, by whom, and on which day if not on this one."""

    NAME: ClassVar[str] = "case.closed"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = FRAME
    case: CaseId
    outcome: Outcome
    ending: Ending | None = None
    ended_by: EndedBy | None = None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReopened:
    """A closed therapy goes on."""

    NAME: ClassVar[str] = "case.reopened"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    case: CaseId


CaseEvent = (
    CaseOpened
    | CaseProblemStated
    | CaseProblemReframed
    | CaseProblemResolved
    | CaseTeamJoined
    | CaseTeamLeft
    | CaseTransferred
    | CaseMemberJoined
    | CaseMemberLeft
    | CaseGroupFormed
    | CaseCandidateNamed
    | CaseAliasesDrawn
    | CaseClosed
    | CaseReopened
)
EVENTS: tuple[type[CaseEvent], ...] = (
    CaseOpened,
    CaseProblemStated,
    CaseProblemReframed,
    CaseProblemResolved,
    CaseTeamJoined,
    CaseTeamLeft,
    CaseTransferred,
    CaseMemberJoined,
    CaseMemberLeft,
    CaseGroupFormed,
    CaseCandidateNamed,
    CaseAliasesDrawn,
    CaseClosed,
    CaseReopened,
)
