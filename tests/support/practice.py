"""The thirty duties of a psychotherapist as ``docs/practice.md`` tells them, and their walks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "practice.md"
WALKS = ROOT / "tests" / "walks" / "practice"
DUTIES = range(1, 31)
_COLUMNS = 5
_CODE = re.compile(r"`([^`]+)`")
_MARK = re.compile(r"@pytest\.mark\.duty\(([0-9, ]+)\)")


@dataclass(frozen=True, slots=True)
class Duty:
    """One row: what the profession asks, and what serves it."""

    number: int
    words: str
    commands: tuple[str, ...]
    events: tuple[str, ...]
    projections: tuple[str, ...]


@cache
def duties() -> dict[int, Duty]:
    """The rows of the page by their numbers."""
    found = {}
    for line in PAGE.read_text().splitlines():
        cells = [each.strip() for each in line.strip().strip("|").split("|")]
        if len(cells) == _COLUMNS and cells[0].isdigit():
            commands, events, projections = (tuple(_CODE.findall(each)) for each in cells[2:])
            found[int(cells[0])] = Duty(int(cells[0]), cells[1], commands, events, projections)
    return found


def walked() -> set[int]:
    """The duties that a walk says it is about."""
    marks = (_MARK.findall(path.read_text()) for path in sorted(WALKS.glob("test_*.py")))
    return {int(number) for found in marks for each in found for number in each.split(",")}
