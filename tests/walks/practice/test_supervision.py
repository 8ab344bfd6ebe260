"""Supervision over HTTP: arranged, held; a case brought as a pack in which nobody can be told."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from domain.values import CaseId, ClientId, Format, NoteId, PurposeOfUse
from tests.api.http.support import Office, Person, problem, without_trace
from tests.walks.practice.test_therapist import made, read

TOLD = (
    "Zofia Zielińska (tel. 600 100 200, PESEL 44051401359, zofia@poczta.example) była 12.01.2026."
    " Zofii trudno w Zorzy; u Zielińskich cisza."
)
OUTSIDE = {
    "name": "Dr Hanna Przykład",
    "credentials": "certified supervisor",
    "contract": "agreement of 1 February",
    "secrecy_on": "2026-02-01",
}


@dataclass
class Brought:
    """An office in which Anna has a case of Zofia's with a signed note, and a supervision."""

    office: Office
    client: ClientId
    case: CaseId
    note: NoteId
    supervision: str

    @property
    def anna(self) -> Person:
        """The therapist."""
        return self.office.anna

    @property
    def supervisor(self) -> Person:
        """Bartek, who acts as supervisor."""
        return self.office.staff(self.office.people.bartek, PurposeOfUse.SUPERVISION)

    def draft(self, **more: Any) -> Response:
        """Put a pack of the note together."""
        body = {"supervision": self.supervision, "items": [self.note], "hide": ["Zorza"], **more}
        self.office.settle()
        return self.anna.post(f"/v1/cases/{self.case}/case-packs", body)

    def change(self, pack: str, verb: str, body: dict[str, Any] | None = None) -> Response:
        """Change a pack as it stands."""
        self.office.settle()
        path = f"/v1/cases/{self.case}/case-packs/{pack}:{verb}"
        return self.anna.post(path, body, version=self.office.version(pack))

    def issue(self, pack: str, days: int = 14) -> None:
        """Confirm and issue a pack."""
        assert self.change(pack, "confirm").status_code == 200
        until = (self.office.clock.now() + timedelta(days=days)).isoformat()
        issued = self.change(pack, "issue", {"expires_at": until})
        assert issued.status_code == 200, issued.text
        self.office.settle()


def begin(office: Office, **supervision: Any) -> Brought:
    """What there is to bring, and to whom."""
    client = office.clinic.register_client("Zofia")
    case = office.clinic.open_case(client)
    note = office.clinic.draft_note(case, TOLD)
    office.clinic.sign_note(case, note)
    body = {"form": "individual", "starts_on": "2026-02-01", **supervision}
    arranged = made(office.anna.post("/v1/supervisions", body), "supervision")
    return Brought(office, client, case, note, arranged)


@pytest.fixture
def inside(own_office: Office) -> Brought:
    """With a colleague as supervisor."""
    return begin(own_office, supervisor=own_office.people.bartek)


@pytest.fixture
def outside(own_office: Office) -> Brought:
    """With a supervisor who has no account."""
    return begin(own_office, outside=OUTSIDE)


@pytest.mark.duty(16)
def test_a_case_is_brought_to_an_outside_supervisor_on_paper_and_nobody_can_be_told_by_it(
    outside: Brought,
) -> None:
    office, anna, case = outside.office, outside.anna, outside.case
    question = {"question": "What do I not see when she falls silent?"}
    mark = made(anna.post(f"/v1/cases/{case}/supervision-marks", question), "mark")
    (task,) = read(office, anna, "/v1/worklist?kind=supervision")["tasks"]
    assert (task["item"], task["detail"]) == (mark, {"case": case})
    (queued,) = read(office, anna, "/v1/me/supervision")["queue"]
    assert queued["question"] == question["question"]
    pack = made(outside.draft(), "case_pack")
    shown = read(office, anna, f"/v1/case-packs/{pack}")
    (people, note) = (each["text"] for each in shown["sections"])
    assert people == "[A], 35–39"
    days = -shown["link"]["offset_days"]
    assert days % 7 == 0
    assert 21 <= days <= 728
    moved = (office.clock.now() - timedelta(days=days)).date().isoformat()
    assert note.startswith(f"{moved}\n[A] (tel. [#], PESEL [#], [@]) była ")
    assert note.endswith("[A] trudno w [X1]; u [A] cisza.")
    assert shown["link"]["aliases"] == {"A": outside.client}
    assert (shown["confirmed"], shown["revoked"], shown["handed"]) == (False, False, [])
    outside.issue(pack)
    handed = outside.change(pack, "hand-over", {"recipient": OUTSIDE["name"]})
    entry = str(handed.json()["created"]["entry"])
    (recorded,) = read(office, anna, f"/v1/case-packs/{pack}")["handed"]
    assert (recorded["entry"], recorded["recipient"]) == (entry, OUTSIDE["name"])
    printed = anna.get(f"/v1/case-packs/{pack}/pages/{entry}")
    assert sha256(printed.content).hexdigest() == recorded["page"]
    assert entry in printed.text
    page = printed.text.replace(entry, "")
    for known in ("Zofi", "Zieli", "600 100", "44051401359", "poczta", "Zorz", "12.01.2026"):
        assert known not in page
    held = {"occurred_at": office.clock.now().isoformat(), "minutes": 90, "packs": [pack]}
    made(anna.post(f"/v1/supervisions/{outside.supervision}/meetings", held), "meeting")
    words = {"supervision": outside.supervision, "words": "Stay with the silence."}
    advice = made(anna.post(f"/v1/cases/{case}/supervision-advice", words), "advice")
    assert anna.post(f"/v1/cases/{case}/supervision-marks/{mark}:bring").status_code == 200
    own = read(office, anna, "/v1/me/supervision")
    assert (own["queue"], own["hours"]) == ([], [{"year": 2026, "minutes": 90}])
    assert [each["id"] for each in own["advice"]] == [advice]
    assert own["supervisions"][0]["outside"] == list(OUTSIDE.values())
    (year,) = read(office, anna, "/v1/me/portfolio")["years"]
    assert year["supervision_minutes"] == 90
    read_back = read(office, anna, f"/v1/supervision-advice/{advice}")
    assert read_back["words"] == "Stay with the silence."
    assert read(office, anna, "/v1/worklist?kind=supervision")["tasks"] == []
    assert outside.change(pack, "revoke").status_code == 200
    assert outside.change(pack, "hand-over", {"recipient": "Somebody"}).status_code == 409


def test_an_inside_supervisor_reads_on_line_until_the_pack_expires_or_is_revoked(
    inside: Brought,
) -> None:
    office, bartek = inside.office, inside.supervisor
    pack, other = made(inside.draft(), "case_pack"), made(inside.draft(), "case_pack")
    path, missing = f"/v1/case-packs/{pack}", bartek.get(f"/v1/case-packs/{uuid4().hex}")
    assert without_trace(bartek.get(path)) == without_trace(missing)
    inside.issue(pack)
    inside.issue(other, days=30)
    seen = bartek.get(path)
    assert seen.status_code == 200, seen.text
    assert seen.json()["sections"][1]["text"].endswith("[A] trudno w [X1]; u [A] cisza.")
    assert [seen.json()[each] for each in ("case", "link", "handed")] == [None] * 3
    looks = [each for each in office.log(inside.client) if each["actor"] == bartek.id]
    last = looks[0]
    assert (last["kind"], last["mode"], last["purpose"]) == ("READ", "supervision", "SUPERVISION")
    assert (last["object_type"], last["classes"]) == ("record", ["record"])
    own = read(office, bartek, "/v1/me/supervision")
    assert {each["id"] for each in own["packs"]} == {pack, other}
    assert {each["case"] for each in own["packs"]} == {None}
    # For nothing else, and nowhere else.
    assert bartek.get(f"/v1/cases/{inside.case}").status_code in (403, 404)
    assert office.bartek.get(path).status_code == 403
    assert office.bartek.get(f"/v1/cases/{inside.case}").status_code == 404
    assert inside.change(pack, "hand-over", {"recipient": "Bartek"}).status_code == 409
    for change in ("confirm", "revoke"):
        where = f"/v1/cases/{inside.case}/case-packs/{pack}:{change}"
        assert bartek.post(where, version=office.version(pack)).status_code == 404
    assert inside.change(pack, "revoke").status_code == 200
    assert without_trace(bartek.get(path)) == without_trace(missing)
    assert bartek.get(f"/v1/case-packs/{other}").status_code == 200
    office.clock.move(timedelta(days=31))
    expired = inside.supervisor.get(f"/v1/case-packs/{other}")
    assert without_trace(expired) == without_trace(missing)
    assert read(office, inside.supervisor, "/v1/me/supervision")["packs"] == []
    assert inside.anna.get(f"/v1/case-packs/{other}").status_code == 200


def test_when_supervision_ends_so_does_the_supervisors_reading(inside: Brought) -> None:
    office, bartek = inside.office, inside.supervisor
    pack = made(inside.draft(), "case_pack")
    inside.issue(pack)
    assert bartek.get(f"/v1/case-packs/{pack}").status_code == 200
    where = f"/v1/supervisions/{inside.supervision}"
    version = office.version(inside.supervision)
    ended = inside.anna.post(f"{where}:end", {"on": "2026-03-02"}, version=version)
    assert ended.status_code == 200, ended.text
    assert bartek.get(f"/v1/case-packs/{pack}").status_code == 404
    assert inside.draft().status_code == 409


def test_advice_is_for_its_author_and_the_named_supervisor_and_nobody_else(
    inside: Brought,
) -> None:
    office = inside.office
    office.clinic.join_team(inside.case, office.people.bartek)
    celina = begin(office, outside=OUTSIDE)
    words = {"supervision": celina.supervision, "words": "Slower."}
    alone = made(office.anna.post(f"/v1/cases/{inside.case}/supervision-advice", words), "advice")
    words = {"supervision": inside.supervision, "words": "Deeper."}
    shared = made(office.anna.post(f"/v1/cases/{inside.case}/supervision-advice", words), "advice")
    office.settle()
    assert inside.supervisor.get(f"/v1/supervision-advice/{shared}").json()["words"] == "Deeper."
    # Bartek cares for the case; of what another supervisor advised he hears nothing for all that.
    assert inside.supervisor.get(f"/v1/supervision-advice/{alone}").status_code == 404
    assert "Slower" not in office.bartek.get(f"/v1/cases/{inside.case}").text
    assert [each["id"] for each in read(office, inside.supervisor, "/v1/me/supervision")["advice"]]
    assert office.officer.get(f"/v1/supervision-advice/{alone}").status_code == 403


def test_names_are_shown_with_everybodys_consent_alone_and_no_longer_than_it_is_given(
    inside: Brought,
) -> None:
    bartek = inside.supervisor
    refused = inside.draft(identified=True)
    assert (refused.status_code, problem(refused)) == (409, "wrong-state")
    where = f"/v1/clients/{inside.client}/consents"
    consent = {
        "answer": "given",
        "scope": "supervision",
        "purpose": "supervision with her name",
        "form": "written",
    }
    given = made(inside.anna.post(where, consent), "consent")
    pack = made(inside.draft(identified=True), "case_pack")
    inside.issue(pack)
    shown = bartek.get(f"/v1/case-packs/{pack}").json()
    assert shown["identified"] is True
    assert TOLD in shown["sections"][1]["text"]
    withdrawn = inside.anna.post(f"{where}/{given}:withdraw", {"form": "oral"})
    assert withdrawn.status_code == 200, withdrawn.text
    assert bartek.get(f"/v1/case-packs/{pack}").status_code == 404


def test_a_supervisor_with_a_conflict_of_interest_reads_nothing_of_hers(inside: Brought) -> None:
    pack = made(inside.draft(), "case_pack")
    inside.issue(pack)
    body = {"kind": "neighbour", "person": "next door", "phone": "600 100 200"}
    made(inside.office.bartek.post("/v1/me/conflicts", body), "conflict")
    assert inside.supervisor.get(f"/v1/case-packs/{pack}").status_code == 404
    assert read(inside.office, inside.supervisor, "/v1/me/supervision")["packs"] == []


def test_nothing_is_issued_unread_nor_for_too_long_nor_by_anybody_else(inside: Brought) -> None:
    office = inside.office
    pack = made(inside.draft(), "case_pack")
    soon = {"expires_at": (office.clock.now() + timedelta(days=1)).isoformat()}
    late = {"expires_at": (office.clock.now() + timedelta(days=91)).isoformat()}
    assert inside.change(pack, "issue", soon).status_code == 409
    stale = inside.anna.post(f"/v1/cases/{inside.case}/case-packs/{pack}:confirm", version=9)
    assert stale.status_code == 412
    assert inside.change(pack, "confirm").status_code == 200
    assert inside.change(pack, "issue", late).status_code == 422
    assert inside.draft(items=[uuid4().hex]).json()["field"] == "items"
    assert inside.draft(items=[]).status_code == 422
    other = office.clinic.open_case(inside.client, by=office.people.bartek)
    foreign = inside.anna.post(
        f"/v1/cases/{other}/case-packs", {"supervision": "0" * 32, "items": [pack]}
    )
    assert foreign.status_code == 404


def test_a_group_is_supervised_and_everybody_keeps_her_own_hours(own_office: Office) -> None:
    office, anna, bartek = own_office, own_office.anna, own_office.bartek
    both = [office.people.anna, office.people.bartek]
    body = {
        "form": "group",
        "starts_on": "2026-02-01",
        "supervisees": both,
        "outside": OUTSIDE,
    }
    supervision = made(anna.post("/v1/supervisions", body), "supervision")
    meeting = {"occurred_at": "2026-03-01T15:00:00Z", "minutes": 120}
    path = f"/v1/supervisions/{supervision}/meetings"
    made(anna.post(path, {**meeting, "participants": both}), "meeting")
    made(bartek.post(path, {**meeting, "minutes": 60}), "meeting")
    for who, minutes in ((anna, 120), (bartek, 180)):
        hours = read(office, who, "/v1/me/supervision")["hours"]
        assert hours == [{"year": 2026, "minutes": minutes}]
    ahead = anna.post(path, {**meeting, "occurred_at": "2026-03-09T15:00:00Z"})
    assert (ahead.status_code, ahead.json()["field"]) == (422, "occurred_at")
    assert office.reception.post(path, meeting).status_code == 403
    alone = {**body, "form": "individual"}
    assert anna.post("/v1/supervisions", alone).status_code == 422


def test_of_a_couple_a_pack_tells_neither(own_office: Office) -> None:
    office, clinic = own_office, own_office.clinic
    brought = begin(office, supervisor=office.people.bartek)
    partner = clinic.register_client("Jan")
    couple = clinic.open_case(brought.client, partner, room=Format.COUPLE)
    office.settle()
    members = office.anna.get(f"/v1/cases/{couple}").json()["members"]
    aliases = {each["client"]: each["alias"] for each in members}
    words = f"{{{{{aliases[partner]}}}}} milczy, Zofia mówi; Zielińscy czekają."
    note = clinic.draft_note(couple, words)
    clinic.sign_note(couple, note)
    both = Brought(office, brought.client, couple, note, brought.supervision)
    pack = made(both.draft(), "case_pack")
    both.issue(pack)
    shown = both.supervisor.get(f"/v1/case-packs/{pack}").json()["sections"]
    letters = read(office, office.anna, f"/v1/case-packs/{pack}")["link"]["aliases"]
    letter = {client: each for each, client in letters.items()}
    his, hers = letter[partner], letter[brought.client]
    assert shown[1]["text"].endswith(f"\n[{his}] milczy, [{hers}] mówi; [A/B] czekają.")
    for client in (partner, brought.client):
        (first, *_) = (each for each in office.log(client) if each["kind"] == "READ")
        assert first["mode"] == "supervision"


@pytest.mark.parametrize(
    "told",
    [
        unicodedata.normalize("NFD", "Zofia Zielińska i mąż Zielińskiej."),
        "Zo\u200bfia Zie\u00adlińska.",
        "PESEL44051401359, tel600100200.",
    ],
    ids=["accents apart", "invisible characters", "numbers glued to letters"],
)
def test_no_way_of_writing_a_name_brings_it_into_a_pack(outside: Brought, told: str) -> None:
    note = outside.office.clinic.draft_note(outside.case, told)
    outside.office.clinic.sign_note(outside.case, note)
    pack = made(outside.draft(items=[note]), "case_pack")
    shown = read(outside.office, outside.anna, f"/v1/case-packs/{pack}")
    (text,) = (each["text"] for each in shown["sections"] if each["text"] != "[A], 35–39")
    plain = unicodedata.normalize("NFC", text)
    for known in ("Zofia", "Zieli", "ńsk", "44051401359", "600100200"):
        assert known not in plain
