"""One working day at the door: every operation, asked by whom it is for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from httpx2 import Response

from domain.values import Format
from infrastructure.ledger.note import Signer
from infrastructure.verify import verify_folder
from tests.api.http import joint_day, practice_day, understanding_day
from tests.api.http.erasing import erase
from tests.api.http.support import Office, Person, open_office, operations, publish
from tests.support.clinic import Founded
from tests.support.erasing import erasing_in
from tests.support.joint_acts import aliases_of

Day = dict[str, Response]
IDENTITY = {
    "given_name": "Jagoda",
    "family_name": "Przykładowa",
    "birth_date": "1988-04-12",
    "sex": "female",
}
SPAN = "?from=2026-02-23T00:00:00Z&to=2026-03-03T00:00:00Z"


class _Walk:
    """Asks one thing after another, and keeps each answer under its operation's name."""

    def __init__(self) -> None:
        self.day: Day = {}

    def __call__(self, name: str, response: Response) -> Response:
        assert response.status_code < 300, (name, response.text)
        self.day[name] = response
        return response


def created(response: Response, what: str) -> str:
    found: str = response.json()["created"][what]
    return found


ByTwo = tuple[Founded, tuple[Signer, ...]]


@pytest.fixture(scope="module")
def office(founded_by_two: ByTwo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose log names two custodians, so that something can be erased."""
    with open_office(founded_by_two[0], tmp_path_factory.mktemp("office") / "clinic") as opened:
        yield opened


@pytest.fixture(scope="module")
def day(office: Office, founded_by_two: ByTwo) -> Day:
    """What was answered in the course of the day."""
    did = _Walk()
    did("live", office.door.get("/healthz"))
    did("ready", office.door.get("/readyz"))
    _administer(office, did)
    client = _register(office, did)
    case = _open_case(office, did, client)
    _hold_sessions(office.anna, did, case)
    _write_notes(office, did, case)
    _read(office, did, client, case)
    _check_the_log(office, did)
    _sit_together(office, did)
    joint_day.sit(office, did)
    understanding_day.understand(office, did)
    practice_day.work(office, did)
    erase(office, erasing_in(office.clinic, founded_by_two[1]), did)
    _end(office, did, case)
    return did.day


def _administer(office: Office, did: _Walk) -> None:
    boss = office.administrator
    new = {
        "given_name": "Ewa",
        "family_name": "Nowa",
        "title": "mgr",
        "registration": {"kind": "certificate", "number": "12", "issuer": "PTP"},
        "roles": ["clinician"],
        "school": "systemic",
    }
    ewa = created(did("registerPractitioner", boss.post("/v1/practitioners", new)), "practitioner")
    where = f"/v1/practitioners/{ewa}"
    secret = did("giveStaffSignIn", boss.post(f"{where}/sign-ins", {"name": "ewa"})).json()
    fresh = "six random words are good"
    asked = {"name": "ewa", "old": secret["one_time_password"], "new": fresh}
    did("changePassword", office.door.post("/v1/password", json=asked))
    credentials = {"name": "ewa", "password": fresh}
    token = did("signIn", office.door.post("/v1/sign-in", json=credentials)).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    renewed = did("renew", office.door.post("/v1/sign-in:renew", headers=bearer)).json()["token"]
    bearer = {"Authorization": f"Bearer {renewed}"}
    did("signOut", office.door.post("/v1/sign-out", headers=bearer))
    did("resetPassword", boss.post("/v1/sign-ins:reset", {"name": "ewa"}))
    roles = {"roles": ["clinician", "reception"]}
    changed = did("changeRoles", boss.put(f"{where}/roles", roles, version=1))
    did("readStaff", boss.get("/v1/practitioners", after=changed))
    did("depart", boss.post(f"{where}:depart", version=2))
    program = did(
        "registerIntegration",
        boss.post("/v1/integrations", {"title": "Display", "scopes": ["calendar:read"]}),
    )
    where = f"/v1/integrations/{created(program, 'integration')}"
    did("giveIntegrationSignIn", boss.post(f"{where}/sign-ins", {"name": "display"}))
    did("withdrawIntegration", boss.post(f"{where}:withdraw", version=1))
    did("readProjections", boss.get("/v1/projections"))


def _register(office: Office, did: _Walk) -> str:
    desk = office.reception
    file = {"identity": IDENTITY, "contact": {"phone": "+48 600 000 000"}}
    client = created(did("registerClient", desk.post("/v1/clients", file)), "client")
    where = f"/v1/clients/{client}"
    person = {**IDENTITY, "pesel": "44051401359"}
    did("identify", desk.put(f"{where}/identity", person, version=3))
    contact = {"phone": None, "email": "jagoda@example.invalid", "address": None}
    did("changeContact", desk.put(f"{where}/contact", contact, version=4))
    speaker = {
        "authority": "holder-of-parental-authority",
        "given_name": "Maria",
        "family_name": "Przykładowa",
        "address": {"street": "Polna 1", "postal_code": "00-001", "city": "Warszawa"},
    }
    added = did("addRepresentative", desk.post(f"{where}/representatives", speaker, version=5))
    theirs = f"{where}/representatives/{created(added, 'representative')}"
    ended = did("endRepresentative", desk.post(f"{theirs}:end", version=6))
    did("readIdentity", desk.get(where, after=ended))
    sign_in = office.administrator.post(f"{where}/sign-ins", {"name": "jagoda"})
    did("giveClientSignIn", sign_in)
    return client


def _open_case(office: Office, did: _Walk, client: str) -> str:
    anna = office.anna
    new = {"clients": [client], "format": "individual", "school": "integrative"}
    case = created(did("openCase", anna.post("/v1/cases", new)), "case")
    diagnosis = {"coding": "icd-10", "code": "F41.0", "title": "Panic disorder"}
    words = {"words": "Panic attacks in trams.", "diagnosis": diagnosis}
    did("stateProblem", anna.post(f"/v1/cases/{case}/problems", words, version=1))
    consent = {"answer": "given", "scope": "therapy", "purpose": "therapy", "form": "written"}
    where = f"/v1/clients/{client}/consents"
    given = created(did("recordConsent", anna.post(where, consent)), "consent")
    refused = {**consent, "answer": "refused", "scope": "recording"}
    assert anna.post(where, refused).status_code == 201
    did("withdrawConsent", anna.post(f"{where}/{given}:withdraw", {"form": "oral"}))
    did("readConsents", anna.get(where))
    return case


def _hold_sessions(anna: Person, did: _Walk, case: str) -> None:
    where = f"/v1/cases/{case}/sessions"

    def schedule(day: str) -> str:
        span = {"starts_at": f"{day}T09:00:00+01:00", "ends_at": f"{day}T09:50:00+01:00"}
        found = did("scheduleSession", anna.post(where, {**span, "room": "2"}))
        return f"{where}/{created(found, 'session')}"

    span = {"started_at": "2026-02-24T08:03:00Z", "ended_at": "2026-02-24T08:50:00Z"}
    did("holdSession", anna.post(f"{schedule('2026-02-24')}:hold", span, version=1))
    day = schedule("2026-02-25")
    did("cancelSession", anna.post(f"{day}:cancel", {"by": "client"}, version=1))
    did("missSession", anna.post(f"{schedule('2026-02-26')}:no-show", version=1))


def _write_notes(office: Office, did: _Walk, case: str) -> None:
    anna, where = office.anna, f"/v1/cases/{case}"
    bartek = f"{where}/care-team/{office.people.bartek}"
    did("joinTeam", anna.put(bartek, version=2))
    new = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": "She slept."}
    note = created(did("draftNote", anna.post(f"{where}/notes", new)), "note")
    theirs = f"{where}/notes/{note}"
    did("listNoteTemplates", anna.get("/v1/note-templates"))
    did("reviseNote", anna.put(f"{theirs}/draft", {"text": "She slept well."}, version=1))
    did("takeUpNote", anna.post(f"{theirs}:take-up", version=2))
    did("signNote", anna.post(f"{theirs}:sign", version=2))
    second = {"co_signer": office.people.bartek}
    did("askCoSignature", anna.post(f"{theirs}:ask-co-signature", second, version=3))
    did("countersignNote", office.bartek.post(f"{theirs}:countersign", version=4))
    added = {"reason": "A word was missing.", "text": "She slept very well."}
    did("amendNote", anna.post(f"{theirs}/amendments", added, version=5))
    reason = {"reason": "Another client's session."}
    marked = did("markNoteErroneous", anna.post(f"{theirs}:mark-erroneous", reason, version=6))
    unwanted = created(anna.post(f"{where}/notes", new), "note")
    did("discardNote", anna.post(f"{where}/notes/{unwanted}:discard", version=1))
    did("readNote", anna.get(theirs, after=marked))
    did("leaveTeam", anna.ask("DELETE", bartek, version=3))
    own = {"occurred_at": "2026-03-02T08:00:00Z", "text": "I was impatient."}
    written = did("writeProcessNote", anna.post(f"{where}/process-notes", own))
    theirs = f"{where}/process-notes/{created(written, 'process_note')}"
    more = {"text": "And tired."}
    amended = did("amendProcessNote", anna.post(f"{theirs}/amendments", more, version=1))
    did("readProcessNote", anna.get(theirs, after=amended))
    did("readProcessNotes", anna.get(f"{where}/process-notes"))


def _read(office: Office, did: _Walk, client: str, case: str) -> None:
    last = did.day["amendProcessNote"]
    did("readCase", office.anna.get(f"/v1/cases/{case}", after=last))
    did("readCaseload", office.anna.get("/v1/caseload", after=last))
    by_email = {"email": "Jagoda@example.invalid"}
    did("findClients", office.reception.post("/v1/searches/clients", by_email, after=last))
    did("findWords", office.anna.post(f"/v1/cases/{case}/searches", {"words": "slept"}))
    did("readCalendar", office.reception.get(f"/v1/calendar{SPAN}", after=last))
    program = office.program("case-state:read", "caseload:read", "calendar:read")
    did("readCaseState", program.get(f"/v1/projections/case-state/{case}"))
    where = f"/v1/projections/caseload/{office.people.anna}"
    did("readCaseloadProjection", program.get(where))
    did("readCalendarProjection", program.get(f"/v1/projections/calendar{SPAN}"))
    did("readAccessLog", office.officer.get(f"/v1/clients/{client}/access-log"))
    did("readAuditTrail", office.officer.get("/v1/audit-trail"))
    did("readOwnAccessLog", office.client(client).get("/v1/me/access-log"))


def _check_the_log(office: Office, did: _Walk) -> None:
    publish(office)
    for name, path in (
        ("readCheckpoint", "checkpoint"),
        ("readPolicy", "policy"),
        ("readReceiptKey", "receipt-key"),
    ):
        did(name, office.door.get(f"/v1/log/{path}"))
    did("readTile", office.anna.get("/v1/log/tile/0/000.p/3"))
    did("readInclusionProof", office.anna.get("/v1/log/proofs/inclusion/2"))
    did("readConsistencyProof", office.anna.get("/v1/log/proofs/consistency?from=2&to=5"))
    did("readEntries", office.officer.get("/v1/log/tile/entries/000.p/3"))
    did("readControls", office.officer.get("/v1/log/control/000.p/3"))
    did("readIncidents", office.administrator.get("/v1/incidents"))


def _sit_together(office: Office, did: _Walk) -> None:
    """A couple of Bartek's; a third person joins once one of the two has left."""
    clinic, bartek = office.clinic, office.bartek
    one, other, third = (clinic.register_client(name) for name in ("Ada", "Jan", "Ewa"))
    case = clinic.open_case(one, other, by=bartek.id, room=Format.COUPLE)
    where = f"/v1/cases/{case}"
    did("leaveCase", bartek.ask("DELETE", f"{where}/members/{other}", version=2))
    did("joinCase", bartek.put(f"{where}/members/{third}", version=3))
    span = {"starts_at": "2026-02-24T09:00:00Z", "ends_at": "2026-02-24T09:50:00Z"}
    room = bartek.post(f"{where}/sessions", {**span, "room": "3"})
    session = f"{where}/sessions/{created(room, 'session')}"
    held = {"started_at": span["starts_at"], "ended_at": span["ends_at"]}
    assert bartek.post(f"{session}:hold", held, version=1).status_code == 200
    alias = next(name for name, client in aliases_of(clinic, case).items() if client == third)
    present = {"present": [alias], "absent": []}
    did("recordAttendance", bartek.put(f"{session}/attendance", present))
    note = {
        "kind": "session",
        "occurred_at": span["starts_at"],
        "text": f"{{{{{alias}}}}} came for the first time.",
        "parts": [{"alias": alias, "text": "She wept."}],
    }
    did("recordJointNote", bartek.post(f"{where}/joint-notes", note))


def _end(office: Office, did: _Walk, case: str) -> None:
    where = f"/v1/cases/{case}"
    did("closeCase", office.anna.post(f"{where}:close", {"outcome": "completed"}, version=4))
    did("reopenCase", office.anna.post(f"{where}:reopen", version=5))
    onward = {"therapist": office.people.bartek}
    did("transferCase", office.anna.post(f"{where}:transfer", onward, version=6))


def test_every_operation_has_its_place_in_the_day(office: Office, day: Day) -> None:
    assert set(day) == set(operations(office.app))


def test_no_answer_about_anybody_is_kept_by_a_cache_or_guessed_to_be_something_else(
    day: Day,
) -> None:
    kept = {
        name: response.headers["Cache-Control"]
        for name, response in day.items()
        if response.headers["Cache-Control"] != "no-store"
    }
    assert kept == {
        "readCheckpoint": "public, max-age=5",
        "readPolicy": "public, max-age=5",
        "readReceiptKey": "public, max-age=5",
        "readTile": "private, max-age=31536000, immutable",
    }
    for name, response in day.items():
        assert response.headers["X-Content-Type-Options"] == "nosniff", name
        assert response.headers["Referrer-Policy"] == "no-referrer", name
        assert len(response.headers["X-Trace-Id"]) == 32, name
        assert "Server" not in response.headers, name


def test_a_receipt_says_what_was_made_and_where_it_stands(office: Office, day: Day) -> None:
    written = {name: each for name, each in day.items() if "Consistency-Token" in each.headers}
    commands = {
        name
        for name, (_, _, told) in operations(office.app).items()
        if any(each["name"] == "idempotency-key" for each in told.get("parameters", ()))
    }
    assert set(written) == commands
    for name, response in written.items():
        receipt = response.json()
        assert response.headers["ETag"] == f'"{receipt["version"]}"', name
        assert response.headers["Ledger-Position"] == str(receipt["position"]), name
        assert receipt["position"] < office.events(), name
        # A draft that has not expired goes on as it is.
        assert bool(receipt["leaves"]) is (name != "takeUpNote"), name
        assert not receipt["repeated"], name
        assert receipt["recorded_at"].endswith("Z"), name
        assert all(len(each) == 32 for each in receipt["created"].values()), name


def test_a_look_says_how_far_the_record_was(office: Office, day: Day) -> None:
    for name in ("readCase", "readNote", "readIdentity", "readCaseload", "readAccessLog"):
        assert 0 < int(day[name].headers["Ledger-Position"]) < office.events(), name


def test_a_clients_file_shows_the_newest_identity_and_contact(day: Day) -> None:
    file = day["readIdentity"].json()
    assert (file["given_name"], file["pesel"]) == ("Jagoda", "44051401359")
    assert (file["phone"], file["email"]) == (None, "jagoda@example.invalid")
    assert day["readIdentity"].headers["ETag"] == f'"{file["version"]}"' == '"7"'


def test_a_case_shows_its_team_what_has_happened_in_it(office: Office, day: Day) -> None:
    case = day["readCase"].json()
    assert (case["format"], case["school"], case["open"]) == ("individual", "integrative", True)
    assert case["team"] == [office.people.anna]
    (stated,) = case["problems"]
    assert stated["words"] == "Panic attacks in trams."
    assert stated["diagnosis"] == ["icd-10", "F41.0", "Panic disorder"]
    assert sorted(each["status"] for each in case["sessions"]) == [
        "cancelled-by-client",
        "held",
        "no-show",
    ]
    (note,) = case["notes"]
    assert (note["status"], note["amendments"]) == ("erroneous", 1)
    assert "text" not in note


def test_a_note_keeps_its_words_its_names_and_its_amendments(office: Office, day: Day) -> None:
    note = day["readNote"].json()
    assert note["text"] == "She slept well."
    assert note["signature"]["practitioner"] == office.people.anna
    assert note["signature"]["registration"] == ["certificate", "417", "PTP"]
    (second,) = note["countersignatures"]
    assert second["practitioner"] == office.people.bartek
    (added,) = note["added"]
    assert (added["reason"], added["text"]) == ("A word was missing.", "She slept very well.")
    assert note["erroneous_because"] == "Another client's session."


def test_a_process_note_shows_its_author_what_she_wrote_and_added(day: Day) -> None:
    texts = ["I was impatient.", "And tired."]
    assert day["readProcessNote"].json()["texts"] == texts
    assert [each["texts"] for each in day["readProcessNotes"].json()["notes"]] == [texts]


def test_consents_stand_where_the_last_word_put_them(day: Day) -> None:
    found = {each["scope"]: each["status"] for each in day["readConsents"].json()["consents"]}
    assert found == {"therapy": "withdrawn", "recording": "refused"}


def test_the_caseload_and_the_calendar_show_names_to_those_who_may_know_them(day: Day) -> None:
    (line,) = day["readCaseload"].json()["cases"]
    assert line["names"] == ["Jagoda Przykładowa"]
    slots: list[dict[str, Any]] = day["readCalendar"].json()["slots"]
    assert {each["client_name"] for each in slots} == {"Jagoda Przykładowa"}
    assert {each["therapist_name"] for each in slots} == {"Anna Nowak"}
    starts = [datetime.fromisoformat(each["starts_at"]) for each in slots]
    assert starts == sorted(starts)
    assert len(slots) == 3


def test_a_program_reads_no_names_and_no_words(day: Day) -> None:
    case = day["readCaseState"].json()
    assert [each["words"] for each in case["problems"]] == [None]
    (line,) = day["readCaseloadProjection"].json()["cases"]
    assert (line["clients"], line["names"]) == (case["clients"], [])
    for slot in day["readCalendarProjection"].json()["slots"]:
        assert (slot["client_name"], slot["therapist_name"]) == (None, None)
    for name in ("readCaseState", "readCaseloadProjection", "readCalendarProjection"):
        assert "Jagoda" not in day[name].text
        assert "Panic attacks" not in day[name].text


def test_staff_are_listed_with_their_roles_and_standing(day: Day) -> None:
    staff = {each["name"]: each for each in day["readStaff"].json()}
    assert staff["Ewa Nowa"]["roles"] == ["clinician", "reception"]
    assert staff["Anna Nowak"]["registration"] == ["certificate", "417", "PTP"]


def test_a_client_reads_who_looked_at_her_record(day: Day) -> None:
    entries = day["readOwnAccessLog"].json()["entries"]
    assert entries[0]["actor_kind"] == "client"
    assert {"Anna Nowak", "Renata Nowak", "Olga Nowak"} <= {each["actor_name"] for each in entries}
    assert {each["network"] for each in entries if each["application"] == "http/1"} == {
        "testclient"
    }


def test_what_the_day_left_is_a_whole_log(office: Office, day: Day) -> None:
    assert day
    verified = verify_folder(office.clinic.clinic.folder)
    assert verified.size == office.events()
    assert verified.opened > len(day)


def test_the_projections_keep_up_with_the_day(office: Office, day: Day) -> None:
    told = day["readProjections"].json()
    assert {each["name"] for each in told} == set(office.clinic.views.stores)
    assert all(each["behind"] >= 0 for each in told)


def test_no_address_of_the_day_holds_a_name_a_text_or_a_token(day: Day) -> None:
    for name, response in day.items():
        url = str(response.request.url)
        for word in (
            "Jagoda",
            "jagoda",
            "Przyk",
            "600 000",
            "600%20000",
            "44051401359",
            "Panic",
            "slept",
            "ewa",
        ):
            assert word not in url, name
        bearer = response.request.headers.get("Authorization", "Bearer none").split()[1]
        assert bearer not in url, name


def test_a_past_day_is_told_by_its_own_date(office: Office, day: Day) -> None:
    case = day["readCase"].json()["case"]
    found = office.bartek.get(f"/v1/cases/{case}?as_of=2026-03-02T10:00:00%2B01:00")
    assert found.status_code == 200, found.text
    assert parsedate_to_datetime(found.headers["Memento-Datetime"]) == datetime.fromisoformat(
        "2026-03-02T09:00:00+00:00"
    )
