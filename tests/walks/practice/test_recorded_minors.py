"""Recordings of minors: whose words count on a day, and who may hear."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.http.support import Office, problem
from tests.api.http.uploading import Uploading

TAPE: dict[str, Any] = {"media_type": "audio/ogg", "title": "Hour"}
TOLD = {"purpose": "To hear it again."}


class Minor:
    """A client with one father, and Anna's case with her."""

    def __init__(self, office: Office, birth: str) -> None:
        self.office = office
        name = {"given_name": "Lena", "family_name": "Kowal"}
        identity = {**name, "birth_date": birth, "sex": "female"}
        made = office.reception.post("/v1/clients", {"identity": identity})
        self.client = made.json()["created"]["client"]
        self.where = f"/v1/clients/{self.client}"
        speaks = {
            "authority": "holder-of-parental-authority",
            "given_name": "Piotr",
            "family_name": "Kowal",
        }
        added = office.reception.post(
            f"{self.where}/representatives", speaks, version=office.version(self.client)
        )
        self.father = added.json()["created"]["representative"]
        self.case = office.clinic.open_case(self.client)
        self.tapes = Uploading(office.anna, f"/v1/cases/{self.case}/attachments")

    def say(self, answer: str, who: str | None = None, said_at: str | None = None) -> str:
        body = {"answer": answer, "scope": "recording", "purpose": "to hear", "form": "written"}
        more = {"representative": who, "said_at": said_at}
        more = {name: value for name, value in more.items() if value is not None}
        made = self.office.anna.post(f"{self.where}/consents", {**body, **more})
        assert made.status_code == 201, made.text
        return str(made.json()["created"]["consent"])

    def allowed(self) -> bool:
        self.office.settle()
        verdicts = self.office.anna.get(f"{self.where}/consents").json()["verdicts"]
        (found,) = (each["allowed"] for each in verdicts if each["scope"] == "recording")
        return bool(found)

    def tape(self) -> str:
        return self.tapes.stored(b"hello", told=TOLD, **TAPE, viewers=[self.office.people.anna])


def test_a_no_of_whoever_speaks_for_her_no_longer_closes_nothing(own_office: Office) -> None:
    her = Minor(own_office, "2008-02-01")
    her.say("refused", her.father, "2025-06-01T10:00:00Z")
    her.say("given", None, "2026-03-01T10:00:00Z")
    assert her.allowed()
    assert her.tapes.content(her.tape()).content == b"hello"


def test_a_father_takes_back_nothing_for_a_daughter_of_age(own_office: Office) -> None:
    her = Minor(own_office, "2008-03-20")
    her.say("given")
    given = her.say("given", her.father)
    tape = her.tape()
    own_office.clock.move(timedelta(days=30))
    taken_back = own_office.anna.post(f"{her.where}/consents/{given}:withdraw", {"form": "oral"})
    assert (taken_back.status_code, problem(taken_back)) == (409, "wrong-state")
    assert her.allowed()
    assert her.tapes.content(tape).content == b"hello"


def test_what_was_recorded_for_a_child_is_closed_from_sixteen_until_she_allows_it_herself(
    own_office: Office,
) -> None:
    her = Minor(own_office, "2010-03-05")
    her.say("given", her.father)
    tape = her.tape()
    assert her.tapes.content(tape).content == b"hello"
    own_office.clock.move(timedelta(days=7))
    assert not her.allowed()
    assert problem(her.tapes.content(tape)) == "wrong-state"
    her.say("given")
    assert her.tapes.content(tape).content == b"hello"


def test_nobody_hears_a_recording_who_is_no_clinician(own_office: Office) -> None:
    her = Minor(own_office, "1990-01-01")
    her.say("given")
    refused = her.tapes.begin(5, **TAPE, viewers=[own_office.reception.id])
    assert (refused.status_code, refused.json()["field"]) == (422, "viewers")
