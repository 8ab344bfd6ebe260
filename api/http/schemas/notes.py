"""Shapes of notes and process notes."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from api.http.naming import Naming
from api.http.schemas.common import Asked, Id, Instant, Told, Words, example
from api.http.schemas.joint import PartTold
from domain.errors import Sealed
from domain.events.note import NoteKind
from domain.ports import Opening
from domain.values import FreeText
from projections.case_lines import NoteLine, Signature
from projections.process_notes import ProcessNoteLine

BEFORE_SIGNING = {
    "pl": (
        "W dokumentacji nie utrwala się oświadczeń obejmujących przyznanie się do popełnienia czynu"
        " zabronionego pod groźbą kary (art. 51 ustawy o ochronie zdrowia psychicznego)."
    ),
    "en": (
        "A statement by which somebody admits a punishable act must not be recorded"
        " (Mental Health Protection Act, art. 51)."
    ),
}
"""Nobody looks for such statements by machine: the author is asked to think of it (REC-04)."""


class NewNote(Asked):
    """A note that is begun."""

    model_config = example(
        kind="session",
        occurred_at="2026-11-23T09:00:00Z",
        text="The client described a week with two panic attacks.",
    )

    kind: NoteKind
    occurred_at: Instant
    text: Words
    session: Id | None = None


class Text(Asked):
    """New words."""

    model_config = example(text="The client described a week with one panic attack.")

    text: Words


class Amendment(Asked):
    """What is added to a signed note, and why."""

    model_config = example(reason="A word was missing.", text="The attacks came at night.")

    reason: Words
    text: Words


class Reason(Asked):
    """Why."""

    model_config = example(reason="Written in the wrong case.")

    reason: Words


class NewProcessNote(Asked):
    """What is the author's alone."""

    model_config = example(occurred_at="2026-11-23T09:00:00Z", text="I noticed my own impatience.")

    occurred_at: Instant
    text: Words


class SignatureTold(Told):
    """Who put her name to a note."""

    practitioner: str
    title: str
    registration: tuple[str, str | None, str | None]
    at: datetime


class NoteHeading(Told):
    """A note in a list: everything but its words."""

    id: str
    version: int
    kind: str
    author: str
    status: str
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    session: str | None
    signature: SignatureTold | None
    countersignatures: list[SignatureTold]
    amendments: int


class AmendmentTold(Told):
    """What was added to a note; ``None`` where it has been made unreadable."""

    author: str
    at: datetime
    reason: str | None
    text: str | None


class NoteTold(NoteHeading):
    """A note with its words; earlier drafts' words are kept and not shown.

    Words that were made unreadable are absent: of an erased note, and of one that was moved to the
    client to whom it belongs, there is no more than its heading. ``before_signing`` is what the
    author is reminded of as long as it is a draft, by language.
    """

    text: str | None
    before_signing: dict[str, str] | None
    added: list[AmendmentTold]
    erroneous_because: str | None
    parts: list[PartTold]


class ProcessNoteTold(Told):
    """An author's process note; ``texts`` are what she wrote first and what she added.

    In the place of one that was made unreadable stands nothing.
    """

    id: str
    version: int
    occurred_at: datetime
    recorded_at: datetime
    texts: list[str | None]


class ProcessNotesTold(Told):
    """An author's process notes on a case."""

    case: str
    notes: list[ProcessNoteTold]


def signature_told(signature: Signature) -> SignatureTold:
    """The answer for a signature."""
    return SignatureTold.model_validate(signature)


def heading(line: NoteLine) -> NoteHeading:
    """A note in a list."""
    return NoteHeading(**_heading(line))


def note_told(line: NoteLine, naming: Naming) -> NoteTold:
    """A note with its words, as it is valid now."""
    return NoteTold(
        **_heading(line),
        text=naming.words_left(line.texts[-1]) if line.texts else None,
        before_signing=BEFORE_SIGNING if line.status == "draft" else None,
        added=[
            AmendmentTold(
                author=each.author,
                at=each.at,
                reason=naming.words_left(each.reason),
                text=naming.words_left(each.text),
            )
            for each in line.amendments
        ],
        erroneous_because=naming.words_left(line.erroneous_because),
        parts=[naming.part(each) for each in line.parts],
    )


def _heading(line: NoteLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "version": line.version,
        "kind": line.kind,
        "author": line.author,
        "status": line.status,
        "occurred_at": line.occurred_at,
        "recorded_at": line.recorded_at,
        "late": line.late,
        "session": line.session,
        "signature": line.signature and signature_told(line.signature),
        "countersignatures": [signature_told(each) for each in line.countersignatures],
        "amendments": len(line.amendments),
    }


def _left(text: FreeText, opening: Opening) -> str | None:
    """The words of a text; ``None`` where it has been made unreadable."""
    with suppress(Sealed):
        return opening.words(text)
    return None


def process_note_told(line: ProcessNoteLine, opening: Opening) -> ProcessNoteTold:
    """An author's process note with its words."""
    return ProcessNoteTold(
        id=line.id,
        version=line.version,
        occurred_at=line.occurred_at,
        recorded_at=line.recorded_at,
        texts=[_left(each, opening) for each in line.texts],
    )
