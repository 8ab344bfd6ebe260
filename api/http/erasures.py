"""Erasures: asked for, approved by two custodians, carried out, told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.erasures import (
    Approval,
    ErasuresTold,
    ErasureTold,
    NewErasure,
    ProtocolTold,
    StatementTold,
    erasure_told,
    line_told,
)
from api.protocol import render
from domain.use_cases import erasure_looks, erasures
from domain.use_cases.erasing import Archive
from domain.values import (
    ClientId,
    ErasureId,
    Receipt,
    Role,
)

router = APIRouter(prefix="/v1", tags=["erasure"], route_class=RecordedRoute)
_EVERYBODY = "clinician, compliance officer, custodian"


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
    found = clinic.views.erasures.all(None if everybody else who.actor.id)
    lines = [each for each in found if not desk.conflicted(who.actor, map(ClientId, each.clients))]
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
    names = {each: name for each in people if (name := clinic.views.name_cards.name(each, opening))}
    return ProtocolTold(
        erasure=erasure_id,
        pl=render(record, desk.origin, "pl", names),
        en=render(record, desk.origin, "en", names),
    )


def _weighed(response: Response, receipt: Receipt) -> ErasureWritten:
    told = written(response, receipt).model_dump()
    refused = told["created"].pop("refused", None)
    return ErasureWritten(**told, refused=refused)
