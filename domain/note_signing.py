"""Signatures on a note: the author's, and that of whoever she asks to put hers beside it.

Who is in training names a supervisor where the clinic works so: until that supervisor has signed,
the note's words are for the two of them alone (compliance.md SIG-06).
"""

from dataclasses import dataclass
from datetime import date

from domain.errors import Invalid, Stale, WrongState
from domain.events.note import (
    NoteCoSignatureAsked,
    NoteCountersigned,
    NoteEvent,
    NoteSigned,
)
from domain.note import Note, Status, must_be_authors_draft, must_be_signed
from domain.practitioner import Practitioner
from domain.settings import Settings
from domain.values import PractitionerId, Registration, RegistrationKind, Role


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs, as the entry must show it (u.p.p. art. 25(1), REC-02)."""

    id: PractitionerId
    title: str
    registration: Registration
    name: str | None = None


def sign(
    state: Note,
    who: Signatory,
    *,
    text_version: int,
    co_signer: PractitionerId | None = None,
    required: bool = False,
    today: date = date.min,
) -> tuple[NoteEvent, ...]:
    """Put the author's name to the words that she saw last; signing twice changes nothing.

    With ``required`` the note waits for the signature of the ``co_signer``, and nobody else reads
    it until then (SIG-06).
    """
    if state.status is Status.SIGNED and who.id == state.author:
        return ()
    must_be_authors_draft(state, who.id)
    if state.expired(today):
        raise WrongState("The draft has expired; take it up again first, as it stands or revised")
    if text_version != state.text_version:
        raise Stale(state.version)
    if required and co_signer is None:
        raise Invalid("co_signer", "is missing: who is in training names her supervisor")
    signed = NoteSigned(
        note=state.id,
        case=state.case,
        author=who.id,
        role=Role.CLINICIAN,
        title=who.title,
        registration=who.registration,
        text_version=text_version,
        name=who.name,
    )
    if co_signer is None:
        return (signed,)
    return (signed, _asked(state, co_signer, required=required))


def ask_co_signature(
    state: Note, author: PractitionerId, co_signer: PractitionerId
) -> tuple[NoteEvent, ...]:
    """Ask somebody, or somebody else, for a second signature."""
    must_be_signed(state)
    if author != state.author:
        raise WrongState("The author asks for a second signature")
    if co_signer == state.co_signer or co_signer in state.countersigned_by:
        return ()
    return (_asked(state, co_signer, required=state.pending),)


def countersign(state: Note, who: Signatory) -> tuple[NoteEvent, ...]:
    """Put a second name beside the author's."""
    must_be_signed(state)
    if who.id == state.author:
        raise WrongState("The author cannot countersign her own note")
    if who.id in state.countersigned_by:
        return ()
    if state.pending and who.id != state.co_signer:
        raise WrongState("The note waits for the supervisor who was named")
    return (
        NoteCountersigned(
            note=state.id,
            case=state.case,
            practitioner=who.id,
            title=who.title,
            registration=who.registration,
            text_version=state.text_version,
            name=who.name,
        ),
    )


def needs_co_signature(author: Practitioner, settings: Settings) -> bool:
    """Whether what she signs waits for a supervisor's signature."""
    return settings.co_signature and author.registration.kind is RegistrationKind.IN_TRAINING


def must_be_able_to_co_sign(person: Practitioner | None) -> None:
    """Refuse somebody who is no clinician of the clinic's, or is in training herself.

    Raises:
        Invalid: She is not.
    """
    if (
        person is None
        or person.departed
        or Role.CLINICIAN not in person.roles
        or person.registration.kind is RegistrationKind.IN_TRAINING
    ):
        raise Invalid("co_signer", "is no clinician of the clinic's who may sign for another")


def _asked(state: Note, co_signer: PractitionerId, *, required: bool) -> NoteCoSignatureAsked:
    if co_signer == state.author:
        raise Invalid("co_signer", "is the author herself")
    return NoteCoSignatureAsked(
        note=state.id,
        case=state.case,
        author=state.author,
        co_signer=co_signer,
        required=required,
    )
