# ruff: noqa: FAST003 - the ids of a path are read by the dependency that a route shares
"""Risk: tasks and alerts, assessments, safety plans, crises, safeguarding; the risk board."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.emergency import emergency_told, risk_told
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Written, written
from api.http.naming import Naming, RemovedWords
from api.http.on_chart import Entering, GoingOn, Looking
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.risk import (
    CrisisWords,
    EmergencyTold,
    NewRiskAssessment,
    NewSafeguarding,
    RiskTaskDone,
    RiskTold,
    SafeguardingClosure,
    SafeguardingReport,
    SafetySteps,
)
from api.http.schemas.worklist import WorklistTold
from api.http.worklist import what_waits
from domain.use_cases import risk
from domain.use_cases.on_item import look_at_chart
from domain.values import CaseId, FreeText, Receipt
from projections.chart.risk import (
    ASSESSMENT,
    CRISIS,
    DETERIORATION,
    PLAN,
    SAFEGUARDING,
    TASK,
)
from projections.tasks.risk import RISK_KINDS

board = APIRouter(prefix="/v1", tags=["risk"], route_class=RecordedRoute)
router = APIRouter(prefix="/v1/cases/{case_id}", tags=["risk"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")
Enter = Annotated[Entering, Depends()]
Go = Annotated[GoingOn, Depends()]
Act = Callable[..., Awaitable[Receipt]]
"""A use case that begins an item of risk, or goes on with it."""


@board.get(
    "/risk-board", dependencies=[CaughtUp], openapi_extra=leaves("LIST", audience="clinician")
)
async def read_risk_board(
    desk: TheDesk, clinic: TheClinic, who: Who, response: Response
) -> WorklistTold:
    """What of risk waits in the reader's own cases; the log tells it from no other list."""
    found = await what_waits(desk, clinic, who, response)
    return WorklistTold(tasks=[each for each in found if each.kind in RISK_KINDS])


@router.get("/risk", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_risk(looking: Annotated[Looking, Depends()]) -> RiskTold:
    """Everything that is known of the risk of a case, with its history."""
    items, naming = await looking.look(TASK, DETERIORATION, ASSESSMENT, PLAN, CRISIS, SAFEGUARDING)

    def of(*kinds: str) -> list[object]:
        return [risk_told(each, naming) for each in items if each.kind in kinds]

    return RiskTold.model_validate(
        {
            "case": looking.case,
            "tasks": of(TASK, DETERIORATION),
            "assessments": of(ASSESSMENT),
            "safety_plans": of(PLAN),
            "crises": of(CRISIS),
            "safeguarding": of(SAFEGUARDING),
        }
    )


@router.get("/emergency", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_emergency(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> EmergencyTold:
    """Contacts, diagnosis, medication, risk and safety plan, and no more: on one page."""
    case = CaseId(case_id)
    _, opening, receipt = await look_at_chart(desk, who, case)
    response.headers["Ledger-Position"] = str(receipt.last)
    views = clinic.views
    naming = Naming(
        views.name_cards, lambda: views.case_states.roster(case, opening), opening, removed
    )
    return emergency_told(clinic, case, opening, naming)


@router.post("/risk-tasks/{item_id}:settle", openapi_extra=_WRITES)
async def settle_risk_task(going: Go, asked: RiskTaskDone) -> Written:
    """Say what was done about a task or an alert that a questionnaire opened."""
    return await _go_on(going, risk.settle_risk_task, FreeText(asked.done))


@router.post("/risk-assessments", status_code=201, openapi_extra=_CREATES)
async def assess_risk(entering: Enter, asked: NewRiskAssessment) -> Written:
    """Assess the risk: level to the client and to others, factors, what protects."""
    return await _enter(entering, risk.assess_risk, asked.value())


@router.post("/risk-assessments/{item_id}:reassess", openapi_extra=_WRITES)
async def reassess_risk(going: Go, asked: NewRiskAssessment) -> Written:
    """Assess the risk again; the newest word stands, the others stay readable."""
    return await _go_on(going, risk.reassess_risk, asked.value())


@router.post("/safety-plans", status_code=201, openapi_extra=_CREATES)
async def agree_on_safety_plan(entering: Enter, asked: SafetySteps) -> Written:
    """Write down a safety plan that was agreed on."""
    return await _enter(entering, risk.agree_on_safety_plan, asked.value())


@router.post("/safety-plans/{item_id}:revise", openapi_extra=_WRITES)
async def revise_safety_plan(going: Go, asked: SafetySteps) -> Written:
    """Write down what the plan says now; what it said before stays."""
    return await _go_on(going, risk.revise_safety_plan, asked.value())


@router.post("/crises", status_code=201, openapi_extra=_CREATES)
async def flag_crisis(entering: Enter, asked: CrisisWords) -> Written:
    """Say that the client is in a crisis; it waits on the risk board until it is resolved."""
    return await _enter(entering, risk.flag_crisis, asked.value())


@router.post("/crises/{item_id}:resolve", openapi_extra=_WRITES)
async def resolve_crisis(going: Go, asked: CrisisWords) -> Written:
    """Say that the crisis is over, and how that came to be."""
    return await _go_on(going, risk.resolve_crisis, asked.value())


@router.post("/safeguarding", status_code=201, openapi_extra=_CREATES)
async def raise_safeguarding(entering: Enter, asked: NewSafeguarding) -> Written:
    """Write down that somebody may come to harm."""
    return await _enter(entering, risk.raise_safeguarding, asked.concern, asked.value())


@router.post("/safeguarding/{item_id}:report", openapi_extra=_WRITES)
async def report_safeguarding(going: Go, asked: SafeguardingReport) -> Written:
    """Write down who outside was told, when, what, and on which legal ground."""
    return await _go_on(going, risk.report_safeguarding, asked.value())


@router.post("/safeguarding/{item_id}:close", openapi_extra=_WRITES)
async def close_safeguarding(going: Go, asked: SafeguardingClosure) -> Written:
    """Write down that nothing more is to be done about it, and why."""
    return await _go_on(going, risk.close_safeguarding, FreeText(asked.words))


async def _enter(entering: Entering, act: Act, *said: object) -> Written:
    receipt = await act(entering.desk, entering.who, entering.case, *said, command=entering.command)
    return written(entering.response, receipt)


async def _go_on(going: GoingOn, act: Act, *said: object) -> Written:
    receipt = await act(
        going.desk,
        going.who,
        going.case,
        going.item,
        *said,
        expected=going.expected,
        command=going.command,
    )
    return written(going.response, receipt)
