"""What waits before a case: an enquiry for its intake person, until it ends."""

from __future__ import annotations

from domain.events.enquiry import (
    EnquiryDeclined,
    EnquiryReceived,
    EnquiryTakenUp,
    EnquiryWithdrawn,
)
from domain.ports import Recorded
from projections.worklist import TaskKind, Tasks


def apply(recorded: Recorded, tasks: Tasks) -> None:
    """Let one event open or close what waits."""
    match recorded.event:
        case EnquiryReceived() as event:
            tasks.open(event.client, event.enquiry, TaskKind.ENQUIRY)
        case EnquiryDeclined() | EnquiryWithdrawn() | EnquiryTakenUp():
            tasks.close(recorded.concerning[0], recorded.stream)
        case _:
            pass
