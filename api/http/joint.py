"""Couples, families and groups: who takes part, and what is written about several at once."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.auth import TheDesk, Who
from api.http.conditions import Commanded, Expected, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.joint import Attendance, NewJointNote
from domain.errors import Invalid
from domain.note import NewNote
from domain.use_cases import joint, members
from domain.values import CaseId, ClientId, FreeText, SessionId

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["joint cases"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")


@router.put("/members/{client_id}", openapi_extra=_WRITES)
async def join_case(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    client_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Let somebody take part in a joint case."""
    receipt = await members.join_case(
        desk, who, CaseId(case_id), ClientId(client_id), expected=expected, command=command
    )
    return written(response, receipt)


@router.delete("/members/{client_id}", openapi_extra=_WRITES)
async def leave_case(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    client_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Let somebody take part in a joint case no longer; what was written with her stays."""
    receipt = await members.leave_case(
        desk, who, CaseId(case_id), ClientId(client_id), expected=expected, command=command
    )
    return written(response, receipt)


@router.post("/joint-notes", status_code=201, openapi_extra=_CREATES)
async def record_joint_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewJointNote,
    command: Commanded,
    response: Response,
) -> Written:
    """Begin a note with common words, and with parts that concern one member each.

    It is signed, amended and read as any note. A part is its member's: it lies under her key and
    dies with it, and the common words stay.
    """
    parts = {each.alias: FreeText(each.text) for each in asked.parts}
    if len(parts) != len(asked.parts):
        raise Invalid("parts", "names somebody twice")
    session = None if asked.session is None else SessionId(asked.session)
    new = NewNote(asked.kind, asked.occurred_at, FreeText(asked.text), session)
    receipt = await joint.record_joint_note(desk, who, CaseId(case_id), new, parts, command=command)
    return written(response, receipt)


@router.put("/sessions/{session_id}/attendance", openapi_extra=_WRITES)
async def record_attendance(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    session_id: PathId,
    asked: Attendance,
    command: Commanded,
    response: Response,
) -> Written:
    """Record who was there when a joint session was held; the newest word stands."""
    present = {**dict.fromkeys(asked.present, True), **dict.fromkeys(asked.absent, False)}
    if len(present) != len(asked.present) + len(asked.absent):
        raise Invalid("present", "names somebody twice")
    receipt = await joint.record_attendance(
        desk, who, CaseId(case_id), SessionId(session_id), present, command=command
    )
    return written(response, receipt)
