"""The past of a case, twice: as it was known at a moment, and as it is now known to have been.

What was recorded by then is the one; what has clinical time by then, whenever it was recorded, the
other. A note that was written a week late stands in the second alone, an amendment of June in what
is now known of March. Both are folded from the events of the case, its sessions and notes, and its
chart; whatever was made unreadable since is gone from both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.clinical_time import clinical_time
from domain.ports import Opening, Recorded
from domain.rows import Content
from projections import removal
from projections.case_state import CASES, ITEMS, CaseStateProjection, CaseStates
from projections.chart.projection import ChartProjection
from projections.chart.queries import Chart
from projections.chart.rows import ERASED, ITEMS as CHART
from projections.note_rows import readable
from projections.workspace import PlainRows

_TECHNICAL = frozenset({"version", "recorded", "changed", "under", "by", "item", "kind"})
_GONE = frozenset({removal.MOVED, removal.ERASED})


@dataclass(frozen=True, slots=True)
class Change:
    """One field that is not the same: what was known, what is known now; words still closed."""

    field: str
    then: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """An item of which something else is known now than was known then.

    ``what`` is *learnt* (not known then), *withdrawn* (known then, not so as is known now), or
    *changed*.
    """

    item: str
    kind: str
    what: str
    changes: tuple[Change, ...]


class CasePast:
    """Compares what was known of a case with what is known now."""

    def __init__(
        self,
        states: CaseStates,
        chart: Chart,
        read: Callable[[str, int, Any], Iterable[Recorded]],
    ) -> None:
        """``read`` gives a stream's events up to a position, as far as an opening covers them."""
        self._states = states
        self._chart = chart
        self._read = read

    def compared(
        self, case_id: str, at: datetime, then: int, now: int, opening: Opening, *, reader: str
    ) -> list[Difference]:
        """What differs between what was known at an instant, and what is now known of it.

        ``then`` is the position that the log had at that instant, ``now`` the one up to which it
        is read; drafts count for their author, the ``reader``, alone.
        """
        present = self._states.contents(case_id, opening)
        present |= self._chart.contents(case_id, opening)
        streams = [list(self._read(each, now, opening)) for each in (case_id, *present)]
        known = _folded(each for events in streams for each in events if each.position <= then)
        true = _folded(each for events in streams for each in _of_time(events, at))
        kept = [key for key in {**known, **true} if not _gone(present.get(key, {}))]
        return [
            difference
            for key in kept
            if (difference := _difference(key, known.get(key), true.get(key))) is not None
            and all(_readable(each.get(key), reader) for each in (known, true, present))
        ]


def _of_time(events: list[Recorded], at: datetime) -> Iterable[Recorded]:
    """Those events of a stream whose clinical time had come by then."""
    if events:
        begun = clinical_time(events[0], events[0].recorded_at)
        yield from (each for each in events if clinical_time(each, begun) <= at)


def _folded(events: Iterable[Recorded]) -> dict[str, Content]:
    """What rows the events make, by the ids of the items."""
    rows, projections = PlainRows(), (CaseStateProjection(), ChartProjection())
    for each in sorted(events, key=lambda each: each.position):
        for projection in projections:
            if each.label.purpose in projection.purposes:
                projection.apply(each, rows)
    found = {str(key[0]): {**content, "item": "case"} for key, content in rows.items(CASES)}
    found |= {str(key[1]): content for key, content in rows.items(ITEMS)}
    return found | {str(key[1]): content for key, content in rows.items(CHART)}


def _difference(item: str, then: Content | None, now: Content | None) -> Difference | None:
    if then is None and now is None:
        return None
    before, after = then or {}, now or {}
    names = [each for each in {**before, **after} if each not in _TECHNICAL]
    changes = tuple(
        Change(each, before.get(each), after.get(each))
        for each in names
        if before.get(each) != after.get(each)
    )
    what = "learnt" if then is None else "withdrawn" if now is None else "changed"
    return Difference(item, _kind(after or before), what, changes) if changes else None


def _kind(content: Mapping[str, Any]) -> str:
    return str(content.get("item") or content["kind"])


def _gone(content: Content) -> bool:
    return content.get("kind") == ERASED or content.get("status") in _GONE


def _readable(content: Content | None, reader: str) -> bool:
    return content is None or content.get("item") != "note" or readable(content, reader)
