"""A letter from elsewhere and a recorded hour, from the consent to its end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.attachment import CHUNK
from tests.api.http.support import Office, problem
from tests.api.http.uploading import Uploading, to_destroy
from tests.support.attachments import noise

WORDS = {"purpose": "So that we hear where I spoke too soon."}


def test_a_letter_and_a_recorded_hour(own_office: Office) -> None:
    office, client = own_office, own_office.people.client
    clinic, anna = office.clinic, office.anna
    case = clinic.open_case()
    there = Uploading(anna, f"/v1/cases/{case}/attachments")
    # The letter that she brings: from where it comes stays with it.
    origin = {"organisation": "An outpatient clinic", "on": "2026-02-01", "author": "Dr. Nobody"}
    letter = there.stored(
        b"We saw her twice.", told={"origin": origin}, confidentiality="third-party"
    )
    # An hour is recorded once she has allowed it, for two people and for thirty days.
    tape: dict[str, Any] = {
        "media_type": "audio/ogg",
        "title": "Hour twelve",
        "viewers": [office.people.bartek],
        "delete_on": str((clinic.clock.now() + timedelta(days=30)).date()),
    }
    assert problem(there.begin(5, **tape)) == "wrong-state"
    consent = {"answer": "given", "scope": "recording", "purpose": "to hear", "form": "written"}
    given = anna.post(f"/v1/clients/{client}/consents", consent)
    assert given.status_code == 201, given.text
    hour = noise(CHUNK + 99)
    recording = there.stored(hour, told=WORDS, **tape)
    office.settle()
    listed = anna.get(there.path).json()["attachments"]
    kinds = {each["id"]: each["kind"] for each in listed}
    assert kinds == {letter: "document", recording: "recording"}
    colleague = Uploading(office.bartek, there.path)
    assert colleague.content(recording).content == hour
    assert colleague.content(letter).status_code == 404
    # She takes it back: it is closed at once, and waits to be destroyed.
    taken_back = anna.post(
        f"/v1/clients/{client}/consents/{given.json()['created']['consent']}:withdraw",
        {"form": "oral"},
    )
    assert taken_back.status_code == 200, taken_back.text
    assert problem(there.content(recording)) == "wrong-state"
    assert problem(colleague.content(recording)) == "wrong-state"
    office.settle()
    assert to_destroy(anna) == [recording]
    asked = {"scope": "item", "ground": "consent-withdrawn", "case": case, "item": recording}
    request = anna.post("/v1/erasures", asked)
    assert request.status_code == 201, request.text
    assert there.content(letter).content == b"We saw her twice."
    told = {each["kind"] for each in office.log(client)}
    assert {"CREATE", "READ", "DENY"} <= told
