"""A goal of a therapy: what it goes through, and how its attainment is counted.

Attainment is rated as in goal attainment scaling: 0 is what was expected, -2 much less, +2 much
more, each with words of its own where the two have agreed on some.

Source:
    T. J. Kiresuk, R. E. Sherman, Goal attainment scaling: a general method for evaluating
    comprehensive community mental health programs, Community Mental Health Journal 4 (1968),
    443-453.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from math import sqrt

from domain.errors import Invalid
from domain.events.goal import (
    GoalAchieved,
    GoalDropped,
    GoalEvent,
    GoalProgressRated,
    GoalRevised,
    GoalSet,
)
from domain.lifecycle import Item, Lifecycle, step
from domain.wording import worded_sections

LEAST, MOST = -2, 2
LEVELS = ("much-less", "less", "expected", "more", "much-more")
"""The headings under which a goal says what -2, -1, 0, +1 and +2 mean for it."""
SET, ACHIEVED, DROPPED = "set", "achieved", "dropped"
LIFE = Lifecycle(
    "goal",
    GoalSet,
    SET,
    {
        GoalRevised: step(SET),
        GoalProgressRated: step(SET, ACHIEVED),
        GoalAchieved: step(SET, to=ACHIEVED),
        GoalDropped: step(SET, to=DROPPED),
    },
)
fold = LIFE.fold
_CORRELATION = 0.3
"""How much the goals of one person are assumed to move together (section on the summary score)."""


def decide(state: Item | None, said: GoalEvent, *, now: datetime) -> tuple[GoalEvent, ...]:
    """What is recorded of what is said about a goal; an achieved one can still be followed.

    Raises:
        Invalid: A rating is outside its scale, a level unknown, or a text says nothing.
        InTheFuture: It is said to have happened later than now.
        WrongState: The goal does not stand where this can follow.
    """
    if isinstance(said, GoalProgressRated) and not LEAST <= said.attainment <= MOST:
        raise Invalid("attainment", "must lie between -2 and 2")
    if isinstance(said, GoalSet | GoalRevised) and said.levels:
        said = replace(said, levels=worded_sections(said.levels, LEVELS))
    return LIFE.decide(state, said, now=now)


def summary_score(attainments: Sequence[int]) -> float | None:
    """The T score of several goals of equal weight; 50 where all are as expected, none for none."""
    count = len(attainments)
    if not count:
        return None
    spread = sqrt((1 - _CORRELATION) * count + _CORRELATION * count * count)
    return 50 + 10 * sum(attainments) / spread
