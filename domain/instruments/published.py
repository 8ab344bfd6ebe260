"""The published questionnaires that come with the clinic, as data; none of their wording.

What could not be verified in a source stands in ``source`` or ``missing`` as such, and nothing is
computed from it. A definition in use never changes: what changes in it gets a new version.
"""

from domain.instruments.definition import (
    Band,
    ChangeRule,
    Direction,
    Instrument,
    Method,
    RiskItem,
    Scale,
    Towards,
    smallest_reliable,
)

_PHQ_LICENCE = (
    "Copyright Pfizer Inc. No permission is required to reproduce, translate, display or "
    "distribute (PHQ Screeners, Instruction Manual). No wording is carried here all the same: the "
    "forms in each language are those of the publisher."
)
_CORE_LICENCE = (
    "Copyright CORE System Trust, Creative Commons BY-ND 4.0: free to reproduce, also in software, "
    "and never to be changed. No wording is carried here, so that nothing can differ from the form."
)
_IAPT = (
    "Criterion and cut-off of the NHS Talking Therapies (IAPT) manual, as quoted by the services "
    "that use it: a change of {reliable} points or more, a clinical range from {cut_off} on. The "
    "standard deviation and reliability behind it could not be verified and are not given. "
)

PHQ_9 = Instrument(
    code="phq-9",
    version=1,
    title="PHQ-9, Patient Health Questionnaire",
    questions=9,
    least=0,
    most=3,
    direction=Direction.DISTRESS,
    scales=(
        Scale(
            "total",
            tuple(range(1, 10)),
            most_missing=2,
            bands=(
                Band("minimal", 0),
                Band("mild", 500),
                Band("moderate", 1000),
                Band("moderately-severe", 1500),
                Band("severe", 2000),
            ),
        ),
    ),
    source="Kroenke, Spitzer & Williams (2001), J Gen Intern Med 16, 606-613: items, bands.",
    licence=_PHQ_LICENCE,
    missing=(
        "Up to two missing answers are replaced by the mean of those given (Arrieta et al. 2017, "
        "doi 10.1002/jclp.22390, as implemented in the R package qscorer); the publisher's manual "
        "gives no rule that could be verified."
    ),
    risk=(RiskItem(9, Towards.SELF),),
    change=ChangeRule(
        reliable=600,
        cut_off=1000,
        source=_IAPT.format(reliable=6, cut_off=10),
    ),
    titles=(
        "interest",
        "mood",
        "sleep",
        "energy",
        "appetite",
        "self-worth",
        "concentration",
        "pace",
        "self-harm",
    ),
)

GAD_7 = Instrument(
    code="gad-7",
    version=1,
    title="GAD-7, Generalised Anxiety Disorder scale",
    questions=7,
    least=0,
    most=3,
    direction=Direction.DISTRESS,
    scales=(
        Scale(
            "total",
            tuple(range(1, 8)),
            bands=(
                Band("minimal", 0),
                Band("mild", 500),
                Band("moderate", 1000),
                Band("severe", 1500),
            ),
        ),
    ),
    source="Spitzer, Kroenke, Williams & Löwe (2006), Arch Intern Med 166, 1092-1097: bands.",
    licence=_PHQ_LICENCE,
    missing="No published rule could be verified: with an answer missing there is no score.",
    change=ChangeRule(
        reliable=400,
        cut_off=800,
        source=_IAPT.format(reliable=4, cut_off=8)
        + "Others differ: Bischoff et al. (2020), doi 10.5964/pch.v8i1.309, find 5.59; for "
        "screening the authors use a cut-off of 10.",
    ),
    titles=(
        "nervousness",
        "control of worry",
        "amount of worry",
        "relaxing",
        "restlessness",
        "irritability",
        "fear",
    ),
)

WHO_5 = Instrument(
    code="who-5",
    version=1,
    title="WHO-5 Well-Being Index",
    questions=5,
    least=0,
    most=5,
    direction=Direction.WELL_BEING,
    scales=(
        Scale(
            "total",
            tuple(range(1, 6)),
            factor=4,
            bands=(Band("low", 0), Band("reduced", 2900), Band("not-reduced", 5100)),
        ),
    ),
    source=(
        "Topp, Østergaard, Søndergaard & Bech (2015), Psychother Psychosom 84, 167-176: the sum "
        "times 4; 50 or less is reduced well-being, 28 or less calls for a look at depression."
    ),
    licence=(
        "World Health Organization; free to use where the source is named. The 2024 edition is "
        "said to be under CC BY-NC-SA 3.0 IGO: not verified. No wording is carried here."
    ),
    missing="No answer may be missing: without all five there is no score.",
    change=ChangeRule(
        reliable=1000,
        cut_off=5000,
        source=(
            "10 points of 100 are the threshold of a significant change named with the instrument, "
            "no index of Jacobson and Truax; the cut-off is that of Topp et al. (2015)."
        ),
    ),
)

_CORE_10_CHANGE = ChangeRule(
    reliable=smallest_reliable(7.7, 0.9),
    cut_off=1100,
    deviation=770,
    reliability=900,
    source=(
        "Connell & Barkham (2007), CORE-10 User Manual: primary care M 19.7, SD 7.7 (n 1835), "
        "general population M 4.7, SD 4.8 (n 535), alpha 0.90 (Barkham et al. 2013); cut-off 11. "
        "1.96 * SDdiff is 6.75; the 6 points often quoted are at 90 % confidence and are not used."
    ),
)

CORE_10 = Instrument(
    code="core-10",
    version=1,
    title="CORE-10",
    questions=10,
    least=0,
    most=4,
    direction=Direction.DISTRESS,
    scales=(
        Scale(
            "total",
            tuple(range(1, 11)),
            method=Method.MEAN,
            factor=10,
            most_missing=1,
            bands=(
                Band("healthy", 0),
                Band("low", 600),
                Band("mild", 1100),
                Band("moderate", 1500),
                Band("moderate-to-severe", 2000),
                Band("severe", 2500),
            ),
        ),
    ),
    source=(
        "CORE System Trust: the clinical score is ten times the mean of the items; items 2 and 3 "
        "are reversed. Bands of the CORE-10 User Manual (2007)."
    ),
    licence=_CORE_LICENCE,
    missing="CORE System Trust, scoring CORE measures: prorated where one answer is missing.",
    reverse=frozenset({2, 3}),
    risk=(RiskItem(6, Towards.SELF),),
    change=_CORE_10_CHANGE,
)

_WELL_BEING = (4, 14, 17, 31)
_PROBLEMS = (2, 5, 8, 11, 13, 15, 18, 20, 23, 27, 28, 30)
_FUNCTIONING = (1, 3, 7, 10, 12, 19, 21, 25, 26, 29, 32, 33)
_RISK = (6, 9, 16, 22, 24, 34)
_RISK_TO_OTHERS = (6, 22)


def _core(code: str, items: tuple[int, ...], most_missing: int) -> Scale:
    return Scale(code, items, method=Method.MEAN, factor=10, most_missing=most_missing)


CORE_OM = Instrument(
    code="core-om",
    version=1,
    title="CORE-OM, Clinical Outcomes in Routine Evaluation - Outcome Measure",
    questions=34,
    least=0,
    most=4,
    direction=Direction.DISTRESS,
    scales=(
        Scale(
            "total",
            tuple(range(1, 35)),
            method=Method.MEAN,
            factor=10,
            most_missing=3,
            bands=(
                Band("healthy", 0),
                Band("low", 600),
                Band("mild", 1000),
                Band("moderate", 1500),
                Band("moderate-to-severe", 2000),
                Band("severe", 2500),
            ),
        ),
        _core("non-risk", tuple(sorted((*_WELL_BEING, *_PROBLEMS, *_FUNCTIONING))), 3),
        _core("well-being", _WELL_BEING, 0),
        _core("problems", _PROBLEMS, 1),
        _core("functioning", _FUNCTIONING, 1),
        _core("risk", _RISK, 0),
    ),
    source=(
        "Evans et al. (2002), Br J Psychiatry 180, 51-60; CORE System Trust: the clinical score is "
        "ten times the mean; eight items are positively keyed and reversed."
    ),
    licence=_CORE_LICENCE,
    missing=(
        "CORE System Trust, scoring CORE measures (corrected 17 April 2023): prorated with up to "
        "three answers missing in all and among the non-risk items, one among problems and one "
        "among functioning, none among well-being and risk."
    ),
    reverse=frozenset({3, 4, 7, 12, 19, 21, 31, 32}),
    risk=tuple(
        RiskItem(each, Towards.OTHERS if each in _RISK_TO_OTHERS else Towards.SELF)
        for each in _RISK
    ),
    change=ChangeRule(
        reliable=510,
        cut_off=1000,
        source=(
            "Reliable change 0.51 of the item mean, so 5.1 points: Evans et al. (2002), as tabled "
            "by its first author (CORE System Trust, CORE_2_scores). Cut-off 10: Connell et al. "
            "(2007), Br J Psychiatry 190, 69-74 (9.9, one for everybody), preferred by the "
            "publisher to the 11.9 for men and 12.9 for women of 2002."
        ),
    ),
)

ALLIANCE_4 = Instrument(
    code="alliance-4",
    version=1,
    title="Alliance, four ratings after a session",
    questions=4,
    least=0,
    most=10,
    direction=Direction.WELL_BEING,
    scales=(Scale("total", (1, 2, 3, 4)),),
    source=(
        "Powiernik's own, after the parts of the alliance in Bordin (1979): no constants have been "
        "published for it, so no band, cut-off or reliable change is told."
    ),
    licence=(
        "Powiernik's own words. It is not the Session Rating Scale (SRS), whose wording is "
        "licensed; a clinic that has the licence defines that as an instrument of its own."
    ),
    missing="No answer may be missing: without all four there is no score.",
    titles=(
        "bond",
        "agreement on aims",
        "agreement on the way of working",
        "the session as a whole",
    ),
)

PUBLISHED: tuple[Instrument, ...] = (PHQ_9, GAD_7, WHO_5, CORE_10, CORE_OM, ALLIANCE_4)
