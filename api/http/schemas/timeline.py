"""Shapes of a case's timeline and of the difference between two of its pasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.http.naming import Naming
from api.http.schemas.common import Told
from domain.values import FreeText
from projections.case_past import Difference
from projections.timeline import Moment
from projections.times import from_ms


class MomentTold(Told):
    """Something on the timeline: what kind of thing, when it was so, when it was written down."""

    item: str
    kind: str
    status: str | None
    occurred_at: datetime
    recorded_at: datetime
    by: str
    late: bool


class TimelineTold(Told):
    """A part of a case's timeline, the newest first; ``next`` continues it where there is more."""

    case: str
    moments: list[MomentTold]
    next: str | None


class ChangeTold(Told):
    """One field: what was known then, and what is known now."""

    field: str
    then: Any
    now: Any


class DifferenceTold(Told):
    """An item of which something else is known now than was known then.

    ``what`` is ``learnt``, ``withdrawn`` or ``changed``.
    """

    item: str
    kind: str
    what: str
    changes: list[ChangeTold]


class ComparisonTold(Told):
    """The case as it was known at an instant, beside what is now known to have been then."""

    case: str
    at: datetime
    known_then_position: int
    known_now_position: int
    differences: list[DifferenceTold]


def moment_told(moment: Moment) -> MomentTold:
    """The answer for a moment."""
    return MomentTold.model_validate(moment)


def difference_told(difference: Difference, naming: Naming) -> DifferenceTold:
    """The answer for a difference, with its words."""
    changes = [
        ChangeTold(field=each.field, then=_shown(each.then, naming), now=_shown(each.now, naming))
        for each in difference.changes
    ]
    return DifferenceTold(
        item=difference.item, kind=difference.kind, what=difference.what, changes=changes
    )


_SINCE_2001 = 10**12
"""Milliseconds; no other number in a row is as large."""


def _shown(value: Any, naming: Naming) -> Any:
    """A row's value as people read it: words opened, instants as instants."""
    if isinstance(value, bytes):
        return naming.words_left(FreeText(sealed=value))
    if isinstance(value, int) and not isinstance(value, bool) and value >= _SINCE_2001:
        return from_ms(value)
    if isinstance(value, list):
        return [_shown(each, naming) for each in value]
    if isinstance(value, Mapping):
        return {name: _shown(each, naming) for name, each in value.items()}
    return value
