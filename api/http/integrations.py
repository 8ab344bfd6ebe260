"""What a program reads: the projections that its scopes name, without words and without names."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.called import called
from api.http.conditions import CaughtUp
from api.http.front_desk import check_span, show_calendar
from api.http.gone import missing
from api.http.naming import Naming
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.access import CalendarTold, CaseloadLine, CaseloadTold
from api.http.schemas.cases import CaseTold, case_told
from api.http.schemas.common import Instant, PathId
from domain.use_cases import caseload, cases, reception
from domain.values import CaseId, ClientId, ItemId, PractitionerId, School

router = APIRouter(prefix="/v1/projections", tags=["integrations"], route_class=RecordedRoute)


@router.get(
    "/case-state/{case_id}",
    dependencies=[CaughtUp],
    openapi_extra=leaves("READ", audience="integration"),
)
async def read_case_state(
    desk: TheDesk, clinic: TheClinic, who: Who, case_id: PathId, response: Response
) -> CaseTold:
    """A case without its words."""
    opening, receipt = await cases.look_at_case(desk, who, CaseId(case_id))
    state = clinic.views.case_states.of(case_id, opening)
    if state is None:
        frame, _ = desk.case(CaseId(case_id))
        raise missing(clinic, frame.clients if frame else ())
    response.headers["ETag"] = f'"{state.version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    unopened = Naming(clinic.views.name_cards, state.roster, None)
    school, settled = School(state.school), desk.settings.called
    said = called(state.clients, school, settled, clinic.views.name_cards, None)
    return case_told(state, unopened, said, reader=who.actor.id)


@router.get(
    "/caseload/{practitioner_id}",
    dependencies=[CaughtUp],
    openapi_extra=leaves("LIST", audience="integration"),
)
async def read_caseload_projection(
    desk: TheDesk, clinic: TheClinic, who: Who, practitioner_id: PathId, response: Response
) -> CaseloadTold:
    """A practitioner's cases, by pseudonymous ids."""
    admitted = await caseload.admit_to_caseload(desk, who, PractitionerId(practitioner_id))
    lines = clinic.views.caseload.of(practitioner_id)
    told, hits = [], dict[ClientId, tuple[ItemId, ...]]()
    for line in lines:
        frame, _ = desk.case(CaseId(line.case))
        clients = list(frame.clients) if frame else []
        for client in clients:
            hits[client] = (*hits.get(client, ()), ItemId(line.case))
        told.append(
            CaseloadLine(
                case=line.case, since=line.since, open=line.open, clients=list(clients), names=[]
            )
        )
    _, receipt = await caseload.look_at_caseload(desk, admitted, hits)
    response.headers["Ledger-Position"] = str(receipt.last)
    return CaseloadTold(practitioner=practitioner_id, cases=told)


@router.get(
    "/calendar", dependencies=[CaughtUp], openapi_extra=leaves("LIST", audience="integration")
)
async def read_calendar_projection(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    response: Response,
    start: Annotated[Instant, Query(alias="from")],
    end: Annotated[Instant, Query(alias="to")],
) -> CalendarTold:
    """Times, rooms and therapists, by pseudonymous ids."""
    check_span(start, end)
    admitted = await reception.admit_to_calendar(desk, who)
    return await show_calendar(desk, clinic, admitted, (start, end), response, with_names=False)
