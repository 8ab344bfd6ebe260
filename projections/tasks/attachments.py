"""Recordings that have to be destroyed: their day has come, or somebody in them says no more.

Which recordings somebody is in, and which of her consents are to recordings, is remembered beside
the tasks, in rows that are no task.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from domain.confidentiality import Class
from domain.events.attachment import AttachmentStored
from domain.events.consent import ConsentGiven, ConsentRefused, ConsentWithdrawn, Scope
from domain.ports import Recorded
from projections.worklist import TaskKind, Tasks

_RECORDINGS = "recordings"


def apply(recorded: Recorded, tasks: Tasks) -> None:
    """Let one event open tasks."""
    event = recorded.event
    match event:
        case AttachmentStored(cls=Class.RECORDING):
            _stored(recorded, event, tasks)
        case ConsentGiven(scope=Scope.RECORDING):
            tasks.remember(event.client, event.consent, {})
        case ConsentRefused(scope=Scope.RECORDING):
            _to_destroy(recorded, event.client, tasks)
        case ConsentWithdrawn():
            if tasks.recall(event.client, event.consent) is not None:
                _to_destroy(recorded, event.client, tasks)


def _stored(recorded: Recorded, event: AttachmentStored, tasks: Tasks) -> None:
    if event.delete_on is None:
        return
    due = datetime.combine(event.delete_on, time(), UTC)
    tasks.open(event.case, event.attachment, TaskKind.RECORDING, due, since=due)
    for client in recorded.concerning:
        known = tasks.recall(client, _RECORDINGS) or {}
        of_her = [*known.get("of", ()), [event.case, event.attachment]]
        tasks.remember(client, _RECORDINGS, {"of": of_her})


def _to_destroy(recorded: Recorded, client: str, tasks: Tasks) -> None:
    known = tasks.recall(client, _RECORDINGS) or {}
    for case, attachment in known.get("of", ()):
        if tasks.is_open(case, attachment):
            tasks.open(case, attachment, TaskKind.RECORDING, recorded.recorded_at)
