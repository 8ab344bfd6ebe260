"""The HTTP day of one clinic whose server has no passphrase and no key-encryption key."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from api.compose import broker as brokers, create, open_behind
from domain.errors import RecordUnavailable, WrongState
from domain.ports import Destruction
from domain.use_cases import erasures
from domain.use_cases.erasing import destruction
from infrastructure.custodians import signing as custodians
from infrastructure.errors import FolderRefused
from infrastructure.ledger.note import Note
from infrastructure.vault.custody import LIGHT
from infrastructure.verify import verify
from tests.support import ink
from tests.support.brokers import PASSPHRASE, PASSPHRASES, ROOT, House, Prepared, house
from tests.support.erasing import admission, erasing_in


def test_a_clinic_works_whose_keys_are_with_the_broker(home: House) -> None:
    with home.office() as office:
        anna, officer, client = office.anna, office.officer, office.people.client
        new = {"clients": [client], "format": "individual", "school": "integrative"}
        opened = anna.post("/v1/cases", new)
        assert opened.status_code == 201, opened.text
        case = opened.json()["created"]["case"]
        words = {"kind": "session", "occurred_at": "2026-03-02T08:00:00Z", "text": "She slept."}
        drafted = anna.post(f"/v1/cases/{case}/notes", words)
        assert drafted.status_code == 201, drafted.text
        note = drafted.json()["created"]["note"]
        theirs = f"/v1/cases/{case}/notes/{note}"
        signed = anna.post(f"{theirs}:sign", version=1)
        assert signed.status_code == 200, signed.text
        found = anna.get(theirs, after=signed)
        assert found.status_code == 200, found.text
        assert "She slept." in found.text
        past = anna.get(f"/v1/cases/{case}?at_position={office.clinic.last_position()}")
        assert past.status_code == 200, past.text
        log = office.log(client, officer=officer)
        assert {"READ", "CREATE", "AUDIT_READ"} <= {each["kind"] for each in log}
        office.settle()
    found_by = brokers.reconcile(home.socket)
    assert found_by["releases without an entry"] == 0
    assert brokers.alarms(home.socket) == []
    home.stop()
    assert verify(home.data, PASSPHRASE).contents > 0


def test_a_follower_in_a_process_of_its_own_keeps_the_projections_up(home: House) -> None:
    with home.office(follow=False) as office, following(home):
        new = {"clients": [office.people.client], "format": "individual", "school": "systemic"}
        opened = office.anna.post("/v1/cases", new)
        assert opened.status_code == 201, opened.text
        office.settle()
        listed = office.anna.get("/v1/caseload", after=opened)
        assert listed.status_code == 200, listed.text
        assert "Kowal" in listed.text


def test_a_worker_whose_user_may_not_follow_still_answers(
    founded_house: Prepared, tmp_path: Path
) -> None:
    with (
        house(founded_house, tmp_path, "--follower-uid", "65533") as home,
        home.worker() as clinic,
    ):
        with pytest.raises(RecordUnavailable):
            clinic.catch_up()
        clinic.register_client()
        assert "no-follower" in {each["code"] for each in brokers.alarms(home.socket)}


def test_two_custodians_erase_a_note_through_the_broker(home: House) -> None:
    with home.embedded() as clinic:
        signers = custodians.signers(home.data, clinic.clinic.folder.genesis.origin, PASSPHRASES)
        erasing = erasing_in(clinic, tuple(signers))
        case = clinic.open_case()
        note = clinic.draft_note(case, "He admitted a theft.")
        clinic.sign_note(case, note)
        erasure = erasing.request(clinic.people.anna, admission(case, note)).named("erasure")
        erasing.approve(erasure, erasing.bartek, 1)
        state = erasing.state(erasure)
        what = destruction(clinic.desk, erasing.archive(), state)
        text = erasing.statement(erasure)
        both = erasures.signed_note(text, [erasing.line(number, text) for number in (1, 2)])
        with home.worker() as worker, pytest.raises(WrongState):
            # One has approved so far, whatever signatures somebody has.
            worker.run(worker.clinic.shredder.destroy(what, both))
        erasing.approve(erasure, erasing.outsider, 2)
    with home.worker() as worker:
        done = worker.run(worker.clinic.shredder.destroy(what, both))
        assert done.items == 1
    home.stop()
    assert verify(home.data, PASSPHRASE).contents > 0


def test_signatures_alone_without_a_request_destroy_nothing(home: House) -> None:
    with home.worker() as clinic:
        client, shredder = clinic.people.client, clinic.clinic.shredder
        clinic.catch_up()
        what = Destruction(request="ab" * 16, reason="art-51", owners=(ink.owner(client),))
        text = shredder.statement(what)
        signers = custodians.signers(home.data, clinic.clinic.folder.genesis.origin, PASSPHRASES)
        both = Note(text, tuple(each.sign(text.encode()) for each in signers)).encode()
        with pytest.raises(WrongState):
            clinic.run(shredder.destroy(what, both))
        clinic.open_case()
    home.stop()
    assert verify(home.data, PASSPHRASE).contents > 0


def test_a_record_that_is_read_only_can_still_be_looked_at(home: House) -> None:
    with home.office() as office:
        office.settle()
        folder = office.clinic.clinic.folder
        folder.guard.report("E-ROOT", stream=None, position=1)
        where = f"/v1/clients/{office.people.client}/access-log"
        first = office.officer.get(where)
        assert first.status_code == 200, first.text
        assert folder.layout.spool.exists()
    with closing(sqlite3.connect(home.data / "releases.db")) as book:
        assert book.execute("SELECT count(*) FROM look_used").fetchone() == (1,)


@contextmanager
def following(home: House) -> Iterator[None]:
    words = ["follow", "--data", str(home.data), "--broker", str(home.socket)]
    process = subprocess.Popen([sys.executable, "-m", "api.cli", *words], cwd=ROOT)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_a_new_epoch_begins_through_the_broker(home: House) -> None:
    with home.worker() as clinic:
        record, client = clinic.clinic.folder.record, clinic.people.client
        who = clinic.who(clinic.people.anna)
        first = replace(ink.drafted(client), concerning=(client,))
        renewed = replace(ink.drafted(client, "another"), renews=True)
        later = ink.drafted(client, "a third")
        for each in (first, renewed, later):
            record.append_now((each,), who)
        store = clinic.clinic.folder.store
        old, new, newest = (
            store.stream(bytes.fromhex(each.stream))[0].key_id for each in (first, renewed, later)
        )
        assert old != new
        assert new == newest
    home.stop()
    verify(home.data, PASSPHRASE)


def test_a_served_clinic_needs_no_passphrase(home: House) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    words = ["serve", "--data", str(home.data), "--broker", str(home.socket), "--port", str(port)]
    process = subprocess.Popen([sys.executable, "-m", "api.cli", *words], cwd=ROOT)
    try:
        until = time.monotonic() + 30
        while True:
            try:
                found = httpx2.get(f"http://127.0.0.1:{port}/readyz").json()
                if found["status"] == "ok":
                    break
            except httpx2.TransportError:
                pass
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        assert brokers.alarms(home.socket) == []
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_without_a_broker_nothing_is_opened(home: House) -> None:
    home.stop()
    with pytest.raises(FolderRefused, match="No broker answers"), home.worker():
        pass
    other = home.data.with_name("other")
    create(other, ["somebody else's words"], cost=LIGHT)
    home.start()
    with pytest.raises(FolderRefused, match="another clinic"):
        open_behind(other, home.socket)
