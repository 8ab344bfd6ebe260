"""Items that are written anew as a whole, intakes and formulations: every version stays.

Source:
    domain.md section 4, rows 8 and 25.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.events.formulation import FormulationRevised, FormulationWritten
from domain.events.intake import IntakeCompleted, IntakeRevised
from domain.ports import Recorded
from domain.rows import Content
from domain.values import FreeText
from projections.chart.rows import ChartItem, begin, change, sections
from projections.projection import Rows
from projections.times import from_ms, to_ms

INTAKE, FORMULATION = "intake", "formulation"


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let one event begin or revise an intake or a formulation."""
    match recorded.event:
        case IntakeCompleted() as event:
            content: Content = {"versions": [_version(recorded, event)]}
            begin(recorded, rows, event.case, event.intake, INTAKE, content)
        case IntakeRevised() as event:
            _revise(recorded, rows, event.case, event.intake, _version(recorded, event))
        case FormulationWritten() as event:
            content = {"school": event.school.value, "versions": [_version(recorded, event)]}
            begin(recorded, rows, event.case, event.formulation, FORMULATION, content)
        case FormulationRevised() as event:
            _revise(recorded, rows, event.case, event.formulation, _version(recorded, event))
        case _:
            pass


@dataclass(frozen=True, slots=True)
class Version:
    """What an item said from some moment on, words still closed; ``number`` counts from one."""

    number: int
    by: str
    at: datetime
    sections: tuple[tuple[str, FreeText], ...]
    reason: FreeText | None
    problems: tuple[str, ...]
    genogram: FreeText | None


@dataclass(frozen=True, slots=True)
class Versions:
    """An intake or a formulation; ``school`` is a formulation's."""

    id: str
    version: int
    occurred_at: datetime
    school: str | None
    versions: tuple[Version, ...]

    @property
    def current(self) -> Version:
        """How it stands."""
        return self.versions[-1]


def versions(items: Iterable[ChartItem]) -> tuple[Versions, ...]:
    """The items with all their versions, in the order in which they were begun."""
    return tuple(
        Versions(
            id=each.id,
            version=each.version,
            occurred_at=each.occurred_at,
            school=each.content.get("school"),
            versions=tuple(
                _read(number, stored)
                for number, stored in enumerate(each.content["versions"], start=1)
            ),
        )
        for each in items
    )


def timeline(found: Iterable[Versions]) -> tuple[tuple[Versions, Version], ...]:
    """Every version of every item, in the order in which they were written."""
    every = ((each, version) for each in found for version in each.versions)
    return tuple(sorted(every, key=lambda pair: (pair[1].at, pair[0].id, pair[1].number)))


def _read(number: int, stored: Content) -> Version:
    return Version(
        number=number,
        by=stored["by"],
        at=from_ms(stored["at"]),
        sections=tuple((code, FreeText(sealed=words)) for code, words in stored["sections"]),
        reason=_closed(stored["reason"]),
        problems=tuple(stored["problems"]),
        genogram=_closed(stored["genogram"]),
    )


def _closed(sealed: bytes | None) -> FreeText | None:
    return None if sealed is None else FreeText(sealed=sealed)


def _revise(recorded: Recorded, rows: Rows, case: str, item: str, version: Content) -> None:
    change(recorded, rows, case, item, lambda content: content["versions"].append(version))


def _version(
    recorded: Recorded,
    event: IntakeCompleted | IntakeRevised | FormulationWritten | FormulationRevised,
) -> Content:
    reason = getattr(event, "reason", None)
    genogram = getattr(event, "genogram", None)
    return {
        "by": recorded.who.actor.id,
        "at": to_ms(recorded.recorded_at),
        "sections": sections(event.sections),
        "reason": reason and reason.sealed,
        "problems": list(getattr(event, "problems", ())),
        "genogram": genogram and genogram.sealed,
    }
