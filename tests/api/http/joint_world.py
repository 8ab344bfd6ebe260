"""What stands in the place of each path parameter of joint work and of minors."""

from __future__ import annotations

from domain.values import CaseId, ClientId, NoteId
from tests.api.http.joint_day import EARLIER, PLAN, made
from tests.api.http.support import Office
from tests.support.joint_acts import aliases_of


def ids_of(
    office: Office,
    people: tuple[ClientId, ClientId],
    cases: tuple[CaseId, CaseId],
    note: NoteId,
    representative: str,
) -> dict[str, str]:
    """A mark on Zofia's note, a limit, her couple's agreements, a group that she may join."""
    anna, (client, _), (case, couple) = office.anna, people, cases
    order = {"ground": "court-order", "forbids": ["contact"], "since": "2026-01-10"}
    where = f"/v1/clients/{client}/representatives/{representative}/limits"
    limit = made(anna.post(where, order, version=office.version(client)), "limit")
    mark = {"item": note, "kind": "minor-confidential", "words": "She asked for it."}
    alias = min(aliases_of(office.clinic, couple))
    path = f"/v1/cases/{couple}"
    terms = {"policy": "no-secrets", "agreed_by": [alias], "occurred_at": EARLIER}
    wish = {"recipient": "The court.", "content": "All of it."}
    new = {"clients": [], "format": "group", "school": "systemic"}
    group = f"/v1/cases/{made(anna.post('/v1/cases', new), 'case')}"
    return {
        "limit_id": limit,
        "mark_id": made(anna.post(f"/v1/cases/{case}/marks", mark), "mark"),
        "alias": alias,
        "secrecy_id": made(anna.post(f"{path}/secrecy-agreements", terms), "secrecy"),
        "release_id": made(anna.post(f"{path}/releases", wish), "release"),
        "group_id": made(anna.post(f"{group}/groups", PLAN), "group"),
        "candidate_id": made(anna.post(f"{group}/candidates", {"client": client}), "candidate"),
    }
