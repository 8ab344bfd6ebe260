"""What a client answered, one row for a case's whole series; and the trends that this makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.events.measure import MeasureAdministered, MeasureCorrected
from domain.instruments.change import Change, change as change_between, clinical
from domain.instruments.definition import Instrument
from domain.instruments.scoring import Score
from domain.ports import Recorded
from domain.rows import Content
from domain.values import FreeText
from projections.chart.facts import facts
from projections.chart.rows import ITEMS, ChartItem, begin, change
from projections.projection import Rows
from projections.times import from_ms, to_ms

MEASURES = "measures"

Definitions = Callable[[str, int], Instrument | None]
"""The instrument of a code and a version."""


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let one event add to the series, or put something in it right."""
    match recorded.event:
        case MeasureAdministered() as event:
            taken = {"measure": event.measure, **_when(recorded), **facts(event), "corrections": []}
            if rows.get(ITEMS, (event.case, event.series)) is None:
                begin(recorded, rows, event.case, event.series, MEASURES, {"measures": [taken]})
            else:
                _change(recorded, rows, event, lambda content: content["measures"].append(taken))
        case MeasureCorrected() as event:
            said = {**_when(recorded), **facts(event)}
            _change(recorded, rows, event, lambda content: _correct(content, event.measure, said))
        case _:
            pass


@dataclass(frozen=True, slots=True)
class Correction:
    """What was put right, by whom and why; the words are still closed."""

    by: str
    recorded_at: datetime
    reason: FreeText
    answers: tuple[tuple[int, int], ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A questionnaire as it stands, and as it was first entered if it was put right since."""

    measure: str
    instrument: str
    instrument_version: int
    by: str
    recorded_at: datetime
    occurred_at: datetime
    answers: tuple[tuple[int, int], ...]
    scores: tuple[Score, ...]
    corrections: tuple[Correction, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One questionnaire in a trend, and how it stands against the first and the one before."""

    taken: Taken
    clinical: bool | None
    from_first: Change | None
    from_last: Change | None


@dataclass(frozen=True, slots=True)
class Trend:
    """How a case has gone on one version of one instrument, from the oldest to the newest.

    ``overall`` is the change from the first to the last; ``None`` where there is only one.
    """

    instrument: Instrument
    points: tuple[Point, ...]
    overall: Change | None


def taken(items: Iterable[ChartItem]) -> tuple[Taken, ...]:
    """Everything that was answered, in the order in which it was."""
    found = [_taken(each) for item in items for each in item.content["measures"]]
    return tuple(sorted(found, key=lambda each: (each.occurred_at, each.recorded_at)))


def trends(found: Iterable[Taken], definitions: Definitions) -> tuple[Trend, ...]:
    """A trend for each version of each instrument; without those that nobody knows any more."""
    series: dict[tuple[str, int], list[Taken]] = {}
    for each in found:
        series.setdefault((each.instrument, each.instrument_version), []).append(each)
    known = ((definitions(*key), each) for key, each in series.items())
    return tuple(_trend(instrument, each) for instrument, each in known if instrument)


def _trend(instrument: Instrument, series: list[Taken]) -> Trend:
    points = tuple(
        Point(
            each,
            clinical(instrument, each.scores[0]),
            _change_of(instrument, series[0], each) if number else None,
            _change_of(instrument, series[number - 1], each) if number else None,
        )
        for number, each in enumerate(series)
    )
    overall = points[-1].from_first
    return Trend(instrument, points, overall)


def _change_of(instrument: Instrument, earlier: Taken, later: Taken) -> Change:
    return change_between(instrument, earlier.scores[0], later.scores[0])


def _change(
    recorded: Recorded,
    rows: Rows,
    event: MeasureAdministered | MeasureCorrected,
    how: Callable[[Content], None],
) -> None:
    change(recorded, rows, event.case, event.series, how)


def _correct(content: Content, measure: str, said: Content) -> None:
    for each in content["measures"]:
        if each["measure"] == measure:
            each["corrections"].append(said)


def _when(recorded: Recorded) -> Content:
    return {"by": recorded.who.actor.id, "recorded": to_ms(recorded.recorded_at)}


def _taken(stored: Content) -> Taken:
    corrections = tuple(
        Correction(
            by=each["by"],
            recorded_at=from_ms(each["recorded"]),
            reason=FreeText(sealed=each["reason"]),
            answers=_answers(each),
            scores=_scores(each),
        )
        for each in stored["corrections"]
    )
    standing = stored["corrections"][-1] if corrections else stored
    return Taken(
        measure=stored["measure"],
        instrument=stored["instrument"],
        instrument_version=stored["instrument_version"],
        by=stored["by"],
        recorded_at=from_ms(stored["recorded"]),
        occurred_at=datetime.fromisoformat(stored["occurred_at"]),
        answers=_answers(standing),
        scores=_scores(standing),
        corrections=corrections,
    )


def _answers(stored: Content) -> tuple[tuple[int, int], ...]:
    return tuple((each["item"], each["value"]) for each in stored["answers"])


def _scores(stored: Content) -> tuple[Score, ...]:
    return tuple(
        Score(each["scale"], each["points"], prorated=each["prorated"], band=each["band"])
        for each in stored["scores"]
    )
