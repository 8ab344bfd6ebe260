"""The work: plans, goals, methods, areas of work, homework, skills."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field

from api.http.on_chart import Saying
from api.http.schemas.common import Asked, Id, Instant, Line, Told, Words, example
from domain.events import goal, method, plan, work_area
from domain.values import FreeText, Section

Links = Annotated[list[Id], Field(max_length=20)]


class ItemTold(Told):
    """What every item of a chart has: which it is, where it stands, who wrote it, and when."""

    id: str
    version: int
    status: str
    by: str
    recorded_at: datetime
    changed_at: datetime


class StepTold(Told):
    """A step of an item's history."""

    step: str
    by: str
    recorded_at: datetime
    occurred_at: datetime | None = None


# Plans


class NewPlan(Saying):
    """A plan of the work, and when it is to be reviewed."""

    EVENT: ClassVar = plan.PlanDrafted
    model_config = example(
        text="Twelve sessions: exposure, then relapse prevention.", review_on="2027-01-15"
    )

    text: Words
    review_on: date | None = None


class RevisedPlan(Saying):
    """The plan in other words."""

    EVENT: ClassVar = plan.PlanRevised
    model_config = example(text="Sixteen sessions, with her partner in two.", reason="She asked.")

    text: Words
    reason: Words | None = None
    review_on: date | None = None


class PlanAgreement(Saying):
    """Who agreed, and when."""

    EVENT: ClassVar = plan.PlanAgreed
    model_config = example(agreed_with="client", occurred_at="2026-11-23T09:40:00Z")

    agreed_with: plan.AgreedWith
    occurred_at: Instant


class PlanReview(Saying):
    """What a review found, and when the next one is due."""

    EVENT: ClassVar = plan.PlanReviewHeld
    model_config = example(
        text="Half of the goals stand at what was expected.",
        occurred_at="2026-11-23T09:40:00Z",
        review_on="2027-02-15",
    )

    text: Words
    occurred_at: Instant
    review_on: date | None = None


class PlanEnding(Saying):
    """Why a plan is followed no longer."""

    EVENT: ClassVar = plan.PlanEnded
    model_config = example(reason="replaced")

    reason: plan.PlanEnd


class PlanStepTold(StepTold):
    """A step of a plan's history; an older version of the plan stands in the step before."""

    text: str | None = None
    reason: str | None = None
    agreed_with: str | None = None
    review_on: date | None = None


class TreatmentPlanTold(ItemTold):
    """A plan as it stands, with all its versions."""

    text: str | None = None
    review_on: date | None = None
    steps: list[PlanStepTold]


class PlansTold(Told):
    """The plans of a case; the last that has not ended is followed now."""

    plans: list[TreatmentPlanTold]


# Goals


class LevelAsked(Asked):
    """What one step of a goal's scale means for it."""

    code: Annotated[str, Field(pattern=r"^[a-z-]{1,40}$")]
    text: Words

    def value(self) -> Section:
        """The domain's section."""
        return Section(self.code, FreeText(self.text))


Levels = Annotated[list[LevelAsked], Field(max_length=5)]


class NewGoal(Saying):
    """A goal; growth needs no problem and no diagnosis."""

    EVENT: ClassVar = goal.GoalSet
    model_config = example(kind="growth", words="To say what she wants before she is asked.")

    kind: goal.GoalKind
    words: Words
    levels: Levels = Field(default_factory=list)
    problems: Links = Field(default_factory=list)
    plan: Id | None = None
    target_on: date | None = None


class RevisedGoal(Saying):
    """The goal in other words."""

    EVENT: ClassVar = goal.GoalRevised
    model_config = example(words="To say what she wants at work, too.")

    words: Words
    levels: Levels = Field(default_factory=list)
    problems: Links = Field(default_factory=list)
    target_on: date | None = None


class Rating(Saying):
    """How far a goal has come: from -2, much less than expected, to 2, much more."""

    EVENT: ClassVar = goal.GoalProgressRated
    model_config = example(attainment=1, rated_by="together", occurred_at="2026-11-23T09:40:00Z")

    attainment: int
    rated_by: goal.RatedBy
    occurred_at: Instant
    words: Words | None = None
    session: Id | None = None


class Achievement(Saying):
    """That a goal was reached."""

    EVENT: ClassVar = goal.GoalAchieved
    model_config = example(occurred_at="2026-11-23T09:40:00Z")

    occurred_at: Instant
    words: Words | None = None


class DroppedGoal(Saying):
    """Why a goal is pursued no longer."""

    EVENT: ClassVar = goal.GoalDropped
    model_config = example(occurred_at="2026-11-23T09:40:00Z", reason="Another job came first.")

    occurred_at: Instant
    reason: Words


class LevelTold(Told):
    """What one step of a goal's scale means for it."""

    code: str
    text: str | None = None


class GoalStepTold(StepTold):
    """A step of a goal's history."""

    words: str | None = None
    reason: str | None = None
    levels: list[LevelTold] | None = None
    problems: list[str] | None = None
    target_on: date | None = None
    attainment: int | None = None
    rated_by: str | None = None
    session: str | None = None


class AttainedTold(Told):
    """How far a goal has come."""

    first: int | None
    newest: int | None
    change: int | None
    ratings: int


class GoalTold(ItemTold):
    """A goal as it stands, with its history."""

    kind: str
    words: str | None = None
    levels: list[LevelTold] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)
    plan: str | None = None
    target_on: date | None = None
    attained: AttainedTold
    steps: list[GoalStepTold]


class GoalsTold(Told):
    """The goal tracker of a case; ``summary`` is a T score, 50 where all is as was expected."""

    goals: list[GoalTold]
    summary: float | None


# Methods


class NewMethod(Saying):
    """A method, and why it suits this person."""

    EVENT: ClassVar = method.MethodChosen
    model_config = example(
        name="Behavioural activation", rationale="She has energy in the mornings and little to do."
    )

    name: Line
    rationale: Words
    goals: Links = Field(default_factory=list)
    problems: Links = Field(default_factory=list)


class MethodUse(Saying):
    """In which held session a method was used."""

    EVENT: ClassVar = method.MethodUsed
    model_config = example(session="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708")

    session: Id
    words: Words | None = None


class MethodReview(Saying):
    """How a method was found to fit."""

    EVENT: ClassVar = method.MethodReviewed
    model_config = example(fit="partly-helpful", occurred_at="2026-11-23T09:40:00Z")

    fit: method.Fit
    occurred_at: Instant
    words: Words | None = None


class MethodSettingAside(Saying):
    """Why a method is used no longer."""

    EVENT: ClassVar = method.MethodSetAside
    model_config = example(reason="It frightened her more than it helped.")

    reason: Words | None = None


class MethodStepTold(StepTold):
    """A step of a method's history."""

    session: str | None = None
    fit: str | None = None
    words: str | None = None
    reason: str | None = None


class UsedTold(Told):
    """How much of the work a method was."""

    times: int
    share: float
    fit: str | None


class MethodTold(ItemTold):
    """A method, with its history."""

    name: str
    rationale: str | None = None
    goals: list[str] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)
    used: UsedTold
    steps: list[MethodStepTold]


class MethodsTold(Told):
    """The method mix of a case."""

    methods: list[MethodTold]


# Areas of work


class NewWorkArea(Saying):
    """Something that is worked on."""

    EVENT: ClassVar = work_area.WorkAreaOpened
    model_config = example(words="How she speaks with her mother.")

    words: Words
    problems: Links = Field(default_factory=list)
    goals: Links = Field(default_factory=list)


class Advance(Saying):
    """How an area stands beside how it was when it was opened."""

    EVENT: ClassVar = work_area.WorkAreaAdvanced
    model_config = example(change="better", occurred_at="2026-11-23T09:40:00Z")

    change: work_area.Change
    occurred_at: Instant
    words: Words | None = None
    session: Id | None = None


class WorkAreaClosing(Saying):
    """How the work on an area ended."""

    EVENT: ClassVar = work_area.WorkAreaClosed
    model_config = example(resolution="worked-through", occurred_at="2026-11-23T09:40:00Z")

    resolution: work_area.Resolution
    occurred_at: Instant
    words: Words | None = None


class WorkAreaStepTold(StepTold):
    """A step of an area's history."""

    change: str | None = None
    resolution: str | None = None
    words: str | None = None
    session: str | None = None


class WorkAreaTold(ItemTold):
    """An area of work, with its history."""

    words: str | None = None
    problems: list[str] = Field(default_factory=list)
    goals: list[str] = Field(default_factory=list)
    steps: list[WorkAreaStepTold]


class WorkAreasTold(Told):
    """The areas of work of a case."""

    work_areas: list[WorkAreaTold]
