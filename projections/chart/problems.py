"""The problem list: problems with a code and without, diagnoses with their history.

Source:
    domain.md section 4, rows 3 to 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.events.case import (
    CaseProblemReframed,
    CaseProblemResolved,
    CaseProblemStated,
    Diagnosis,
)
from domain.events.diagnosis import (
    DiagnosisNoneFound,
    DiagnosisRecorded,
    DiagnosisRefuted,
    DiagnosisRevised,
)
from domain.ports import Recorded
from domain.problem_list import Assessed
from domain.rows import Content
from domain.values import FreeText
from projections.chart.rows import ChartItem, begin, change
from projections.projection import Rows
from projections.times import from_ms, to_ms

PROBLEM, DIAGNOSIS, NONE_FOUND = "problem", "diagnosis", "none-found"
KINDS = (PROBLEM, DIAGNOSIS, NONE_FOUND)

Coded = tuple[str, str, str]
"""Classification, code, and title as entered."""


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let one event change the problem list."""
    match recorded.event:
        case CaseProblemStated() as event:
            content: Content = {"status": "stated", "said": [_said(recorded, "stated", event)]}
            begin(recorded, rows, event.case, event.problem, PROBLEM, content)
        case CaseProblemReframed() as event:
            _change(recorded, rows, event.problem, "reframed", _said(recorded, "reframed", event))
        case CaseProblemResolved() as event:
            line = _line(recorded, "resolved", event.words, None)
            _change(recorded, rows, event.problem, "resolved", line)
        case DiagnosisRecorded() as event:
            content = {
                "status": "standing",
                "alias": event.alias,
                **_facts(event),
                "said": [_made(recorded, "recorded", event)],
            }
            begin(recorded, rows, event.case, event.diagnosis, DIAGNOSIS, content)
        case DiagnosisRevised() as event:
            _change(
                recorded,
                rows,
                event.diagnosis,
                "standing",
                _made(recorded, "revised", event),
                _facts(event),
            )
        case DiagnosisRefuted() as event:
            line = _line(recorded, "refuted", event.reason, None)
            _change(recorded, rows, event.diagnosis, "refuted", line)
        case DiagnosisNoneFound() as event:
            content = {
                "alias": event.alias,
                "said": [_line(recorded, "none-found", event.words, None)],
            }
            begin(recorded, rows, event.case, event.assessment, NONE_FOUND, content)
        case _:
            pass


@dataclass(frozen=True, slots=True)
class Line:
    """What was said of a problem or a diagnosis, by whom and when; words still closed."""

    act: str
    by: str
    at: datetime
    words: FreeText | None
    coded: Coded | None
    certainty: str | None
    rank: str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as it stands; the last line is how it is put now, the first how it was put."""

    id: str
    status: str
    coded: Coded | None
    history: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class DiagnosisLine:
    """A diagnosis as it stands, or as it stood when it was refuted."""

    id: str
    alias: str | None
    refuted: bool
    coded: Coded
    certainty: str
    rank: str
    problems: tuple[str, ...]
    history: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class NoneFound:
    """That somebody was assessed and has no disorder."""

    id: str
    alias: str | None
    line: Line


@dataclass(frozen=True, slots=True)
class ProblemList:
    """What a case is about: problems without a code and with one, diagnoses, none found.

    ``assessed`` says what is known of each person: by alias in a joint case, of ``None`` otherwise.
    """

    uncoded: tuple[Problem, ...]
    coded: tuple[Problem, ...]
    diagnoses: tuple[DiagnosisLine, ...]
    none_found: tuple[NoneFound, ...]
    assessed: tuple[tuple[str | None, Assessed], ...]


def problem_list(items: Iterable[ChartItem], aliases: Iterable[str] = ()) -> ProblemList:
    """The problem list that items make; of a joint case ``aliases`` are whoever took part."""
    found = list(items)
    problems = [_problem(each) for each in found if each.kind == PROBLEM]
    diagnoses = tuple(_diagnosis(each) for each in found if each.kind == DIAGNOSIS)
    none_found = tuple(_none_found(each) for each in found if each.kind == NONE_FOUND)
    people: tuple[str | None, ...] = tuple(aliases) or (None,)
    return ProblemList(
        uncoded=tuple(each for each in problems if each.coded is None),
        coded=tuple(each for each in problems if each.coded is not None),
        diagnoses=tuple(sorted(diagnoses, key=lambda each: (each.refuted, each.rank != "main"))),
        none_found=none_found,
        assessed=tuple((each, _assessed(each, diagnoses, none_found)) for each in people),
    )


def _assessed(
    alias: str | None,
    diagnoses: Iterable[DiagnosisLine],
    none_found: Iterable[NoneFound],
) -> Assessed:
    hers = [each for each in diagnoses if each.alias == alias]
    if any(not each.refuted for each in hers):
        return Assessed.DIAGNOSED
    clear = [each.line.at for each in none_found if each.alias == alias]
    made = [each.history[0].at for each in hers]
    if clear and (not made or max(clear) >= max(made)):
        return Assessed.NO_DISORDER
    return Assessed.REFUTED if made else Assessed.NOT_ASSESSED


def _problem(item: ChartItem) -> Problem:
    history = _history(item)
    coded = next((each.coded for each in reversed(history) if each.act != "resolved"), None)
    return Problem(item.id, item.content["status"], coded, history)


def _diagnosis(item: ChartItem) -> DiagnosisLine:
    content = item.content
    return DiagnosisLine(
        id=item.id,
        alias=content["alias"],
        refuted=content["status"] == "refuted",
        coded=_as_coded(content["coded"]),
        certainty=content["certainty"],
        rank=content["rank"],
        problems=tuple(content["problems"]),
        history=_history(item),
    )


def _none_found(item: ChartItem) -> NoneFound:
    return NoneFound(item.id, item.content["alias"], _history(item)[0])


def _history(item: ChartItem) -> tuple[Line, ...]:
    return tuple(
        Line(
            act=act,
            by=by,
            at=from_ms(at),
            words=None if words is None else FreeText(sealed=words),
            coded=None if coded is None else _as_coded(coded),
            certainty=certainty,
            rank=rank,
        )
        for act, by, at, words, coded, certainty, rank in item.content["said"]
    )


def _as_coded(stored: list[str]) -> Coded:
    return stored[0], stored[1], stored[2]


def _change(
    recorded: Recorded,
    rows: Rows,
    item: str,
    status: str,
    line: list[object],
    facts: Content | None = None,
) -> None:
    def how(content: Content) -> None:
        content["status"] = status
        content["said"].append(line)
        content.update(facts or {})

    # What is said of a problem stands in the stream of its case.
    change(recorded, rows, recorded.stream, item, how)


def _said(
    recorded: Recorded, act: str, event: CaseProblemStated | CaseProblemReframed
) -> list[object]:
    return _line(recorded, act, event.words, event.diagnosis)


def _made(
    recorded: Recorded, act: str, event: DiagnosisRecorded | DiagnosisRevised
) -> list[object]:
    line = _line(recorded, act, event.words, event.coded)
    return [*line[:-2], event.certainty.value, event.rank.value]


def _line(
    recorded: Recorded, act: str, words: FreeText | None, coded: Diagnosis | None
) -> list[object]:
    stored = None if coded is None else _stored(coded)
    closed = None if words is None else words.sealed
    return [act, recorded.who.actor.id, to_ms(recorded.recorded_at), closed, stored, None, None]


def _facts(event: DiagnosisRecorded | DiagnosisRevised) -> Content:
    return {
        "coded": _stored(event.coded),
        "certainty": event.certainty.value,
        "rank": event.rank.value,
        "problems": list(event.problems),
    }


def _stored(coded: Diagnosis) -> list[str]:
    return [coded.coding.value, coded.code, coded.title]
