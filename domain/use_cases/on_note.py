"""How every use case on a note begins: who may know of it, and at which version she changes it."""

from collections.abc import Callable

from domain import note as note_file, session as session_file
from domain.errors import Invalid, NotThere, Stale
from domain.events.note import NoteEvent
from domain.note import Note
from domain.policy import Act
from domain.session import Session
from domain.use_cases.desk import Desk, attempt
from domain.use_cases.members import must_know_everybody
from domain.use_cases.on_case import OnCase, on_case
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    NoteId,
    PractitionerId,
    Receipt,
    SessionId,
)


def note_of(desk: Desk, case_id: CaseId, note_id: NoteId) -> tuple[Note | None, bool]:
    """The note, and whether anything has this id.

    What is a process note is no note; but a refusal gives the log the same reason for both.
    """
    note, version = desk.record.fold(note_id, note_file.fold)
    return (note if note is not None and note.case == case_id else None), version > 0


def session_of(desk: Desk, case_id: CaseId, session_id: SessionId | None) -> Session | None:
    """The session that a note is about.

    Raises:
        Invalid: It is another case's.
    """
    if session_id is None:
        return None
    session, _ = desk.record.fold(session_id, session_file.fold)
    if session is None or session.case != case_id:
        raise Invalid("session", "is not one of the case's")
    return session


async def change_note(
    desk: Desk,
    who: Circumstances,
    which: tuple[CaseId, NoteId],
    decide: Callable[[OnCase, Note], tuple[NoteEvent, ...]],
    expected: int,
    command: Command,
    *,
    texts: tuple[FreeText, ...] = (),
    act: Act = Act.WRITE_NOTE,
) -> Receipt:
    """Change a note as it stood at the version that the actor saw.

    What is not the team's to know is there for its author, and for whom she asked to co-sign.

    Raises:
        NotThere: It is not the actor's to know of; the denial is recorded.
        Stale: It has been changed since.
    """
    if done := desk.record.replay(who, command):
        return done
    case_id, note_id = which
    tried = attempt("note", note_id)
    note, exists = note_of(desk, case_id, note_id)
    actor = PractitionerId(who.actor.id)
    named = note is not None and note.asks(actor)
    # Her draft is hers to finish or give up though she has handed the case on.
    own = note is not None and note.is_draft_of(actor)
    admitted = await on_case(desk, who, act, case_id, tried, is_named=named, is_author=own)
    if note is None or not (note.open_to_team or note.is_for(actor)):
        await on_case(desk, who, Act.READ_DRAFT, case_id, tried, is_author=False, exists=exists)
        raise NotThere
    if expected != note.version:
        raise Stale(note.version)
    must_know_everybody(desk, admitted.case, *texts)
    write = admitted.write(note_id, decide(admitted, note), note.version)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("note", note_id),)
    )
