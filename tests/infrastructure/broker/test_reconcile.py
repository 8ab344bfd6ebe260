"""The broker's book against the log: what was released has its entry, or somebody hears of it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.compose import broker as brokers
from domain.confidentiality import Class, KeyPurpose, OwnerKind
from infrastructure.broker import reconcile
from infrastructure.broker.protocol import Ask
from infrastructure.broker.reconcile import Reconciler
from infrastructure.broker.releases import Asker, Kind, Peer, Releases, Used
from infrastructure.folder import OpenFolder
from tests.infrastructure.broker.asking import broken_into, outcome
from tests.support import ink
from tests.support.backups import keys_of, shred
from tests.support.brokers import PASSPHRASES, ROOT, House

HERE = Peer(7, 7)
NOW_MS = int(ink.NOW.timestamp() * 1000)
LATE_MS = NOW_MS + reconcile.WITHIN_MS + 1
DYING = """
import os, signal, sys
from pathlib import Path
from infrastructure.broker.protocol import Ask
from infrastructure.broker.worker import open_through
from tests.support import ink
folder = open_through(Path(sys.argv[1]), Path(sys.argv[2]))
rows = folder.store.stream(bytes.fromhex(sys.argv[3]))
mapper = folder.record.mapper
content = [mapper.sealed(row) for row in rows if mapper.purpose(row) == 1]
folder.vault.broker.folding(ink.WHO).records(content)
os.kill(os.getpid(), signal.SIGKILL)
"""


class Book:
    """A book of releases beside a record, with the alarms that were raised."""

    def __init__(self, folder: OpenFolder) -> None:
        self.folder = folder
        self.releases = Releases(folder.layout.folder / "releases.db")
        self.alarms: list[tuple[str, str]] = []
        self.reconciler = Reconciler(
            folder, self.releases, lambda code, actor: self.alarms.append((code, actor))
        )

    def released(self, kind: Kind, *, actor: str = ink.THERAPIST, request: str = "request") -> None:
        tag = self.folder.vault.keyring.tag(ink.owner(ink.ANNA))
        size = self.folder.store.standing().size
        self.releases.release(HERE, Asker(actor, request), kind, [tag], NOW_MS, size=size)


@pytest.fixture
def book(folder: OpenFolder) -> Iterator[Book]:
    found = Book(folder)
    yield found
    found.releases.close()


def test_a_release_with_its_event_is_in_order(book: Book) -> None:
    book.released(Kind.SEAL)
    book.folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    assert book.reconciler.run(LATE_MS)["releases without an entry"] == 0
    assert book.alarms == []
    assert book.releases.counts()["seal matched"] == 1


def test_a_release_may_wait_for_its_event_a_while(book: Book) -> None:
    book.released(Kind.FOLD)
    assert book.reconciler.run(NOW_MS + 1000)["releases without an entry"] == 0
    book.folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    assert book.reconciler.run(LATE_MS)["releases without an entry"] == 0
    assert book.alarms == []


@pytest.mark.parametrize(
    "of_another",
    [{"actor": ink.an_id("somebody else")}, {"request": "another request"}],
)
def test_a_release_without_its_event_is_an_alarm(book: Book, of_another: dict[str, str]) -> None:
    book.released(Kind.SEAL, **of_another)
    book.folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    assert book.reconciler.run(LATE_MS)["releases without an entry"] == 1
    assert book.alarms == [("release-without-entry", of_another.get("actor", ink.THERAPIST))]
    # Once: it stays in the book as missing.
    assert book.reconciler.run(LATE_MS)["releases without an entry"] == 0
    assert book.releases.counts()["seal missing"] == 1


def test_an_event_that_was_there_before_is_not_the_one(book: Book) -> None:
    book.folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    book.released(Kind.FOLD)
    assert book.reconciler.run(LATE_MS)["releases without an entry"] == 1


def test_an_event_about_somebody_else_is_not_the_one(book: Book) -> None:
    book.released(Kind.FOLD)
    book.folder.record.append_now((ink.registered(ink.BASIA),), ink.WHO)
    assert book.reconciler.run(LATE_MS)["releases without an entry"] == 1


def test_an_entry_that_is_gone_is_an_alarm(book: Book) -> None:
    book.folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    receipt = book.folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    used = Used(receipt.last, receipt.leaves[-1])
    asker = Asker(ink.THERAPIST, "request")
    book.releases.release(HERE, asker, Kind.READ, [b"t" * 16], NOW_MS, used=[used])
    assert "entries gone" not in book.reconciler.run(NOW_MS, again=True)
    beyond = Used(receipt.last + 1, bytes(32))
    book.releases.release(HERE, asker, Kind.READ, [b"t" * 16], NOW_MS, used=[beyond])
    assert book.reconciler.run(NOW_MS)["entries gone"] == 1
    assert book.alarms == [("entry-gone", "")]


def test_an_entry_that_nobody_redeemed_is_counted_and_harmless(book: Book) -> None:
    book.folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    book.folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    found = book.reconciler.run(LATE_MS)
    assert (found["entries"], found["never redeemed"]) == (1, 1)
    assert book.alarms == []


def test_what_is_asked_for_again_within_a_request_is_one_release(book: Book) -> None:
    for _ in range(3):
        book.released(Kind.FOLD)
    assert [each.asker.request for each in book.releases.unmatched()] == ["request"]
    # Much later the same words are a release of their own, which needs its own event.
    book.folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    book.reconciler.run(LATE_MS)
    tag = book.folder.vault.keyring.tag(ink.owner(ink.ANNA))
    asker = Asker(ink.THERAPIST, "request")
    book.releases.release(HERE, asker, Kind.FOLD, [tag], LATE_MS)
    later = LATE_MS + reconcile.WITHIN_MS + 1
    assert book.reconciler.run(later)["releases without an entry"] == 1


def test_the_book_is_believed_after_a_restart(book: Book) -> None:
    book.released(Kind.SEAL)
    book.releases.close()
    again = Book(book.folder)
    assert len(again.releases.unmatched()) == 1
    again.releases.close()
    (book.folder.layout.folder / "releases.db").write_bytes(b"no database at all")
    with pytest.raises(Exception, match="damaged"):
        Releases(book.folder.layout.folder / "releases.db")
    book.releases = Releases(Path(book.folder.layout.folder) / "another.db")


# Across the socket


def test_a_worker_that_dies_behind_an_opening_shows_in_the_book(home: House) -> None:
    words = [str(home.data), str(home.socket), home.people.client]
    run = subprocess.run([sys.executable, "-c", DYING, *words], cwd=ROOT, check=False)
    assert run.returncode == -signal.SIGKILL
    brokers.reconcile(home.socket)
    with closing(sqlite3.connect(home.data / "releases.db")) as book:
        rows = book.execute("SELECT kind, actor, outcome FROM release").fetchall()
        assert rows == [("fold", ink.THERAPIST, "open")]
        # Sixty seconds pass, as the book tells time.
        book.execute("UPDATE release SET at_ms = at_ms - 70000")
        book.commit()
    found = brokers.reconcile(home.socket)
    assert found["releases without an entry"] == 1
    assert [each["code"] for each in brokers.alarms(home.socket)] == ["release-without-entry"]


def test_a_command_that_came_to_nothing_leaves_its_entry(home: House) -> None:
    with home.office() as office:
        office.settle()
        where = f"/v1/clients/{office.people.client}/contact"
        contact = {"phone": None, "email": "klara@example.invalid", "address": None}
        before = office.events()
        assert office.reception.put(where, contact, version=1).status_code == 412
        assert office.events() == before + 1
        log = office.log(office.people.client)
        assert log[1]["reason"] == "deny.came-to-nothing"
        # One that does what it is for leaves its own event, and no other.
        before = office.events()
        assert office.reception.put(where, contact, version=5).status_code in (200, 412)
        assert office.events() == before + 1
    brokers.reconcile(home.socket)
    with closing(sqlite3.connect(home.data / "releases.db")) as book:
        assert book.execute("SELECT count(*) FROM release WHERE outcome = 'open'").fetchone() == (
            0,
        )


def test_after_a_shred_nothing_is_given(home: House) -> None:
    with broken_into(home) as intruder:
        client, who = intruder.clinic.people.client, intruder.clinic.people.anna
        rows = intruder.content_rows(client)
        assert intruder.ask(Ask.FOLD, [who, "request"], rows)[0] is not None
        with home.embedded() as inside:
            folder = inside.clinic.folder
            content = {row[0] for row in rows}
            shred(folder, PASSPHRASES, keys=content & set(keys_of(folder, client)))
        # The bell has been rung: the broker has dropped what it had open.
        assert set(intruder.ask(Ask.FOLD, [who, "request"], rows)) == {None}
        wanted = [
            [[int(OwnerKind.CLIENT), client], int(KeyPurpose.CLINICAL), int(Class.ADMINISTRATIVE)]
        ]
        assert outcome(lambda: intruder.ask(Ask.MAKE, wanted, [who, "request"])) == "gone"
        claim, position, _ = intruder.looks(client)
        opening = intruder.redeems(claim, position, client)
        assert set(opening._ask(Ask.RECORDS, rows)) == {None}
    assert "gone" in {each["code"] for each in brokers.alarms(home.socket)}
    with closing(sqlite3.connect(home.data / "releases.db")) as book:
        (count,) = book.execute("SELECT count(*) FROM refusal WHERE code = 'gone'").fetchone()
    assert count >= 3


def test_a_book_tells_nobodys_name(home: House) -> None:
    with home.worker() as clinic:
        clinic.register_client("Wisława")
        clinic.open_case()
    home.stop()
    for each in home.data.glob("releases.db*"):
        assert b"Wis" not in each.read_bytes()
        assert home.people.client.encode() not in each.read_bytes()
