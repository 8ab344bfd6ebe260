"""Recorded before revealed: what the log holds of each look, and what happens when it cannot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi import APIRouter
from httpx2 import Response

from api.http.auth import Who
from api.http.recorded import RecordedRoute, leaves
from domain.values import ClientId
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.keystore import KeyStore
from tests.api.http.asking import ask
from tests.api.http.support import Office, failing_store, operations, problem, without_trace
from tests.api.http.world import WORDS, World, build, shows_content

SPAN = "?from=2026-02-23T00:00:00Z&to=2026-03-03T00:00:00Z"


@pytest.fixture(scope="module")
def world(office: Office) -> World:
    """Zofia's record."""
    return build(office)


def shows(told: dict[str, Any]) -> bool:
    """Whether an operation shows anything of anybody."""
    return bool(told["x-access-event"] != "none")


def looks(office: Office, world: World) -> Iterator[tuple[str, Response]]:
    """Every look that is permitted to somebody."""
    who = {
        "readIdentity": office.reception,
        "readCalendar": office.reception,
        "readAccessLog": office.officer,
        "readAuditTrail": office.officer,
        "readHolds": office.officer,
        "readReaders": office.officer,
        "readOwnAccessLog": office.client(world.client),
        "readStaff": office.administrator,
        "readQualifications": office.administrator,
        "readConflicts": office.officer,
        "readComplaints": office.officer,
        "readProjections": office.administrator,
    }
    program = office.program("case-state:read", "caseload:read", "calendar:read")
    for operation, (method, path, told) in operations(office.app).items():
        # What the log shows is a matter of its own tests.
        # Nothing has been destroyed of which there were a record to read (``erasing``).
        if operation == "readProtocol" or told["x-access-event"] == "none":
            continue
        if method == "GET" and path.startswith("/v1") and told["tags"] != ["log"] and shows(told):
            reader = program if "/projections/" in path else who.get(operation, office.anna)
            ids = {**world.ids(), "practitioner_id": office.people.anna}
            if operation == "readProcessNote":
                ids["note_id"] = world.process_note
            yield operation, ask(office, reader, operation, ids)


class TestEveryLook:
    def test_stands_in_the_record_before_it_is_answered(self, office: Office, world: World) -> None:
        events = office.events()
        for operation, response in looks(office, world):
            assert response.status_code == 200, (operation, response.text)
            # The programs' registration is one more.
            assert office.events() > events, operation
            events = office.events()

    def test_shows_nothing_when_the_record_cannot_be_written(
        self, office: Office, world: World
    ) -> None:
        people = list(looks(office, world))
        with failing_store(office):
            for operation, before in people:
                request = before.request
                failed = office.door.request(
                    request.method, str(request.url), headers=dict(request.headers)
                )
                assert (failed.status_code, problem(failed)) == (503, "record-unavailable")
                assert failed.headers["Retry-After"] == "2"
                assert not shows_content(failed.text), operation

    def test_shows_nothing_when_the_disk_is_full(self, own_office: Office) -> None:
        office = own_office
        case = office.clinic.open_case()
        note = office.clinic.draft_note(case, WORDS["note"])
        office.settle()
        anna, path = office.anna, f"/v1/cases/{case}/notes/{note}"
        assert WORDS["note"] in anna.get(path).text
        store = office.clinic.clinic.folder.store
        assert isinstance(store, SqliteStore)
        fill(store._writer)
        failed: list[Response] = []
        while not failed or failed[-1].status_code == 200:
            failed.append(anna.get(path))
            assert len(failed) < 100
        assert problem(failed[-1]) == "record-unavailable"
        assert WORDS["note"] not in failed[-1].text
        store._writer.execute("PRAGMA max_page_count = 1000000")
        assert WORDS["note"] in anna.get(path).text

    def test_shows_nothing_when_no_key_can_be_made(self, own_office: Office) -> None:
        office = own_office
        keys = office.clinic.clinic.folder.keys
        assert isinstance(keys, KeyStore)
        fill(keys._db)
        desk = office.reception
        failed: list[Response] = []
        file = {"given_name": "Jan", "family_name": "Z", "birth_date": "1990-01-01", "sex": "male"}
        while not failed or failed[-1].status_code == 201:
            failed.append(desk.post("/v1/clients", {"identity": file}))
            assert len(failed) < 100
        assert (failed[-1].status_code, problem(failed[-1])) == (503, "record-unavailable")

    def test_is_withheld_when_its_route_leaves_no_event(
        self, office: Office, caplog: pytest.LogCaptureFixture
    ) -> None:
        router = APIRouter(route_class=RecordedRoute)

        @router.get("/v1/careless", openapi_extra=leaves("READ", audience="clinician"))
        async def careless(who: Who) -> str:
            return f"{who.actor.id} {WORDS['note']}"

        office.app.include_router(router)
        withheld = office.anna.get("/v1/careless")
        assert (withheld.status_code, problem(withheld)) == (503, "record-unavailable")
        assert WORDS["note"] not in withheld.text + caplog.text

    def test_needs_a_route_that_says_which_event_it_leaves(self) -> None:
        router = APIRouter(route_class=RecordedRoute)

        async def silent() -> str:
            return "nothing"

        with pytest.raises(RuntimeError, match="/v1/silent does not say which access event"):
            router.get("/v1/silent")(silent)


class TestAWriteThatFails:
    def test_leaves_nothing_and_may_be_tried_again_with_the_same_key(
        self, office: Office, world: World
    ) -> None:
        new = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": "Once."}
        path, events = f"/v1/cases/{world.case}/notes", office.events()
        with failing_store(office, sqlite3.OperationalError("database or disk is full")):
            failed = office.anna.post(path, new, key="once")
            assert (failed.status_code, problem(failed)) == (503, "record-unavailable")
        assert office.events() == events
        written = office.anna.post(path, new, key="once")
        assert (written.status_code, written.json()["repeated"]) == (201, False)

    def test_lets_nobody_sign_in_unrecorded(self, office: Office) -> None:
        with failing_store(office):
            credentials = {"name": "nobody", "password": "whatever it was"}
            failed = office.door.post("/v1/sign-in", json=credentials)
            assert (failed.status_code, problem(failed)) == (503, "record-unavailable")


class TestTheAccessLog:
    def test_begins_with_the_officers_own_look(self, office: Office, world: World) -> None:
        for _ in range(2):
            first = office.log(world.client)[0]
            assert (first["kind"], first["actor"]) == ("AUDIT_READ", office.people.officer)
            assert (first["actor_name"], first["role"]) == ("Olga Nowak", "compliance")
            assert (first["purpose"], first["outcome"]) == ("ACCESS-REVIEW", "0")
            assert first["object"] == world.client

    def test_says_who_saw_what_why_and_from_where(self, office: Office, world: World) -> None:
        anna, request = office.anna, uuid4()
        path = f"/v1/cases/{world.case}/notes/{world.note}"
        assert anna.get(path, headers={"X-Request-Id": str(request)}).status_code == 200
        _, entry = office.log(world.client)[:2]
        assert (entry["kind"], entry["action"], entry["object"]) == ("READ", "R", world.note)
        assert (entry["actor"], entry["role"], entry["mode"]) == (anna.id, "clinician", "care")
        assert (entry["purpose"], entry["rule"]) == ("TREAT", "clinician.care")
        assert (entry["request"], entry["network"]) == (request.hex, "testclient")
        assert (entry["relationship"], entry["application"]) == (world.case, "http/1")
        assert anna.token not in str(entry)
        assert len(entry["session"]) == 16

    def test_is_read_page_by_page(self, office: Office, world: World) -> None:
        officer, path = office.officer, f"/v1/clients/{world.client}/access-log"
        page = officer.get(f"{path}?limit=3").json()
        assert len(page["entries"]) == 3
        older = officer.get(f"{path}?limit=3&before={page['next_before']}").json()
        positions = [each["position"] for each in (*page["entries"], *older["entries"])]
        assert positions == sorted(set(positions), reverse=True)
        last = officer.get(f"{path}?before=0").json()
        assert (last["entries"], last["next_before"]) == ([], None)

    def test_of_a_couple_holds_a_look_at_their_case_for_each(
        self, office: Office, world: World
    ) -> None:
        assert office.anna.get(f"/v1/cases/{world.couple}").status_code == 200
        for client in (world.client, world.partner):
            _, entry = office.log(client)[:2]
            assert (entry["object"], entry["client"]) == (world.couple, client)

    def test_holds_a_list_for_each_client_whom_it_showed(
        self, office: Office, world: World
    ) -> None:
        assert office.anna.get("/v1/caseload").status_code == 200
        for client in (world.client, world.partner):
            _, entry = office.log(client)[:2]
            assert (entry["kind"], entry["object_type"]) == ("LIST_HIT", "caseload")


class TestADenial:
    def reason(self, office: Office, client: ClientId) -> tuple[str, str | None, str]:
        """What the newest line before the officer's own says of a refused look."""
        _, entry = office.log(client)[:2]
        assert (entry["kind"], entry["outcome"]) == ("DENY", "8")
        assert entry["actor"] == office.people.bartek
        return entry["reason"], entry["object"], entry["purpose"]

    def own(self, office: Office) -> tuple[str, str | None]:
        """What Bartek's own stream says of his last refused look."""
        found = office.officer.get(f"/v1/audit-trail?actor={office.people.bartek}&limit=1")
        (entry,) = found.json()["entries"]
        return entry["reason"], entry["object"]

    def test_of_a_foreign_case_has_its_true_reason(self, office: Office, world: World) -> None:
        assert office.bartek.get(f"/v1/cases/{world.case}").status_code == 404
        found = self.reason(office, world.client)
        assert found == ("deny.relationship.none", world.case, "TREAT")

    def test_of_what_does_not_exist_stands_with_whoever_asked(self, office: Office) -> None:
        missing = uuid4().hex
        assert office.bartek.get(f"/v1/cases/{missing}").status_code == 404
        assert self.own(office) == ("deny.no-such-record", missing)

    def test_of_a_foreign_process_note_says_no_more_than_that_of_a_draft(
        self, office: Office, world: World
    ) -> None:
        path = f"/v1/cases/{world.case}/process-notes/{world.process_note}"
        assert office.bartek.get(path).status_code == 404
        found = self.reason(office, world.client)
        assert found == ("deny.relationship.none", world.process_note, "TREAT")
        assert office.bartek.get(f"/v1/cases/{world.case}/notes/{world.draft}").status_code == 404
        assert self.reason(office, world.client) == (found[0], world.draft, found[2])

    def test_for_a_role_that_never_may_says_so(self, office: Office, world: World) -> None:
        refused = office.bartek.get(f"/v1/clients/{world.client}/access-log")
        assert (refused.status_code, problem(refused)) == (403, "forbidden")
        assert self.reason(office, world.client)[0] == "deny.role"

    def test_for_a_purpose_that_does_not_fit_says_so(self, office: Office, world: World) -> None:
        curious = {"Purpose-Of-Use": "HQUALIMP"}
        refused = office.bartek.get(f"/v1/cases/{world.case}", headers=curious)
        assert (refused.status_code, problem(refused)) == (403, "forbidden")
        found = self.reason(office, world.client)
        assert found == ("deny.purpose", world.case, "HQUALIMP")

    def test_is_seen_by_the_client(self, office: Office, world: World) -> None:
        assert office.bartek.get(f"/v1/cases/{world.case}").status_code == 404
        own = office.client(world.client).get("/v1/me/access-log").json()["entries"][1]
        assert (own["kind"], own["actor_name"]) == ("DENY", "Bartek Nowak")

    def test_that_cannot_be_recorded_is_no_answer(self, office: Office, world: World) -> None:
        with failing_store(office):
            foreign = office.bartek.get(f"/v1/cases/{world.case}")
            missing = office.bartek.get(f"/v1/cases/{uuid4().hex}")
        assert foreign.status_code == 503
        assert without_trace(foreign) == without_trace(missing)


def fill(db: sqlite3.Connection) -> None:
    """Let the disk under a database be full: its file cannot grow by a page."""
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages}")
