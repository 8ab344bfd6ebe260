"""What a questionnaire is, as data: its items, scales, bands, and how a change on it is judged.

Scores are whole numbers of hundredths of a point, so that no rounding hides in a stored event. A
definition carries item wording only where its licence lets it; the published ones carry none.

Source:
    Jacobson & Truax (1991), J Consult Clin Psychol 59, 12-19, for reliable and clinically
    significant change.
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import Invalid

HUNDRED = 100
"""Hundredths in a point."""
MOST_QUESTIONS = 200
MOST_VALUE = 1000
_LONGEST_CODE = 40
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CONFIDENCE = 1.96
"""Two-sided 95 %."""


class Direction(StrEnum):
    """What a higher score means."""

    DISTRESS = "higher-is-worse"
    WELL_BEING = "higher-is-better"


class Method(StrEnum):
    """How the answers of a scale become its score."""

    SUM = "sum"
    MEAN = "mean"


class Towards(StrEnum):
    """Whom a risk is to."""

    SELF = "self"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Band:
    """A band of severity: it begins at this many hundredths and ends where the next begins."""

    code: str
    least: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Items that are scored together: their sum or mean times ``factor``.

    ``most_missing`` answers may be missing; the mean of those given stands for them (prorating).
    """

    code: str
    items: tuple[int, ...]
    method: Method = Method.SUM
    factor: int = 1
    most_missing: int = 0
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class RiskItem:
    """An item whose answer, from ``least`` on, is looked into by a clinician at once."""

    item: int
    towards: Towards
    least: int = 1


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """From what difference on a change is reliable, and where the clinical range ends.

    ``reliable``: hundredths; a difference of as much or more is more than error of measurement.
    ``cut_off``: hundredths; on a measure of distress a score of as much or more is in the clinical
    range, on one of well-being a score of as much or less. ``source`` says whence the constants
    are, and what in them could not be verified.
    """

    reliable: int
    source: str
    cut_off: int | None = None
    deviation: int | None = None
    """Standard deviation in hundredths, where ``reliable`` was computed from it."""
    reliability: int | None = None
    """Reliability in thousandths, where ``reliable`` was computed from it."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One version of a questionnaire. The first scale is the one on which change is judged.

    ``titles`` are words for the items of an instrument of the clinic's own, or short topics; they
    are empty where a licence lets no wording be carried, and then the form on paper is needed.
    """

    code: str
    version: int
    title: str
    questions: int
    least: int
    most: int
    direction: Direction
    scales: tuple[Scale, ...]
    source: str
    licence: str
    missing: str
    """Whence the rule for missing answers is."""
    reverse: frozenset[int] = frozenset()
    risk: tuple[RiskItem, ...] = ()
    change: ChangeRule | None = None
    titles: tuple[str, ...] = ()

    @property
    def total(self) -> Scale:
        """The scale that trends and changes are told of."""
        return self.scales[0]


def smallest_reliable(deviation: float, reliability: float) -> int:
    """The smallest reliable difference in hundredths: what exceeds 1.96 standard errors of it.

    The standard error of a difference is ``SD * sqrt(2 * (1 - reliability))``.
    """
    error = deviation * math.sqrt(2 * (1 - reliability))
    # What floating point adds behind the ninth place is no difference.
    return math.floor(round(HUNDRED * _CONFIDENCE * error, 9)) + 1


def cut_off_c(clinical: tuple[float, float], others: tuple[float, float]) -> int:
    """Cut-off c in hundredths, from mean and standard deviation of the two populations."""
    (mean, deviation), (other_mean, other_deviation) = clinical, others
    weighted = other_deviation * mean + deviation * other_mean
    return round(HUNDRED * weighted / (deviation + other_deviation))


def sound(instrument: Instrument) -> Instrument:
    """The definition, if answers can be scored by it without doubt.

    Raises:
        Invalid: A code is none; items, values, bands or constants contradict each other.
    """
    _must(_is_code(instrument.code), "code", "must be lower-case words joined by hyphens")
    _must(bool(instrument.title.strip()), "title", "is empty")
    _must(instrument.version >= 1, "version", "begins at 1")
    _must(1 <= instrument.questions <= MOST_QUESTIONS, "questions", "are too few or too many")
    _must(
        0 <= instrument.least < instrument.most <= MOST_VALUE, "values", "must rise from 0 or more"
    )
    known = range(1, instrument.questions + 1)
    _must(not set(instrument.reverse) - set(known), "reverse", "names an item that there is not")
    _must(bool(instrument.scales), "scales", "are missing")
    for scale in instrument.scales:
        _sound_scale(instrument, scale)
    _must(
        _different(each.code for each in instrument.scales),
        "scales",
        "must have names of their own",
    )
    for each in instrument.risk:
        _must(each.item in known, "risk", "names an item that there is not")
        _must(
            instrument.least < each.least <= instrument.most, "risk", "is no answer above the least"
        )
    _must(_different(each.item for each in instrument.risk), "risk", "names an item twice")
    if instrument.titles:
        _must(len(instrument.titles) == instrument.questions, "titles", "must be one for each item")
        _must(all(each.strip() for each in instrument.titles), "titles", "has an empty one")
    if instrument.change:
        _sound_change(instrument, instrument.change)
    return instrument


def extent(instrument: Instrument, scale: Scale) -> tuple[int, int]:
    """The least and the most that a scale can come to, in hundredths."""
    count = len(scale.items) if scale.method is Method.SUM else 1
    each = count * scale.factor * HUNDRED
    return instrument.least * each, instrument.most * each


def _sound_scale(instrument: Instrument, scale: Scale) -> None:
    known = set(range(1, instrument.questions + 1))
    _must(_is_code(scale.code), "scales", "must have codes of lower-case words")
    _must(bool(scale.items) and _different(scale.items), "scales", "must have items, each once")
    _must(not set(scale.items) - known, "scales", "names an item that there is not")
    _must(scale.factor >= 1, "scales", "must be multiplied by 1 or more")
    _must(0 <= scale.most_missing < len(scale.items), "most_missing", "must leave an answer")
    least, most = extent(instrument, scale)
    edges = [each.least for each in scale.bands]
    _must(edges == sorted(set(edges)), "bands", "must rise")
    _must(_different(each.code for each in scale.bands), "bands", "must have codes of their own")
    _must(all(_is_code(each.code) for each in scale.bands), "bands", "must have codes of words")
    if edges:
        _must(edges[0] == least and edges[-1] <= most, "bands", "must cover the scale")


def _sound_change(instrument: Instrument, change: ChangeRule) -> None:
    least, most = extent(instrument, instrument.total)
    _must(
        1 <= change.reliable <= most - least, "reliable", "must be a difference that there can be"
    )
    if change.cut_off is not None:
        _must(least <= change.cut_off <= most, "cut_off", "lies outside the scale")
    _must(bool(change.source.strip()), "change", "must name its source")
    if change.deviation is not None and change.reliability is not None:
        _must(0 < change.reliability < 10 * HUNDRED, "reliability", "must be between 0 and 1")
        computed = smallest_reliable(
            change.deviation / HUNDRED, change.reliability / (10 * HUNDRED)
        )
        _must(computed == change.reliable, "reliable", "does not follow from its constants")


def _is_code(code: str) -> bool:
    return len(code) <= _LONGEST_CODE and _CODE.fullmatch(code) is not None


def _different(values: object) -> bool:
    found = list(values)  # type: ignore[call-overload]  # any iterable of hashables
    return len(found) == len(set(found))


def _must(holds: bool, field: str, reason: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise Invalid(field, reason)
