"""Two scores of one person on one instrument: is the change reliable, and has she recovered?

Source:
    Jacobson & Truax (1991): reliable change, and cut-off c for clinical significance.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.instruments.definition import ChangeRule, Direction, Instrument
from domain.instruments.scoring import Score


class Verdict(StrEnum):
    """What a change between two administrations is called."""

    RECOVERED = "recovered"
    """A reliable improvement that leads out of the clinical range."""
    IMPROVED = "reliable-improvement"
    UNCHANGED = "no-reliable-change"
    DETERIORATED = "reliable-deterioration"
    NOT_JUDGED = "not-judged"
    """There are no verified constants, or one of the scores is missing."""


@dataclass(frozen=True, slots=True)
class Change:
    """How the score went from one administration to another, in hundredths of a point."""

    verdict: Verdict
    difference: int | None = None
    """The later less the earlier."""


def change(instrument: Instrument, earlier: Score, later: Score) -> Change:
    """The change between two scores of the instrument's total."""
    if earlier.points is None or later.points is None:
        return Change(Verdict.NOT_JUDGED)
    difference = later.points - earlier.points
    rule = instrument.change
    if rule is None:
        return Change(Verdict.NOT_JUDGED, difference)
    worse = difference if instrument.direction is Direction.DISTRESS else -difference
    if abs(worse) < rule.reliable:
        return Change(Verdict.UNCHANGED, difference)
    if worse > 0:
        return Change(Verdict.DETERIORATED, difference)
    was_clinical = _clinical(instrument, rule, earlier.points)
    recovered = was_clinical and not _clinical(instrument, rule, later.points)
    return Change(Verdict.RECOVERED if recovered else Verdict.IMPROVED, difference)


def clinical(instrument: Instrument, score: Score) -> bool | None:
    """Whether a score lies in the clinical range; ``None`` where no cut-off says so."""
    rule = instrument.change
    if rule is None or rule.cut_off is None or score.points is None:
        return None
    return _clinical(instrument, rule, score.points)


def _clinical(instrument: Instrument, rule: ChangeRule, points: int) -> bool:
    if rule.cut_off is None:
        return False
    if instrument.direction is Direction.DISTRESS:
        return points >= rule.cut_off
    return points <= rule.cut_off
