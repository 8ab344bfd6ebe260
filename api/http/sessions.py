"""Sessions: scheduled, moved, held, cancelled, missed."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import Commanded, Expected, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.sessions import Cancellation, Held, NewSession, SessionMove, Whereabouts
from domain.use_cases import sessions
from domain.values import CaseId, FreeText, SessionId

router = APIRouter(prefix="/v1", tags=["cases"], route_class=RecordedRoute)
_WRITES = leaves("AMEND", audience="clinician")


async def diary_ready(clinic: TheClinic, who: Who) -> None:
    """Let the diary take its standing grant, which waits for the disk the first time."""
    del who
    await asyncio.to_thread(clinic.finder.prepare)


DiaryReady = Depends(diary_ready)


@router.post(
    "/cases/{case_id}/sessions",
    status_code=201,
    dependencies=[DiaryReady],
    openapi_extra=_WRITES,
)
async def schedule_session(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewSession,
    command: Commanded,
    response: Response,
) -> Written:
    """Set a time and a place aside; what is taken is refused, unless that is insisted on."""
    receipt = await sessions.schedule_session(
        desk,
        who,
        CaseId(case_id),
        asked.value(),
        command=command,
        whereabouts=None if asked.whereabouts is None else FreeText(asked.whereabouts),
    )
    return written(response, receipt)


@router.post(
    "/cases/{case_id}/sessions/{session_id}:move",
    dependencies=[DiaryReady],
    openapi_extra=_WRITES,
)
async def move_session(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    session_id: PathId,
    asked: SessionMove,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Put a session to another time or place; what is taken is refused, unless insisted on."""
    receipt = await sessions.move_session(
        desk,
        who,
        CaseId(case_id),
        SessionId(session_id),
        asked.value(),
        asked.by,
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.put("/cases/{case_id}/sessions/{session_id}/whereabouts", openapi_extra=_WRITES)
async def tell_whereabouts(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    session_id: PathId,
    asked: Whereabouts,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record where the client is during a session at a distance: help has to find her."""
    receipt = await sessions.tell_whereabouts(
        desk,
        who,
        CaseId(case_id),
        SessionId(session_id),
        FreeText(asked.text),
        expected=expected,
        command=command,
    )
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
        told_at=asked.told_at,
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
