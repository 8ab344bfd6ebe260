"""No trace in clear: a search over every file that the demonstration leaves, with all its texts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from api.compose import LIGHT, create, opened
from api.demo import StoryClock, play
from api.demo.cast import names
from domain.events import VOCABULARY
from tests.support.figures import say
from tests.support.leaks import Found, search, unsealed_copy

PASSPHRASE = "a demonstration that is searched"

pytestmark = pytest.mark.endurance


def played(folder: Path, texts: Path | None, console: Console) -> Iterator[str]:
    """Play on a fresh folder; the names of everybody who was recorded."""
    clock = None if texts else StoryClock()
    create(folder, [PASSPHRASE], cost=LIGHT, clock=clock)
    with opened(folder, PASSPHRASE, clock=clock) as clinic:
        clinic.start_following()
        left = asyncio.run(play(clinic, console, texts=texts))
        for person in left.people.values():
            yield from person.name.split()


def told(what: str, found: Found) -> str:
    return (
        f"{what}: {found.files} files of {found.size} bytes;"
        f" {found.names.found} of {found.names.searched} names,"
        f" {found.events.found} of {found.events.searched} event names,"
        f" {found.runs.found} of {found.runs.searched} runs of three words"
    )


@pytest.mark.shared
@pytest.mark.parametrize("which", ["its own texts", "2,129 real texts"])
def test_the_demonstration_leaves_no_name_and_no_words_in_clear(
    which: str, tmp_path: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = None if which == "its own texts" else shared / "data" / "counselling-questions.csv"
    folder, copy = tmp_path / "clinic", tmp_path / "unsealed"
    with (tmp_path / "printed").open("w") as printed:
        people = {*played(folder, texts, Console(file=printed, width=120))}
    wanted = {*people, *names()} if texts is None else people
    with opened(folder, PASSPHRASE) as clinic:
        words = unsealed_copy(clinic.folder, copy)

    sealed = search([folder], wanted, VOCABULARY, words)
    unsealed = search([copy], wanted, VOCABULARY, words)

    say(capsys, told(f"sealed, {which}", sealed))
    say(capsys, told(f"unsealed, {which}", unsealed))
    assert sealed.nothing, sealed
    assert unsealed.runs.found == unsealed.runs.searched > 1000
    assert unsealed.events.found >= 10
    assert unsealed.names.found > 20
