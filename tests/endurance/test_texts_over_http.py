"""Real texts as intakes and as notes, over HTTP: 2,129 answers to 815 people, read back exactly.

The server is the real command in a process of its own. Each person becomes a client with a case;
how she put her question is the interview of an intake, every further wording of it a revision of
that intake; each answer is a note that is signed. Then the server is ended and begun afresh, and
everything is read over HTTP and compared with the file.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest

from api import compose
from api.demo import corpus
from api.demo.corpus import Dossier
from domain.use_cases.administrator import NewPractitioner, found_practitioner
from domain.values import ActorId, ActorKind, Registration, RegistrationKind, Role
from tests.api.cli.test_serve import answer, end, serving
from tests.support.figures import say
from tests.support.quartet import Staff

pytestmark = pytest.mark.endurance

PASSPHRASE = "two thousand texts and a clinic"
CLIENTS, WORDINGS, ANSWERS = 815, 833, 2129
"""Questions in the file, the wordings of all of them together, and the answers to them."""
THERAPISTS = 4
AT = "2026-11-02T09:00:00Z"
SECTION = "interview"
CONTROLS = (*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)
ODD = (
    "  it begins and ends with blanks \n\n",
    "one line\nanother\r\na third\rand a\ttab",
    "a\u0301 is not \u00e1, and \u0142 is neither; \u2028 ends a line for some",
    "\u202eright to left\u202c, \u200bnothing\u200b, \ufeffa mark, \x85 and \x9f",
    "\U0001f3de\ufe0f \U0001d518 \U0010fffd",
    "<b>'; DROP TABLE events; -- {{7*7}} %s \\u0000 &amp;",
    "\u017c" * 200_000,
    "\U0001f3de" * 200_000,
)
"""Texts that are no ordinary ones and still somebody's words, to the last sign."""
NO_TEXT = ("", " \n", "\u017c" * 200_001, *map("a{}b".format, map(chr, CONTROLS)))
"""What no note and no intake takes: nothing, too much, and control characters but tab and line."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Kept:
    """What was recorded of one client, by where it is read, and the position that shows it."""

    dossier: Dossier
    case: str
    intake: str
    notes: tuple[str, ...]
    token: str


class Progress:
    """How many texts are done, by everybody together; told at every tenth."""

    def __init__(self, what: str, total: int, tell: Callable[[str], None]) -> None:
        self._what = what
        self._total = total
        self._tell = tell
        self._began = time.monotonic()
        self._done = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """So many more are done."""
        with self._lock:
            before, self._done = self._done, self._done + count
            if before * 10 // self._total < self._done * 10 // self._total:
                seconds = time.monotonic() - self._began
                self._tell(f"{self._done} of {self._total} notes {self._what}, {seconds:.0f} s")


class Therapist(Staff):
    """A clinician who writes whole records down, and reads them again."""

    def __init__(self, address: str, name: str) -> None:
        super().__init__(address, name, "TREAT")

    def record(self, dossier: Dossier) -> Kept:
        """A client, her case, her question as an intake, and the answers as signed notes."""
        name = {"given_name": "Klient", "family_name": dossier.key}
        identity = {**name, "birth_date": "1990-01-01", "sex": "unspecified"}
        client = self.write("/v1/clients", {"identity": identity})["created"]["client"]
        new = {"clients": [client], "format": "individual", "school": "integrative"}
        case = f"/v1/cases/{self.write('/v1/cases', new)['created']['case']}"
        intake, token = self._intake(f"{case}/intakes", dossier.problems)
        notes: list[str] = []
        for words in dossier.notes:
            body = {"kind": "session", "occurred_at": AT, "text": words}
            draft = self.write(f"{case}/notes", body)
            notes.append(draft["created"]["note"])
            signing = f"{case}/notes/{notes[-1]}:sign"
            token = self.write(signing, None, version=draft["version"])["token"]
        return Kept(dossier, case, intake, tuple(notes), token)

    def _intake(self, path: str, wordings: Sequence[str]) -> tuple[str, str]:
        first, *further = ([{"code": SECTION, "text": each}] for each in wordings)
        written = self.write(path, {"occurred_at": AT, "sections": first})
        intake: str = written["created"]["intake"]
        for sections in further:
            body = {"sections": sections, "reason": "She put it otherwise."}
            written = self.write(f"{path}/{intake}:revise", body, version=written["version"])
        return intake, written["token"]

    def compare(self, kept: Kept) -> tuple[int, int]:
        """How many wordings and how many answers are read exactly as the file has them."""
        (intake,) = self.look(f"{kept.case}/intakes", kept.token)["intakes"]
        assert intake["id"] == kept.intake
        told = [each["sections"] for each in intake["versions"]]
        assert [[each["code"] for each in sections] for sections in told] == [[SECTION]] * len(told)
        pairs = zip(told, kept.dossier.problems, strict=True)
        wordings = sum(sections[0]["text"] == words for sections, words in pairs)
        notes = 0
        for note, words in zip(kept.notes, kept.dossier.notes, strict=True):
            found = self.look(f"{kept.case}/notes/{note}", kept.token)
            notes += found["status"] == "signed" and found["text"] == words
        return wordings, notes

    def offer(self, case: str, words: str) -> tuple[int, int]:
        """How a text is answered as an intake and as a note."""
        sections = [{"code": SECTION, "text": words}]
        intake = {"occurred_at": AT, "sections": sections}
        note = {"kind": "session", "occurred_at": AT, "text": words}
        first, second = (
            self.ask("POST", f"{case}/{what}", body, Idempotency_Key=uuid4().hex).status_code
            for what, body in (("intakes", intake), ("notes", note))
        )
        return first, second


@dataclass(frozen=True, slots=True)
class Place:
    """A clinic on the disk, what opens it, and where its server answers."""

    data: Path
    credential: Path
    port: int

    @property
    def address(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def served(self) -> Iterator[None]:
        """The server, until the end of the block; it ends well and has complained of nothing."""
        with serving(self.data, self.credential, self.port) as process:
            answer(f"{self.address}/readyz", process)
            yield
            assert end(process, signal.SIGTERM)[:2] == (0, "")


def founded(place: Path) -> tuple[Place, str]:
    """A clinic with an administrator, and the password that she signs in with once."""
    data, credential = place / "clinic", place / "credential"
    credential.write_text(PASSPHRASE)
    compose.create(data, [PASSPHRASE], cost=compose.LIGHT)
    with compose.opened(data, PASSPHRASE) as clinic:
        new = NewPractitioner(
            "Alicja", "Nowak", "mgr", Registration(RegistrationKind.NONE), (Role.ADMINISTRATOR,)
        )
        founding = found_practitioner(clinic.desk, clinic.system("founding"), new)
        boss = ActorId(asyncio.run(founding).named("practitioner"))
        password = clinic.accounts.add("boss", ActorKind.STAFF, boss)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return Place(data, credential, port), password


def hired(place: Place, password: str) -> list[Therapist]:
    """Therapists who have signed in; all of it over HTTP."""
    new = {
        "given_name": "Anna",
        "family_name": "Nowak",
        "title": "mgr",
        "registration": {"kind": "certificate", "number": "417", "issuer": "PTP"},
        "roles": ["clinician"],
    }
    staff = []
    with closing(Staff(place.address, "boss", "HSYSADMIN")) as boss:
        boss.join(password)
        for number in range(THERAPISTS):
            name = f"therapist {number}"
            joined = boss.write("/v1/practitioners", new)["created"]["practitioner"]
            told = boss.ask("POST", f"/v1/practitioners/{joined}/sign-ins", {"name": name})
            assert told.status_code == 201, told.text
            staff.append(Therapist(place.address, name))
            staff[-1].join(told.json()["one_time_password"])
    return staff


def side_by_side(
    staff: Sequence[Therapist], work: Callable[[Therapist, int], list[Result]]
) -> list[list[Result]]:
    """What each of the therapists did, all of them at the same time; each has a number."""
    with ThreadPoolExecutor(len(staff)) as pool:
        at_work = [pool.submit(work, each, number) for number, each in enumerate(staff)]
        return [each.result() for each in at_work]


@pytest.mark.shared
def test_two_thousand_texts_are_recorded_as_intakes_and_notes_and_read_back_exactly(
    tmp_path: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dossiers = corpus.read(shared / "data" / "counselling-questions.csv")
    place, password = founded(tmp_path)

    def tell(line: str) -> None:
        say(capsys, line)

    began = time.monotonic()
    with place.served():
        staff = hired(place, password)
        progress = Progress("recorded", ANSWERS, tell)

        def record(therapist: Therapist, number: int) -> list[Kept]:
            found = []
            for each in dossiers[number :: len(staff)]:
                found.append(therapist.record(each))
                progress.add(len(each.notes))
            return found

        kept = side_by_side(staff, record)
    recorded = time.monotonic()

    # A fresh process has nothing but the disk to read from.
    with place.served():
        progress = Progress("read back", ANSWERS, tell)

        def compare(therapist: Therapist, number: int) -> list[tuple[int, int]]:
            found = []
            for each in kept[number]:
                found.append(therapist.compare(each))
                progress.add(len(each.notes))
            return found

        equal = [each for one in side_by_side(staff, compare) for each in one]
    ended = time.monotonic()
    wordings, notes = (sum(each) for each in zip(*equal, strict=True))
    every = [each for one in kept for each in one]
    refused = Counter[int]()
    for each in staff:
        refused.update({code: n for code, n in each.told.statuses.items() if code >= 400})
        each.close()
    say(
        capsys,
        f"texts over HTTP: {len(every)} intakes in {WORDINGS} wordings and"
        f" {sum(len(each.notes) for each in every)} signed notes recorded in"
        f" {recorded - began:.0f} s; read back exactly by a server begun afresh: {wordings}"
        f" wordings and {notes} notes, in {ended - recorded:.0f} s; {refused.total()} refused",
    )
    assert not refused
    assert len({each.intake for each in every}) == CLIENTS
    assert len({note for each in every for note in each.notes}) == ANSWERS
    assert (wordings, notes) == (WORDINGS, ANSWERS)


def test_odd_texts_come_back_as_they_are_and_what_is_no_text_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, password = founded(tmp_path)
    with place.served():
        therapist, *others = hired(place, password)
        kept = [
            therapist.record(Dossier(number, (words,), (words,)))
            for number, words in enumerate(ODD)
        ]
        refused = [therapist.offer(kept[0].case, each) for each in NO_TEXT]
    with place.served():
        equal = [therapist.compare(each) for each in kept]
    for each in (therapist, *others):
        each.close()
    say(
        capsys,
        f"{equal.count((1, 1))} of {len(ODD)} odd texts came back exactly as intake and as note;"
        f" {refused.count((422, 422))} of {len(NO_TEXT)} that are none were refused as both",
    )
    assert equal == [(1, 1)] * len(ODD)
    assert refused == [(422, 422)] * len(NO_TEXT)
