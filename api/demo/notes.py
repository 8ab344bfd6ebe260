"""Documentation at the demonstration: a draft taken up again, one given up, notes by template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.demo.looks import Play
from api.demo.stage import command_of
from api.demo.texts import words
from domain.events.note import Contact, Direction, Means, NoteKind, Party, Template
from domain.note import NewNote
from domain.use_cases import notes, signing
from domain.values import FreeText, NoteId, Section

BY, CASE, CO_SIGNER = "agnieszka", "panic", "eleanor"


@dataclass(frozen=True, slots=True)
class Left:
    """A draft that waits for its author."""

    note: NoteId
    begun: datetime


def text(what: str) -> FreeText:
    """One of the demonstration's texts."""
    return FreeText(words("notes", what))


async def begin(play: Play) -> Left:
    """A draft that waits too long, and one that is given up."""
    now = play.clinic.clock.now()
    left = await _draft(play, "left", NewNote(NoteKind.CONTACT, now, text("left")))
    twice = await _draft(play, "twice", NewNote(NoteKind.CONTACT, now, text("twice")))
    discarding = notes.discard_note(
        play.desk,
        play.who(BY),
        play.cases[CASE],
        twice,
        expected=1,
        command=command_of("notes", "discard"),
    )
    await play.did("note", discarding)
    return Left(left, now)


async def tell(play: Play, left: Left) -> None:
    """Weeks later: the draft is taken up, signed, and signed beside; others are written."""
    desk, case, who, version = play.desk, play.cases[CASE], play.who(BY), 1
    now = play.clinic.clock.now()
    if now > left.begun + timedelta(days=desk.settings.draft_days + 1):
        taking = notes.take_up_note(
            desk, who, case, left.note, expected=version, command=command_of("notes", "take up")
        )
        await play.did("note", taking)
        version += 1
    signature = signing.sign_note(
        desk, who, case, left.note, expected=version, command=command_of("notes", "sign")
    )
    await play.did("note", signature)
    asking = signing.ask_co_signature(
        desk,
        who,
        case,
        left.note,
        play.practitioner(CO_SIGNER),
        expected=version + 1,
        command=command_of("notes", "ask"),
    )
    await play.did("note", asking)
    said = (Section("subjective", text("subjective")), Section("plan", text("plan")))
    soap = NewNote(NoteKind.SESSION, now, template=Template.SOAP, sections=said)
    await _draft(play, "soap", soap)
    call = Contact(Means.PHONE, Direction.INCOMING, Party.CLIENT)
    await _draft(play, "call", NewNote(NoteKind.CONTACT, now, text("call"), contact=call))
    await _draft(play, "opinion", NewNote(NoteKind.OPINION, now, text("opinion")))


async def _draft(play: Play, name: str, new: NewNote) -> NoteId:
    drafting = notes.draft_note(
        play.desk, play.who(BY), play.cases[CASE], new, command=command_of("notes", name)
    )
    return NoteId((await play.did("note", drafting)).named("note"))
