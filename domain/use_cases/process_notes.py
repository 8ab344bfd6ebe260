"""Process notes: written, amended and read by their author, and by nobody else."""

from datetime import datetime

from domain import (
    process_note as process_note_file,
)
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import Invalid, NotThere, Stale
from domain.events.access import AccessKind
from domain.events.process_note import Thought
from domain.policy import Act
from domain.ports import Opening
from domain.process_note import ANYTHING, About
from domain.use_cases.desk import (
    Desk,
    attempt,
)
from domain.use_cases.on_case import (
    CASE_CLASSES,
    OnCase,
    look_on,
    on_case,
)
from domain.use_cases.sessions import must_be_of_case
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


async def write_process_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    occurred_at: datetime,
    text: FreeText,
    *,
    command: Command,
    about: About = ANYTHING,
) -> Receipt:
    """Write down what is the actor's alone. The receipt names the ``process_note``."""
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("record")
    await on_case(desk, who, Act.WRITE_NOTE, case_id, tried)
    admitted = await on_case(desk, who, Act.USE_PROCESS_NOTE, case_id, tried, is_author=True)
    _must_be_known(desk, who, case_id, about)
    note_id = NoteId(desk.identifiers.new())
    events = process_note_file.write(
        None,
        note_id,
        case_id,
        author=PractitionerId(who.actor.id),
        occurred_at=occurred_at,
        text=text,
        now=desk.clock.now(),
        about=about,
    )
    write = admitted.write(note_id, events, 0)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("process_note", note_id),)
    )


async def amend_process_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    text: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Add to the actor's own process note."""
    if done := desk.record.replay(who, command):
        return done
    state, version, admitted = await _own_process_note(desk, who, case_id, note_id)
    if expected != version:
        raise Stale(version)
    events = process_note_file.amend(state, text)
    write = admitted.write(note_id, events, version)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("process_note", note_id),)
    )


async def look_at_process_note(
    desk: Desk, who: Circumstances, case_id: CaseId, note_id: NoteId
) -> tuple[Opening, Receipt]:
    """Record the author's look at her process note and open it."""
    _, _, admitted = await _own_process_note(desk, who, case_id, note_id)
    return await look_on(
        desk,
        admitted,
        "record",
        note_id,
        extra=(Owner(OwnerKind.PRACTITIONER, who.actor.id),),
        classes=(Class.PROCESS_NOTE,),
    )


async def look_at_own_process_notes(
    desk: Desk, who: Circumstances, case_id: CaseId
) -> tuple[Opening, Receipt]:
    """Record the author's look at the list of her process notes on a case.

    It stays open to whoever has ever cared for the case. In the log it is a look at the case.
    """
    tried = Look(AccessKind.READ, "case", CASE_CLASSES, object=ItemId(case_id))
    frame, _ = desk.case(case_id)
    may_have = frame is not None and PractitionerId(who.actor.id) in frame.ever_on_team
    admitted = await on_case(desk, who, Act.USE_PROCESS_NOTE, case_id, tried, is_author=may_have)
    return await look_on(
        desk,
        admitted,
        "case",
        case_id,
        extra=(Owner(OwnerKind.PRACTITIONER, who.actor.id),),
        classes=(Class.PROCESS_NOTE,),
    )


def _must_be_known(desk: Desk, who: Circumstances, case_id: CaseId, about: About) -> None:
    """Refuse a repair of what is no rupture of the author's in this case, or another's session.

    Raises:
        Invalid: It is.
    """
    if about.answers is not None:
        rupture, _ = desk.record.fold(about.answers, process_note_file.fold)
        own = (case_id, PractitionerId(who.actor.id))
        mine = rupture is not None and (rupture.case, rupture.author) == own
        if rupture is None or not mine or rupture.kind is not Thought.RUPTURE:
            raise Invalid("answers", "is no rupture of yours in this case")
    must_be_of_case(desk, case_id, about.session)


async def _own_process_note(
    desk: Desk, who: Circumstances, case_id: CaseId, note_id: NoteId
) -> tuple[process_note_file.ProcessNote, int, OnCase]:
    state, version = desk.record.fold(note_id, process_note_file.fold)
    author = PractitionerId(who.actor.id)
    mine = state is not None and state.case == case_id and state.author == author
    tried = attempt("record", note_id)
    admitted = await on_case(
        desk, who, Act.USE_PROCESS_NOTE, case_id, tried, is_author=mine, exists=version > 0
    )
    if state is None:
        raise NotThere
    return state, version, admitted
