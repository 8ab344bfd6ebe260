"""How long what is kept must be kept, by legal regime: pure counting of calendar years.

Every answer is a last day: it may go on the day after. ``None`` means that the clock has not begun
to run. Whatever is not known counts so that nothing goes too early.

Source:
    Act on Patients' Rights (u.p.p.), art. 29(1); Act on the Profession of Psychologist, art. 28(9)
    and (10); EHDS art. 9; 45 CFR 164.316(b)(2). compliance.md RET-01, LOG-13.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

MAJORITY = 18
INFANCY = 2
LOG_YEARS = 3
LOG_YEARS_HIPAA = 6
_ENTRY_YEARS = 20
_INFANT_YEARS = 22
_INJURY_DEATH_YEARS = 30
_PSYCHOLOGIST_YEARS = 5
_REFERRAL_YEARS = 5
_UNKEPT_REFERRAL_YEARS = 2
_AHEAD = timedelta(hours=2)
"""Poland is never further ahead of UTC: an entry of New Year's Eve may be the next year's."""


class Regime(StrEnum):
    """Under which law the clinic keeps records."""

    MEDICAL_ENTITY = "medical-entity"
    PSYCHOLOGIST_PRACTICE = "psychologist-practice"


class Document(StrEnum):
    """What is kept; a referral that nobody followed may go earlier."""

    RECORD = "record"
    REFERRAL = "referral"
    REFERRAL_NOT_KEPT = "referral-not-kept"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the clinic has settled; the defaults keep longest among the Polish regimes."""

    regime: Regime = Regime.MEDICAL_ENTITY
    hipaa: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a clock depends on.

    ``services_ended`` is when the last therapy ended, or ``None`` while one goes on; ``birth`` is
    ``None`` where it is not known; ``injury_death`` the day of a death by bodily injury or
    poisoning, suicide among them.
    """

    first_entry: date
    last_entry: date
    services_ended: date | None = None
    birth: date | None = None
    injury_death: date | None = None


def kept_until(regime: Regime, facts: Facts, document: Document = Document.RECORD) -> date | None:
    """The last day on which a document must be kept; ``None`` while its clock does not run."""
    if regime is Regime.PSYCHOLOGIST_PRACTICE:
        return _psychologist(facts)
    if document is Document.REFERRAL:
        return _years_end(facts.last_entry, _REFERRAL_YEARS)
    if document is Document.REFERRAL_NOT_KEPT:
        return _years_end(facts.last_entry, _UNKEPT_REFERRAL_YEARS)
    # Whoever's birth is not known counts as born on the day of the first entry.
    infant = facts.first_entry < _birthday(facts.birth or facts.first_entry, INFANCY)
    end = _years_end(facts.last_entry, _INFANT_YEARS if infant else _ENTRY_YEARS)
    if facts.injury_death is not None:
        end = max(end, _years_end(facts.injury_death, _INJURY_DEATH_YEARS))
    return end


def log_kept_until(year: int, rules: Rules) -> date:
    """The last day on which the access log's entries of a year must be kept."""
    return date(year + (LOG_YEARS_HIPAA if rules.hipaa else LOG_YEARS), 12, 31)


def day_of(instant: datetime) -> date:
    """The calendar day of an entry, so that no clock starts too early."""
    return (instant + _AHEAD).date()


def _psychologist(facts: Facts) -> date | None:
    if facts.services_ended is None:
        return None
    majority = _birthday(facts.birth or facts.first_entry, MAJORITY)
    return _years_end(max(facts.services_ended, majority), _PSYCHOLOGIST_YEARS)


def _years_end(day: date, years: int) -> date:
    """So many years from the end of the calendar year of a day."""
    return date(day.year + years, 12, 31)


def _birthday(birth: date, age: int) -> date:
    """The day on which somebody reaches an age; on 1 March for one born on 29 February."""
    try:
        return birth.replace(year=birth.year + age)
    except ValueError:
        return date(birth.year + age, 3, 1)
