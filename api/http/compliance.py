"""Access logs and the audit trail: what a compliance officer reads, herself on record first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.compose import Clinic
from api.http.auth import TheClinic, TheDesk, Who
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.access import EntryTold, LogPage, entry_told
from api.http.schemas.common import Id, PathId
from domain.ports import Opening
from domain.use_cases import compliance
from domain.values import ActorKind, ClientId
from projections.audit_trail import AuditTrail, Filter
from projections.entries import Entry

router = APIRouter(prefix="/v1", tags=["compliance"], route_class=RecordedRoute)
Before = Annotated[int | None, Query(ge=0, le=2**62, description="From before this position.")]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get(
    "/clients/{client_id}/access-log",
    openapi_extra=leaves("AUDIT_READ", audience="compliance officer"),
)
async def read_access_log(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    client_id: PathId,
    response: Response,
    before: Before = None,
    limit: Limit = 100,
) -> LogPage:
    """Who looked at a client's record, when, at what and why; this very look is the first line."""
    opening, receipt = await compliance.look_at_access_log(desk, who, ClientId(client_id))
    await clinic.reach(receipt.last, clinic.views.access_log.name)
    entries = clinic.views.access_log.of(client_id, opening, before=before, limit=limit)
    response.headers["Ledger-Position"] = str(receipt.last)
    return page(clinic, opening, entries, limit)


@router.get("/audit-trail", openapi_extra=leaves("AUDIT_READ", audience="compliance officer"))
async def read_audit_trail(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    response: Response,
    actor: Annotated[Id | None, Query()] = None,
    client: Annotated[Id | None, Query()] = None,
    before: Before = None,
    limit: Limit = 100,
) -> LogPage:
    """Everything that was done or refused in the clinic, in neutral words."""
    admitted = await compliance.admit_to_audit_trail(desk, who)
    await clinic.reach(clinic.last_position(), clinic.views.audit_trail.name)
    found = clinic.views.audit_trail.lines(Filter(actor, client, before, limit))
    lines = [
        each
        for each in found
        if not (each.key[1] and desk.conflicted(who.actor, (ClientId(str(each.key[1])),)))
    ]
    clients, staff = AuditTrail.concerning(lines)
    hits = {ClientId(each): () for each in clients}
    opening, receipt = await compliance.look_at_audit_trail(desk, admitted, hits, staff)
    response.headers["Ledger-Position"] = str(receipt.last)
    told = page(clinic, opening, clinic.views.audit_trail.open(lines, opening), limit)
    # A line that is kept from its reader does not end the trail.
    last = found[-1].position if len(found) >= limit else None
    return told if len(lines) == len(found) else told.model_copy(update={"next_before": last})


def page(clinic: Clinic, opening: Opening, entries: list[Entry], limit: int) -> LogPage:
    """A page of entries with the names of staff."""
    staff = {each.actor for each in entries if each.actor_kind == ActorKind.STAFF.value}
    cards = {each: clinic.views.name_cards.of(each, opening) for each in staff}

    def told(entry: Entry) -> EntryTold:
        card = cards.get(entry.actor)
        return entry_told(entry, card.name if card else None)

    return LogPage(
        position=clinic.views.position(),
        entries=[told(each) for each in entries],
        next_before=entries[-1].position if len(entries) == limit else None,
    )
