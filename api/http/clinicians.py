"""Cases and the caseload: what clinicians do."""

from __future__ import annotations

from datetime import UTC
from email.utils import format_datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.called import called
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.gone import missing
from api.http.naming import Naming, RemovedWords
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.access import CaseloadLine, CaseloadTold
from api.http.schemas.cases import (
    CaseTold,
    Closing,
    NewCase,
    Transfer,
    case_told,
)
from api.http.schemas.common import Instant, PathId
from domain.errors import Invalid, NotThere
from domain.use_cases import caseload, cases, endings
from domain.values import ActorKind, CaseId, ClientId, ItemId, PractitionerId, School

router = APIRouter(prefix="/v1", tags=["cases"], route_class=RecordedRoute)
_WRITES = leaves("AMEND", audience="clinician")


@router.post("/cases", status_code=201, openapi_extra=leaves("CREATE", audience="clinician"))
async def open_case(
    desk: TheDesk, who: Who, asked: NewCase, command: Commanded, response: Response
) -> Written:
    """Begin a therapy; whoever begins it is its therapist."""
    clients = tuple(ClientId(each) for each in asked.clients)
    new = cases.NewCase(clients, asked.format, asked.school)
    return written(response, await cases.open_case(desk, who, new, command=command))


@router.get(
    "/cases/{case_id}",
    dependencies=[CaughtUp],
    openapi_extra=leaves("READ", audience="clinician"),
)
async def read_case(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
    as_of: Annotated[Instant | None, Query(description="As recorded by then.")] = None,
    at_position: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> CaseTold:
    """The state of a case: now, or as the record stood at an instant or a position."""
    if as_of is not None and at_position is not None:
        raise Invalid("as_of", "excludes at_position")
    opening, receipt = await cases.look_at_case(desk, who, CaseId(case_id))
    states = clinic.views.case_states
    if as_of is None and at_position is None:
        state = states.of(case_id, opening)
        if state is None:
            frame, _ = desk.case(CaseId(case_id))
            raise missing(clinic, frame.clients if frame else ())
    else:
        if as_of is not None:
            at_position = clinic.position_at(as_of)
            response.headers["Memento-Datetime"] = format_datetime(
                as_of.astimezone(UTC), usegmt=True
            )
        await clinic.reach(receipt.last)
        state = states.as_of(case_id, at_position or 0, opening)
    if state is None:
        raise NotThere
    # The version of what is shown, not of what the record may hold meanwhile.
    response.headers["ETag"] = f'"{state.version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    # A program may be let read a case; its words are for people.
    words = opening if who.actor.kind is ActorKind.STAFF else None
    names = Naming(clinic.views.name_cards, state.roster, words, removed)
    school, settled = School(state.school), desk.settings.called
    said = called(state.clients, school, settled, clinic.views.name_cards, words)
    return case_told(state, names, said, reader=who.actor.id)


@router.put("/cases/{case_id}/care-team/{practitioner_id}", openapi_extra=_WRITES)
async def join_team(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    practitioner_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Let a colleague care for the case."""
    receipt = await cases.join_team(
        desk,
        who,
        CaseId(case_id),
        PractitionerId(practitioner_id),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.delete("/cases/{case_id}/care-team/{practitioner_id}", openapi_extra=_WRITES)
async def leave_team(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    practitioner_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Let a colleague no longer care for the case."""
    receipt = await cases.leave_team(
        desk,
        who,
        CaseId(case_id),
        PractitionerId(practitioner_id),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/cases/{case_id}:transfer", openapi_extra=_WRITES)
async def transfer_case(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: Transfer,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Let another therapist go on."""
    receipt = await cases.transfer_case(
        desk,
        who,
        CaseId(case_id),
        PractitionerId(asked.therapist),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/cases/{case_id}:close", openapi_extra=_WRITES)
async def close_case(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    asked: Closing,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """End the therapy; a draft or a risk in it has to be settled before."""
    await clinic.reach(clinic.last_position())
    receipt = await endings.close_case(
        desk,
        who,
        CaseId(case_id),
        asked.value(),
        clinic.views.holdings,
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/cases/{case_id}:reopen", openapi_extra=_WRITES)
async def reopen_case(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Take a closed therapy up again."""
    receipt = await cases.reopen_case(
        desk, who, CaseId(case_id), expected=expected, command=command
    )
    return written(response, receipt)


@router.get(
    "/caseload",
    dependencies=[CaughtUp],
    openapi_extra=leaves("LIST", audience="clinician"),
)
async def read_caseload(
    desk: TheDesk, clinic: TheClinic, who: Who, response: Response
) -> CaseloadTold:
    """The actor's own cases, with her clients' names."""
    admitted = await caseload.admit_to_caseload(desk, who)
    lines = clinic.views.caseload.of(who.actor.id)
    frames = caseload.own_cases(desk, admitted, (CaseId(line.case) for line in lines))
    lines = [line for line in lines if CaseId(line.case) in frames]
    hits: dict[ClientId, tuple[ItemId, ...]] = {}
    for line in lines:
        for client in frames[CaseId(line.case)].clients:
            hits[client] = (*hits.get(client, ()), ItemId(line.case))
    opening, receipt = await caseload.look_at_caseload(desk, admitted, hits)
    known = {each: clinic.views.name_cards.name(each, opening) for each in hits}
    response.headers["Ledger-Position"] = str(receipt.last)
    told = []
    for line in lines:
        clients = frames[CaseId(line.case)].clients
        names = [name for each in clients if (name := known.get(each))]
        told.append(
            CaseloadLine(
                case=line.case, since=line.since, open=line.open, clients=list(clients), names=names
            )
        )
    return CaseloadTold(practitioner=who.actor.id, cases=told)
