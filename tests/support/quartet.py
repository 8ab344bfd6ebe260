"""Four processes of one clinic under load, killed at random; what they leave is judged.

Server, checkpointer and two witnesses are the real commands, each in a process of its own, kept
alive by a supervisor that starts whatever died again at once. Staff sign in, write and look over
HTTP; a command whose answer is lost is asked again under the same ``Idempotency-Key``. Everything
that was promised meanwhile is kept: each receipt, each answer, each checkpoint that was published;
and at the end held against the log.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Self
from uuid import uuid4

import httpx2

from api import compose
from domain.use_cases.administrator import NewPractitioner, found_practitioner
from domain.values import ActorId, ActorKind, Registration, RegistrationKind, Role
from infrastructure.anchor.witness import Witness
from infrastructure.folder import open_folder
from infrastructure.layout import Layout, structure
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.entry import Entry
from infrastructure.ledger.merkle import (
    CompactRange,
    Subtree,
    consistency_proof,
    leaf_hash,
    verify_consistency,
)
from infrastructure.ledger.note import Verifier
from infrastructure.ledger.offline import verify_receipt
from infrastructure.ledger.receipt import AppendReceipt
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.mapper import CONTROL_KEY

ROOT = Path(__file__).parents[2]
PASSPHRASE = "four processes and a clinic"
ORIGIN = "quartet.example/log/1"
SOONEST, LATEST = 2.0, 8.0
"""Seconds between two kills."""
INTERVAL, MOST_WAITING = 2, 200
"""Of the checkpointer: seconds between checkpoints, entries that are not waited for longer."""
CLINICIANS = 8
PATIENCE = 90.0
"""Seconds for whatever has to come back by itself; nothing may take longer."""
REST = 5.0
"""Seconds without load and kills at the end."""
PAUSE = 0.1
THINKING = 0.04
"""Seconds at most between two requests of one person."""
SAMPLE = 200
"""Receipts that go through the offline verifier one by one; the others are held to the tiles."""
_TROUBLE = ("integrity", "unexpected", "unavailable", "stopped", "Broken", "Traceback")


# The processes


def _command(*words: object) -> list[str]:
    return [sys.executable, "-m", "api.cli", *map(str, words)]


def _run(command: Sequence[str]) -> str:
    """What a command prints, which has to end well."""
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, (command, ended.returncode, ended.stdout, ended.stderr)
    return ended.stdout


def _ports(count: int) -> list[int]:
    """Free ports below those that the system hands out.

    Whoever asks for one of those while its server is dead may be connected to itself, and the
    server finds its port taken.
    """
    found: list[int] = []
    chance = Random()
    while len(found) < count:
        port = chance.randrange(20_000, 30_000)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


class Supervised:
    """A process that is begun again at once whenever it dies, until it is told to end."""

    def __init__(self, name: str, command: Sequence[str], journal: Path) -> None:
        self.name = name
        self.kills = 0
        self.wrong: list[str] = []
        self._command = command
        self._journal = journal
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._keep, name=name)
        self._thread.start()

    def kill(self) -> None:
        """Let it die here and now, whatever it does, as long as it lives."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self.kills += 1

    def stop(self) -> None:
        """End it as an operator does."""
        with self._lock:
            self._stopping = True
            if self._process is not None:
                self._process.terminate()
        self._thread.join()

    def said(self) -> str:
        """Everything that it has printed in all its lives."""
        return self._journal.read_text()

    def _keep(self) -> None:
        while (process := self._begun()) is not None:
            code = process.wait()
            with self._lock:
                self._process = None
                expected = 0 if self._stopping else -signal.SIGKILL
            if code != expected:
                self.wrong.append(f"{self.name} ended with {code}")
                time.sleep(PAUSE)

    def _begun(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping:
                return None
            with self._journal.open("ab") as journal:
                self._process = subprocess.Popen(
                    self._command,
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=journal,
                    stderr=subprocess.STDOUT,
                )
            return self._process


@dataclass(frozen=True, slots=True)
class Setting:
    """Where everything lies, the commands of the four, and how the first person signs in."""

    layout: Layout
    witnesses: tuple[Path, Path]
    addresses: tuple[str, str]
    address: str
    commands: Mapping[str, Sequence[str]]
    credential: Path
    receipt_key: Verifier
    first_password: str = field(repr=False)

    @property
    def trust(self) -> Trust:
        """The policy of the data folder."""
        return Trust.parse(self.layout.policy.read_bytes())

    @property
    def tiles(self) -> TileFolder:
        """The published log."""
        return TileFolder(self.layout.log)

    def size(self) -> int:
        """How long the log is."""
        with closing(structure(self.layout.record)) as store:
            return store.standing().size


def found(place: Path) -> Setting:
    """Make a clinic with an administrator, its checkpointer, and two witnesses that it needs."""
    data, credential = place / "data", place / "credential"
    credential.write_text(PASSPHRASE)
    compose.create(data, [PASSPHRASE], origin=ORIGIN, cost=compose.LIGHT)
    with compose.opened(data, PASSPHRASE) as clinic:
        new = NewPractitioner(
            "Alicja", "Nowak", "mgr", Registration(RegistrationKind.NONE), (Role.ADMINISTRATOR,)
        )
        founding = found_practitioner(clinic.desk, clinic.system("founding"), new)
        boss = ActorId(asyncio.run(founding).named("practitioner"))
        password = clinic.accounts.add("boss", ActorKind.STAFF, boss)
        receipt_key = clinic.folder.receipts
    keyed = ("--data", data, "--passphrase-file", credential)
    checkpointer = place / "checkpointer"
    made = json.loads(_run(_command("checkpoint", "init", checkpointer, *keyed, "--json")))
    server_port, *witness_ports = _ports(3)
    commands = {
        "server": _command("serve", *keyed, "--port", server_port),
        "checkpointer": _command(
            *("checkpoint", "run", checkpointer, "--data", data),
            *("--interval", INTERVAL, "--entries", MOST_WAITING),
        ),
    }
    lines, folders = [], []
    for number, port in enumerate(witness_ports, start=1):
        folder, url = place / f"witness-{number}", f"http://127.0.0.1:{port}"
        name = ("--name", f"witness.example/w{number}", "--url", url)
        policy = json.loads(_run(_command("witness", "init", folder, *name, "--json")))["policy"]
        _run(_command("witness", "trust", folder, made["log_key"]))
        lines.append(place / f"witness-{number}.policy")
        lines[-1].write_text("\n".join(policy) + "\n")
        folders.append(folder)
        commands[f"witness {number}"] = _command("witness", "serve", folder, "--port", port)
    _run(_command("checkpoint", "trust", *lines, *keyed, "--quorum", 2))
    first, second = (f"http://127.0.0.1:{port}" for port in witness_ports)
    return Setting(
        Layout(data),
        (folders[0], folders[1]),
        (first, second),
        f"http://127.0.0.1:{server_port}",
        commands,
        credential,
        receipt_key,
        password,
    )


@contextmanager
def _running(setting: Setting) -> Iterator[list[Supervised]]:
    """The four, alive until the end of the block."""
    four: list[Supervised] = []
    with ExitStack() as stopping:
        for name, command in setting.commands.items():
            journal = setting.credential.with_name(f"{name}.journal")
            four.append(Supervised(name, command, journal))
            stopping.callback(four[-1].stop)
        yield four


class Published(NamedTuple):
    """A checkpoint as it was published, and when it was first seen."""

    at: float
    note: bytes


class Watch:
    """Keeps every checkpoint that is published."""

    def __init__(self, setting: Setting) -> None:
        self.seen: list[Published] = []
        self._file = setting.layout.log / "checkpoint"
        self._trust = setting.trust
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def wait_for(self, size: int) -> float:
        """Seconds until a checkpoint of this size has its quorum."""
        began = time.monotonic()
        while not self._covers(size):
            assert time.monotonic() - began < PATIENCE, f"no quorum over {size} entries"
            time.sleep(PAUSE)
        return time.monotonic() - began

    def _covers(self, size: int) -> bool:
        if not self.seen:
            return False
        judged = self._trust.judge(self.seen[-1].note)
        return judged.quorum and judged.checkpoint.size >= size

    def _look_on(self) -> None:
        while not self._stopping.wait(PAUSE):
            if self._file.exists():
                note = self._file.read_bytes()
                if not self.seen or self.seen[-1].note != note:
                    self.seen.append(Published(time.monotonic(), note))


# The load


class Kept(NamedTuple):
    """A command that was answered, and what the answer promised."""

    request: str
    position: int
    leaves: tuple[str, ...]
    receipts: tuple[str, ...]
    repeated: bool


@dataclass
class Told:
    """What staff asked, and what they were told."""

    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    unreached: int = 0
    commands: list[Kept] = field(default_factory=list)
    looks: list[tuple[str, int]] = field(default_factory=list)
    asked_twice: int = 0

    def add(self, other: Told) -> None:
        """Add what somebody else was told."""
        self.statuses += other.statuses
        self.lost += other.lost
        self.unreached += other.unreached
        self.commands += other.commands
        self.looks += other.looks
        self.asked_twice += other.asked_twice


class Staff:
    """Somebody who works here, at a connection that is kept alive; for one thread at a time."""

    def __init__(self, address: str, name: str, purpose: str) -> None:
        self.told = Told()
        self._name = name
        self._password = f"what {name} alone knows"
        self._http = httpx2.Client(base_url=address, trust_env=False, timeout=PATIENCE)
        self._headers = {"Purpose-Of-Use": purpose}
        self._chance = Random(name)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def join(self, one_time_password: str) -> None:
        """Replace the password that was shown once, and sign in."""
        new = {"name": self._name, "old": one_time_password, "new": self._password}
        assert self.ask("POST", "/v1/password", new).status_code == 204
        self.sign_in()

    def sign_in(self) -> None:
        """Get a fresh token."""
        known = {"name": self._name, "password": self._password}
        answer = self.ask("POST", "/v1/sign-in", known)
        assert answer.status_code == 200, answer.text
        self._headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def ask(self, method: str, path: str, body: object = None, **more: str) -> httpx2.Response:
        """Ask until there is an answer; what was asked in vain is asked again just as it was."""
        named = {name.replace("_", "-"): value for name, value in more.items()}
        headers = {**self._headers, **named}
        until = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._http.request(method, path, json=body, headers=headers)
            except httpx2.ConnectError:
                self.told.unreached += 1
            except httpx2.TransportError:
                self.told.lost += 1
            else:
                self.told.statuses[answer.status_code] += 1
                if answer.status_code != 503:
                    return answer
            assert time.monotonic() < until, f"{method} is not answered any more"
            time.sleep(PAUSE)

    def write(
        self, path: str, body: object, *, method: str = "POST", version: int | None = None
    ) -> dict[str, Any]:
        """Give a command, and keep what its answer promises; now and then give it once more."""
        request = uuid4().hex
        headers = {"Idempotency_Key": uuid4().hex, "X_Request_Id": request}
        if version is not None:
            headers["If_Match"] = f'"{version}"'
        answer = self.ask(method, path, body, **headers)
        assert answer.status_code in (200, 201), answer.text
        told: dict[str, Any] = answer.json()
        leaves, receipts = tuple(told["leaves"]), tuple(told["receipts"])
        assert len(leaves) == len(receipts) > 0
        kept = Kept(request, told["position"], leaves, receipts, told["repeated"])
        self.told.commands.append(kept)
        if self._chance.random() < 0.05:
            self.told.asked_twice += 1
            again = self.ask(method, path, body, **headers)
            assert again.json() == {**told, "repeated": True}
        return {**told, "token": answer.headers["Consistency-Token"]}

    def look(self, path: str, after: str = "") -> Any:
        """Look at something, which has to show what was written before."""
        request = uuid4().hex
        more = {"Consistency_Token": after, "Prefer": "wait=30"} if after else {}
        answer = self.ask("GET", path, X_Request_Id=request, **more)
        assert answer.status_code == 200, answer.text
        self.told.looks.append((request, int(answer.headers["Ledger-Position"])))
        return answer.json()

    def think(self) -> None:
        """What people do between two requests."""
        time.sleep(self._chance.uniform(0, THINKING))


class Clinician(Staff):
    """A clinician with a client and a case of her own."""

    def __init__(self, address: str, name: str) -> None:
        super().__init__(address, name, "TREAT")
        self.case = ""

    def begin(self) -> None:
        """Open a file and a case."""
        client = self._register()
        new = {"clients": [client], "format": "individual", "school": "systemic"}
        self.case = f"/v1/cases/{self.write('/v1/cases', new)['created']['case']}"

    def work(self, stop: threading.Event, others: Sequence[str]) -> None:
        """Write and look until told to stop; what was begun is brought to its end."""
        number = 0
        while not stop.is_set():
            number += 1
            self._note(f"Hour {number} of {self._name}.")
            if number % 4 == 0:
                own = {"occurred_at": "2026-11-02T09:00:00Z", "text": f"Own words {number}."}
                self.write(f"{self.case}/process-notes", own)
            if number % 5 == 0:
                # Somebody else's case: refused, and that is recorded, too.
                refused = self.ask("GET", self._chance.choice(others), X_Request_Id=uuid4().hex)
                assert refused.status_code == 404, refused.text
            if number % 15 == 0:
                self._register()
            if number % 40 == 0:
                self.sign_in()

    def _note(self, words: str) -> None:
        """Draft a note, read it, revise it, read it again, sign it."""
        new = {"kind": "session", "occurred_at": "2026-11-02T09:00:00Z", "text": words}
        written = self.write(f"{self.case}/notes", new)
        note = f"{self.case}/notes/{written['created']['note']}"
        for changed in (words, f"{words} She slept."):
            if changed != words:
                body, version = {"text": changed}, written["version"]
                written = self.write(f"{note}/draft", body, method="PUT", version=version)
            self.think()
            assert self.look(note, written["token"])["text"] == changed
            self.think()
        self.write(f"{note}:sign", None, version=written["version"])

    def _register(self) -> str:
        name = {"given_name": "Zofia", "family_name": "Zielińska"}
        identity = {**name, "birth_date": "1988-05-17", "sex": "female"}
        client: str = self.write("/v1/clients", {"identity": identity})["created"]["client"]
        return client


def _hired(setting: Setting) -> list[Clinician]:
    """Clinicians who have signed in and have a case each; all of it over HTTP."""
    boss = Staff(setting.address, "boss", "HSYSADMIN")
    boss.join(setting.first_password)
    staff = []
    for number in range(CLINICIANS):
        name = f"clinician {number}"
        new = {
            "given_name": "Anna",
            "family_name": "Nowak",
            "title": "mgr",
            "registration": {"kind": "certificate", "number": "417", "issuer": "PTP"},
            "roles": ["clinician"],
        }
        joined = boss.write("/v1/practitioners", new)["created"]["practitioner"]
        told = boss.ask("POST", f"/v1/practitioners/{joined}/sign-ins", {"name": name})
        assert told.status_code == 201, told.text
        staff.append(Clinician(setting.address, name))
        staff[-1].join(told.json()["one_time_password"])
        staff[-1].begin()
    boss.close()
    staff[0].told.add(boss.told)
    return staff


# From beginning to end


class Lived(NamedTuple):
    """What was seen from outside while the four lived; instants of the monotonic clock."""

    seen: list[Published]
    """From the first one with a quorum on."""
    cosigned: list[bytes]
    told: Told
    kills: str
    began: float
    last_kill: float
    ended: float
    size: int
    """Of the log when the load had ended."""


def killed_at_random(place: Path, minutes: float, *, seed: int = 1) -> str:
    """The figures of so many minutes; all that may not be is asserted on the way."""
    setting = found(place)
    lived = _lived(setting, minutes, Random(seed))
    log = _judge_checkpoints(setting, lived)
    receipts = _judge_receipts(setting, log, lived.told)
    _judge_commands(setting, lived.told)
    verified = _judge_by_the_verifiers(setting, log.size)
    told, repeated = lived.told, sum(each.repeated for each in lived.told.commands)
    return (
        f"{minutes:g} minutes, {lived.kills}; {sum(told.statuses.values())} requests answered,"
        f" {_refused(told.statuses)} of them refused, {told.lost} answers lost, {told.unreached}"
        f" times nobody was there; {len(told.commands)} commands, {repeated} were there already"
        f" when tried again, {told.asked_twice} were given twice, 0 written twice; {receipts}"
        f" receipts kept, 0 lost; {len(lived.seen)} checkpoints published, each with its quorum,"
        f" 0 forks; {_pauses(lived)}; {log.size} entries, {verified}"
    )


def _lived(setting: Setting, minutes: float, chance: Random) -> Lived:
    """Let the four live and die under load, then rest and end."""
    with Watch(setting) as watch:
        with _running(setting) as four:
            _wait_until_they_answer(setting)
            # Before the witnesses answer, what is published has no quorum yet: that is no fault.
            watch.wait_for(1)
            first = len(watch.seen) - 1
            staff = _hired(setting)
            began = time.monotonic()
            last_kill = _load_and_kill(staff, four, minutes, chance)
            ended, size, told = time.monotonic(), setting.size(), Told()
            for each in staff:
                each.close()
                told.add(each.told)
            watch.wait_for(size)
            time.sleep(REST)
            cosigned = [_latest(address) for address in setting.addresses]
        kills = _ended_well(four)
    return Lived(watch.seen[first:], cosigned, told, kills, began, last_kill, ended, size)


def _pauses(lived: Lived) -> str:
    """How long there was no fresh checkpoint, while entries came and after that."""
    at = [each.at for each in lived.seen]
    under_load = [max(at[0], lived.began), *(each for each in at if each > lived.began)]
    longest = max(later - one for one, later in pairwise(under_load))
    assert longest < PATIENCE, f"no fresh quorum for {longest:.0f} s"
    again = next(each for each in at if each > lived.last_kill) - lived.last_kill
    covered = max(at[-1] - lived.ended, 0)
    return (
        f"{longest:.1f} s at most without a fresh one, {again:.1f} s until one after the last kill,"
        f" {covered:.1f} s after the load until one covered everything"
    )


def _wait_until_they_answer(setting: Setting) -> None:
    until = time.monotonic() + PATIENCE
    for address in (setting.address, *setting.addresses):
        while True:
            try:
                httpx2.get(f"{address}/healthz", trust_env=False).raise_for_status()
                break
            except httpx2.TransportError:
                assert time.monotonic() < until, "a process does not answer"
                time.sleep(PAUSE)


def _load_and_kill(
    staff: Sequence[Clinician], four: Sequence[Supervised], minutes: float, chance: Random
) -> float:
    """Let everybody work while one process after another dies; when the last one died."""
    stop = threading.Event()
    last_kill = time.monotonic()
    until = last_kill + 60 * minutes
    with ThreadPoolExecutor(len(staff)) as pool:
        try:
            at_work = [
                pool.submit(each.work, stop, [one.case for one in staff if one is not each])
                for each in staff
            ]
            while (left := until - time.monotonic()) > 0:
                pause = min(chance.uniform(SOONEST, LATEST), left)
                if _ended_early(at_work, pause) or pause == left:
                    break
                chance.choice(four).kill()
                last_kill = time.monotonic()
        finally:
            stop.set()
    for each in at_work:
        each.result()
    return last_kill


def _ended_early(at_work: Sequence[Future[None]], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if any(each.done() for each in at_work):
            return True
        time.sleep(PAUSE)
    return False


def _latest(address: str) -> bytes:
    """The newest checkpoint that a witness has cosigned, as monitors are told of it."""
    name = sha256(ORIGIN.encode()).hexdigest()
    return httpx2.get(f"{address}/{name}/checkpoint", trust_env=False).raise_for_status().content


def _refused(statuses: Counter[int]) -> str:
    told = sorted((status, count) for status, count in statuses.items() if status >= 400)
    which = ", ".join(f"{count} with {status}" for status, count in told)
    return f"{sum(count for _, count in told)} ({which})" if told else "0"


# Judging


def _ended_well(four: Sequence[Supervised]) -> str:
    """How often each was killed; that nothing else has ended any, and none complained."""
    wrong = [line for each in four for line in each.wrong]
    assert not wrong, (wrong, {each.name: each.said()[-500:] for each in four})
    for each in four:
        complaints = [line for line in each.said().splitlines() if _complains(line)]
        assert not complaints, (each.name, complaints[:5])
    kills = ", ".join(f"{each.name} {each.kills}" for each in four)
    return f"{sum(each.kills for each in four)} kills ({kills})"


def _complains(line: str) -> bool:
    return any(word in line for word in _TROUBLE)


class Log(NamedTuple):
    """The log that the newest checkpoint signs, as its tiles show it: entries, leaf by leaf."""

    size: int
    leaves: list[bytes]
    times: list[int]


def _judge_checkpoints(setting: Setting, lived: Lived) -> Log:
    """Hold every checkpoint that was ever published, or cosigned, against the newest."""
    trust, tiles = setting.trust, setting.tiles
    now_s = int(time.time())
    published = [trust.require(each.note, now_s=now_s).checkpoint for each in lived.seen]
    final = published[-1]
    assert final.size >= lived.size
    subtrees = tiles.subtrees(final.size)
    for each in published:
        _must_begin(each, final, subtrees)
    for one, later in pairwise(published):
        assert one.size < later.size or one == later, (one, later)
    for number, note in enumerate(lived.cosigned, start=1):
        judged = trust.judge(note, now_s=now_s)
        assert any(name.startswith(f"witness.example/w{number}") for name in judged.witnesses)
        _must_begin(judged.checkpoint, final, subtrees)
    for folder in setting.witnesses:
        with closing(Witness(folder)) as witness:
            assert not witness.evidence()
        assert "Forks: 0." in _run(_command("witness", "evidence", folder))
    entries = list(tiles.entries(0, final.size))
    leaves = [leaf_hash(each) for each in entries]
    tree = CompactRange()
    tree.extend(leaves)
    assert tree.root() == final.root
    return Log(final.size, leaves, [Entry.unpack(each).time_ms for each in entries])


def _must_begin(one: Checkpoint, final: Checkpoint, subtrees: Subtree) -> None:
    proof = consistency_proof(subtrees, one.size, final.size)
    verify_consistency(one.size, final.size, one.root, final.root, proof)


def _judge_receipts(setting: Setting, log: Log, told: Told) -> int:
    """Hold every receipt against the log; how many there are."""
    kept = [text.encode() for command in told.commands for text in command.receipts]
    for command in told.commands:
        first = command.position - len(command.leaves) + 1
        for place, text in enumerate(command.receipts, start=first):
            receipt = AppendReceipt.verified(text.encode(), setting.receipt_key)
            assert (receipt.origin, receipt.position) == (ORIGIN, place)
            assert receipt.position < log.size, "a receipt for what is not in the log"
            assert (receipt.leaf, receipt.time_ms) == (log.leaves[place], log.times[place])
    now_s, where = int(time.time()), (setting.layout.log, setting.trust)
    for data in Random(1).sample(kept, min(SAMPLE, len(kept))):
        verdict = verify_receipt(data, setting.receipt_key, log=where, now_s=now_s)
        assert verdict.good, [each.line() for each in verdict.claims]
    return len(kept)


def _judge_commands(setting: Setting, told: Told) -> None:
    """Hold every answered command and look against what the record holds under its request."""
    places: dict[str, list[tuple[int, int]]] = {}
    with closing(open_folder(setting.layout.folder, PASSPHRASE)) as folder:
        size, done = folder.store.standing().size, 0
        while done < size:
            rows = folder.store.rows(done, 5000)
            for row in rows:
                if row.key_id != CONTROL_KEY:
                    request = folder.record.mapper.open(row).who.request
                    places.setdefault(request, []).append((row.position, row.tx_first))
            done += len(rows)
    for each in told.commands:
        there = places.get(each.request, [])
        first = each.position - len(each.leaves) + 1
        assert [place for place, _ in there] == list(range(first, each.position + 1)), each.request
        assert len({transaction for _, transaction in there}) == 1
    for asked, position in told.looks:
        assert position in [place for place, _ in places.get(asked, [])], asked


def _judge_by_the_verifiers(setting: Setting, size: int) -> str:
    """Let the clinic's verifier, and the one that needs no key, go over everything."""
    assert _run(_command("incidents", "--data", setting.layout.folder)).startswith("Nothing")
    assert not (setting.layout.folder / "evidence").exists()
    keyed = ("--data", setting.layout.folder, "--passphrase-file", setting.credential, "--json")
    online, online_s = _timed(lambda: json.loads(_run(_command("verify", *keyed))))
    assert (online["verdict"], online["signed"]) == ("good", size), online
    policy = ("--policy", str(setting.layout.policy), "--json")
    offline_command = [sys.executable, "-m", "infrastructure.ledger", str(setting.layout.log)]
    offline, offline_s = _timed(lambda: json.loads(_run([*offline_command, *policy])))
    assert (offline["good"], offline["shown"]["size"]) == (True, size), offline
    return (
        f"verified with keys in {online_s:.0f} s ({online['keys']} keys, {online['contents']}"
        f" contents) and offline without any in {offline_s:.0f} s"
    )


def _timed(work: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    return work(), time.monotonic() - began
