"""Keeping the documentation: drafts and their fate, signatures, amendments, schools' fields."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response

from domain.settings import DRAFT_DAYS
from domain.values import CaseId
from tests.api.http.support import Office, Person

SCHOOLS = (
    "session-psychodynamic",
    "session-cognitive-behavioural",
    "session-humanistic-existential",
    "session-systemic",
)


class Documentation:
    """The notes of a case of Anna's."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.case: CaseId = office.clinic.open_case()
        self.path = f"/v1/cases/{self.case}/notes"

    def draft(self, **more: Any) -> str:
        """A note is begun."""
        body = {"kind": "session", "occurred_at": self.office.clock.now().isoformat(), **more}
        found = self.office.anna.post(self.path, body)
        assert found.status_code == 201, found.text
        return str(found.json()["created"]["note"])

    def does(self, note: str, act: str, body: object = None, by: Person | None = None) -> Response:
        """Something is done to a note as it stands, and taken."""
        who, version = by or self.office.anna, self.office.version(note)
        found = who.post(f"{self.path}/{note}{act}", body, version=version)
        assert found.status_code in (200, 201), found.text
        return found

    def read(self, note: str, by: Person | None = None) -> Response:
        """A note as somebody finds it."""
        self.office.settle()
        return (by or self.office.anna).get(f"{self.path}/{note}")


@pytest.mark.duty(17)
def test_notes_are_drafted_signed_together_amended_and_marked(own_office: Office) -> None:
    office, kept = own_office, Documentation(own_office)
    bartek = office.people.bartek
    note = kept.draft(text="She took the tram.")
    revised = {"text": "She took the tram, alone."}
    path, version = f"{kept.path}/{note}/draft", office.version(note)
    assert office.anna.put(path, revised, version=version).status_code == 200
    # Whoever saw the draft before that loses nothing: she is told that it has changed.
    assert office.anna.put(path, {"text": "Lost?"}, version=version).status_code == 412
    office.clock.move(timedelta(days=DRAFT_DAYS + 1))
    refused = office.anna.post(f"{kept.path}/{note}:sign", {}, version=office.version(note))
    assert refused.status_code == 409
    kept.does(note, ":take-up")
    assert kept.read(note).json()["text"] == "She took the tram, alone."
    kept.does(note, ":sign", {})
    kept.does(note, ":ask-co-signature", {"co_signer": bartek})
    kept.does(note, ":countersign", by=office.bartek)
    kept.does(note, "/amendments", {"reason": "A word.", "text": "With a friend on the phone."})
    told = kept.read(note).json()
    assert [each["text"] for each in told["added"]] == ["With a friend on the phone."]
    assert [each["practitioner"] for each in told["countersignatures"]] == [bartek]
    assert told["text"] == "She took the tram, alone."

    given_up = kept.draft(text="Of somebody else.")
    kept.does(given_up, ":discard")
    wrong = kept.draft(text="It was not so.")
    kept.does(wrong, ":sign", {})
    kept.does(wrong, ":mark-erroneous", {"reason": "Another day."})
    office.settle()
    case = office.anna.get(f"/v1/cases/{kept.case}").json()
    listed = {each["id"]: each["status"] for each in case["notes"]}
    assert (listed[note], listed[wrong]) == ("signed", "erroneous")


@pytest.mark.duty(25, part="note")
def test_each_school_has_fields_of_its_own(own_office: Office) -> None:
    office, kept = own_office, Documentation(own_office)
    found = office.anna.get("/v1/note-templates").json()
    forms = {each["template"]: each for each in found["templates"]}
    for template in SCHOOLS:
        (first, *_) = forms[template]["sections"]
        said = [{"code": first["code"], "text": f"Of {template}."}]
        note = kept.draft(template=template, sections=said)
        told = kept.read(note).json()
        assert told["template"] == template
        assert [each["text"] for each in told["sections"]] == [f"Of {template}."]
        assert first["polish"] != first["english"]
