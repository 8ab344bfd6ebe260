"""What a client reads of her own: who looked at her record."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.compliance import Before, Limit, page
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.access import LogPage
from domain.use_cases import compliance
from domain.values import ClientId

router = APIRouter(prefix="/v1/me", tags=["the client herself"], route_class=RecordedRoute)


@router.get("/access-log", openapi_extra=leaves("AUDIT_READ", audience="client"))
async def read_own_access_log(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    response: Response,
    before: Before = None,
    limit: Limit = 100,
) -> LogPage:
    """Who looked at one's record, when, at what and why; one's own looks are there too."""
    # Whoever is no client has no log of her own; that she asked is in the record.
    client = who.actor.client or ClientId(who.actor.id)
    opening, receipt = await compliance.look_at_access_log(desk, who, client)
    await clinic.reach(receipt.last, clinic.views.access_log.name)
    entries = clinic.views.access_log.of(client, opening, before=before, limit=limit)
    response.headers["Ledger-Position"] = str(receipt.last)
    return page(clinic, opening, entries, limit)
