"""How long a record must be kept: the last day, by regime (compliance.md RET-01, LOG-13)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, strategies as st

from domain import access
from domain.retention import Document, Facts, Regime, Rules, day_of, kept_until, log_kept_until

MEDICAL, PSYCHOLOGIST = Regime.MEDICAL_ENTITY, Regime.PSYCHOLOGIST_PRACTICE
days = st.dates(date(1950, 1, 1), date(2150, 12, 31))


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Somebody's record: born, first seen, last seen, and perhaps no longer in therapy."""
    birth = draw(days)
    first = birth + timedelta(days=draw(st.integers(0, 30_000)))
    last = first + timedelta(days=draw(st.integers(0, 15_000)))
    ended = draw(st.sampled_from([None, last]))
    death = draw(st.sampled_from([None, last]))
    return Facts(first, last, ended, draw(st.sampled_from([None, birth])), death)


def grown_up(last: date, **more: date | None) -> Facts:
    """A record of somebody who is long of age."""
    return replace(Facts(last, last, birth=date(1950, 6, 1)), **more)  # type: ignore[arg-type]


class TestAMedicalEntity:
    @pytest.mark.parametrize("last", [date(2026, 1, 1), date(2024, 2, 29), date(2026, 12, 31)])
    def test_keeps_twenty_years_from_the_end_of_the_year_of_the_last_entry(
        self, last: date
    ) -> None:
        assert kept_until(MEDICAL, grown_up(last)) == date(last.year + 20, 12, 31)

    def test_keeps_thirty_years_after_a_death_by_injury(self) -> None:
        death = date(2024, 2, 29)
        found = grown_up(death, injury_death=death)
        assert kept_until(MEDICAL, found) == date(2054, 12, 31)

    def test_keeps_twenty_two_years_what_is_about_an_infant(self) -> None:
        seen = Facts(date(2026, 2, 28), date(2026, 5, 1), birth=date(2024, 2, 29))
        assert kept_until(MEDICAL, seen) == date(2048, 12, 31)
        # Born on 29 February one is two years old on 1 March.
        later = replace(seen, first_entry=date(2026, 3, 1))
        assert kept_until(MEDICAL, later) == date(2046, 12, 31)

    def test_keeps_as_long_where_no_birth_is_known(self) -> None:
        assert kept_until(MEDICAL, Facts(date(2026, 1, 1), date(2026, 1, 1))) == date(2048, 12, 31)

    def test_keeps_referrals_for_less(self) -> None:
        found = grown_up(date(2026, 3, 1))
        assert kept_until(MEDICAL, found, Document.REFERRAL) == date(2031, 12, 31)
        assert kept_until(MEDICAL, found, Document.REFERRAL_NOT_KEPT) == date(2028, 12, 31)


class TestAPsychologistsPractice:
    def test_keeps_five_years_from_the_end_of_the_year_in_which_services_ended(self) -> None:
        ended = date(2028, 12, 31)
        assert kept_until(PSYCHOLOGIST, grown_up(ended, services_ended=ended)) == date(2033, 12, 31)

    def test_keeps_a_minors_record_five_years_from_the_year_of_majority(self) -> None:
        ended = date(2028, 6, 1)
        child = Facts(ended, ended, ended, birth=date(2016, 2, 29))
        assert kept_until(PSYCHOLOGIST, child) == date(2039, 12, 31)

    def test_has_no_end_while_services_go_on(self) -> None:
        assert kept_until(PSYCHOLOGIST, grown_up(date(2028, 6, 1))) is None


@given(facts(), st.integers(0, 10_000))
def test_a_new_entry_never_shortens_retention(known: Facts, later: int) -> None:
    entry = known.last_entry + timedelta(days=later)
    ended = None if known.services_ended is None else entry
    longer = replace(known, last_entry=entry, services_ended=ended)
    for regime in Regime:
        before, after = kept_until(regime, known), kept_until(regime, longer)
        assert (before is None) == (after is None)
        assert before is None or after is None or after >= before


@given(facts(), st.integers(1, 10_000))
def test_an_entry_of_a_later_year_resets_the_clock(known: Facts, later: int) -> None:
    entry = known.last_entry + timedelta(days=later)
    plain = replace(known, injury_death=None)
    before = kept_until(MEDICAL, plain)
    after = kept_until(MEDICAL, replace(plain, last_entry=entry))
    assert before is not None
    assert after is not None
    assert after.year - before.year == entry.year - plain.last_entry.year


@given(facts())
def test_what_is_kept_is_kept_to_the_end_of_a_year(known: Facts) -> None:
    for regime in Regime:
        end = kept_until(regime, known)
        assert end is None or ((end.month, end.day) == (12, 31) and end > known.last_entry)


@given(facts())
def test_less_knowledge_never_means_less_time(known: Facts) -> None:
    for regime in Regime:
        sure, unsure = kept_until(regime, known), kept_until(regime, replace(known, birth=None))
        assert sure is None or unsure is None or unsure >= sure


@given(days, st.times())
def test_no_entry_of_the_log_outlives_its_years_key(day: date, hour: time) -> None:
    instant = datetime.combine(day, hour, UTC)
    assert access.retain_until(instant) <= log_kept_until(instant.year, Rules())
    longer = log_kept_until(instant.year, Rules(hipaa=True))
    assert longer.year == instant.year + 6


def test_an_entry_of_new_years_eve_may_be_next_years_in_poland() -> None:
    assert day_of(datetime(2026, 12, 31, 21, 59, tzinfo=UTC)) == date(2026, 12, 31)
    assert day_of(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2027, 1, 1)
