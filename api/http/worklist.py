"""What waits for the reader: unsigned notes, reviews, risks, certificates, and the rest."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, Response

from api.compose import Clinic
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.worklist import TaskTold, WorklistTold
from domain.rows import StoredRow
from domain.use_cases import caseload, enquiries, worklist
from domain.use_cases.desk import Desk
from domain.use_cases.own_items import is_kept_from
from domain.use_cases.worklist import Waiting
from domain.values import CaseId, Circumstances, ClientId, ItemId
from projections.worklist import TaskKind

router = APIRouter(prefix="/v1", tags=["worklist"], route_class=RecordedRoute)
_LISTS = leaves("LIST", audience="clinician")


@router.get("/worklist", dependencies=[CaughtUp], openapi_extra=_LISTS)
async def read_worklist(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    response: Response,
    kind: TaskKind | None = None,
) -> WorklistTold:
    """What waits for the reader, of all kinds or of one; the log tells neither from the other."""
    found = await what_waits(desk, clinic, who, response)
    return WorklistTold(tasks=[each for each in found if kind is None or each.kind == kind])


async def what_waits(
    desk: Desk, clinic: Clinic, who: Circumstances, response: Response
) -> list[TaskTold]:
    """Record the look at what waits for the reader, whatever of it is shown, and tell it."""
    admitted = await worklist.admit_to_worklist(desk, who)
    views = clinic.views
    cases = caseload.own_cases(
        desk, admitted, (CaseId(line.case) for line in views.caseload.of(who.actor.id))
    )
    rows = views.worklist.waiting([*cases, who.actor.id])
    rows += _before_cases(desk, clinic, admitted)
    # That a colleague's recording is to be destroyed, only those hear for whom it is.
    rows = [row for row in rows if not is_kept_from(desk, admitted, ItemId(str(row.key[1])))]
    opening, receipt = await worklist.look_at_worklist(
        desk, admitted, _waiting(desk, rows, who.actor.id)
    )
    response.headers["Ledger-Position"] = str(receipt.last)
    now = clinic.clock.now()
    found = views.worklist.tasks(rows, opening, now)
    return [
        TaskTold(
            kind=each.kind,
            record=each.record,
            item=each.item,
            opened_at=each.opened_at,
            due_at=each.due_at,
            overdue=each.due_at is not None and each.due_at < now,
            detail=each.detail,
        )
        for each in found
    ]


def _before_cases(desk: Desk, clinic: Clinic, who: Circumstances) -> list[StoredRow]:
    """What waits for the reader with people of whom she is the intake person."""
    found = (ItemId(each) for each in clinic.views.enquiries.of(who.actor.id))
    own = enquiries.own_enquiries(desk, who, found)
    rows = clinic.views.worklist.waiting({each.client: None for each in own.values()})
    return [row for row in rows if row.key[1] in own]


def _waiting(desk: Desk, rows: Iterable[StoredRow], actor: str) -> Waiting:
    """Whose content the rows lie under: a case's own or its one client's, or the actor's."""
    cases: dict[CaseId, tuple[ItemId, ...]] = {}
    clients: dict[ClientId, tuple[ItemId, ...]] = {}
    own: tuple[ItemId, ...] = ()
    for row in rows:
        record, item = CaseId(str(row.key[0])), ItemId(str(row.key[1]))
        joint = CaseId(row.subject)
        if row.subject == actor:
            own = (*own, item)
        elif desk.case(joint)[0] is not None:
            cases[joint] = (*cases.get(joint, ()), item)
        elif desk.case(record)[0] is not None:
            cases[record] = (*cases.get(record, ()), item)
        else:
            client = ClientId(row.subject)
            clients[client] = (*clients.get(client, ()), item)
    return Waiting(cases, clients, own)
