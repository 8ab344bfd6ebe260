"""Erasures: asked for, approved by two custodians, carried out, told; holds; misfiled notes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.compose import Clinic
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.erasures import (
    Approval,
    BelongsTo,
    ErasuresTold,
    ErasureTold,
    HoldsTold,
    NewCustodian,
    NewErasure,
    NewHold,
    ProtocolTold,
    ReadersTold,
    ReaderTold,
    StatementTold,
    erasure_told,
    holds_told,
    line_told,
)
from api.protocol import render
from domain.ports import Opening
from domain.practitioner import CustodianKey
from domain.use_cases import custodians, erasure_looks, erasures, holds, misfiled
from domain.use_cases.erasing import Archive
from domain.values import (
    CaseId,
    ClientId,
    ErasureId,
    ItemId,
    NoteId,
    PractitionerId,
    Receipt,
    Role,
)
from projections.entries import Entry

router = APIRouter(prefix="/v1", tags=["erasure"], route_class=RecordedRoute)
_EVERYBODY = "clinician, compliance officer, custodian"
_PAGE = 1000


class ErasureWritten(Written):
    """The receipt of a request, or of its completion; ``refused`` is the ground on which it stays.

    A refusal is on record like anything else.
    """

    refused: str | None


async def archive(clinic: TheClinic, who: Who) -> Archive:
    """What erasing needs beside the desk; strangers do not wait for it."""
    del who
    return await clinic.archive()


TheArchive = Annotated[Archive, Depends(archive)]


@router.post(
    "/erasures",
    status_code=201,
    openapi_extra=leaves("CREATE", audience="clinician, compliance officer"),
)
async def request_erasure(
    desk: TheDesk,
    found: TheArchive,
    who: Who,
    asked: NewErasure,
    command: Commanded,
    response: Response,
) -> ErasureWritten:
    """Ask that something become unreadable for good.

    What the law keeps is refused: ``refused`` in the answer is the ground, which is on record.
    """
    receipt = await erasures.request_erasure(desk, found, who, asked.value(), command=command)
    return _weighed(response, receipt)


@router.get("/erasures", dependencies=[CaughtUp], openapi_extra=leaves("LIST", audience=_EVERYBODY))
async def read_erasures(
    desk: TheDesk, clinic: TheClinic, who: Who, response: Response
) -> ErasuresTold:
    """Every request to officers and custodians; to a clinician those that she made."""
    everybody = {Role.COMPLIANCE, Role.CUSTODIAN} & set(who.actor.roles)
    admitted = await erasure_looks.admit_to_erasures(desk, who, own=not everybody)
    lines = clinic.views.erasures.all(None if everybody else who.actor.id)
    hits = [(ErasureId(line.id), ClientId(client)) for line in lines for client in line.clients]
    receipt = await erasure_looks.look_at_erasures(desk, admitted, hits)
    response.headers["Ledger-Position"] = str(receipt.last)
    return ErasuresTold(erasures=[line_told(each) for each in lines])


@router.get("/erasures/{erasure_id}", openapi_extra=leaves("READ", audience=_EVERYBODY))
async def read_erasure(
    desk: TheDesk, who: Who, erasure_id: PathId, response: Response
) -> ErasureTold:
    """A request and what came of it; after its completion a tombstone, and never content."""
    state, version, receipt = await erasure_looks.look_at_erasure(desk, who, ErasureId(erasure_id))
    response.headers["ETag"] = f'"{version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    return erasure_told(state, version)


@router.get("/erasures/{erasure_id}/statement", openapi_extra=leaves("READ", audience=_EVERYBODY))
async def read_statement(
    desk: TheDesk, found: TheArchive, who: Who, erasure_id: PathId, response: Response
) -> StatementTold:
    """What a custodian signs: ids, counts and the reason; no names and no content."""
    text, version, receipt = await erasure_looks.look_at_statement(
        desk, found, who, ErasureId(erasure_id)
    )
    response.headers["ETag"] = f'"{version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    return StatementTold(erasure=erasure_id, version=version, statement=text)


@router.post(
    "/erasures/{erasure_id}/approvals",
    status_code=201,
    openapi_extra=leaves("AMEND", audience="custodian"),
)
async def approve_erasure(
    desk: TheDesk,
    found: TheArchive,
    who: Who,
    erasure_id: PathId,
    asked: Approval,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Put one's custodian's signature to a request; it takes two, of two people."""
    receipt = await erasures.approve_erasure(
        desk,
        found,
        who,
        ErasureId(erasure_id),
        asked.signature,
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post(
    "/erasures/{erasure_id}:complete",
    openapi_extra=leaves("AMEND", audience="compliance officer, custodian"),
)
async def complete_erasure(
    desk: TheDesk,
    found: TheArchive,
    who: Who,
    erasure_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> ErasureWritten:
    """Destroy what two custodians approved, unless the law keeps it by now."""
    receipt = await erasures.complete_erasure(
        desk, found, who, ErasureId(erasure_id), expected=expected, command=command
    )
    return _weighed(response, receipt)


@router.post(
    "/erasures/{erasure_id}:withdraw",
    openapi_extra=leaves("AMEND", audience="clinician, compliance officer"),
)
async def withdraw_erasure(
    desk: TheDesk,
    who: Who,
    erasure_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Take a request back."""
    receipt = await erasures.withdraw_erasure(
        desk, who, ErasureId(erasure_id), expected=expected, command=command
    )
    return written(response, receipt)


@router.get("/erasures/{erasure_id}/protocol", openapi_extra=leaves("READ", audience=_EVERYBODY))
async def read_protocol(
    desk: TheDesk, clinic: TheClinic, who: Who, erasure_id: PathId, response: Response
) -> ProtocolTold:
    """The destruction record: what was destroyed, when, by whom, how, by what right."""
    record, opening, receipt = await erasure_looks.look_at_destruction_record(
        desk, who, ErasureId(erasure_id)
    )
    response.headers["Ledger-Position"] = str(receipt.last)
    people: set[str] = {record.requester, *(person for person, _ in record.approvers)}
    people |= {record.target.author} if record.target.author else set()
    names = {each: name for each in people if (name := _name(clinic, each, opening))}
    return ProtocolTold(
        erasure=erasure_id,
        pl=render(record, desk.origin, "pl", names),
        en=render(record, desk.origin, "en", names),
    )


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
            actor_name=_name(clinic, entry.actor, opening),
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
    "/clients/{client_id}/holds", openapi_extra=leaves("READ", audience="compliance officer")
)
async def read_holds(desk: TheDesk, who: Who, client_id: PathId, response: Response) -> HoldsTold:
    """The holds that stand on a client's record."""
    state, version, receipt = await holds.look_at_holds(desk, who, ClientId(client_id))
    response.headers["ETag"] = f'"{version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    return holds_told(state, version)


@router.post(
    "/clients/{client_id}/holds",
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
    "/clients/{client_id}/holds/{hold_id}:lift",
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


@router.put(
    "/practitioners/{practitioner_id}/custodian",
    openapi_extra=leaves("AMEND", audience="administrator"),
)
async def appoint_custodian(
    desk: TheDesk,
    who: Who,
    practitioner_id: PathId,
    asked: NewCustodian,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Tie a custodian's key to somebody with that role; never to the compliance officer."""
    receipt = await custodians.appoint_custodian(
        desk,
        who,
        PractitionerId(practitioner_id),
        CustodianKey(asked.number, asked.key),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


def _weighed(response: Response, receipt: Receipt) -> ErasureWritten:
    told = written(response, receipt).model_dump()
    refused = told["created"].pop("refused", None)
    return ErasureWritten(**told, refused=refused)


def _name(clinic: Clinic, person: str, opening: Opening) -> str | None:
    card = clinic.views.name_cards.of(person, opening)
    return card.name if card else None


def _entries(clinic: Clinic, client: str, opening: Opening, until: int) -> list[Entry]:
    """A client's entries from before a position, all of them."""
    found: list[Entry] = []
    before = until
    while page := clinic.views.access_log.of(client, opening, before=before, limit=_PAGE):
        found += page
        before = page[-1].position
    return found
