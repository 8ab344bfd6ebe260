"""Notes signed, and signed beside their author; the templates that they are written after."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.auth import TheDesk, Who
from api.http.conditions import Commanded, Expected, Written, written
from api.http.recorded import NOTHING, RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.note_forms import FormsTold, forms_told
from api.http.schemas.notes import CoSigner, Signing
from domain.use_cases import signing
from domain.values import CaseId, NoteId, PractitionerId

router = APIRouter(prefix="/v1", tags=["notes"], route_class=RecordedRoute)
NOBODY_ELSE = Signing()
_WRITES = leaves("AMEND", audience="clinician")


@router.get("/note-templates", openapi_extra=leaves(NOTHING, audience="clinician"))
async def list_note_templates(who: Who) -> FormsTold:
    """The templates that notes are written after, with the titles of their sections."""
    del who  # it is the same for everybody who has signed in
    return forms_told()


@router.post("/cases/{case_id}/notes/{note_id}:sign", openapi_extra=_WRITES)
async def sign_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
    asked: Signing = NOBODY_ELSE,
) -> Written:
    """Put one's name to one's note as it stands.

    Where the clinic demands it, the client's file has to be whole before that: what it lacks is
    told in ``missing``. Somebody in training names the supervisor who signs beside her.
    """
    named = None if asked.co_signer is None else PractitionerId(asked.co_signer)
    receipt = await signing.sign_note(
        desk,
        who,
        CaseId(case_id),
        NoteId(note_id),
        expected=expected,
        command=command,
        co_signer=named,
    )
    return written(response, receipt)


@router.post("/cases/{case_id}/notes/{note_id}:ask-co-signature", openapi_extra=_WRITES)
async def ask_co_signature(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    asked: CoSigner,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Ask a colleague to sign beside one, in the place of whoever was asked before."""
    receipt = await signing.ask_co_signature(
        desk,
        who,
        CaseId(case_id),
        NoteId(note_id),
        PractitionerId(asked.co_signer),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/cases/{case_id}/notes/{note_id}:countersign", openapi_extra=_WRITES)
async def countersign_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Put a second name beside the author's; whoever was asked need not be on the care team."""
    receipt = await signing.countersign_note(
        desk, who, CaseId(case_id), NoteId(note_id), expected=expected, command=command
    )
    return written(response, receipt)
