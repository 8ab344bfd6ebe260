# ruff: noqa: FAST003 - the ids of a path are read by the dependency that a route shares
"""What is done between sessions and learnt in them: homework, skills."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.conditions import CaughtUp, Written
from api.http.on_chart import all_told, told
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.practising import (
    HomeworkDropping,
    HomeworkReport,
    HomeworksTold,
    HomeworkTold,
    LevelsTold,
    NewHomework,
    NewSkill,
    Practice,
    Reassessment,
    SkillsTold,
    SkillTold,
)
from api.http.work import Begun, Look, Next
from projections.chart import work_lines

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["work"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")


@router.post("/homework", status_code=201, openapi_extra=_CREATES)
async def set_homework(on: Begun, asked: NewHomework) -> Written:
    """Agree on something to do between sessions."""
    return await on.enter("homework", asked)


@router.post("/homework/{item_id}:report", openapi_extra=_WRITES)
async def report_homework(on: Next, asked: HomeworkReport) -> Written:
    """Record how homework went."""
    return await on.go_on("homework", asked)


@router.post("/homework/{item_id}:drop", openapi_extra=_WRITES)
async def drop_homework(on: Next, asked: HomeworkDropping) -> Written:
    """Record that homework is expected no longer."""
    return await on.go_on("homework", asked)


@router.get(
    "/homework",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=_READS,
)
async def read_homework(on: Look) -> HomeworksTold:
    """The homework of a case, with how it went."""
    items, naming = await on.look("homework")
    return HomeworksTold(homework=all_told(HomeworkTold, items, naming))


@router.post("/skills", status_code=201, openapi_extra=_CREATES)
async def assess_skill(on: Begun, asked: NewSkill) -> Written:
    """Assess a skill, or the deficit that it is to make good: the baseline."""
    return await on.enter("skill", asked)


@router.post("/skills/{item_id}:reassess", openapi_extra=_WRITES)
async def reassess_skill(on: Next, asked: Reassessment) -> Written:
    """Say how a skill stands now."""
    return await on.go_on("skill", asked)


@router.post("/skills/{item_id}:practise", openapi_extra=_WRITES)
async def practise_skill(on: Next, asked: Practice) -> Written:
    """Record that a skill was practised."""
    return await on.go_on("skill", asked)


@router.get(
    "/skills",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=_READS,
)
async def read_skills(on: Look) -> SkillsTold:
    """The skills profile of a case: each skill at the start and now."""
    items, naming = await on.look("skill")
    skills = [
        told(SkillTold, each, naming, profile=LevelsTold.model_validate(work_lines.level(each)))
        for each in items
    ]
    return SkillsTold(skills=skills)
