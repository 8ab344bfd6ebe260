"""Notes that were filed under the wrong client: moved, and who had read them there."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.compose import Clinic
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import Commanded, Expected, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.erasures import BelongsTo, ReadersTold, ReaderTold
from domain.ports import Opening
from domain.use_cases import misfiled
from domain.values import CaseId, ErasureId, NoteId
from projections.entries import Entry

router = APIRouter(prefix="/v1", tags=["erasure"], route_class=RecordedRoute)
_PAGE = 1000


@router.post(
    "/cases/{case_id}/notes/{note_id}:move",
    openapi_extra=leaves("AMEND", audience="clinician"),
)
async def move_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    asked: BelongsTo,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Move a note that was filed under the wrong client to the case that it belongs to.

    It is shown no more where it stood; that its words there become unreadable is the ``erasure``
    in the answer, for two custodians to approve.
    """
    where = misfiled.Misfiled(CaseId(case_id), NoteId(note_id), CaseId(asked.belongs_to))
    receipt = await misfiled.move_note(desk, who, where, expected=expected, command=command)
    return written(response, receipt)


@router.get(
    "/erasures/{erasure_id}/readers",
    openapi_extra=leaves("AUDIT_READ", audience="compliance officer"),
)
async def read_readers(
    desk: TheDesk, clinic: TheClinic, who: Who, erasure_id: PathId, response: Response
) -> ReadersTold:
    """Who had a misfiled note in hands while it stood with the wrong client.

    For the assessment of the breach; it is a look at that client's access log.
    """
    state, until, opening, receipt = await misfiled.look_at_readers(
        desk, who, ErasureId(erasure_id)
    )
    await clinic.reach(receipt.last, clinic.views.access_log.name)
    response.headers["Ledger-Position"] = str(receipt.last)
    note = state.target.item or ""
    readers = {
        entry.position: ReaderTold(
            actor=entry.actor,
            actor_name=clinic.views.name_cards.name(entry.actor, opening),
            role=entry.role,
            kind=entry.kind,
            recorded_at=entry.recorded_at,
        )
        for client in state.target.clients
        for entry in _entries(clinic, client, opening, until)
        if note in (entry.object, *entry.items) and entry.outcome == "0"
    }
    return ReadersTold(
        erasure=erasure_id, note=note, readers=[readers[each] for each in sorted(readers)]
    )


def _entries(clinic: Clinic, client: str, opening: Opening, until: int) -> list[Entry]:
    """A client's entries from before a position, all of them."""
    found: list[Entry] = []
    before = until
    while page := clinic.views.access_log.of(client, opening, before=before, limit=_PAGE):
        found += page
        before = page[-1].position
    return found
