"""Who sees nothing: every operation with an identifier, asked by everybody who may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from domain.values import PractitionerId, PurposeOfUse, Role
from tests.api.http.asking import ask
from tests.api.http.support import Office, Person, actor, operations, problem, without_trace
from tests.api.http.world import WORDS, World, build, shows_content

SPAN = "?from=2026-02-23T00:00:00Z&to=2026-03-03T00:00:00Z"
ROLES: dict[str, Callable[[Office, World], Person]] = {
    "colleague": lambda office, _: office.bartek,
    "front desk": lambda office, _: office.reception,
    "officer": lambda office, _: office.officer,
    "administrator": lambda office, _: office.administrator,
    "client herself": lambda office, world: office.client(world.client),
    "another client": lambda office, world: office.client(world.partner),
    "program": lambda office, _: office.program("case-state:read", "caseload:read"),
    "bare program": lambda office, _: office.program("calendar:read"),
}
MAY = {
    "front desk": {
        "readIdentity",
        "identify",
        "changeContact",
        "setPersonWord",
        "assignEnquiry",
        "fileComplaint",
        "addRepresentative",
        "endRepresentative",
    },
    "officer": {
        "readAccessLog",
        "readEntries",
        "readControls",
        "readHolds",
        "placeHold",
        "liftHold",
        "readErasure",
        "readStatement",
        "completeErasure",
        "withdrawErasure",
        "readProtocol",
        "readReaders",
        "fileComplaint",
        "examineComplaint",
        "extendComplaint",
        "resolveComplaint",
    },
    "client herself": {"readAccessLog"},
    "administrator": {
        "changeRoles",
        "appointCustodian",
        "depart",
        "giveStaffSignIn",
        "giveClientSignIn",
        "giveIntegrationSignIn",
        "withdrawIntegration",
        "readQualifications",
    },
    "program": {"readCase", "readCaseState", "readCaseloadProjection"},
}
SHOWS_NOBODY = {"readTile", "readInclusionProof"}


@pytest.fixture(scope="module")
def world(office: Office) -> World:
    """Zofia's record."""
    return build(office)


def ids(office: Office, world: World, operation: str) -> dict[str, str]:
    """What somebody who has got hold of every identifier asks for."""
    found = {**world.ids(operation), "practitioner_id": office.people.anna}
    if "ProcessNote" in operation:
        found["note_id"] = world.process_note
    if operation == "reviseNote":
        found["note_id"] = world.draft
    return found


def with_identifier(office: Office) -> list[str]:
    found = {name for name, (_, path, _) in operations(office.app).items() if "{" in path}
    return sorted(found - SHOWS_NOBODY)


@pytest.mark.parametrize("role", ROLES)
def test_whoever_may_not_sees_and_changes_nothing(office: Office, world: World, role: str) -> None:
    somebody = ROLES[role](office, world)
    before = [office.version(each) for each in world.streams]
    asked = set(with_identifier(office)) - MAY.get(role, set())
    assert len(asked) > 30
    for operation in asked:
        events = office.events()
        refused = ask(office, somebody, operation, ids(office, world, operation))
        assert refused.status_code in (403, 404), (operation, refused.text)
        expected = {403: "forbidden", 404: "not-found"}[refused.status_code]
        assert problem(refused) == expected, operation
        assert not shows_content(refused.text), operation
        assert office.events() > events, f"{operation} was refused and not recorded"
    assert [office.version(each) for each in world.streams] == before


@pytest.mark.parametrize("role", ROLES)
def test_what_is_not_hers_answers_like_what_does_not_exist(
    office: Office, world: World, role: str
) -> None:
    somebody = ROLES[role](office, world)
    for operation in set(with_identifier(office)) - MAY.get(role, set()):
        there = ids(office, world, operation)
        missing = {name: uuid4().hex for name in there} | {"alias": "p99999", "number": "9"}
        foreign = ask(office, somebody, operation, there)
        nothing = ask(office, somebody, operation, missing)
        assert without_trace(foreign) == without_trace(nothing), operation


def test_without_a_token_every_operation_answers_the_same(office: Office, world: World) -> None:
    stranger = Person(office.door, "", "no token", "TREAT")
    events = office.events()
    open_to_all = {"live", "ready", "signIn", "changePassword", "signOut"}
    open_to_all |= {"readCheckpoint", "readPolicy", "readReceiptKey"}
    for operation in set(operations(office.app)) - open_to_all:
        refused = ask(office, stranger, operation, ids(office, world, operation))
        assert (refused.status_code, problem(refused)) == (401, "unauthenticated"), operation
    assert office.events() == events


@pytest.fixture(scope="module")
def teammate(office: Office, world: World) -> Person:
    """Somebody who cares for Zofia, too."""
    found = actor(office, Role.CLINICIAN)
    office.clinic.join_team(world.case, PractitionerId(found))
    office.settle()
    return office.staff(found)


def test_her_therapist_reads_every_part_of_a_chart_that_holds_something_of_everything(
    office: Office, world: World
) -> None:
    office.settle()
    answers = {
        name: ask(office, office.anna, name, ids(office, world, name)).status_code
        for name, (method, path, told) in operations(office.app).items()
        if method == "GET" and "{case_id}" in path and "clinician" in told["x-audience"]
    }
    assert len(answers) > 30
    assert {name: status for name, status in answers.items() if status != 200} == {}


class TestAColleagueOnTheTeam:
    def test_reads_signed_notes(self, teammate: Person, world: World) -> None:
        found = teammate.get(f"/v1/cases/{world.case}/notes/{world.note}")
        assert found.json()["text"] == WORDS["note"]

    def test_sees_no_draft_of_hers_in_any_way(
        self, office: Office, teammate: Person, world: World
    ) -> None:
        headings = teammate.get(f"/v1/cases/{world.case}").json()["notes"]
        assert [each["id"] for each in headings] == [world.note]
        last = office.clinic.last_position()
        past = teammate.get(f"/v1/cases/{world.case}?at_position={last}").json()["notes"]
        assert [each["id"] for each in past] == [world.note]
        for operation in (
            "readNote",
            "reviseNote",
            "signNote",
            "amendNote",
            "countersignNote",
            "markNoteErroneous",
        ):
            answers = [
                ask(office, teammate, operation, {**world.ids(), "note_id": note})
                for note in (world.draft, uuid4().hex, world.process_note)
            ]
            first, *others = [without_trace(each) for each in answers]
            assert first[0] == 404, operation
            assert others == [first, first], operation
        own = office.anna.get(f"/v1/cases/{world.case}").json()["notes"]
        assert {each["id"] for each in own} == {world.note, world.draft}

    def test_sees_no_process_note_of_hers_in_any_way(
        self, office: Office, teammate: Person, world: World
    ) -> None:
        for operation in ("readProcessNote", "amendProcessNote"):
            answers = [
                ask(office, teammate, operation, {**world.ids(), "note_id": note})
                for note in (world.process_note, uuid4().hex, world.note)
            ]
            first, *others = [without_trace(each) for each in answers]
            assert first[0] == 404, operation
            assert others == [first, first], operation
        listed = teammate.get(f"/v1/cases/{world.case}/process-notes")
        assert (listed.status_code, listed.json()["notes"]) == (200, [])
        assert WORDS["process note"] not in teammate.get(f"/v1/cases/{world.case}").text
        own = office.anna.get(f"/v1/cases/{world.case}/process-notes").json()["notes"]
        assert [each["texts"] for each in own] == [[WORDS["process note"]]]

    def test_finds_nothing_of_one_case_under_another(
        self, office: Office, teammate: Person, world: World
    ) -> None:
        elsewhere = office.clinic.open_case(world.partner, by=teammate.id)
        for operation in ("readNote", "signNote", "holdSession", "cancelSession"):
            refused = ask(office, teammate, operation, {**world.ids(), "case_id": elsewhere})
            assert refused.status_code == 404, operation


class TestTheFrontDesk:
    def test_sees_of_a_client_what_is_administrative(self, office: Office, world: World) -> None:
        file = office.reception.get(f"/v1/clients/{world.client}").json()
        assert set(file) == {
            "client",
            "version",
            "given_name",
            "family_name",
            "birth_date",
            "sex",
            "pesel",
            "identity_document",
            "phone",
            "email",
            "address",
            "representatives",
            "person_word",
        }
        (speaker,) = file["representatives"]
        assert (speaker["id"], speaker["given_name"]) == (world.representative, "Halina")
        assert set(speaker) == {"id", "authority", "given_name", "family_name", "phone", "address"}

    def test_sees_of_a_session_time_room_and_people(self, office: Office, world: World) -> None:
        slots = office.reception.get(f"/v1/calendar{SPAN}").json()["slots"]
        for slot in slots:
            assert set(slot) == {
                "session",
                "starts_at",
                "ends_at",
                "therapist",
                "therapist_name",
                "client",
                "client_name",
                "status",
                "place",
                "room",
            }
        by_id = {each["session"]: each for each in slots}
        alone, joint = by_id[world.session], by_id[world.joint_session]
        assert (alone["client"], alone["client_name"]) == (world.client, "Zofia Zielińska")
        assert (joint["client"], joint["client_name"]) == (None, None)
        assert (joint["room"], joint["therapist_name"]) == ("hall", "Anna Nowak")

    def test_never_meets_a_format_a_school_or_a_reason(self, office: Office, world: World) -> None:
        desk = office.reception
        answers = [
            desk.get(f"/v1/clients/{world.client}").text,
            desk.get(f"/v1/calendar{SPAN}").text,
            desk.get(f"/v1/projections/calendar{SPAN}").text,
        ]
        answers += [
            ask(office, desk, operation, ids(office, world, operation)).text
            for operation in set(with_identifier(office)) - MAY["front desk"]
        ]
        for text in answers:
            for word in ("individual", "couple", 'family"', "group", "systemic", "school"):
                assert word not in text
            for word in ("problem", "note", "process note", "consent", "draft"):
                assert WORDS[word] not in text

    def test_is_not_told_who_the_couple_are(self, office: Office, world: World) -> None:
        before = len(office.log(world.partner))
        slots = office.reception.get(f"/v1/calendar{SPAN}").json()["slots"]
        assert world.partner not in json.dumps(slots)
        # What was not shown is not in the log either: only the officer's own look is new.
        assert len(office.log(world.partner)) == before + 1


class TestAnAdministrator:
    def test_sees_no_content_anywhere(self, office: Office, world: World) -> None:
        boss = office.administrator
        for operation, (method, path, _) in operations(office.app).items():
            if method == "GET" and path.startswith("/v1"):
                found = ask(office, boss, operation, ids(office, world, operation))
                assert not shows_content(found.text), operation

    def test_may_not_choose_a_purpose_that_opens_more(self, office: Office, world: World) -> None:
        for purpose in PurposeOfUse:
            boss = office.staff(office.people.administrator, purpose)
            refused = boss.get(f"/v1/cases/{world.case}")
            assert (refused.status_code, problem(refused)) == (403, "forbidden"), purpose


class TestAProgram:
    def scoped(self, office: Office, world: World, scope: str) -> dict[str, int]:
        program = office.program(scope)
        reads = ("readCaseState", "readCaseloadProjection", "readCalendarProjection")
        places = ids(office, world, "")
        return {each: ask(office, program, each, places).status_code for each in reads}

    @pytest.mark.parametrize(
        ("scope", "opens"),
        [
            ("case-state:read", "readCaseState"),
            ("caseload:read", "readCaseloadProjection"),
            ("calendar:read", "readCalendarProjection"),
        ],
    )
    def test_reads_what_its_scope_names_and_nothing_else(
        self, office: Office, world: World, scope: str, opens: str
    ) -> None:
        found = self.scoped(office, world, scope)
        assert found.pop(opens) == 200
        assert set(found.values()) == {404}

    def test_never_reads_words_or_names_by_any_way(self, office: Office, world: World) -> None:
        program = office.program("case-state:read", "caseload:read", "calendar:read")
        for operation, (method, path, _) in operations(office.app).items():
            if method == "GET" and path.startswith("/v1"):
                found = ask(office, program, operation, ids(office, world, operation))
                seen = set(shows_content(found.text))
                # The room is part of the calendar.
                assert seen <= {WORDS["room"]}, operation

    def test_is_refused_scopes_that_do_not_exist(self, office: Office) -> None:
        new = {"title": "Greedy", "scopes": ["notes:read"]}
        refused = office.administrator.post("/v1/integrations", new)
        assert (refused.status_code, refused.json()["field"]) == (422, "scopes")


class TestAClient:
    def test_reads_her_own_log_and_no_other(self, office: Office, world: World) -> None:
        zofia = office.client(world.client)
        own = zofia.get("/v1/me/access-log")
        entries: list[dict[str, Any]] = own.json()["entries"]
        assert {each["client"] for each in entries} == {world.client}
        assert entries[0]["actor"] == world.client
        assert (entries[0]["kind"], entries[0]["role"]) == ("AUDIT_READ", "client")
        assert zofia.get(f"/v1/clients/{world.partner}/access-log").status_code == 404
        assert zofia.get("/v1/audit-trail").status_code == 403

    def test_whoever_is_no_client_has_no_log_of_her_own(self, office: Office) -> None:
        assert office.anna.get("/v1/me/access-log").status_code == 403
        assert office.officer.get("/v1/me/access-log").status_code == 404


def test_a_caseload_shows_at_once_whom_somebody_no_longer_cares_for(slow_office: Office) -> None:
    office = slow_office
    case = office.clinic.open_case()
    office.clinic.join_team(case, office.people.bartek)
    office.clinic.catch_up()
    bartek = office.bartek
    assert [each["case"] for each in bartek.get("/v1/caseload").json()["cases"]] == [case]
    office.clinic.leave_team(case, office.people.bartek)
    left = bartek.get("/v1/caseload")
    assert (left.status_code, left.json()["cases"]) == (200, [])
