"""Searches through the door: bodies alone, two answers that are one, and nothing that is kept."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from httpx2 import Response

from domain.use_cases.finding import LOOKUPS_A_DAY
from tests.api.http.support import Office, failing_store, operations, problem, without_trace
from tests.api.http.world import WORDS, World, build
from tests.support.leaks import search

PESEL, NOBODYS = "44051401359", "02070803628"
FILE = {
    "identity": {
        "given_name": "Jagoda",
        "family_name": "Żółkiewska",
        "birth_date": "1944-05-14",
        "sex": "female",
        "pesel": PESEL,
    },
    "contact": {"phone": "(600) 200-300", "email": "Jagoda.Zolkiewska@example.org"},
}
PEOPLE = "/v1/searches/clients"


@pytest.fixture(scope="module")
def world(office: Office) -> World:
    """Zofia's record."""
    return build(office)


@pytest.fixture
def jagoda(own_office: Office) -> str:
    """A client whom nobody cares for yet."""
    made = own_office.reception.post("/v1/clients", FILE)
    assert made.status_code == 201, made.text
    own_office.settle()
    return str(made.json()["created"]["client"])


def found(response: Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [each["client"] for each in response.json()["clients"]]


@pytest.mark.parametrize(
    "sought",
    [
        {"pesel": PESEL},
        {"phone": "+48600200300"},
        {"email": "jagoda.zolkiewska@EXAMPLE.org"},
    ],
)
def test_the_front_desk_finds_somebody_with_her_name(
    own_office: Office, jagoda: str, sought: dict[str, str]
) -> None:
    answer = own_office.reception.post(PEOPLE, sought)
    assert found(answer) == [jagoda]
    assert answer.json()["clients"] == [{"client": jagoda, "name": "Jagoda Żółkiewska"}]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Ledger-Position" in answer.headers


def test_a_clinician_finds_her_own_by_a_misspelt_name(own_office: Office, jagoda: str) -> None:
    office = own_office
    assert found(office.anna.post(PEOPLE, {"name": "zolkiewska"})) == []
    case = {"clients": [jagoda], "format": "individual", "school": "systemic"}
    opened = office.anna.post("/v1/cases", case)
    answer = office.anna.post(PEOPLE, {"name": "Zolkewska jagda"}, after=opened)
    assert found(answer) == [jagoda]
    assert found(office.bartek.post(PEOPLE, {"name": "zolkiewska"})) == []
    refused = office.reception.post(PEOPLE, {"name": "zolkiewska"})
    assert (refused.status_code, problem(refused)) == (403, "forbidden")


def test_somebody_elses_client_answers_like_nobody(own_office: Office, jagoda: str) -> None:
    bartek = own_office.bartek
    hers = bartek.post(PEOPLE, {"pesel": PESEL})
    nobodys = bartek.post(PEOPLE, {"pesel": NOBODYS})
    assert hers.json() == nobodys.json() == {"clients": []}
    alike = {"x-trace-id", "ledger-position"}
    assert {k: v for k, v in hers.headers.items() if k not in alike} == {
        k: v for k, v in nobodys.headers.items() if k not in alike
    }
    assert all(each["actor"] != bartek.id for each in own_office.log(jagoda))  # type: ignore[arg-type]  # an id is an id


def test_after_twenty_it_is_too_many_whoever_is_sought(
    own_office: Office, jagoda: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "powiernik")
    for _ in range(LOOKUPS_A_DAY):
        assert found(own_office.reception.post(PEOPLE, {"pesel": PESEL})) == [jagoda]
    refused = [own_office.reception.post(PEOPLE, {"pesel": each}) for each in (PESEL, NOBODYS)]
    for each in refused:
        assert (each.status_code, problem(each)) == (429, "lookups-spent")
        assert 0 < int(each.headers["Retry-After"]) <= 24 * 3600
    assert without_trace(refused[0]) == without_trace(refused[1])
    assert [each.message.split(" trace ")[0] for each in caplog.records] == ["lookups spent"] * 2
    assert PESEL not in caplog.text
    assert own_office.reception.id not in caplog.text
    trail = own_office.officer.get(
        f"/v1/audit-trail?actor={own_office.people.reception}&limit=1"
    ).json()
    assert trail["entries"][0]["reason"] == "deny.quota.lookups"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"pesel": PESEL, "name": "Jagoda"},
        {"pesel": None},
        {"name": ""},
        {"name": "x" * 300},
        {"name": "two\nlines"},
        {"who": "Jagoda"},
        {"pesel": "44051401358"},
        {"phone": "call her"},
        {"email": "jagoda"},
    ],
)
def test_what_is_no_question_is_refused_and_not_repeated(
    own_office: Office, body: dict[str, str | None]
) -> None:
    refused = own_office.reception.post(PEOPLE, body)
    assert (refused.status_code, problem(refused)) == (422, "validation")
    for value in body.values():
        assert not value or value not in refused.text


def test_a_second_file_for_the_same_number_is_refused(own_office: Office, jagoda: str) -> None:
    again = {"identity": {**FILE["identity"], "given_name": "Agata"}}
    for person in (own_office.reception, own_office.anna):
        refused = person.post("/v1/clients", again)
        assert (refused.status_code, problem(refused)) == (409, "duplicate-suspected")
        assert jagoda not in refused.text
        assert "Jagoda" not in refused.text


def test_a_second_file_is_refused_right_after_the_first(own_office: Office) -> None:
    assert own_office.reception.post("/v1/clients", FILE).status_code == 201
    refused = own_office.reception.post("/v1/clients", FILE)
    assert problem(refused) == "duplicate-suspected"


def test_a_file_is_opened_where_nobody_follows(slow_office: Office) -> None:
    assert slow_office.reception.post("/v1/clients", FILE).status_code == 201


def test_nobody_is_shown_when_the_search_cannot_be_recorded(
    own_office: Office, jagoda: str
) -> None:
    found(own_office.reception.post(PEOPLE, {"pesel": PESEL}))
    with failing_store(own_office):
        for pesel in (PESEL, NOBODYS):
            failed = own_office.reception.post(PEOPLE, {"pesel": pesel})
            assert (failed.status_code, problem(failed)) == (503, "record-unavailable")
            assert jagoda not in failed.text
            assert "Jagoda" not in failed.text


def test_nothing_that_is_sought_is_ever_in_an_address(office: Office) -> None:
    for method, path, told in operations(office.app).values():
        if told["x-access-event"] == "SEARCH":
            assert method == "POST"
            names = {each["name"] for each in told["parameters"] if each["in"] == "query"}
            assert names == set(), path


class TestWithinARecord:
    def find(
        self, office: Office, world: World, words: str, **more: str
    ) -> list[dict[str, object]]:
        who = office.staff(more["by"]) if more else office.anna
        answer = who.post(f"/v1/cases/{world.case}/searches", {"words": words})
        assert answer.status_code == 200, answer.text
        notes: list[dict[str, object]] = answer.json()["notes"]
        return notes

    def test_words_are_found_with_what_is_around_them(self, office: Office, world: World) -> None:
        assert self.find(office, world, "the BRIDGE") == [
            {"note": world.note, "kind": "note", "extracts": [WORDS["note"]]}
        ]
        assert self.find(office, world, "nothing of it") == []

    def test_an_author_finds_her_drafts_and_process_notes_and_nobody_else_does(
        self, office: Office, world: World
    ) -> None:
        office.clinic.join_team(world.case, office.people.bartek)
        office.settle()
        for sought, note in (("seaside", world.draft), ("silence", world.process_note)):
            assert [each["note"] for each in self.find(office, world, sought)] == [note]
            assert self.find(office, world, sought, by=office.people.bartek) == []
        assert self.find(office, world, "bridge", by=office.people.bartek)
        office.clinic.leave_team(world.case, office.people.bartek)

    def test_the_log_has_one_line_for_it_and_not_the_words(
        self, office: Office, world: World
    ) -> None:
        self.find(office, world, "bridge")
        _, entry, before = office.log(world.client)[:3]
        assert (entry["kind"], entry["object"], entry["classes"]) == (
            "SEARCH",
            world.case,
            ["record"],
        )
        assert before["request"] != entry["request"]
        assert "bridge" not in str(office.log(world.client))

    def test_a_foreign_case_is_not_there(self, office: Office, world: World) -> None:
        path = f"/v1/cases/{world.case}/searches"
        refused = office.bartek.post(path, {"words": "bridge"})
        missing = office.bartek.post(path.replace(world.case, "0" * 32), {"words": "bridge"})
        assert (refused.status_code, problem(refused)) == (404, "not-found")
        assert without_trace(refused) == without_trace(missing)


def test_neither_files_nor_journal_hold_what_somebody_was_found_by(
    own_office: Office, jagoda: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    office, sought = own_office, ["ostatni list do siostry", "Zolkiewska jagda"]
    case = office.anna.post(
        "/v1/cases", {"clients": [jagoda], "format": "individual", "school": "systemic"}
    )
    path = f"/v1/cases/{case.json()['created']['case']}/searches"
    office.anna.post(PEOPLE, {"name": sought[1]}, after=case)
    office.anna.post(path, {"words": sought[0]}, after=case)
    numbers = [PESEL, NOBODYS, "600200300", "(600) 200-300", "jagoda.zolkiewska"]
    for each in ({"pesel": PESEL}, {"pesel": NOBODYS}, {"phone": "600200300"}):
        office.reception.post(PEOPLE, each)
    office.reception.post("/v1/clients", FILE)
    office.settle()
    folder: Path = office.clinic.clinic.folder.layout.folder
    hits = search([folder], [*numbers, *sought, "Żółkiewska"], (), sought)
    assert hits.nothing, hits.where
    assert hits.files > 10
    for secret in (*numbers, *sought, "siostry", "Żółkiewska"):
        assert secret not in caplog.text
