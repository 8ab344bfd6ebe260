"""Holds: while one stands on a client's record, nothing of it is destroyed."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.auth import TheDesk, Who
from api.http.conditions import Commanded, Expected, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.erasures import HoldsTold, NewHold, holds_told
from domain.use_cases import holds
from domain.values import ClientId, ItemId

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["erasure"], route_class=RecordedRoute)


@router.get("/holds", openapi_extra=leaves("READ", audience="compliance officer"))
async def read_holds(desk: TheDesk, who: Who, client_id: PathId, response: Response) -> HoldsTold:
    """The holds that stand on a client's record."""
    state, version, receipt = await holds.look_at_holds(desk, who, ClientId(client_id))
    response.headers["ETag"] = f'"{version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    return holds_told(state, version)


@router.post(
    "/holds",
    status_code=201,
    openapi_extra=leaves("AMEND", audience="compliance officer"),
)
async def place_hold(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    asked: NewHold,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Let nothing of a client's record be destroyed until the hold is lifted."""
    new = holds.NewHold(asked.ground, asked.review_on)
    receipt = await holds.place_hold(
        desk, who, ClientId(client_id), new, expected=expected, command=command
    )
    return written(response, receipt)


@router.post(
    "/holds/{hold_id}:lift",
    openapi_extra=leaves("AMEND", audience="compliance officer"),
)
async def lift_hold(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    hold_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Let a hold go."""
    receipt = await holds.lift_hold(
        desk, who, ClientId(client_id), ItemId(hold_id), expected=expected, command=command
    )
    return written(response, receipt)
