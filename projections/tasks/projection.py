"""How events open and close tasks: each area of the work in its own module."""

from __future__ import annotations

from collections.abc import Callable

from domain.confidentiality import KeyPurpose
from domain.events.erasure import ErasureCompleted, ErasureScope
from domain.ports import Recorded
from projections.projection import Rows
from projections.tasks import attachments, enquiries, frame, notes, risk, therapist, work
from projections.worklist import TASKS, Tasks

AREAS: tuple[Callable[[Recorded, Tasks], None], ...] = (
    attachments.apply,
    enquiries.apply,
    frame.apply,
    notes.apply,
    risk.apply,
    therapist.apply,
    work.apply,
)
"""How the events of each area of the work open and close tasks."""


class WorklistProjection:
    """How events open and close tasks."""

    name = "worklist-1"
    tables = (TASKS,)
    purposes = frozenset(
        {KeyPurpose.RELATIONSHIP, KeyPurpose.CLINICAL, KeyPurpose.CASE, KeyPurpose.STAFF}
    )

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event open and close tasks."""
        if recorded.event is None:
            return
        tasks = Tasks(recorded, rows)
        match recorded.event:
            case ErasureCompleted(scope=ErasureScope.ITEM, text_version=None) as event:
                if event.case is not None and event.item is not None:
                    tasks.close(event.case, event.item)
            case _:
                for apply in AREAS:
                    apply(recorded, tasks)
