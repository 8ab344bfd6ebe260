"""Questionnaires: definitions, what clients answered, and the trends that this makes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.http.auth import TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.on_chart import Looking, told
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.measures import (
    AnswerSheetsTold,
    AnswerSheetTold,
    InstrumentRetirement,
    InstrumentsTold,
    MeasureCorrection,
    NewAnswerSheet,
    NewInstrument,
    NewMeasure,
    OutcomesTold,
    answers,
    instrument_told,
    trend_told,
)
from domain.use_cases import instruments, measures
from domain.values import CaseId, FreeText, ItemId
from projections.chart.measures import MEASURES, taken, trends
from projections.chart.risk import SHEET

router = APIRouter(prefix="/v1", tags=["measures"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")
_BOTH = "clinician, administrator"


@router.get("/instruments", openapi_extra=leaves("LIST", audience=_BOTH))
async def read_instruments(desk: TheDesk, who: Who, response: Response) -> InstrumentsTold:
    """The questionnaires in use here: published ones and the clinic's own, with their sources."""
    book, receipt = await instruments.look_at_instruments(desk, who)
    response.headers["Ledger-Position"] = str(receipt.last)
    return InstrumentsTold(instruments=[instrument_told(each) for each in book.in_use()])


@router.post("/instruments", status_code=201, openapi_extra=leaves("CREATE", audience=_BOTH))
async def define_instrument(
    desk: TheDesk, who: Who, asked: NewInstrument, command: Commanded, response: Response
) -> Written:
    """Define a scale of the clinic's own, or the next version of one."""
    receipt = await instruments.define_instrument(desk, who, asked.value(), command=command)
    return written(response, receipt)


@router.post("/instruments:retire", openapi_extra=leaves("AMEND", audience=_BOTH))
async def retire_instrument(
    desk: TheDesk, who: Who, asked: InstrumentRetirement, command: Commanded, response: Response
) -> Written:
    """Let a scale of the clinic's own be given to nobody any more; its scores stay."""
    receipt = await instruments.retire_instrument(desk, who, asked.code, command=command)
    return written(response, receipt)


@router.post("/cases/{case_id}/measures", status_code=201, openapi_extra=_CREATES)
async def administer_measure(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewMeasure,
    command: Commanded,
    response: Response,
) -> Written:
    """Record what a client answered; an answer of concern opens a risk task in the same moment."""
    receipt = await measures.administer_measure(
        desk, who, CaseId(case_id), asked.value(), command=command
    )
    return written(response, receipt)


@router.post("/cases/{case_id}/measures/{item_id}:correct", openapi_extra=_WRITES)
async def correct_measure(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    item_id: PathId,
    asked: MeasureCorrection,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Put wrongly entered answers right; the version is that of the case's outcomes."""
    receipt = await measures.correct_measure(
        desk,
        who,
        CaseId(case_id),
        ItemId(item_id),
        answers(asked.answers),
        FreeText(asked.reason),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.get("/cases/{case_id}/outcomes", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_outcomes(looking: Annotated[Looking, Depends()]) -> OutcomesTold:
    """The outcome trends: per instrument scores, bands, change against the first and the last."""
    items, naming = await looking.look(MEASURES)
    if items:
        looking.response.headers["ETag"] = f'"{items[0].version}"'
    book = instruments.book(looking.desk)
    found = trends(taken(items), book.of)
    return OutcomesTold(case=looking.case, trends=[trend_told(each, naming) for each in found])


@router.post("/cases/{case_id}/answer-sheets", status_code=201, openapi_extra=_CREATES)
async def keep_answer_sheet(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewAnswerSheet,
    command: Commanded,
    response: Response,
) -> Written:
    """Keep raw data of a psychological test, in a class of its own."""
    receipt = await measures.keep_answer_sheet(
        desk,
        who,
        CaseId(case_id),
        FreeText(asked.test),
        FreeText(asked.content),
        occurred_at=asked.occurred_at,
        command=command,
    )
    return written(response, receipt)


@router.get("/cases/{case_id}/answer-sheets", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_answer_sheets(looking: Annotated[Looking, Depends()]) -> AnswerSheetsTold:
    """The raw data of tests that a case holds."""
    items, naming = await looking.look(SHEET)
    found = [told(AnswerSheetTold, each, naming) for each in items]
    return AnswerSheetsTold(case=looking.case, answer_sheets=found)
