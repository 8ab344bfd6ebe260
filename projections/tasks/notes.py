"""What waits of notes: a draft for its author, a co-signature for whoever was asked for it.

Both stand under the one person whom they wait for: a draft is nobody else's to know of, and who is
asked to sign beside a trainee need not be on the care team.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from domain.events.note import (
    NoteCoSignatureAsked,
    NoteCountersigned,
    NoteDiscarded,
    NoteDrafted,
    NoteMarkedErroneous,
    NoteMoved,
    NoteRevised,
    NoteSigned,
    NoteTakenUp,
)
from domain.ports import Recorded
from domain.rows import Content
from projections.worklist import TaskKind, Tasks

WARNING = timedelta(days=3)
"""How long before it expires a draft is told to be expiring."""


def apply(recorded: Recorded, tasks: Tasks) -> None:
    """Let one event open and close tasks; only its author changes a draft."""
    author = recorded.who.actor.id
    match recorded.event:
        case NoteDrafted() | NoteRevised() | NoteTakenUp() as event:
            _draft(tasks, author, event)
        case NoteSigned() | NoteDiscarded() as event:
            tasks.close(author, event.note)
        case NoteCoSignatureAsked() as event:
            _settle(tasks, event.case, event.note)
            detail: Content = {"case": event.case, "author": event.author}
            tasks.open(event.co_signer, event.note, TaskKind.CO_SIGNATURE, detail=detail)
            tasks.remember(event.case, event.note, {"asked": event.co_signer})
        case NoteCountersigned() as event:
            tasks.close(event.practitioner, event.note)
        case NoteMarkedErroneous() | NoteMoved() as event:
            _settle(tasks, event.case, event.note)
        case _:
            pass


def _draft(tasks: Tasks, author: str, event: NoteDrafted | NoteRevised | NoteTakenUp) -> None:
    if event.expires_on is None:
        return
    due = _end_of(event.expires_on)
    tasks.open(
        author,
        event.note,
        TaskKind.DRAFT_UNSIGNED,
        due,
        detail={"case": event.case},
        later=(TaskKind.DRAFT_EXPIRING, due - WARNING),
    )


def _settle(tasks: Tasks, case: str, note: str) -> None:
    """Whoever was asked before is asked no more."""
    asked = tasks.recall(case, note)
    if asked is not None:
        tasks.close(asked["asked"], note)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)
