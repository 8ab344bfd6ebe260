"""Ratings of the working alliance; ruptures and repairs are process notes."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.alliance import AllianceScores, AllianceTold, NewAllianceRating, rating_told
from api.http.schemas.common import PathId
from domain.use_cases import alliance
from domain.use_cases.on_item import look_at_chart
from domain.values import CaseId, ItemId
from projections.chart.alliance import KIND, trend

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["frame"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")


@router.post("/alliance-ratings", status_code=201, openapi_extra=_CREATES)
async def rate_alliance(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewAllianceRating,
    command: Commanded,
    response: Response,
) -> Written:
    """Record how the client, or the therapist, rates their work together."""
    receipt = await alliance.rate_alliance(
        desk, who, CaseId(case_id), asked.value(), command=command
    )
    return written(response, receipt)


@router.get("/alliance-ratings", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_alliance(
    desk: TheDesk, clinic: TheClinic, who: Who, case_id: PathId, response: Response
) -> AllianceTold:
    """The ratings by time, each with its difference to the one before by the same rater."""
    _, opening, receipt = await look_at_chart(desk, who, CaseId(case_id))
    lines = trend(clinic.views.chart.items(case_id, opening, KIND))
    response.headers["Ledger-Position"] = str(receipt.last)
    return AllianceTold(case=case_id, ratings=[rating_told(each) for each in lines])


@router.post("/alliance-ratings/{rating_id}:correct", openapi_extra=_WRITES)
async def correct_rating(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    rating_id: PathId,
    asked: AllianceScores,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Put other numbers in the place of wrong ones."""
    receipt = await alliance.correct_rating(
        desk,
        who,
        CaseId(case_id),
        ItemId(rating_id),
        asked.value(),
        expected=expected,
        command=command,
    )
    return written(response, receipt)
