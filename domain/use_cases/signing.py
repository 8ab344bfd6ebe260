"""Notes signed: by their author, and by whoever she asked to sign beside her."""

from domain import identity_gate, note_signing
from domain.errors import FileIncomplete, NotThere
from domain.events.note import NoteEvent, NoteKind
from domain.note import Note, Status
from domain.note_signing import Signatory
from domain.policy import Act
from domain.practitioner import Practitioner
from domain.use_cases.desk import Desk
from domain.use_cases.on_case import OnCase
from domain.use_cases.on_note import change_note
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    NoteId,
    PractitionerId,
    Receipt,
)


async def sign_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    *,
    expected: int,
    command: Command,
    co_signer: PractitionerId | None = None,
) -> Receipt:
    """Put the actor's name to her note, as it stood at the version that she saw.

    Where the clinic works so, a note of somebody in training waits for the ``co_signer``.

    Raises:
        FileIncomplete: The clinic demands more of a client's file than there is (REC-01).
    """

    def decide(admitted: OnCase, note: Note) -> tuple[NoteEvent, ...]:
        author = _practitioner(desk, who)
        if note.status is Status.DRAFT and note.author == author.id:
            _must_be_identified(desk, admitted, note)
        if co_signer is not None:
            note_signing.must_be_able_to_co_sign(desk.practitioner(co_signer)[0])
        return note_signing.sign(
            note,
            _signatory(author),
            text_version=note.text_version,
            co_signer=co_signer,
            required=note_signing.needs_co_signature(author, desk.settings),
            today=desk.clock.now().date(),
        )

    return await change_note(desk, who, (case_id, note_id), decide, expected, command)


async def ask_co_signature(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    co_signer: PractitionerId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Ask somebody to sign beside the author, in the place of whoever was asked before."""

    def decide(_: OnCase, note: Note) -> tuple[NoteEvent, ...]:
        note_signing.must_be_able_to_co_sign(desk.practitioner(co_signer)[0])
        return note_signing.ask_co_signature(note, PractitionerId(who.actor.id), co_signer)

    return await change_note(desk, who, (case_id, note_id), decide, expected, command)


async def countersign_note(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    note_id: NoteId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Put a second name beside the author's; whoever was asked need not be on the care team."""
    return await change_note(
        desk,
        who,
        (case_id, note_id),
        lambda _, note: note_signing.countersign(note, _signatory(_practitioner(desk, who))),
        expected,
        command,
        act=Act.COUNTERSIGN_NOTE,
    )


def _must_be_identified(desk: Desk, admitted: OnCase, note: Note) -> None:
    """Refuse to sign while a client's file lacks what the law wants; help is never held up."""
    if not desk.settings.identity_demanded or note.kind is NoteKind.CRISIS:
        return
    today = desk.clock.now().date()
    lacking = {
        client: identity_gate.missing(desk.record.fold(client, identity_gate.fold)[0], today)
        for client in admitted.case.clients
    }
    found: dict[str, tuple[str, ...]] = {
        client: fields for client, fields in lacking.items() if fields
    }
    if found:
        raise FileIncomplete(found)


def _practitioner(desk: Desk, who: Circumstances) -> Practitioner:
    person, _ = desk.practitioner(PractitionerId(who.actor.id))
    if person is None:
        raise NotThere
    return person


def _signatory(person: Practitioner) -> Signatory:
    return Signatory(person.id, person.title, person.registration, person.name)
