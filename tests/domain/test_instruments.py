"""Scores against what was published: at every edge of every band, and with answers missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from domain.errors import Invalid
from domain.instruments.change import Change, Verdict, change, clinical
from domain.instruments.definition import (
    HUNDRED,
    Band,
    ChangeRule,
    Instrument,
    Method,
    RiskItem,
    Scale,
    Towards,
    cut_off_c,
    extent,
    smallest_reliable,
    sound,
)
from domain.instruments.published import (
    ALLIANCE_4,
    CORE_10,
    CORE_OM,
    GAD_7,
    PHQ_9,
    PUBLISHED,
    WHO_5,
)
from domain.instruments.scoring import Score, answers_of, of_concern, scores

EACH = pytest.mark.parametrize("instrument", PUBLISHED, ids=lambda each: each.code)


def filled(instrument: Instrument, total: int) -> dict[int, int]:
    """Answers whose keyed values add up to this total, each as high as it goes."""
    answers = {}
    for item in range(1, instrument.questions + 1):
        keyed = min(instrument.most, total)
        total -= keyed
        reverse = item in instrument.reverse
        answers[item] = instrument.most - keyed if reverse else keyed
    return answers


def scored(instrument: Instrument, answers: dict[int, int]) -> dict[str, Score]:
    return {each.scale: each for each in scores(instrument, answers_of(instrument, answers))}


def total(instrument: Instrument, answers: dict[int, int]) -> Score:
    return scored(instrument, answers)["total"]


PHQ_9_EDGES = [
    (0, "minimal"),
    (4, "minimal"),
    (5, "mild"),
    (9, "mild"),
    (10, "moderate"),
    (14, "moderate"),
    (15, "moderately-severe"),
    (19, "moderately-severe"),
    (20, "severe"),
    (27, "severe"),
]
GAD_7_EDGES = [
    (0, "minimal"),
    (4, "minimal"),
    (5, "mild"),
    (9, "mild"),
    (10, "moderate"),
    (14, "moderate"),
    (15, "severe"),
    (21, "severe"),
]
CORE_10_EDGES = [
    (0, "healthy"),
    (5, "healthy"),
    (6, "low"),
    (10, "low"),
    (11, "mild"),
    (14, "mild"),
    (15, "moderate"),
    (19, "moderate"),
    (20, "moderate-to-severe"),
    (24, "moderate-to-severe"),
    (25, "severe"),
    (40, "severe"),
]


@pytest.mark.parametrize(("points", "band"), PHQ_9_EDGES)
def test_phq_9_at_every_edge(points: int, band: str) -> None:
    assert total(PHQ_9, filled(PHQ_9, points)) == Score("total", points * HUNDRED, band=band)


@pytest.mark.parametrize(("points", "band"), GAD_7_EDGES)
def test_gad_7_at_every_edge(points: int, band: str) -> None:
    assert total(GAD_7, filled(GAD_7, points)) == Score("total", points * HUNDRED, band=band)


@pytest.mark.parametrize(
    ("raw", "percent", "band"),
    [
        (0, 0, "low"),
        (7, 28, "low"),
        (8, 32, "reduced"),
        (12, 48, "reduced"),
        (13, 52, "not-reduced"),
        (25, 100, "not-reduced"),
    ],
)
def test_who_5_is_four_times_its_raw_score(raw: int, percent: int, band: str) -> None:
    # Raw 13 of 25 is the published edge: below it well-being is reduced.
    assert total(WHO_5, filled(WHO_5, raw)) == Score("total", percent * HUNDRED, band=band)


@pytest.mark.parametrize(("points", "band"), CORE_10_EDGES)
def test_core_10_at_every_edge(points: int, band: str) -> None:
    # Of a whole CORE-10 the clinical score is the sum of its items.
    assert total(CORE_10, filled(CORE_10, points)) == Score("total", points * HUNDRED, band=band)


@pytest.mark.parametrize(
    ("raw", "points", "band"),
    [
        (0, 0, "healthy"),
        (20, 588, "healthy"),
        (21, 618, "low"),
        (33, 971, "low"),
        (34, 1000, "mild"),
        (50, 1471, "mild"),
        (51, 1500, "moderate"),
        (56, 1647, "moderate"),
        (67, 1971, "moderate"),
        (68, 2000, "moderate-to-severe"),
        (84, 2471, "moderate-to-severe"),
        (85, 2500, "severe"),
        (136, 4000, "severe"),
    ],
)
def test_core_om_is_ten_times_its_mean(raw: int, points: int, band: str) -> None:
    # 56 of 136 is a mean of 1.64 and a clinical score of 16: the worked example of its users.
    assert total(CORE_OM, filled(CORE_OM, raw)) == Score("total", points, band=band)


@pytest.mark.parametrize(
    ("scale", "raw", "points"),
    [
        ("well-being", 16, 4000),
        ("problems", 48, 4000),
        ("functioning", 48, 4000),
        ("risk", 24, 4000),
        ("non-risk", 112, 4000),
    ],
)
def test_core_om_has_its_domains(scale: str, raw: int, points: int) -> None:
    found = next(each for each in CORE_OM.scales if each.code == scale)
    worst = filled(CORE_OM, 4 * 34)
    best = filled(CORE_OM, 0)
    answers = {item: worst[item] if item in found.items else best[item] for item in worst}
    assert 4 * len(found.items) == raw
    assert scored(CORE_OM, answers)[scale] == Score(scale, points)
    assert scored(CORE_OM, best)[scale] == Score(scale, 0)


def test_core_om_has_four_twelve_twelve_and_six_items_in_its_domains() -> None:
    sizes = {each.code: len(each.items) for each in CORE_OM.scales}
    assert sizes == {
        "total": 34,
        "non-risk": 28,
        "well-being": 4,
        "problems": 12,
        "functioning": 12,
        "risk": 6,
    }
    assert len(CORE_OM.reverse) == 8


def test_what_is_positively_keyed_is_reversed() -> None:
    ten = dict.fromkeys(range(1, 11), 0)
    assert total(CORE_10, ten).points == 8 * HUNDRED
    assert total(CORE_10, {**ten, 2: 4, 3: 4}).points == 0
    om = dict.fromkeys(range(1, 35), 0)
    assert scored(CORE_OM, om)["risk"].points == 0
    # Items 4 and 31 of the four of well-being are positive: (4 + 0 + 0 + 4) / 4, times 10.
    assert scored(CORE_OM, om)["well-being"].points == 2000


@pytest.mark.parametrize(
    ("instrument", "missing", "points"),
    [
        (PHQ_9, 1, 9 * HUNDRED),
        (PHQ_9, 2, 9 * HUNDRED),
        (PHQ_9, 3, None),
        (GAD_7, 1, None),
        (WHO_5, 1, None),
        (ALLIANCE_4, 1, None),
    ],
    ids=lambda each: each.code if isinstance(each, Instrument) else str(each),
)
def test_missing_answers_follow_the_instruments_own_rule(
    instrument: Instrument, missing: int, points: int | None
) -> None:
    answers = dict.fromkeys(range(1, instrument.questions + 1 - missing), 1)
    found = total(instrument, answers)
    assert (found.points, found.prorated) == (points, points is not None)
    assert (found.band is None) is (points is None)


def test_a_prorated_phq_9_has_the_mean_of_its_answers_in_the_place_of_the_missing() -> None:
    # 3 + 6 * 1 over seven answers: 9/7 * 9 = 11.57.
    answers = {1: 3, **dict.fromkeys(range(2, 8), 1)}
    assert total(PHQ_9, answers) == Score("total", 1157, prorated=True, band="moderate")


@pytest.mark.parametrize(("missing", "points"), [(1, 1111), (2, None)])
def test_a_core_10_lacks_one_answer_at_most(missing: int, points: int | None) -> None:
    # One reversed item of the worst, eight of the middle: (2 * 5) / 9 * 10.
    given_answers = {1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 0, 7: 0, 8: 0, 9: 0}
    answers = {item: value for item, value in given_answers.items() if item <= 10 - missing}
    assert total(CORE_10, answers).points == points


@pytest.mark.parametrize(
    ("left_out", "scale", "told"),
    [
        ((1, 2, 6), "total", True),
        ((1, 2, 6, 9), "total", False),
        ((1, 2, 4), "non-risk", True),
        ((1, 2, 3, 4), "non-risk", False),
        ((2,), "problems", True),
        ((2, 5), "problems", False),
        ((1,), "functioning", True),
        ((1, 3), "functioning", False),
        ((4,), "well-being", False),
        ((6,), "risk", False),
    ],
)
def test_core_om_prorates_as_its_publisher_does(
    left_out: tuple[int, ...], scale: str, told: bool
) -> None:
    answers = {item: 2 for item in range(1, 35) if item not in left_out}
    found = scored(CORE_OM, answers)[scale]
    assert (found.points == 2000) is told
    assert found.prorated is told


@pytest.mark.parametrize(
    ("instrument", "item", "towards"),
    [
        (PHQ_9, 9, Towards.SELF),
        (CORE_10, 6, Towards.SELF),
        (CORE_OM, 9, Towards.SELF),
        (CORE_OM, 16, Towards.SELF),
        (CORE_OM, 24, Towards.SELF),
        (CORE_OM, 34, Towards.SELF),
        (CORE_OM, 6, Towards.OTHERS),
        (CORE_OM, 22, Towards.OTHERS),
    ],
    ids=lambda each: each.code if isinstance(each, Instrument) else str(each),
)
def test_any_answer_but_the_least_to_an_item_of_risk_is_of_concern(
    instrument: Instrument, item: int, towards: Towards
) -> None:
    least = dict.fromkeys(range(1, instrument.questions + 1), 0)
    assert of_concern(instrument, answers_of(instrument, least)) == ()
    answered = answers_of(instrument, {**least, item: 1})
    assert of_concern(instrument, answered) == (RiskItem(item, towards),)
    assert of_concern(instrument, answers_of(instrument, {1: 0})) == ()


@EACH
def test_a_published_definition_is_sound(instrument: Instrument) -> None:
    assert sound(instrument) is instrument
    assert all((instrument.source, instrument.licence, instrument.missing))


@EACH
def test_no_wording_of_an_item_is_carried(instrument: Instrument) -> None:
    # Short topics at the most: no item of any of them can be asked with three words.
    assert all(len(each.split()) <= 6 for each in instrument.titles)
    if instrument in (WHO_5, CORE_10, CORE_OM):
        assert instrument.titles == ()


@pytest.mark.parametrize(
    ("answers", "field"),
    [({}, "empty"), ({0: 1}, "item"), ({10: 1}, "item"), ({1: 4}, "scale"), ({1: -1}, "scale")],
)
def test_an_answer_that_cannot_be_is_refused(answers: dict[int, int], field: str) -> None:
    with pytest.raises(Invalid, match=field):
        answers_of(PHQ_9, answers)


def test_reliable_change_is_that_of_jacobson_and_truax() -> None:
    # Their worked example: SD 7.5 and reliability .80, so S_diff 4.74, and 9.30 at 95 %.
    assert smallest_reliable(7.5, 0.8) == 930
    # Evans, Margison & Barkham (1998): SD .53, alpha .89; criterion c between 1.81 and .72.
    assert smallest_reliable(0.53, 0.89) == 49
    assert cut_off_c((1.81, 0.53), (0.72, 0.57)) == 128
    # The CORE-10 manual's samples: 10.46, used as 11 in whole points.
    assert cut_off_c((19.7, 7.7), (4.7, 4.8)) == 1046


@pytest.mark.parametrize(
    ("instrument", "earlier", "later", "verdict"),
    [
        (PHQ_9, 18, 12, Verdict.IMPROVED),
        (PHQ_9, 18, 13, Verdict.UNCHANGED),
        (PHQ_9, 16, 10, Verdict.IMPROVED),
        (PHQ_9, 16, 9, Verdict.RECOVERED),
        (PHQ_9, 9, 3, Verdict.IMPROVED),
        (PHQ_9, 9, 14, Verdict.UNCHANGED),
        (PHQ_9, 9, 15, Verdict.DETERIORATED),
        (GAD_7, 11, 7, Verdict.RECOVERED),
        (GAD_7, 12, 8, Verdict.IMPROVED),
        (GAD_7, 10, 7, Verdict.UNCHANGED),
        (GAD_7, 7, 11, Verdict.DETERIORATED),
        (WHO_5, 40, 52, Verdict.RECOVERED),
        (WHO_5, 20, 32, Verdict.IMPROVED),
        (WHO_5, 52, 60, Verdict.UNCHANGED),
        (WHO_5, 60, 40, Verdict.DETERIORATED),
        (CORE_10, 17, 11, Verdict.UNCHANGED),
        (CORE_10, 17, 10, Verdict.RECOVERED),
        (CORE_10, 18, 11, Verdict.IMPROVED),
        (CORE_10, 10, 17, Verdict.DETERIORATED),
        (CORE_OM, 15, 10, Verdict.UNCHANGED),
        (CORE_OM, 15, 9.9, Verdict.RECOVERED),
        (CORE_OM, 25, 19.9, Verdict.IMPROVED),
        (CORE_OM, 10, 15.1, Verdict.DETERIORATED),
        (ALLIANCE_4, 20, 40, Verdict.NOT_JUDGED),
    ],
    ids=lambda each: each.code if isinstance(each, Instrument) else str(each),
)
def test_a_change_is_judged_by_the_published_constants(
    instrument: Instrument, earlier: float, later: float, verdict: Verdict
) -> None:
    one, two = (Score("total", round(each * HUNDRED)) for each in (earlier, later))
    assert change(instrument, one, two) == Change(verdict, round((later - earlier) * HUNDRED))


def test_without_a_score_nothing_is_judged() -> None:
    none, some = Score("total", None), Score("total", 500)
    assert change(PHQ_9, none, some) == change(PHQ_9, some, none) == Change(Verdict.NOT_JUDGED)
    assert clinical(PHQ_9, none) is None
    assert clinical(ALLIANCE_4, some) is None


@pytest.mark.parametrize(
    ("instrument", "points", "expected"),
    [(PHQ_9, 1000, True), (PHQ_9, 900, False), (WHO_5, 5000, True), (WHO_5, 5200, False)],
    ids=lambda each: each.code if isinstance(each, Instrument) else str(each),
)
def test_the_clinical_range_has_an_end(instrument: Instrument, points: int, expected: bool) -> None:
    assert clinical(instrument, Score("total", points)) is expected


@EACH
@given(data=st.data())
def test_whatever_is_answered_the_score_lies_on_its_scale(
    instrument: Instrument, data: st.DataObject
) -> None:
    values = st.integers(instrument.least, instrument.most)
    items = st.integers(1, instrument.questions)
    answers = data.draw(st.dictionaries(items, values, min_size=1))
    for scale, score in zip(
        instrument.scales, scores(instrument, answers_of(instrument, answers)), strict=True
    ):
        least, most = extent(instrument, scale)
        missing = len(set(scale.items) - answers.keys())
        assert (score.points is None) is (missing > scale.most_missing)
        assert score.points is None or least <= score.points <= most
        assert (score.band is not None) is (score.points is not None and bool(scale.bands))


@EACH
@given(data=st.data())
def test_a_worse_answer_never_makes_a_score_better(
    instrument: Instrument, data: st.DataObject
) -> None:
    values = st.integers(instrument.least, instrument.most)
    answers = {item: data.draw(values) for item in range(1, instrument.questions + 1)}
    item = data.draw(st.integers(1, instrument.questions))
    keyed = -1 if item in instrument.reverse else 1
    raised = {**answers, item: answers[item] + keyed}
    if instrument.least <= raised[item] <= instrument.most:
        before, after = total(instrument, answers).points, total(instrument, raised).points
        assert before is not None
        assert after is not None
        assert after > before


_TOTAL = Scale("total", (1, 2, 3), bands=(Band("low", 0), Band("high", 500)))
_OWN = Instrument(
    code="own",
    version=1,
    title="Our own",
    questions=3,
    least=0,
    most=4,
    direction=PHQ_9.direction,
    scales=(_TOTAL,),
    source="ours",
    licence="ours",
    missing="none",
)


@pytest.mark.parametrize(
    "change_of",
    [
        {"code": "Own Scale"},
        {"code": "x" * 41},
        {"version": 0},
        {"title": " "},
        {"questions": 0},
        {"questions": 201},
        {"least": 4},
        {"most": 1001},
        {"least": -1},
        {"reverse": frozenset({4})},
        {"scales": ()},
        {"scales": (replace(_TOTAL, items=()),)},
        {"scales": (replace(_TOTAL, items=(1, 1)),)},
        {"scales": (replace(_TOTAL, items=(4,)),)},
        {"scales": (replace(_TOTAL, factor=0),)},
        {"scales": (replace(_TOTAL, most_missing=3),)},
        {"scales": (replace(_TOTAL, code="T"),)},
        {"scales": (_TOTAL, _TOTAL)},
        {"scales": (replace(_TOTAL, bands=(Band("low", 100),)),)},
        {"scales": (replace(_TOTAL, bands=(Band("low", 0), Band("high", 0))),)},
        {"scales": (replace(_TOTAL, bands=(Band("low", 0), Band("low", 100))),)},
        {"scales": (replace(_TOTAL, bands=(Band("low", 0), Band("High", 100))),)},
        {"scales": (replace(_TOTAL, bands=(Band("low", 0), Band("high", 1201))),)},
        {"scales": (replace(_TOTAL, method=Method.MEAN, bands=(Band("low", 0), Band("x", 401))),)},
        {"risk": (RiskItem(4, Towards.SELF),)},
        {"risk": (RiskItem(1, Towards.SELF, 0),)},
        {"risk": (RiskItem(1, Towards.SELF, 5),)},
        {"risk": (RiskItem(1, Towards.SELF), RiskItem(1, Towards.OTHERS))},
        {"titles": ("one", "two")},
        {"titles": ("one", "two", " ")},
        {"change": ChangeRule(0, "ours")},
        {"change": ChangeRule(1201, "ours")},
        {"change": ChangeRule(100, "")},
        {"change": ChangeRule(100, "ours", cut_off=1201)},
        {"change": ChangeRule(100, "ours", deviation=100, reliability=800)},
        {"change": ChangeRule(100, "ours", deviation=100, reliability=1000)},
    ],
    ids=str,
)
def test_a_definition_that_contradicts_itself_is_refused(change_of: dict[str, object]) -> None:
    assert sound(_OWN) is _OWN
    with pytest.raises(Invalid):
        sound(replace(_OWN, **change_of))  # type: ignore[arg-type]  # each a field of it
