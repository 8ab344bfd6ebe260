# ruff: noqa: FAST003 - the ids of a path are read by the dependency that a route shares
"""How a therapy ends: planned, summarised, handed on, followed up; and what went wrong in it."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.conditions import CaughtUp, Written, written
from api.http.on_chart import GoingOn, Saying, all_told
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.endings import (
    AdverseEventClosing,
    AdverseEventsTold,
    AdverseEventTold,
    DischargeTold,
    EndingsTold,
    FollowUp,
    FollowUpDropping,
    FollowUpTold,
    Measure,
    NewAdverseEvent,
    NewDischarge,
    NewFollowUp,
    NewTermination,
    NewTransfer,
    ReplannedTermination,
    TerminationTold,
    TerminationWithdrawal,
    TransferAcceptance,
    TransferDecline,
    TransferTold,
    TransferWithdrawal,
    UnfinishedTold,
)
from api.http.work import Begun, Look, Next
from domain.use_cases import endings
from domain.values import FreeText, NoteId, PractitionerId
from projections.chart import work_lines
from projections.chart.queries import ChartItem

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["endings"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")


@router.post("/terminations", status_code=201, openapi_extra=_CREATES)
async def plan_termination(on: Begun, asked: NewTermination) -> Written:
    """Plan the ending: when, why, and what remains to be done."""
    return await on.enter("termination", asked)


@router.post("/terminations/{item_id}:replan", openapi_extra=_WRITES)
async def replan_termination(on: Next, asked: ReplannedTermination) -> Written:
    """Plan the ending for another day, or something else that remains."""
    return await on.go_on("termination", asked)


@router.post("/terminations/{item_id}:withdraw", openapi_extra=_WRITES)
async def withdraw_termination(on: Next, asked: TerminationWithdrawal) -> Written:
    """Record that the therapy goes on after all."""
    return await on.go_on("termination", asked)


@router.post("/discharges", status_code=201, openapi_extra=_CREATES)
async def summarise_discharge(on: Begun, asked: NewDischarge) -> Written:
    """Let a signed note of kind summary be the discharge summary."""
    receipt = await endings.summarise_discharge(
        on.desk, on.who, on.case, NoteId(asked.note), command=on.command
    )
    return written(on.response, receipt)


@router.post("/transfers", status_code=201, openapi_extra=_CREATES)
async def propose_transfer(on: Begun, asked: NewTransfer) -> Written:
    """Ask a colleague to go on with the case; she reads it until she has answered."""
    receipt = await endings.propose_transfer(
        on.desk,
        on.who,
        on.case,
        PractitionerId(asked.to),
        (asked.reason, FreeText(asked.words)),
        command=on.command,
    )
    return written(on.response, receipt)


@router.post("/transfers/{item_id}:accept", openapi_extra=_WRITES)
async def accept_transfer(on: Next, asked: TransferAcceptance) -> Written:
    """Take a case over that one was asked to take over."""
    return await _answer(on, asked)


@router.post("/transfers/{item_id}:decline", openapi_extra=_WRITES)
async def decline_transfer(on: Next, asked: TransferDecline) -> Written:
    """Not take a case over; whoever read it only to answer reads it no longer."""
    return await _answer(on, asked)


@router.post("/transfers/{item_id}:withdraw", openapi_extra=_WRITES)
async def withdraw_transfer(on: Next, asked: TransferWithdrawal) -> Written:
    """Take a proposal back that was not answered yet."""
    return await _answer(on, asked)


async def _answer(on: GoingOn, asked: Saying) -> Written:
    receipt = await endings.answer_transfer(
        on.desk,
        on.who,
        on.case,
        on.item,
        asked.said,
        expected=on.expected,
        command=on.command,
    )
    return written(on.response, receipt)


@router.post("/follow-ups", status_code=201, openapi_extra=_CREATES)
async def plan_follow_up(on: Begun, asked: NewFollowUp) -> Written:
    """Plan to ask how somebody is, some time after the end."""
    return await on.enter("follow_up", asked)


@router.post("/follow-ups/{item_id}:hold", openapi_extra=_WRITES)
async def hold_follow_up(on: Next, asked: FollowUp) -> Written:
    """Record how somebody was when she was asked, or that she was not reached."""
    return await on.go_on("follow_up", asked)


@router.post("/follow-ups/{item_id}:drop", openapi_extra=_WRITES)
async def drop_follow_up(on: Next, asked: FollowUpDropping) -> Written:
    """Record that somebody is not to be asked."""
    return await on.go_on("follow_up", asked)


@router.get(
    "/endings",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=_READS,
)
async def read_endings(on: Look) -> EndingsTold:
    """How a therapy ends, and what of it is still under way."""
    items, naming = await on.look()

    def of(kind: str) -> list[ChartItem]:
        return [each for each in items if each.kind == kind]

    return EndingsTold(
        terminations=all_told(TerminationTold, of("termination"), naming),
        discharges=all_told(DischargeTold, of("discharge"), naming),
        transfers=all_told(TransferTold, of("transfer"), naming),
        follow_ups=all_told(FollowUpTold, of("follow_up"), naming),
        unfinished=[
            UnfinishedTold(id=each.id, kind=each.kind, status=each.content["status"])
            for each in work_lines.unfinished(items)
        ],
    )


@router.post("/adverse-events", status_code=201, openapi_extra=_CREATES)
async def report_adverse_event(on: Begun, asked: NewAdverseEvent) -> Written:
    """Report what went wrong in, through or beside the therapy."""
    return await on.enter("adverse_event", asked)


@router.post("/adverse-events/{item_id}:take-measure", openapi_extra=_WRITES)
async def take_measure(on: Next, asked: Measure) -> Written:
    """Record what was done about it."""
    return await on.go_on("adverse_event", asked)


@router.post("/adverse-events/{item_id}:close", openapi_extra=_WRITES)
async def close_adverse_event(on: Next, asked: AdverseEventClosing) -> Written:
    """Record how it hung together with the therapy, and what was learnt."""
    return await on.go_on("adverse_event", asked)


@router.get(
    "/adverse-events",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=_READS,
)
async def read_adverse_events(on: Look) -> AdverseEventsTold:
    """What went wrong in a therapy, and what was done about it."""
    items, naming = await on.look("adverse_event")
    return AdverseEventsTold(adverse_events=all_told(AdverseEventTold, items, naming))
