"""Couples, families and groups at the door: who is there, what is whose, how names are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from domain.values import CaseId, ClientId
from tests.api.http.support import Office, open_office, problem
from tests.support.clinic import Founded
from tests.support.joint import Family, a_family, destroy_content

SPAN = {"starts_at": "2026-02-24T09:00:00Z", "ends_at": "2026-02-24T09:50:00Z"}


@dataclass(frozen=True, slots=True)
class Room:
    """A family behind the door."""

    office: Office
    family: Family

    @property
    def case(self) -> CaseId:
        """The case of them all."""
        return self.family.case

    @property
    def path(self) -> str:
        """Its address."""
        return f"/v1/cases/{self.case}"

    def read(self, language: str | None = None) -> dict[str, Any]:
        """The case as Anna reads it."""
        self.office.settle()
        found = self.office.anna.get(self.path, headers={"Accept-Language": language})
        assert found.status_code == 200, found.text
        told: dict[str, Any] = found.json()
        return told

    def note(self, note: str, language: str | None = None) -> dict[str, Any]:
        """A note as Anna reads it."""
        self.office.settle()
        found = self.office.anna.get(
            f"{self.path}/notes/{note}", headers={"Accept-Language": language}
        )
        assert found.status_code == 200, found.text
        told: dict[str, Any] = found.json()
        return told

    def write(self, text: str, parts: dict[ClientId, str]) -> Response:
        """A joint note of Anna's."""
        asked = {
            "kind": "session",
            "occurred_at": SPAN["starts_at"],
            "text": text,
            "parts": [
                {"alias": self.family.alias(client), "text": part} for client, part in parts.items()
            ],
        }
        return self.office.anna.post(f"{self.path}/joint-notes", asked)


@pytest.fixture
def room(founded: Founded, tmp_path: Path) -> Iterator[Room]:
    """Klara and two others, with Anna."""
    with open_office(founded, tmp_path / "clinic") as office:
        yield Room(office, a_family(office.clinic))


def made(response: Response, what: str) -> str:
    """The id of what was created."""
    assert response.status_code == 201, response.text
    return str(response.json()["created"][what])


def test_a_case_shows_who_takes_part_by_alias_and_name(room: Room) -> None:
    members = room.read()["members"]
    assert [each["client"] for each in members] == list(room.family.people)
    assert [each["name"] for each in members] == [
        "Klara Kowal",
        "Zofia 0 Zielińska",
        "Zofia 1 Zielińska",
    ]
    for each in members:
        assert each["alias"] == room.family.alias(each["client"])
        assert (each["removed"], each["left_at"]) == (False, None)


def test_somebody_joins_and_somebody_leaves(room: Room) -> None:
    office, gone = room.office, room.family.people[0]
    nina = office.clinic.register_client("Nina")
    joined = office.anna.put(f"{room.path}/members/{nina}", version=office.version(room.case))
    assert joined.status_code == 200
    version = joined.json()["version"]
    left = office.anna.ask("DELETE", f"{room.path}/members/{gone}", version=version)
    assert left.status_code == 200
    told = room.read()
    assert told["clients"] == [*room.family.people[1:], nina]
    lines = {each["client"]: each for each in told["members"]}
    assert lines[gone]["left_at"] is not None
    assert lines[nina]["name"] == "Nina Zielińska"
    assert told["version"] == left.json()["version"]


def test_a_change_of_members_needs_the_version_that_was_seen(room: Room) -> None:
    gone = room.family.people[0]
    stale = room.office.anna.ask("DELETE", f"{room.path}/members/{gone}", version=1)
    assert (stale.status_code, problem(stale)) == (412, "precondition-failed")
    without = room.office.anna.ask("DELETE", f"{room.path}/members/{gone}")
    assert problem(without) == "precondition-required"


def test_one_persons_case_has_no_members(room: Room) -> None:
    office = room.office
    alone = office.clinic.open_case()
    nina = office.clinic.register_client("Nina")
    refused = office.anna.put(f"/v1/cases/{alone}/members/{nina}", version=1)
    assert problem(refused) == "wrong-state"
    office.settle()
    assert office.anna.get(f"/v1/cases/{alone}").json()["members"] == []


def test_a_joint_note_shows_names_in_the_place_of_tokens(room: Room) -> None:
    klara, zofia, _ = room.family.people
    text = f"{room.family.token(klara)} asked, {room.family.token(zofia)} was silent; {{{{x}}}}."
    note = made(room.write(text, {klara: "She wept.", zofia: "She counted tiles."}), "note")
    told = room.note(note)
    assert told["text"] == "Klara Kowal asked, Zofia 0 Zielińska was silent; {{x}}."
    assert {each["name"]: each["text"] for each in told["parts"]} == {
        "Klara Kowal": "She wept.",
        "Zofia 0 Zielińska": "She counted tiles.",
    }
    signed = room.office.anna.post(f"{room.path}/notes/{note}:sign", version=told["version"])
    assert signed.status_code == 200


def test_every_text_of_the_case_shows_names(room: Room) -> None:
    office, token = room.office, room.family.token(room.family.people[0])
    version = office.version(room.case)
    stated = {"words": f"{token} does not sleep."}
    assert office.anna.post(f"{room.path}/problems", stated, version=version).status_code == 201
    note = made(room.write("All were quiet.", {}), "note")
    office.anna.post(f"{room.path}/notes/{note}:sign", version=1)
    amendment = {"reason": f"{token} said more.", "text": f"{token} dreams."}
    added = office.anna.post(f"{room.path}/notes/{note}/amendments", amendment, version=2)
    assert added.status_code == 201
    wrong = {"reason": f"{token} was not there."}
    marked = office.anna.post(f"{room.path}/notes/{note}:mark-erroneous", wrong, version=3)
    assert marked.status_code == 200
    assert room.read()["problems"][0]["words"] == "Klara Kowal does not sleep."
    told = room.note(note)
    assert told["added"][0]["reason"] == "Klara Kowal said more."
    assert told["added"][0]["text"] == "Klara Kowal dreams."
    assert told["erroneous_because"] == "Klara Kowal was not there."


def test_a_text_that_names_a_stranger_is_refused_and_nothing_is_lost(room: Room) -> None:
    before = room.office.events()
    stranger = "p1000" if room.family.alias(room.family.people[0]) != "p1000" else "p1001"
    refused = room.write(f"{{{{{stranger}}}}} was silent.", {})
    assert (refused.status_code, refused.json()["field"]) == (422, "text")
    assert stranger not in refused.text
    assert room.office.events() == before


def test_nobody_has_two_parts_of_a_note_and_no_stranger_has_one(room: Room) -> None:
    alias = room.family.alias(room.family.people[0])
    asked = {"kind": "session", "occurred_at": SPAN["starts_at"], "text": "All were quiet."}
    for parts, field in (
        ([{"alias": alias, "text": "One."}, {"alias": alias, "text": "Two."}], "parts"),
        ([{"alias": "p999999", "text": "Whose?"}], "alias"),
        ([{"alias": "Klara", "text": "By name?"}], "body.parts.0.alias"),
    ):
        refused = room.office.anna.post(f"{room.path}/joint-notes", {**asked, "parts": parts})
        assert (refused.status_code, refused.json()["field"]) == (422, field)
        assert "Klara" not in refused.text


def test_a_session_shows_who_was_there(room: Room) -> None:
    office, (klara, zofia, third) = room.office, room.family.people
    booked = made(office.anna.post(f"{room.path}/sessions", {**SPAN, "room": "3"}), "session")
    where = f"{room.path}/sessions/{booked}"
    present = {
        "present": [room.family.alias(klara), room.family.alias(zofia)],
        "absent": [room.family.alias(third)],
    }
    early = office.anna.put(f"{where}/attendance", present)
    assert problem(early) == "wrong-state"
    held = {"started_at": SPAN["starts_at"], "ended_at": SPAN["ends_at"]}
    office.anna.post(f"{where}:hold", held, version=1)
    recorded = office.anna.put(f"{where}/attendance", present)
    assert recorded.status_code == 200
    (session,) = room.read()["sessions"]
    assert {each["name"]: each["present"] for each in session["present"]} == {
        "Klara Kowal": True,
        "Zofia 0 Zielińska": True,
        "Zofia 1 Zielińska": False,
    }
    twice = {"present": [room.family.alias(klara)], "absent": [room.family.alias(klara)]}
    assert office.anna.put(f"{where}/attendance", twice).json()["field"] == "present"


def test_a_look_at_the_case_or_a_note_stands_in_everybodys_log(room: Room) -> None:
    office, gone = room.office, room.family.people[0]
    note = made(room.write("All were quiet.", {gone: "She wept."}), "note")
    room.family.leave(gone)
    room.read()
    room.note(note)
    for client in room.family.people:
        looks = [each for each in office.log(client) if each["kind"] == "READ"]
        assert [each["object"] for each in looks[:2]] == [note, room.case]
        # Nothing there says that it was a couple, a family or a group.
        assert {each["object_type"] for each in looks} <= {"record", "case"}
        for each in looks:
            assert set(each["classes"]) <= {"record", "administrative"}


def test_a_program_is_told_no_name(room: Room) -> None:
    program = room.office.program("case-state:read")
    room.office.settle()
    found = program.get(f"/v1/projections/case-state/{room.case}")
    assert found.status_code == 200
    assert {each["name"] for each in found.json()["members"]} == {None}
    assert "Kowal" not in found.text


def test_a_draft_with_its_parts_is_its_authors(room: Room) -> None:
    office = room.office
    office.clinic.join_team(room.case, office.people.bartek)
    note = made(room.write("All were quiet.", {room.family.people[0]: "She wept."}), "note")
    office.settle()
    assert office.bartek.get(f"{room.path}/notes/{note}").status_code == 404
    office.anna.post(f"{room.path}/notes/{note}:sign", version=2)
    office.settle()
    assert "She wept." in office.bartek.get(f"{room.path}/notes/{note}").text


@pytest.mark.parametrize(
    ("language", "removed"),
    [
        (None, "[removed participant]"),
        ("en-GB", "[removed participant]"),
        ("pl-PL,pl;q=0.9", "[osoba usunięta]"),
    ],
)
def test_somebody_who_was_erased_is_a_removed_participant(
    room: Room, language: str | None, removed: str
) -> None:
    office, (klara, zofia, third) = room.office, room.family.people
    tokens = [room.family.token(each) for each in room.family.people]
    alias = room.family.alias(zofia)
    text = "{} asked, {} was silent, {} left.".format(*tokens)
    note = made(room.write(text, dict.fromkeys(room.family.people, "Hers.")), "note")
    room.read()
    destroy_content(office.clinic, zofia)
    told = room.note(note, language)
    assert told["text"] == f"Klara Kowal asked, {removed} was silent, Zofia 1 Zielińska left."
    parts = {each["alias"]: (each["name"], each["text"]) for each in told["parts"]}
    assert parts.pop(alias) == (None, None)
    assert set(parts.values()) == {("Klara Kowal", "Hers."), ("Zofia 1 Zielińska", "Hers.")}
    members = {each["client"]: each for each in room.read(language)["members"]}
    assert (members[zofia]["name"], members[zofia]["alias"], members[zofia]["removed"]) == (
        None,
        None,
        True,
    )
    assert not members[klara]["removed"]
    assert not members[third]["removed"]
    # Lists go on for those who are still there.
    caseload = office.anna.get("/v1/caseload").json()["cases"]
    (line,) = [each for each in caseload if each["case"] == room.case]
    assert sorted(line["names"]) == ["Klara Kowal", "Zofia 1 Zielińska"]
    # The name is not what the record says, and the alias is nobody's any more.
    assert "Zofia 0" not in office.anna.get(room.path).text


def test_a_search_in_a_joint_record_finds_parts_and_the_names_of_those_who_are_named(
    room: Room,
) -> None:
    klara, zofia, _ = room.family.people
    text = f"Today {room.family.token(klara)} asked a question."
    note = made(room.write(text, {zofia: "She counted tiles."}), "note")
    room.office.settle()
    for words, extract in (
        ("klara kowal", "Today Klara Kowal asked a question."),
        ("tiles", "She counted tiles."),
    ):
        found = room.office.anna.post(f"{room.path}/searches", {"words": words})
        assert found.status_code == 200, found.text
        assert found.json()["notes"] == [{"note": note, "kind": "note", "extracts": [extract]}]
    assert room.office.log(zofia)[1]["kind"] == "SEARCH"
