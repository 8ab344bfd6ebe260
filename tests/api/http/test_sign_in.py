"""Signing in: one-time passwords, throttling, renewal, and how sessions end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from domain.values import ActorId, ActorKind, PurposeOfUse, Role
from infrastructure.accounts import (
    LONGEST_PAUSE,
    SESSION_LIFETIME,
    TOKEN_LIFETIME,
    hash_password as in_service,
)
from tests.api.http.support import (
    Office,
    Person,
    actor,
    problem,
    without_trace,
)

PASSWORD = "six random words are good"
WRONG = "seven random words are bad"


def account(office: Office, name: str, holder: str) -> str:
    return office.accounts.add(name, ActorKind.STAFF, ActorId(holder))


def sign_in(office: Office, name: str, password: str) -> Response:
    return office.door.post("/v1/sign-in", json={"name": name, "password": password})


def replace(office: Office, name: str, old: str, new: str) -> Response:
    return office.door.post("/v1/password", json={"name": name, "old": old, "new": new})


def bearing(office: Office, token: str, purpose: PurposeOfUse = PurposeOfUse.TREAT) -> Person:
    return Person(office.door, "", token, purpose.value)


def signed_in(office: Office, name: str, holder: str) -> Person:
    """Somebody who has replaced her one-time password and signed in."""
    secret = account(office, name, holder)
    assert replace(office, name, secret, PASSWORD).status_code == 204
    found = sign_in(office, name, PASSWORD)
    assert found.status_code == 200
    return bearing(office, found.json()["token"])


def staff_log(office: Office, holder: str) -> list[dict[str, Any]]:
    found = office.officer.get(f"/v1/audit-trail?actor={holder}")
    assert found.status_code == 200, found.text
    entries: list[dict[str, Any]] = found.json()["entries"]
    return entries


class TestTheOneTimePassword:
    def test_it_opens_nothing_before_it_is_replaced(self, office: Office) -> None:
        secret = account(office, "first", office.people.anna)
        told = sign_in(office, "first", secret).json()
        assert told["must_change_password"]
        early = bearing(office, told["token"])
        for path in ("/v1/caseload", f"/v1/cases/{'0' * 32}", "/v1/practitioners"):
            refused = early.get(path)
            assert (refused.status_code, problem(refused)) == (403, "password-change-required")
        assert replace(office, "first", secret, PASSWORD).status_code == 204
        assert early.get("/v1/caseload").status_code == 401
        assert sign_in(office, "first", secret).status_code == 401
        told = sign_in(office, "first", PASSWORD).json()
        assert not told["must_change_password"]
        assert told["expires_in"] == TOKEN_LIFETIME.total_seconds()
        assert bearing(office, told["token"]).get("/v1/caseload").status_code == 200

    @pytest.mark.parametrize("new", ["too short", ""])
    def test_a_short_password_does_not_replace_it(self, office: Office, new: str) -> None:
        refused = replace(office, "nobody", "whatever", new)
        assert (refused.status_code, problem(refused)) == (422, "validation")
        assert refused.json()["field"] == "body.new"

    def test_the_same_password_does_not_replace_itself(self, office: Office) -> None:
        secret = account(office, "same", office.people.anna)
        refused = replace(office, "same", secret, secret)
        assert (refused.status_code, refused.json()["field"]) == (422, "password")
        assert secret not in refused.text

    def test_a_name_is_given_once(self, office: Office) -> None:
        boss, anna = office.administrator, office.people.anna
        path = f"/v1/practitioners/{anna}/sign-ins"
        given = boss.post(path, {"name": "Only One"})
        assert given.status_code == 201
        assert given.json()["one_time_password"].count("-") == 3
        refused = boss.post(path, {"name": "only one"})
        assert (refused.status_code, refused.json()["field"]) == (422, "name")


class TestARefusedSignIn:
    def test_does_not_tell_a_wrong_name_from_a_wrong_password(self, office: Office) -> None:
        account(office, "known", office.people.anna)
        wrong_password = sign_in(office, "known", WRONG)
        wrong_name = sign_in(office, "unknown", WRONG)
        assert wrong_name.status_code == 401
        assert without_trace(wrong_password) == without_trace(wrong_name)
        wrong_old = replace(office, "known", WRONG, PASSWORD)
        assert without_trace(wrong_old) == without_trace(wrong_name)

    def test_is_recorded_without_what_was_typed(self, office: Office) -> None:
        holder = actor(office, Role.RECEPTION)
        account(office, "watched", holder)
        before = len(staff_log(office, holder))
        sign_in(office, "watched", WRONG)
        entry, *older = staff_log(office, holder)
        assert len(older) == before
        assert (entry["kind"], entry["reason"]) == ("DENY", "deny.sign-in")
        assert (entry["object_type"], entry["network"]) == ("sign-in", "testclient")

    @pytest.mark.parametrize("known", [True, False])
    def test_makes_the_next_try_wait_ever_longer(self, own_office: Office, *, known: bool) -> None:
        secret = account(own_office, "anna", own_office.people.anna) if known else WRONG
        answers = [sign_in(own_office, "anna", WRONG) for _ in range(5)]
        assert [each.status_code for each in answers] == [401, 401, 401, 401, 429]
        assert problem(answers[-1]) == "rate-limited"
        assert answers[-1].headers["Retry-After"] == "2"
        own_office.clock.move(timedelta(seconds=1))
        # Not even the right password is looked at before the time.
        early = sign_in(own_office, "anna", secret)
        assert (early.status_code, early.headers["Retry-After"]) == (429, "1")
        own_office.clock.move(timedelta(seconds=1))
        assert sign_in(own_office, "anna", WRONG).headers["Retry-After"] == "4"
        if known:
            own_office.clock.move(LONGEST_PAUSE)
            assert sign_in(own_office, "anna", secret).status_code == 200
            assert sign_in(own_office, "anna", WRONG).status_code == 401

    @pytest.mark.parametrize(
        "header",
        ["", "Bearer", "Bearer ", "Basic YW5uYTphbm5h", "Bearer wrong", f"Bearer {'x' * 5000}"],
    )
    def test_without_a_live_token_nothing_opens(self, office: Office, header: str) -> None:
        headers = {"Authorization": header, "Purpose-Of-Use": "TREAT"}
        refused = office.door.get("/v1/caseload", headers=headers)
        assert (refused.status_code, problem(refused)) == (401, "unauthenticated")
        assert refused.headers["WWW-Authenticate"] == "Bearer"


class TestASession:
    def test_lasts_a_quarter_of_an_hour_and_is_renewed_within_a_working_day(
        self, own_office: Office
    ) -> None:
        anna = signed_in(own_office, "anna", own_office.people.anna)
        almost = TOKEN_LIFETIME - timedelta(seconds=1)
        own_office.clock.move(almost)
        assert anna.get("/v1/caseload").status_code == 200
        for _ in range(SESSION_LIFETIME // almost):
            renewed = own_office.door.post("/v1/sign-in:renew", headers=_bearer(anna.token))
            assert renewed.status_code == 200
            assert anna.get("/v1/caseload").status_code == 401
            anna = bearing(own_office, renewed.json()["token"])
            assert anna.get("/v1/caseload").status_code == 200
            own_office.clock.move(almost)
        assert anna.get("/v1/caseload").status_code == 401
        renewed = own_office.door.post("/v1/sign-in:renew", headers=_bearer(anna.token))
        assert renewed.status_code == 401

    def test_ends_after_a_quarter_of_an_hour_without_renewal(self, office: Office) -> None:
        anna = signed_in(office, "idle", office.people.anna)
        office.clock.move(TOKEN_LIFETIME)
        assert anna.get("/v1/caseload").status_code == 401
        renewed = office.door.post("/v1/sign-in:renew", headers=_bearer(anna.token))
        assert renewed.status_code == 401

    def test_ends_with_the_sign_out(self, office: Office) -> None:
        anna = signed_in(office, "leaving", office.people.anna)
        left = office.door.post("/v1/sign-out", headers=_bearer(anna.token))
        assert (left.status_code, left.content) == (204, b"")
        assert anna.get("/v1/caseload").status_code == 401
        assert office.door.post("/v1/sign-out", headers=_bearer(anna.token)).status_code == (204)

    def test_ends_with_a_new_password(self, office: Office) -> None:
        anna = signed_in(office, "renaming", office.people.anna)
        fresh = PASSWORD + " indeed"
        assert replace(office, "renaming", PASSWORD, fresh).status_code == 204
        assert anna.get("/v1/caseload").status_code == 401

    def test_ends_with_a_reset_by_an_administrator(self, office: Office) -> None:
        anna = signed_in(office, "forgetful", office.people.anna)
        reset = office.administrator.post("/v1/sign-ins:reset", {"name": "forgetful"})
        assert reset.status_code == 200
        assert anna.get("/v1/caseload").status_code == 401
        assert sign_in(office, "forgetful", PASSWORD).status_code == 401
        told = sign_in(office, "forgetful", reset.json()["one_time_password"]).json()
        assert told["must_change_password"]

    def test_ends_with_her_departure(self, office: Office) -> None:
        holder = actor(office, Role.CLINICIAN)
        ewa = office.staff(holder)
        assert ewa.get("/v1/caseload").status_code == 200
        gone = office.administrator.post(f"/v1/practitioners/{holder}:depart", version=1)
        assert gone.status_code == 200
        assert ewa.get("/v1/caseload").status_code == 401
        # Whatever token she might still come by: she has no role any more.
        late = office.staff(holder).get("/v1/caseload")
        assert (late.status_code, problem(late)) == (403, "forbidden")

    def test_of_a_program_ends_with_its_withdrawal(self, office: Office) -> None:
        program = office.program("caseload:read")
        path = f"/v1/projections/caseload/{office.people.anna}"
        assert program.get(path).status_code == 200
        where = f"/v1/integrations/{program.id}:withdraw"
        assert office.administrator.post(where, version=1).status_code == 200
        assert program.get(path).status_code == 401


class TestAChangeOfRole:
    def test_decides_the_very_next_request_on_the_same_token(self, office: Office) -> None:
        holder = actor(office, Role.CLINICIAN)
        ewa = office.staff(holder)
        assert ewa.get("/v1/caseload").status_code == 200
        path = f"/v1/practitioners/{holder}/roles"
        boss = office.administrator
        assert boss.put(path, {"roles": ["reception"]}, version=1).status_code == 200
        refused = ewa.get("/v1/caseload")
        assert (refused.status_code, problem(refused)) == (403, "forbidden")
        assert boss.put(path, {"roles": ["clinician"]}, version=2).status_code == 200
        assert ewa.get("/v1/caseload").status_code == 200

    def test_on_the_care_team_decides_the_very_next_request_too(self, own_office: Office) -> None:
        case = own_office.clinic.open_case()
        bartek, path = own_office.bartek, f"/v1/cases/{case}"
        assert bartek.get(path).status_code == 404
        own_office.clinic.join_team(case, own_office.people.bartek)
        own_office.settle()
        assert bartek.get(path).status_code == 200
        own_office.clinic.leave_team(case, own_office.people.bartek)
        assert bartek.get(path).status_code == 404

    def test_of_her_own_is_nobodys_to_make(self, office: Office) -> None:
        boss = office.administrator
        path = f"/v1/practitioners/{boss.id}/roles"
        refused = boss.put(path, {"roles": ["clinician"]}, version=1)
        assert (refused.status_code, problem(refused)) == (422, "validation")

    def test_her_own_password_is_reset_by_another(self, office: Office) -> None:
        account(office, "the boss", office.people.administrator)
        refused = office.administrator.post("/v1/sign-ins:reset", {"name": "The Boss"})
        assert (refused.status_code, refused.json()["field"]) == (422, "name")


def test_a_password_costs_whoever_guesses_64_mebibytes_and_three_passes() -> None:
    assert in_service(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=2$")


def test_what_is_typed_at_the_door_is_nowhere_in_the_folder(
    own_office: Office, tmp_path: Path
) -> None:
    secret = account(own_office, "anna.nowak@clinic.invalid", own_office.people.anna)
    told = sign_in(own_office, "anna.nowak@clinic.invalid", secret).json()
    own_office.settle()
    for file in (tmp_path / "clinic").iterdir():
        content = file.read_bytes()
        for word in ("anna.nowak@clinic.invalid", secret, told["token"]):
            assert word.encode() not in content, file.name


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
