# ruff: noqa: FAST003 - the ids of a path are read by the dependency that a route shares
"""The work: treatment plans, goals, methods, areas of work."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from api.http.conditions import CaughtUp, Written
from api.http.on_chart import Entering, GoingOn, Looking, all_told, told
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.work import (
    Achievement,
    Advance,
    AttainedTold,
    DroppedGoal,
    GoalsTold,
    GoalTold,
    MethodReview,
    MethodSettingAside,
    MethodsTold,
    MethodTold,
    MethodUse,
    NewGoal,
    NewMethod,
    NewPlan,
    NewWorkArea,
    PlanAgreement,
    PlanEnding,
    PlanReview,
    PlansTold,
    Rating,
    RevisedGoal,
    RevisedPlan,
    TreatmentPlanTold,
    UsedTold,
    WorkAreaClosing,
    WorkAreasTold,
    WorkAreaTold,
)
from projections.chart import work_lines

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["work"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")
Begun = Annotated[Entering, Depends()]
Next = Annotated[GoingOn, Depends()]
Look = Annotated[Looking, Depends()]


@router.post("/plans", status_code=201, openapi_extra=_CREATES)
async def draft_plan(on: Begun, asked: NewPlan) -> Written:
    """Draft a treatment plan; where the clinic demands a contract, there has to be one."""
    return await on.enter("plan", asked)


@router.post("/plans/{item_id}:revise", openapi_extra=_WRITES)
async def revise_plan(on: Next, asked: RevisedPlan) -> Written:
    """Write a plan anew; it is to be agreed again, and what it was stays readable."""
    return await on.go_on("plan", asked)


@router.post("/plans/{item_id}:agree", openapi_extra=_WRITES)
async def agree_plan(on: Next, asked: PlanAgreement) -> Written:
    """Record that a plan as it stands was agreed with the client."""
    return await on.go_on("plan", asked)


@router.post("/plans/{item_id}:review", openapi_extra=_WRITES)
async def review_plan(on: Next, asked: PlanReview) -> Written:
    """Record that a plan was reviewed, and when it is next."""
    return await on.go_on("plan", asked)


@router.post("/plans/{item_id}:end", openapi_extra=_WRITES)
async def end_plan(on: Next, asked: PlanEnding) -> Written:
    """Record that a plan is followed no longer."""
    return await on.go_on("plan", asked)


@router.get(
    "/plans",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=_READS,
)
async def read_plans(on: Look) -> PlansTold:
    """The plans of a case, with every version and review."""
    items, naming = await on.look("plan")
    plans = [
        told(TreatmentPlanTold, each, naming, review_on=work_lines.next_review(each))
        for each in items
    ]
    return PlansTold(plans=plans)


@router.post("/goals", status_code=201, openapi_extra=_CREATES)
async def set_goal(on: Begun, asked: NewGoal) -> Written:
    """Set a goal."""
    return await on.enter("goal", asked)


@router.post("/goals/{item_id}:revise", openapi_extra=_WRITES)
async def revise_goal(on: Next, asked: RevisedGoal) -> Written:
    """Put a goal in other words; what it was stays in its history."""
    return await on.go_on("goal", asked)


@router.post("/goals/{item_id}:rate", openapi_extra=_WRITES)
async def rate_goal(on: Next, asked: Rating) -> Written:
    """Say how far a goal has come."""
    return await on.go_on("goal", asked)


@router.post("/goals/{item_id}:achieve", openapi_extra=_WRITES)
async def achieve_goal(on: Next, asked: Achievement) -> Written:
    """Record that a goal was reached."""
    return await on.go_on("goal", asked)


@router.post("/goals/{item_id}:drop", openapi_extra=_WRITES)
async def drop_goal(on: Next, asked: DroppedGoal) -> Written:
    """Record that a goal is pursued no longer."""
    return await on.go_on("goal", asked)


@router.get(
    "/goals",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=_READS,
)
async def read_goals(on: Look) -> GoalsTold:
    """The goal tracker: every goal of a case with its history, and what all say together."""
    items, naming = await on.look("goal")
    goals = [
        told(
            GoalTold,
            each,
            naming,
            attained=AttainedTold.model_validate(work_lines.attained(each)),
        )
        for each in items
    ]
    return GoalsTold(goals=goals, summary=work_lines.summary(items))


@router.post("/methods", status_code=201, openapi_extra=_CREATES)
async def choose_method(on: Begun, asked: NewMethod) -> Written:
    """Choose a method or technique, and say why it suits this person."""
    return await on.enter("method", asked)


@router.post("/methods/{item_id}:use", openapi_extra=_WRITES)
async def use_method(on: Next, asked: MethodUse) -> Written:
    """Record that a method was used in a session that was held."""
    return await on.go_on("method", asked)


@router.post("/methods/{item_id}:review", openapi_extra=_WRITES)
async def review_method(on: Next, asked: MethodReview) -> Written:
    """Record how a method was found to fit."""
    return await on.go_on("method", asked)


@router.post("/methods/{item_id}:set-aside", openapi_extra=_WRITES)
async def set_aside_method(on: Next, asked: MethodSettingAside) -> Written:
    """Record that a method is used no longer."""
    return await on.go_on("method", asked)


@router.get(
    "/methods",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=_READS,
)
async def read_methods(on: Look) -> MethodsTold:
    """The method mix of a case: what was chosen and why, and how much each was used."""
    items, naming = await on.look("method")
    mix = work_lines.mix(items)
    methods = [
        told(MethodTold, each, naming, used=UsedTold.model_validate(mix[each.id])) for each in items
    ]
    return MethodsTold(methods=methods)


@router.post("/work-areas", status_code=201, openapi_extra=_CREATES)
async def open_work_area(on: Begun, asked: NewWorkArea) -> Written:
    """Begin to work on something."""
    return await on.enter("work_area", asked)


@router.post("/work-areas/{item_id}:advance", openapi_extra=_WRITES)
async def advance_work_area(on: Next, asked: Advance) -> Written:
    """Say how an area of work stands beside how it was."""
    return await on.go_on("work_area", asked)


@router.post("/work-areas/{item_id}:close", openapi_extra=_WRITES)
async def close_work_area(on: Next, asked: WorkAreaClosing) -> Written:
    """Record how the work on an area ended."""
    return await on.go_on("work_area", asked)


@router.get(
    "/work-areas",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=_READS,
)
async def read_work_areas(on: Look) -> WorkAreasTold:
    """The areas of work of a case."""
    items, naming = await on.look("work_area")
    return WorkAreasTold(work_areas=all_told(WorkAreaTold, items, naming))
