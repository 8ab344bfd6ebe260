"""Follows, rebuilds and opens projections by hand, with a follower's standing grant."""

from __future__ import annotations

from api.compose import PROJECTIONS
from domain.rows import Content, Key, Place, Value
from infrastructure.stores.views_memory import MemoryViews
from projections.follower import Followed, Follower
from tests.support.clinic import SmallClinic


def all_in_memory() -> list[Followed]:
    """Every projection, empty, in memory."""
    return [Followed(each, MemoryViews()) for each in PROJECTIONS]


def follower(clinic: SmallClinic) -> Follower:
    """A follower with a grant of its own."""
    return clinic.clinic.follower("test")


def dump(clinic: SmallClinic) -> dict[str, list[tuple[Key, dict[str, Value], Content]]]:
    """What every row of every serving projection says, opened, by view and table."""
    clinic.catch_up()
    opening = follower(clinic)._opening
    found = {}
    for each in PROJECTIONS:
        store = clinic.views.stores[each.name]
        for table in each.tables:
            found[f"{each.name}/{table.name}"] = [
                (
                    row.key,
                    dict(zip(table.clear, row.clear, strict=True)),
                    opening.cell(row.cell, Place(each.name, table.name, row.key, row.position)),
                )
                for row in store.every(table)
            ]
    return found
