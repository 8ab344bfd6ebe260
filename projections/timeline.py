"""The timeline of a case: its sessions, notes and chart in the order in which they were so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from domain.rows import Content
from projections.chart.rows import ERASED
from projections.note_rows import listed
from projections.times import from_ms

_SHOWN = frozenset({"session", "note"})


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that stands on the timeline."""

    item: str
    kind: str
    status: str | None
    occurred_at: datetime
    recorded_at: datetime
    by: str
    late: bool


def timeline(
    state: Mapping[str, Content], chart: Mapping[str, Content], *, reader: str
) -> list[Moment]:
    """The moments of a case, the newest first; a draft is there for its author, the ``reader``."""
    sessions_and_notes = (
        _of_state(item, content)
        for item, content in state.items()
        if content["item"] in _SHOWN and (content["item"] != "note" or listed(content, reader))
    )
    items = (_of_chart(item, content) for item, content in chart.items())
    found = chain(sessions_and_notes, items)
    return sorted(found, key=lambda each: (each.occurred_at, each.item), reverse=True)


def _of_state(item: str, content: Content) -> Moment:
    if content["item"] == "session":
        starts = from_ms(content["starts"])
        by, status = content["therapist"], content["status"]
        return Moment(item, "session", status, starts, starts, by, late=False)
    return Moment(
        item=item,
        kind=f"note-{content['kind']}",
        status=content["status"],
        occurred_at=from_ms(content["occurred"]),
        recorded_at=from_ms(content["recorded"]),
        by=content["author"],
        late=content["late"],
    )


def _of_chart(item: str, content: Content) -> Moment:
    gone = content["kind"] == ERASED
    status = None if gone else content.get("status")
    return Moment(
        item=item,
        kind=content["kind"],
        status=status if isinstance(status, str) else None,
        occurred_at=from_ms(content["occurred"]),
        recorded_at=from_ms(content["recorded"]),
        by=content["by"],
        late=False,
    )
