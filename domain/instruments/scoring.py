"""Answers to scores: with each instrument's own rule for what was left out, and its bands."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from domain.errors import Invalid
from domain.instruments.definition import HUNDRED, Instrument, Method, RiskItem, Scale


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered to one item, as she ticked it; reversing is the scoring's."""

    item: int
    value: int


@dataclass(frozen=True, slots=True)
class Score:
    """What one scale came to, in hundredths of a point, and the band that this lies in.

    ``points`` is ``None`` where too many answers are missing. ``prorated`` says that the mean of
    the answers given stands for those that are missing.
    """

    scale: str
    points: int | None
    prorated: bool = False
    band: str | None = None


def answers_of(instrument: Instrument, given: Mapping[int, int]) -> tuple[Answer, ...]:
    """The answers in the order of the items, each within its scale.

    Raises:
        Invalid: One is to an item that there is not, or outside the scale; or there is none.
    """
    if not given:
        raise Invalid("answers", "are empty")
    if any(not 1 <= item <= instrument.questions for item in given):
        raise Invalid("answers", "name an item that the instrument does not have")
    if any(not instrument.least <= value <= instrument.most for value in given.values()):
        raise Invalid("answers", "have one outside the scale")
    return tuple(Answer(item, given[item]) for item in sorted(given))


def scores(instrument: Instrument, answers: tuple[Answer, ...]) -> tuple[Score, ...]:
    """What each scale comes to."""
    keyed = {
        each.item: instrument.least + instrument.most - each.value
        if each.item in instrument.reverse
        else each.value
        for each in answers
    }
    return tuple(_score(scale, keyed) for scale in instrument.scales)


def of_concern(instrument: Instrument, answers: tuple[Answer, ...]) -> tuple[RiskItem, ...]:
    """The items whose answers a clinician looks into at once."""
    values = {each.item: each.value for each in answers}
    return tuple(each for each in instrument.risk if values.get(each.item, -1) >= each.least)


def unanswered(instrument: Instrument, answers: tuple[Answer, ...]) -> tuple[RiskItem, ...]:
    """The items of risk that have no answer: that nobody said anything is no "no"."""
    given = {each.item for each in answers}
    return tuple(each for each in instrument.risk if each.item not in given)


def band_of(scale: Scale, points: int) -> str | None:
    """The band that a score lies in; ``None`` where the scale has none."""
    reached = [each.code for each in scale.bands if each.least <= points]
    return reached[-1] if reached else None


def _score(scale: Scale, keyed: Mapping[int, int]) -> Score:
    given = [keyed[item] for item in scale.items if item in keyed]
    missing = len(scale.items) - len(given)
    if missing > scale.most_missing:
        return Score(scale.code, None)
    mean = Fraction(sum(given), len(given))
    exact = mean * scale.factor * HUNDRED * (len(scale.items) if scale.method is Method.SUM else 1)
    # Half a hundredth is rounded up.
    points = int(exact + Fraction(1, 2))
    return Score(scale.code, points, prorated=missing > 0, band=band_of(scale, points))
