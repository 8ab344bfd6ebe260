"""Crisis sheets: the emergency subset taken along, sealed; and its use written down afterwards."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.crisis_sheets import make_sheet
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import Commanded, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.crisis_sheets import NewCrisisSheet, SheetUse
from domain.use_cases import crisis_sheets
from domain.values import CaseId, ItemId

router = APIRouter(prefix="/v1/crisis-sheets", tags=["risk"], route_class=RecordedRoute)
SEALED = "application/octet-stream"


@router.post(
    "",
    status_code=201,
    response_class=Response,
    responses={201: {"content": {SEALED: {}}, "description": "The sealed sheet."}},
    openapi_extra=leaves("READ", audience="clinician"),
)
async def issue_crisis_sheet(
    desk: TheDesk, clinic: TheClinic, who: Who, asked: NewCrisisSheet
) -> Response:
    """Take a sealed sheet of one's own cases along; the look is in the log of each client on it.

    A request that is repeated makes another sheet: nothing is kept by which it could be known.
    """
    cases = tuple(CaseId(each) for each in asked.cases)
    passphrase = asked.passphrase.get_secret_value()
    sheet, sealed = await make_sheet(clinic, desk, who, cases, asked.valid_until, passphrase)
    return Response(sealed, 201, headers={"Crisis-Sheet": sheet}, media_type=SEALED)


@router.post("/{item_id}:report-use", openapi_extra=leaves("AMEND", audience="clinician"))
async def report_crisis_sheet_use(
    desk: TheDesk,
    who: Who,
    item_id: PathId,
    asked: SheetUse,
    command: Commanded,
    response: Response,
) -> Written:
    """Write down that the sheet was opened: each client has the look in her log, at its time."""
    receipt = await crisis_sheets.report_crisis_sheet_use(
        desk, who, ItemId(item_id), asked.value(), command=command
    )
    return written(response, receipt)
