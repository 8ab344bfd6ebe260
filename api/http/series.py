"""Series of sessions: the same time of many weeks."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.auth import TheDesk, Who
from api.http.conditions import Commanded, Expected, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.sessions import NewSeries, SeriesEnd
from api.http.sessions import DiaryReady
from domain.use_cases import series
from domain.values import CaseId, ItemId

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["cases"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")


@router.post("/series", status_code=201, dependencies=[DiaryReady], openapi_extra=_CREATES)
async def plan_series(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewSeries,
    command: Commanded,
    response: Response,
) -> Written:
    """Set the same time of many weeks aside, by the clinic's clock on the wall.

    Each of its sessions is moved, cancelled and held as any. What is taken is refused as a whole,
    unless that is insisted on.
    """
    receipt = await series.plan_series(desk, who, CaseId(case_id), asked.series(), command=command)
    return written(response, receipt)


@router.post("/series/{series_id}:end", openapi_extra=_WRITES)
async def end_series(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    series_id: PathId,
    asked: SeriesEnd,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Call off whatever of a series is still to come."""
    receipt = await series.end_series(
        desk,
        who,
        CaseId(case_id),
        ItemId(series_id),
        asked.by,
        expected=expected,
        command=command,
    )
    return written(response, receipt)
