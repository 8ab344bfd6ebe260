"""What is done in a clinic's life with notes: by template, about contacts, and a draft's fate."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.events.note import Contact, Direction, Means, NoteKind, Party, Template
from domain.note import NewNote
from domain.note_forms import FORMS, Words
from domain.use_cases import notes, signing
from domain.values import CaseId, FreeText, NoteId, PractitionerId, Section
from tests.support.clinic import command

if TYPE_CHECKING:
    from tests.support.life import Life

_FEW = 4
_CALL = Contact(Means.PHONE, Direction.INCOMING, Party.CLIENT)
KINDS: tuple[tuple[NoteKind, Template, Contact | None], ...] = (
    (NoteKind.SUMMARY, Template.FREE, None),
    (NoteKind.SESSION, Template.SOAP, None),
    (NoteKind.CONTACT, Template.CONTACT, _CALL),
    (NoteKind.CRISIS, Template.CRISIS, None),
    (NoteKind.CERTIFICATE, Template.CERTIFICATE, None),
)


def written(life: Life, chance: int) -> None:
    """Somebody begins a note after a template."""
    clinic, case = life.clinic, life.cases[chance % len(life.cases)]
    by = life.clinician(chance, case)
    kind, template, contact = KINDS[chance // 11 % len(KINDS)]
    words = _words(template, chance)
    new = NewNote(
        kind,
        clinic.clock.now(),
        words.text,
        template=template,
        sections=words.sections,
        contact=contact,
    )
    receipt = clinic.run(
        notes.draft_note(clinic.desk, clinic.who(by), case, new, command=command())
    )
    note = NoteId(receipt.named("note"))
    life.notes.append((case, note))
    life.authors[note] = by


def revised(life: Life, chance: int) -> object:
    """A draft is written anew, after the template that it has or after another."""
    case, note = _recent(life, chance)
    _, template, _ = KINDS[chance // 11 % len(KINDS)]
    return notes.revise_note(
        life.clinic.desk,
        life.clinic.who(life.author(note, chance)),
        case,
        note,
        _words(template, chance),
        expected=life.clinic.version(note),
        command=command(),
    )


def fate(life: Life, chance: int) -> object:
    """A draft is discarded or taken up again; a second name is asked for."""
    case, note = _recent(life, chance)
    desk, author = life.clinic.desk, life.author(note, chance)
    who, version = life.clinic.who(author), life.clinic.version(note)
    match chance // 11 % 4:
        case 0:
            return notes.discard_note(desk, who, case, note, expected=version, command=command())
        case 1:
            return notes.take_up_note(desk, who, case, note, expected=version, command=command())
        case 2:
            colleague = _colleague(life, author)
            return signing.sign_note(
                desk, who, case, note, expected=version, command=command(), co_signer=colleague
            )
        case _:
            colleague = _colleague(life, author)
            return signing.ask_co_signature(
                desk, who, case, note, colleague, expected=version, command=command()
            )


def weeks(life: Life, chance: int) -> None:
    """So much time goes by that drafts expire."""
    life.clinic.clock.move(timedelta(days=15 + chance % 3))


def weeks_later(life: Life, chance: int) -> object:
    """A draft's fate once it has expired."""
    weeks(life, chance)
    return fate(life, chance)


def _words(template: Template, chance: int) -> Words:
    if template is Template.FREE:
        return Words(FreeText(f"Words {chance}"))
    codes = FORMS[template].codes[: 1 + chance % 3]
    return Words(sections=tuple(Section(code, FreeText(f"{code} {chance}")) for code in codes))


def _colleague(life: Life, author: PractitionerId) -> PractitionerId:
    people = life.clinic.people
    return people.bartek if author == people.anna else people.anna


def _recent(life: Life, chance: int) -> tuple[CaseId, NoteId]:
    """One of the last few; without any, nothing is done (``ZeroDivisionError``)."""
    return life.notes[-1 - chance % min(len(life.notes), _FEW)]


ACTS = (written, written, revised, fate, fate, weeks)
