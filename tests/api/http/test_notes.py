"""Notes at the door: templates, drafts and their fate, signatures, contacts, external documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response

from domain.note_forms import FORMS
from domain.settings import Provider, Settings
from domain.values import ClientId, Role
from tests.api.http.support import Office, Person, actor, problem
from tests.support.clinic import Founded
from tests.support.settled import settled_office

WHEN = "2026-03-02T08:00:00Z"
SOAP: dict[str, Any] = {
    "kind": "session",
    "occurred_at": WHEN,
    "template": "soap",
    "sections": [
        {"code": "subjective", "text": "Śpi lepiej; «nie boję się»."},
        {"code": "plan", "text": "Ćwiczenie co wieczór."},
    ],
}
WORKS_SO = Settings(
    identity_demanded=True,
    co_signature=True,
    draft_days=10,
    provider=Provider("Poradnia Na Wzgórzu", "ul. Polna 1, 00-001 Warszawa"),
)


@pytest.fixture(scope="module")
def strict(founded: Founded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A clinic that works as its ``clinic.conf`` says, and in which most files are whole."""
    with settled_office(founded, tmp_path_factory.mktemp("strict"), WORKS_SO) as opened:
        complete(opened, opened.people.client)
        yield opened


def complete(office: Office, client: str) -> None:
    """Record at the front desk what the law wants in a client's file."""
    where, desk = f"/v1/clients/{client}", office.reception
    home = {"street": "Polna 1", "postal_code": "00-001", "city": "Warszawa"}
    contact = {"phone": None, "email": None, "address": home}
    changed = desk.put(f"{where}/contact", contact, version=office.version(client))
    assert changed.status_code == 200, changed.text
    person = {
        "given_name": "Klara",
        "family_name": "Kowal",
        "birth_date": "1990-03-14",
        "sex": "female",
        "identity_document": "dowód ABC 123456",
    }
    changed = desk.put(f"{where}/identity", person, version=office.version(client))
    assert changed.status_code == 200, changed.text


class Notes:
    """The notes of one case of Anna's."""

    def __init__(self, office: Office, client: ClientId | None = None) -> None:
        self.office = office
        self.case = office.clinic.open_case(client or office.people.client)
        self.path = f"/v1/cases/{self.case}/notes"

    def draft(self, body: dict[str, Any] = SOAP, by: Person | None = None) -> str:
        """Begin one."""
        found = (by or self.office.anna).post(self.path, body)
        assert found.status_code == 201, found.text
        return str(found.json()["created"]["note"])

    def does(self, note: str, act: str, body: object = None, by: Person | None = None) -> Response:
        """Do something to one, as it stands."""
        version = self.office.version(note)
        return (by or self.office.anna).post(f"{self.path}/{note}{act}", body, version=version)

    def sign(self, note: str, **more: Any) -> None:
        """Sign one."""
        signed = self.does(note, ":sign", **more)
        assert signed.status_code == 200, signed.text

    def read(self, note: str, by: Person | None = None) -> dict[str, Any]:
        """What its reader finds."""
        self.office.settle()
        found = (by or self.office.anna).get(f"{self.path}/{note}")
        assert found.status_code == 200, found.text
        told: dict[str, Any] = found.json()
        return told

    def listed(self, by: Person | None = None) -> list[str]:
        """What stands in its reader's list of the case."""
        self.office.settle()
        case = (by or self.office.anna).get(f"/v1/cases/{self.case}")
        return [each["status"] for each in case.json()["notes"]]

    def waits(self, by: Person | None = None) -> list[tuple[str, str, bool]]:
        """What of notes waits for somebody."""
        self.office.settle()
        found = (by or self.office.anna).get("/v1/worklist")
        assert found.status_code == 200, found.text
        tasks = [each for each in found.json()["tasks"] if each["detail"].get("case") == self.case]
        return [(each["kind"], each["item"], each["overdue"]) for each in tasks]


@pytest.fixture
def notes(office: Office) -> Notes:
    """A case in which nothing is written yet."""
    return Notes(office)


def said(told: dict[str, Any], what: str = "sections") -> dict[str, str]:
    """The words of each section."""
    return {each["code"]: each["text"] for each in told[what]}


class TestTemplates:
    def test_are_listed_with_their_titles_in_both_languages(self, notes: Notes) -> None:
        found = notes.office.anna.get("/v1/note-templates").json()
        titles = {each["template"]: each for each in found["templates"]}
        assert set(titles) == {each.value for each in FORMS}
        assert titles["session"]["polish"] == "Notatka z sesji"
        assert titles["session-systemic"]["schools"] == ["systemic"]
        codes = [each["code"] for each in titles["soap"]["sections"]]
        assert codes == ["subjective", "objective", "assessment", "plan"]

    def test_give_their_sections_and_come_back_word_for_word(self, notes: Notes) -> None:
        note = notes.draft()
        told = notes.read(note)
        assert (told["template"], told["text"], told["status"]) == ("soap", None, "draft")
        assert said(told) == {each["code"]: each["text"] for each in SOAP["sections"]}
        assert [each["polish"] for each in told["sections"]] == [
            "Relacja osoby (S)",
            "Plan i ustalenia",
        ]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"sections": [{"code": "topic", "text": "x"}]},
            {"sections": [{"code": "plan", "text": " "}, {"code": "objective", "text": ""}]},
            {"sections": []},
            {"sections": [{"code": "plan", "text": "x"}] * 2},
            {"text": "x"},
            {"template": "free"},
            {"template": "opinion", "sections": [{"code": "basis", "text": "x"}]},
            {"template": "mine"},
            {"sections": [{"code": "plan", "text": "x", "style": "bold"}]},
        ],
    )
    def test_that_are_not_kept_to_are_refused_and_nothing_is_written(
        self, notes: Notes, wrong: dict[str, Any]
    ) -> None:
        events = notes.office.events()
        refused = notes.office.anna.post(notes.path, {**SOAP, **wrong})
        assert (refused.status_code, problem(refused)) == (422, "validation")
        assert notes.office.events() == events

    def test_hold_fifty_pages_and_not_a_book(self, notes: Notes) -> None:
        fifty = {**SOAP, "sections": [{"code": "plan", "text": "ąę " * 50_000}]}
        assert said(notes.read(notes.draft(fifty))) == {"plan": "ąę " * 50_000}
        book = [{"code": code, "text": "a" * 110_000} for code in ("plan", "objective")]
        refused = notes.office.anna.post(notes.path, {**SOAP, "sections": book})
        assert (refused.status_code, refused.json()["field"]) == (422, "sections")

    def test_are_searched_like_any_words(self, notes: Notes) -> None:
        notes.sign(notes.draft())
        notes.office.settle()
        where = f"/v1/cases/{notes.case}/searches"
        (found,) = notes.office.anna.post(where, {"words": "wieczór"}).json()["notes"]
        assert "wieczór" in found["extracts"][0]


class TestADraft:
    def test_is_revised_section_by_section_as_a_whole(self, notes: Notes) -> None:
        note = notes.draft()
        words = {"sections": [{"code": "objective", "text": "Uśmiecha się."}]}
        revised = notes.office.anna.put(f"{notes.path}/{note}/draft", words, version=1)
        assert revised.status_code == 200
        assert said(notes.read(note)) == {"objective": "Uśmiecha się."}

    def test_open_in_two_windows_takes_the_first_words_and_tells_the_second_how_to_go_on(
        self, notes: Notes
    ) -> None:
        note, anna = notes.draft(), notes.office.anna
        path = f"{notes.path}/{note}/draft"
        one, other = ({"sections": [{"code": "plan", "text": each}]} for each in ("A.", "B."))
        assert anna.put(path, one, version=1).status_code == 200
        events = notes.office.events()
        refused = anna.put(path, other, version=1)
        assert (refused.status_code, refused.json()["current_version"]) == (412, 2)
        assert "nothing was overwritten" in refused.json()["detail"]
        assert notes.office.events() == events
        assert said(notes.read(note)) == {"plan": "A."}
        joined = {"sections": [{"code": "plan", "text": "A. B."}]}
        assert anna.put(path, joined, version=2).status_code == 200

    def test_sent_again_after_a_lost_answer_is_the_same_draft(self, notes: Notes) -> None:
        first, again = (
            notes.office.anna.post(notes.path, SOAP, key="once").json() for _ in range(2)
        )
        assert (again["created"], again["repeated"]) == (first["created"], True)
        assert notes.listed() == ["draft"]

    def test_of_another_is_neither_revised_nor_signed_nor_discarded(self, notes: Notes) -> None:
        office, note = notes.office, notes.draft()
        office.clinic.join_team(notes.case, office.people.bartek)
        for act, body in ((":sign", None), (":discard", None), (":take-up", None)):
            assert notes.does(note, act, body, office.bartek).status_code == 404, act
        assert notes.listed(office.bartek) == []

    def test_waits_for_its_author_then_expires_with_a_warning_and_is_taken_up(
        self, own_office: Office
    ) -> None:
        office, notes = own_office, Notes(own_office)
        note = notes.draft()
        office.clinic.join_team(notes.case, office.people.bartek)
        assert notes.waits() == [("draft-unsigned", note, False)]
        assert notes.waits(office.bartek) == []
        office.clock.move(timedelta(days=12))
        assert notes.waits() == [("draft-expiring", note, False)]
        assert notes.read(note)["expired"] is False
        office.clock.move(timedelta(days=3))
        assert notes.waits() == [("draft-expiring", note, True)]
        told = notes.read(note)
        assert (told["expired"], said(told)) == (True, said(SOAP))
        refused = notes.does(note, ":sign")
        assert (refused.status_code, problem(refused)) == (409, "wrong-state")
        assert "expired" in refused.json()["detail"]
        assert notes.does(note, ":take-up").status_code == 200
        assert notes.read(note)["expired"] is False
        assert notes.waits() == [("draft-unsigned", note, False)]
        notes.sign(note)
        assert notes.waits() == []

    def test_that_was_discarded_leaves_no_words_and_no_line(self, notes: Notes) -> None:
        office, note = notes.office, notes.draft()
        office.clinic.join_team(notes.case, office.people.bartek)
        assert notes.does(note, ":discard").status_code == 200
        for reader in (office.anna, office.bartek):
            assert notes.listed(reader) == []
            found = reader.post(f"/v1/cases/{notes.case}/searches", {"words": "wieczór"})
            assert found.json()["notes"] == []
            assert note not in reader.get(f"/v1/cases/{notes.case}/timeline").text
        assert notes.waits() == []
        assert office.bartek.get(f"{notes.path}/{note}").status_code == 404
        told = notes.read(note)
        assert (told["status"], told["sections"], told["text"]) == ("discarded", [], None)
        assert notes.does(note, ":sign").status_code == 409


class TestAnAmendment:
    def test_of_a_section_supersedes_what_was_signed_and_leaves_it_readable(
        self, notes: Notes
    ) -> None:
        note = notes.draft()
        notes.sign(note)
        new = {"reason": "Pomyłka.", "sections": [{"code": "plan", "text": "Co rano."}]}
        assert notes.does(note, "/amendments", new).status_code == 201
        more = {"reason": "Dopisek.", "text": "Zgodziła się.", "scope": ["plan"]}
        assert notes.does(note, "/amendments", more).status_code == 201
        told = notes.read(note)
        assert told["superseded"] is True
        assert said(told) == said(SOAP)
        assert said(told, "valid") == {**said(SOAP), "plan": "Co rano."}
        assert {each["code"]: each["since"] for each in told["valid"]} == {
            "subjective": 1,
            "plan": 2,
        }
        assert [(each["number"], each["scope"]) for each in told["added"]] == [
            (2, ["plan"]),
            (3, ["plan"]),
        ]
        assert [each["reason"] for each in told["added"]] == ["Pomyłka.", "Dopisek."]

    def test_of_what_was_amended_before_supersedes_that_too(self, notes: Notes) -> None:
        note = notes.draft()
        notes.sign(note)
        for words in ("Co rano.", "W południe."):
            new = {"reason": "Zmiana.", "sections": [{"code": "plan", "text": words}]}
            assert notes.does(note, "/amendments", new).status_code == 201
        told = notes.read(note)
        assert [each["superseded"] for each in told["added"]] == [True, False]
        assert said(told, "valid")["plan"] == "W południe."

    @pytest.mark.parametrize(
        "wrong",
        [
            {"sections": [{"code": "topic", "text": "x"}]},
            {"text": "x", "scope": ["topic"]},
            {"text": "x", "sections": [{"code": "plan", "text": "x"}]},
            {},
        ],
    )
    def test_of_nothing_or_of_a_section_that_is_not_there_is_refused(
        self, notes: Notes, wrong: dict[str, Any]
    ) -> None:
        note = notes.draft()
        notes.sign(note)
        refused = notes.does(note, "/amendments", {"reason": "x", **wrong})
        assert refused.status_code == 422


class TestAContact:
    def test_with_a_third_party_says_who_in_what_role_by_what_means(self, notes: Notes) -> None:
        contact = {"means": "phone", "direction": "incoming", "party": "school"}
        call = {
            "kind": "contact",
            "occurred_at": WHEN,
            "template": "contact",
            "sections": [{"code": "content", "text": "Nie było jej w szkole."}],
            "contact": contact,
            "third_party": "wychowawczyni, p. Lis",
        }
        told = notes.read(notes.draft(call))
        assert told["contact"] == contact
        assert told["third_party"] == "wychowawczyni, p. Lis"
        refused = notes.office.anna.post(notes.path, {**call, "contact": None})
        assert (refused.status_code, refused.json()["field"]) == (422, "third_party")
        of_session = {**SOAP, "contact": contact}
        assert notes.office.anna.post(notes.path, of_session).json()["field"] == "contact"

    @pytest.mark.parametrize(
        ("settled", "means"),
        [
            ("no-show", "no-show"),
            ("cancel", "cancellation"),
            (None, "not-yet-held"),
            ("hold", None),
        ],
    )
    def test_is_what_a_note_becomes_on_a_session_that_was_not_held(
        self, notes: Notes, settled: str | None, means: str | None
    ) -> None:
        office = notes.office
        span = {"starts_at": "2026-02-24T09:00:00Z", "ends_at": "2026-02-24T09:50:00Z"}
        where = f"/v1/cases/{notes.case}/sessions"
        session = office.anna.post(where, {**span, "room": "2"}).json()["created"]["session"]
        bodies: dict[str | None, object] = {
            "cancel": {"by": "client"},
            "hold": {"started_at": span["starts_at"], "ended_at": span["ends_at"]},
        }
        if settled:
            path = f"{where}/{session}:{settled}"
            done = office.anna.post(path, bodies.get(settled), version=office.version(session))
            assert done.status_code == 200, done.text
        drafted = office.anna.post(notes.path, {**SOAP, "session": session}).json()["created"]
        assert drafted.get("became") == ("contact" if means else None)
        told = notes.read(drafted["note"])
        assert told["kind"] == ("contact" if means else "session")
        assert told["session"] == session
        assert (told["contact"] or {}).get("means") == means


class TestExternalDocumentation:
    @pytest.mark.parametrize(
        ("kind", "code"), [("opinion", "opinion"), ("certificate", "certified")]
    )
    def test_is_signed_in_here_and_needs_another_signature_to_leave(
        self, notes: Notes, kind: str, code: str
    ) -> None:
        sections = [{"code": code, "text": "Uczestniczy w terapii."}]
        new = {"kind": kind, "occurred_at": WHEN, "template": kind, "sections": sections}
        note = notes.draft(new)
        notes.sign(note)
        told = notes.read(note)
        assert (told["status"], told["external"]) == ("signed", True)
        assert told["release_needs"] == ["qualified", "trusted", "personal", "zus"]
        other = notes.read(notes.draft())
        assert (other["external"], other["release_needs"]) == (False, [])


class TestTheFileOfAClient:
    def test_must_be_whole_before_a_note_is_signed_and_drafts_are_saved_before(
        self, strict: Office
    ) -> None:
        client = strict.clinic.register_client("Klara")
        notes = Notes(strict, client)
        note = notes.draft()
        refused = notes.does(note, ":sign")
        assert (refused.status_code, problem(refused)) == (409, "file-incomplete")
        lacking = ["address", "pesel or identity_document"]
        assert refused.json()["missing"] == {client: lacking}
        assert "Klara" not in refused.text
        complete(strict, client)
        notes.sign(note)

    def test_never_holds_up_a_crisis_note(self, strict: Office) -> None:
        notes = Notes(strict, strict.clinic.register_client("Ida"))
        crisis = {
            "kind": "crisis",
            "occurred_at": WHEN,
            "template": "crisis",
            "sections": [{"code": "steps", "text": "Wezwano pogotowie."}],
        }
        notes.sign(notes.draft(crisis))

    def test_is_not_asked_for_where_the_clinic_need_not(self, notes: Notes) -> None:
        notes.sign(notes.draft())


class TestASignature:
    def test_is_shown_with_name_title_standing_and_the_provider(self, strict: Office) -> None:
        notes = Notes(strict)
        note = notes.draft()
        notes.sign(note)
        told = notes.read(note)
        signature = told["signature"]
        assert signature["name"] == "Anna Nowak"
        assert signature["title"] == "psychotherapist"
        assert signature["registration"] == ["certificate", "417", "PTP"]
        assert told["provider"] == {
            "name": "Poradnia Na Wzgórzu",
            "address": "ul. Polna 1, 00-001 Warszawa",
        }

    def test_of_somebody_in_training_waits_for_the_supervisor_she_names(
        self, strict: Office
    ) -> None:
        notes = Notes(strict)
        trainee = strict.staff(actor(strict, Role.CLINICIAN))
        other = strict.staff(actor(strict, Role.CLINICIAN))
        strict.clinic.join_team(notes.case, trainee.id)  # type: ignore[arg-type]  # an id
        bartek = strict.bartek
        note = notes.draft(by=trainee)
        for second in (None, {"co_signer": None}, {"co_signer": trainee.id}):
            refused = notes.does(note, ":sign", second, trainee)
            assert (refused.status_code, refused.json()["field"]) == (422, "co_signer")
        assert notes.does(note, ":sign", {"co_signer": other.id}, trainee).status_code == 422
        notes.sign(note, body={"co_signer": bartek.id}, by=trainee)
        assert notes.listed() == ["pending-co-signature"]
        assert strict.anna.get(f"{notes.path}/{note}").status_code == 404
        sought = strict.anna.post(f"/v1/cases/{notes.case}/searches", {"words": "wieczór"})
        assert sought.json()["notes"] == []
        at = strict.clock.now().isoformat().replace("+00:00", "Z")
        known = strict.anna.get(f"/v1/cases/{notes.case}/difference?at={at}")
        assert "wieczór" not in known.text
        assert notes.does(note, ":countersign").status_code == 404
        assert notes.waits(bartek) == [("co-signature", note, False)]
        assert said(notes.read(note, bartek)) == said(SOAP)
        assert strict.bartek.get(f"/v1/cases/{notes.case}").status_code == 404
        assert notes.does(note, ":countersign", by=bartek).status_code == 200
        told = notes.read(note)
        assert told["status"] == "signed"
        assert [each["name"] for each in told["countersignatures"]] == ["Bartek Nowak"]
        assert notes.waits(bartek) == []

    def test_can_be_asked_of_another_supervisor(self, strict: Office) -> None:
        notes = Notes(strict)
        trainee = strict.staff(actor(strict, Role.CLINICIAN))
        strict.clinic.join_team(notes.case, trainee.id)  # type: ignore[arg-type]  # an id
        note, second = notes.draft(by=trainee), {"co_signer": strict.people.bartek}
        notes.sign(note, body=second, by=trainee)
        asked = notes.does(note, ":ask-co-signature", {"co_signer": strict.people.anna}, trainee)
        assert asked.status_code == 200, asked.text
        assert notes.waits(strict.bartek) == []
        assert strict.bartek.get(f"{notes.path}/{note}").status_code == 404
        assert notes.does(note, ":countersign").status_code == 200
        assert notes.listed() == ["signed"]

    def test_moves_with_a_misfiled_note_and_with_what_still_waits(self, strict: Office) -> None:
        notes, trainee = Notes(strict), strict.staff(actor(strict, Role.CLINICIAN))
        right = strict.clinic.open_case(strict.clinic.register_client("Iga"))
        for case in (notes.case, right):
            strict.clinic.join_team(case, trainee.id)  # type: ignore[arg-type]  # an id
        note = notes.draft(by=trainee)
        notes.sign(note, body={"co_signer": strict.people.bartek}, by=trainee)
        plan = {"reason": "Zmiana.", "sections": [{"code": "plan", "text": "Co rano."}]}
        assert notes.does(note, "/amendments", plan, trainee).status_code == 201
        moved = notes.does(note, ":move", {"belongs_to": right}, trainee)
        assert moved.status_code == 200, moved.text
        new, path = moved.json()["created"]["note"], f"/v1/cases/{right}/notes"
        strict.settle()
        told = trainee.get(f"{path}/{new}").json()
        assert (told["template"], said(told)) == ("soap", said(SOAP))
        assert said(told, "valid")["plan"] == "Co rano."
        assert told["status"] == "pending-co-signature"
        assert strict.anna.get(f"{path}/{new}").status_code == 404
        notes.case = right
        assert notes.waits(strict.bartek) == [("co-signature", new, False)]
        version = strict.version(new)
        assert strict.bartek.post(f"{path}/{new}:countersign", version=version).status_code == 200
        strict.settle()
        assert strict.anna.get(f"{path}/{new}").json()["status"] == "signed"
        left = trainee.get(f"{notes.path}/{note}").json()
        assert (left["status"], left["sections"], left["added"]) == ("moved", [], [])
