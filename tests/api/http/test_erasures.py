"""Erasing at the door: what is told of it, by whom, and how little."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.values import Format
from infrastructure.ledger.note import Signer
from tests.api.http.erasing import approve, custodian, note_of
from tests.api.http.support import Office, open_office, problem
from tests.support.clinic import Founded
from tests.support.erasing import Erasing, erasing_in

YEARS = timedelta(days=366)
ByTwo = tuple[Founded, tuple[Signer, ...]]


@pytest.fixture(scope="module")
def office(founded_by_two: ByTwo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose log names two custodians."""
    with open_office(founded_by_two[0], tmp_path_factory.mktemp("office") / "clinic") as opened:
        yield opened


@pytest.fixture(scope="module")
def erasing(office: Office, founded_by_two: ByTwo) -> Erasing:
    """Its custodians."""
    return erasing_in(office.clinic, founded_by_two[1])


def asked(office: Office, case: str, note: str) -> str:
    """Anna asks that an admission go."""
    wish = {"scope": "item", "ground": "art-51", "case": case, "item": note}
    found = office.anna.post("/v1/erasures", wish)
    assert (found.status_code, found.json()["refused"]) == (201, None), found.text
    return str(found.json()["created"]["erasure"])


def carried_out(office: Office, erasing: Erasing, erasure: str) -> None:
    """Both sign, and the officer has it done."""
    for number in (1, 2):
        assert approve(office, erasing, erasure, number).status_code == 201
    done = office.officer.post(f"/v1/erasures/{erasure}:complete", version=3)
    assert done.status_code == 200, done.text
    office.settle()


class TestAnErasedNote:
    def test_leaves_a_heading_and_does_not_break_the_page(
        self, office: Office, erasing: Erasing
    ) -> None:
        case = office.clinic.open_case()
        gone = note_of(office, office.anna, case, "He admitted a theft.")
        note_of(office, office.anna, case, "She slept better.")
        carried_out(office, erasing, asked(office, case, gone))
        page = office.anna.get(f"/v1/cases/{case}")
        assert page.status_code == 200
        statuses = {each["id"]: each["status"] for each in page.json()["notes"]}
        assert statuses[gone] == "erased"
        assert sorted(statuses.values()) == ["erased", "signed"]
        note = office.anna.get(f"/v1/cases/{case}/notes/{gone}")
        assert note.status_code == 200
        assert (note.json()["text"], note.json()["added"]) == (None, [])
        assert "theft" not in page.text + note.text

    def test_shows_nothing_even_before_the_lists_have_followed(
        self, office: Office, erasing: Erasing
    ) -> None:
        case = office.clinic.open_case()
        words = {"words": "He admitted a theft.", "diagnosis": None}
        stated = office.anna.post(f"/v1/cases/{case}/problems", words, version=1)
        wish = {"scope": "item", "ground": "art-51", "case": case, "item": case}
        wish["text_version"] = stated.json()["version"]
        found = office.anna.post("/v1/erasures", wish)
        carried_out(office, erasing, found.json()["created"]["erasure"])
        page = office.anna.get(f"/v1/cases/{case}").json()
        assert [each["words"] for each in page["problems"]] == [None]

    def test_has_a_tombstone_without_content(self, office: Office, erasing: Erasing) -> None:
        case = office.clinic.open_case()
        note = note_of(office, office.anna, case, "He admitted a theft.")
        erasure = asked(office, case, note)
        carried_out(office, erasing, erasure)
        stone = office.officer.get(f"/v1/erasures/{erasure}").json()
        assert (stone["status"], stone["item"], stone["ground"]) == ("completed", note, "art-51")
        assert stone["author"] == office.people.anna
        assert [each["custodian"] for each in stone["approvals"]] == [
            erasing.bartek,
            erasing.outsider,
        ]
        assert stone["items"] == 1
        assert stone["destroyed_at"]

    def test_is_searched_without_its_words(self, office: Office, erasing: Erasing) -> None:
        case = office.clinic.open_case()
        note = note_of(office, office.anna, case, "He admitted a theft.")
        carried_out(office, erasing, asked(office, case, note))
        found = office.anna.post(f"/v1/cases/{case}/searches", {"words": "theft"})
        assert found.status_code == 200
        assert "theft" not in found.text


class TestAnErasedClient:
    def test_is_gone_for_good_and_that_is_what_is_said(
        self, founded_by_two: ByTwo, tmp_path: Path
    ) -> None:
        with open_office(founded_by_two[0], tmp_path / "clinic") as office:
            erasing = erasing_in(office.clinic, founded_by_two[1])
            client = office.clinic.register_client("Hanna")
            case = office.clinic.open_case(client)
            note = note_of(office, office.anna, case, "She slept better.")
            wish = {"scope": "client", "ground": "retention-expired", "client": client}
            wish["hand_over"] = "declined"
            kept = office.officer.post("/v1/erasures", wish)
            assert kept.json()["refused"] == "retention-medical-entity"
            office.clock.move(21 * YEARS)
            erasure = office.officer.post("/v1/erasures", wish).json()["created"]["erasure"]
            carried_out(office, erasing, erasure)
            for path in (f"/v1/cases/{case}", f"/v1/clients/{client}"):
                gone = office.anna.get(path)
                assert (gone.status_code, problem(gone)) == (410, "sealed")
            assert office.anna.get(f"/v1/cases/{case}/notes/{note}").status_code == 404
            assert "D" in {each["action"] for each in office.log(client)}


class TestAStatement:
    def test_names_nobody(self, office: Office, erasing: Erasing) -> None:
        partner = office.clinic.register_client("Adam")
        case = office.clinic.open_case(office.people.client, partner, room=Format.COUPLE)
        note = note_of(office, office.anna, case, "They quarrelled.")
        erasure = asked(office, case, note)
        shown = custodian(office, erasing.outsider).get(f"/v1/erasures/{erasure}/statement")
        for word in ("Klara", "Kowal", "Adam", "Zielińska", "quarrelled", note, case):
            assert word not in shown.text

    def test_is_signed_by_a_key_and_not_by_a_word(self, office: Office, erasing: Erasing) -> None:
        case = office.clinic.open_case()
        note = note_of(office, office.anna, case, "He admitted a theft.")
        erasure = asked(office, case, note)
        who, path = custodian(office, erasing.bartek), f"/v1/erasures/{erasure}/approvals"
        other = erasing.line(2, who.get(f"/v1/erasures/{erasure}/statement").json()["statement"])
        for line, code in ((other, "validation"), (erasing.line(1, "else\n"), "validation")):
            refused = who.post(path, {"signature": line}, version=1)
            assert (refused.status_code, problem(refused)) == (422, code)
        for line in ("", "word", f"{other}\n{other}", "\N{EM DASH} " + "x" * 600):
            assert who.post(path, {"signature": line}, version=1).status_code == 422


class TestAnOutsider:
    def test_sees_requests_and_nothing_else(self, office: Office, erasing: Erasing) -> None:
        case = office.clinic.open_case()
        note = note_of(office, office.anna, case, "He admitted a theft.")
        erasure = asked(office, case, note)
        outsider = custodian(office, erasing.outsider)
        assert outsider.get(f"/v1/erasures/{erasure}").status_code == 200
        assert outsider.get("/v1/erasures").status_code == 200
        for path in (
            f"/v1/cases/{case}",
            f"/v1/cases/{case}/notes/{note}",
            f"/v1/clients/{office.people.client}",
            f"/v1/clients/{office.people.client}/access-log",
            f"/v1/clients/{office.people.client}/holds",
            f"/v1/erasures/{erasure}/readers",
            "/v1/caseload",
            "/v1/audit-trail",
            "/v1/practitioners",
        ):
            assert outsider.get(path).status_code == 403, path
        wish = {"scope": "item", "ground": "art-51", "case": case, "item": note}
        assert outsider.post("/v1/erasures", wish).status_code == 403


class TestTheList:
    def test_shows_a_clinician_her_own_requests_alone(
        self, office: Office, erasing: Erasing
    ) -> None:
        case = office.clinic.open_case()
        note = note_of(office, office.anna, case, "He admitted a theft.")
        erasure = asked(office, case, note)
        office.settle()

        def listed(lines: list[dict[str, str]]) -> set[str]:
            return {each["erasure"] for each in lines}

        assert erasure in listed(office.anna.get("/v1/erasures").json()["erasures"])
        assert erasure in listed(office.officer.get("/v1/erasures").json()["erasures"])
        newcomer = office.clinic.register_client("Nina")
        assert newcomer not in office.anna.get("/v1/erasures").text
        assert office.reception.get("/v1/erasures").status_code == 403
        before = len(office.log(office.people.client))
        office.officer.get("/v1/erasures")
        assert len(office.log(office.people.client)) > before + 1


class TestADraft:
    def test_reminds_its_author_of_what_must_not_be_recorded(
        self, office: Office, erasing: Erasing
    ) -> None:
        case = office.clinic.open_case()
        new = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": "She slept."}
        drafted = office.anna.post(f"/v1/cases/{case}/notes", new)
        path = f"/v1/cases/{case}/notes/{drafted.json()['created']['note']}"
        reminded = office.anna.get(path, after=drafted).json()["before_signing"]
        assert set(reminded) == {"pl", "en"}
        assert "51" in reminded["pl"]
        signed = office.anna.post(f"{path}:sign", version=1)
        assert office.anna.get(path, after=signed).json()["before_signing"] is None


class TestAMisfiledNote:
    def test_is_told_to_the_officer_with_everybody_who_had_it(
        self, office: Office, erasing: Erasing
    ) -> None:
        wrong, right = (
            office.clinic.open_case(office.clinic.register_client(each)) for each in ("Ada", "Ewa")
        )
        note = note_of(office, office.anna, wrong, "Her brother drinks.")
        office.clinic.join_team(wrong, office.people.bartek)
        assert office.bartek.get(f"/v1/cases/{wrong}/notes/{note}").status_code == 200
        moved = office.anna.post(
            f"/v1/cases/{wrong}/notes/{note}:move", {"belongs_to": right}, version=2
        )
        erasure = moved.json()["created"]["erasure"]
        office.settle()
        # Who comes upon the marker later had nothing of it in hands.
        office.anna.get(f"/v1/cases/{wrong}/notes/{note}")
        readers = office.officer.get(f"/v1/erasures/{erasure}/readers").json()["readers"]
        found = [(each["actor_name"], each["kind"]) for each in readers]
        assert found == [
            ("Anna Nowak", "CREATE"),
            ("Anna Nowak", "AMEND"),
            ("Bartek Nowak", "READ"),
            ("Anna Nowak", "READ"),
        ]
        left = office.anna.get(f"/v1/cases/{wrong}/notes/{note}").json()
        assert (left["status"], left["text"]) == ("moved", None)


class TestAProtocol:
    def test_is_there_once_something_was_destroyed(self, office: Office, erasing: Erasing) -> None:
        case = office.clinic.open_case()
        note = note_of(office, office.anna, case, "He admitted a theft.")
        erasure = asked(office, case, note)
        path = f"/v1/erasures/{erasure}/protocol"
        early = office.officer.get(path)
        assert (early.status_code, problem(early)) == (409, "wrong-state")
        carried_out(office, erasing, erasure)
        told = office.officer.get(path).json()
        for text in (told["pl"], told["en"]):
            assert "Anna Nowak" in text
            assert "Oskar Nowak" in text or "Oskar Obcy" in text
            assert note in text
            assert "theft" not in text
        assert told["pl"].startswith("PROTOKÓŁ ZNISZCZENIA")
        assert "art. 51" in told["en"]
