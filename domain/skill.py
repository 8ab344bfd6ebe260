"""A skill, or the deficit that it is to make good: assessed at the start and again, practised.

The level is a plain five-step rating by the therapist: 0 not there, 1 with much help, 2 with some
help, 3 mostly without help, 4 there when it is needed. It is no test.
"""

from datetime import datetime

from domain.errors import Invalid
from domain.events.skill import SkillAssessed, SkillEvent, SkillPractised, SkillReassessed
from domain.lifecycle import Item, Lifecycle, step

MOST = 4
FOLLOWED = "followed"
LIFE = Lifecycle(
    "skill",
    SkillAssessed,
    FOLLOWED,
    {SkillReassessed: step(FOLLOWED), SkillPractised: step(FOLLOWED)},
)
fold = LIFE.fold


def decide(state: Item | None, said: SkillEvent, *, now: datetime) -> tuple[SkillEvent, ...]:
    """What is recorded of what is said about a skill.

    Raises:
        Invalid: The level is outside its scale, or a text says nothing.
        InTheFuture: It is said to have been later than now.
    """
    if isinstance(said, SkillAssessed | SkillReassessed) and not 0 <= said.level <= MOST:
        raise Invalid("level", "must lie between 0 and 4")
    return LIFE.decide(state, said, now=now)
