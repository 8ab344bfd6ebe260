"""What was said in the room stays there, and everybody can check that it did."""

from __future__ import annotations

import pytest

from tests.api.http.support import Office


@pytest.mark.duty(20)
def test_every_look_is_told_to_the_client_and_a_stranger_sees_nothing(own_office: Office) -> None:
    case, client = own_office.clinic.open_case(), own_office.people.client
    note = own_office.clinic.draft_note(case, "She spoke of her mother.")
    own_office.clinic.sign_note(case, note)
    own_office.settle()
    path = f"/v1/cases/{case}/notes/{note}"
    assert own_office.anna.get(path).json()["text"] == "She spoke of her mother."
    refused = own_office.bartek.get(path)
    assert refused.status_code == 404
    assert "mother" not in refused.text

    lines = own_office.log(client)
    assert [(each["actor"], each["outcome"]) for each in lines[1:3]] == [
        (own_office.people.bartek, "8"),
        (own_office.people.anna, "0"),
    ]
    own = own_office.client(client).get("/v1/me/access-log")
    assert own.status_code == 200, own.text
    shown = own.json()["entries"]
    assert own_office.people.officer in {each["actor"] for each in shown}
    assert "mother" not in own.text
