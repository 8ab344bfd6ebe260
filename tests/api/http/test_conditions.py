"""The headers by which requests say why, are retried, follow a version, and wait."""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import uuid4

import pytest
from httpx2 import Response

from api.compose import Clinic
from api.http.conditions import token_for
from domain.values import CaseId, Format
from tests.api.http.asking import ask
from tests.api.http.support import Office, Person, operations, problem, without_trace
from tests.api.http.world import World, build

NOTE = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": "She slept."}


@pytest.fixture(scope="module")
def world(office: Office) -> World:
    """Zofia's record."""
    return build(office)


class TestThePurposeOfUse:
    @pytest.mark.parametrize("purpose", [None, "", "treat", "CURIOSITY", "TREAT,HOPERAT"])
    def test_is_stated_in_a_known_code(
        self, office: Office, world: World, purpose: str | None
    ) -> None:
        events = office.events()
        headers = {"Purpose-Of-Use": purpose}
        refused = office.anna.get(f"/v1/cases/{world.case}", headers=headers)
        assert (refused.status_code, problem(refused)) == (400, "purpose-of-use")
        assert office.events() == events

    def test_is_asked_for_by_every_operation_that_needs_a_token(
        self, office: Office, world: World
    ) -> None:
        for operation, (_, path, told) in operations(office.app).items():
            if any(each["name"] == "purpose-of-use" for each in told.get("parameters", ())):
                ids = {**world.ids(), "practitioner_id": office.people.anna}
                refused = ask(office, office.anna, operation, ids, headers={"Purpose-Of-Use": None})
                assert (refused.status_code, problem(refused)) == (400, "purpose-of-use"), path

    @pytest.mark.parametrize("purpose", ["HOPERAT", "ACCESS-REVIEW", "PATRQT", "HSYSADMIN"])
    def test_is_one_that_the_role_may_have(
        self, office: Office, world: World, purpose: str
    ) -> None:
        headers = {"Purpose-Of-Use": purpose}
        there = office.anna.get(f"/v1/cases/{world.case}", headers=headers)
        missing = office.anna.get(f"/v1/cases/{uuid4().hex}", headers=headers)
        assert (there.status_code, problem(there)) == (403, "forbidden")
        assert without_trace(there) == without_trace(missing)


class TestARetry:
    def test_gets_the_same_receipt_and_writes_nothing(self, office: Office, world: World) -> None:
        path = f"/v1/cases/{world.case}/notes"
        first = office.anna.post(path, NOTE, key="retried")
        events = office.events()
        again = office.anna.post(path, NOTE, key="retried")
        assert again.status_code == 201
        assert again.json() == {**first.json(), "repeated": True}
        assert again.headers["Consistency-Token"] == first.headers["Consistency-Token"]
        assert office.events() == events

    def test_is_known_even_when_the_version_has_moved_on(
        self, office: Office, world: World
    ) -> None:
        path = f"/v1/cases/{world.case}/problems"
        version = office.version(world.case)
        first = office.anna.post(path, {"words": "Sleep."}, version=version, key="moved")
        assert office.version(world.case) == version + 1
        again = office.anna.post(path, {"words": "Sleep."}, version=version, key="moved")
        assert again.json() == {**first.json(), "repeated": True}

    def test_in_other_words_is_a_mix_up(self, office: Office, world: World) -> None:
        path = f"/v1/cases/{world.case}/notes"
        office.anna.post(path, NOTE, key="mixed up")
        office.anna.post(path, NOTE, key="mixed-up")
        events = office.events()
        other = office.anna.post(path, {**NOTE, "text": "Other words."}, key="mixed-up")
        elsewhere = office.anna.post(
            f"/v1/cases/{world.case}/process-notes", {"text": "x", **_when()}, key="mixed-up"
        )
        for refused in (other, elsewhere):
            assert (refused.status_code, problem(refused)) == (422, "idempotency-mismatch")
        assert office.events() == events

    def test_of_another_persons_key_is_no_retry(self, office: Office, world: World) -> None:
        office.anna.post(f"/v1/cases/{world.case}/notes", NOTE, key="shared")
        refused = office.bartek.post(f"/v1/cases/{world.case}/notes", NOTE, key="shared")
        assert refused.status_code == 404

    @pytest.mark.parametrize("key", [None, "", "x" * 129, "two words", "tab\there"])
    def test_needs_a_usable_key(self, office: Office, world: World, key: str | None) -> None:
        headers = {"Idempotency-Key": key}
        events = office.events()
        refused = office.anna.post(f"/v1/cases/{world.case}/notes", NOTE, headers=headers)
        assert (refused.status_code, problem(refused)) == (400, "idempotency-key")
        assert office.events() == events

    def test_is_possible_for_every_write(self, office: Office) -> None:
        without = {"signIn", "renew", "signOut", "changePassword", "resetPassword"}
        without |= {"giveStaffSignIn", "giveClientSignIn", "giveIntegrationSignIn"}
        # Nothing of a sheet's passphrase is kept, not even a digest by which a retry were known.
        without |= {"issueCrisisSheet"}
        # The same chunk again is the same chunk: its number and its digest say which it is.
        without |= {"putChunk"}
        for operation, (method, _, told) in operations(office.app).items():
            names = {each["name"] for each in told.get("parameters", ())}
            # A search changes nothing; who asks twice has looked twice.
            writes = method != "GET" and told["x-access-event"] != "SEARCH"
            assert ("idempotency-key" in names) == (writes and operation not in without)


class TestAVersion:
    @pytest.mark.parametrize("header", [None, "", "1", "*", 'W/"1"', '"01"', '"-1"', '"1", "2"'])
    def test_is_named_before_a_change(
        self, office: Office, world: World, header: str | None
    ) -> None:
        path = f"/v1/cases/{world.case}:close"
        refused = office.anna.post(path, {"outcome": "completed"}, headers={"If-Match": header})
        assert (refused.status_code, problem(refused)) == (428, "precondition-required")

    def test_that_is_stale_is_refused_with_the_current_one(
        self, office: Office, world: World
    ) -> None:
        events = office.events()
        stale = {
            f"/v1/cases/{world.case}:close": ({"outcome": "completed"}, world.case),
            f"/v1/cases/{world.case}/notes/{world.note}:countersign": (None, world.note),
            f"/v1/cases/{world.case}/process-notes/{world.process_note}/amendments": (
                {"text": "More."},
                world.process_note,
            ),
            f"/v1/cases/{world.case}/sessions/{world.session}:cancel": (
                {"by": "clinic"},
                world.session,
            ),
        }
        for path, (body, stream) in stale.items():
            refused = office.anna.post(path, body, version=9)
            assert (refused.status_code, problem(refused)) == (412, "precondition-failed")
            assert refused.json()["current_version"] == office.version(stream)
        assert office.events() == events

    def test_is_that_of_what_was_shown(self, slow_office: Office) -> None:
        office, client = slow_office, slow_office.people.client
        case = office.clinic.open_case()
        office.clinic.catch_up()
        desk, path = office.reception, f"/v1/clients/{client}"
        contact = {"phone": "+48 600 700 800", "email": None, "address": None}
        shown = desk.get(path).headers["ETag"]
        seen = office.anna.get(f"/v1/cases/{case}").headers["ETag"]
        assert desk.put(f"{path}/contact", contact, version=shown[1:-1]).status_code == 200
        office.clinic.join_team(case, office.people.bartek)
        # The projection has not followed: what is shown is old, and so is its version.
        late = desk.get(path)
        assert (late.json()["phone"], late.headers["ETag"]) == (None, shown)
        assert desk.put(f"{path}/contact", contact, version=shown[1:-1]).status_code == 412
        assert office.anna.get(f"/v1/cases/{case}").headers["ETag"] == seen

    def test_of_a_case_lets_its_reader_change_it(self, office: Office, world: World) -> None:
        shown = office.anna.get(f"/v1/cases/{world.case}")
        assert shown.json()["version"] == int(shown.headers["ETag"][1:-1])
        path = f"/v1/cases/{world.case}/problems"
        written = office.anna.post(path, {"words": "x"}, version=shown.headers["ETag"][1:-1])
        assert written.status_code == 201


class TestAConsistencyToken:
    def test_waits_until_a_write_shows(self, office: Office, world: World) -> None:
        for number in range(10):
            written = office.anna.post(
                f"/v1/cases/{world.case}/notes", {**NOTE, "text": f"Word {number}."}
            )
            note = written.json()["created"]["note"]
            found = office.anna.get(f"/v1/cases/{world.case}/notes/{note}", after=written)
            assert found.json()["text"] == f"Word {number}."

    def test_is_not_kept_waiting_for_ever(self, slow_office: Office) -> None:
        office = slow_office
        case = office.clinic.open_case()
        token = {"Consistency-Token": token_for(office.clinic.last_position()), "Prefer": "wait=0"}
        behind = office.anna.get(f"/v1/cases/{case}", headers=token)
        assert (behind.status_code, problem(behind)) == (503, "projection-behind")
        assert behind.headers["Retry-After"] == "2"
        office.clinic.catch_up()
        assert office.anna.get(f"/v1/cases/{case}", headers=token).status_code == 200

    def test_of_the_future_shows_nothing(self, office: Office, world: World) -> None:
        token = {"Consistency-Token": token_for(2**60), "Prefer": "wait=1"}
        behind = office.anna.get(f"/v1/cases/{world.case}", headers=token)
        assert (behind.status_code, problem(behind)) == (503, "projection-behind")

    def test_makes_no_stranger_wait(self, office: Office, world: World) -> None:
        token = {"Consistency-Token": token_for(2**60), "Prefer": "wait=30"}
        stranger = Person(office.door, "", "no token", "TREAT")
        refused = stranger.get(f"/v1/cases/{world.case}", headers=token)
        assert (refused.status_code, problem(refused)) == (401, "unauthenticated")

    @pytest.mark.parametrize(
        "token",
        ["", "x", "cAAAAAAAAAA", "AAAA", base64.urlsafe_b64encode(b"q" + bytes(8)).decode()],
    )
    def test_that_is_none_is_refused(self, office: Office, world: World, token: str) -> None:
        headers = {"Consistency-Token": token}
        refused = office.anna.get(f"/v1/cases/{world.case}", headers=headers)
        assert (refused.status_code, problem(refused)) == (400, "consistency-token")

    def test_is_what_an_access_log_waits_for_by_itself(
        self, slow_office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office = slow_office
        monkeypatch.setattr(Clinic.reach, "__kwdefaults__", {"seconds": 0.1})
        path = f"/v1/clients/{office.people.client}/access-log"
        behind = office.officer.get(path)
        assert (behind.status_code, problem(behind)) == (503, "projection-behind")

    @pytest.mark.parametrize("what", ["case", "client", "note", "process note"])
    def test_without_one_what_is_not_shown_yet_is_not_called_missing(
        self, slow_office: Office, what: str
    ) -> None:
        office = slow_office
        client = office.clinic.register_client()
        case = office.clinic.open_case(client)
        paths = {
            "case": f"/v1/cases/{case}",
            "client": f"/v1/clients/{client}",
            "note": f"/v1/cases/{case}/notes/{office.clinic.draft_note(case)}",
            "process note": (
                f"/v1/cases/{case}/process-notes/{office.clinic.write_process_note(case)}"
            ),
        }
        behind = office.anna.get(paths[what])
        assert (behind.status_code, problem(behind)) == (503, "projection-behind")


class TestThePast:
    def note_states(self, response: Response) -> list[str]:
        assert response.status_code == 200, response.text
        return [each["status"] for each in response.json()["notes"]]

    def test_is_shown_as_of_an_instant_or_a_position(self, own_office: Office) -> None:
        office, anna = own_office, own_office.anna
        office.clock.move(timedelta(hours=1))
        case = office.clinic.open_case()
        opened, before = office.clock.now(), office.clinic.last_position()
        office.clock.move(timedelta(hours=1))
        note = office.clinic.draft_note(case)
        drafted, middle = office.clock.now(), office.clinic.last_position()
        office.clock.move(timedelta(hours=1))
        office.clinic.sign_note(case, note)
        path, last = f"/v1/cases/{case}", office.clinic.last_position()
        assert self.note_states(anna.get(f"{path}?at_position={before}")) == []
        assert self.note_states(anna.get(f"{path}?at_position={middle}")) == ["draft"]
        assert self.note_states(anna.get(f"{path}?at_position={last}")) == ["signed"]
        for instant, states in ((opened, []), (drafted, ["draft"]), (office.clock.now(), None)):
            found = anna.get(f"{path}?as_of={instant.isoformat().replace('+', '%2B')}")
            assert self.note_states(found) == (["signed"] if states is None else states)
            assert found.headers["Memento-Datetime"] == instant.strftime(
                "%a, %d %b %Y %H:%M:%S GMT"
            )

    def test_before_a_case_holds_nothing(self, office: Office, world: World) -> None:
        path = f"/v1/cases/{world.case}"
        for query in ("at_position=0", "as_of=2020-01-01T00:00:00Z"):
            refused = office.anna.get(f"{path}?{query}")
            assert (refused.status_code, problem(refused)) == (404, "not-found")

    def test_is_permitted_by_the_care_team_of_today(self, office: Office) -> None:
        case = office.clinic.open_case()
        office.clinic.join_team(case, office.people.bartek)
        then = office.clinic.last_position()
        assert office.bartek.get(f"/v1/cases/{case}?at_position={then}").status_code == 200
        office.clinic.leave_team(case, office.people.bartek)
        assert office.bartek.get(f"/v1/cases/{case}?at_position={then}").status_code == 404

    def test_is_asked_for_in_one_way(self, office: Office, world: World) -> None:
        path = f"/v1/cases/{world.case}"
        both = office.anna.get(f"{path}?at_position=1&as_of=2026-03-02T08:00:00Z")
        assert (both.status_code, both.json()["field"]) == (422, "as_of")
        for query in (
            "at_position=-1",
            "at_position=x",
            f"at_position={2**70}",
            "as_of=2026-03-02T08:00:00",
            "as_of=yesterday",
            "as_of=0001-01-01T00:00:00%2B14:00",
            "as_of=9999-12-31T23:59:59-14:00",
        ):
            refused = office.anna.get(f"{path}?{query}")
            assert (refused.status_code, problem(refused)) == (422, "validation"), query

    def test_of_a_couple_is_that_of_the_joint_case(self, office: Office, world: World) -> None:
        last = office.clinic.last_position()
        found = office.anna.get(f"/v1/cases/{world.couple}?at_position={last}").json()
        assert found["format"] == Format.COUPLE.value
        assert found["clients"] == [world.client, world.partner]
        assert CaseId(found["case"]) == world.couple


def _when() -> dict[str, str]:
    return {"occurred_at": "2026-03-02T08:00:00Z"}
