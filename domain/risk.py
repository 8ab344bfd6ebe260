"""Risk: tasks that a questionnaire opens, and its assessment. State, evolve, decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.errors import InTheFuture, Invalid
from domain.events.risk import (
    Level,
    ProtectiveFactor,
    RiskAssessed,
    RiskDeteriorationDetected,
    RiskDeteriorationReviewed,
    RiskEvent,
    RiskFactor,
    RiskTaskOpened,
    RiskTaskSettled,
)
from domain.instruments.definition import Instrument
from domain.instruments.scoring import of_concern, unanswered
from domain.measure import Measure
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section
from domain.wording import worded, worded_sections

SECTIONS = (
    "what-was-said",
    "thoughts-and-intent",
    "plan-and-means",
    "history",
    "protection",
    "risk-to-others",
    "what-was-done",
    "other",
)
"""What an assessment may have words about, in the order in which it is read."""
GRAVE = (Level.HIGH, Level.IMMINENT)
"""From here on an assessment waits for somebody, whether it names a day or not."""


@dataclass(frozen=True, slots=True)
class RiskTask:
    """Something that a questionnaire has opened and a clinician settles."""

    id: ItemId
    case: CaseId
    deterioration: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """The risk of a case as it was last assessed."""

    id: ItemId
    case: CaseId
    last: RiskAssessed


@dataclass(frozen=True, slots=True)
class NewAssessment:
    """How somebody judges the risk now, and from what."""

    occurred_at: datetime
    to_self: Level
    to_others: Level
    factors: tuple[RiskFactor, ...]
    protective: tuple[ProtectiveFactor, ...]
    sections: tuple[Section, ...]
    review_on: date | None = None

    def texts(self) -> Iterable[FreeText]:
        """Its words."""
        return (each.text for each in self.sections)


def evolve(state: RiskTask | None, event: object) -> RiskTask | None:
    """The task's state after the event."""
    match event:
        case RiskTaskOpened():
            return RiskTask(event.task, event.case)
        case RiskDeteriorationDetected():
            return RiskTask(event.task, event.case, deterioration=True)
        case RiskTaskSettled() | RiskDeteriorationReviewed() if state is not None:
            return replace(state, settled=True)
        case _:
            return state


def fold(events: Iterable[object]) -> RiskTask | None:
    """A task's state from its events."""
    state: RiskTask | None = None
    for event in events:
        state = evolve(state, event)
    return state


def evolve_assessment(state: Assessment | None, event: object) -> Assessment | None:
    """The assessment's state after the event."""
    if isinstance(event, RiskAssessed):
        return Assessment(event.assessment, event.case, event)
    return state


def fold_assessment(events: Iterable[object]) -> Assessment | None:
    """An assessment's state from its events."""
    state: Assessment | None = None
    for event in events:
        state = evolve_assessment(state, event)
    return state


def open_task(
    task: ItemId, case: CaseId, instrument: Instrument, measure: Measure
) -> tuple[RiskEvent, ...]:
    """Let a clinician look into answers that may not wait, or that were not given.

    Nothing where every item of risk was answered, and none of concern.
    """
    left_out = unanswered(instrument, measure.answers)
    known = (*of_concern(instrument, measure.answers), *left_out)
    items = tuple(each for each in instrument.risk if each in known)
    if not items:
        return ()
    opened = RiskTaskOpened(
        task=task,
        case=case,
        measure=measure.id,
        occurred_at=measure.occurred_at,
        instrument=measure.instrument,
        items=items,
        unanswered=tuple(each.item for each in left_out) or None,
    )
    return (opened,)


def is_news(instrument: Instrument, was: Measure | None, now: Measure) -> bool:
    """Whether a measure, recorded or put right, has something that no task told of yet.

    An item that was of no concern before, one whose answer weighs more, one that was left out.
    """
    known = {} if was is None else _weights(instrument, was)
    return any(
        item not in known or weight > known[item]
        for item, weight in _weights(instrument, now).items()
    )


def detect_deterioration(
    task: ItemId, case: CaseId, measure: Measure, against: Measure | None
) -> tuple[RiskEvent, ...]:
    """Let a clinician look at a score that is reliably worse; nothing where none is."""
    if against is None or measure.total.points is None or against.total.points is None:
        return ()
    detected = RiskDeteriorationDetected(
        task=task,
        case=case,
        measure=measure.id,
        against=against.id,
        occurred_at=measure.occurred_at,
        instrument=measure.instrument,
        before=against.total.points,
        after=measure.total.points,
    )
    return (detected,)


def settle(state: RiskTask, done: FreeText, *, author: PractitionerId) -> tuple[RiskEvent, ...]:
    """Say what was done about it; settling it twice changes nothing.

    Raises:
        Invalid: It says nothing.
    """
    if state.settled:
        return ()
    words = worded(done)
    if state.deterioration:
        reviewed = RiskDeteriorationReviewed(
            task=state.id, case=state.case, author=author, done=words
        )
        return (reviewed,)
    return (RiskTaskSettled(task=state.id, case=state.case, author=author, done=words),)


def assess(
    state: Assessment | None,
    assessment: ItemId,
    case: CaseId,
    new: NewAssessment,
    *,
    author: PractitionerId,
    now: datetime,
) -> tuple[RiskEvent, ...]:
    """Write down how the risk is judged; the same judgement again changes nothing.

    Raises:
        Invalid: A factor stands twice, the sections are none, or the review lies in the past.
        InTheFuture: It would have been judged later than now.
    """
    if new.occurred_at > now:
        raise InTheFuture("occurred_at")
    if len(set(new.factors)) != len(new.factors):
        raise Invalid("factors", "has one twice")
    if len(set(new.protective)) != len(new.protective):
        raise Invalid("protective", "has one twice")
    if new.review_on is not None and new.review_on < new.occurred_at.date():
        raise Invalid("review_on", "lies before the assessment")
    assessed = RiskAssessed(
        assessment=assessment,
        case=case,
        author=author,
        occurred_at=new.occurred_at,
        to_self=new.to_self,
        to_others=new.to_others,
        factors=new.factors,
        protective=new.protective,
        sections=worded_sections(new.sections, SECTIONS),
        review_on=new.review_on,
    )
    return () if state is not None and state.last == assessed else (assessed,)


def _weights(instrument: Instrument, measure: Measure) -> dict[int, int]:
    """What the items that a task tells of weigh; one that was left out less than any answer."""
    values = {each.item: each.value for each in measure.answers}
    left_out = dict.fromkeys(
        (each.item for each in unanswered(instrument, measure.answers)), instrument.least
    )
    concern = of_concern(instrument, measure.answers)
    return {**left_out, **{each.item: values[each.item] for each in concern}}
