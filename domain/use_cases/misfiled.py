"""A note that was filed under the wrong client: moved to the right one, gone from where it was.

The words are opened by a recorded access, sealed anew under the right client's keys, and shown no
more where they stood; a content-free marker stays there. That the old words become unreadable is a
request for erasure of its own, for two custodians to approve (compliance.md SIG-05).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain import erasure as erasure_file, note as note_file
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.erasure import Erasure
from domain.errors import Invalid, NotThere, Stale, WrongState
from domain.events import Event
from domain.events.access import AccessKind
from domain.events.erasure import ErasureGround, ErasureRequested, ErasureScope
from domain.events.note import (
    NoteAmended,
    NoteCoSignatureAsked,
    NoteCountersigned,
    NoteDrafted,
    NoteReceived,
    NoteRevised,
    NoteSigned,
)
from domain.legal_gate import Findings
from domain.note import Note
from domain.policy import Act
from domain.ports import Opening, Recorded, Write
from domain.retention import Regime
from domain.use_cases.desk import Desk, admit, attempt, look
from domain.use_cases.erasure_looks import load
from domain.use_cases.members import must_know_everybody
from domain.use_cases.on_case import OnCase, look_on, on_case, words_of
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    ErasureId,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    Receipt,
    Section,
)
from domain.wording import texts_of


@dataclass(frozen=True, slots=True)
class Misfiled:
    """Which note stands in which case, and to which case it belongs."""

    case: CaseId
    note: NoteId
    belongs_to: CaseId


async def move_note(
    desk: Desk,
    who: Circumstances,
    misfiled: Misfiled,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Move a signed note to the case that it belongs to.

    Its author may, or one of the team that could read it; who moves it cares for the other case as
    well. The receipt names the new ``note`` and the ``erasure`` of what stands in the old place.

    Raises:
        NotThere: One of the cases, or the note, is not the actor's to know of.
        WrongState: It is a draft, a joint note, or has been moved already.
        Invalid: It belongs to the very client under whom it stands.
        Stale: The note has changed since the actor read it.
    """
    if done := desk.record.replay(who, command):
        return done
    leaving, note = await _found(desk, who, misfiled)
    receiving = await on_case(desk, who, Act.WRITE_NOTE, misfiled.belongs_to, attempt("note"))
    if expected != note.version:
        raise Stale(note.version)
    if leaving.case.joint:
        raise WrongState("A joint note cannot be moved: it is about several people")
    if set(leaving.case.everyone) & set(receiving.case.everyone):
        raise Invalid("belongs_to", "is a case of the same client's")
    moved = note_file.move(note)
    if not moved:
        raise WrongState("The note has been moved already")
    opening, _ = await look_on(desk, leaving, "note", misfiled.note, classes=words_of(leaving.case))
    new_id = NoteId(desk.identifiers.new())
    history = desk.record.history(misfiled.note)
    received = _received(note, history, new_id, misfiled.belongs_to, opening)
    texts = (text for each in received for text in texts_of(each))
    must_know_everybody(desk, receiving.case, *texts)
    requested = ErasureRequested(
        erasure=ErasureId(desk.identifiers.new()),
        scope=ErasureScope.ITEM,
        ground=ErasureGround.WRONG_CLIENT,
        requester=PractitionerId(who.actor.id),
        clients=leaving.case.clients,
        case=misfiled.case,
        item=ItemId(misfiled.note),
        author=note.author,
    )
    writes = (
        receiving.write(new_id, received, 0),
        # Whoever had it in hands had it before this.
        _asked(desk, requested),
        leaving.write(misfiled.note, moved, note.version),
    )
    reply = (("note", new_id), ("erasure", requested.erasure))
    return await desk.record.append(writes, leaving.who, command=command, reply=reply)


async def look_at_readers(
    desk: Desk, who: Circumstances, erasure_id: ErasureId
) -> tuple[Erasure, int, Opening, Receipt]:
    """Open the access logs that say who had a misfiled note in hands, for the breach assessment.

    Beside the request stands the position up to which the note stood there.

    It is a look at the access log of each client under whom the note stood (LOG-07).

    Raises:
        NotThere: There is no such request, or it is not about a misfiled note.
    """
    state, _ = load(desk, erasure_id)
    misfiled = state is not None and state.ground is ErasureGround.WRONG_CLIENT
    clients = state.target.clients if state is not None and misfiled else ()
    shown = Look(AccessKind.AUDIT_READ, "access-log", (Class.AUDIT_LOG,), object=ItemId(erasure_id))
    stamped = await admit(
        desk, who, Act.READ_ACCESS_LOG, attempt=shown, clients=clients, exists=bool(clients)
    )
    if state is None:
        raise NotThere
    owners = tuple(Owner(OwnerKind.CLIENT, each) for each in clients)
    opening, receipt = await look(desk, stamped, shown, clients, owners)
    (requested, *_) = desk.record.history(erasure_id)
    return state, requested.position, opening, receipt


async def _found(desk: Desk, who: Circumstances, misfiled: Misfiled) -> tuple[OnCase, Note]:
    state, version = desk.record.fold(misfiled.note, note_file.fold)
    note = state if state is not None and state.case == misfiled.case else None
    mine = note is not None and note.author == PractitionerId(who.actor.id)
    hidden = note is None or not (note.open_to_team or mine)
    admitted = await on_case(
        desk,
        who,
        Act.MOVE_NOTE,
        misfiled.case,
        attempt("note", misfiled.note),
        is_author=mine,
        exists=version > 0 and not hidden,
    )
    if note is None:
        raise NotThere
    return admitted, note


def _asked(desk: Desk, requested: ErasureRequested) -> Write:
    # What stands in the wrong record is kept there by no law.
    found = Findings(desk.clock.now().date(), Regime.MEDICAL_ENTITY)
    events = erasure_file.request(None, requested, found)
    owner = Owner(OwnerKind.CLINIC, desk.clinic)
    return Write(requested.erasure, events, owner, 0, concerning=requested.clients)


def _received(
    note: Note, history: Sequence[Recorded], new_id: NoteId, case_id: CaseId, opening: Opening
) -> tuple[Event, ...]:
    """The note as it is valid, with its words open, to be sealed where it belongs.

    What was added to it follows, and who countersigned it; these stand there as recorded now.
    """
    begun = _first(history, (NoteDrafted, NoteReceived))
    signed = _first(history, (NoteSigned, NoteReceived))
    valid = _first(
        [each for each in history if each.version == note.text_version],
        (NoteDrafted, NoteRevised, NoteReceived),
    )
    first, signature, words = begun.event, signed.event, valid.event
    came = first if isinstance(first, NoteReceived) else None
    if not (
        isinstance(first, NoteDrafted | NoteReceived)
        and isinstance(signature, NoteSigned | NoteReceived)
        and isinstance(words, NoteDrafted | NoteRevised | NoteReceived)
    ):
        raise NotThere
    received = NoteReceived(
        note=new_id,
        case=case_id,
        author=note.author,
        kind=first.kind,
        occurred_at=first.occurred_at,
        written_at=came.written_at if came else begun.recorded_at,
        signed_at=came.signed_at if came else signed.recorded_at,
        late=first.late,
        title=signature.title,
        registration=signature.registration,
        text=_opened(words.text, opening),
        template=first.template,
        sections=_opened_all(words.sections, opening),
        contact=first.contact,
        third_party=_opened(first.third_party, opening),
        name=signature.name,
    )
    return (received, *_added(history, new_id, case_id, opening))


def _added(
    history: Iterable[Recorded], new_id: NoteId, case_id: CaseId, opening: Opening
) -> Iterable[Event]:
    for each in history:
        match each.event:
            case NoteAmended() as event:
                yield NoteAmended(
                    note=new_id,
                    case=case_id,
                    author=event.author,
                    reason=FreeText(opening.words(event.reason)),
                    text=_opened(event.text, opening),
                    scope=event.scope,
                    sections=_opened_all(event.sections, opening),
                )
            case NoteCoSignatureAsked() as event:
                yield replace(event, note=new_id, case=case_id)
            case NoteCountersigned() as event:
                yield NoteCountersigned(
                    note=new_id,
                    case=case_id,
                    practitioner=event.practitioner,
                    title=event.title,
                    registration=event.registration,
                    text_version=1,
                    name=event.name,
                )
            case _:
                pass


def _opened(text: FreeText | None, opening: Opening) -> FreeText | None:
    return None if text is None else FreeText(opening.words(text))


def _opened_all(sections: Iterable[Section], opening: Opening) -> tuple[Section, ...]:
    return tuple(Section(each.code, FreeText(opening.words(each.text))) for each in sections)


def _first(history: Iterable[Recorded], kinds: tuple[type, ...]) -> Recorded:
    found = next((each for each in history if isinstance(each.event, kinds)), None)
    if found is None:
        raise NotThere
    return found
