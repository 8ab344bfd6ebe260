"""Attacks 60 and 64: what was shredded is looked for everywhere, by whoever has every key there is.

Looked through are events and their texts, projections as they were followed and as they are made
again, the index of people, what another open process has at hand, and every file that there is.

Source:
    docs of the design: security, sections 1.7, 1.8 and 7.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

from api.compose import PROJECTIONS, Clinic, compose
from api.compose.itself import standing
from domain.confidentiality import KeyPurpose
from domain.errors import Sealed
from domain.events.client import (
    ClientCaseLinked,
    ClientContactChanged,
    ClientIdentified,
    Sex,
)
from domain.events.erasure import ErasureGround, ErasureScope, HandOver
from domain.identifying import Identifier
from domain.ports import Opening, Write
from domain.rows import Place
from domain.use_cases.erasures import NewErasure
from domain.values import CaseId, Format, FreeText
from infrastructure.errors import KeyGone
from infrastructure.folder import open_with
from infrastructure.verify import verify_folder
from tests.redteam.bundles import Client, bent_bundles, bundle_of, shortened
from tests.redteam.erasing import ALL_OF_ANNA, custodians, erase, gone, signed
from tests.redteam.finding import PESEL, PHONE
from tests.redteam.harness import ACCEPTED, HELD, ROOT, Site, agreed, attack, code_of, holds
from tests.redteam.keys_and_access import searched_everywhere
from tests.redteam.sites import Auditor, witnesses_at_hand
from tests.support import ink
from tests.support.backups import Trio
from tests.support.clinic import small_clinic
from tests.support.erasing import erasing_in, found_by_two
from tests.support.joint import Family, a_family
from tests.support.joint_acts import aliases_of
from tests.support.opened import texts, words
from tests.support.said import by_events, in_files

HERS = f"{ink.CANARY} i zaczarowana dorożka"
NAME = "Zaczarowana Dorożkowska-Konna"
PART = "a heron stood in her kitchen"


# 60: one client of two


@attack(60, "sealed and shredded words searched for everywhere", HELD)
def searched_for(site: Site) -> str:
    begun = site.copy("begun")
    claims = {"nothing in clear while it is sealed": searched_everywhere(site) == HELD}
    site.put_back(begun)
    begin_anew(site)
    temporary, journal = site.place / "tmp", site.place / "journal"
    temporary.mkdir()
    places = {"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)}
    with patch.dict(os.environ, places), patch.object(tempfile, "tempdir", str(temporary)):
        site.anchor()
        with closing(compose(site.open())) as clinic:
            claims |= shredded_in(site, clinic, journal)
        claims |= opened_anew(site)
    markers = (HERS, NAME, PESEL, PHONE, PHONE[3:])
    claims["in no file: tiles, views, spool, evidence, backups, journal, temporary ones"] = not any(
        in_files(site.place, each) for each in markers
    )
    claims["looked at those files"] = journal.exists() and (site.path / "evidence").exists()
    return holds(claims)


def begin_anew(site: Site) -> None:
    """Put out of the way what stands around a clinic that was put back: who remembers it."""
    aside = site.place / "of before"
    aside.mkdir()
    for each in ("checkpointer", "w1", "w2", f"{ink.ANNA}.db", f"{ink.BASIA}.db", "auditor.db"):
        if (site.place / each).exists():
            (site.place / each).rename(aside / each)


def shredded_in(site: Site, clinic: Clinic, journal: Path) -> dict[str, bool]:
    """Anna is shredded in a clinic that goes on, while another process has her record open."""
    folder = clinic.folder
    folder.record.append_now((told(), ink.drafted(ink.ANNA, name="hers", words=HERS)), ink.WHO)
    clinic.catch_up()
    claims = {
        "found before": found(clinic, HERS) > 0 < found(clinic, NAME),
        "in the index before": clinic.finder.holders(Identifier.PESEL, PESEL) == (ink.ANNA,),
    }
    Trio(site.place / "sets").made(folder)
    others = found(clinic, ink.CANARY, HERS)
    with another_process(site, journal) as asked:
        claims["open in another process"] = asked() == "read True"
        text = clinic.shredder.statement(ALL_OF_ANNA)
        shredding = clinic.shredder.destroy(ALL_OF_ANNA, signed(text, custodians(site)))
        asyncio.run(shredding)
        claims["gone from another process and what it keeps"] = asked() == "sealed False"
    clinic.catch_up()
    claims |= nothing_in(clinic, "at once")
    claims["all projections the same, made anew"] = all(
        clinic.rebuild(each.name).equal for each in PROJECTIONS
    )
    claims |= nothing_in(clinic, "in projections made anew")
    claims["not in the index"] = clinic.finder.holders(Identifier.PESEL, PESEL) == ()
    claims["the others whole"] = found(clinic, ink.CANARY, HERS) > 0 < others
    site.checkpoint()
    site.scrubbed(folder)
    # Something is broken: a look goes into the spool, evidence is kept.
    folder.guard.report("E-ROOT", stream=None, position=1)
    folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    return claims


def told() -> Write:
    """Anna's name, number and telephone are written down anew."""
    events = (
        ClientIdentified(
            given_name="Anna",
            family_name=NAME,
            birth_date=date(1944, 5, 14),
            sex=Sex.FEMALE,
            pesel=PESEL,
        ),
        ClientContactChanged(phone=PHONE),
        # As the use cases do it: by it an erasure finds whatever follows from her case.
        ClientCaseLinked(case=CaseId(ink.opened(ink.ANNA).stream)),
    )
    return Write(ink.ANNA, events, ink.owner(ink.ANNA), after=2, concerning=(ink.ANNA,))


def found(clinic: Clinic, marker: str, without: str = "\0") -> int:
    """How often a marker is read by whoever has every key, in events and in projections."""
    opening = standing(clinic.folder, "search")
    said = [*by_events(clinic.folder), *in_cells(clinic, opening)]
    return sum(marker in each and without not in each for each in said)


def in_cells(clinic: Clinic, opening: Opening) -> Iterator[str]:
    """Every cell of every projection that opens."""
    for followed in clinic.views.followed:
        name = followed.projection.name
        for table in followed.projection.tables:
            for row in followed.store.every(table):
                yield repr((row.key, row.clear))
                with suppress(Sealed):
                    place = Place(name, table.name, row.key, row.position)
                    yield repr(opening.cell(row.cell, place))


def nothing_in(clinic: Clinic, when: str) -> dict[str, bool]:
    """Whether nothing of what Anna said and was called is read any more."""
    return {f"no {each} {when}": found(clinic, each) == 0 for each in (HERS, NAME, PESEL, PHONE)}


def opened_anew(site: Site) -> dict[str, bool]:
    """The same after a restart, and with the incident out of the way, verified whole."""
    site.layout.incidents.unlink()
    with closing(compose(site.open())) as clinic:
        clinic.catch_up()
        claims = nothing_in(clinic, "after a restart")
        claims["good"] = code_of(lambda: verify_folder(clinic.folder)) == ACCEPTED
        claims["nothing left of her keys"] = gone(clinic.folder, ink.ANNA)
    return claims


ANOTHER = """
import sys
from contextlib import closing
from pathlib import Path
from api.compose import compose
from infrastructure.folder import open_folder
from tests.redteam.erasing import keys_of, readable
from tests.redteam.harness import PASSPHRASES, Hands
from tests.support import ink

with closing(compose(open_folder(Path(sys.argv[1]), PASSPHRASES[0], clock=Hands()))) as clinic:
    folder, ring = clinic.folder, clinic.folder.vault.keyring
    folder.record.append_now((ink.drafted(ink.ANNA, name="in another process"),), ink.WHO)
    print(flush=True)
    for _ in sys.stdin:
        read = readable(folder, ink.ANNA)
        kept = {*ring._open, *(key.key_id for key, _ in ring._sealing.values())}
        hers = not kept.isdisjoint(keys_of(folder, ink.ANNA))
        print("read" if read else "sealed", hers, flush=True)
"""


@contextmanager
def another_process(site: Site, journal: Path) -> Iterator[Callable[[], str]]:
    """A process that has the clinic open: whether it reads Anna's note, and has a key of hers."""
    with (
        journal.open("wb") as told_there,
        subprocess.Popen(
            [sys.executable, "-c", ANOTHER, str(site.path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told_there,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        going, answers = process.stdin, process.stdout
        answers.readline()

        def ask() -> str:
            going.write("\n")
            going.flush()
            return answers.readline().strip()

        yield ask


# 64: bundles, and a member of a group


@attack(
    64,
    "a client's bundle bent, also after a shred; a shredded member of a group",
    "E-CHAIN",
    "E-MAP",
)
def bundles_and_members(site: Site) -> str:
    begun = site.copy("begun")
    found_of = [bent_bundles(site)]
    site.put_back(begun)
    claims, bent = bundles_after_a_shred(site)
    claims |= member_of_a_group(site.place / "group")
    return agreed(*found_of, *bent, *({holds(claims)} - {HELD}))


def bundles_after_a_shred(site: Site) -> tuple[dict[str, bool], list[str]]:
    """Her access log outlives her content: whole, provable, and as little to be bent as before."""
    with witnesses_at_hand(site):
        begin_anew(site)
        site.anchor(witnesses=2, needed=2)
        client = Client(site, Auditor(site, site.trust()), ink.ANNA)
        before = client.judge(bundle_of(site, ink.ANNA), remembers=True)
        with closing(site.open()) as folder:
            erase(folder, custodians(site))
        after = bundle_of(site, ink.ANNA)
        claims = {
            "good before": before == ACCEPTED,
            "good after a shred": client.judge(after, remembers=True) == ACCEPTED,
            "nothing of hers in it": HERS.encode() not in after.encode(),
        }
        return claims, [client.judge(each) for each in shortened(site, after)]


def member_of_a_group(place: Path) -> dict[str, bool]:
    """One of four is erased: her part, and who she was, cannot be had by any way any more."""
    founded, keys = found_by_two(place / "founded")
    with small_clinic(founded, place / "clinic") as clinic:
        erasing = erasing_in(clinic, keys)
        group = a_family(clinic, size=4, room=Format.GROUP)
        erased, *others = group.people
        alias = group.alias(erased)
        note = group.write(
            f"{group.token(erased)} fell silent.",
            {erased: PART, **dict.fromkeys(others, "A word.")},
        )
        clinic.sign_note(group.case, note)
        clinic.catch_up()
        kept = list(sealed_parts(group))
        views = {each: each.read_bytes() for each in (place / "clinic").glob("views-*")}
        claims = {"a part before": PART in " ".join(everything(group))}
        clinic.clock.move(timedelta(days=366 * 22))
        wish = NewErasure(
            ErasureScope.MEMBER,
            ErasureGround.RETENTION_EXPIRED,
            client=erased,
            case=group.case,
            hand_over=HandOver.DECLINED,
        )
        erasing.erase(clinic.people.officer, wish)
        clinic.catch_up()
        claims["no part"] = PART not in " ".join(everything(group))
        # By whoever had kept the closed text, or the rows of yesterday's projections.
        opens = opened(group)
        claims["not from a closed text"] = bool(kept) and PART not in map(opens, kept)
        claims["no alias of hers"] = alias not in aliases_of(clinic, group.case)
        claims["the others' aliases"] = set(aliases_of(clinic, group.case).values()) == set(others)
        # Whoever lists everybody, in no order that tells, lists her with the others.
        claims["nobody says whose it was"] = not any(
            f"'{alias}'" in each and erased in each and not all(other in each for other in others)
            for each in everything(group)
        )
        claims["good"] = code_of(lambda: verify_folder(clinic.clinic.folder)) == ACCEPTED
        claims["the same made anew"] = all(
            clinic.clinic.rebuild(each.name).equal for each in PROJECTIONS
        )
        claims["no part made anew"] = PART not in " ".join(everything(group))
    for path, data in views.items():
        path.write_bytes(data)
    claims |= yesterdays_views(place / "clinic", founded.custody)
    claims["in no file"] = not in_files(place, PART)
    return claims


def yesterdays_views(path: Path, custody: object) -> dict[str, bool]:
    """Projections of before the erasure are put back under a clinic that is opened again."""
    with closing(compose(open_with(path, custody, pinned=False))) as clinic:  # type: ignore[arg-type]
        claims = {"not in yesterday's projections": found(clinic, PART) == 0}
        clinic.catch_up()
        claims["nor when they have caught up"] = found(clinic, PART) == 0
    return claims


def everything(group: Family) -> Iterator[str]:
    """Everything that anybody reads in the group's clinic, with the place where it stands."""
    clinic = group.clinic.clinic
    opening = standing(clinic.folder, "search")
    yield from by_events(clinic.folder)
    yield from in_cells(clinic, opening)


def sealed_parts(group: Family) -> Iterator[FreeText]:
    """Every text that is recorded, closed."""
    record = group.clinic.clinic.folder.record
    for each in record.follow(-1, 100_000, frozenset(KeyPurpose))[0]:
        if each.event is not None:
            yield from texts(each.event).values()


def opened(group: Family) -> Callable[[FreeText], str]:
    """How somebody opens a closed text who has every key; nothing where it does not open."""

    def open_it(text: FreeText) -> str:
        try:
            return words(group.clinic.clinic.folder, text)
        except KeyGone:
            return ""

    return open_it
