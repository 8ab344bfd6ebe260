"""A case's series of questionnaires: State, evolve, decisions.

One stream holds all that a client has answered, so that what is new can be compared with what was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.errors import InTheFuture, WrongState
from domain.events.measure import (
    AnswerSheetKept,
    MeasureAdministered,
    MeasureCorrected,
    MeasureEvent,
)
from domain.instruments.change import Verdict, change
from domain.instruments.definition import Direction, Instrument
from domain.instruments.scoring import Answer, Score, answers_of, scores
from domain.values import CaseId, FreeText, ItemId, PractitionerId
from domain.wording import worded


@dataclass(frozen=True, slots=True)
class Measure:
    """One questionnaire that was answered, as it stands after its corrections."""

    id: ItemId
    instrument: str
    instrument_version: int
    occurred_at: datetime
    answers: tuple[Answer, ...]
    scores: tuple[Score, ...]

    @property
    def total(self) -> Score:
        """The score that changes are judged by."""
        return self.scores[0]


@dataclass(frozen=True, slots=True)
class Series:
    """Everything that was answered in a case, in the order in which it was recorded."""

    id: ItemId
    case: CaseId
    measures: tuple[Measure, ...] = ()

    def find(self, measure: ItemId) -> Measure | None:
        """The measure with this id."""
        return next((each for each in self.measures if each.id == measure), None)

    def course(self, instrument: Instrument) -> tuple[Measure, ...]:
        """Those on this version of this instrument, the oldest first."""
        same = (instrument.code, instrument.version)
        found = [
            each for each in self.measures if (each.instrument, each.instrument_version) == same
        ]
        return tuple(sorted(found, key=lambda each: each.occurred_at))


@dataclass(frozen=True, slots=True)
class NewMeasure:
    """What was answered, to which version of which questionnaire, and when."""

    instrument: str
    instrument_version: int
    occurred_at: datetime
    answers: Mapping[int, int]


def evolve(state: Series | None, event: object) -> Series | None:
    """The state after the event."""
    match event:
        case MeasureAdministered():
            taken = Measure(
                event.measure,
                event.instrument,
                event.instrument_version,
                event.occurred_at,
                event.answers,
                event.scores,
            )
            known = state or Series(event.series, event.case)
            return replace(known, measures=(*known.measures, taken))
        case MeasureCorrected() if state is not None:
            right = tuple(
                replace(each, answers=event.answers, scores=event.scores)
                if each.id == event.measure
                else each
                for each in state.measures
            )
            return replace(state, measures=right)
        case _:
            return state


def fold(events: Iterable[object]) -> Series | None:
    """A case's series from its events."""
    state: Series | None = None
    for event in events:
        state = evolve(state, event)
    return state


def administer(
    state: Series | None,
    series: ItemId,
    measure: ItemId,
    case: CaseId,
    instrument: Instrument,
    new: NewMeasure,
    *,
    author: PractitionerId,
    now: datetime,
) -> tuple[MeasureEvent, ...]:
    """Record what a client answered, and what it comes to.

    Raises:
        Invalid: An answer is outside the scale, or to an item that the instrument does not have.
        InTheFuture: It would have been answered later than now.
    """
    if state is not None and state.find(measure) is not None:
        return ()
    if new.occurred_at > now:
        raise InTheFuture("occurred_at")
    answers = answers_of(instrument, new.answers)
    taken = MeasureAdministered(
        series=series,
        measure=measure,
        case=case,
        author=author,
        occurred_at=new.occurred_at,
        instrument=instrument.code,
        instrument_version=instrument.version,
        answers=answers,
        scores=scores(instrument, answers),
    )
    return (taken,)


def correct(
    state: Series,
    measure: ItemId,
    instrument: Instrument,
    given: Mapping[int, int],
    reason: FreeText,
    *,
    author: PractitionerId,
) -> tuple[MeasureEvent, ...]:
    """Put wrongly entered answers right; the same answers again change nothing.

    Raises:
        WrongState: There is no such measure in the series.
        Invalid: As ``administer`` does; or there is no reason.
    """
    found = state.find(measure)
    if found is None:
        raise WrongState("There is no such questionnaire in the case")
    answers = answers_of(instrument, given)
    if answers == found.answers:
        return ()
    right = MeasureCorrected(
        series=state.id,
        measure=measure,
        case=state.case,
        author=author,
        reason=worded(reason),
        answers=answers,
        scores=scores(instrument, answers),
    )
    return (right,)


def deteriorations(state: Series | None, instrument: Instrument) -> dict[ItemId, Measure]:
    """Which measures are reliably worse, in the order of time, and each against which.

    Against the best since it was last worse: a relapse is told though it came by small steps, and
    is told once.
    """
    found: dict[ItemId, Measure] = {}
    best: Measure | None = None
    for each in state.course(instrument) if state else ():
        if each.total.points is None:
            continue
        if best is not None and _worse(instrument, best, each):
            found[each.id] = best
            best = each
        elif best is None or _better(instrument, best, each):
            best = each
    return found


def newly_worse(
    before: Series | None, after: Series, instrument: Instrument
) -> tuple[tuple[Measure, Measure], ...]:
    """Which measures are worse now that another was recorded or put right, and against which.

    What was told before is told again where it was put right for the reliably worse.
    """
    known = deteriorations(before, instrument)
    found = deteriorations(after, instrument)
    return tuple(
        (each, found[each.id])
        for each in after.course(instrument)
        if each.id in found and not (each.id in known and _told(before, each, instrument))
    )


def keep_sheet(
    sheet: ItemId,
    case: CaseId,
    test: FreeText,
    content: FreeText,
    *,
    author: PractitionerId,
    occurred_at: datetime,
    now: datetime,
) -> tuple[MeasureEvent, ...]:
    """Keep raw data of a psychological test.

    Raises:
        Invalid: It says nothing, or of no test.
        InTheFuture: It would have been taken later than now.
    """
    if occurred_at > now:
        raise InTheFuture("occurred_at")
    kept = AnswerSheetKept(
        sheet=sheet,
        case=case,
        author=author,
        occurred_at=occurred_at,
        test=worded(test),
        content=worded(content),
    )
    return (kept,)


def _worse(instrument: Instrument, earlier: Measure, later: Measure) -> bool:
    judged = change(instrument, earlier.total, later.total)
    return judged.verdict is Verdict.DETERIORATED


def _better(instrument: Instrument, earlier: Measure, later: Measure) -> bool:
    difference = change(instrument, earlier.total, later.total).difference or 0
    return difference < 0 if instrument.direction is Direction.DISTRESS else difference > 0


def _told(before: Series | None, measure: Measure, instrument: Instrument) -> bool:
    was = before.find(measure.id) if before else None
    return was is not None and not _worse(instrument, was, measure)
