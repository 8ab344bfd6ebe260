"""What stands in the place of each path parameter of the work on a case, and of a complaint."""

from __future__ import annotations

from domain.values import CaseId, ClientId, NoteId, Role, SessionId
from tests.api.http.joint_day import made
from tests.api.http.practice_day import LIVES, Chart
from tests.api.http.support import Office, actor, operations


def ids_of(office: Office, client: ClientId, case: CaseId) -> dict[str, str]:
    """A goal of Zofia's, and a complaint about the clinic."""
    goal = {"kind": "growth", "words": "To walk along the river."}
    complaint = {
        "filed_by": "client",
        "occurred_at": "2026-02-23T08:00:00Z",
        "answer_by": "2026-03-25",
        "text": "The waiting room is cold.",
    }
    filed = office.reception.post(f"/v1/clients/{client}/complaints", complaint)
    return {
        "item_id": made(office.anna.post(f"/v1/cases/{case}/goals", goal), "goal"),
        "complaint_id": made(filed, "complaint"),
    }


def items_of(
    office: Office, client: ClientId, case: CaseId, session: SessionId, note: NoteId
) -> dict[str, str]:
    """An item of the right kind for each operation that goes on with one."""
    chart = Chart(office, client, case, session, note, actor(office, Role.CLINICIAN))
    known = operations(office.app)
    found = {}
    for first, *then in LIVES:
        going_on = [name for name in then if "{item_id}" in known[name][1]]
        if going_on:
            _, item = chart.begin(first)
            found.update(dict.fromkeys(going_on, item))
    return found
