"""Minors: who speaks for them on a day, and what a court has taken from one of those."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.gone import missing
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.guardianship import (
    GuardianshipTold,
    LimitEnding,
    NewRightsLimit,
    guardianship_told,
)
from domain.errors import Invalid
from domain.local_time import local_day
from domain.use_cases import guarding
from domain.values import ClientId, ItemId, PractitionerId

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["minors"], route_class=RecordedRoute)
_WRITES = leaves("AMEND", audience="clinician")
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 30)


@router.post("/representatives/{representative_id}/limits", status_code=201, openapi_extra=_WRITES)
async def limit_representative(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    representative_id: PathId,
    asked: NewRightsLimit,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record what one representative may not do; it takes nothing from the other."""
    limited = asked.event(
        ItemId(desk.identifiers.new()),
        ItemId(representative_id),
        PractitionerId(who.actor.id),
    )
    receipt = await guarding.limit_representative(
        desk, who, ClientId(client_id), limited, expected=expected, command=command
    )
    return written(response, receipt)


@router.post("/limits/{limit_id}:end", openapi_extra=_WRITES)
async def end_limit(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    limit_id: PathId,
    asked: LimitEnding,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record the last day on which a limit holds."""
    receipt = await guarding.end_limit(
        desk,
        who,
        ClientId(client_id),
        ItemId(limit_id),
        asked.on,
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.get(
    "/guardianship",
    dependencies=[CaughtUp],
    openapi_extra=leaves("READ", audience="clinician"),
)
async def read_guardianship(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    client_id: PathId,
    response: Response,
    on: Annotated[date | None, Query(description="On this day; without it, today.")] = None,
) -> GuardianshipTold:
    """Who speaks for a client on a day: her own voice, and each representative's by itself."""
    if on is not None and not _FIRST <= on <= _LAST:
        raise Invalid("on", "is out of range")
    opening, receipt = await guarding.look_at_guardianship(desk, who, ClientId(client_id))
    card = clinic.views.name_cards.of(client_id, opening)
    if card is None:
        raise missing(clinic, (client_id,))
    response.headers["ETag"] = f'"{card.version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    return guardianship_told(card, on or local_day(clinic.clock.now()), opening)
