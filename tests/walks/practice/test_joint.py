"""Joint work over HTTP: a couple, the parents of a growing child, a group of seven."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from domain.values import ClientId
from infrastructure.ledger.note import Signer
from tests.api.http.erasing import approve
from tests.api.http.support import Office, Person, open_office, problem
from tests.support.clinic import Founded
from tests.support.erasing import erasing_in

ByTwo = tuple[Founded, tuple[Signer, ...]]
SPAN = {"starts_at": "2026-02-24T09:00:00Z", "ends_at": "2026-02-24T10:30:00Z"}
HELD = {"started_at": SPAN["starts_at"], "ended_at": SPAN["ends_at"]}
BIRTH = date(2010, 5, 17)


@pytest.fixture
def own_office(founded_by_two: ByTwo, tmp_path: Path) -> Iterator[Office]:
    """An office of the test's own, whose log names two custodians."""
    with open_office(founded_by_two[0], tmp_path / "clinic") as opened:
        yield opened


def done(response: Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that is the expected one."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body


def made(response: Response, what: str) -> str:
    """The id of what was created."""
    return str(done(response, 201)["created"][what])


@dataclass(frozen=True, slots=True)
class Room:
    """A case at Anna's."""

    office: Office
    case: str

    @property
    def path(self) -> str:
        """Its address."""
        return f"/v1/cases/{self.case}"

    @property
    def anna(self) -> Person:
        """Its therapist."""
        return self.office.anna

    @property
    def now(self) -> str:
        """The present instant, as a request says it."""
        return self.office.clock.now().isoformat()

    def read(self, what: str = "") -> dict[str, Any]:
        """A part of the case as it stands."""
        self.office.settle()
        return done(self.anna.get(f"{self.path}{what}"))

    def post(self, what: str, body: object, created: str, version: int | None = None) -> str:
        """Create something, and say which it is."""
        return made(self.anna.post(f"{self.path}{what}", body, version=version), created)

    def change(self, what: str, body: object, of: str) -> dict[str, Any]:
        """Change the item ``of`` as it stands."""
        version = self.office.version(of)
        return done(self.anna.post(f"{self.path}{what}", body, version=version))

    def refused(self, what: str, body: object, of: str) -> Response:
        """Try a change that is refused."""
        found = self.anna.post(f"{self.path}{what}", body, version=self.office.version(of))
        assert found.status_code in (404, 409, 422), found.text
        return found

    def aliases(self) -> dict[str, str]:
        """By what alias the case speaks of whom."""
        return {each["client"]: each["alias"] for each in self.read()["members"]}

    def take_in(self, client: str) -> Response:
        """Let somebody take part."""
        where = f"{self.path}/members/{client}"
        return self.anna.put(where, version=self.office.version(self.case))

    def let_go(self, client: str) -> Response:
        """Let somebody take part no longer."""
        where = f"{self.path}/members/{client}"
        return self.anna.ask("DELETE", where, version=self.office.version(self.case))


def opened(office: Office, room: str, *clients: str) -> Room:
    """A case of Anna's."""
    new = {"clients": list(clients), "format": room, "school": "systemic"}
    return Room(office, made(office.anna.post("/v1/cases", new), "case"))


@pytest.mark.duty(26)
def test_a_couple_with_a_no_secrets_agreement_releases_nothing_that_one_of_them_keeps(
    own_office: Office,
) -> None:
    ewa, adam = (own_office.clinic.register_client(each) for each in ("Ewa", "Adam"))
    couple = opened(own_office, "couple", ewa, adam)
    p = couple.aliases()
    terms = {"policy": "no-secrets", "agreed_by": [p[ewa]], "occurred_at": couple.now}
    agreement = couple.post("/secrecy-agreements", terms, "secrecy")
    (before,) = couple.read("/secrecy-agreements")["agreements"]
    assert before["not_yet"] == [p[adam]]
    both = {**terms, "agreed_by": [p[ewa], p[adam]], "words": "Nothing told alone stays alone."}
    couple.change(f"/secrecy-agreements/{agreement}:revise", both, agreement)
    (after,) = couple.read("/secrecy-agreements")["agreements"]
    assert (after["not_yet"], len(after["terms"])) == ([], 2)
    assert after["terms"][-1]["words"] == both["words"]

    for client, part in ((ewa, "partner"), (adam, "partner")):
        role = {"part": part, "words": f"{{{{{p[client]}}}}} came first."}
        done(couple.anna.put(f"{couple.path}/participants/{p[client]}/role", role))
    matrix = {each["client"]: each for each in couple.read("/participants")["participants"]}
    assert {each["part"] for each in matrix.values()} == {"partner"}
    assert matrix[ewa]["words"] == "Ewa Zielińska came first."
    assert matrix[ewa]["agreed_on_secrecy"]
    assert (matrix[ewa]["age"], matrix[ewa]["therapy_allowed"]) == ("adult", False)

    booked = couple.post("/sessions", {**SPAN, "room": "3"}, "session")
    couple.change(f"/sessions/{booked}:hold", HELD, booked)
    there = {"present": [p[ewa], p[adam]], "absent": []}
    done(couple.anna.put(f"{couple.path}/sessions/{booked}/attendance", there))
    note = {
        "kind": "session",
        "occurred_at": SPAN["starts_at"],
        "session": booked,
        "text": f"{{{{{p[ewa]}}}}} spoke of the move.",
        "parts": [{"alias": p[adam], "text": "He thinks of leaving."}],
    }
    written = couple.post("/joint-notes", note, "note")
    couple.change(f"/notes/{written}:sign", None, written)

    wish = {"recipient": "The family court.", "content": "The sessions of this year."}
    release = couple.post("/releases", wish, "release")
    where = f"/releases/{release}"
    couple.change(f"{where}:consent", {"alias": p[ewa], "occurred_at": couple.now}, release)
    (asked,) = couple.read("/releases")["releases"]
    assert not asked["allowed"]
    assert asked["missing"] == [{"alias": p[adam], "own": True, "representatives": []}]
    # Who has left has a word on what was said while she was there.
    done(couple.let_go(adam))
    assert not couple.read("/releases")["releases"][0]["allowed"]
    couple.change(f"{where}:consent", {"alias": p[adam], "occurred_at": couple.now}, release)
    assert couple.read("/releases")["releases"][0]["allowed"]
    couple.change(
        f"{where}:withdraw-consent", {"alias": p[adam], "occurred_at": couple.now}, release
    )
    (kept,) = couple.read("/releases")["releases"]
    assert (kept["allowed"], [each["consents"] for each in kept["said"]]) == (
        False,
        [True, True, False],
    )
    told = {each["object_type"] for each in own_office.log(adam)}
    assert told <= {"record", "case", "appointment", "client", "access-log"}


@dataclass(frozen=True, slots=True)
class Lena:
    """A child of fifteen, seen with her mother; her separated parents speak each for themselves."""

    room: Room
    id: str
    alias: str
    mother: str
    father: str

    @property
    def file(self) -> str:
        """The address of her file."""
        return f"/v1/clients/{self.id}"

    def told(self, on: date | None = None) -> dict[str, Any]:
        """Who speaks for her on a day."""
        self.room.office.settle()
        query = "" if on is None else f"?on={on.isoformat()}"
        return done(self.room.anna.get(f"{self.file}/guardianship{query}"))

    def may(self, on: date | None = None) -> dict[str, list[str]]:
        """In what each of her parents may speak for her on a day."""
        return {each["name"]: each["may"] for each in self.told(on)["representatives"]}

    def says(self, by: str | None = None) -> dict[str, Any]:
        """A consent of hers, or for her."""
        return {"alias": self.alias, "occurred_at": self.room.now, "representative": by}

    def limit(self, order: dict[str, Any]) -> Response:
        """A court's, or a clinic's, wish to limit her father."""
        where = f"{self.file}/representatives/{self.father}/limits"
        return self.room.anna.post(where, order, version=self.room.office.version(self.id))

    def release(self) -> dict[str, Any]:
        """The one release that was asked for."""
        (found,) = self.room.read("/releases")["releases"]
        assert isinstance(found, dict)
        return found


def a_family(office: Office) -> tuple[Lena, str]:
    """Lena with her mother, who is a client too; with the mother's alias."""
    who = {
        "given_name": "Lena",
        "family_name": "Kowal",
        "birth_date": BIRTH.isoformat(),
        "sex": "female",
    }
    lena = made(office.reception.post("/v1/clients", {"identity": who}), "client")
    maria = office.clinic.register_client("Maria")
    parents = []
    for name in ("Maria", "Piotr"):
        speaker = {
            "authority": "holder-of-parental-authority",
            "given_name": name,
            "family_name": "Kowal",
        }
        version = office.version(lena)
        where = f"/v1/clients/{lena}/representatives"
        added = office.reception.post(where, speaker, version=version)
        parents.append(made(added, "representative"))
    family = opened(office, "family", lena, maria)
    p = family.aliases()
    return Lena(family, lena, p[lena], *parents), p[maria]


ORDER = {
    "ground": "court-order",
    "forbids": ["information", "contact"],
    "since": "2026-01-10",
    "decided_on": "2026-01-09",
    "court": "Sąd Rejonowy",
    "words": "Contact is suspended.",
}
EVERY = ["consent", "information", "documentation", "contact"]


def a_court_limits_the_father(lena: Lena) -> str:
    """A court takes something from one of them; the other has what she had."""
    office = lena.room.office
    assert lena.may() == {"Maria Kowal": EVERY, "Piotr Kowal": EVERY}
    limit = made(lena.limit(ORDER), "limit")
    assert lena.may() == {"Maria Kowal": EVERY, "Piotr Kowal": ["consent", "documentation"]}
    (told,) = lena.told()["representatives"][1]["limits"]
    assert (told["words"], told["holds"]) == ("Contact is suspended.", True)
    # The front desk does not read why.
    assert "Contact is suspended" not in office.reception.get(lena.file).text
    assert office.reception.get(f"{lena.file}/guardianship").status_code == 403
    wrong = lena.limit({**ORDER, "ground": "safety"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "forbids")
    return limit


def both_parents_consent(lena: Lena, marias: str) -> str:
    """Under sixteen both parents consent for her, and nobody asks her yet."""
    family = lena.room
    wish = {"recipient": "The school.", "content": "That she comes here."}
    release = family.post("/releases", wish, "release")
    consent = f"/releases/{release}:consent"
    family.change(consent, {"alias": marias, "occurred_at": family.now}, release)
    too_young = family.refused(consent, lena.says(), release)
    assert too_young.json()["field"] == "alias"
    stranger = family.refused(consent, lena.says("f" * 32), release)
    assert stranger.json()["field"] == "representative"
    family.change(consent, lena.says(lena.mother), release)
    assert lena.release()["missing"] == [
        {"alias": lena.alias, "own": False, "representatives": [lena.father]}
    ]
    family.change(consent, lena.says(lena.father), release)
    assert lena.release()["allowed"]
    return release


def what_she_says_alone_is_marked(lena: Lena) -> str:
    """Not to a guardian without review; what is not in the case cannot be marked."""
    family = lena.room
    note = {"kind": "session", "occurred_at": SPAN["starts_at"], "text": "She has a secret."}
    drafted = family.post("/notes", note, "note")
    mark = {
        "item": drafted,
        "kind": "minor-confidential",
        "words": "She asked for it.",
        "alias": lena.alias,
    }
    marked = family.post("/marks", mark, "mark")
    assert family.read("/marks")["marks"][0]["item"] == drafted
    assert family.anna.post(f"{family.path}/marks", {**mark, "item": "f" * 32}).status_code == 404
    return marked


def test_separated_parents_speak_each_for_themselves_until_the_child_is_sixteen_then_eighteen(
    own_office: Office,
) -> None:
    lena, marias = a_family(own_office)
    family, clock = lena.room, own_office.clock
    assert lena.told()["stage"] == "child"
    limit = a_court_limits_the_father(lena)
    release = both_parents_consent(lena, marias)
    marked = what_she_says_alone_is_marked(lena)

    # At midnight in Warsaw she is sixteen: her own word is missing beside her parents'.
    clock.instant = datetime(2026, 5, 16, 21, 59, tzinfo=UTC)
    assert lena.told()["stage"] == "child"
    assert lena.release()["allowed"]
    clock.move(timedelta(minutes=2))
    assert (lena.told()["stage"], lena.told()["own_voice"]) == ("own-voice", True)
    assert lena.release()["missing"] == [{"alias": lena.alias, "own": True, "representatives": []}]
    consent = f"/releases/{release}:consent"
    family.change(consent, lena.says(), release)
    assert lena.release()["allowed"]
    ages = {each["alias"]: each["age"] for each in family.read("/participants")["participants"]}
    assert ages == {lena.alias: "own-voice", marias: "adult"}

    # The court lets her father see her again.
    ending, version = {"on": "2026-06-30"}, own_office.version(lena.id)
    done(own_office.anna.post(f"{lena.file}/limits/{limit}:end", ending, version=version))
    assert lena.may(date(2026, 6, 30))["Piotr Kowal"] == ["consent", "documentation"]
    assert lena.may(date(2026, 7, 1))["Piotr Kowal"] == EVERY

    # At eighteen her parents' rights end; what was recorded before is as it was.
    clock.instant = datetime(2028, 5, 16, 22, 1, tzinfo=UTC)
    assert lena.told()["stage"] == "adult"
    assert lena.may() == {"Maria Kowal": [], "Piotr Kowal": []}
    assert lena.release()["allowed"]
    late = family.refused(consent, lena.says(lena.mother), release)
    assert late.json()["field"] == "representative"
    family.change(f"/marks/{marked}:lift", {"words": "She is of age."}, marked)
    assert family.read("/marks")["marks"][0]["lifted"] == "She is of age."


@dataclass(frozen=True, slots=True)
class Group:
    """A group that is being formed."""

    room: Room
    id: str

    def candidate(self, client: str) -> str:
        """Consider somebody."""
        named = {"client": client, "words": "She asked for a group."}
        return self.room.post("/candidates", named, "candidate")

    def step(self, candidate: str, verb: str, body: object) -> None:
        """Something is found or decided about a candidate."""
        self.room.change(f"/candidates/{candidate}:{verb}", body, candidate)

    def screened(self, candidate: str, words: str = "She listens.") -> None:
        """A talk, and the question whom she knows."""
        talk = {"occurred_at": self.room.now, "suitability": "suitable", "words": words}
        self.step(candidate, "screen", talk)
        self.step(candidate, "check-acquaintances", {"decision": "knows-nobody", "knows": []})

    def accepted(self, client: str) -> str:
        """Somebody who may join and has agreed to the agreement."""
        candidate = self.candidate(client)
        self.screened(candidate)
        self.step(candidate, "accept", {"words": "She and the group will carry each other."})
        terms = self.room.read("/groups")["groups"][0]["agreements"][-1]["terms"]
        agreed = {"occurred_at": self.room.now, "terms": terms}
        self.step(candidate, "accept-agreement", agreed)
        return candidate

    def change(self, verb: str, body: object) -> None:
        """Something happens to the group."""
        self.room.change(f"/groups/{self.id}:{verb}", body, self.id)

    def members(self, on: date | None = None) -> list[dict[str, Any]]:
        """Who took part as a day ended."""
        query = "" if on is None else f"?on={on.isoformat()}"
        found: list[dict[str, Any]] = self.room.read(f"/composition{query}")["members"]
        return found


PLAN = {
    "kind": "closed",
    "least": 5,
    "most": 7,
    "inclusion": "Adults who have lost somebody.",
    "exclusion": "Acute crisis.",
    "setting": "Weekly, 90 minutes, 24 meetings.",
}


@dataclass(frozen=True, slots=True)
class Formed:
    """A group with an agreement, seven who were accepted, and two who were not."""

    group: Group
    seven: tuple[str, ...]
    eighth: str
    ninth: ClientId
    candidates: tuple[str, ...]
    waiting: str
    declined: str


def formed(office: Office) -> Formed:
    """Nine are considered: seven are accepted, one waits, one is declined."""
    people = [office.clinic.register_client(f"Osoba {number}") for number in range(9)]
    seven, eighth, ninth = tuple(people[:7]), people[7], people[8]
    room = opened(office, "group")
    group = Group(room, room.post("/groups", PLAN, "group"))
    assert room.take_in(seven[0]).status_code == 409
    group.change("make-agreement", {"words": "What is said here stays here."})
    candidates = tuple(group.accepted(each) for each in seven)
    waiting, declined = group.candidate(eighth), group.candidate(ninth)
    group.screened(waiting)
    group.step(waiting, "waitlist", {"place": 1, "words": "The next free place is hers."})
    talk = {"occurred_at": room.now, "suitability": "unsuitable", "words": "A crisis comes first."}
    group.step(declined, "screen", talk)
    knows = {"decision": "obstacle", "knows": [candidates[0]], "words": "They are sisters."}
    group.step(declined, "check-acquaintances", knows)
    refused = room.refused(f"/candidates/{declined}:accept", {"words": "Please."}, declined)
    assert problem(refused) == "wrong-state"
    group.step(declined, "decline", {"words": "Crisis work first."})
    return Formed(group, seven, eighth, ninth, candidates, waiting, declined)


def only_the_team_sees_candidates_and_each_finds_it_in_her_log(all_: Formed) -> None:
    """A look at the candidates is a look at each of them; one at the case is not."""
    room = all_.group.room
    told = room.read("/candidates")
    assert told["waiting"] == [all_.waiting]
    line = {each["id"]: each for each in told["candidates"]}[all_.declined]
    assert (line["standing"], line["name"]) == ("declined", "Osoba 8 Zielińska")
    assert line["steps"][1]["knows"] == [all_.candidates[0]]
    assert room.office.log(all_.ninth)[1]["kind"] == "READ"
    assert room.office.bartek.get(f"{room.path}/candidates").status_code == 404
    looks = len(room.office.log(all_.ninth))
    room.read("/groups")
    # One more: the officer's own look.
    assert len(room.office.log(all_.ninth)) == looks + 1


def it_begins_and_takes_nobody_after(all_: Formed) -> date:
    """Seven join a closed group; the eighth comes too late."""
    group, room = all_.group, all_.group.room
    meeting = {"occurred_at": room.now, "present": list(all_.candidates), "words": "The rules."}
    group.change("hold-meeting", meeting)
    now = {"occurred_at": room.now}
    assert problem(room.refused(f"/groups/{group.id}:begin", now, group.id)) == "wrong-state"
    assert room.take_in(all_.eighth).status_code == 409
    for each in all_.seven:
        done(room.take_in(each))
    group.change("begin", now)
    assert len(group.members()) == len(all_.seven)
    late = room.refused(f"/candidates/{all_.waiting}:accept", {"words": "Now."}, all_.waiting)
    assert "closed group" in late.json()["detail"]
    return room.office.clock.now().date()


def erased(office: Office, founded: ByTwo, client: str) -> None:
    """Twenty years on, somebody is erased."""
    erasing = erasing_in(office.clinic, founded[1])
    office.clock.move(timedelta(days=366 * 22))
    wish = {
        "scope": "client",
        "ground": "retention-expired",
        "client": client,
        "hand_over": "declined",
    }
    asked = done(office.officer.post("/v1/erasures", wish), 201)
    assert asked["refused"] is None, asked
    erasure = asked["created"]["erasure"]
    for number in (1, 2):
        assert approve(office, erasing, erasure, number).status_code == 201
    office.settle()
    done(office.officer.post(f"/v1/erasures/{erasure}:complete", version=3))


@pytest.mark.duty(9)
def test_a_group_of_seven_one_of_whom_leaves_and_one_of_whom_is_erased(
    own_office: Office, founded_by_two: ByTwo
) -> None:
    all_ = formed(own_office)
    group, room, seven = all_.group, all_.group.room, all_.seven
    only_the_team_sees_candidates_and_each_finds_it_in_her_log(all_)
    began = it_begins_and_takes_nobody_after(all_)

    p = room.aliases()
    parts = [{"alias": p[each], "text": f"Part {n}."} for n, each in enumerate(seven)]
    text = f"All but {{{{{p[seven[3]]}}}}} spoke."
    note = {"kind": "session", "occurred_at": SPAN["starts_at"], "text": text, "parts": parts}
    written = room.post("/joint-notes", note, "note")
    room.change(f"/notes/{written}:sign", None, written)

    own_office.clock.move(timedelta(days=30))
    done(room.let_go(seven[5]))
    left = own_office.clock.now().date()
    days = (began - timedelta(days=1), began, left - timedelta(days=1), left)
    assert [len(group.members(each)) for each in days] == [0, 7, 7, 6]

    # One of them is erased: the others' record is whole.
    group.change("close", {"words": "The group has come to its end."})
    ending, version = {"outcome": "completed"}, own_office.version(room.case)
    done(room.anna.post(f"{room.path}:close", ending, version=version))
    gone = seven[3]
    erased(own_office, founded_by_two, gone)
    then = {each["client"]: each for each in group.members(began)}
    assert len(then) == len(seven)
    assert (then[gone]["name"], then[gone]["removed"]) == (None, True)
    assert then[seven[0]]["name"] == "Osoba 0 Zielińska"
    told = room.read(f"/notes/{written}")
    assert told["text"] == "All but [removed participant] spoke."
    kept = {each["alias"]: each["text"] for each in told["parts"]}
    assert kept == {each["alias"]: each["text"] for each in parts} | {p[gone]: None}
    found = room.anna.get(f"{room.path}/candidates")
    assert all_.candidates[3] not in [each["id"] for each in found.json()["candidates"]]
    assert "Osoba 3" not in found.text
