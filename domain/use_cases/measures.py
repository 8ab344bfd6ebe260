"""Questionnaires of a case: answered, put right; and what follows from them at once.

A score of concern opens a risk task, a reliably worse one an alert, each in a stream of its own
under the keys of risk, in the transaction in which the answers are recorded.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from domain import case as case_file, measure as measure_file, risk as risk_file
from domain.case import Case
from domain.errors import NotThere, WrongState
from domain.events import Event
from domain.instruments.definition import Instrument
from domain.measure import NewMeasure, Series
from domain.policy import Act
from domain.ports import Write
from domain.use_cases.desk import Desk, attempt
from domain.use_cases.instruments import book
from domain.use_cases.on_case import OnCase, on_case
from domain.use_cases.on_item import begin, change
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
)

KIND = "measure"
SHEET = "answer_sheet"


async def administer_measure(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewMeasure, *, command: Command
) -> Receipt:
    """Record what a client answered. The receipt names the ``measure`` and its ``series``.

    Raises:
        Invalid: The instrument is none in use here, or an answer is outside its scale.
        WrongState: Several people take part in the case: answers are one person's.
    """
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, attempt(KIND))
    _must_be_one_persons(admitted.case)
    instrument = book(desk).to_give(new.instrument, new.instrument_version)
    series = admitted.case.measures or ItemId(desk.identifiers.new())
    state, version = desk.record.fold(series, measure_file.fold)
    measure = ItemId(desk.identifiers.new())
    events = measure_file.administer(
        state,
        series,
        measure,
        case_id,
        instrument,
        new,
        author=PractitionerId(admitted.who.actor.id),
        now=desk.clock.now(),
    )
    writes = (
        admitted.write(series, events, version),
        admitted.write(case_id, case_file.link_measures(admitted.case, series), admitted.version),
        *_consequences(desk, admitted, state, events, measure, instrument),
    )
    reply = (("measure", measure), ("series", series))
    return await desk.record.append(writes, admitted.who, command=command, reply=reply)


async def correct_measure(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    measure: ItemId,
    answers: Mapping[int, int],
    reason: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Put wrongly entered answers right; ``expected`` is the version of the case's series."""
    frame, _ = desk.case(case_id)
    found: list[tuple[Series, tuple[Event, ...], Instrument]] = []

    def decide(admitted: OnCase, state: Series) -> tuple[Event, ...]:
        instrument = _instrument_of(desk, state, measure)
        author = PractitionerId(admitted.who.actor.id)
        events = measure_file.correct(state, measure, instrument, answers, reason, author=author)
        found.append((state, events, instrument))
        return events

    def beside(admitted: OnCase, _series: ItemId) -> Iterable[Write]:
        state, events, instrument = found[-1]
        return _consequences(desk, admitted, state, events, measure, instrument)

    return await change(
        desk,
        who,
        case_id,
        (frame and frame.measures) or measure,
        KIND,
        measure_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=(reason,),
        beside=beside,
    )


async def keep_answer_sheet(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    test: FreeText,
    content: FreeText,
    *,
    occurred_at: datetime,
    command: Command,
) -> Receipt:
    """Keep raw data of a psychological test. The receipt names the ``answer_sheet``."""

    def decide(admitted: OnCase, sheet: ItemId) -> tuple[Event, ...]:
        return measure_file.keep_sheet(
            sheet,
            case_id,
            test,
            content,
            author=PractitionerId(admitted.who.actor.id),
            occurred_at=occurred_at,
            now=desk.clock.now(),
        )

    return await begin(desk, who, case_id, SHEET, decide, command=command, texts=(test, content))


def _instrument_of(desk: Desk, state: Series, measure: ItemId) -> Instrument:
    """By what an earlier questionnaire was scored; retired or not."""
    known = state.find(measure)
    if known is None:
        raise NotThere
    found = book(desk).of(known.instrument, known.instrument_version)
    if found is None:
        raise WrongState("Nobody knows any more how this questionnaire was scored")
    return found


def _must_be_one_persons(case: Case) -> None:
    if case.joint:
        raise WrongState("A questionnaire is one person's: it belongs in a case of her own")


def _consequences(
    desk: Desk,
    admitted: OnCase,
    before: Series | None,
    events: tuple[Event, ...],
    measure: ItemId,
    instrument: Instrument,
) -> Iterable[Write]:
    """What a score that was recorded or put right makes somebody look into; once each.

    One that was entered late, or put right, changes what those after it are compared with.
    """
    after = before
    for each in events:
        after = measure_file.evolve(after, each)
    now = after.find(measure) if after else None
    if after is None or now is None or not events:
        return
    was = before.find(measure) if before else None
    case = admitted.case.id
    if risk_file.is_news(instrument, was, now):
        task = ItemId(desk.identifiers.new())
        yield admitted.write(task, risk_file.open_task(task, case, instrument, now), 0)
    for worse, against in measure_file.newly_worse(before, after, instrument):
        task = ItemId(desk.identifiers.new())
        yield admitted.write(task, risk_file.detect_deterioration(task, case, worse, against), 0)
