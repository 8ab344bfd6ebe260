"""The frame of a therapy, over HTTP: sessions and their places, contract and budget, alliance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx2 import Response

from domain.errors import WrongState
from domain.settings import Settings
from domain.use_cases.contracts import must_have_contract
from domain.use_cases.on_case import OnCase
from domain.values import CaseId, Format
from tests.api.http.support import Office, Person

CONTRACT = {
    "length": "short",
    "frequency": "weekly",
    "budget": 3,
    "cancellation_hours": 24,
    "fee": 18000,
    "currency": "PLN",
    "agreed_by": [{"kind": "client"}],
    "sections": [
        {"code": "aims", "text": "To take trams again."},
        {"code": "confidentiality-limits", "text": "Told: danger to life, a court's release."},
    ],
}


class Therapy:
    """Anna's case with one client, or with several, and what she does in it."""

    def __init__(self, office: Office, case: CaseId) -> None:
        self.office = office
        self.case = case
        self.path = f"/v1/cases/{case}"

    @property
    def now(self) -> datetime:
        """The server's hour."""
        return self.office.clock.now()

    def span(self, days: float, minutes: int = 50) -> dict[str, str]:
        """A time so many days from now."""
        starts = self.now + timedelta(days=days)
        ends = starts + timedelta(minutes=minutes)
        return {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}

    def post(self, path: str, body: object = None, **more: Any) -> dict[str, str]:
        """A command that is taken; what it made."""
        return made(self.office.anna.post(f"{self.path}/{path}", body, **more))

    def book(self, days: float = 1, **more: Any) -> str:
        """A session is set aside."""
        return self.post("sessions", {**self.span(days), "room": "2", **more})["session"]

    def hold(self, session: str) -> None:
        """A session of today is held."""
        ended = self.now.isoformat()
        started = (self.now - timedelta(minutes=50)).isoformat()
        body = {"started_at": started, "ended_at": ended}
        self.post(f"sessions/{session}:hold", body, version=self.office.version(session))

    def read(self, path: str = "") -> Any:
        """What the case, or a part of it, shows."""
        self.office.settle()
        found = self.office.anna.get(self.path + path)
        assert found.status_code == 200, found.text
        return found.json()

    def session(self, session: str) -> dict[str, Any]:
        """One session as the case shows it."""
        (found,) = (each for each in self.read()["sessions"] if each["id"] == session)
        told: dict[str, Any] = found
        return told

    def agree(self, **more: Any) -> str:
        """A contract is made."""
        body = {**CONTRACT, "occurred_at": self.now.isoformat(), **more}
        return self.post("contracts", body)["contract"]


@pytest.fixture
def therapy(own_office: Office) -> Therapy:
    """A therapy in an office of the test's own."""
    return Therapy(own_office, own_office.clinic.open_case())


def made(response: Response) -> dict[str, str]:
    """What a command made, which was taken."""
    assert response.status_code in (200, 201), response.text
    created: dict[str, str] = response.json()["created"]
    return created


def calendar(office: Office, who: Person) -> list[dict[str, Any]]:
    """The next weeks as somebody sees them."""
    office.settle()
    now = office.clock.now()
    start, end = now - timedelta(days=1), now + timedelta(days=29)
    found = who.get(f"/v1/calendar?from={start:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}")
    assert found.status_code == 200, found.text
    slots: list[dict[str, Any]] = found.json()["slots"]
    return slots


@pytest.mark.duty(10)
def test_sessions_are_planned_moved_held_missed_and_cancelled_late(therapy: Therapy) -> None:
    office = therapy.office
    therapy.agree()
    series = therapy.post("series", {**therapy.span(1), "room": "2", "count": 5})["series"]
    first, second, third, fourth, fifth = (each["id"] for each in therapy.read()["sessions"])
    # One is moved on line, and where the client will be is known in case help is needed.
    online = {**therapy.span(1.2), "place": "online", "by": "client"}
    therapy.post(f"sessions/{first}:move", online, version=1)
    where = {"text": "At her sister's, ul. Nadrzeczna 11."}
    told = office.anna.put(f"{therapy.path}/sessions/{first}/whereabouts", where, version=2)
    assert told.status_code == 200, told.text
    assert therapy.session(first)["place"] == "online"
    assert therapy.session(first)["whereabouts"] == where["text"]
    assert therapy.session(first)["moved"][0]["by"] == "client"
    office.clock.move(timedelta(days=2))
    therapy.hold(first)
    # Another is missed, a third called off too late for the contract, a fourth in time.
    office.clock.move(timedelta(days=7))
    therapy.post(f"sessions/{second}:no-show", version=1)
    office.clock.move(timedelta(days=5, hours=4))
    therapy.post(f"sessions/{third}:cancel", {"by": "client"}, version=1)
    therapy.post(f"sessions/{fourth}:cancel", {"by": "therapist"}, version=1)
    late, early = therapy.session(third), therapy.session(fourth)
    assert (late["status"], late["late"], late["notice_hours"]) == ("cancelled-by-client", True, 20)
    assert (early["late"], early["notice_hours"]) == (False, 188)
    # What is left of the series is called off with it.
    therapy.post(f"series/{series}:end", {"by": "client"}, version=1)
    statuses = [each["status"] for each in therapy.read()["sessions"]]
    assert statuses == [
        "held",
        "no-show",
        "cancelled-by-client",
        "cancelled-by-therapist",
        "cancelled-by-client",
    ]
    assert fifth
    # Of several people it is told by each who was there.
    clinic = office.clinic
    couple = clinic.open_case(
        clinic.register_client("Iwona"), clinic.people.client, room=Format.COUPLE
    )
    both = Therapy(office, couple)
    joint = both.book(0.01, despite_clashes=True)
    office.clock.move(timedelta(hours=2))
    both.hold(joint)
    aliases = [each["alias"] for each in both.read()["members"]]
    attended = office.anna.put(
        f"{both.path}/sessions/{joint}/attendance",
        {"present": aliases[:1], "absent": aliases[1:]},
    )
    assert attended.status_code == 200, attended.text
    there = {each["alias"]: each["present"] for each in both.session(joint)["present"]}
    assert there == {aliases[0]: True, aliases[1]: False}


def test_the_calendar_shows_a_place_and_never_where_a_client_is(therapy: Therapy) -> None:
    office = therapy.office
    therapy.book(1)
    therapy.book(2, room=None, place="online", whereabouts="At her sister's, ul. Nadrzeczna 11.")
    for who in (office.reception, office.anna):
        slots = calendar(office, who)
        assert [(each["place"], each["room"]) for each in slots] == [
            ("room", "2"),
            ("online", None),
        ]
        assert "Nadrzeczna" not in str(slots)


def test_what_is_taken_is_told_and_not_by_whom(therapy: Therapy) -> None:
    office, clinic = therapy.office, therapy.office.clinic
    hers = clinic.open_case(clinic.register_client("Hanna"), by=office.people.bartek)
    theirs = Therapy(office, hers)
    booked = office.bartek.post(f"{theirs.path}/sessions", {**theirs.span(1), "room": "Room 2"})
    assert booked.status_code == 201, booked.text
    office.settle()
    # Anna may know nothing of that session; she is told what she would be told of her own.
    asked = {**therapy.span(1.01), "room": "room  2"}
    refused = office.anna.post(f"{therapy.path}/sessions", asked)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith(":taken")
    assert refused.json()["detail"] == "Taken at that time: the room."
    therapy.post("sessions", {**asked, "room": "3"})
    office.settle()
    own = office.anna.post(f"{therapy.path}/sessions", {**asked, "room": "4"})
    assert own.json()["detail"] == "Taken at that time: the therapist."
    series = office.anna.post(f"{therapy.path}/series", {**asked, "room": "Room 2", "count": 3})
    assert series.json()["detail"] == "Taken at that time: the room and the therapist."
    therapy.post("sessions", {**asked, "despite_clashes": True})


def test_a_cancelled_session_frees_its_room_and_what_was_is_entered_freely(
    therapy: Therapy,
) -> None:
    session = therapy.book(1)
    therapy.post(f"sessions/{session}:cancel", {"by": "clinic"}, version=1)
    therapy.office.settle()
    again = therapy.book(1)
    therapy.office.settle()
    # Moved by half an hour it does not clash with itself.
    half = {**therapy.span(1 + 1 / 48), "room": "2", "by": "client"}
    therapy.post(f"sessions/{again}:move", half, version=1)
    for _ in range(2):
        therapy.book(-3)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"ends_at": "2026-02-01T09:00:00Z"}, "ends_at"),
        ({"ends_at": "2027-02-01T09:00:00Z"}, "ends_at"),
        ({"place": "online"}, "room"),
        ({"room": None}, "room"),
    ],
)
def test_a_session_that_cannot_be_is_refused(
    therapy: Therapy, more: dict[str, Any], field: str
) -> None:
    asked = {**therapy.span(1), "room": "2", **more}
    refused = therapy.office.anna.post(f"{therapy.path}/sessions", asked)
    assert refused.status_code == 422
    assert refused.json()["field"] == field
    before = therapy.office.events()
    again = therapy.office.anna.post(f"{therapy.path}/series", {**asked, "count": 2})
    assert again.status_code == 422
    assert therapy.office.events() == before


def test_a_cancelled_session_is_not_held(therapy: Therapy) -> None:
    session = therapy.book(0.001)
    therapy.post(f"sessions/{session}:cancel", {"by": "client"}, version=1)
    body = {
        "started_at": (therapy.now - timedelta(hours=1)).isoformat(),
        "ended_at": therapy.now.isoformat(),
    }
    refused = therapy.office.anna.post(f"{therapy.path}/sessions/{session}:hold", body, version=2)
    assert refused.status_code == 409


@pytest.mark.duty(11)
def test_the_frame_of_a_therapy_contract_consent_alliance_rupture_and_repair(
    therapy: Therapy,
) -> None:
    office, client = therapy.office, therapy.office.people.client
    contract = therapy.agree()
    more = {**CONTRACT, "occurred_at": therapy.now.isoformat(), "frequency": "fortnightly"}
    therapy.post(f"contracts/{contract}:renegotiate", more, version=1)
    told = therapy.read("/contracts")["contract"]
    assert told["current"]["frequency"] == "fortnightly"
    assert [each["frequency"] for each in told["history"]] == ["weekly"]
    assert told["current"]["sections"][0]["text"] == "To take trams again."
    again = office.anna.post(f"{therapy.path}/contracts", more)
    assert again.status_code == 409
    # Consent is an object of its own, and is taken back.
    where = f"/v1/clients/{client}"
    consent = {"answer": "given", "scope": "therapy", "purpose": "therapy", "form": "written"}
    given = made(office.anna.post(f"{where}/consents", consent))["consent"]
    assert ledger(office)["verdicts"][0]["allowed"] is True
    made(office.anna.post(f"{where}/consents/{given}:withdraw", {"form": "oral"}))
    assert ledger(office)["verdicts"][0]["allowed"] is False
    # Both sides rate how they work together.
    scores = {"relationship": 8, "goals": 7, "approach": 7, "overall": 8}
    rating = {"occurred_at": therapy.now.isoformat(), "rater": "client", "scores": scores}
    therapy.post("alliance-ratings", rating)
    office.clock.move(timedelta(days=7))
    low = {**rating, "occurred_at": therapy.now.isoformat(), "scores": {**scores, "overall": 2}}
    second = therapy.post("alliance-ratings", low)["alliance"]
    therapy.post("alliance-ratings", {**low, "rater": "therapist", "scores": scores})
    therapy.post(f"alliance-ratings/{second}:correct", {**scores, "overall": 4}, version=1)
    ratings = therapy.read("/alliance-ratings")["ratings"]
    assert [each["total"] for each in ratings if each["rater"] == "client"] == [30, 26]
    assert [each["change"] for each in ratings if each["rater"] == "client"] == [None, -4]
    # A rupture and its repair are the therapist's own; nobody else can tell that they are there.
    own = {"occurred_at": therapy.now.isoformat(), "text": "He fell silent.", "kind": "rupture"}
    rupture = therapy.post("process-notes", own)["process_note"]
    repair = {**own, "text": "I owned my part.", "kind": "repair", "answers": rupture}
    therapy.post("process-notes", repair)
    notes = therapy.read("/process-notes")["notes"]
    assert {each["kind"]: each["answers"] for each in notes} == {"rupture": None, "repair": rupture}
    office.clinic.join_team(therapy.case, office.people.bartek)
    office.settle()
    seen = office.bartek.get(f"{therapy.path}/process-notes")
    assert seen.json()["notes"] == []
    assert office.bartek.get(f"{therapy.path}/process-notes/{rupture}").status_code == 404


def test_a_repair_of_what_is_no_rupture_of_hers_is_refused(therapy: Therapy) -> None:
    own = {"occurred_at": therapy.now.isoformat(), "text": "I was impatient."}
    thought = therapy.post("process-notes", own)["process_note"]
    for answers in (thought, "0" * 32):
        repair = {**own, "kind": "repair", "answers": answers}
        refused = therapy.office.anna.post(f"{therapy.path}/process-notes", repair)
        assert refused.status_code == 422
        assert refused.json()["field"] == "answers"


@pytest.mark.duty(27)
def test_short_work_has_a_budget_which_sessions_use_and_which_is_extended(
    therapy: Therapy,
) -> None:
    office = therapy.office
    contract = therapy.agree()
    sessions = []
    for _ in range(3):
        sessions.append(therapy.book(0.01))
        office.clock.move(timedelta(days=7))
        therapy.hold(sessions[-1])
        budget = therapy.read("/contracts")["contract"]["budget"]
        held = [each["id"] for each in therapy.read()["sessions"] if each["status"] == "held"]
        assert sorted(budget["held"]) == sorted(held)
        assert budget["left"] == 3 - len(sessions)
    (task,) = worklist(office, "budget")
    assert task["record"] == therapy.case
    assert task["detail"] == {"left": 0, "budget": 3}
    more = {"budget": 8, "reason": "The last tram lines are still to come."}
    version = office.version(contract)
    therapy.post(f"contracts/{contract}:extend-budget", more, version=version)
    told = therapy.read("/contracts")["contract"]
    assert told["budget"]["left"] == 5
    assert told["extensions"][0]["reason"] == more["reason"]
    assert worklist(office, "budget") == []
    # Long work has none.
    office.clock.move(timedelta(days=1))
    long = {**CONTRACT, "occurred_at": therapy.now.isoformat(), "length": "long", "budget": None}
    therapy.post(f"contracts/{contract}:renegotiate", long, version=office.version(contract))
    assert therapy.read("/contracts")["contract"]["budget"] is None


@pytest.mark.duty(28)
def test_how_directive_she_is_and_what_she_feels_is_the_therapists_own(therapy: Therapy) -> None:
    for kind, text in (
        ("style", "More directive than he needs."),
        ("countertransference", "I want to rescue him."),
    ):
        own = {"occurred_at": therapy.now.isoformat(), "text": text, "kind": kind}
        therapy.post("process-notes", own)
    found = {each["kind"]: each["texts"] for each in therapy.read("/process-notes")["notes"]}
    assert found["style"] == ["More directive than he needs."]
    assert "directive" not in str(therapy.read())


def test_a_clinic_that_demands_a_contract_gets_no_plan_without_one(therapy: Therapy) -> None:
    desk = therapy.office.clinic.desk
    demanding = replace(desk, settings=Settings(contract_before_plan=True))

    def admitted() -> OnCase:
        frame, version = desk.case(therapy.case)
        assert frame is not None
        return OnCase(frame, version, therapy.office.clinic.who(therapy.office.people.anna))

    must_have_contract(desk, admitted())
    with pytest.raises(WrongState):
        must_have_contract(demanding, admitted())
    therapy.agree()
    must_have_contract(demanding, admitted())


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"budget": None}, "budget"),
        ({"currency": None}, "fee"),
        ({"sections": [{"code": "invoice", "text": "180 PLN"}]}, "sections"),
        ({"agreed_by": [{"kind": "participant", "who": "p1"}]}, "alias"),
        ({"occurred_at": "2199-01-01T00:00:00Z"}, "occurred_at"),
    ],
)
def test_a_contract_that_cannot_be_is_refused(
    therapy: Therapy, more: dict[str, Any], field: str
) -> None:
    before = therapy.office.events()
    body = {**CONTRACT, "occurred_at": therapy.now.isoformat(), **more}
    refused = therapy.office.anna.post(f"{therapy.path}/contracts", body)
    assert refused.status_code == 422
    assert refused.json()["field"] == field
    assert therapy.office.events() == before


def test_two_who_change_one_contract_do_not_overwrite_each_other(therapy: Therapy) -> None:
    contract = therapy.agree()
    more = {"budget": 5, "reason": "More trams."}
    therapy.post(f"contracts/{contract}:extend-budget", more, version=1)
    stale = therapy.office.anna.post(
        f"{therapy.path}/contracts/{contract}:extend-budget", {**more, "budget": 9}, version=1
    )
    assert stale.status_code == 412


def test_whom_a_client_lets_know_are_four_declarations_and_nobody_is_one(office_: Office) -> None:
    office, client = office_, office_.people.client
    where = f"/v1/clients/{client}"
    assert set(ledger(office)["authorised"].values()) == {"not-asked"}
    said_at = office.clock.now().isoformat()
    person = {"given_name": "Ewa", "family_name": "Kowal", "phone": "+48 600 000 001"}
    asked = {"kind": "information", "form": "written", "said_at": said_at, "person": person}
    named = made(office.anna.post(f"{where}/authorisations", asked))["authorisation"]
    nobody = {**asked, "kind": "documentation", "person": None}
    made(office.anna.post(f"{where}/authorisations", nobody))
    objection = {**asked, "kind": "after-death-objection", "person": None}
    made(office.anna.post(f"{where}/authorisations", objection))
    told = ledger(office)
    assert told["authorised"] == {
        "information": "named",
        "documentation": "nobody",
        "after-death": "not-asked",
        "after-death-objection": "named",
    }
    assert told["authorisations"][0]["family_name"] == "Kowal"
    taken_back = {"form": "oral", "said_at": said_at}
    path = f"{where}/authorisations/{named}:withdraw"
    made(office.anna.post(path, taken_back))
    assert ledger(office)["authorised"]["information"] == "not-asked"
    unknown = f"{where}/authorisations/{'0' * 32}:withdraw"
    assert office.anna.post(unknown, taken_back).status_code == 409
    # The front desk and a stranger read none of it.
    for who in (office.reception, office.bartek):
        assert who.get(f"{where}/consents").status_code in (403, 404)


def test_a_refusal_and_an_opinion_not_heard_stand_with_their_reasons(office_: Office) -> None:
    office, client = office_, office_.people.client
    where, now = f"/v1/clients/{client}", office.clock.now().isoformat()
    refusal = {
        "answer": "refused",
        "scope": "recording",
        "purpose": "teaching",
        "form": "oral",
        "reason": "She fears being recognised.",
    }
    made(office.anna.post(f"{where}/consents", refusal))
    consulted = {"scope": "recording", "opinion": "not-asked", "said_at": now}
    path = f"{where}/opinions"
    assert office.anna.post(path, consulted).json()["field"] == "reason"
    made(office.anna.post(path, {**consulted, "reason": "She was not there."}))
    told = ledger(office)
    assert told["consents"][0]["reason"] == "She fears being recognised."
    assert told["opinions"][0]["reason"] == "She was not there."
    stranger = {**refusal, "representative": "0" * 32}
    assert office.anna.post(f"{where}/consents", stranger).json()["field"] == "representative"
    tomorrow = (office.clock.now() + timedelta(days=1)).isoformat()
    early = office.anna.post(f"{where}/consents", {**refusal, "said_at": tomorrow})
    assert early.json()["field"] == "said_at"


@pytest.fixture
def office_(own_office: Office) -> Office:
    """An office of the test's own where Anna treats the client of the first day."""
    own_office.clinic.open_case()
    return own_office


def ledger(office: Office) -> dict[str, Any]:
    """The first client's consents and authorisations as Anna reads them."""
    office.settle()
    found = office.anna.get(f"/v1/clients/{office.people.client}/consents")
    assert found.status_code == 200, found.text
    told: dict[str, Any] = found.json()
    return told


def worklist(office: Office, kind: str) -> list[dict[str, Any]]:
    """What of a kind waits for Anna."""
    office.settle()
    found = office.anna.get(f"/v1/worklist?kind={kind}")
    assert found.status_code == 200, found.text
    tasks: list[dict[str, Any]] = found.json()["tasks"]
    return tasks
