"""Ratings of the working alliance in the chart, and how they run over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain.events.alliance import AllianceCorrected, AllianceRated, Scores
from domain.ports import Recorded
from domain.rows import Content
from projections.chart.rows import begin, change
from projections.projection import Rows

if TYPE_CHECKING:
    from projections.chart.queries import ChartItem

KIND = "alliance"


@dataclass(frozen=True, slots=True)
class RatingLine:
    """One rating; ``change`` is against the one before by the same rater, 0 to 40 each."""

    id: str
    version: int
    occurred_at: datetime
    rater: str
    alias: str | None
    session: str | None
    scores: Scores
    corrected: bool
    change: int | None


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let one event change a rating's row."""
    match recorded.event:
        case AllianceRated() as event:
            content: Content = {
                "rater": event.rater.value,
                "alias": event.alias,
                "session": event.session,
                "scores": _scores(event.scores),
                "corrected": False,
            }
            begin(recorded, rows, event.case, event.rating, KIND, content)
        case AllianceCorrected() as event:
            scores = _scores(event.scores)

            def corrected(content: Content) -> None:
                content["scores"] = scores
                content["corrected"] = True

            change(recorded, rows, event.case, event.rating, corrected)
        case _:
            pass


def trend(items: Iterable[ChartItem]) -> list[RatingLine]:
    """The ratings by time, each with its difference to the same rater's one before."""
    found = sorted(
        (each for each in items if each.kind == KIND), key=lambda each: (each.occurred_at, each.id)
    )
    before: dict[tuple[str, str | None], int] = {}
    lines = []
    for item in found:
        content = item.content
        scores = Scores(*content["scores"])
        rater = (content["rater"], content["alias"])
        last = before.get(rater)
        before[rater] = scores.total
        lines.append(
            RatingLine(
                id=item.id,
                version=item.version,
                occurred_at=item.occurred_at,
                rater=content["rater"],
                alias=content["alias"],
                session=content["session"],
                scores=scores,
                corrected=content["corrected"],
                change=None if last is None else scores.total - last,
            )
        )
    return lines


def _scores(scores: Scores) -> list[int]:
    return [scores.relationship, scores.goals, scores.approach, scores.overall]
