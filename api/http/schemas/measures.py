"""Shapes of questionnaires: definitions, answers, scores, trends.

Scores are in points with two places behind the point; they are whole hundredths inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.http.naming import Naming
from api.http.schemas.common import Asked, Instant, Line, Told, Words, example
from domain.errors import Invalid
from domain.instrument_book import NewInstrument as DomainInstrument
from domain.instruments.change import Change
from domain.instruments.definition import (
    HUNDRED,
    MOST_QUESTIONS,
    MOST_VALUE,
    Band,
    Direction,
    Instrument,
    Method,
    RiskItem,
    Towards,
)
from domain.instruments.scoring import Score
from domain.measure import NewMeasure as DomainMeasure
from projections.chart.measures import Correction, Point, Taken, Trend

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Item = Annotated[int, Field(ge=1, le=MOST_QUESTIONS)]
Value = Annotated[int, Field(ge=0, le=MOST_VALUE)]
Points = Annotated[float, Field(ge=0, le=1_000_000)]
_THOUSAND = 1000
_SHARE = Annotated[float, Field(gt=0, lt=1)]


class AnswerAsked(Asked):
    """What was ticked for one item of the form."""

    item: Item
    value: Value


Answers = Annotated[list[AnswerAsked], Field(min_length=1, max_length=MOST_QUESTIONS)]


def answers(asked: list[AnswerAsked]) -> Mapping[int, int]:
    """The answers by item.

    Raises:
        Invalid: An item stands twice.
    """
    found = {each.item: each.value for each in asked}
    if len(found) != len(asked):
        raise Invalid("answers", "name an item twice")
    return found


class NewMeasure(Asked):
    """What a client answered; an item that she left out is left out."""

    model_config = example(
        instrument="phq-9",
        instrument_version=1,
        occurred_at="2026-02-23T09:00:00Z",
        answers=[{"item": item, "value": 1} for item in range(1, 9)],
    )

    instrument: Code
    instrument_version: Annotated[int, Field(ge=1, le=10_000)]
    occurred_at: Instant
    answers: Answers

    def value(self) -> DomainMeasure:
        """The domain's measure."""
        return DomainMeasure(
            self.instrument, self.instrument_version, self.occurred_at, answers(self.answers)
        )


class MeasureCorrection(Asked):
    """All answers as they ought to have been entered, and why they were not."""

    model_config = example(answers=[{"item": 1, "value": 2}], reason="Two lines were mixed up.")

    answers: Answers
    reason: Words


class NewAnswerSheet(Asked):
    """Raw data of a psychological test: which one, and the answers or the protocol."""

    model_config = example(
        test="MMPI-2", content="Raw scores by scale.", occurred_at="2026-02-23T09:00:00Z"
    )

    test: Words
    content: Words
    occurred_at: Instant


class BandAsked(Asked):
    """A band, and from how many points on."""

    code: Code
    least: Points


class RiskItemAsked(Asked):
    """An item whose answer, from ``least`` on, a clinician must look into."""

    item: Item
    towards: Towards
    least: Annotated[int, Field(ge=1, le=MOST_VALUE)] = 1


class NewInstrument(Asked):
    """A scale of the clinic's own; the same code again is its next version."""

    model_config = example(
        code="week",
        title="How the week went",
        titles=["sleep", "contacts", "hope"],
        least=0,
        most=4,
        direction="higher-is-better",
        bands=[{"code": "low", "least": 0}, {"code": "good", "least": 8}],
        source="The clinic's own.",
        licence="The clinic's own.",
    )

    code: Code
    title: Line
    titles: Annotated[list[Line], Field(min_length=1, max_length=MOST_QUESTIONS)]
    least: Value
    most: Value
    direction: Direction
    source: Line
    licence: Line
    method: Method = Method.SUM
    factor: Annotated[int, Field(ge=1, le=100)] = 1
    most_missing: Annotated[int, Field(ge=0, lt=MOST_QUESTIONS)] = 0
    reverse: Annotated[tuple[Item, ...], Field(max_length=MOST_QUESTIONS)] = ()
    bands: Annotated[tuple[BandAsked, ...], Field(max_length=20)] = ()
    risk: Annotated[tuple[RiskItemAsked, ...], Field(max_length=MOST_QUESTIONS)] = ()
    cut_off: Points | None = None
    deviation: Points | None = None
    reliability: _SHARE | None = None

    def value(self) -> DomainInstrument:
        """The domain's instrument."""
        return DomainInstrument(
            code=self.code,
            title=self.title,
            titles=tuple(self.titles),
            least=self.least,
            most=self.most,
            direction=self.direction,
            method=self.method,
            factor=self.factor,
            most_missing=self.most_missing,
            reverse=self.reverse,
            bands=tuple(Band(each.code, _whole(each.least)) for each in self.bands),
            risk=tuple(RiskItem(each.item, each.towards, each.least) for each in self.risk),
            source=self.source,
            licence=self.licence,
            cut_off=None if self.cut_off is None else _whole(self.cut_off),
            deviation=None if self.deviation is None else _whole(self.deviation),
            reliability=None if self.reliability is None else round(self.reliability * _THOUSAND),
        )


class InstrumentRetirement(Asked):
    """Which instrument is given to nobody any more."""

    model_config = example(code="week")

    code: Code


class BandTold(Told):
    """A band, and from how many points on."""

    code: str
    least: float


class ScaleTold(Told):
    """Items that are scored together, and how many of them may be missing."""

    code: str
    items: list[int]
    method: str
    factor: int
    most_missing: int
    bands: list[BandTold]


class RiskItemTold(Told):
    """An item whose answer, from ``least`` on, a clinician must look into."""

    item: int
    towards: str
    least: int


class InstrumentTold(Told):
    """An instrument in use: how it is scored, whence its constants are, under which licence.

    ``reliable_change`` are the points from which on a change is reliable; without it none is.
    """

    code: str
    version: int
    title: str
    questions: int
    least: int
    most: int
    direction: str
    titles: list[str]
    reverse: list[int]
    scales: list[ScaleTold]
    risk: list[RiskItemTold]
    source: str
    licence: str
    missing: str
    reliable_change: float | None
    cut_off: float | None
    change_source: str | None


class InstrumentsTold(Told):
    """The instruments that are in use here."""

    instruments: list[InstrumentTold]


class ScoreTold(Told):
    """What a scale came to; ``None`` where too many answers are missing."""

    scale: str
    points: float | None
    prorated: bool
    band: str | None


class ScoreChangeTold(Told):
    """What a change is called, and how many points it was (the later less the earlier)."""

    verdict: str
    difference: float | None


class ItemAnswerTold(Told):
    """What was ticked for one item."""

    item: int
    value: int


class MeasureCorrectionTold(Told):
    """When answers were put right, by whom, and why."""

    by: str
    recorded_at: datetime
    reason: str | None


class OutcomePointTold(Told):
    """One questionnaire: its scores, and how it stands against the first and the one before."""

    measure: str
    by: str
    occurred_at: datetime
    recorded_at: datetime
    scores: list[ScoreTold]
    clinical: bool | None
    from_first: ScoreChangeTold | None
    from_last: ScoreChangeTold | None
    answers: list[ItemAnswerTold]
    corrections: list[MeasureCorrectionTold]


class OutcomeTrendTold(Told):
    """How it has gone on one instrument, from the oldest questionnaire to the newest."""

    instrument: str
    instrument_version: int
    title: str
    direction: str
    points: list[OutcomePointTold]
    overall: ScoreChangeTold | None


class OutcomesTold(Told):
    """The outcome trends of a case."""

    case: str
    trends: list[OutcomeTrendTold]


class AnswerSheetTold(Told):
    """Raw data of a test."""

    id: str
    version: int
    by: str
    recorded_at: datetime
    occurred_at: datetime
    test: str | None
    content: str | None


class AnswerSheetsTold(Told):
    """The answer sheets of a case."""

    case: str
    answer_sheets: list[AnswerSheetTold]


def instrument_told(instrument: Instrument) -> InstrumentTold:
    """The answer for a definition."""
    change = instrument.change
    return InstrumentTold(
        code=instrument.code,
        version=instrument.version,
        title=instrument.title,
        questions=instrument.questions,
        least=instrument.least,
        most=instrument.most,
        direction=instrument.direction,
        titles=list(instrument.titles),
        reverse=sorted(instrument.reverse),
        scales=[
            ScaleTold(
                code=each.code,
                items=list(each.items),
                method=each.method,
                factor=each.factor,
                most_missing=each.most_missing,
                bands=[BandTold(code=band.code, least=band.least / HUNDRED) for band in each.bands],
            )
            for each in instrument.scales
        ],
        risk=[RiskItemTold.model_validate(each) for each in instrument.risk],
        source=instrument.source,
        licence=instrument.licence,
        missing=instrument.missing,
        reliable_change=_points(change.reliable) if change else None,
        cut_off=_points(change.cut_off) if change else None,
        change_source=change.source if change else None,
    )


def trend_told(trend: Trend, naming: Naming) -> OutcomeTrendTold:
    """The answer for a trend."""
    return OutcomeTrendTold(
        instrument=trend.instrument.code,
        instrument_version=trend.instrument.version,
        title=trend.instrument.title,
        direction=trend.instrument.direction,
        points=[_point(each, naming) for each in trend.points],
        overall=_change(trend.overall),
    )


def _point(point: Point, naming: Naming) -> OutcomePointTold:
    taken: Taken = point.taken
    return OutcomePointTold(
        measure=taken.measure,
        by=taken.by,
        occurred_at=taken.occurred_at,
        recorded_at=taken.recorded_at,
        scores=[_score(each) for each in taken.scores],
        clinical=point.clinical,
        from_first=_change(point.from_first),
        from_last=_change(point.from_last),
        answers=[ItemAnswerTold(item=item, value=value) for item, value in taken.answers],
        corrections=[_correction(each, naming) for each in taken.corrections],
    )


def _correction(correction: Correction, naming: Naming) -> MeasureCorrectionTold:
    return MeasureCorrectionTold(
        by=correction.by,
        recorded_at=correction.recorded_at,
        reason=naming.words_left(correction.reason),
    )


def _score(score: Score) -> ScoreTold:
    return ScoreTold(
        scale=score.scale, points=_points(score.points), prorated=score.prorated, band=score.band
    )


def _change(change: Change | None) -> ScoreChangeTold | None:
    if change is None:
        return None
    return ScoreChangeTold(verdict=change.verdict, difference=_points(change.difference))


def _points(hundredths: int | None) -> float | None:
    return None if hundredths is None else hundredths / HUNDRED


def _whole(points: float) -> int:
    return round(points * HUNDRED)
