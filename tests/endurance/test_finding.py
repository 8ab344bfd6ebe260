"""Asks ten thousand times for somebody and for nobody; finds names among five thousand."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

import pytest

from api.compose import Clinic, compose
from domain.confidentiality import Owner, OwnerKind
from domain.events.case import CaseOpened
from domain.events.client import ClientCaseLinked, ClientIdentified, ClientRegistered, Sex
from domain.identifying import Identifier, folded
from domain.ports import Write
from domain.use_cases import finding
from domain.values import (
    ActingMode,
    CaseId,
    Circumstances,
    ClientId,
    Format,
    PractitionerId,
    Role,
    School,
    StreamId,
)
from projections.identifiers import FOUND_BY
from tests.redteam import finding as attack
from tests.redteam.finding import NOBODYS, PESEL, TOLD_APART, t_of, times
from tests.redteam.harness import Site
from tests.support import ink
from tests.support.clinic import SmallClinic
from tests.support.figures import say

pytestmark = pytest.mark.endurance

TRIES = 3
WHOLE = 2000
CLIENTS = 5000
GIVEN = ("Anna", "Maria", "Łucja", "Małgorzata", "Żaneta", "Jan", "Paweł", "Święcisław", "Ewa")
STEMS = (
    *("Kowal", "Nowak", "Wiśniew", "Wójc", "Kamiń", "Lewandow", "Zieliń", "Szymań"),
    *("Woźniak", "Dąbrow", "Kozłow", "Jankow", "Mazur", "Wojciechow", "Kwiatkow", "Krawczyk"),
    *("Kaczmarek", "Piotrow", "Grabow", "Zając", "Pawłow", "Michal", "Król", "Jabłoń"),
)
ENDS = ("ski", "ska", "czyk", "owicz", "ak", "ek", "icka", "owska", "uk", "ik")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A clinic in which Anna has a number that can be asked for."""
    made = Site(tmp_path / "site")
    with closing(compose(made.open())) as clinic:
        clinic.folder.record.append_now((attack.known(),), ink.WHO)
        clinic.catch_up()
    return made


def least(ways: tuple[Callable[[], object], ...], questions: int) -> float:
    """The least t of a few tries: what is in the work itself is in each of them."""
    return min((t_of(*times(ways, questions, seed)) for seed in range(TRIES)), key=abs)


def test_somebody_and_nobody_cannot_be_told_apart_by_time(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(compose(site.open())) as clinic, asyncio.Runner() as runner:
        clinic.lookups.spend = lambda *_: True  # type: ignore[method-assign]  # the quota is another test's
        index = least(
            tuple(
                partial(clinic.finder.holders, Identifier.PESEL, each) for each in (PESEL, NOBODYS)
            ),
            attack.ENOUGH_QUESTIONS,
        )

        def ask(who: Circumstances, value: str) -> Callable[[], object]:
            return lambda: runner.run(
                finding.find_by_identifier(clinic.desk, who, Identifier.PESEL, value)
            )

        whole = least(tuple(ask(attack.COLLEAGUE, each) for each in (PESEL, NOBODYS)), WHOLE)
        careless = least(
            tuple(partial(carelessly, clinic, each) for each in (PESEL, NOBODYS)),
            attack.ENOUGH_QUESTIONS,
        )
    say(
        capsys,
        f"hit against miss, t: the index {index:.1f} ({attack.ENOUGH_QUESTIONS} questions), the"
        f" whole search {whole:.1f} ({WHOLE}); an index that takes no care {careless:.1f}",
    )
    assert abs(index) < TOLD_APART
    assert abs(whole) < TOLD_APART
    # The measure is good for something: it finds what would be there without the care.
    assert abs(careless) > TOLD_APART


def carelessly(clinic: Clinic, value: str) -> object:
    """What the first thought would be: look it up, open what is there."""
    identifiers = clinic.finder._identifiers
    wanted = clinic.fingerprints.of(Identifier.PESEL, value).hex()
    rows = identifiers._store.select(FOUND_BY, {"fingerprint": wanted})
    cells = ((row.cell, identifiers._place(row)) for row in rows)
    return clinic.finder._grant().cells(cells)


def test_a_name_is_found_among_five_thousand(
    clinic: SmallClinic, capsys: pytest.CaptureFixture[str]
) -> None:
    names = crowd(clinic, CLIENTS)
    clinic.catch_up()
    finder = clinic.clinic.finder
    finder.prepare()
    begun = time.perf_counter()
    finder.named("zielinska", names)
    built = time.perf_counter() - begun
    chance, taken, found = random.Random(7), [], 0
    sample = chance.sample(sorted(names), 100)
    for client in sample:
        given, family = names[client]
        begun = time.perf_counter()
        likest = finder.named(misspelt(f"{given} {family}", chance), names)
        taken.append(time.perf_counter() - begun)
        found += names[client] in [names[each] for each in likest]
    say(
        capsys,
        f"{CLIENTS} names: {built:.2f} s the first time, then {median(taken) * 1000:.0f} ms a"
        f" search; {found} of {len(sample)} misspelt names without marks found",
    )
    assert found >= len(sample) * 9 // 10


def misspelt(name: str, chance: random.Random) -> str:
    """As somebody types it who is in a hurry: no marks, and two letters in the wrong order."""
    plain = folded(name)
    place = chance.randrange(len(plain) - 1)
    return plain[:place] + plain[place : place + 2][::-1] + plain[place + 2 :]


def crowd(clinic: SmallClinic, count: int) -> dict[ClientId, tuple[str, str]]:
    """So many clients of Anna's, with their names."""
    chance, names = random.Random(5), {}
    who = replace(
        clinic.who(clinic.people.anna), role=Role.CLINICIAN, mode=ActingMode.CARE, rule="import"
    )
    for start in range(0, count, 250):
        writes: list[Write] = []
        for number in range(start, start + 250):
            client = ClientId(ink.an_id(f"client {number}"))
            names[client] = chance.choice(GIVEN), chance.choice(STEMS) + chance.choice(ENDS)
            writes += _file(client, names[client], clinic.people.anna)
        clinic.clinic.folder.record.append_now(writes, who)
    return names


def _file(client: ClientId, name: tuple[str, str], therapist: PractitionerId) -> list[Write]:
    case, owner = CaseId(ink.an_id(f"case {client}")), Owner(OwnerKind.CLIENT, client)
    registered = ClientRegistered(
        client=client,
        access_stream=StreamId(ink.an_id(f"access {client}")),
        consent_stream=StreamId(ink.an_id(f"consent {client}")),
    )
    identified = ClientIdentified(
        given_name=name[0], family_name=name[1], birth_date=date(1990, 1, 1), sex=Sex.UNSPECIFIED
    )
    opened = CaseOpened(
        case=case,
        clients=(client,),
        format=Format.INDIVIDUAL,
        school=School.SYSTEMIC,
        therapist=therapist,
    )
    file = (registered, identified, ClientCaseLinked(case=case))
    return [
        Write(client, file, owner, after=0, concerning=(client,)),
        Write(case, (opened,), owner, after=0, concerning=(client,)),
    ]
