"""Shapes of the worklist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.http.schemas.common import Told


class TaskTold(Told):
    """Something that waits: ``record`` is a case, a client or the reader, ``item`` what of it."""

    kind: str
    record: str
    item: str
    opened_at: datetime
    due_at: datetime | None
    overdue: bool
    detail: dict[str, Any]


class WorklistTold(Told):
    """What waits for the reader, the most urgent first."""

    tasks: list[TaskTold]
