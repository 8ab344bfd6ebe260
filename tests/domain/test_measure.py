"""What a client answers, and the questionnaires that a clinic defines for itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import instrument_book, measure as measure_file
from domain.errors import InTheFuture, Invalid, Refusal, WrongState
from domain.events.instrument import InstrumentDefined
from domain.events.measure import MeasureAdministered, MeasureCorrected
from domain.instrument_book import Book, NewInstrument
from domain.instruments.definition import Band, Direction, Method, RiskItem, Towards
from domain.instruments.published import PHQ_9, PUBLISHED, WHO_5
from domain.instruments.scoring import Score
from domain.measure import Measure, NewMeasure, Series
from domain.values import FreeText, ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import any_history
from tests.support.measure_examples import (
    ADMINISTERED,
    ANNA,
    BEFORE,
    CASE,
    CORRECTED,
    DEFINED,
    KEPT,
    MEASURE,
    NOW,
    RETIRED,
    SERIES,
    SHEET,
    WORDS,
)

ANSWERED = NewMeasure("phq-9", 1, BEFORE, dict.fromkeys(range(1, 10), 1))
DAY = timedelta(days=1)
_POINTS = st.none() | st.integers(0, 27).map(lambda each: each * 100)
OWN = NewInstrument(
    code="week",
    title="How the week went",
    titles=("sleep", "contacts", "hope"),
    least=0,
    most=4,
    direction=Direction.WELL_BEING,
    method=Method.SUM,
    factor=1,
    most_missing=1,
    reverse=(2,),
    bands=(Band("low", 0), Band("good", 800)),
    risk=(RiskItem(3, Towards.SELF, 4),),
    source="The clinic's own.",
    licence="The clinic's own.",
    cut_off=600,
    deviation=250,
    reliability=800,
)


def administered(state: Series | None, new: NewMeasure = ANSWERED) -> tuple[object, ...]:
    return measure_file.administer(state, SERIES, MEASURE, CASE, PHQ_9, new, author=ANNA, now=NOW)


def a_series(*events: object) -> Series:
    state = measure_file.fold(events)
    assert state is not None
    return state


def taken(number: int, points: int | None, *, days_ago: int) -> MeasureAdministered:
    return replace(
        ADMINISTERED,
        measure=ItemId(f"{number:032x}"),
        occurred_at=NOW - days_ago * DAY,
        scores=(Score("total", points),),
    )


class TestSeries:
    def test_answers_are_kept_with_what_they_come_to(self) -> None:
        assert administered(None) == (ADMINISTERED,)

    def test_nobody_answers_tomorrow(self) -> None:
        with pytest.raises(InTheFuture):
            administered(None, replace(ANSWERED, occurred_at=NOW + DAY))

    def test_a_score_outside_the_scale_is_refused(self) -> None:
        with pytest.raises(Invalid):
            administered(None, replace(ANSWERED, answers={1: 4}))
        with pytest.raises(Invalid):
            administered(None, replace(ANSWERED, answers={10: 1}))

    def test_wrong_answers_are_put_right_and_stay_in_the_record(self) -> None:
        series, right = a_series(ADMINISTERED), dict.fromkeys(range(1, 9), 1)
        events = measure_file.correct(series, MEASURE, PHQ_9, right, WORDS, author=ANNA)
        assert events == (CORRECTED,)
        found = a_series(ADMINISTERED, CORRECTED).find(MEASURE)
        assert found is not None
        assert found.scores == CORRECTED.scores

    def test_what_was_never_answered_is_not_put_right(self) -> None:
        with pytest.raises(WrongState):
            measure_file.correct(
                a_series(ADMINISTERED), ItemId("f" * 32), PHQ_9, {1: 1}, WORDS, author=ANNA
            )
        with pytest.raises(Invalid):
            measure_file.correct(
                a_series(ADMINISTERED), MEASURE, PHQ_9, {1: 1}, FreeText(" "), author=ANNA
            )

    @given(any_history)
    def test_every_decision_can_be_retried(self, history: list[object]) -> None:
        must_be_retry_safe(
            measure_file.fold,
            [ADMINISTERED, *history],
            administered,
            lambda state: measure_file.correct(state, MEASURE, PHQ_9, {1: 2}, WORDS, author=ANNA),
        )

    def test_a_sheet_of_another_test_is_kept_apart(self) -> None:
        def keep(test: FreeText, at: timedelta) -> tuple[object, ...]:
            return measure_file.keep_sheet(
                SHEET, CASE, test, WORDS, author=ANNA, occurred_at=BEFORE + at, now=NOW
            )

        assert keep(WORDS, timedelta()) == (KEPT,)
        with pytest.raises(Invalid):
            keep(FreeText(""), timedelta())
        with pytest.raises(InTheFuture):
            keep(WORDS, DAY)


def course(*points: int | None) -> list[MeasureAdministered]:
    """Scores of one questionnaire, day by day."""
    return [taken(number, each, days_ago=40 - number) for number, each in enumerate(points)]


def told(*events: MeasureAdministered) -> list[tuple[int | None, int | None]]:
    """What is reliably worse, and than what, in the order in which it comes to light."""
    found: list[tuple[int | None, int | None]] = []
    series: Series | None = None
    for each in events:
        before, series = series, measure_file.evolve(series, each)
        assert series is not None
        for worse, against in measure_file.newly_worse(before, series, PHQ_9):
            found.append((worse.total.points, against.total.points))
    return found


class TestDeterioration:
    @pytest.mark.parametrize(
        ("points", "expected"),
        [
            ((900,), []),
            ((900, 1400), []),
            ((900, 1500), [(1500, 900)]),
            ((900, 1200, 1500), [(1500, 900)]),
            ((900, 600, 1200), [(1200, 600)]),
            ((900, 1500, 1600), [(1500, 900)]),
            ((900, 1500, 2100), [(1500, 900), (2100, 1500)]),
            ((1800, 900, 1500), [(1500, 900)]),
            # Better first, then back by steps that are each too small to tell of.
            ((2000, 500, 1000, 1500, 2000), [(1500, 500)]),
            ((900, 1500, 900, 1200, 1500), [(1500, 900), (1500, 900)]),
            ((900, None), []),
            ((None, 1500), []),
            ((900, None, 1500), [(1500, 900)]),
        ],
    )
    def test_it_is_told_once_and_against_what(
        self, points: tuple[int | None, ...], expected: list[tuple[int, int]]
    ) -> None:
        assert told(*course(*points)) == expected

    def test_what_is_entered_late_is_compared_with_what_came_before_and_after_it(self) -> None:
        late = taken(1, 500, days_ago=9)
        assert told(taken(2, 2000, days_ago=1), late) == [(2000, 500)]
        assert told(taken(2, 900, days_ago=1), taken(1, 1800, days_ago=9)) == []

    def test_what_is_put_right_is_told_where_it_makes_it_worse(self) -> None:
        first, second = course(1800, 1900)
        before = a_series(first, second)

        def right(measure: ItemId, points: int) -> Series:
            corrected = replace(CORRECTED, measure=measure, scores=(Score("total", points),))
            return a_series(first, second, corrected)

        # The earlier one was put right: the later one is worse.
        ((worse, _),) = measure_file.newly_worse(before, right(first.measure, 900), PHQ_9)
        assert worse.id == second.measure
        assert measure_file.newly_worse(before, right(second.measure, 2000), PHQ_9) == ()
        ((worse, _),) = measure_file.newly_worse(before, right(second.measure, 2400), PHQ_9)
        assert worse.total.points == 2400

    def test_more_is_better_where_a_questionnaire_asks_for_well_being(self) -> None:
        answered = [
            replace(each, instrument="who-5") for each in course(8000, 4000, 7000, 6500, 6000)
        ]
        found = measure_file.deteriorations(a_series(*answered), WHO_5)
        assert [ids.lstrip("0") for ids in found] == ["1", "4"]

    def test_another_questionnaire_and_another_version_are_another_scale(self) -> None:
        other = replace(taken(1, 200, days_ago=9), instrument="gad-7")
        older = replace(taken(2, 200, days_ago=8), instrument_version=2)
        assert told(other, older, taken(3, 1800, days_ago=1)) == []

    @given(st.permutations(range(6)), st.lists(_POINTS, min_size=6, max_size=6))
    def test_no_order_of_entering_hides_what_is_worse(
        self, order: list[int], points: list[int | None]
    ) -> None:
        events = course(*points)
        series = a_series(*events)
        known = told(*(events[each] for each in order))
        for worse, against in measure_file.deteriorations(series, PHQ_9).items():
            found = series.find(worse)
            assert found is not None
            assert found.total.points in [each for each, _ in known]
            assert found.occurred_at > against.occurred_at

    @given(st.lists(_POINTS, min_size=1, max_size=12))
    def test_nobody_is_six_points_worse_than_at_her_best_and_nobody_was_told(
        self, points: list[int | None]
    ) -> None:
        series = a_series(*course(*points))
        found = measure_file.deteriorations(series, PHQ_9)
        since: list[int] = []
        for each in series.measures:
            now = each.total.points
            if now is None:
                assert each.id not in found
                continue
            assert (each.id in found) is any(now - best >= 600 for best in since)
            since = [now] if each.id in found else [*since, now]


class TestBook:
    def test_a_clinic_defines_a_scale_of_its_own(self) -> None:
        assert instrument_book.define(Book(), OWN, author=ANNA) == (DEFINED,)
        found = instrument_book.fold((DEFINED,)).to_give("week", 1)
        assert found.change is not None
        assert found.change.reliable == 310
        assert found.titles == OWN.titles

    def test_other_words_are_its_next_version_and_the_old_one_still_scores(self) -> None:
        book = instrument_book.fold((DEFINED,))
        (second,) = instrument_book.define(book, replace(OWN, most=5), author=ANNA)
        assert isinstance(second, InstrumentDefined)
        assert second.version == 2
        book = instrument_book.evolve(book, second)
        assert book.of("week", 1) is not None
        with pytest.raises(Invalid, match="instrument_version"):
            book.to_give("week", 1)

    def test_a_retired_one_is_given_to_nobody_until_it_is_defined_anew(self) -> None:
        book = instrument_book.fold((DEFINED,))
        assert instrument_book.retire(book, "week", author=ANNA) == (RETIRED,)
        book = instrument_book.evolve(book, RETIRED)
        assert [each.code for each in book.in_use()] == [each.code for each in PUBLISHED]
        with pytest.raises(Invalid):
            book.to_give("week", 1)
        (again,) = instrument_book.define(book, OWN, author=ANNA)
        assert instrument_book.evolve(book, again).to_give("week", 2).version == 2

    def test_a_published_one_is_neither_replaced_nor_retired(self) -> None:
        with pytest.raises(Invalid, match="published"):
            instrument_book.define(Book(), replace(OWN, code="phq-9"), author=ANNA)
        with pytest.raises(WrongState):
            instrument_book.retire(Book(), "phq-9", author=ANNA)
        with pytest.raises(Invalid):
            Book().to_give("phq-9", 2)
        with pytest.raises(Invalid):
            Book().to_give("week", 1)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"titles": ()},
            {"title": "x" * 501},
            {"titles": ("a", "b", "x" * 501)},
            {"reliability": None},
            {"deviation": None},
            {"reliability": 1000},
            {"reliability": 0},
            {"deviation": 0},
            {"reliability": None, "deviation": None},
            {"most_missing": 3},
            {"bands": (Band("low", 100),)},
        ],
        ids=str,
    )
    def test_what_contradicts_itself_is_refused(self, wrong: dict[str, object]) -> None:
        with pytest.raises(Invalid):
            instrument_book.define(Book(), replace(OWN, **wrong), author=ANNA)  # type: ignore[arg-type]  # each a field of it

    def test_a_clinic_has_room_for_two_hundred(self) -> None:
        book = instrument_book.fold(replace(DEFINED, code=f"own-{number}") for number in range(200))
        with pytest.raises(WrongState):
            instrument_book.define(book, OWN, author=ANNA)

    @given(any_history)
    def test_every_decision_can_be_retried(self, history: list[object]) -> None:
        must_be_retry_safe(
            instrument_book.fold,
            history,
            lambda state: instrument_book.define(state, OWN, author=ANNA),
            lambda state: instrument_book.retire(state, "week", author=ANNA),
        )


_VALUES = st.dictionaries(st.integers(0, 10), st.integers(-1, 4), max_size=10)


class SeriesMachine(RuleBasedStateMachine):
    """Whatever is answered and put right, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = []
        self.number = 0

    @property
    def state(self) -> Series | None:
        return measure_file.fold(self.events)

    @rule(answers=_VALUES, days=st.integers(-1, 30))
    def administer(self, answers: dict[int, int], days: int) -> None:
        self.number += 1
        new = NewMeasure("phq-9", 1, NOW - days * DAY, answers)
        measure = ItemId(f"{self.number:032x}")
        self._do(
            lambda: measure_file.administer(
                self.state, SERIES, measure, CASE, PHQ_9, new, author=ANNA, now=NOW
            )
        )

    @rule(answers=_VALUES, which=st.integers(0, 8), words=st.sampled_from([WORDS, FreeText("")]))
    def correct(self, answers: dict[int, int], which: int, words: FreeText) -> None:
        state = self.state
        if state is not None:
            measure = ItemId(f"{which:032x}")
            self._do(
                lambda: measure_file.correct(
                    measure_file.fold(self.events) or state,
                    measure,
                    PHQ_9,
                    answers,
                    words,
                    author=ANNA,
                )
            )

    def _do(self, decide: object) -> None:
        try:
            self.events.extend(decide())  # type: ignore[operator]  # a decision waiting for its state
        except Refusal:
            return
        assert decide() == ()  # type: ignore[operator]  # the same again

    @invariant()
    def scores_follow_from_answers(self) -> None:
        for each in self.state.measures if self.state else ():
            _must_hold(each)

    @invariant()
    def nothing_is_lost(self) -> None:
        kinds = [type(each) for each in self.events]
        known = len(self.state.measures) if self.state else 0
        assert kinds.count(MeasureAdministered) == known
        assert set(kinds) <= {MeasureAdministered, MeasureCorrected}


def _must_hold(measure: Measure) -> None:
    assert measure.occurred_at <= NOW
    assert measure.answers
    assert all(1 <= each.item <= 9 and 0 <= each.value <= 3 for each in measure.answers)
    points = measure.total.points
    assert (points is None) is (len(measure.answers) < 7)
    assert points is None or 0 <= points <= 2700


TestSeriesMachine = SeriesMachine.TestCase
TestSeriesMachine.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
