"""The thirty duties of a psychotherapist as ``docs/practice.md`` tells them, and their walks."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "practice.md"
WALKS = ROOT / "tests" / "walks" / "practice"
DUTIES = range(1, 31)
_COLUMNS = 5
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Duty:
    """One row: what the profession asks, and what serves it."""

    number: int
    words: str
    commands: tuple[str, ...]
    events: tuple[str, ...]
    shown_by: tuple[str, ...]


@cache
def duties() -> dict[int, Duty]:
    """The rows of the page by their numbers."""
    found = {}
    for line in PAGE.read_text().splitlines():
        cells = [each.strip() for each in line.strip().strip("|").split("|")]
        if len(cells) == _COLUMNS and cells[0].isdigit():
            commands, events, shown_by = (tuple(_CODE.findall(each)) for each in cells[2:])
            found[int(cells[0])] = Duty(int(cells[0]), cells[1], commands, events, shown_by)
    return found


def walked() -> dict[int, set[str]]:
    """The events that walks promise for each duty: all of the row, or those of a named part."""
    promised: dict[int, set[str]] = defaultdict(set)
    for path in sorted(WALKS.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for mark in getattr(node, "decorator_list", ()):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.duty":
                    (number,) = (ast.literal_eval(each) for each in mark.args)
                    part = [ast.literal_eval(each.value) for each in mark.keywords]
                    promised[number] |= expected(number, *part)
    return promised


def expected(number: int, part: str | None = None) -> set[str]:
    """The events of a row, or those of its aggregates that ``part`` names, space between them."""
    events = set(duties()[number].events) if number in duties() else set()
    if part is None:
        return events
    return {each for each in events if each.partition(".")[0] in part.split()}
