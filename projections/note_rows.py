"""How events change the row of a note among the items of case state."""

from __future__ import annotations

from typing import Any

from domain.confidentiality import CLINICAL, label_for
from domain.events.note import (
    NoteAmended,
    NoteCountersigned,
    NoteDrafted,
    NoteEvent,
    NoteMarkedErroneous,
    NotePartsAdded,
    NoteRevised,
    NoteSigned,
)
from domain.ports import Recorded
from domain.rows import Content, Table, Under
from domain.values import Registration
from projections.projection import Rows
from projections.times import to_ms


def apply(recorded: Recorded, rows: Rows, items: Table) -> None:
    """Let one event change a note's row."""
    match recorded.event:
        case NoteDrafted() as event:
            _put(recorded, rows, items, (event.case, event.note), _drafted(recorded, event))
        case (
            NoteRevised()
            | NoteSigned()
            | NoteAmended()
            | NoteCountersigned()
            | NoteMarkedErroneous()
            | NotePartsAdded()
        ) as event:
            found = rows.get(items, (event.case, event.note))
            if found is not None:
                _change_note(found[1], recorded, event)
                _put(recorded, rows, items, (event.case, event.note), found[1])
        case _:
            pass


def _put(
    recorded: Recorded, rows: Rows, items: Table, key: tuple[str, str], content: Content
) -> None:
    content["version"] = recorded.version
    under = Under(recorded.owner, label_for(CLINICAL, recorded.owner), recorded.recorded_at)
    rows.put(items, key, {}, content, under, recorded.position)


def _drafted(recorded: Recorded, event: NoteDrafted) -> Content:
    return {
        "item": "note",
        "kind": event.kind.value,
        "author": event.author,
        "status": "draft",
        "occurred": to_ms(event.occurred_at),
        "recorded": to_ms(recorded.recorded_at),
        "late": event.late,
        "session": event.session,
        "texts": [event.text.sealed],
        "signature": None,
        "countersignatures": [],
        "amendments": [],
        "erroneous": None,
        "parts": [],
    }


def _change_note(content: Content, recorded: Recorded, event: NoteEvent) -> None:
    at = to_ms(recorded.recorded_at)
    match event:
        case NoteRevised():
            content["texts"].append(event.text.sealed)
        case NoteSigned():
            content["status"] = "signed"
            content["signature"] = _signed(event.author, event.title, event.registration, at)
        case NoteCountersigned():
            content["countersignatures"].append(
                _signed(event.practitioner, event.title, event.registration, at)
            )
        case NoteAmended():
            content["amendments"].append([event.author, at, event.reason.sealed, event.text.sealed])
        case NoteMarkedErroneous():
            content["status"] = "erroneous"
            content["erroneous"] = event.reason.sealed
        case NotePartsAdded():
            content["parts"].extend([each.alias, each.part] for each in event.parts)
        case NoteDrafted():
            pass


def _signed(practitioner: str, title: str, registration: Registration, at: int) -> list[Any]:
    standing = [registration.kind.value, registration.number, registration.issuer]
    return [practitioner, title, standing, at]
