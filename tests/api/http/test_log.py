"""The log over HTTP: what anybody may check, what is recorded, what is said when it is broken."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from fastapi import APIRouter
from httpx2 import Response

from api.compose import Broken, Clinic
from api.http.auth import Who
from api.http.conditions import token_for
from api.http.log import EntryRoute
from api.http.recorded import RecordedRoute, leaves
from domain.values import CaseId
from infrastructure.ledger.check import Row
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.entry import ENTRY_SIZE, Entry
from infrastructure.ledger.errors import LogBroken, ProofRefused, SignatureRefused
from infrastructure.ledger.merkle import CompactRange, leaf_hash, verify_consistency
from infrastructure.ledger.note import Verifier
from infrastructure.ledger.proof import TlogProof
from infrastructure.ledger.receipt import AppendReceipt
from infrastructure.ledger.trust import Trust
from tests.api.http.support import Office, Person, failing_store, problem, publish, without_trace

WORDS = "She spoke of the river."
NOTE = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": WORDS}
ODD_PLACES = (
    "",
    "0",
    "00",
    "0000",
    "x000/000",
    "001/002",
    "x001/x002",
    "000.p/0",
    "000.p/00",
    "000.p/01",
    "000.p/256",
    "000.p/257",
    "000.p/1/",
    "000.p",
    "000.P/1",
    "000/",
    "/000",
    "-01",
    "+01",
    "0_0",
    "00a",
    "\N{ARABIC-INDIC DIGIT ZERO}00",
    "000%0A",
    "000%00",
    "..%2F..%2F000",
    "../000",
    "%2e%2e/000",
    "x999/" * 6 + "999",
    "x999/" * 7 + "999",
    "x999/" * 400 + "999",
)


def made_public(office: Office) -> Trust:
    """A checkpoint of everything up to now."""
    office.clinic.open_case()
    return publish(office)


@pytest.fixture(scope="module")
def trust(office: Office) -> Trust:
    """Whom the policy of the published log trusts."""
    return made_public(office)


@pytest.fixture
def case(own_office: Office) -> CaseId:
    """A case with a note in it, as far as projections go."""
    case = own_office.clinic.open_case()
    own_office.clinic.draft_note(case, WORDS)
    own_office.settle()
    return case


def rows(office: Office) -> list[Row]:
    return office.clinic.clinic.folder.store.rows(0, 10_000)


def published(office: Office, trust: Trust) -> Checkpoint:
    found = office.door.get("/v1/log/checkpoint")
    assert found.status_code == 200, found.text
    return trust.require(found.content).checkpoint


def log_folder(office: Office) -> Path:
    return office.clinic.clinic.folder.layout.log


def trail(office: Office, who: str) -> dict[str, Any]:
    """The newest line of the audit trail that somebody has left."""
    found = office.officer.get(f"/v1/audit-trail?actor={who}&limit=2")
    entries = [each for each in found.json()["entries"] if each["object_type"] != "audit-trail"]
    newest: dict[str, Any] = entries[0]
    return newest


def poison(path: Path) -> None:
    """Flip a bit in the first hash of every tile of a level, or in every bundle."""
    for each in path.rglob("*"):
        if each.is_file():
            data = bytearray(each.read_bytes())
            data[7] ^= 1
            each.write_bytes(bytes(data))


class TestWithoutAToken:
    def test_the_checkpoint_is_that_of_the_stored_log_and_says_nothing_else(
        self, office: Office, trust: Trust
    ) -> None:
        found = office.door.get("/v1/log/checkpoint")
        assert found.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert found.headers["Cache-Control"] == "public, max-age=5"
        checkpoint = trust.require(found.content).checkpoint
        tree = CompactRange()
        tree.extend(row.leaf for row in rows(office)[: checkpoint.size])
        assert checkpoint.root == tree.root()
        text, _, signatures = found.text.partition("\n\n")
        assert len(text.split("\n")) == 3
        assert all(line.startswith("\N{EM DASH} ") for line in signatures.splitlines())

    def test_the_policy_is_the_file_that_a_verifier_pins(
        self, office: Office, trust: Trust
    ) -> None:
        found = office.door.get("/v1/log/policy")
        assert found.headers["Content-Type"].startswith("text/plain")
        assert Trust.parse(found.content) == trust

    def test_the_key_of_receipts_is_one_line(self, office: Office) -> None:
        found = office.door.get("/v1/log/receipt-key")
        (line,) = found.text.splitlines()
        assert Verifier.parse(line) == office.clinic.clinic.folder.receipts

    def test_nothing_else_of_the_log_is_shown(self, office: Office, trust: Trust) -> None:
        stranger = Person(office.door, "", "no token", "TREAT")
        for path in (
            "log/tile/0/000.p/1",
            "log/tile/entries/000.p/1",
            "log/control/000.p/1",
            "log/proofs/inclusion/0",
            "log/proofs/consistency?from=1&to=2",
            "incidents",
        ):
            refused = stranger.get(f"/v1/{path}")
            assert (refused.status_code, problem(refused)) == (401, "unauthenticated"), path

    def test_a_note_that_no_log_of_the_policy_has_signed_is_not_handed_out(
        self, own_office: Office
    ) -> None:
        made_public(own_office)
        path = log_folder(own_office) / "checkpoint"
        note = path.read_bytes()
        path.write_bytes(note.replace(b"\n", b"\n0", 1))
        refused = own_office.door.get("/v1/log/checkpoint")
        assert (refused.status_code, problem(refused)) == (500, "integrity-failure")


class TestBeforeThereIsACheckpoint:
    @pytest.mark.parametrize("path", ["checkpoint", "policy"])
    def test_whoever_asks_is_told_so(self, own_office: Office, path: str) -> None:
        refused = own_office.door.get(f"/v1/log/{path}")
        assert (refused.status_code, problem(refused)) == (409, "not-published")

    @pytest.mark.parametrize("path", ["inclusion/0", "consistency?from=1&to=2"])
    def test_nothing_is_proved(self, own_office: Office, path: str) -> None:
        refused = own_office.anna.get(f"/v1/log/proofs/{path}")
        assert (refused.status_code, problem(refused)) == (409, "not-published")

    @pytest.mark.parametrize("path", ["tile/0/000.p/1", "tile/entries/000.p/1", "control/000.p/1"])
    def test_there_is_no_tile(self, own_office: Office, path: str) -> None:
        refused = own_office.officer.get(f"/v1/log/{path}")
        assert (refused.status_code, problem(refused)) == (404, "not-found")


class TestTiles:
    def test_of_every_width_are_the_leaves_of_the_stored_rows(
        self, office: Office, trust: Trust
    ) -> None:
        size = published(office, trust).size
        leaves = b"".join(row.leaf for row in rows(office))
        for width in range(1, size + 1):
            found = office.client(office.people.client).get(f"/v1/log/tile/0/000.p/{width}")
            assert found.content == leaves[: width * 32]
            assert found.headers["Content-Type"] == "application/octet-stream"
            assert found.headers["Cache-Control"] == "private, max-age=31536000, immutable"

    def test_leave_no_event(self, office: Office, trust: Trust) -> None:
        events = office.events()
        assert office.anna.get("/v1/log/tile/0/000.p/1").status_code == 200
        assert office.anna.get("/v1/log/proofs/inclusion/0").status_code == 200
        assert office.events() == events

    def test_beyond_the_checkpoint_are_not_there(self, office: Office, trust: Trust) -> None:
        size = published(office, trust).size
        office.clinic.open_case()
        for path in (f"0/000.p/{size + 1}", "0/000", "0/001", "0/001.p/1", "1/000.p/1", "63/000"):
            refused = office.anna.get(f"/v1/log/tile/{path}")
            assert (refused.status_code, problem(refused)) == (404, "not-found"), path

    @pytest.mark.parametrize("place", ODD_PLACES)
    def test_under_an_odd_path_are_not_there(
        self, office: Office, trust: Trust, place: str
    ) -> None:
        events = office.events()
        for where in ("tile/0", "tile/entries", "control"):
            refused = office.officer.get(f"/v1/log/{where}/{place}")
            assert (refused.status_code, problem(refused)) == (404, "not-found"), where
        assert office.events() == events

    @pytest.mark.parametrize(
        "level", ["00", "01", "-1", "+1", "64", "100", "a", "", ".", "..", "Entries", "0x0"]
    )
    def test_of_an_odd_level_are_not_there(self, office: Office, trust: Trust, level: str) -> None:
        refused = office.anna.get(f"/v1/log/tile/{level}/000.p/1")
        assert (refused.status_code, problem(refused)) == (404, "not-found")


class TestEntriesAndControlRecords:
    PATHS = ("tile/entries/000.p/3", "control/000.p/3", "proofs/inclusion/2?entry=true")

    def test_are_those_of_the_stored_rows(self, office: Office, trust: Trust) -> None:
        bundle = office.officer.get("/v1/log/tile/entries/000.p/3").content
        head = ENTRY_SIZE.to_bytes(2, "big")
        entries = [each[2:] for each in _cut(bundle, ENTRY_SIZE + 2)]
        assert bundle == b"".join(head + each for each in entries)
        assert [leaf_hash(each) for each in entries] == [row.leaf for row in rows(office)[:3]]
        controls = office.officer.get("/v1/log/control/000.p/3").content
        first = rows(office)[0].record or b""
        assert controls.startswith(b"\x00" + len(first).to_bytes(4, "big") + first)

    def test_are_the_bytes_that_were_published(self, office: Office, trust: Trust) -> None:
        size = published(office, trust).size
        for where in ("tile/entries", "control"):
            found = office.officer.get(f"/v1/log/{where}/000.p/{size}")
            file = log_folder(office) / where / "000.p" / str(size)
            assert found.content == file.read_bytes()
            assert found.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("path", PATHS)
    def test_leave_a_line_that_says_how_many_were_shown(
        self, office: Office, trust: Trust, path: str
    ) -> None:
        officer, events = office.officer, office.events()
        assert officer.get(f"/v1/log/{path}").status_code == 200
        assert office.events() == events + 1
        office.settle()
        line = trail(office, officer.id)
        assert (line["kind"], line["object_type"], line["outcome"]) == ("AUDIT_READ", "log", "0")
        assert line["count"] == (1 if "entry" in path else 3)

    @pytest.mark.parametrize("path", PATHS)
    def test_are_the_officers_alone_and_a_refusal_is_recorded(
        self, office: Office, trust: Trust, path: str
    ) -> None:
        client = office.client(office.people.client)
        for somebody in (office.anna, office.reception, office.administrator, client):
            events = office.events()
            refused = somebody.get(f"/v1/log/{path}")
            assert (refused.status_code, problem(refused)) == (403, "forbidden")
            assert office.events() == events + 1
        office.settle()
        line = trail(office, office.people.anna)
        assert (line["kind"], line["object_type"]) == ("DENY", "log")

    @pytest.mark.parametrize("path", PATHS)
    def test_are_not_shown_when_the_look_cannot_be_recorded(
        self, office: Office, trust: Trust, path: str
    ) -> None:
        officer = office.officer
        with failing_store(office):
            refused = officer.get(f"/v1/log/{path}")
        assert (refused.status_code, problem(refused)) == (503, "record-unavailable")

    def test_are_for_the_purpose_of_a_review(self, office: Office, trust: Trust) -> None:
        for path in self.PATHS:
            refused = office.officer.get(f"/v1/log/{path}", headers={"Purpose-Of-Use": "TREAT"})
            assert (refused.status_code, problem(refused)) == (403, "forbidden")

    def test_that_leave_no_event_are_withheld_by_their_route(self, office: Office) -> None:
        router = APIRouter(route_class=EntryRoute)

        @router.get("/v1/careless-entry", openapi_extra=leaves("AUDIT_READ", audience="officer"))
        async def careless(who: Who) -> str:
            return f"{who.actor.id} {WORDS}"

        office.app.include_router(router)
        assert WORDS in office.anna.get("/v1/careless-entry").text
        withheld = office.anna.get("/v1/careless-entry?entry=true")
        assert (withheld.status_code, problem(withheld)) == (503, "record-unavailable")
        assert WORDS not in withheld.text

    def test_that_were_damaged_are_an_integrity_failure(self, own_office: Office) -> None:
        made_public(own_office)
        for each in (log_folder(own_office) / "tile").rglob("*"):
            if each.is_file():
                each.write_bytes(each.read_bytes()[:-1])
        for path in ("tile/0/000.p/1", "tile/entries/000.p/1"):
            refused = own_office.officer.get(f"/v1/log/{path}")
            assert (refused.status_code, problem(refused)) == (500, "integrity-failure")


class TestProofs:
    def test_of_inclusion_verify_by_the_policy(self, office: Office, trust: Trust) -> None:
        size, client = published(office, trust).size, office.client(office.people.client)
        for row in rows(office)[:size]:
            found = client.get(f"/v1/log/proofs/inclusion/{row.position}")
            assert found.headers["Content-Type"].startswith("text/plain")
            proof = TlogProof.parse(found.content)
            assert (proof.index, proof.extra) == (row.position, None)
            assert proof.verify(row.leaf, trust).checkpoint.size == size

    def test_with_the_entry_carry_it(self, office: Office, trust: Trust) -> None:
        row = rows(office)[4]
        found = office.officer.get("/v1/log/proofs/inclusion/4?entry=true")
        proof = TlogProof.parse(found.content)
        assert proof.extra is not None
        proof.verify(leaf_hash(proof.extra), trust)
        assert leaf_hash(proof.extra) == row.leaf
        assert Entry.unpack(proof.extra).stream_id == row.stream_id

    def test_of_what_no_checkpoint_covers_are_refused(self, office: Office, trust: Trust) -> None:
        size = published(office, trust).size
        office.clinic.open_case()
        paths = [f"inclusion/{each}" for each in (size, size + 1, 2**62, 10**19 - 1)]
        paths += [f"consistency?from=1&to={each}" for each in (size + 1, 2**62)]
        for path in paths:
            refused = office.anna.get(f"/v1/log/proofs/{path}")
            assert (refused.status_code, problem(refused)) == (409, "not-covered"), path

    @pytest.mark.parametrize("at", ["-1", "+1", "01", "1.0", "1_0", "x", "%20", "0x1", "9" * 20])
    def test_of_an_odd_position_are_not_there(self, office: Office, trust: Trust, at: str) -> None:
        refused = office.anna.get(f"/v1/log/proofs/inclusion/{at}")
        assert (refused.status_code, problem(refused)) == (404, "not-found")

    @pytest.mark.parametrize("entry", ["false", "1", "True", ""])
    def test_are_asked_for_with_the_entry_in_one_way(self, office: Office, entry: str) -> None:
        refused = office.officer.get(f"/v1/log/proofs/inclusion/0?entry={entry}")
        assert (refused.status_code, problem(refused)) == (422, "validation")

    def test_of_consistency_verify(self, office: Office, trust: Trust) -> None:
        checkpoint = published(office, trust)
        roots = [CompactRange().root()]
        tree = CompactRange()
        for row in rows(office)[: checkpoint.size]:
            tree.append(row.leaf)
            roots.append(tree.root())
        for old in range(1, checkpoint.size + 1):
            found = office.anna.get(f"/v1/log/proofs/consistency?from={old}&to={checkpoint.size}")
            hashes = [base64.b64decode(line, validate=True) for line in found.text.splitlines()]
            verify_consistency(old, checkpoint.size, roots[old], checkpoint.root, hashes)

    @pytest.mark.parametrize(
        "query", ["from=0&to=2", "from=3&to=2", "from=1", "to=1", "from=a&to=2"]
    )
    def test_of_sizes_that_make_none_are_refused(
        self, office: Office, trust: Trust, query: str
    ) -> None:
        refused = office.anna.get(f"/v1/log/proofs/consistency?{query}")
        assert (refused.status_code, problem(refused)) == (422, "validation")
        assert office.clinic.clinic.incidents.all() == []

    def test_out_of_a_poisoned_tile_reach_nobody_and_make_the_record_read_only(
        self, own_office: Office
    ) -> None:
        office = own_office
        made_public(office)
        poison(log_folder(office) / "tile" / "0")
        refused = office.anna.get("/v1/log/proofs/inclusion/3")
        assert (refused.status_code, problem(refused)) == (503, "integrity-incident")
        assert "Incident 1." in refused.json()["detail"]
        assert refused.headers["Record-Integrity"] == "incident 1; log"
        assert [each.code for each in office.clinic.clinic.incidents.open()] == ["E-ROOT"]


class TestAReceipt:
    def written(self, office: Office, case: CaseId) -> Response:
        found = office.anna.post(f"/v1/cases/{case}/notes", NOTE)
        assert found.status_code == 201, found.text
        return found

    def test_verifies_by_the_published_key_and_then_against_the_log(
        self, own_office: Office, case: CaseId
    ) -> None:
        office = own_office
        told = self.written(office, case).json()
        assert len(told["receipts"]) == len(told["leaves"]) == 1
        key = Verifier.parse(office.door.get("/v1/log/receipt-key").text.strip())
        receipt = AppendReceipt.verified(told["receipts"][0].encode(), key)
        assert receipt.origin == office.clinic.desk.origin
        assert (receipt.position, receipt.leaf) == (
            told["position"],
            base64.b64decode(told["leaves"][0]),
        )
        trust = publish(office)
        proof = TlogProof.parse(
            office.anna.get(f"/v1/log/proofs/inclusion/{receipt.position}").content
        )
        assert proof.verify(receipt.leaf, trust).checkpoint.origin == receipt.origin
        with pytest.raises(ProofRefused):
            proof.verify(leaf_hash(b"another"), trust)

    def test_that_was_altered_is_nobodys(self, own_office: Office, case: CaseId) -> None:
        told = self.written(own_office, case).json()
        key = Verifier.parse(own_office.door.get("/v1/log/receipt-key").text.strip())
        altered = told["receipts"][0].replace(f"\n{told['position']}\n", "\n1\n")
        assert altered != told["receipts"][0]
        with pytest.raises(SignatureRefused):
            AppendReceipt.verified(altered.encode(), key)


class TestWhileTheRecordIsReadOnly:
    @pytest.fixture
    def halted(self, own_office: Office, case: CaseId) -> Office:
        """An office whose log was found broken."""
        own_office.clinic.clinic.folder.guard.report("E-ROOT", stream=None, position=3)
        return own_office

    def spool(self, office: Office) -> Path:
        return office.clinic.clinic.folder.layout.spool

    def test_a_case_is_still_shown_under_a_banner_and_the_look_is_kept(
        self, halted: Office, case: CaseId
    ) -> None:
        events = halted.events()
        assert not self.spool(halted).exists()
        found = halted.anna.get(f"/v1/cases/{case}")
        assert (found.status_code, found.json()["case"]) == (200, case)
        assert len(found.json()["notes"]) == 1
        assert found.headers["Record-Integrity"] == "incident 1; log"
        first = self.spool(halted).stat().st_size
        assert first > 0
        note = found.json()["notes"][0]["id"]
        read = halted.anna.get(f"/v1/cases/{case}/notes/{note}")
        assert read.json()["text"] == WORDS
        assert self.spool(halted).stat().st_size > first
        assert halted.events() == events

    def test_nothing_is_written_and_it_says_why(self, halted: Office, case: CaseId) -> None:
        events = halted.events()
        refused = halted.anna.post(f"/v1/cases/{case}/notes", NOTE)
        assert (refused.status_code, problem(refused)) == (503, "integrity-incident")
        assert refused.json()["detail"].endswith("Incident 1.")
        assert refused.headers["Record-Integrity"] == "incident 1; log"
        assert "Retry-After" not in refused.headers
        assert halted.events() == events

    def test_whoever_signs_in_and_reads_an_access_log_may_go_on(self, halted: Office) -> None:
        refused = halted.door.post("/v1/sign-in", json={"name": "nobody", "password": "whatever"})
        assert (refused.status_code, problem(refused)) == (401, "unauthenticated")
        assert halted.log(halted.people.client)

    def test_nobody_waits_for_what_is_not_written_any_more(
        self, halted: Office, case: CaseId
    ) -> None:
        lost = {"Consistency-Token": token_for(2**60), "Prefer": "wait=30"}
        begun = monotonic()
        found = halted.anna.get(f"/v1/cases/{case}", headers=lost)
        assert (found.status_code, found.json()["case"]) == (200, case)
        assert monotonic() - begun < 5

    def test_nobody_waits_for_projections_that_cannot_go_on(self, slow_office: Office) -> None:
        slow_office.clinic.clinic.folder.guard.report("E-GAP", stream=None, position=3)
        slow_office.clinic.clinic._trouble = "E-GAP"
        begun = monotonic()
        found = slow_office.officer.get(f"/v1/clients/{slow_office.people.client}/access-log")
        assert (found.status_code, found.json()["entries"]) == (200, [])
        assert monotonic() - begun < 3

    def test_what_nobody_follows_is_shown_as_far_as_it_goes(
        self, slow_office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Clinic.reach, "__kwdefaults__", {"seconds": 0.1})
        path = f"/v1/clients/{slow_office.people.client}/access-log"
        assert problem(slow_office.officer.get(path)) == "projection-behind"
        slow_office.clinic.clinic.folder.guard.report("E-ROOT", stream=None, position=3)
        shown = slow_office.officer.get(path)
        assert (shown.status_code, shown.json()["entries"]) == (200, [])
        assert shown.headers["Record-Integrity"] == "incident 1; log"

    def test_the_server_stays_ready(self, halted: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(halted.clinic.clinic, "_trouble", "E-GAP")
        found = halted.door.get("/readyz")
        assert found.status_code == 200
        assert found.json() == {"status": "read-only: an incident is open"}
        assert found.headers["Record-Integrity"] == "incident 1; log"

    def test_every_answer_says_so_until_it_is_settled(self, halted: Office) -> None:
        answers = [
            halted.door.get("/healthz"),
            halted.door.get("/v1/nowhere"),
            halted.door.get("/v1/caseload"),
            halted.door.post("/v1/sign-in", content=b"x" * 2_000_000),
        ]
        assert {each.headers["Record-Integrity"] for each in answers} == {"incident 1; log"}
        halted.clinic.clinic.incidents.settle(1, halted.clock.now())
        assert "Record-Integrity" not in halted.door.get("/healthz").headers


class TestAnIncidentOfOneStream:
    def test_is_told_on_every_answer_and_stops_nothing_else(
        self, own_office: Office, case: CaseId
    ) -> None:
        office = own_office
        other = office.clinic.open_case()
        office.clinic.clinic.folder.guard.report(
            "E-AEAD", stream=bytes.fromhex(case), position=None
        )
        ready = office.door.get("/readyz")
        assert ready.json() == {"status": "ok, with an open incident"}
        assert ready.headers["Record-Integrity"] == "incident 1; stream"
        problem_stated = {"words": "She fears the river."}
        version = office.version(case)
        refused = office.anna.post(f"/v1/cases/{case}/problems", problem_stated, version=version)
        assert (refused.status_code, problem(refused)) == (503, "integrity-incident")
        taken = office.anna.post(f"/v1/cases/{other}/problems", problem_stated, version=1)
        assert taken.status_code == 201

    def test_gives_way_in_the_header_to_one_of_the_log(self, own_office: Office) -> None:
        guard = own_office.clinic.clinic.folder.guard
        guard.report("E-AEAD", stream=bytes(16), position=1)
        guard.report("E-FORK", stream=None, position=2)
        found = own_office.door.get("/healthz")
        assert found.headers["Record-Integrity"] == "incident 2; log"


class TestIncidents:
    def test_are_told_by_code_and_position_to_officer_and_administrator(
        self, own_office: Office
    ) -> None:
        office = own_office
        assert office.officer.get("/v1/incidents").json() == []
        guard, stream = office.clinic.clinic.folder.guard, bytes(range(16))
        guard.report("E-AEAD", stream=stream, position=7)
        guard.report("E-ROOT", stream=None, position=9)
        guard.incidents.settle(2, office.clock.now())
        at = office.clock.now().isoformat()
        for somebody in (office.officer, office.administrator):
            told = somebody.get("/v1/incidents")
            assert told.json() == [
                _told(1, at, "E-AEAD", "stream", 7, settled=False),
                _told(2, at, "E-ROOT", "log", 9, settled=True),
            ]
            assert stream.hex() not in told.text

    def test_are_nobody_elses_and_a_refusal_is_recorded(self, office: Office) -> None:
        client = office.client(office.people.client)
        for somebody in (office.anna, office.reception, client):
            events = office.events()
            refused = somebody.get("/v1/incidents")
            assert (refused.status_code, problem(refused)) == (403, "forbidden")
            assert office.events() == events + 1

    def test_whose_list_was_altered_are_told_as_such(self, own_office: Office) -> None:
        own_office.clinic.clinic.folder.layout.incidents.write_bytes(b"nonsense\n")
        found = own_office.door.get("/healthz")
        assert found.headers["Record-Integrity"] == "incident unknown; log"
        refused = own_office.officer.get("/v1/incidents")
        assert (refused.status_code, problem(refused)) == (500, "integrity-failure")


def test_whatever_the_ledger_refuses_is_one_uniform_failure(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    refusals = {
        "broken": Broken("E-AEAD", "a record"),
        "log-broken": LogBroken("E-GAP", 4, bytes(16), "a row", "none"),
        "proof-refused": ProofRefused("root", expected=bytes(32), found=bytes(32)),
    }
    router = APIRouter(route_class=RecordedRoute)

    @router.get("/v1/refuses/{how}", openapi_extra=leaves("READ", audience="nobody"))
    async def refuses(how: str) -> None:
        raise refusals[how]

    office.app.include_router(router)
    answers = [office.door.get(f"/v1/refuses/{how}") for how in refusals]
    assert {problem(each) for each in answers} == {"integrity-failure"}
    first, *others = [without_trace(each) for each in answers]
    assert first[0] == 500
    assert others == [first, first]
    assert "E-GAP" in caplog.text
    assert bytes(16).hex() not in caplog.text


def _cut(data: bytes, width: int) -> Iterator[bytes]:
    return (data[start : start + width] for start in range(0, len(data), width))


def _told(number: int, at: str, code: str, scope: str, position: int, *, settled: bool) -> Any:
    return {
        "number": number,
        "at": at,
        "code": code,
        "scope": scope,
        "position": position,
        "settled": settled,
    }
