"""A client's record with something of every kind in it, and who is who around it."""

from __future__ import annotations

import json
from dataclasses import dataclass

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
from tests.api.http.support import Office

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
    items: dict[str, str]
    """An item of the right kind by each operation that goes on with one."""

    @property
    def streams(self) -> tuple[str, ...]:
        """What somebody might have changed."""
        return (self.client, self.case, self.session, self.note, self.draft, self.process_note)

    def ids(self, operation: str = "") -> dict[str, str]:
        """What stands in the place of each path parameter of an operation."""
        found = {
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
        if operation in self.items:
            found["item_id"] = self.items[operation]
        return found


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
        work_world.items_of(office, client, case, SessionId(session), note),
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


def _made(response: Response, what: str | None = None) -> str:
    assert response.status_code == 201, response.text
    return str(response.json()["created"][what]) if what else ""
