from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, strategies as st

from domain import access
from domain.access import Look, retain_until
from domain.confidentiality import Class
from domain.events.access import AccessKind, Action
from domain.values import ItemId
from tests.support.examples import CASE, CLIENT, NOTE, NOW

ITEM = ItemId(NOTE)
LOOK = Look(AccessKind.READ, "note", (Class.CLINICAL,), object=ITEM, relationship=CASE)


def test_a_look_names_whose_record_and_which_part_of_it() -> None:
    entry = access.record_look(LOOK, CLIENT, origin="here", now=NOW)
    assert (entry.client, entry.object, entry.relationship) == (CLIENT, ITEM, CASE)
    assert (entry.object_type, entry.classes, entry.origins) == (
        "note",
        (Class.CLINICAL,),
        ("here",),
    )


@pytest.mark.parametrize("kind", AccessKind)
def test_showing_is_reading_and_everything_else_is_executing(kind: AccessKind) -> None:
    shows = kind in (AccessKind.READ, AccessKind.LIST_HIT, AccessKind.AUDIT_READ)
    entry = access.record_look(replace(LOOK, kind=kind), CLIENT, origin="here", now=NOW)
    assert entry.action is (Action.READ if shows else Action.EXECUTE)


def test_a_denial_names_the_true_reason_and_the_failure() -> None:
    entry = access.deny_look(LOOK, CLIENT, reason="deny.role", now=NOW)
    assert (entry.reason, entry.outcome, entry.client, entry.object) == (
        "deny.role",
        8,
        CLIENT,
        ITEM,
    )


def test_an_entry_is_kept_for_three_years() -> None:
    assert retain_until(NOW) == date(2029, 3, 2)


def test_an_entry_of_a_leap_day_is_kept_to_the_first_of_march() -> None:
    assert retain_until(datetime(2028, 2, 29, tzinfo=UTC)) == date(2031, 3, 1)


@given(st.dates(date(2020, 1, 1), date(2200, 1, 1)))
def test_no_entry_is_kept_for_less_than_three_years(day: date) -> None:
    kept = retain_until(datetime.combine(day, time(12), UTC)) - day
    assert timedelta(days=3 * 365) <= kept <= timedelta(days=3 * 366)
