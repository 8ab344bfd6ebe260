"""Shapes of risk: tasks, assessments, safety plans, crises, safeguarding, the emergency subset."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from api.http.schemas.common import Asked, Instant, Told, Words, example
from api.http.schemas.measures import RiskItemTold
from api.http.schemas.note_forms import Sections, sections
from domain.events.risk import Level, ProtectiveFactor, RiskFactor
from domain.events.safeguarding import Concern, Ground, Recipient
from domain.risk import NewAssessment as DomainAssessment
from domain.safeguarding import NewReport as DomainReport
from domain.use_cases.risk import Said as DomainSaid, Steps
from domain.values import FreeText

_WHEN = "2026-02-23T09:00:00Z"


class RiskTaskDone(Asked):
    """What was done about it."""

    model_config = example(done="Called her; she is with her sister. Seen the same evening.")

    done: Words


class NewRiskAssessment(Asked):
    """How the risk is judged, from what, and when it is to be judged again."""

    model_config = example(
        occurred_at=_WHEN,
        to_self="moderate",
        to_others="none",
        factors=["suicidal-thoughts"],
        protective=["close-people"],
        sections=[{"code": "what-was-said", "text": "Thoughts at night, no plan."}],
        review_on="2026-03-02",
    )

    occurred_at: Instant
    to_self: Level
    to_others: Level
    factors: Annotated[tuple[RiskFactor, ...], Field(max_length=len(RiskFactor))] = ()
    protective: Annotated[
        tuple[ProtectiveFactor, ...], Field(max_length=len(ProtectiveFactor))
    ] = ()
    sections: Sections
    review_on: date | None = None

    def value(self) -> DomainAssessment:
        """The domain's assessment."""
        return DomainAssessment(
            self.occurred_at,
            self.to_self,
            self.to_others,
            self.factors,
            self.protective,
            sections(self.sections),
            self.review_on,
        )


class SafetySteps(Asked):
    """The steps of a safety plan, in the client's own words."""

    model_config = example(
        occurred_at=_WHEN,
        sections=[
            {"code": "warning-signs", "text": "I stop answering messages."},
            {"code": "own-coping", "text": "A walk with the dog."},
            {"code": "professionals-and-emergency-numbers", "text": "112; the crisis line."},
        ],
    )

    occurred_at: Instant
    sections: Sections

    def value(self) -> Steps:
        """The domain's steps."""
        return Steps(self.occurred_at, sections(self.sections))


class CrisisWords(Asked):
    """What somebody says of it, and when that was."""

    model_config = example(occurred_at=_WHEN, words="She called at night from the bridge.")

    occurred_at: Instant
    words: Words

    def value(self) -> DomainSaid:
        """The domain's words."""
        return DomainSaid(self.occurred_at, FreeText(self.words))


class NewSafeguarding(CrisisWords):
    """What is feared, and from what."""

    model_config = example(
        occurred_at=_WHEN, concern="harm-to-a-child", words="Bruises that nobody explains."
    )

    concern: Concern


class SafeguardingReport(Asked):
    """Who outside was told, when, what, and on which legal ground."""

    model_config = example(
        occurred_at=_WHEN,
        ground="kk-240",
        recipient="prosecutor",
        office="The district prosecutor's office, by letter.",
        told="What the child said, word for word.",
    )

    occurred_at: Instant
    ground: Ground
    recipient: Recipient
    office: Words
    told: Words

    def value(self) -> DomainReport:
        """The domain's report."""
        return DomainReport(
            self.occurred_at,
            self.ground,
            self.recipient,
            FreeText(self.office),
            FreeText(self.told),
        )


class SafeguardingClosure(Asked):
    """Why nothing more is to be done about it."""

    model_config = example(words="The court has appointed a guardian.")

    words: Words


class RiskEntryTold(Told):
    """What every item of risk has: which it is, where it stands, who wrote it, and when."""

    id: str
    version: int
    status: str
    by: str
    recorded_at: datetime
    changed_at: datetime
    occurred_at: datetime


class RiskTaskStepTold(Told):
    """What a clinician did about a task, and when."""

    by: str
    recorded_at: datetime
    done: str | None = None


class RiskTaskTold(RiskEntryTold):
    """What a questionnaire opened: answers of concern, or a score that is reliably worse.

    ``unanswered`` are those of the ``items`` that were left out.
    """

    instrument: str
    measure: str
    items: tuple[RiskItemTold, ...] = ()
    unanswered: tuple[int, ...] = ()
    against: str | None = None
    before: int | None = None
    after: int | None = None
    steps: list[RiskTaskStepTold]


class RiskSectionTold(Told):
    """Words about one thing; ``None`` where they have been made unreadable."""

    code: str
    text: str | None


class RiskAssessedTold(Told):
    """One judgement of the risk."""

    by: str
    recorded_at: datetime
    occurred_at: datetime
    to_self: str
    to_others: str
    factors: list[str]
    protective: list[str]
    sections: list[RiskSectionTold]
    review_on: date | None = None


class RiskAssessmentTold(RiskEntryTold):
    """The risk as it was judged last; ``steps`` are the later judgements, the newest last."""

    to_self: str
    to_others: str
    factors: list[str]
    protective: list[str]
    sections: list[RiskSectionTold]
    review_on: date | None = None
    steps: list[RiskAssessedTold]


class SafetyPlanStepTold(Told):
    """A safety plan as it was revised at some time."""

    by: str
    recorded_at: datetime
    occurred_at: datetime
    sections: list[RiskSectionTold]


class SafetyPlanTold(RiskEntryTold):
    """A safety plan as it stands, with its revisions."""

    sections: list[RiskSectionTold]
    steps: list[SafetyPlanStepTold]


class CrisisStepTold(Told):
    """What was said at the end of something."""

    by: str
    recorded_at: datetime
    occurred_at: datetime | None = None
    words: str | None = None


class CrisisTold(RiskEntryTold):
    """A crisis, and how it was resolved."""

    words: str | None
    steps: list[CrisisStepTold]


class SafeguardingStepTold(CrisisStepTold):
    """Who was told, or why the concern was closed."""

    step: str
    ground: str | None = None
    recipient: str | None = None
    office: str | None = None
    told: str | None = None


class SafeguardingTold(RiskEntryTold):
    """A concern, who was told of it, and how it ended."""

    concern: str
    words: str | None
    steps: list[SafeguardingStepTold]


class RiskTold(Told):
    """What is known of the risk of a case."""

    case: str
    tasks: list[RiskTaskTold]
    assessments: list[RiskAssessmentTold]
    safety_plans: list[SafetyPlanTold]
    crises: list[CrisisTold]
    safeguarding: list[SafeguardingTold]


class EmergencyContactTold(Told):
    """How somebody who takes part, or who speaks for her, can be reached."""

    name: str
    relation: str
    phone: str | None = None
    email: str | None = None
    address: str | None = None


class EmergencyDiagnosisTold(Told):
    """A diagnosis that stands."""

    coding: str
    code: str
    title: str
    certainty: str


class EmergencyMedicationTold(Told):
    """A medicine, as far as it was told."""

    substance: str
    dose: str | None = None
    words: str | None = None


class EmergencyTold(Told):
    """Contacts, diagnosis, medication, risk, safety plan of one case, and no more."""

    case: str
    contacts: list[EmergencyContactTold]
    diagnoses: list[EmergencyDiagnosisTold]
    medication: list[EmergencyMedicationTold]
    assessment: RiskAssessmentTold | None
    safety_plan: SafetyPlanTold | None
    tasks: list[RiskTaskTold]
    crises: list[CrisisTold]
    safeguarding: list[SafeguardingTold]
