"""The queries of the chart; every one needs an opening that a recorded access gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from domain.ports import Opening, Recorded
from domain.rows import Content, Place, StoredRow, ViewStore
from projections.chart.projection import ChartProjection
from projections.chart.rows import ERASED, ITEMS, ChartItem
from projections.times import from_ms
from projections.workspace import PlainRows

_MOST_ITEMS = 100_000

__all__ = ["Chart", "ChartItem"]


class Chart:
    """What the chart of a case holds, now or as it was."""

    def __init__(
        self,
        view: str,
        store: ViewStore,
        read: Callable[[str, int, Any], Iterable[Recorded]],
    ) -> None:
        """``read`` gives a stream's events up to a position, as far as an opening covers them."""
        self._view = view
        self._store = store
        self._read = read

    def items(self, case_id: str, opening: Opening, *kinds: str) -> list[ChartItem]:
        """The items of a case, or those of some kinds, in the order in which they were recorded."""
        found = _in_order(self.contents(case_id, opening))
        return [each for each in found if not kinds or each.kind in kinds]

    def ids(self, case_id: str) -> list[str]:
        """Which items there are; nothing of them is opened."""
        rows = self._store.select(ITEMS, {"case_id": case_id}, limit=_MOST_ITEMS)
        return [str(row.key[1]) for row in rows]

    def item(self, case_id: str, item_id: str, opening: Opening) -> ChartItem | None:
        """One item of a case."""
        stored = self._store.load(ITEMS, (case_id, item_id))
        if stored is None:
            return None
        place = Place(self._view, ITEMS.name, stored.key, stored.position)
        return _item(item_id, opening.cell(stored.cell, place))

    def as_of(
        self,
        case_id: str,
        position: int,
        opening: Opening,
        only: Callable[[Recorded], bool] = lambda _: True,
    ) -> list[ChartItem]:
        """The items as they were when the log had reached a position, folded from their events.

        ``only`` tells which events count. What was made unreadable since is gone from the past too.
        """
        now = self.contents(case_id, opening)
        # Problems and diagnoses stand in the case's own stream.
        streams = (case_id, *now)
        events = [each for stream in streams for each in self._read(stream, position, opening)]
        rows, projection = PlainRows(), ChartProjection()
        for each in sorted(events, key=lambda each: each.position):
            if only(each):
                projection.apply(each, rows)
        past = {str(key[1]): content for key, content in rows.items(ITEMS)}
        for item, content in now.items():
            if content["kind"] == ERASED and item in past:
                past[item] = content
        return _in_order(past)

    def contents(self, case_id: str, opening: Opening) -> dict[str, Content]:
        """What the rows of a case hold, by item; without those whose key is gone."""
        rows: list[StoredRow] = self._store.select(ITEMS, {"case_id": case_id}, limit=_MOST_ITEMS)
        places = (Place(self._view, ITEMS.name, row.key, row.position) for row in rows)
        found = opening.cells(zip((row.cell for row in rows), places, strict=True))
        return {
            str(row.key[1]): content
            for row, content in zip(rows, found, strict=True)
            if content is not None
        }


def _item(item_id: str, content: Content) -> ChartItem:
    return ChartItem(
        id=item_id,
        kind=content["kind"],
        version=content["version"],
        by=content["by"],
        recorded_at=from_ms(content["recorded"]),
        occurred_at=from_ms(content["occurred"]),
        changed_at=from_ms(content["changed"]),
        content=content,
    )


def _in_order(contents: Mapping[str, Content]) -> list[ChartItem]:
    items = [_item(item, content) for item, content in contents.items()]
    return sorted(items, key=lambda each: (each.recorded_at, each.id))
