"""A case over time: what happened when, and what was known of it when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.values import CaseId
from tests.api.http.support import NOBODY, Office, Person, problem
from tests.api.http.uploading import Uploading


def told(office: Office, case: CaseId, days_ago: int, text: str) -> str:
    """A note of Anna's about something that was days ago, signed."""
    at = office.clock.now() - timedelta(days=days_ago)
    new = {"kind": "contact", "occurred_at": at.isoformat(), "text": text}
    drafted = office.anna.post(f"/v1/cases/{case}/notes", new)
    assert drafted.status_code == 201, drafted.text
    note = str(drafted.json()["created"]["note"])
    path = f"/v1/cases/{case}/notes/{note}"
    assert office.anna.post(f"{path}:sign", version=office.version(note)).status_code == 200
    return note


def compared(office: Office, case: CaseId, at: str, by: Person | None = None) -> dict[str, Any]:
    """What is known now of a moment, and was not then."""
    office.settle()
    found = (by or office.anna).get(f"/v1/cases/{case}/difference?at={at.replace('+', '%2B')}")
    assert found.status_code == 200, found.text
    return {each["item"]: each for each in found.json()["differences"]}


def test_a_note_that_was_written_late_was_not_known_then(own_office: Office) -> None:
    case = own_office.clinic.open_case()
    own_office.clock.move(timedelta(days=10))
    at = (own_office.clock.now() - timedelta(days=5)).isoformat()
    note = told(own_office, case, 6, "She called in tears.")
    found = compared(own_office, case, at)[note]
    assert (found["kind"], found["what"]) == ("note", "learnt")
    texts = next(each for each in found["changes"] if each["field"] == "texts")
    assert texts == {"field": "texts", "then": None, "now": ["She called in tears."]}


def test_an_amendment_changes_what_is_known_of_the_day_that_it_tells_of(own_office: Office) -> None:
    case = own_office.clinic.open_case()
    note = told(own_office, case, 0, "He came alone.")
    at = own_office.clock.now().isoformat()
    own_office.clock.move(timedelta(days=90))
    amendment = {"reason": "It was not so.", "text": "His brother came, too."}
    path = f"/v1/cases/{case}/notes/{note}/amendments"
    found = own_office.anna.post(path, amendment, version=own_office.version(note))
    assert found.status_code == 201
    changed = compared(own_office, case, at)[note]
    assert changed["what"] == "changed"
    (change,) = changed["changes"]
    assert change["field"] == "amendments"
    assert change["then"] == []
    assert change["now"][0][2:4] == ["It was not so.", "His brother came, too."]


def test_what_has_not_changed_since_is_no_difference(own_office: Office) -> None:
    case = own_office.clinic.open_case()
    note = told(own_office, case, 0, "He came.")
    own_office.clock.move(timedelta(days=1))
    at = own_office.clock.now().isoformat()
    own_office.clock.move(timedelta(days=1))
    later = told(own_office, case, 0, "He came again.")
    found = compared(own_office, case, at)
    assert note not in found
    assert later not in found


def test_a_draft_is_in_nobody_elses_past(own_office: Office) -> None:
    case = own_office.clinic.open_case()
    own_office.clinic.join_team(case, own_office.people.bartek)
    own_office.clock.move(timedelta(days=2))
    at = (own_office.clock.now() - timedelta(days=1)).isoformat()
    drafted = own_office.anna.post(
        f"/v1/cases/{case}/notes", {"kind": "contact", "occurred_at": at, "text": "Not yet."}
    )
    note = drafted.json()["created"]["note"]
    assert note in compared(own_office, case, at)
    assert note not in compared(own_office, case, at, own_office.bartek)


def test_what_was_made_unreadable_is_gone_from_both_pasts(own_office: Office) -> None:
    case = own_office.clinic.open_case()
    other = own_office.clinic.open_case(own_office.clinic.register_client("Ewa"))
    own_office.clock.move(timedelta(days=2))
    at = (own_office.clock.now() - timedelta(days=1)).isoformat()
    note = told(own_office, case, 1, "Of somebody else.")
    assert note in compared(own_office, case, at)
    moved = own_office.anna.post(
        f"/v1/cases/{case}/notes/{note}:move",
        {"belongs_to": other},
        version=own_office.version(note),
    )
    assert moved.status_code == 200, moved.text
    assert note not in compared(own_office, case, at)


def test_the_timeline_shows_the_newest_first_and_goes_on_where_it_stopped(
    own_office: Office,
) -> None:
    case = own_office.clinic.open_case()
    own_office.clock.move(timedelta(days=10))
    notes = [told(own_office, case, days, f"Day {days}.") for days in (3, 1, 2)]
    own_office.settle()
    path = f"/v1/cases/{case}/timeline?limit=2"
    first = own_office.anna.get(path).json()
    assert [each["item"] for each in first["moments"]] == [notes[1], notes[2]]
    assert first["next"] == notes[2]
    rest = own_office.anna.get(f"{path}&after={first['next']}").json()
    assert notes[0] in [each["item"] for each in rest["moments"]]
    assert all("text" not in each for each in first["moments"])
    assert problem(own_office.anna.get(f"{path}&after={NOBODY}")) == "validation"


@pytest.mark.parametrize("what", ["timeline", "difference?at=2026-01-01T00:00:00Z"])
def test_somebody_elses_past_is_not_there(own_office: Office, what: str) -> None:
    case = own_office.clinic.open_case()
    mine = own_office.bartek.get(f"/v1/cases/{case}/{what}")
    assert problem(mine) == "not-found"
    assert mine.status_code == own_office.bartek.get(f"/v1/cases/{NOBODY}/{what}").status_code
    client = own_office.people.client
    assert own_office.log(client)[1]["outcome"] == "8"


def test_the_worklist_leaves_an_entry_for_each_client_of_whom_it_shows_something(
    own_office: Office,
) -> None:
    found = own_office.anna.get("/v1/worklist")
    assert found.status_code == 200, found.text
    assert found.json() == {"tasks": []}
    assert problem(own_office.reception.get("/v1/worklist")) == "forbidden"


@pytest.mark.parametrize("kind", ["clinical", "third-party", "legal"])
def test_a_document_of_any_class_that_came_late_is_learnt(own_office: Office, kind: str) -> None:
    case = own_office.clinic.open_case()
    own_office.clinic.join_team(case, own_office.people.bartek)
    own_office.clock.move(timedelta(days=2))
    at = (own_office.clock.now() - timedelta(days=1)).isoformat()
    there = Uploading(own_office.anna, f"/v1/cases/{case}/attachments")
    letter = there.stored(b"We saw her.", told={"occurred_at": at}, confidentiality=kind)
    for reader in (own_office.anna, own_office.bartek):
        found = compared(own_office, case, at, reader)[letter]
        assert (found["kind"], found["what"]) == ("attachment", "learnt")
        titles = [each["now"] for each in found["changes"] if each["field"] == "title"]
        assert titles == ["A letter about the river"]


def test_a_recording_is_in_the_past_of_those_for_whom_it_is_until_it_is_closed(
    own_office: Office,
) -> None:
    office, case = own_office, own_office.clinic.open_case()
    office.clinic.join_team(case, office.people.bartek)
    office.clock.move(timedelta(days=2))
    at = (office.clock.now() - timedelta(days=1)).isoformat()
    word = {"answer": "given", "scope": "recording", "purpose": "To hear.", "form": "written"}
    consents = f"/v1/clients/{office.people.client}/consents"
    consent = office.anna.post(consents, word).json()["created"]["consent"]
    there = Uploading(office.anna, f"/v1/cases/{case}/attachments")
    tape = there.stored(
        b"An hour.",
        told={"purpose": "To hear where I spoke too soon.", "occurred_at": at},
        media_type="audio/ogg",
        title="Hour twelve",
        viewers=[office.people.anna],
    )
    letter = there.stored(b"We saw her.", told={"occurred_at": at})
    assert {tape, letter} <= set(compared(office, case, at))
    assert set(compared(office, case, at, office.bartek)) == {letter}
    taken_back = office.anna.post(f"{consents}/{consent}:withdraw", {"form": "oral"})
    assert taken_back.status_code == 200, taken_back.text
    assert tape not in compared(office, case, at)
