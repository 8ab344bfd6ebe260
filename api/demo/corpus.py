"""Records a file of texts as clinical text, reads every one back by a recorded look, and compares.

Each question becomes a client with an individual case whose presenting problem it is; each answer
becomes a signed note of that case.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

from api.demo.looks import Play
from api.demo.stage import NotAsWritten
from domain.events.client import ClientIdentified, Sex
from domain.events.note import NoteKind
from domain.use_cases.registration import Registration
from domain.values import Format, School

TOGETHER = 32
"""People at work at once: whoever writes at the same moment shares one fsync."""
THERAPISTS = ("agnieszka", "eleanor", "jakub")
COLUMNS = ("question_id", "question", "answer")

Work = TypeVar("Work")
Step = Callable[[int], None]


class TextsRefused(Exception):
    """The file of texts is not one."""

    def __init__(self) -> None:
        super().__init__(
            f"The texts are no CSV file with the columns {', '.join(COLUMNS)}, none of them empty."
        )


@dataclass(frozen=True, slots=True)
class Dossier:
    """What one client's record will hold: her presenting problems and the notes on them."""

    number: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def key(self) -> str:
        """What she and her case are called in the play."""
        return f"K-{self.number:04}"

    @property
    def therapist(self) -> str:
        """Who cares for her."""
        return THERAPISTS[self.number % len(THERAPISTS)]

    def note(self, number: int) -> str:
        """What a note is called in the play."""
        return f"{self.key} note {number}"


@dataclass(frozen=True, slots=True)
class Compared:
    """How many texts were recorded, and how many of them came back exactly."""

    problems: int
    problems_exact: int
    notes: int
    notes_exact: int


def read(path: Path) -> tuple[Dossier, ...]:
    """The texts in a file with the columns ``question_id``, ``question`` and ``answer``.

    Raises:
        TextsRefused: The file is not such a one.
    """
    problems: dict[str, dict[str, None]] = {}
    notes: dict[str, list[str]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file, strict=True):
                question, problem, answer = (row[each] or "" for each in COLUMNS)
                problems.setdefault(question, {})[problem] = None
                notes.setdefault(question, []).append(answer)
    except (OSError, KeyError, csv.Error, UnicodeDecodeError):
        raise TextsRefused from None
    dossiers = tuple(
        Dossier(number, tuple(problems[each]), tuple(notes[each]))
        for number, each in enumerate(problems, start=1)
    )
    texts = [text for each in dossiers for text in (*each.problems, *each.notes)]
    if not texts or not all(text.strip() for text in texts):
        raise TextsRefused
    return dossiers


async def record(play: Play, console: Console, dossiers: tuple[Dossier, ...]) -> None:
    """Record everything."""
    texts = sum(len(each.notes) for each in dossiers)

    async def one(dossier: Dossier, step: Step) -> None:
        await _record(play, dossier)
        step(len(dossier.notes))

    async with _progress(console, "recorded", texts) as step:
        await _side_by_side(dossiers, lambda each: one(each, step))


async def _record(play: Play, dossier: Dossier) -> None:
    key, by = dossier.key, dossier.therapist
    identity = ClientIdentified(
        given_name="Klient",
        family_name=key,
        birth_date=date(1990, 1, 1),
        sex=Sex.UNSPECIFIED,
    )
    await play.register("zuzanna", key, Registration(identity))
    await play.open_case(by, key, (key,), (Format.INDIVIDUAL, School.INTEGRATIVE))
    for problem in dossier.problems:
        await play.state_problem(by, key, problem)
    for number, words in enumerate(dossier.notes):
        kind = NoteKind.SESSION if number else NoteKind.INTAKE
        await play.write(by, key, dossier.note(number), words, kind=kind)


async def compare(play: Play, console: Console, dossiers: tuple[Dossier, ...]) -> Compared:
    """Read everything back, each text by a recorded look, and compare it with the file.

    Raises:
        NotAsWritten: A text is not what the file says.
    """
    await play.reach(play.last)
    texts = sum(len(each.notes) for each in dossiers)
    exact = {"problems": 0, "notes": 0}

    async def one(dossier: Dossier, step: Step) -> None:
        # First the answer, then the sum: others add to it in the meantime.
        problems = await _problems_exact(play, dossier)
        exact["problems"] += problems
        for number, words in enumerate(dossier.notes):
            is_exact = await _is_exact(play, dossier, number, words)
            exact["notes"] += is_exact
            step(1)

    async with _progress(console, "read back", texts) as step:
        await _side_by_side(dossiers, lambda each: one(each, step))
    problems = sum(len(each.problems) for each in dossiers)
    found = Compared(problems, exact["problems"], texts, exact["notes"])
    if (found.problems, found.notes) != (found.problems_exact, found.notes_exact):
        raise NotAsWritten
    return found


async def _problems_exact(play: Play, dossier: Dossier) -> int:
    state, opening = await play.look_at_case(dossier.therapist, dossier.key, wait=False)
    found = [opening.words(each.words) for each in state.problems]
    return sum(was == wanted for was, wanted in zip(found, dossier.problems, strict=False))


async def _is_exact(play: Play, dossier: Dossier, number: int, words: str) -> bool:
    found = await play.read_note(dossier.therapist, dossier.note(number), wait=False)
    return found == words


async def _side_by_side(works: Iterable[Work], do: Callable[[Work], Awaitable[None]]) -> None:
    """Do all the work, so many pieces at a time; the first failure ends it."""
    waiting = iter(works)

    async def worker() -> None:
        for each in waiting:
            await do(each)

    async with asyncio.TaskGroup() as group:
        for _ in range(TOGETHER):
            group.create_task(worker())


@asynccontextmanager
async def _progress(console: Console, what: str, total: int) -> AsyncIterator[Step]:
    """A bar on a terminal, a line for every tenth elsewhere."""
    if console.is_terminal:
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda count: bar.advance(task, count)
        return
    done = 0

    def step(count: int) -> None:
        nonlocal done
        before, done = done, done + count
        if before * 10 // total < done * 10 // total:
            console.print(f"{done} of {total} texts {what}", highlight=False)

    yield step
