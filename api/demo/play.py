"""Plays the demonstration on an open clinic and shows what can be seen afterwards, and by whom."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console

from api.compose import Clinic
from api.demo import corpus, erasure, finding, proof, review, show, story
from api.demo.cast import Person
from api.demo.clock import StoryClock, Weeks
from api.demo.continuity import Copies
from api.demo.corpus import Compared
from api.demo.erasure import Passphrases
from api.demo.looks import Play
from domain.values import CaseId
from projections.entries import Entry

LOG_LINES_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Played:
    """What the play left behind.

    ``done`` counts acts by kind; ``position`` is the last one's, to wait for; ``client`` is whose
    access log was read, ``access_log`` what the officer saw in it, the newest first.
    """

    done: Mapping[str, int]
    position: int
    seconds: float
    people: Mapping[str, Person] = field(repr=False)
    cases: Mapping[str, CaseId] = field(repr=False)
    client: Person = field(repr=False)
    access_log: tuple[Entry, ...] = field(repr=False)
    audit_trail: tuple[Entry, ...] = field(repr=False)
    compared: Compared | None = None

    @property
    def actions(self) -> int:
        """How many acts were done or refused."""
        return sum(self.done.values())


async def play(
    clinic: Clinic,
    console: Console,
    *,
    texts: Path | None = None,
    scratch: Path | None = None,
    passphrases: Passphrases | None = None,
) -> Played:
    """Play on a fresh clinic and print what came of it; with ``texts``, record those instead.

    With the two ``passphrases`` of the folder, a note is erased. With ``scratch``, a folder for a
    checkpointer, the log is signed, proved and attacked as well.

    Raises:
        TextsRefused: The file of texts is not one.
        NotAsWritten: Something that was read back is not what was written.
    """
    started = time.monotonic()
    stage = Play(clinic)
    show.fit(console)
    if texts is None:
        await _tell(stage, console)
        played = await _review(stage, console, started)
        await _afterwards(stage, console, passphrases)
        seconds = time.monotonic() - started
        played = replace(played, done=dict(stage.done), position=stage.last, seconds=seconds)
    else:
        dossiers = await asyncio.to_thread(corpus.read, texts)
        played = await _record(stage, console, started, dossiers)
    if scratch is not None:
        await proof.prove(stage, console, played.client.key, scratch)
    return played


async def _tell(stage: Play, console: Console) -> None:
    show.line(console, "Six weeks in a small clinic, with invented people, are being recorded …")
    began = time.monotonic()
    clock = stage.clinic.clock
    await story.tell(stage, clock.weeks if isinstance(clock, StoryClock) else Weeks())
    _release(stage)
    seconds = time.monotonic() - began
    show.line(
        console,
        f"{sum(stage.done.values())} acts recorded, {stage.done['refused']} of them refused, "
        f"in {seconds:.1f} s.\n",
    )


async def _review(stage: Play, console: Console, started: float) -> Played:
    """The therapist opens a case, the officer reviews, the client reads her own log."""
    client = stage.people["karolina"]
    show.case(console, await review.open_case(stage, "agnieszka", "panic"))
    show.joint(console, await review.open_case(stage, "agnieszka", "group"))
    trail = await review.read_audit_trail(stage, "bogdan")
    show.audit_trail(console, trail)
    log = await review.read_access_log(stage, "bogdan", client.key)
    show.access_log(console, log, client.name, lines=LOG_LINES_SHOWN)
    own = await review.read_access_log(stage, client.key, client.key)
    refused = sum(each.outcome != "0" for each in own.entries)
    show.line(
        console,
        f"{client.name} reads the same log herself: {len(own.entries)} lines, her own look the "
        f"newest, {refused} refused.",
    )
    return _played(stage, started, client, log, trail)


async def _afterwards(stage: Play, console: Console, passphrases: Passphrases | None) -> None:
    """What the office does when the story is over: it finds, backs up, and has a note erased."""
    await finding.look_up(stage, console, "miriam", "+48 500 000 203")
    with tempfile.TemporaryDirectory(prefix="powiernik-backup-") as place:
        copies = Copies(Path(place))
        await copies.make(stage, console)
        if passphrases is not None:
            await _erase(stage, console, copies, passphrases)
        copies.throw_away(stage)


async def _erase(stage: Play, console: Console, copies: Copies, passphrases: Passphrases) -> None:
    await erasure.appoint(stage, console)
    await erasure.ask_too_early(stage, console, "miriam")
    await erasure.hold_for_a_while(stage, console, "miriam")
    done = await erasure.remove(stage, console, "eleanor", "change admission", passphrases)
    await erasure.move(stage, console, "eleanor", "change misfiled", "change", passphrases)
    await erasure.make_final(stage, console, passphrases)
    opens = await copies.try_keys(stage)
    told = "OPENS STILL" if opens else "opens no more"
    show.line(console, f"The backup that was made before it: its set of keys {told}.")
    await erasure.hand_over_the_record(stage, console, done)


async def _record(
    stage: Play, console: Console, started: float, dossiers: tuple[corpus.Dossier, ...]
) -> Played:
    _release(stage)
    await story.found(stage)
    await corpus.record(stage, console, dossiers)
    compared = await corpus.compare(stage, console, dossiers)
    client = stage.people[dossiers[0].key]
    trail = await review.read_audit_trail(stage, "bogdan")
    log = await review.read_access_log(stage, "bogdan", client.key)
    show.access_log(console, log, client.name, lines=LOG_LINES_SHOWN)
    show.line(
        console,
        f"{compared.problems_exact} of {compared.problems} presenting problems of "
        f"{len(dossiers)} clients read back exactly\n"
        f"{compared.notes_exact} of {compared.notes} texts read back exactly",
    )
    return _played(stage, started, client, log, trail, compared)


def _release(stage: Play) -> None:
    if isinstance(stage.clinic.clock, StoryClock):
        stage.clinic.clock.release()


def _played(
    stage: Play,
    started: float,
    client: Person,
    log: review.Page,
    trail: review.Page,
    compared: Compared | None = None,
) -> Played:
    return Played(
        done=dict(stage.done),
        position=stage.last,
        seconds=time.monotonic() - started,
        people=dict(stage.people),
        cases=dict(stage.cases),
        client=client,
        access_log=log.entries,
        audit_trail=trail.entries,
        compared=compared,
    )
