"""A client's record with something of every kind in it, and who is who around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from httpx2 import Response

from domain.values import CaseId, ClientId, Format, NoteId, SessionId
from tests.api.http import (
    attachment_world,
    frame_world,
    joint_world,
    therapist_world,
    understanding_world,
    work_world,
)
from tests.api.http.support import Office, Person, operations

WORDS = {
    "problem": "She fears the river.",
    "note": "She crossed the bridge.",
    "draft": "She may move to the seaside.",
    "process note": "Her silence tires me.",
    "room": "attic",
    "consent": "insurance talks",
}
CONTENT = (*WORDS.values(), "Zofia", "Zielińska", "600 100 200", "Halina", "1988-05-17")
"""Everything in the record that must not reach whoever may not see it."""


def shows_content(text: str) -> list[str]:
    """What of the content stands in an answer."""
    try:
        plain = json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        plain = text
    return [word for word in CONTENT if word in plain]


@dataclass(frozen=True, slots=True)
class World:
    """Zofia's record: Anna is her therapist, and sees her with her partner, too."""

    client: ClientId
    partner: ClientId
    case: CaseId
    couple: CaseId
    session: SessionId
    joint_session: SessionId
    note: NoteId
    draft: NoteId
    process_note: NoteId
    representative: str
    consent: str
    integration: str
    hold: str
    erasure: str
    more: dict[str, str]
    """What the areas of the work add, each by its path parameter."""

    @property
    def streams(self) -> tuple[str, ...]:
        """What somebody might have changed."""
        return (self.client, self.case, self.session, self.note, self.draft, self.process_note)

    def ids(self) -> dict[str, str]:
        """What stands in the place of each path parameter."""
        return {
            "client_id": self.client,
            "case_id": self.case,
            "session_id": self.session,
            "note_id": self.note,
            "representative_id": self.representative,
            "consent_id": self.consent,
            "integration_id": self.integration,
            "hold_id": self.hold,
            "erasure_id": self.erasure,
            "position": "0",
            "tile": "0/000",
            "bundle": "000",
            "controls": "000",
            **self.more,
        }


def build(office: Office) -> World:
    """Let it all happen, through the door and at the desk."""
    clinic, anna, desk = office.clinic, office.anna, office.reception
    client = clinic.register_client("Zofia")
    partner = clinic.register_client("Jan")
    case = clinic.open_case(client)
    couple = clinic.open_case(client, partner, room=Format.COUPLE)
    path = f"/v1/cases/{case}"
    _made(anna.post(f"{path}/problems", {"words": WORDS["problem"]}, version=1))
    span = {"starts_at": "2026-02-24T09:00:00Z", "ends_at": "2026-02-24T09:50:00Z"}
    single, joint = ({**span, "room": WORDS["room"]}, {**span, "room": "hall"})
    session = _made(anna.post(f"{path}/sessions", single), "session")
    joint_session = _made(anna.post(f"/v1/cases/{couple}/sessions", joint), "session")
    note = clinic.draft_note(case, WORDS["note"])
    clinic.sign_note(case, note)
    draft = clinic.draft_note(case, WORDS["draft"])
    own = clinic.write_process_note(case, WORDS["process note"])
    speaker = {"authority": "statutory-representative", "given_name": "Halina", "family_name": "Z"}
    where, version = f"/v1/clients/{client}", clinic.version(client)
    added = desk.post(f"{where}/representatives", speaker, version=version)
    representative = _made(added, "representative")
    consent = {"answer": "given", "scope": "insurer", "purpose": WORDS["consent"], "form": "oral"}
    given = _made(anna.post(f"{where}/consents", consent), "consent")
    program = office.program("case-state:read")
    office.settle()
    return World(
        client,
        partner,
        case,
        couple,
        SessionId(session),
        SessionId(joint_session),
        note,
        draft,
        own,
        representative,
        given,
        program.id,
        _held(office, client),
        _misfiled(office),
        {
            **joint_world.ids_of(office, (client, partner), (case, couple), note, representative),
            **frame_world.ids_of(office, client, case),
            **attachment_world.ids_of(office, case),
            **therapist_world.ids_of(office, case, note),
            **understanding_world.ids_of(office, client, case),
            **work_world.ids_of(office, client, case),
        },
    )


def _held(office: Office, client: ClientId) -> str:
    """A hold on Zofia's record."""
    hold = {"ground": "court", "review_on": "2027-06-01"}
    where, version = f"/v1/clients/{client}/holds", office.version(client)
    return _made(office.officer.post(where, hold, version=version), "hold")


def _misfiled(office: Office) -> str:
    """What is to become unreadable since Anna had written it under a wrong name."""
    clinic = office.clinic
    wrong, right = (clinic.open_case(clinic.register_client(each)) for each in ("Hanna", "Iga"))
    note = clinic.draft_note(wrong, "Her brother drinks.")
    clinic.sign_note(wrong, note)
    body, path = {"belongs_to": right}, f"/v1/cases/{wrong}/notes/{note}:move"
    moved = office.anna.post(path, body, version=2)
    assert moved.status_code == 200, moved.text
    office.settle()
    return str(moved.json()["created"]["erasure"])


def ask(
    office: Office, who: Person, operation: str, ids: Mapping[str, str], **more: Any
) -> Response:
    """An operation with an example of its body, and the version that is current."""
    method, path, told = operations(office.app)[operation]
    filled = path.format(**ids)
    if "calendar" in path:
        filled += "?from=2026-02-23T00:00:00Z&to=2026-03-03T00:00:00Z"
    if path.endswith("/difference"):
        filled += "?at=2026-02-23T00:00:00Z"
    stream = stream_of(path, ids)
    version = office.version(stream) if stream else None
    body = example(office, told)
    if body is not None and "therapist" in body:
        body = {"therapist": office.people.bartek}
    return who.ask(method, filled, body, version=version, **more)


def example(office: Office, told: Mapping[str, Any]) -> dict[str, Any] | None:
    """The example of an operation's body, if it takes one."""
    if "application/json" not in told.get("requestBody", {}).get("content", {}):
        return None
    reference = told["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = office.app.openapi()["components"]["schemas"][reference.rsplit("/", 1)[1]]
    found: dict[str, Any] = deepcopy(schema["example"])
    return found


def stream_of(path: str, ids: Mapping[str, str]) -> str | None:
    """The stream whose version a change of this path follows."""
    for name in (
        "attachment_id",
        "complaint_id",
        "contract_id",
        "enquiry_id",
        "formulation_id",
        "intake_id",
        "item_id",
        "rating_id",
        "series_id",
        "pack_id",
        "supervision_id",
        "note_id",
        "session_id",
        "case_id",
        "client_id",
        "practitioner_id",
        "erasure_id",
    ):
        if f"{{{name}}}" in path:
            return ids[name]
    return ids["integration_id"] if "{integration_id}" in path else None


def _made(response: Response, what: str | None = None) -> str:
    assert response.status_code == 201, response.text
    return str(response.json()["created"][what]) if what else ""
