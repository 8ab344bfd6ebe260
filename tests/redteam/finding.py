"""Attack 62: on the blind index, by those who may ask it, who can measure it, and who steals it.

Source:
    docs of the design: security, sections 3.1 and 7, 62.
"""

from __future__ import annotations

import asyncio
import hmac
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from hashlib import sha256
from math import sqrt
from random import Random
from statistics import fmean, variance

from api.compose import Clinic, compose
from domain.confidentiality import KeyPurpose
from domain.events.access import AccessDenied, AccessKind, AccessRecorded
from domain.events.client import ClientContactChanged, ClientIdentified, Sex
from domain.events.search import SearchAsked
from domain.identifying import Identifier
from domain.ports import Write
from domain.use_cases import finding
from domain.values import Actor, ActorId, ActorKind, CaseId, Circumstances, PurposeOfUse, Role
from infrastructure.vault.fingerprints import FromSecret
from tests.redteam.harness import ACCEPTED, HELD, ROOT, Site, attack, code_of, holds
from tests.support import ink

PESEL, NOBODYS = "44051401359", "02070803628"
PHONE = "+48600100200"
PROBES = 30
EVERY = frozenset(KeyPurpose)
ENOUGH_QUESTIONS = 10_000
TOLD_APART = 4.5
"""Beyond this a t-test says that two times are two: the threshold of leakage assessment (TVLA)."""
_TRIES = 3
RECEPTION = Circumstances(
    actor=Actor(ActorId(ink.an_id("reception")), ActorKind.STAFF, (Role.RECEPTION,)),
    purpose=PurposeOfUse.HOPERAT,
    request=ink.WHO.request,
)
COLLEAGUE = replace(
    ink.WHO, actor=Actor(ActorId(ink.an_id("colleague")), ActorKind.STAFF, (Role.CLINICIAN,))
)

PROBING = """
import sys
from contextlib import closing
from pathlib import Path
from api.compose import compose
from infrastructure.folder import open_folder
from tests.redteam.finding import PROBES, RECEPTION, codes_of_probing
from tests.redteam.harness import PASSPHRASES, Hands

with closing(compose(open_folder(Path(sys.argv[1]), PASSPHRASES[0], clock=Hands()))) as clinic:
    print(*codes_of_probing(clinic, RECEPTION, PROBES))
"""

DUMPING = """
import sys
from pathlib import Path
from api.cli import main as cli
from api.compose import compose
from infrastructure.folder import open_folder
from tests.redteam.harness import PASSPHRASES, Hands
import resource

cli.cli = lambda: None
cli.main()
clinic = compose(open_folder(Path(sys.argv[1]), PASSPHRASES[0], clock=Hands()))
key = clinic.folder.index_key
environment = Path("/proc/self/environ").read_bytes() + Path("/proc/self/cmdline").read_bytes()
print(resource.getrlimit(resource.RLIMIT_CORE)[0] == 0)
print(key not in environment and key.hex().encode() not in environment)
clinic.close()
"""


@attack(62, "blind index: probing, timing, its key in a dump", HELD)
def blind_index(site: Site) -> str:
    with closing(compose(site.open())) as clinic:
        clinic.folder.record.append_now((known(),), ink.WHO)
        clinic.catch_up()
    claims = probed(site)
    with closing(compose(site.open())) as clinic:
        claims |= measured(clinic)
        claims |= stolen(site, clinic)
    return holds(claims)


def known() -> Write:
    """Anna's number and telephone are written down; nobody but her therapist cares for her."""
    events = (
        ClientIdentified(
            given_name=ink.CANARY,
            family_name=ink.CANARY,
            birth_date=date(1944, 5, 14),
            sex=Sex.FEMALE,
            pesel=PESEL,
        ),
        ClientContactChanged(phone=PHONE),
    )
    return Write(ink.ANNA, events, ink.owner(ink.ANNA), after=2, concerning=(ink.ANNA,))


# Whoever may ask, asks too often


def probed(site: Site) -> dict[str, bool]:
    """Somebody at the front desk tries numbers, in two processes and again after a restart."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROBING, str(site.path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    codes = " ".join(each.communicate(timeout=120)[0] for each in running).split()
    with closing(compose(site.open())) as clinic:
        again = codes_of_probing(clinic, RECEPTION, 3)
        events = [each.event for each in clinic.folder.record.follow(-1, 10_000, EVERY)[0]]
    searches = [
        each
        for each in events
        if isinstance(each, AccessRecorded)
        and each.kind is AccessKind.SEARCH
        and each.client is None
    ]
    denials = [
        each
        for each in events
        if isinstance(each, AccessDenied) and each.reason == finding.OVER_QUOTA
    ]
    words = [each for each in events if isinstance(each, SearchAsked)]
    return {
        "answered twenty times in all": codes.count(ACCEPTED) == finding.LOOKUPS_A_DAY,
        "then refused": set(codes) == {ACCEPTED, "lookups-spent"},
        "refused after a restart": set(again) == {"lookups-spent"},
        "each answer recorded with its words": (
            len(searches) == len(words) == finding.LOOKUPS_A_DAY
        ),
        "each refusal recorded": len(denials) == 2 * PROBES + 3 - finding.LOOKUPS_A_DAY,
    }


def codes_of_probing(clinic: Clinic, who: Circumstances, times: int) -> list[str]:
    """What somebody is told who asks for somebody's number and nobody's in turn."""
    numbers = (PESEL, NOBODYS)
    return [
        code_of(lambda number=number: ask(clinic, who, numbers[number % 2]))  # type: ignore[misc]
        for number in range(times)
    ]


def ask(clinic: Clinic, who: Circumstances, value: str) -> int:
    """How many clients somebody is shown."""
    caseload: tuple[CaseId, ...] = ()
    work = finding.find_by_identifier(clinic.desk, who, Identifier.PESEL, value, caseload=caseload)
    return len(asyncio.run(work).clients)


# Whoever is told nothing, takes the time


def measured(clinic: Clinic) -> dict[str, bool]:
    """A clinician asks for a colleague's client and for nobody: what she hears, and how long."""
    heard = {ask(clinic, COLLEAGUE, each) for each in (PESEL, NOBODYS)}
    ways: tuple[Callable[[], object], ...] = (
        lambda: clinic.finder.holders(Identifier.PESEL, PESEL),
        lambda: clinic.finder.holders(Identifier.PESEL, NOBODYS),
    )
    # A difference that is in the work is there each time; what others do on the machine is not.
    told_apart = all(abs(t_of(*times(ways))) > TOLD_APART for _ in range(_TRIES))
    return {"hears the same": heard == {0}, "takes the same time": not told_apart}


def times(
    ways: Sequence[Callable[[], object]], questions: int = ENOUGH_QUESTIONS, seed: int = 62
) -> tuple[list[int], ...]:
    """How long each of some ways takes, in nanoseconds, asked in an order nobody foresees."""
    order = [number % len(ways) for number in range(questions)]
    Random(seed).shuffle(order)
    taken: tuple[list[int], ...] = tuple([] for _ in ways)
    for way in order:
        begun = time.perf_counter_ns()
        ways[way]()
        taken[way].append(time.perf_counter_ns() - begun)
    return taken


def t_of(one: Sequence[int], other: Sequence[int]) -> float:
    """Welch's t of two samples, the slowest tenth of all left out: those were interrupted."""
    limit = sorted((*one, *other))[(len(one) + len(other)) * 9 // 10]
    first, second = ([each for each in times if each <= limit] for times in (one, other))
    spread = sqrt(variance(first) / len(first) + variance(second) / len(second))
    return (fmean(first) - fmean(second)) / spread


# Whoever steals a disk, a dump or a process's surroundings


def stolen(site: Site, clinic: Clinic) -> dict[str, bool]:
    """The index's key, and what can be done with the index without it."""
    secret = clinic.folder.index_key
    files = {each: each.read_bytes() for each in site.place.rglob("*") if each.is_file()}
    everything = b"\n".join(files.values())
    index = b"".join(data for path, data in files.items() if "identifiers" in path.name)
    fingerprint = clinic.fingerprints.of(Identifier.PESEL, PESEL)
    run = subprocess.run(
        [sys.executable, "-c", DUMPING, str(site.path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (2**20, -1)),
    )
    no_dump, no_key = run.stdout.split()
    return {
        "its key in no file": secret not in everything and secret.hex().encode() not in everything,
        "neither number nor telephone in any file": not any(
            each.encode() in everything for each in (PESEL, PHONE, PHONE[3:])
        ),
        "her row is there": fingerprint.hex().encode() in index,
        "her row names nobody": ink.ANNA.encode() not in index
        and bytes.fromhex(ink.ANNA) not in index,
        "nobody makes it without the key": not any(
            each.hex().encode() in index for each in guessed()
        ),
        "no core dump": no_dump == "True",
        "not in a process's surroundings": no_key == "True",
    }


def guessed() -> list[bytes]:
    """What somebody would try who knows the number and how fingerprints are made."""
    message = b"powiernik/1/idx/pesel\0" + PESEL.encode()
    return [
        sha256(message).digest()[:16],
        sha256(PESEL.encode()).digest()[:16],
        hmac.digest(b"", message, "sha256")[:16],
        hmac.digest(bytes(32), message, "sha256")[:16],
        FromSecret(bytes(32)).of(Identifier.PESEL, PESEL),
    ]
