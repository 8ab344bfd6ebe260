"""What is done between sessions and learnt in them: homework, skills."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from pydantic import Field

from api.http.on_chart import Saying
from api.http.schemas.common import Id, Instant, Told, Words, example
from api.http.schemas.work import ItemTold, Links, StepTold
from domain.events import homework, skill


class NewHomework(Saying):
    """Something to do until a day."""

    EVENT: ClassVar = homework.HomeworkSet
    model_config = example(words="Write down three good minutes a day.", due_on="2026-11-30")

    words: Words
    due_on: date | None = None
    goals: Links = Field(default_factory=list)
    session: Id | None = None


class HomeworkReport(Saying):
    """How it went."""

    EVENT: ClassVar = homework.HomeworkReported
    model_config = example(done="partly", occurred_at="2026-11-23T09:10:00Z")

    done: homework.Done
    occurred_at: Instant
    words: Words | None = None
    session: Id | None = None


class HomeworkDropping(Saying):
    """Why it is expected no longer."""

    EVENT: ClassVar = homework.HomeworkDropped
    model_config = example(reason="She was ill.")

    reason: Words | None = None


class HomeworkStepTold(StepTold):
    """A step of its history."""

    done: str | None = None
    words: str | None = None
    reason: str | None = None
    session: str | None = None


class HomeworkTold(ItemTold):
    """Homework, with how it went."""

    words: str | None = None
    due_on: date | None = None
    goals: list[str] = Field(default_factory=list)
    session: str | None = None
    steps: list[HomeworkStepTold]


class HomeworksTold(Told):
    """The homework of a case."""

    homework: list[HomeworkTold]


class NewSkill(Saying):
    """A skill, and how it stands at the start: from 0, not there, to 4, there when needed."""

    EVENT: ClassVar = skill.SkillAssessed
    model_config = example(
        area="emotional",
        words="Naming what she feels.",
        level=1,
        occurred_at="2026-11-23T09:40:00Z",
    )

    area: skill.SkillArea
    words: Words
    level: int
    occurred_at: Instant
    problems: Links = Field(default_factory=list)


class Reassessment(Saying):
    """How a skill stands now."""

    EVENT: ClassVar = skill.SkillReassessed
    model_config = example(level=3, occurred_at="2026-11-23T09:40:00Z")

    level: int
    occurred_at: Instant
    words: Words | None = None


class Practice(Saying):
    """That a skill was practised."""

    EVENT: ClassVar = skill.SkillPractised
    model_config = example(occurred_at="2026-11-23T09:40:00Z")

    occurred_at: Instant
    words: Words | None = None
    session: Id | None = None


class SkillStepTold(StepTold):
    """A step of a skill's history."""

    level: int | None = None
    words: str | None = None
    session: str | None = None


class LevelsTold(Told):
    """A skill at the start and now."""

    baseline: int
    now: int
    practised: int


class SkillTold(ItemTold):
    """A skill, with its history."""

    area: str
    words: str | None = None
    problems: list[str] = Field(default_factory=list)
    profile: LevelsTold
    steps: list[SkillStepTold]


class SkillsTold(Told):
    """The skills profile of a case."""

    skills: list[SkillTold]
