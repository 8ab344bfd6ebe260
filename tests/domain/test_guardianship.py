"""Who speaks for a minor: ages, representatives one by one, what a court has taken from one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from domain import client as client_file, guardianship
from domain.client import Client
from domain.errors import Invalid, WrongState
from domain.events.client import Authority
from domain.events.guardianship import LimitGround, Matter
from domain.guardianship import POLAND, Ages, Guardianship, Limit, Stage, Voices
from domain.local_time import local_day
from domain.values import ItemId
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import IDENTIFIED, REGISTERED, REPRESENTED, any_history
from tests.support.joint_examples import FATHER, LIMIT, LIMIT_ENDED, LIMITED, MOTHER

BIRTH = date(2010, 5, 17)
PARENTS = Guardianship(
    BIRTH, ((MOTHER, Authority.PARENTAL_AUTHORITY), (FATHER, Authority.PARENTAL_AUTHORITY))
)
AT_15, AT_16, AT_17, AT_18 = (date(2010 + age, 5, 17) for age in (15, 16, 17, 18))
DAY = timedelta(days=1)
ADULT_WARD = Guardianship(date(1990, 1, 1), ((MOTHER, Authority.GUARDIAN_OF_INCAPACITATED),))


def test_under_sixteen_both_parents_decide_and_the_child_not_yet() -> None:
    assert guardianship.voices(PARENTS, AT_15) == Voices(
        own=False, representatives=(MOTHER, FATHER)
    )


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        (AT_16 - DAY, Stage.CHILD),
        (AT_16, Stage.OWN_VOICE),
        (AT_18 - DAY, Stage.OWN_VOICE),
        (AT_18, Stage.ADULT),
    ],
)
def test_rights_change_on_the_birthday_itself(day: date, stage: Stage) -> None:
    assert guardianship.stage_on(PARENTS, day) is stage


def test_a_birthday_begins_at_midnight_in_warsaw() -> None:
    before, after = (
        datetime(2026, 5, 16, 21, 59, tzinfo=UTC),
        datetime(2026, 5, 16, 22, 0, tzinfo=UTC),
    )
    assert guardianship.stage_on(PARENTS, local_day(before)) is Stage.CHILD
    assert guardianship.stage_on(PARENTS, local_day(after)) is Stage.OWN_VOICE


def test_at_sixteen_her_own_voice_comes_beside_her_parents() -> None:
    assert guardianship.voices(PARENTS, AT_16) == Voices(own=True, representatives=(MOTHER, FATHER))


@pytest.mark.parametrize("matter", Matter)
def test_at_eighteen_her_parents_speak_no_more(matter: Matter) -> None:
    assert guardianship.voices(PARENTS, AT_18, matter) == Voices(own=True, representatives=())


def test_the_guardian_of_an_adult_goes_on() -> None:
    assert guardianship.voices(ADULT_WARD, AT_18) == Voices(own=True, representatives=(MOTHER,))


def test_thresholds_are_those_of_the_law_that_is_in_force() -> None:
    earlier = Ages(own_voice=13, majority=18)
    assert guardianship.stage_on(PARENTS, AT_15) is Stage.CHILD
    assert guardianship.stage_on(PARENTS, AT_15, earlier) is Stage.OWN_VOICE


@pytest.mark.parametrize(
    ("day", "years"),
    [
        (date(2025, 2, 27), 16),
        (date(2025, 2, 28), 17),
        (date(2025, 3, 1), 17),
        (date(2028, 2, 28), 19),
        (date(2028, 2, 29), 20),
    ],
)
def test_who_was_born_on_a_leap_day_has_a_birthday_each_year(day: date, years: int) -> None:
    assert guardianship.years_on(date(2008, 2, 29), day) == years


@given(st.dates(date(1950, 1, 1), date(2020, 1, 1)), st.integers(0, 80 * 365))
def test_nobody_grows_younger_and_each_year_comes_once(birth: date, days: int) -> None:
    day = birth + timedelta(days=days)
    grown = guardianship.years_on(birth, day + DAY) - guardianship.years_on(birth, day)
    assert grown in (0, 1)
    assert guardianship.years_on(birth, birth) == 0


def test_what_a_court_took_from_one_parent_the_other_still_has() -> None:
    limit = Limit(LIMIT, FATHER, (Matter.CONSENT, Matter.CONTACT), AT_15, AT_16)
    limited = replace(PARENTS, limits=(limit,))
    assert guardianship.voices(limited, AT_15).representatives == (MOTHER,)
    assert guardianship.voices(limited, AT_15, Matter.INFORMATION).representatives == (
        MOTHER,
        FATHER,
    )
    assert guardianship.voices(limited, AT_15 - DAY).representatives == (MOTHER, FATHER)
    assert guardianship.voices(limited, AT_16 + DAY).representatives == (MOTHER, FATHER)


def test_a_stranger_speaks_for_nobody() -> None:
    assert not guardianship.may(PARENTS, ItemId("f" * 32), Matter.CONSENT, AT_15)


def test_a_child_for_whom_nobody_can_speak_is_a_matter_for_the_court() -> None:
    alone = replace(PARENTS, representatives=())
    found = guardianship.voices(alone, AT_15)
    assert found.nobody
    assert not guardianship.complete(
        found, guardianship.missing(found, own=True, representatives=())
    )


def test_separated_parents_both_have_to_agree_to_a_therapy_and_one_to_a_small_matter() -> None:
    asked = guardianship.voices(PARENTS, AT_15)
    one = guardianship.missing(asked, own=False, representatives=[MOTHER])
    assert one == Voices(own=False, representatives=(FATHER,))
    assert not guardianship.complete(asked, one)
    small = guardianship.missing(asked, own=False, representatives=[MOTHER], jointly=False)
    assert guardianship.complete(asked, small)
    none = guardianship.missing(asked, own=False, representatives=[], jointly=False)
    assert not guardianship.complete(asked, none)


def test_at_sixteen_two_consents_are_needed() -> None:
    asked = guardianship.voices(PARENTS, AT_16)
    parents = guardianship.missing(asked, own=False, representatives=[MOTHER, FATHER])
    assert parents == Voices(own=True, representatives=())
    assert not guardianship.complete(asked, parents)
    both = guardianship.missing(asked, own=True, representatives=[MOTHER, FATHER])
    assert guardianship.complete(asked, both)


@given(
    st.dates(date(2010, 1, 1), date(2040, 1, 1)),
    st.sets(st.sampled_from([MOTHER, FATHER])),
    st.booleans(),
    st.booleans(),
)
def test_whoever_is_missing_is_somebody_whose_word_counts(
    day: date, given_by: set[ItemId], own: bool, jointly: bool
) -> None:
    asked = guardianship.voices(PARENTS, day)
    left = guardianship.missing(asked, own=own, representatives=given_by, jointly=jointly)
    assert set(left.representatives) <= set(asked.representatives) - given_by
    assert left.own <= asked.own
    whole = guardianship.missing(asked, own=True, representatives=[MOTHER, FATHER])
    assert guardianship.complete(asked, whole)


# What stands in the minor's file


def given_client(*events: object) -> Client:
    state = client_file.fold((REGISTERED, REPRESENTED, *events))
    assert state is not None
    return state


def test_a_limit_is_one_representatives_own() -> None:
    father = replace(REPRESENTED, representative=FATHER)
    state = given_client(father, IDENTIFIED)
    assert client_file.limit_representative(state, LIMITED) == (LIMITED,)
    young = replace(IDENTIFIED, birth_date=BIRTH)
    found = given_client(father, young, LIMITED).guardianship
    assert guardianship.voices(found, AT_15).representatives == (FATHER,)


def test_a_limit_ends_on_a_day() -> None:
    state = given_client(replace(IDENTIFIED, birth_date=BIRTH), LIMITED)
    assert client_file.end_limit(state, LIMIT, LIMIT_ENDED.on) == (LIMIT_ENDED,)
    ended = given_client(replace(IDENTIFIED, birth_date=BIRTH), LIMITED, LIMIT_ENDED)
    assert guardianship.voices(ended.guardianship, LIMIT_ENDED.on).representatives == ()
    assert guardianship.voices(ended.guardianship, LIMIT_ENDED.on + DAY).representatives == (
        MOTHER,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        replace(LIMITED, forbids=()),
        replace(LIMITED, forbids=(Matter.CONTACT, Matter.CONTACT)),
        replace(LIMITED, ground=LimitGround.SAFETY),
        replace(LIMITED, ground=LimitGround.PARENTS_AGREEMENT, forbids=(Matter.INFORMATION,)),
        replace(LIMITED, until=LIMITED.since - DAY),
    ],
)
def test_what_is_not_in_anybodys_power_is_refused(wrong: object) -> None:
    with pytest.raises(Invalid):
        client_file.limit_representative(given_client(), wrong)  # type: ignore[arg-type]


def test_for_safety_contact_can_be_kept_away_at_once() -> None:
    safe = replace(LIMITED, ground=LimitGround.SAFETY, forbids=(Matter.CONTACT,))
    assert client_file.limit_representative(given_client(), safe) == (safe,)


def test_nobody_limits_a_stranger_or_ends_what_was_never_there() -> None:
    with pytest.raises(WrongState):
        client_file.limit_representative(given_client(), replace(LIMITED, representative=FATHER))
    with pytest.raises(WrongState):
        client_file.end_limit(given_client(), LIMIT, AT_15)
    with pytest.raises(Invalid):
        client_file.end_limit(given_client(LIMITED), LIMIT, LIMITED.since - DAY)


def test_of_whom_no_birthday_is_known_no_right_is_taken() -> None:
    assert guardianship.stage_on(Guardianship(None), AT_15, POLAND) is Stage.ADULT


@given(any_history)
def test_a_limit_recorded_twice_is_one(history: list[object]) -> None:
    must_be_retry_safe(
        client_file.fold,
        [REGISTERED, REPRESENTED, *history],
        lambda state: client_file.limit_representative(state, LIMITED),
        lambda state: client_file.end_limit(state, LIMIT, LIMIT_ENDED.on),
    )
