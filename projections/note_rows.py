"""How events change the row of a note among the items of case state."""

from __future__ import annotations

from typing import Any

from domain.confidentiality import CLINICAL, label_for
from domain.events.note import (
    Contact,
    NoteAmended,
    NoteCoSignatureAsked,
    NoteCountersigned,
    NoteDiscarded,
    NoteDrafted,
    NoteEvent,
    NoteMarkedErroneous,
    NotePartsAdded,
    NoteReceived,
    NoteRevised,
    NoteSigned,
    NoteTakenUp,
)
from domain.ports import Recorded
from domain.rows import Content, Table, Under
from domain.values import FreeText
from projections.chart.rows import sections
from projections.projection import Rows
from projections.times import to_ms

PENDING = "pending-co-signature"
DISCARDED = "discarded"


def apply(recorded: Recorded, rows: Rows, items: Table) -> None:
    """Let one event change a note's row."""
    match recorded.event:
        case NoteDrafted() as event:
            _put(recorded, rows, items, (event.case, event.note), _drafted(recorded, event))
        case (
            NoteRevised()
            | NoteTakenUp()
            | NoteDiscarded()
            | NoteSigned()
            | NoteCoSignatureAsked()
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


def listed(content: Content, reader: str) -> bool:
    """Whether a reader learns that this note is there: a draft is its author's."""
    return seen_by(content["status"], content["author"], reader)


def seen_by(status: str, author: str, reader: str) -> bool:
    """Whether a note of this status stands in a reader's lists; a discarded one in nobody's."""
    return status != DISCARDED and (status != "draft" or author == reader)


def readable(content: Content, reader: str) -> bool:
    """Whether a reader may know its words: who waits for a co-signature shows them to two."""
    awaits = content.get("awaits")
    return listed(content, reader) and (awaits is None or reader in (awaits, content["author"]))


def _put(
    recorded: Recorded, rows: Rows, items: Table, key: tuple[str, str], content: Content
) -> None:
    content["version"] = recorded.version
    under = Under(recorded.owner, label_for(CLINICAL, recorded.owner), recorded.recorded_at)
    rows.put(items, key, {}, content, under, recorded.position)


def said(event: NoteDrafted | NoteReceived) -> Content:
    """What a note says, and after which template."""
    return {
        "texts": [] if event.text is None else [event.text.sealed],
        "template": event.template.value,
        "sections": sections(event.sections),
        "contact": contact(event.contact),
        "third_party": sealed(event.third_party),
    }


def contact(found: Contact | None) -> list[str] | None:
    """A contact as a row holds it."""
    return None if found is None else [found.means.value, found.direction.value, found.party.value]


def sealed(text: FreeText | None) -> bytes | None:
    """A text as a row holds it: closed."""
    return None if text is None else text.sealed


def _drafted(recorded: Recorded, event: NoteDrafted) -> Content:
    return {
        **said(event),
        "item": "note",
        "kind": event.kind.value,
        "author": event.author,
        "status": "draft",
        "occurred": to_ms(event.occurred_at),
        "recorded": to_ms(recorded.recorded_at),
        "late": event.late,
        "session": event.session,
        "expires": event.expires_on and event.expires_on.toordinal(),
        "co_signer": None,
        "awaits": None,
        "signature": None,
        "countersignatures": [],
        "amendments": [],
        "erroneous": None,
        "parts": [],
    }


def _change_note(content: Content, recorded: Recorded, event: NoteEvent) -> None:
    at = to_ms(recorded.recorded_at)
    match event:
        case NoteRevised() | NoteTakenUp() | NoteDiscarded():
            _change_draft(content, event)
        case NoteSigned():
            content["status"], content["expires"] = "signed", None
            content["signature"] = _signed(event.author, event, at)
        case NoteCoSignatureAsked() | NoteCountersigned():
            _change_second(content, event, at)
        case NoteAmended():
            content["amendments"].append(
                [
                    event.author,
                    at,
                    event.reason.sealed,
                    sealed(event.text),
                    list(event.scope),
                    sections(event.sections),
                ]
            )
        case NoteMarkedErroneous():
            content["status"] = "erroneous"
            content["erroneous"] = event.reason.sealed
        case NotePartsAdded():
            content["parts"].extend([each.alias, each.part] for each in event.parts)
        case NoteDrafted():
            pass


def _change_second(
    content: Content, event: NoteCoSignatureAsked | NoteCountersigned, at: int
) -> None:
    match event:
        case NoteCoSignatureAsked():
            content["co_signer"] = event.co_signer
            content["awaits"] = event.co_signer if event.required else None
            if event.required:
                content["status"] = PENDING
        case NoteCountersigned():
            content["countersignatures"].append(_signed(event.practitioner, event, at))
            if content["awaits"] == event.practitioner:
                content["awaits"] = None
                content["status"] = "signed" if content["status"] == PENDING else content["status"]


def _change_draft(content: Content, event: NoteRevised | NoteTakenUp | NoteDiscarded) -> None:
    match event:
        case NoteRevised():
            content["texts"].extend([] if event.text is None else [event.text.sealed])
            content["sections"] = sections(event.sections)
            content["expires"] = event.expires_on and event.expires_on.toordinal()
        case NoteTakenUp():
            content["expires"] = event.expires_on.toordinal()
        case NoteDiscarded():
            content["status"], content["expires"] = DISCARDED, None
            content["texts"], content["sections"] = [], []
            content["third_party"] = None


def _signed(practitioner: str, event: NoteSigned | NoteCountersigned, at: int) -> list[Any]:
    registration = event.registration
    standing = [registration.kind.value, registration.number, registration.issuer]
    return [practitioner, event.title, standing, at, event.name]
