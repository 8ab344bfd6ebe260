"""What a clinician does: cases, sessions, notes, process notes, consents."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain import (
    case as case_file,
    client as client_file,
    consent as consent_file,
    note as note_file,
    process_note as process_note_file,
    session as session_file,
)
from domain.access import Look
from domain.case import Case
from domain.confidentiality import Class, Owner, OwnerKind
from domain.consent import Consents
from domain.errors import Invalid, NotThere, Stale
from domain.events.access import AccessKind
from domain.events.case import CaseEvent, CaseOpened, Diagnosis, Outcome
from domain.events.consent import ConsentEvent
from domain.events.note import NoteEvent
from domain.events.session import CancelledBy, SessionEvent, SessionScheduled
from domain.note import Note, Signatory, Status
from domain.policy import Act, Standing
from domain.ports import Opening, Write
from domain.session import Session
from domain.use_cases.desk import (
    NO_SUCH_RECORD,
    Desk,
    admit,
    attempt,
    look,
    look_at_list,
    on_care_team,
    record_denial,
)
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    Command,
    Format,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    Receipt,
    Role,
    School,
    SessionId,
)

CASE_CLASSES = (Class.ADMINISTRATIVE, Class.CLINICAL)
JOINT_CLASSES = (Class.ADMINISTRATIVE, Class.JOINT)


@dataclass(frozen=True, slots=True)
class NewCase:
    """Who takes part in a therapy that begins, and how it is held."""

    clients: tuple[ClientId, ...]
    format: Format
    school: School


@dataclass(frozen=True, slots=True)
class NewSession:
    """A time and a room to set aside."""

    starts_at: datetime
    ends_at: datetime
    room: str


NewNote = note_file.Drafting


@dataclass(frozen=True, slots=True)
class OnCase:
    """A case that the policy has admitted the actor to, and the stamped circumstances."""

    case: Case
    version: int
    who: Circumstances

    def write(self, stream: str, events: tuple[object, ...], after: int | None) -> Write:
        """A write to one of the case's streams, sealed for the case's owner."""
        return Write(
            stream=stream,
            events=events,  # type: ignore[arg-type]  # a tuple of one union member is not the union
            owner=self.case.owner,
            after=after,
            concerning=self.case.clients,
        )


async def on_case(
    desk: Desk,
    who: Circumstances,
    act: Act,
    case_id: CaseId,
    tried: Look,
    *,
    is_author: bool = False,
    exists: bool = True,
) -> OnCase:
    """Load the frame of a case and let the policy decide on it."""
    frame, version = desk.case(case_id)
    standing = Standing(
        on_care_team=frame is not None and PractitionerId(who.actor.id) in frame.team,
        is_author=is_author,
    )
    stamped = await admit(
        desk,
        who,
        act,
        standing,
        attempt=tried,
        clients=frame.clients if frame else (),
        exists=exists and frame is not None,
    )
    if frame is None:
        raise NotThere
    return OnCase(frame, version, stamped)


def content_classes(frame: Case) -> tuple[Class, ...]:
    """The kinds of data that a look at this case's content shows."""
    return JOINT_CLASSES if frame.owner.kind is OwnerKind.CASE else CASE_CLASSES


def _words_of(frame: Case) -> tuple[Class, ...]:
    return tuple(each for each in content_classes(frame) if each is not Class.ADMINISTRATIVE)


# Cases


async def open_case(desk: Desk, who: Circumstances, new: NewCase, *, command: Command) -> Receipt:
    """Begin a therapy; the actor becomes its therapist. The receipt names the ``case``."""
    if done := desk.record.replay(who, command):
        return done
    frames = [desk.client(each) for each in new.clients]
    stamped = await admit(
        desk,
        who,
        Act.OPEN_CASE,
        attempt=attempt("case"),
        clients=new.clients,
        exists=all(frame is not None for frame, _ in frames),
    )
    case_id = CaseId(desk.identifiers.new())
    opened = CaseOpened(
        case=case_id,
        clients=new.clients,
        format=new.format,
        school=new.school,
        therapist=PractitionerId(who.actor.id),
    )
    events = case_file.open_case(None, opened)
    owner = case_file.owner_of(case_id, new.clients, new.format)
    writes = [Write(case_id, events, owner, after=0, concerning=new.clients)]
    for client_id, (frame, version) in zip(new.clients, frames, strict=True):
        if frame is None:
            raise NotThere
        linked = client_file.link_case(frame, case_id)
        own = Owner(OwnerKind.CLIENT, client_id)
        writes.append(Write(client_id, linked, own, after=version, concerning=(client_id,)))
    return await desk.record.append(writes, stamped, command=command, reply=(("case", case_id),))


async def state_problem(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    words: FreeText,
    diagnosis: Diagnosis | None,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record what the client comes with."""
    return await _change_case(
        desk,
        who,
        case_id,
        lambda case: case_file.state_problem(case, note_file.worded(words), diagnosis),
        expected,
        command,
    )


async def join_team(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    practitioner: PractitionerId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let a colleague care for the case."""
    return await _change_case(
        desk,
        who,
        case_id,
        lambda case: case_file.join_team(case, _clinician(desk, practitioner)),
        expected,
        command,
    )


async def leave_team(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    practitioner: PractitionerId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let a colleague no longer care for the case."""
    return await _change_case(
        desk, who, case_id, lambda case: case_file.leave_team(case, practitioner), expected, command
    )


async def transfer_case(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    therapist: PractitionerId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let another therapist go on with the case."""
    return await _change_case(
        desk,
        who,
        case_id,
        lambda case: case_file.transfer(case, _clinician(desk, therapist)),
        expected,
        command,
    )


async def close_case(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    outcome: Outcome,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """End the therapy."""
    return await _change_case(
        desk, who, case_id, lambda case: case_file.close(case, outcome), expected, command
    )


async def reopen_case(
    desk: Desk, who: Circumstances, case_id: CaseId, *, expected: int, command: Command
) -> Receipt:
    """Take a closed therapy up again."""
    return await _change_case(desk, who, case_id, case_file.reopen, expected, command)


async def look_at_case(desk: Desk, who: Circumstances, case_id: CaseId) -> tuple[Opening, Receipt]:
    """Record the look at a case and open its content."""
    tried = Look(AccessKind.READ, "case", CASE_CLASSES, object=ItemId(case_id))
    admitted = await on_case(desk, who, Act.READ_CASE, case_id, tried)
    return await _look_on(desk, admitted, "case", case_id)


async def _look_on(
    desk: Desk,
    admitted: OnCase,
    object_type: str,
    object_id: str,
    *,
    extra: tuple[Owner, ...] = (),
    classes: tuple[Class, ...] | None = None,
) -> tuple[Opening, Receipt]:
    shown = Look(
        kind=AccessKind.READ,
        object_type=object_type,
        classes=classes or content_classes(admitted.case),
        object=ItemId(object_id),
        relationship=admitted.case.id,
    )
    owners = (admitted.case.owner, *extra)
    return await look(desk, admitted.who, shown, admitted.case.clients, owners)


async def _change_case(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    decide: Callable[[Case], tuple[CaseEvent, ...]],
    expected: int,
    command: Command,
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, attempt("case", case_id))
    if expected != admitted.version:
        raise Stale(admitted.version)
    write = admitted.write(case_id, decide(admitted.case), admitted.version)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("case", case_id),)
    )


def _clinician(desk: Desk, practitioner: PractitionerId) -> PractitionerId:
    person, _ = desk.practitioner(practitioner)
    if person is None or person.departed or Role.CLINICIAN not in person.roles:
        raise Invalid("practitioner", "is not a clinician of this clinic")
    return practitioner


# Sessions


async def schedule_session(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewSession, *, command: Command
) -> Receipt:
    """Set a time, a room and the actor aside for the case. The receipt names the ``session``."""
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("session")
    admitted = await on_case(desk, who, Act.SCHEDULE_SESSION, case_id, tried)
    case_file.must_be_open(admitted.case)
    session_id = SessionId(desk.identifiers.new())
    scheduled = SessionScheduled(
        session=session_id,
        case=case_id,
        therapist=PractitionerId(who.actor.id),
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        room=new.room,
    )
    write = admitted.write(session_id, session_file.schedule(None, scheduled), 0)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("session", session_id),)
    )


async def hold_session(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    session_id: SessionId,
    span: tuple[datetime, datetime],
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that the session took place."""
    now = desk.clock.now()
    return await _settle_session(
        desk,
        who,
        (case_id, session_id),
        lambda session: session_file.hold(session, *span, now=now),
        expected,
        command,
    )


async def cancel_session(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    session_id: SessionId,
    by: CancelledBy,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Call the session off."""
    return await _settle_session(
        desk,
        who,
        (case_id, session_id),
        lambda session: session_file.cancel(session, by),
        expected,
        command,
    )


async def miss_session(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    session_id: SessionId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that nobody came."""
    now = desk.clock.now()
    return await _settle_session(
        desk,
        who,
        (case_id, session_id),
        lambda session: session_file.miss(session, now=now),
        expected,
        command,
    )


async def _settle_session(
    desk: Desk,
    who: Circumstances,
    which: tuple[CaseId, SessionId],
    decide: Callable[[Session], tuple[SessionEvent, ...]],
    expected: int,
    command: Command,
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    case_id, session_id = which
    tried = attempt("session", session_id)
    admitted = await on_case(desk, who, Act.SETTLE_SESSION, case_id, tried)
    session, version = desk.record.fold(session_id, session_file.fold)
    if session is None or session.case != case_id:
        clients = admitted.case.clients
        await record_denial(desk, admitted.who, tried, clients, NO_SUCH_RECORD)
        raise NotThere
    if expected != version:
        raise Stale(version)
    write = admitted.write(session_id, decide(session), version)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("session", session_id),)
    )


# Notes


async def draft_note(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewNote, *, command: Command
) -> Receipt:
    """Begin a note on the case. The receipt names the ``note``."""
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.WRITE_NOTE, case_id, attempt("note"))
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
    return await _look_on(desk, admitted, "note", note_id, classes=_words_of(admitted.case))


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
    write = admitted.write(note_id, decide(note), note.version)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("note", note_id),)
    )


# Process notes


async def write_process_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    occurred_at: datetime,
    text: FreeText,
    *,
    command: Command,
) -> Receipt:
    """Write down what is the actor's alone. The receipt names the ``process_note``."""
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("record")
    await on_case(desk, who, Act.WRITE_NOTE, case_id, tried)
    admitted = await on_case(desk, who, Act.USE_PROCESS_NOTE, case_id, tried, is_author=True)
    note_id = NoteId(desk.identifiers.new())
    events = process_note_file.write(
        None,
        note_id,
        case_id,
        author=PractitionerId(who.actor.id),
        occurred_at=occurred_at,
        text=note_file.worded(text),
        now=desk.clock.now(),
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
    events = process_note_file.amend(state, note_file.worded(text))
    write = admitted.write(note_id, events, version)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("process_note", note_id),)
    )


async def look_at_process_note(
    desk: Desk, who: Circumstances, case_id: CaseId, note_id: NoteId
) -> tuple[Opening, Receipt]:
    """Record the author's look at her process note and open it."""
    _, _, admitted = await _own_process_note(desk, who, case_id, note_id)
    return await _look_on(
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
    return await _look_on(
        desk,
        admitted,
        "case",
        case_id,
        extra=(Owner(OwnerKind.PRACTITIONER, who.actor.id),),
        classes=(Class.PROCESS_NOTE,),
    )


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


# Consents


async def record_consent(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    decide: Callable[[Consents], tuple[ConsentEvent, ...]],
    consent: ItemId,
    *,
    command: Command,
) -> Receipt:
    """Record that something was given, refused or withdrawn. The receipt names the ``consent``."""
    if done := desk.record.replay(who, command):
        return done
    stream, stamped = await _consents_admitted(
        desk, who, Act.RECORD_CONSENT, client_id, attempt("consent", consent)
    )
    consents, version = desk.record.frame(stream, consent_file.fold)
    write = Write(
        stream=stream,
        events=decide(consents),
        owner=Owner(OwnerKind.CLIENT, client_id),
        after=version,
        concerning=(client_id,),
    )
    return await desk.record.append(
        (write,), stamped, command=command, reply=(("consent", consent),)
    )


async def look_at_consents(
    desk: Desk, who: Circumstances, client_id: ClientId
) -> tuple[Consents, Receipt]:
    """Record the look at a client's consents and return them."""
    shown = Look(AccessKind.READ, "consents", (Class.ADMINISTRATIVE,), object=ItemId(client_id))
    stream, stamped = await _consents_admitted(desk, who, Act.READ_CONSENTS, client_id, shown)
    owner = Owner(OwnerKind.CLIENT, client_id)
    _, receipt = await look(desk, stamped, shown, (client_id,), (owner,))
    consents, _ = desk.record.frame(stream, consent_file.fold)
    return consents, receipt


async def _consents_admitted(
    desk: Desk, who: Circumstances, act: Act, client_id: ClientId, tried: Look
) -> tuple[str, Circumstances]:
    frame, _ = desk.client(client_id)
    on_team = on_care_team(desk, who.actor, frame.cases if frame else ())
    stamped = await admit(
        desk,
        who,
        act,
        Standing(on_care_team=on_team),
        attempt=tried,
        clients=(client_id,),
        exists=frame is not None,
    )
    if frame is None:
        raise NotThere
    return frame.consent_stream, stamped


# Lists


async def admit_to_caseload(
    desk: Desk, who: Circumstances, whose: PractitionerId | None = None
) -> Circumstances:
    """Whether the actor may see a caseload, her own if none is named.

    The list itself is recorded as it is read.
    """
    own = whose is None or whose == PractitionerId(who.actor.id)
    tried = attempt("caseload", whose, kind=AccessKind.LIST)
    return await admit(desk, who, Act.READ_CASELOAD, Standing(is_own=own), attempt=tried)


def own_cases(desk: Desk, who: Circumstances, cases: Iterable[CaseId]) -> dict[CaseId, Case]:
    """Those of the cases that the actor cares for now, whatever a lagging list says."""
    found = {each: desk.case(each)[0] for each in cases}
    actor = PractitionerId(who.actor.id)
    return {name: case for name, case in found.items() if case and actor in case.team}


async def look_at_caseload(
    desk: Desk,
    who: Circumstances,
    hits: Mapping[ClientId, tuple[ItemId, ...]],
) -> tuple[Opening, Receipt]:
    """Record the list: one entry for the query, one for each client whom it shows.

    Raises:
        NotThere: The actor cares for one of them no longer; ``own_cases`` says for whom she does.
    """
    # A program has a scope instead of a care team.
    for each in hits if who.role is not Role.INTEGRATION else ():
        frame, _ = desk.client(each)
        if frame is None or not on_care_team(desk, who.actor, frame.cases):
            raise NotThere
    query = Look(AccessKind.LIST, "caseload", (Class.ADMINISTRATIVE,))
    return await look_at_list(desk, who, query, hits)
