"""Groups: for whom they are, who is considered for them, who took part when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from api.http.naming import Naming
from api.http.schemas.common import Asked, Id, Instant, Told, Words, example
from api.http.schemas.joint import MemberTold
from domain.candidate import LAST_PLACE
from domain.events.group import Acquaintance, GroupKind, Size, Suitability
from domain.group import FEWEST, MOST
from domain.use_cases.groups import Plan as DomainPlan
from domain.values import FreeText
from projections.chart.groups import CandidateLine, GroupLine, Plan, Step

MOST_CANDIDATES = 200
_Count = Annotated[int, Field(ge=FEWEST, le=MOST)]


class GroupPlan(Asked):
    """For whom a group is and for whom not, how many it holds, whether more may come later."""

    model_config = example(
        kind="closed",
        least=5,
        most=8,
        inclusion="Adults who have lost somebody within two years.",
        exclusion="Acute crisis; therapy elsewhere.",
        setting="Weekly, 90 minutes, 24 meetings, two therapists.",
    )

    kind: GroupKind
    least: _Count
    most: _Count
    inclusion: Words
    exclusion: Words | None = None
    setting: Words | None = None

    def value(self) -> DomainPlan:
        """The domain's plan."""
        return DomainPlan(
            self.kind,
            Size(self.least, self.most),
            FreeText(self.inclusion),
            None if self.exclusion is None else FreeText(self.exclusion),
            None if self.setting is None else FreeText(self.setting),
        )


class PreparatoryMeeting(Asked):
    """Candidates who met before the group began, named by their candidacies."""

    model_config = example(
        occurred_at="2026-11-20T16:00:00Z",
        present=["5f2c7b0d9e8a4c61b0d2f3a4c5e6f708"],
        words="The rules of the group were gone through.",
    )

    occurred_at: Instant
    present: Annotated[list[Id], Field(min_length=1, max_length=MOST_CANDIDATES)]
    words: Words | None = None


class GroupAgreement(Asked):
    """What the members promise each other."""

    model_config = example(words="What is said in the group stays in the group.")

    words: Words


class GroupBeginning(Asked):
    """When the group began to work."""

    model_config = example(occurred_at="2026-11-23T16:00:00Z")

    occurred_at: Instant


class GroupClosing(Asked):
    """Why the group takes nobody in any more."""

    model_config = example(words="The group has come to its end.")

    words: Words | None = None


class NewCandidate(Asked):
    """Somebody to be considered, with how it came to that."""

    model_config = example(
        client="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708", words="Her therapist suggested a group."
    )

    client: Id
    words: Words | None = None


class Screening(Asked):
    """What a talk with a candidate found."""

    model_config = example(
        occurred_at="2026-11-12T09:00:00Z",
        suitability="suitable",
        words="She can listen and wants to hear others.",
    )

    occurred_at: Instant
    suitability: Suitability
    words: Words


class AcquaintanceCheck(Asked):
    """Whom of the other candidates and members she knows, and what was decided."""

    model_config = example(decision="knows-nobody", knows=[])

    decision: Acquaintance
    knows: Annotated[list[Id], Field(max_length=MOST_CANDIDATES)]
    words: Words | None = None


class CandidateDecision(Asked):
    """Why somebody is accepted, or is not."""

    model_config = example(words="The group will carry her, and she it.")

    words: Words


class Waiting(Asked):
    """That somebody waits; a place puts her before those who have none."""

    model_config = example(place=1)

    place: Annotated[int, Field(ge=1, le=LAST_PLACE)] | None = None
    words: Words | None = None


class Withdrawing(Asked):
    """That somebody does not want to be considered any more."""

    model_config = example(words="She has found another place.")

    words: Words | None = None


class AgreementAccepted(Asked):
    """Which agreement was agreed to (its ``terms``), and when."""

    model_config = example(occurred_at="2026-11-20T16:30:00Z", terms=2)

    occurred_at: Instant
    terms: Annotated[int, Field(ge=1, le=1_000_000)]


class PlanTold(Told):
    """For whom a group was planned at a time; a text that was made unreadable is absent."""

    by: str
    at: datetime
    kind: str
    least: int
    most: int
    inclusion: str | None
    exclusion: str | None
    setting: str | None


class MeetingTold(Told):
    """A preparatory meeting."""

    by: str
    occurred_at: datetime
    present: list[str]
    words: str | None


class AgreementTold(Told):
    """A confidentiality agreement; ``terms`` is what members agree to."""

    by: str
    at: datetime
    terms: int
    words: str | None


class GroupTold(Told):
    """A group: the newest plan and the newest agreement stand, the others were before."""

    id: str
    version: int
    plans: list[PlanTold]
    agreements: list[AgreementTold]
    meetings: list[MeetingTold]
    begun_at: datetime | None
    closed_at: datetime | None
    closing_words: str | None


class GroupsTold(Told):
    """The group of a case; none where it is no group's, or takes people in as families do."""

    case: str
    groups: list[GroupTold]


class StepTold(Told):
    """Something that was found or decided about a candidate."""

    what: str
    by: str
    at: datetime
    finding: str | None
    knows: list[str]
    words: str | None


class CandidateTold(Told):
    """A candidate: where she stands, and how it came to that."""

    id: str
    version: int
    client: str
    name: str | None
    standing: str
    takes_part: bool
    place: int | None
    waiting_since: datetime | None
    agreed_to: int | None
    words: str | None
    steps: list[StepTold]


class CandidatesTold(Told):
    """Who was considered for a group; ``waiting`` in the order in which they wait."""

    case: str
    candidates: list[CandidateTold]
    waiting: list[str]


class CompositionTold(Told):
    """Who took part as a day ended."""

    case: str
    on: date
    members: list[MemberTold]


def group_told(line: GroupLine, naming: Naming) -> GroupTold:
    """The answer for a group."""
    return GroupTold(
        id=line.id,
        version=line.version,
        plans=[_plan_told(each, naming) for each in line.plans],
        agreements=[
            AgreementTold(
                by=each.by, at=each.at, terms=each.terms, words=naming.words_left(each.words)
            )
            for each in line.agreements
        ],
        meetings=[
            MeetingTold(
                by=each.by,
                occurred_at=each.occurred_at,
                present=list(each.present),
                words=naming.words_left(each.words),
            )
            for each in line.meetings
        ],
        begun_at=line.begun_at,
        closed_at=line.closed_at,
        closing_words=naming.words_left(line.closing_words),
    )


def candidate_told(
    line: CandidateLine,
    client: str,
    names: Mapping[str, str | None],
    naming: Naming,
    *,
    takes_part: bool,
) -> CandidateTold:
    """The answer for a candidate."""
    return CandidateTold(
        id=line.id,
        version=line.version,
        client=client,
        name=names.get(client),
        standing=line.standing,
        takes_part=takes_part,
        place=line.place,
        waiting_since=line.waiting_since,
        agreed_to=line.agreed_to,
        words=naming.words_left(line.words),
        steps=[_step_told(each, naming) for each in line.steps],
    )


def _plan_told(plan: Plan, naming: Naming) -> PlanTold:
    return PlanTold(
        by=plan.by,
        at=plan.at,
        kind=plan.group_kind,
        least=plan.least,
        most=plan.most,
        inclusion=naming.words_left(plan.inclusion),
        exclusion=naming.words_left(plan.exclusion),
        setting=naming.words_left(plan.setting),
    )


def _step_told(step: Step, naming: Naming) -> StepTold:
    return StepTold(
        what=step.what,
        by=step.by,
        at=step.at,
        finding=step.finding,
        knows=list(step.knows),
        words=naming.words_left(step.words),
    )
