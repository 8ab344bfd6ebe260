"""A genogram: a family over its generations, as data; persons by a role or an alias, never by name.

What can be is checked: everybody is named once, lines join people who are there, nobody is born
after she has died or before a parent, has more than two birth parents, or is her own ancestor. As a
text it is canonical JSON, which lies under an item key like any other words.

Source:
    McGoldrick, Gerson & Petry, Genograms: assessment and intervention (symbols and lines);
    domain.md section 4, row 25.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.errors import Invalid
from domain.events.client import Sex

MOST_PERSONS = 100
MOST_LINES = 300
LONGEST_ROLE = 60
_YEARS = range(1700, 2201)
_ID = re.compile(r"[a-z][a-z0-9-]{0,15}")
_PARENTS = 2


class Line(StrEnum):
    """What joins two people; the first three are of descent, the next three of couples."""

    PARENT = "parent"
    ADOPTIVE_PARENT = "adoptive-parent"
    FOSTER_PARENT = "foster-parent"
    MARRIED = "married"
    TOGETHER = "together"
    SEPARATED = "separated"
    CLOSE = "close"
    FUSED = "fused"
    DISTANT = "distant"
    CONFLICT = "conflict"
    CUT_OFF = "cut-off"
    VIOLENCE = "violence"


DESCENT = frozenset({Line.PARENT, Line.ADOPTIVE_PARENT, Line.FOSTER_PARENT})
COUPLES = frozenset({Line.MARRIED, Line.TOGETHER, Line.SEPARATED})


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody in a family; ``role`` says who she is to it: mother, p7, first husband."""

    id: str
    role: str
    sex: Sex = Sex.UNSPECIFIED
    born: int | None = None
    died: int | None = None
    index: bool = False
    """Whether the therapy is hers."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A line from one person to another; of descent from the parent to the child."""

    line: Line
    of: str
    to: str


@dataclass(frozen=True, slots=True)
class Genogram:
    """A family as it was told."""

    persons: tuple[Relative, ...]
    relations: tuple[Relation, ...] = ()


def checked(genogram: Genogram) -> Genogram:
    """The genogram, if there can be such a family.

    Raises:
        Invalid: There cannot; what is wrong stands there, and no more.
    """
    _check_persons(genogram.persons)
    known = {each.id: each for each in genogram.persons}
    if len(genogram.relations) > MOST_LINES:
        raise _impossible("has too many lines")
    for each in genogram.relations:
        if each.of not in known or each.to not in known:
            raise _impossible("joins somebody who is not in it")
        if each.of == each.to:
            raise _impossible("joins somebody to herself")
        if each.line is Line.PARENT and _younger(known[each.of], known[each.to]):
            raise _impossible("has a parent younger than the child")
    lines = [_undirected(each) for each in genogram.relations]
    if len(set(lines)) != len(lines):
        raise _impossible("has a line twice")
    _check_descent(genogram.relations)
    return genogram


def text_of(genogram: Genogram) -> str:
    """The genogram as a text; the same one is always the same text."""
    return json.dumps(
        {
            "persons": [
                [each.id, each.role, each.sex, each.born, each.died, each.index]
                for each in genogram.persons
            ],
            "relations": [[each.line, each.of, each.to] for each in genogram.relations],
        },
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )


def read(text: str) -> Genogram:
    """The genogram that a text says.

    Raises:
        Invalid: It says none.
    """
    try:
        found: dict[str, list[list[Any]]] = json.loads(text)
        persons = tuple(
            Relative(name, role, Sex(sex), born, died, index)
            for name, role, sex, born, died, index in found["persons"]
        )
        relations = tuple(Relation(Line(line), of, to) for line, of, to in found["relations"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _impossible("is not readable") from None
    return checked(Genogram(persons, relations))


def _check_persons(persons: tuple[Relative, ...]) -> None:
    if not 1 <= len(persons) <= MOST_PERSONS:
        raise _impossible("has nobody in it, or too many")
    if len({each.id for each in persons}) != len(persons):
        raise _impossible("has somebody twice")
    for each in persons:
        if not _ID.fullmatch(each.id):
            raise _impossible("has an id that is not a short lower-case word")
        if not (each.role.strip() and each.role.isprintable() and len(each.role) <= LONGEST_ROLE):
            raise _impossible("has somebody without a role, or with a long one")
        if any(year is not None and year not in _YEARS for year in (each.born, each.died)):
            raise _impossible("has a year that cannot be")
        if each.born is not None and each.died is not None and each.died < each.born:
            raise _impossible("has somebody who died before she was born")


def _check_descent(relations: Iterable[Relation]) -> None:
    """Nobody has three birth parents, and no line of parents leads back to where it began."""
    parents: dict[str, list[str]] = {}
    birth: dict[str, int] = {}
    for each in relations:
        if each.line in DESCENT:
            parents.setdefault(each.to, []).append(each.of)
            birth[each.to] = birth.get(each.to, 0) + (each.line is Line.PARENT)
    if any(count > _PARENTS for count in birth.values()):
        raise _impossible("has somebody with more than two birth parents")
    settled: set[str] = set()
    for first in parents:
        above: dict[str, Iterable[str]] = {}
        path = [first]
        while path:
            person = path[-1]
            left = above.setdefault(person, iter(parents.get(person, ())))
            parent = next(iter(left), None)
            if parent is None:
                settled.add(path.pop())
            elif parent in path:
                raise _impossible("has somebody who is her own ancestor")
            elif parent not in settled:
                path.append(parent)


def _younger(parent: Relative, child: Relative) -> bool:
    return parent.born is not None and child.born is not None and parent.born >= child.born


def _undirected(relation: Relation) -> tuple[Line, str, str]:
    """A line without its direction, but for descent, where that is what it says."""
    if relation.line in DESCENT:
        return relation.line, relation.of, relation.to
    of, to = sorted((relation.of, relation.to))
    return relation.line, of, to


def _impossible(why: str) -> Invalid:
    return Invalid("genogram", why)
