"""Sessions: scheduled, held, cancelled, missed."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.auth import TheDesk, Who
from api.http.conditions import Commanded, Expected, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.sessions import Cancellation, Held, NewSession
from domain.use_cases import sessions
from domain.values import CaseId, SessionId

router = APIRouter(prefix="/v1", tags=["cases"], route_class=RecordedRoute)
_WRITES = leaves("AMEND", audience="clinician")


@router.post("/cases/{case_id}/sessions", status_code=201, openapi_extra=_WRITES)
async def schedule_session(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewSession,
    command: Commanded,
    response: Response,
) -> Written:
    """Set a time and a room aside."""
    new = sessions.NewSession(asked.starts_at, asked.ends_at, asked.room)
    receipt = await sessions.schedule_session(desk, who, CaseId(case_id), new, command=command)
    return written(response, receipt)


@router.post("/cases/{case_id}/sessions/{session_id}:hold", openapi_extra=_WRITES)
async def hold_session(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    session_id: PathId,
    asked: Held,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that the session took place."""
    receipt = await sessions.hold_session(
        desk,
        who,
        CaseId(case_id),
        SessionId(session_id),
        (asked.started_at, asked.ended_at),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/cases/{case_id}/sessions/{session_id}:cancel", openapi_extra=_WRITES)
async def cancel_session(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    session_id: PathId,
    asked: Cancellation,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that the session was called off."""
    receipt = await sessions.cancel_session(
        desk,
        who,
        CaseId(case_id),
        SessionId(session_id),
        asked.by,
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/cases/{case_id}/sessions/{session_id}:no-show", openapi_extra=_WRITES)
async def miss_session(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    session_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that nobody came."""
    receipt = await sessions.miss_session(
        desk, who, CaseId(case_id), SessionId(session_id), expected=expected, command=command
    )
    return written(response, receipt)
