"""What the broker does not give, whoever asks: each refusal is written down and raises an alarm."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.compose import broker as brokers
from domain.confidentiality import Class, KeyPurpose, OwnerKind
from domain.errors import NotThere, RecordUnavailable
from domain.events.access import AccessKind
from infrastructure.broker.client import RemoteOpening
from infrastructure.broker.protocol import Ask
from tests.infrastructure.broker.asking import Intruder, broken_into, outcome, somebody
from tests.support.brokers import ROOT, House, Prepared, house


@pytest.fixture(scope="module")
def shared_home(
    founded_house: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A house whose tests leave each other in peace."""
    with house(founded_house, tmp_path_factory.mktemp("shared")) as found:
        yield found


@pytest.fixture
def intruder(shared_home: House) -> Iterator[Intruder]:
    with broken_into(shared_home) as found:
        yield found


def refusals(home: House) -> dict[str, int]:
    """How often what was refused, as the book has it."""
    with closing(sqlite3.connect(home.data / "releases.db")) as book:
        return dict(book.execute("SELECT code, count(*) FROM refusal GROUP BY code"))


def alarmed(home: House) -> set[object]:
    return {each["code"] for each in brokers.alarms(home.socket)}


def opens(opening: RemoteOpening, rows: list[object]) -> str:
    return outcome(lambda: opening._ask(Ask.RECORDS, rows))


def test_a_committed_look_opens_what_it_names(intruder: Intruder) -> None:
    client = intruder.clinic.people.client
    claim, position, _ = intruder.looks(client)
    opening = intruder.redeems(claim, position, client)
    found = opening._ask(Ask.RECORDS, intruder.content_rows(client))
    assert found
    assert all(type(each) is bytes for each in found)


def test_a_key_to_content_is_not_given_on_asking(intruder: Intruder) -> None:
    (row, *_) = intruder.content_rows(intruder.clinic.people.client)
    assert outcome(lambda: intruder.ask(Ask.POLICY_KEY, row[0])) == "refused"
    assert refusals(intruder.house)["no-entry"] >= 1
    assert "no-entry" in alarmed(intruder.house)


def test_keys_that_wrap_process_notes_never_leave(intruder: Intruder) -> None:
    anna, who = intruder.clinic.people.anna, intruder.clinic.who(intruder.clinic.people.anna)
    wanted = [[[int(OwnerKind.PRACTITIONER), anna], int(KeyPurpose.STAFF), int(Class.PROCESS_NOTE)]]
    ((*_, secret, _),) = intruder.ask(Ask.MAKE, wanted, [anna, str(who.request)])
    assert secret is None


@pytest.mark.parametrize("code", ["no-entry", "other-actor", "other-client", "other-log", "stale"])
def test_an_entry_opens_nothing_but_what_it_is_for(intruder: Intruder, code: str) -> None:
    client = intruder.clinic.people.client
    other = intruder.clinic.register_client()
    claim, position, receipt = intruder.looks(client)
    owner = client
    if code == "no-entry":
        # The row of somebody's file, or one that is not there yet.
        position = receipt.last + 1000
    elif code == "other-actor":
        claim = [intruder.clinic.people.bartek, claim[1]]
    elif code == "other-client":
        owner = other
    elif code == "other-log":
        # A look that is written where nobody will see it.
        claim, position, _ = intruder.looks(client, stream=somebody())
    else:
        position = 0
    before = refusals(intruder.house).get(code, 0)
    assert outcome(lambda: intruder.redeems(claim, position, owner)) == "refused"
    assert refusals(intruder.house)[code] == before + 1
    assert code in alarmed(intruder.house)


def test_an_entry_of_another_request_opens_nothing(intruder: Intruder) -> None:
    client = intruder.clinic.people.client
    claim, position, _ = intruder.looks(client, request="another")
    assert outcome(lambda: intruder.redeems(claim, position, client)) == "refused"


def test_an_event_that_is_no_look_opens_nothing(intruder: Intruder) -> None:
    client = intruder.clinic.register_client()
    folder = intruder.clinic.clinic.folder
    row = folder.store.stream(bytes.fromhex(client))[0]
    who = folder.record.mapper.open(row).who
    asked = lambda: intruder.redeems([who.actor.id, who.request], row.position, client)  # noqa: E731
    assert outcome(asked) == "refused"


def test_an_entry_works_once(intruder: Intruder) -> None:
    client = intruder.clinic.people.client
    claim, position, receipt = intruder.looks(client)
    intruder.redeems(claim, position, client)
    assert outcome(lambda: intruder.redeems(claim, position, client)) == "refused"
    assert "entry-used" in alarmed(intruder.house)
    # The worker's own way is the same.
    broker = intruder.clinic.clinic.folder.vault.broker
    with pytest.raises(RecordUnavailable):
        broker.open(receipt)


def test_an_opening_opens_nothing_of_another_client(intruder: Intruder) -> None:
    client, other = intruder.clinic.people.client, intruder.clinic.register_client()
    claim, position, _ = intruder.looks(client)
    opening = intruder.redeems(claim, position, client)
    assert opens(opening, intruder.content_rows(other)) == "not there"
    assert "not-in-entry" in alarmed(intruder.house)


def test_an_opening_belongs_to_the_process_that_was_given_it(intruder: Intruder) -> None:
    client = intruder.clinic.people.client
    claim, position, _ = intruder.looks(client)
    opening = intruder.redeems(claim, position, client)
    source = (
        "import sys; from pathlib import Path; from infrastructure.broker.line import Line\n"
        "from infrastructure.broker.protocol import Ask\n"
        "Line(Path(sys.argv[1])).ask(Ask.WORDS, bytes.fromhex(sys.argv[2]), [b''])\n"
    )
    words = [sys.executable, "-c", source, str(intruder.house.socket), opening.grant.hex()]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "RecordUnavailable" in run.stderr
    assert "no-grant" in alarmed(intruder.house)


def test_a_look_is_no_batch_and_nobody_follows_with_it(intruder: Intruder) -> None:
    claim, position, _ = intruder.looks(intruder.clinic.people.client)
    assert outcome(lambda: intruder.ask(Ask.STANDING, claim, position)) == "refused"
    assert "no-batch" in alarmed(intruder.house)


def test_whoever_finds_people_reads_nothing_that_was_written_of_them(intruder: Intruder) -> None:
    client = intruder.clinic.people.client
    finder = intruder.clinic.clinic.finder._grant()
    assert isinstance(finder, RemoteOpening)
    assert opens(finder, intruder.content_rows(client)) == "refused"


def test_an_operators_orders_are_taken_from_operators(intruder: Intruder) -> None:
    assert intruder.ask(Ask.SETTLE, 999_999) == [False]
    if os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    source = (
        "import os, socket, sys; os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
    )
    words = [sys.executable, "-c", source, str(intruder.house.socket)]
    run = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)
    assert "PermissionError" in run.stderr


def test_a_foreign_user_is_refused_before_a_word(founded_house: Prepared, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    with house(founded_house, tmp_path, "--allow-uid", "65533") as home:
        # The folders above are those of the test's own user alone.
        for each in (tmp_path, *tmp_path.parents):
            if not each.stat().st_mode & stat.S_IXOTH:
                each.chmod(0o711)
        source = (
            "import os, socket, struct, sys; os.setuid(int(sys.argv[2]))\n"
            "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
            "s.sendall(struct.pack('>I', 3) + bytes([0x92, 1, 1]))\n"
            "print(len(s.recv(4)))\n"
        )

        def asked(uid: int) -> str:
            words = [sys.executable, "-c", source, str(home.socket), str(uid)]
            run = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)
            return run.stdout.strip() or run.stderr.strip().splitlines()[-1]

        assert asked(65533) == "4"
        assert asked(65534).partition(":")[0] in ("0", "ConnectionResetError", "BrokenPipeError")
        assert "foreign-user" in alarmed(home)


def test_over_the_quota_nobody_is_given_anything(founded_house: Prepared, tmp_path: Path) -> None:
    with (
        house(founded_house, tmp_path, "--quota", "reads=2", "--quota", "writes=4") as home,
        broken_into(home) as intruder,
    ):
        clients = [intruder.clinic.people.client]
        clients += [intruder.clinic.register_client() for _ in range(3)]
        answers = []
        for each in clients:
            claim, position, _ = intruder.looks(each)
            answers.append(outcome(lambda e=each, c=claim, p=position: intruder.redeems(c, p, e)))
        assert answers == ["given", "given", "refused", "refused"]
        # Those whom she has had, she may have again.
        claim, position, _ = intruder.looks(clients[0])
        intruder.redeems(claim, position, clients[0])
        writing = [outcome(intruder.clinic.register_client) for _ in range(2)]
        assert writing[-1] == "refused"
        assert {"quota-read", "quota-write"} <= alarmed(home)
        # A broker that is started anew has not forgotten.
        home.stop()
        home.start()
        claim, position, _ = intruder.looks(clients[3])
        assert outcome(lambda: intruder.redeems(claim, position, clients[3])) == "refused"


def test_a_list_shows_more_clients_than_may_be_read(
    founded_house: Prepared, tmp_path: Path
) -> None:
    with (
        house(founded_house, tmp_path, "--quota", "reads=1") as home,
        broken_into(home) as intruder,
    ):
        clients = [intruder.clinic.register_client() for _ in range(3)]
        for each in clients:
            claim, position, _ = intruder.looks(
                each, kind=AccessKind.LIST_HIT, classes=(Class.ADMINISTRATIVE,)
            )
            intruder.redeems(claim, position, each)
        claim, position, _ = intruder.looks(clients[0], kind=AccessKind.LIST_HIT)
        intruder.redeems(claim, position, clients[0])
        claim, position, _ = intruder.looks(clients[1], kind=AccessKind.LIST_HIT)
        assert outcome(lambda: intruder.redeems(claim, position, clients[1])) == "refused"


def test_a_used_entry_stays_used_when_the_broker_is_killed(home: House) -> None:
    with broken_into(home) as intruder:
        client = intruder.clinic.people.client
        claim, position, _ = intruder.looks(client)
        intruder.redeems(claim, position, client)
        fresh, later, _ = intruder.looks(client)
        home.stop(signal.SIGKILL)
        home.start()
        assert outcome(lambda: intruder.redeems(claim, position, client)) == "refused"
        # What was recorded before a broker began opens nothing either: it would have to be asked
        # for again, and recorded again.
        assert outcome(lambda: intruder.redeems(fresh, later, client)) == "refused"
        claim, position, _ = intruder.looks(client)
        intruder.redeems(claim, position, client)


def test_a_broker_that_dies_in_the_middle_is_a_503_and_comes_back(home: House) -> None:
    with home.office(follow=False) as office:
        client = office.people.client
        assert office.reception.get(f"/v1/clients/{client}").status_code in (200, 503)
        home.stop(signal.SIGKILL)
        before = office.events()
        gone = office.reception.get(f"/v1/clients/{client}")
        assert gone.status_code == 503
        assert "broker" not in gone.text
        new = {"clients": [client], "format": "individual", "school": "integrative"}
        assert office.anna.post("/v1/cases", new).status_code == 503
        # The look that came to nothing may be there; nothing of the case is.
        assert office.events() <= before + 1
        home.start()
        assert office.anna.post("/v1/cases", new).status_code == 201


def test_many_refusals_are_an_alarm_of_their_own(home: House) -> None:
    with broken_into(home) as intruder:
        (row, *_) = intruder.content_rows(intruder.clinic.people.client)
        for _ in range(25):
            outcome(lambda: intruder.ask(Ask.POLICY_KEY, row[0]))
        assert {"no-entry", "many-refusals"} <= alarmed(home)
        (alarm,) = (each for each in brokers.alarms(home.socket) if each["code"] == "no-entry")
        assert alarm["times"] == 25
        with home.office(follow=False) as office:
            told = office.officer.get(f"/v1/clients/{office.people.client}/access-log")
            assert told.headers["Record-Integrity"].startswith("broker alarm")
        assert brokers.settle(home.socket, int(str(alarm["alarm"])))
        assert "no-entry" not in alarmed(home)
    assert "broker alarm" in home.stop()


def test_a_second_broker_is_refused(home: House) -> None:
    second = House(home.data, home.socket.with_name("second.sock"), home.people)
    with pytest.raises(AssertionError, match="Another process"):
        second.start()


def test_nothing_that_is_refused_tells_anything(intruder: Intruder) -> None:
    client, other = intruder.clinic.people.client, intruder.clinic.register_client()
    claim, position, _ = intruder.looks(client)
    opening, rows = intruder.redeems(claim, position, client), intruder.content_rows(other)
    with pytest.raises(NotThere) as refused:
        opening._ask(Ask.RECORDS, rows)
    assert str(refused.value) == "There is no such record."
