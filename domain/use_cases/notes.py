"""Notes of the clinical record: drafted and their fate, amended; and looked at."""

from dataclasses import replace

from domain import contact as contact_file, note as note_file
from domain.access import Look
from domain.errors import NotThere
from domain.events.access import AccessKind
from domain.note import NewAmendment, NewNote
from domain.note_forms import Words
from domain.policy import Act
from domain.ports import Opening
from domain.use_cases.desk import Desk, attempt
from domain.use_cases.members import must_know_everybody
from domain.use_cases.on_case import CASE_CLASSES, look_on, on_case, words_of
from domain.use_cases.on_note import change_note, note_of, session_of
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    Receipt,
)


async def draft_note(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewNote, *, command: Command
) -> Receipt:
    """Begin a note on the case. The receipt names the ``note``.

    A session note on a session that was not held is a contact note: the receipt says what it
    ``became``.
    """
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.WRITE_NOTE, case_id, attempt("note"))
    new, became = as_it_was(desk, case_id, new)
    must_know_everybody(desk, admitted.case, *new.texts)
    note_id = NoteId(desk.identifiers.new())
    events = note_file.draft(
        None,
        note_id,
        case_id,
        new,
        author=PractitionerId(who.actor.id),
        now=desk.clock.now(),
        days=desk.settings.draft_days,
    )
    write = admitted.write(note_id, events, 0)
    reply = (("note", note_id), *became)
    return await desk.record.append((write,), admitted.who, command=command, reply=reply)


def as_it_was(
    desk: Desk, case_id: CaseId, new: NewNote
) -> tuple[NewNote, tuple[tuple[str, str], ...]]:
    """A new note as what it really is, and what a receipt says of that.

    Raises:
        Invalid: It is about another case's session.
    """
    session = session_of(desk, case_id, new.session)
    settled = contact_file.settle(new.kind, new.contact, session)
    became = (("became", settled.kind.value),) if settled.became else ()
    return replace(new, kind=settled.kind, contact=settled.contact), became


async def revise_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    words: Words,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Replace the words of the actor's own draft, all of them."""
    author, today = PractitionerId(who.actor.id), desk.clock.now().date()
    days = desk.settings.draft_days
    return await change_note(
        desk,
        who,
        (case_id, note_id),
        lambda _, note: note_file.revise(note, author, words, today=today, days=days),
        expected,
        command,
        texts=words.texts,
    )


async def take_up_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Go on with the actor's own draft that has expired, its words as they were."""
    author, today = PractitionerId(who.actor.id), desk.clock.now().date()
    days = desk.settings.draft_days
    return await change_note(
        desk,
        who,
        (case_id, note_id),
        lambda _, note: note_file.take_up(note, author, today=today, days=days),
        expected,
        command,
    )


async def discard_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Give the actor's own draft up; nobody else learns that it was there."""
    author = PractitionerId(who.actor.id)
    return await change_note(
        desk,
        who,
        (case_id, note_id),
        lambda _, note: note_file.discard(note, author),
        expected,
        command,
    )


async def amend_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    amendment: NewAmendment,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Add to a signed note."""
    author = PractitionerId(who.actor.id)
    return await change_note(
        desk,
        who,
        (case_id, note_id),
        lambda _, note: note_file.amend(note, author, amendment),
        expected,
        command,
        texts=amendment.texts,
    )


async def mark_note_erroneous(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    reason: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Mark the actor's own note as one that ought not to stand."""
    author = PractitionerId(who.actor.id)
    return await change_note(
        desk,
        who,
        (case_id, note_id),
        lambda _, note: note_file.mark_erroneous(note, author, reason),
        expected,
        command,
        texts=(reason,),
    )


async def look_at_note(
    desk: Desk, who: Circumstances, case_id: CaseId, note_id: NoteId
) -> tuple[Opening, Receipt]:
    """Record the look at a note's words and open them.

    A draft opens for its author alone, and what waits for a co-signature for its author and for
    whoever was asked.
    """
    tried = Look(AccessKind.READ, "note", CASE_CLASSES, object=ItemId(note_id))
    note, exists = note_of(desk, case_id, note_id)
    actor = PractitionerId(who.actor.id)
    named = note is not None and note.asks(actor)
    drafted = note is not None and note.is_draft_of(actor)
    admitted = await on_case(
        desk, who, Act.READ_NOTE, case_id, tried, is_named=named, is_author=drafted
    )
    if note is None or not (note.open_to_team or named):
        own = note is not None and note.author == actor
        await on_case(desk, who, Act.READ_DRAFT, case_id, tried, is_author=own, exists=exists)
    if note is None:
        raise NotThere
    return await look_on(desk, admitted, "note", note_id, classes=words_of(admitted.case))
