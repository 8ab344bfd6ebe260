"""The therapist herself: what she keeps of herself, and whom she must have nothing to do with."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from domain.use_cases import administrator, cases
from domain.values import CaseId, ClientId, Registration, RegistrationKind, Role
from tests.api.http.support import Office, Person, problem, without_trace
from tests.support.clinic import command

PESEL, NOBODYS = "44051401359", "02070803628"
COUSIN = {"kind": "relative", "person": "my cousin Jagoda", "pesel": PESEL}


def made(response: Response, what: str) -> str:
    """What a request has begun."""
    assert response.status_code == 201, response.text
    return str(response.json()["created"][what])


def read(office: Office, who: Person, path: str) -> Any:
    """What is shown, once everything is."""
    office.settle()
    found = who.get(path)
    assert found.status_code == 200, found.text
    return found.json()


def register(
    office: Office, who: Person, *, pesel: str | None = PESEL, phone: str = "600 100 299"
) -> Response:
    """Open a file for Jagoda."""
    identity = {
        "given_name": "Jagoda",
        "family_name": "Przykładowa",
        "birth_date": "1944-05-14",
        "sex": "female",
        "pesel": pesel,
    }
    return who.post("/v1/clients", {"identity": identity, "contact": {"phone": phone}})


@pytest.mark.duty(18)
def test_a_therapist_keeps_learning_and_her_certificate_is_renewed_in_time(
    own_office: Office,
) -> None:
    office, anna = own_office, own_office.anna
    school = {
        "kind": "training-school",
        "title": "Four years",
        "issuer": "A school",
        "obtained_on": "2020-06-30",
    }
    made(anna.post("/v1/me/qualifications", school), "qualification")
    granted = {
        "title": "Psychotherapist",
        "issuer": "PTP",
        "granted_on": "2021-05-01",
        "expires_on": "2026-05-01",
    }
    certificate = made(anna.post("/v1/me/certificates", granted), "certificate")
    training = {"title": "Grief", "provider": "A centre", "completed_on": "2026-01-17"}
    made(anna.post("/v1/me/trainings", {**training, "minutes": 480, "points": 8}), "training")
    (task,) = read(office, anna, "/v1/worklist?kind=certificate")["tasks"]
    assert (task["item"], task["due_at"][:10]) == (certificate, "2026-05-01")
    path = f"/v1/me/certificates/{certificate}:renew"
    for _ in range(2):
        renewed = anna.post(path, {"renewed_on": "2026-02-20", "expires_on": "2031-05-01"})
        assert renewed.status_code == 200, renewed.text
    assert read(office, anna, "/v1/worklist?kind=certificate")["tasks"] == []
    portfolio = read(office, anna, "/v1/me/portfolio")
    assert [each["expires_on"] for each in portfolio["certificates"]] == ["2031-05-01"]
    assert portfolio["years"] == [
        {"year": 2026, "points": 8, "training_minutes": 480, "supervision_minutes": 0}
    ]
    backwards = anna.post(path, {"renewed_on": "2026-02-20", "expires_on": "2030-01-01"})
    assert (backwards.status_code, backwards.json()["field"]) == (422, "expires_on")
    assert anna.post("/v1/me/trainings", {**training, "minutes": 0}).status_code == 422


@pytest.mark.duty(19)
def test_own_therapy_is_attested_by_its_hours_and_nobody_else_ever_learns_of_it(
    own_office: Office,
) -> None:
    office, anna = own_office, own_office.anna
    body = {"first_on": "2019-01-10", "last_on": "2022-12-15", "hours": 160}
    item = made(anna.post("/v1/me/own-therapy", body), "attestation")
    assert anna.post("/v1/me/own-therapy", {**body, "about": "grief"}).status_code == 422
    school = {"kind": "other", "title": "X", "issuer": "Y", "obtained_on": "2020-06-30"}
    made(anna.post("/v1/me/qualifications", school), "qualification")
    portfolio = read(office, anna, "/v1/me/portfolio")
    assert portfolio["own_therapy"] == [{"id": item, **body}]
    # Not in what an administrator sees, nor counted anywhere, nor told from another line of a log.
    where = f"/v1/practitioners/{office.people.anna}/qualifications"
    seen = read(office, office.administrator, where)
    assert [each["title"] for each in seen["qualifications"]] == ["X"]
    trail = read(office, office.officer, f"/v1/audit-trail?actor={office.people.anna}")
    written = [each for each in trail["entries"] if each["kind"] in ("CREATE", "AMEND")]
    assert {(each["object_type"], *each["classes"]) for each in written} == {
        ("record", "administrative")
    }
    for other in (office.bartek, office.administrator, office.officer, office.reception):
        assert '"hours":160' not in other.get("/v1/me/portfolio").text.replace(" ", "")
    assert office.administrator.get("/v1/me/portfolio").status_code == 403
    assert read(office, office.bartek, "/v1/me/portfolio")["own_therapy"] == []


@pytest.mark.duty(29, part="limit")
def test_a_case_beyond_a_declared_limit_reminds_the_therapist_and_refuses_nothing(
    own_office: Office,
) -> None:
    office, anna = own_office, own_office.anna
    limit = made(anna.post("/v1/me/limits", {"youngest": 40}), "limit")
    made(anna.post("/v1/me/limits", {"format": "group"}), "limit")
    opened = {"clients": [office.people.client], "format": "individual", "school": "systemic"}
    begun = anna.post("/v1/cases", opened)
    case = made(begun, "case")
    assert begun.json()["created"]["outside_limit"] == limit
    limits = {each["id"]: each for each in read(office, anna, "/v1/me/portfolio")["limits"]}
    assert limits[limit]["reached"] == [case]
    assert office.bartek.post("/v1/cases", opened).json()["created"].keys() == {"case"}
    assert anna.post(f"/v1/me/limits/{limit}:lift").status_code == 200
    assert "outside_limit" not in anna.post("/v1/cases", opened).json()["created"]
    seen = office.administrator.get(f"/v1/practitioners/{office.people.anna}/qualifications")
    assert limit not in seen.text
    for nonsense in ({}, {"youngest": 18, "format": "group"}, {"youngest": 50, "oldest": 40}):
        assert anna.post("/v1/me/limits", nonsense).status_code == 422


@pytest.mark.duty(22)
def test_a_declared_conflict_keeps_a_record_shut_without_telling_that_it_is_there(
    own_office: Office,
) -> None:
    office, anna, bartek = own_office, own_office.anna, own_office.bartek
    jagoda = ClientId(made(register(office, office.reception), "client"))
    case = office.clinic.open_case(jagoda, by=office.people.bartek)
    office.clinic.run(
        _join_team(office, case)  # Anna has cared for her together with Bartek.
    )
    office.settle()
    assert anna.get(f"/v1/cases/{case}").status_code == 200
    conflict = made(anna.post("/v1/me/conflicts", COUSIN), "conflict")
    office.settle()
    missing = uuid4().hex
    for path, ask in (
        ("/v1/cases/{}", anna.get),
        ("/v1/clients/{}", anna.get),
        ("/v1/clients/{}/consents", anna.get),
        ("/v1/cases/{}/timeline", anna.get),
    ):
        there = ask(path.format(case if "cases" in path else jagoda))
        nowhere = ask(path.format(missing))
        assert there.status_code == 404, path
        assert without_trace(there) == without_trace(nowhere), path
    note = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": "Once."}
    assert anna.post(f"/v1/cases/{case}/notes", note).status_code == 404
    opened = {"clients": [jagoda], "format": "individual", "school": "systemic"}
    refused = anna.post("/v1/cases", opened)
    nobody = anna.post("/v1/cases", {**opened, "clients": [missing]})
    assert refused.status_code == 404
    assert without_trace(refused) == without_trace(nobody)
    assert anna.get("/v1/caseload").json()["cases"] == []
    found = anna.post("/v1/searches/clients", {"phone": "600100299"})
    assert found.json() == {"clients": []}
    # The client's log tells of a refused look like any other; the reason stands with the declarer.
    denied = [each for each in office.log(jagoda) if each["kind"] == "DENY"]
    assert {each["reason"] for each in denied} == {"deny.relationship.none"}
    trail = read(office, office.officer, f"/v1/audit-trail?actor={office.people.anna}")
    assert "deny.conflict" in {each["reason"] for each in trail["entries"]}
    assert bartek.get(f"/v1/cases/{case}").status_code == 200
    # The register shows that it is there, to compliance alone, and whom it is with to nobody else.
    (line,) = read(office, office.officer, "/v1/conflicts")["conflicts"]
    assert (line["practitioner"], line["kind"]) == (office.people.anna, "relative")
    assert "cousin" not in office.officer.get("/v1/conflicts").text
    for other in (anna, bartek, office.reception, office.administrator):
        assert other.get("/v1/conflicts").status_code == 403
    (own,) = read(office, anna, "/v1/me/conflicts")["conflicts"]
    assert (own["id"], own["person"]) == (conflict, "my cousin Jagoda")
    assert read(office, bartek, "/v1/me/conflicts") == {"conflicts": []}
    assert anna.post(f"/v1/me/conflicts/{conflict}:withdraw").status_code == 200
    assert anna.get(f"/v1/cases/{case}").status_code == 200


def _join_team(office: Office, case: CaseId) -> Any:
    clinic = office.clinic
    who, version = clinic.who(office.people.bartek), clinic.version(case)
    return cases.join_team(
        clinic.desk, who, case, office.people.anna, expected=version, command=command()
    )


def test_declaring_says_the_same_of_a_client_and_of_nobody(own_office: Office) -> None:
    office, anna = own_office, own_office.anna
    made(register(office, office.reception), "client")
    office.settle()

    def shape(pesel: str) -> tuple[int, set[str], int]:
        told = anna.post("/v1/me/conflicts", {**COUSIN, "pesel": pesel})
        return told.status_code, set(told.json()), len(told.json()["leaves"])

    assert shape(PESEL) == shape(NOBODYS)
    # Writing her down is refused on the declarer's own word, whether she is a client or not.
    office.settle()
    client, nobody = register(office, anna), register(office, anna, pesel=NOBODYS)
    assert (client.status_code, problem(client)) == (409, "conflict-declared")
    assert without_trace(client) == without_trace(nobody)
    assert made(register(office, office.bartek, pesel=NOBODYS), "client")


def test_a_conflict_holds_for_whoever_becomes_a_client_later(own_office: Office) -> None:
    office, desk = own_office, own_office.reception
    named = {
        "kind": "friend",
        "person": "from school",
        "given_name": "JAGODA",
        "family_name": "Przykladowa",
        "birth_date": "1944-05-14",
    }
    made(desk.post("/v1/me/conflicts", named), "conflict")
    other = office.staff(
        office.clinic.run(_second_front_desk(office)).named("practitioner"),
    )
    jagoda = ClientId(made(register(office, office.bartek), "client"))
    office.clinic.open_case(jagoda, by=office.people.bartek)
    office.settle()
    assert desk.get(f"/v1/clients/{jagoda}").status_code == 404
    assert desk.post("/v1/searches/clients", {"pesel": PESEL}).json() == {"clients": []}
    found = other.post("/v1/searches/clients", {"pesel": PESEL}).json()["clients"]
    assert [each["client"] for each in found] == [jagoda]


def _second_front_desk(office: Office) -> Any:
    new = administrator.NewPractitioner(
        "Rita", "Nowak", "reception", Registration(RegistrationKind.NONE), (Role.RECEPTION,)
    )
    who = office.clinic.who(office.people.administrator)
    return administrator.register_practitioner(office.clinic.desk, who, new, command=command())


def test_a_calendar_shows_nothing_of_whom_there_is_a_conflict_with(own_office: Office) -> None:
    office, desk = own_office, own_office.reception
    jagoda = ClientId(made(register(office, desk), "client"))
    case = office.clinic.open_case(jagoda, by=office.people.bartek)
    office.clinic.schedule_session(case, by=office.people.bartek)
    span = "/v1/calendar?from=2026-03-01T00:00:00Z&to=2026-03-10T00:00:00Z"
    assert len(read(office, desk, span)["slots"]) == 1
    made(desk.post("/v1/me/conflicts", COUSIN), "conflict")
    assert read(office, desk, span)["slots"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "relative", "person": "x"},
        {"kind": "relative", "person": "x", "pesel": "44051401358"},
        {"kind": "relative", "person": "x", "given_name": "Jagoda"},
        {"kind": "enemy", "person": "x", "pesel": PESEL},
        {"kind": "relative", "pesel": PESEL},
    ],
)
def test_a_conflict_with_nobody_in_particular_is_refused(
    own_office: Office, body: dict[str, str]
) -> None:
    refused = own_office.anna.post("/v1/me/conflicts", body)
    assert refused.status_code == 422
    assert "44051401358" not in refused.text
