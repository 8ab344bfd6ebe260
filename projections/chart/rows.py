"""The table of the chart, and how a kind of item writes in it.

Nothing of a row stands in the clear but which case and which item it is: that there is a crisis or
a safety plan is not for whoever holds the disk. A row is sealed under the label of the event that
began the item, and so under its class's own key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.confidentiality import Class, KeyPurpose, Label, Owner, OwnerKind
from domain.ports import Recorded
from domain.rows import Content, Table, Under
from domain.values import Section
from projections.projection import Rows
from projections.times import to_ms

ITEMS = Table("items", key=("case_id", "item_id"))
ERASED = "erased"
"""What stands in the place of an item's kind once it was made unreadable."""


@dataclass(frozen=True, slots=True)
class ChartItem:
    """An item of a chart; ``content`` is what its kind's module put there, words still closed."""

    id: str
    kind: str
    version: int
    by: str
    recorded_at: datetime
    occurred_at: datetime
    changed_at: datetime
    content: Content


def begin(
    recorded: Recorded, rows: Rows, case: str, item: str, kind: str, content: Content
) -> None:
    """Put an item into the chart."""
    base: Content = {
        "kind": kind,
        "version": recorded.version,
        "by": recorded.who.actor.id,
        "recorded": to_ms(recorded.recorded_at),
        "occurred": to_ms(recorded.occurred_at),
        "changed": to_ms(recorded.recorded_at),
        "under": [
            int(recorded.owner.kind),
            recorded.owner.id,
            int(recorded.label.purpose),
            int(recorded.label.cls),
        ],
    }
    _put(recorded, rows, (case, item), {**content, **base})


def change(
    recorded: Recorded,
    rows: Rows,
    case: str,
    item: str,
    how: Callable[[Content], None],
) -> None:
    """Change an item; one that is not in the chart, or no longer, stays as it is."""
    found = rows.get(ITEMS, (case, item))
    if found is None or found[1]["kind"] == ERASED:
        return
    content = found[1]
    how(content)
    content["version"] = recorded.version
    content["changed"] = to_ms(recorded.recorded_at)
    _put(recorded, rows, (case, item), content)


def erase(recorded: Recorded, rows: Rows, case: str, item: str) -> None:
    """Leave of an item that it was there, and when; nothing of what it said, nor what it was."""
    found = rows.get(ITEMS, (case, item))
    if found is None:
        return
    kept = ("version", "by", "recorded", "occurred", "changed", "under")
    content = {name: found[1][name] for name in kept}
    _put(recorded, rows, (case, item), {**content, "kind": ERASED})


def sections(found: Iterable[Section]) -> list[list[str | bytes | None]]:
    """Sections as a row holds them: their codes, and their words still closed."""
    return [[each.code, each.text.sealed] for each in found]


def _put(recorded: Recorded, rows: Rows, key: tuple[str, str], content: Content) -> None:
    kind, owner, purpose, cls = content["under"]
    under = Under(
        Owner(OwnerKind(kind), owner),
        Label(KeyPurpose(purpose), Class(cls)),
        recorded.recorded_at,
    )
    rows.put(ITEMS, key, {}, content, under, recorded.position)
