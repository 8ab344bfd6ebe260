"""Notes of the clinical record: drafted, signed, amended; and looked at."""

from collections.abc import Callable

from domain import (
    note as note_file,
    session as session_file,
)
from domain.access import Look
from domain.errors import Invalid, NotThere, Stale
from domain.events.access import AccessKind
from domain.events.note import NoteEvent
from domain.note import NewNote, Note, Signatory, Status
from domain.policy import Act
from domain.ports import Opening
from domain.use_cases.desk import (
    Desk,
    attempt,
)
from domain.use_cases.members import must_know_everybody
from domain.use_cases.on_case import (
    CASE_CLASSES,
    look_on,
    on_case,
    words_of,
)
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    Receipt,
    SessionId,
)


async def draft_note(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewNote, *, command: Command
) -> Receipt:
    """Begin a note on the case. The receipt names the ``note``."""
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.WRITE_NOTE, case_id, attempt("note"))
    must_be_of_case(desk, case_id, new.session)
    must_know_everybody(desk, admitted.case, new.text)
    note_id = NoteId(desk.identifiers.new())
    events = note_file.draft(
        None,
        note_id,
        case_id,
        new,
        author=PractitionerId(who.actor.id),
        now=desk.clock.now(),
    )
    write = admitted.write(note_id, events, 0)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("note", note_id),)
    )


async def revise_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    text: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Replace the words of the actor's own draft."""
    author = PractitionerId(who.actor.id)
    return await _change_note(
        desk,
        who,
        (case_id, note_id),
        lambda note: note_file.revise(note, author, text),
        expected,
        command,
        texts=(text,),
    )


async def sign_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Put the actor's name to her note, as it stood at the version that she saw."""
    return await _change_note(
        desk,
        who,
        (case_id, note_id),
        lambda note: note_file.sign(note, _signatory(desk, who), text_version=note.text_version),
        expected,
        command,
    )


async def amend_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    amendment: tuple[FreeText, FreeText],
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Add to a signed note; ``amendment`` is the reason and the text."""
    author = PractitionerId(who.actor.id)
    reason, text = amendment
    return await _change_note(
        desk,
        who,
        (case_id, note_id),
        lambda note: note_file.amend(note, author, reason=reason, text=text),
        expected,
        command,
        texts=amendment,
    )


async def countersign_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Put a second name beside the author's."""
    return await _change_note(
        desk,
        who,
        (case_id, note_id),
        lambda note: note_file.countersign(note, _signatory(desk, who)),
        expected,
        command,
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
    return await _change_note(
        desk,
        who,
        (case_id, note_id),
        lambda note: note_file.mark_erroneous(note, author, reason),
        expected,
        command,
        texts=(reason,),
    )


async def look_at_note(
    desk: Desk, who: Circumstances, case_id: CaseId, note_id: NoteId
) -> tuple[Opening, Receipt]:
    """Record the look at a note's words and open them; a draft opens for its author alone."""
    tried = Look(AccessKind.READ, "note", CASE_CLASSES, object=ItemId(note_id))
    admitted = await on_case(desk, who, Act.READ_NOTE, case_id, tried)
    note, exists = _note_of(desk, case_id, note_id)
    if note is None or note.status is Status.DRAFT:
        await on_case(
            desk,
            who,
            Act.READ_DRAFT,
            case_id,
            tried,
            is_author=note is not None and note.author == PractitionerId(who.actor.id),
            exists=exists,
        )
    return await look_on(desk, admitted, "note", note_id, classes=words_of(admitted.case))


def must_be_of_case(desk: Desk, case_id: CaseId, session_id: SessionId | None) -> None:
    """Refuse a note about a session of another case.

    Raises:
        Invalid: It is one.
    """
    if session_id is None:
        return
    session, _ = desk.record.fold(session_id, session_file.fold)
    if session is None or session.case != case_id:
        raise Invalid("session", "is not one of the case's")


def _note_of(desk: Desk, case_id: CaseId, note_id: NoteId) -> tuple[Note | None, bool]:
    """The note, and whether anything has this id.

    What is a process note is no note; but a refusal gives the log the same reason for both.
    """
    note, version = desk.record.fold(note_id, note_file.fold)
    return (note if note is not None and note.case == case_id else None), version > 0


def _signatory(desk: Desk, who: Circumstances) -> Signatory:
    person, _ = desk.practitioner(PractitionerId(who.actor.id))
    if person is None:
        raise NotThere
    return Signatory(person.id, person.title, person.registration)


async def _change_note(
    desk: Desk,
    who: Circumstances,
    which: tuple[CaseId, NoteId],
    decide: Callable[[Note], tuple[NoteEvent, ...]],
    expected: int,
    command: Command,
    *,
    texts: tuple[FreeText, ...] = (),
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    case_id, note_id = which
    tried = attempt("note", note_id)
    admitted = await on_case(desk, who, Act.WRITE_NOTE, case_id, tried)
    note, exists = _note_of(desk, case_id, note_id)
    author = PractitionerId(who.actor.id)
    if note is None or (note.status is Status.DRAFT and note.author != author):
        await on_case(desk, who, Act.READ_DRAFT, case_id, tried, is_author=False, exists=exists)
        raise NotThere
    if expected != note.version:
        raise Stale(note.version)
    must_know_everybody(desk, admitted.case, *texts)
    write = admitted.write(note_id, decide(note), note.version)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("note", note_id),)
    )
