"""What is written about several people at once: joint notes with the members' parts, attendance."""

from collections.abc import Iterable, Mapping

from domain import (
    case as case_file,
    note as note_file,
    session as session_file,
)
from domain.case import Case
from domain.confidentiality import Owner, OwnerKind
from domain.errors import Invalid, NotThere, WrongState
from domain.events import Event
from domain.events.note import NotePartsAdded, PartOf
from domain.events.session import SessionAttendanceRecorded, SessionHeld, SessionPartRecorded
from domain.note import NewNote
from domain.policy import Act
from domain.ports import Write
from domain.use_cases.desk import NO_SUCH_RECORD, Desk, attempt, record_denial
from domain.use_cases.members import by_alias, must_know_everybody
from domain.use_cases.notes import as_it_was
from domain.use_cases.on_case import on_case
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
from domain.wording import worded


async def record_joint_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    new: NewNote,
    parts: Mapping[str, FreeText],
    *,
    command: Command,
) -> Receipt:
    """Begin a note on a joint case: the common words, and a part for each alias in ``parts``.

    The common words lie under the case's key, each part under its member's own: they are written
    in one transaction, and can be made unreadable one without the others. The receipt names the
    ``note``. Parts are shown where the note is, and are not revised.
    """
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.WRITE_NOTE, case_id, attempt("note"))
    case = admitted.case
    case_file.must_be_joint(case)
    new, became = as_it_was(desk, case_id, new)
    texts = {alias: worded(text) for alias, text in parts.items()}
    must_know_everybody(desk, case, *new.texts, *texts.values())
    note_id, author = NoteId(desk.identifiers.new()), PractitionerId(who.actor.id)
    now = desk.clock.now()
    days = desk.settings.draft_days
    events: tuple[Event, ...] = note_file.draft(
        None, note_id, case_id, new, author=author, now=now, days=days
    )
    recorded = {
        alias: SessionPartRecorded(
            part=ItemId(desk.identifiers.new()),
            case=case_id,
            note=note_id,
            alias=alias,
            author=author,
            text=text,
            session=new.session,
        )
        for alias, text in texts.items()
    }
    if recorded:
        listed = tuple(PartOf(alias, each.part) for alias, each in recorded.items())
        events = (*events, NotePartsAdded(note=note_id, case=case_id, parts=listed))
    own = _own_writes(desk, case, {alias: (each.part, each) for alias, each in recorded.items()})
    writes = (admitted.write(note_id, events, 0), *own)
    reply = (("note", note_id), *became)
    return await desk.record.append(writes, admitted.who, command=command, reply=reply)


async def record_attendance(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    session_id: SessionId,
    present: Mapping[str, bool],
    *,
    command: Command,
) -> Receipt:
    """Record who was there when a joint session was held, each under her own key.

    Recorded anew, the newest word about somebody stands.
    """
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("session", session_id)
    admitted = await on_case(desk, who, Act.SETTLE_SESSION, case_id, tried)
    case_file.must_be_joint(admitted.case)
    session, _ = desk.record.fold(session_id, session_file.fold)
    if session is None or session.case != case_id:
        await record_denial(desk, admitted.who, tried, admitted.case.everyone, NO_SUCH_RECORD)
        raise NotThere
    if not isinstance(session.settled, SessionHeld):
        raise WrongState("The session was not held")
    if not present:
        raise Invalid("present", "is empty")
    recorded = {
        alias: SessionAttendanceRecorded(
            attendance=ItemId(desk.identifiers.new()),
            case=case_id,
            session=session_id,
            alias=alias,
            present=there,
        )
        for alias, there in present.items()
    }
    own = {alias: (each.attendance, each) for alias, each in recorded.items()}
    writes = _own_writes(desk, admitted.case, own)
    return await desk.record.append(
        writes, admitted.who, command=command, reply=(("session", session_id),)
    )


def _own_writes(
    desk: Desk, case: Case, items: Mapping[str, tuple[ItemId, Event]]
) -> Iterable[Write]:
    """What concerns one member each, in streams of their own, sealed for them."""
    members = by_alias(desk, case, items)
    return tuple(
        Write(
            stream=item,
            events=(event,),
            owner=Owner(OwnerKind.CLIENT, members[alias]),
            after=0,
            concerning=(members[alias],),
        )
        for alias, (item, event) in items.items()
    )
