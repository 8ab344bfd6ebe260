"""Who may consent for a minor, and be told about her, on a given day.

Under sixteen her representatives decide alone; from the day of her sixteenth birthday she decides
beside them, and is told what they are told; on the day of her eighteenth their rights end. Each
representative is a person of her own: what a court has taken from one it has not taken from the
other, and nobody inherits from anybody. A day begins at midnight in Warsaw: ``domain.local_time``.

Source:
    Act on Patients' Rights, art. 9(2), 17, 26(1); Family and Guardianship Code, art. 92 to 97, 109,
    111; compliance.md REC-06, FAM-01, FAM-02.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto

from domain.events.client import Authority
from domain.events.guardianship import Matter
from domain.values import ItemId

_MARCH = 3
_LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class Ages:
    """From which birthday on somebody has a voice of her own, and from which it is the only one."""

    own_voice: int
    majority: int


POLAND = Ages(own_voice=16, majority=18)
"""As the law stands; a bill that lowers the first one is not in force."""


class Stage(Enum):
    """What somebody's age means for her rights."""

    CHILD = auto()
    OWN_VOICE = auto()
    ADULT = auto()


@dataclass(frozen=True, slots=True)
class Limit:
    """What one representative may not do, and when; both days are within it."""

    id: ItemId
    representative: ItemId
    forbids: tuple[Matter, ...]
    since: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it holds on this day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Guardianship:
    """Who speaks for somebody who was born on a day; without a day nobody can say what she is."""

    birth: date | None
    representatives: tuple[tuple[ItemId, Authority], ...] = ()
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Voices:
    """Whose word counts: her own, and that of each of these representatives."""

    own: bool
    representatives: tuple[ItemId, ...]

    @property
    def nobody(self) -> bool:
        """Whether nobody can speak: then the guardianship court is to be asked."""
        return not self.own and not self.representatives


def years_on(birth: date, day: date) -> int:
    """How old somebody is on a day, from its beginning on.

    Who was born on 29 February has her birthday on the 28th where there is no such day (Civil Code,
    art. 112).
    """
    tomorrow = day + timedelta(days=1)
    ends_short = (birth.month, birth.day) == _LEAP_DAY and tomorrow.month == _MARCH
    has_come = (day.month, day.day) >= (birth.month, birth.day) or (
        ends_short and day.month == _LEAP_DAY[0]
    )
    return day.year - birth.year - (not has_come)


def stage_on(guardianship: Guardianship, day: date, ages: Ages = POLAND) -> Stage:
    """What her age means on this day; somebody whose birth is not known counts as of age."""
    if guardianship.birth is None:
        return Stage.ADULT
    years = years_on(guardianship.birth, day)
    if years >= ages.majority:
        return Stage.ADULT
    return Stage.OWN_VOICE if years >= ages.own_voice else Stage.CHILD


def may(
    guardianship: Guardianship,
    representative: ItemId,
    matter: Matter,
    day: date,
    ages: Ages = POLAND,
) -> bool:
    """Whether a representative may speak in this matter on this day.

    Parental authority and statutory representation end at majority; a guardian whom a court has
    appointed for an incapacitated adult goes on.
    """
    authority = dict(guardianship.representatives).get(representative)
    if authority is None:
        return False
    of_age = stage_on(guardianship, day, ages) is Stage.ADULT
    if of_age and authority is not Authority.GUARDIAN_OF_INCAPACITATED:
        return False
    return not any(
        each.representative == representative and matter in each.forbids and each.holds(day)
        for each in guardianship.limits
    )


def voices(
    guardianship: Guardianship, day: date, matter: Matter = Matter.CONSENT, ages: Ages = POLAND
) -> Voices:
    """Whose word counts in a matter on a day."""
    speaking = (each for each, _ in guardianship.representatives)
    entitled = tuple(each for each in speaking if may(guardianship, each, matter, day, ages))
    return Voices(stage_on(guardianship, day, ages) is not Stage.CHILD, entitled)


def missing(
    voices_: Voices, *, own: bool, representatives: Collection[ItemId], jointly: bool = True
) -> Voices:
    """Whose word is still missing when these have given theirs; nobody's, and it is complete.

    A therapy, a recording, or a release is a matter of weight in which parents who both have their
    authority decide together (Family and Guardianship Code, art. 97(2)): ``jointly``. In another
    the word of one of them is enough.
    """
    given = tuple(each for each in voices_.representatives if each in representatives)
    left = tuple(each for each in voices_.representatives if each not in representatives)
    if given and not jointly:
        left = ()
    return Voices(voices_.own and not own, left)


def complete(voices_: Voices, left: Voices) -> bool:
    """Whether everything that is needed was said; where nobody can speak, nothing was."""
    return not voices_.nobody and not left.own and not left.representatives
