"""When what an event tells of was so, which is another time than when it was written down.

What happened has its own time: a session when it was held, a note that of which it tells. A
correction tells how it was all along: it belongs to the time of what it corrects. Everything else
happened when it was recorded.
"""

from datetime import datetime

from domain.events.alliance import AllianceCorrected
from domain.events.note import (
    NoteAmended,
    NoteCoSignatureAsked,
    NoteCountersigned,
    NoteDiscarded,
    NoteMarkedErroneous,
    NoteMoved,
    NoteRevised,
    NoteSigned,
    NoteTakenUp,
)
from domain.events.session import SessionHeld
from domain.ports import Recorded

CORRECTIONS: tuple[type, ...] = (
    AllianceCorrected,
    NoteRevised,
    NoteTakenUp,
    NoteDiscarded,
    NoteSigned,
    NoteCoSignatureAsked,
    NoteAmended,
    NoteCountersigned,
    NoteMarkedErroneous,
    NoteMoved,
)
"""What completes or corrects an account of something: it changes what is known of that time."""


def clinical_time(recorded: Recorded, begun: datetime) -> datetime:
    """When it was so; ``begun`` is the time of what the event's stream is about."""
    event = recorded.event
    if isinstance(event, SessionHeld):
        return event.started_at
    if isinstance(event, CORRECTIONS):
        return begun
    if hasattr(event, "occurred_at"):
        return recorded.occurred_at
    return recorded.recorded_at
