"""One example of each event of the work, of what is done with others, and of endings."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType
from typing import Any, NewType, get_args, get_origin, get_type_hints

from domain.events import (
    Event,
    adverse_event,
    complaint,
    ending,
    goal,
    homework,
    method,
    plan,
    referral,
    shared_care,
    skill,
    work_area,
)
from domain.events.referral import Professional
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId, SessionId

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
CASE, CLIENT, SESSION = CaseId("a" * 32), ClientId("c" * 32), SessionId("5" * 32)
ANNA, BARTEK = PractitionerId("1" * 32), PractitionerId("2" * 32)
ITEM = ItemId("77" * 16)
WORDS = FreeText("She slept better.")
PSYCHIATRIST = Professional("psychiatry", organisation="Outpatient clinic")
_NAMED: dict[str, object] = {
    "case": CASE,
    "client": CLIENT,
    "author": ANNA,
    "about": ANNA,
    "to": BARTEK,
    "session": SESSION,
}
_PLAIN: dict[object, object] = {
    str: "something",
    bool: True,
    int: 1,
    datetime: NOW,
    date: TODAY,
    FreeText: WORDS,
    Professional: PSYCHIATRIST,
}


def filled(kind: type[Any], **said: object) -> Any:
    """An event with everything in it, and what is ``said`` in place of the usual."""
    hints = get_type_hints(kind)
    found = {each.name: _value(each.name, hints[each.name]) for each in fields(kind)}
    return kind(**{**found, **said})


def _value(name: str, hint: Any) -> Any:
    inner = [each for each in get_args(hint) if each is not NoneType]
    if get_origin(hint) is tuple:
        return ()
    if inner and NoneType in get_args(hint):
        return _value(name, inner[0])
    if hint in _PLAIN:
        return _PLAIN[hint]
    if name in _NAMED:
        return _NAMED[name]
    if isinstance(hint, NewType):
        return ITEM
    assert issubclass(hint, Enum)
    return next(iter(hint))


_OF_WORK = (
    *plan.EVENTS,
    *goal.EVENTS,
    *method.EVENTS,
    *work_area.EVENTS,
    *homework.EVENTS,
    *skill.EVENTS,
    *(each for each in referral.EVENTS if each is not referral.ReferralMade),
    *shared_care.EVENTS,
    *ending.EVENTS,
    *adverse_event.EVENTS,
    *complaint.EVENTS,
)
EXAMPLES: tuple[Event, ...] = (
    *(filled(each) for each in _OF_WORK),
    filled(referral.ReferralMade, to=PSYCHIATRIST),
)
