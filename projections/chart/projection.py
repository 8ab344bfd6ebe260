"""How events change the chart: each kind of item in its own module."""

from __future__ import annotations

from collections.abc import Callable

from domain.confidentiality import KeyPurpose
from domain.events.erasure import ErasureCompleted, ErasureScope
from domain.ports import Recorded
from projections.chart import (
    agreements,
    alliance,
    attachment,
    complaints,
    contracts,
    groups,
    measures,
    problems,
    risk,
    versions,
    work,
)
from projections.chart.rows import ITEMS, erase
from projections.projection import Rows

KINDS: tuple[Callable[[Recorded, Rows], None], ...] = (
    agreements.apply,
    alliance.apply,
    attachment.apply,
    complaints.apply,
    contracts.apply,
    groups.apply,
    measures.apply,
    problems.apply,
    risk.apply,
    versions.apply,
    work.apply,
)
"""How each kind of item is begun and changed."""


class ChartProjection:
    """How events change the rows of the chart."""

    name = "chart-1"
    tables = (ITEMS,)
    purposes = frozenset({KeyPurpose.RELATIONSHIP, KeyPurpose.CLINICAL, KeyPurpose.CASE})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        match recorded.event:
            case ErasureCompleted(scope=ErasureScope.ITEM, text_version=None) as event:
                if event.case is not None and event.item is not None:
                    erase(recorded, rows, event.case, event.item)
            case _:
                for apply in KINDS:
                    apply(recorded, rows)
