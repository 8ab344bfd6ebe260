"""What was said in the room stays there, and everybody can check that it did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from domain.values import CaseId
from tests.api.http.support import NOBODY, Office, Person, problem, without_trace
from tests.api.http.uploading import Uploading
from tests.walks.practice.test_supervision import OUTSIDE


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


def of_annas_own(office: Office, case: CaseId) -> dict[str, str]:
    """What of a case is Anna's alone, though a colleague cares for it too."""
    anna, path = office.anna, f"/v1/cases/{case}"
    word = {"answer": "given", "scope": "recording", "purpose": "To hear.", "form": "written"}
    allowed = anna.post(f"/v1/clients/{office.people.client}/consents", word)
    assert allowed.status_code == 201, allowed.text
    tape = {
        "media_type": "audio/ogg",
        "title": "Hour twelve",
        "viewers": [office.people.anna],
        "delete_on": str((office.clock.now() + timedelta(days=30)).date()),
    }
    there = Uploading(anna, f"{path}/attachments")

    def made(what: str, body: Mapping[str, object], name: str) -> str:
        found = anna.post(what, body)
        assert found.status_code == 201, found.text
        return str(found.json()["created"][name])

    circle = {"form": "individual", "starts_on": "2026-02-01", "outside": OUTSIDE}
    supervision = made("/v1/supervisions", circle, "supervision")
    note = office.clinic.draft_note(case, "She spoke of her mother.")
    office.clinic.sign_note(case, note)
    office.settle()
    pack = {"supervision": supervision, "items": [note]}
    advice = {"supervision": supervision, "words": "Slow down."}
    return {
        "recording": there.stored(b"An hour.", told={"purpose": "To hear."}, **tape),
        "upload": str(there.begin(5).json()["created"]["attachment"]),
        "draft": office.clinic.draft_note(case, "Not yet."),
        "mark": made(f"{path}/supervision-marks", {"question": "Why am I late?"}, "mark"),
        "pack": made(f"{path}/case-packs", pack, "case_pack"),
        "advice": made(f"{path}/supervision-advice", advice, "advice"),
    }


def asked_of(who: Person, case: CaseId, item: str) -> list[tuple[object, ...]]:
    """What marking an item, and asking for its erasure, answer."""
    mark = {"item": item, "kind": "minor-confidential", "words": "Not to her father."}
    erasure = {"scope": "item", "ground": "wrong-client", "case": case, "item": item}
    answers = who.post(f"/v1/cases/{case}/marks", mark), who.post("/v1/erasures", erasure)
    return [without_trace(each) if each.status_code != 201 else (201,) for each in answers]


def test_a_colleague_on_the_team_does_not_learn_what_is_anothers_own(own_office: Office) -> None:
    office, case = own_office, own_office.clinic.open_case()
    office.clinic.join_team(case, office.people.bartek)
    own = of_annas_own(office, case)
    office.settle()
    path = f"/v1/cases/{case}"
    assert own["recording"] in office.anna.get(f"{path}/timeline").text
    told = office.bartek.get(f"{path}/timeline")
    assert told.status_code == 200, told.text
    assert told.json()["moments"]
    assert own["recording"] not in told.text

    nothing = asked_of(office.bartek, case, NOBODY)
    for name, item in own.items():
        asked = asked_of(office.bartek, case, item)
        assert asked == nothing, name
    refused = office.log(office.people.client)[:4]
    assert {(each["actor"], each["outcome"]) for each in refused} >= {(office.bartek.id, "8")}
    # To its author each is there.
    assert asked_of(office.anna, case, own["mark"]) == [(201,), (201,)]
    assert asked_of(office.anna, case, own["recording"]) == [(201,), (201,)]


def test_that_a_recording_is_to_be_destroyed_somebody_always_hears(own_office: Office) -> None:
    office, case = own_office, own_office.clinic.open_case()
    office.clinic.join_team(case, office.people.bartek)
    tape = of_annas_own(office, case)["recording"]
    office.clock.move(timedelta(days=31))
    office.settle()

    def waits(who: Person) -> list[str]:
        found = who.get("/v1/worklist?kind=recording").json()["tasks"]
        return [each["item"] for each in found]

    assert waits(office.anna) == [tape]
    assert waits(office.bartek) == []
    onward, version = {"therapist": office.people.bartek}, office.version(case)
    handed_on = office.anna.post(f"/v1/cases/{case}:transfer", onward, version=version)
    assert handed_on.status_code == 200, handed_on.text
    office.settle()
    assert waits(office.bartek) == [tape]
    content = office.bartek.get(f"/v1/cases/{case}/attachments/{tape}/content")
    assert problem(content) == "not-found"
    assert asked_of(office.bartek, case, tape)[1] == (201,)
