"""Shapes of notes and process notes."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from api.http.naming import Naming
from api.http.schemas.common import Asked, Id, Instant, Told, Words, example
from api.http.schemas.joint import PartTold
from api.http.schemas.note_forms import (
    MOST_SECTIONS,
    Code,
    NoteBody,
    Sections,
    free_text,
    sections,
)
from domain.errors import Sealed
from domain.events.note import NoteKind, Template
from domain.events.process_note import Thought
from domain.headings import heading as heading_of
from domain.note import NewAmendment
from domain.note_forms import (
    EXTERNAL,
    EXTERNAL_SIGNATURES,
    FORMS,
    Words as DomainWords,
    valid_sections,
)
from domain.ports import Opening
from domain.process_note import About
from domain.settings import Provider
from domain.values import FreeText, NoteId, Section, SessionId
from projections.case_lines import Amendment as Amended, NoteLine, Signature
from projections.process_notes import ProcessNoteLine

BEFORE_SIGNING = {
    "pl": (
        "W dokumentacji nie utrwala się oświadczeń obejmujących przyznanie się do popełnienia czynu"
        " zabronionego pod groźbą kary (art. 51 ustawy o ochronie zdrowia psychicznego)."
    ),
    "en": (
        "A statement by which somebody admits a punishable act must not be recorded"
        " (Mental Health Protection Act, art. 51)."
    ),
}
"""Nobody looks for such statements by machine: the author is asked to think of it (REC-04)."""


class NewNote(NoteBody):
    """A note that is begun."""

    model_config = example(
        kind="session",
        occurred_at="2026-11-23T09:00:00Z",
        template="session",
        sections=[
            {"code": "topic", "text": "The tram."},
            {"code": "course", "text": "The client described a week with two panic attacks."},
        ],
    )


class Text(Asked):
    """New words of a process note."""

    model_config = example(text="The client described a week with one panic attack.")

    text: Words


class Revision(Asked):
    """A draft's new words, all of them: a free note's text, or a template's sections."""

    model_config = example(text="The client described a week with one panic attack.")

    text: Words | None = None
    sections: Sections = ()

    def value(self) -> DomainWords:
        """The domain's words."""
        return DomainWords(free_text(self.text), sections(self.sections))


class Amendment(Asked):
    """What is added to a signed note, and why: a ``text``, or new words of ``sections``.

    ``scope`` says of a text which sections it is about; of sections it is they themselves.
    """

    model_config = example(reason="A word was missing.", text="The attacks came at night.")

    reason: Words
    text: Words | None = None
    scope: Annotated[tuple[Code, ...], Field(max_length=MOST_SECTIONS)] = ()
    sections: Sections = ()

    def value(self) -> NewAmendment:
        """The domain's amendment."""
        return NewAmendment(
            FreeText(self.reason),
            free_text(self.text),
            self.scope,
            sections(self.sections),
        )


class Signing(Asked):
    """Who is to sign beside the author; somebody in training names her supervisor."""

    model_config = example(co_signer=None)

    co_signer: Id | None = None


class CoSigner(Asked):
    """Who is asked to sign beside the author."""

    model_config = example(co_signer="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708")

    co_signer: Id


class Reason(Asked):
    """Why."""

    model_config = example(reason="Written in the wrong case.")

    reason: Words


class NewProcessNote(Asked):
    """What is the author's alone: a thought, a rupture, its repair, what she feels or how she is.

    A repair names the rupture that it ``answers``.
    """

    model_config = example(occurred_at="2026-11-23T09:00:00Z", text="I noticed my own impatience.")

    occurred_at: Instant
    text: Words
    kind: Thought = Thought.THOUGHT
    answers: Id | None = None
    session: Id | None = None

    def about(self) -> About:
        """What it is about."""
        return About(
            self.kind,
            None if self.answers is None else NoteId(self.answers),
            None if self.session is None else SessionId(self.session),
        )


class SignatureTold(Told):
    """Who put her name to a note."""

    practitioner: str
    title: str
    registration: tuple[str, str | None, str | None]
    at: datetime
    name: str | None


class NoteHeading(Told):
    """A note in a list: everything but its words.

    ``co_signer`` is who was asked to sign beside the author; while the status is
    ``pending-co-signature`` the words are for the two of them alone. A draft expires after
    ``expires_on``.
    """

    id: str
    version: int
    kind: str
    author: str
    status: str
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    session: str | None
    signature: SignatureTold | None
    countersignatures: list[SignatureTold]
    amendments: int
    template: str
    co_signer: str | None
    expires_on: date | None


class SectionTold(Told):
    """A section with its titles; ``since`` numbers the version of the note that it says so in."""

    code: str
    polish: str
    english: str
    text: str | None
    since: int


class AmendmentTold(Told):
    """What was added to a note, a version of its own; ``None`` where it was made unreadable.

    ``scope`` names the sections that it is about, none where it is about all of the note;
    ``superseded`` says that every section of it was amended again.
    """

    number: int
    author: str
    at: datetime
    reason: str | None
    text: str | None
    scope: list[str]
    sections: list[SectionTold]
    superseded: bool


class ContactTold(Told):
    """By what means, who turned to whom, and in what role the other was."""

    means: str
    direction: str
    party: str


class ProviderTold(Told):
    """Who provides the services, as the clinic has settled it."""

    name: str
    address: str | None


class NoteTold(NoteHeading):
    """A note with its words; earlier drafts' words are kept and not shown.

    Words that were made unreadable are absent: of an erased note, and of one that was moved to the
    client to whom it belongs, there is no more than its heading. ``before_signing`` is what the
    author is reminded of as long as it is a draft, by language.

    ``text`` and ``sections`` are version 1, what was signed; it stays, and is ``superseded`` once
    something was ``added``. ``valid`` is what the sections say by now. ``expired`` says that a
    draft is to be taken up, or discarded. What is ``external`` documentation does not leave the
    clinic but under one of the signatures that ``release_needs`` names, and none is kept here yet.
    """

    text: str | None
    sections: list[SectionTold]
    valid: list[SectionTold]
    superseded: bool
    contact: ContactTold | None
    third_party: str | None
    expired: bool
    external: bool
    release_needs: list[str]
    provider: ProviderTold | None
    before_signing: dict[str, str] | None
    added: list[AmendmentTold]
    erroneous_because: str | None
    parts: list[PartTold]


class ProcessNoteTold(Told):
    """An author's process note; ``texts`` are what she wrote first and what she added.

    In the place of one that was made unreadable stands nothing.
    """

    id: str
    version: int
    occurred_at: datetime
    recorded_at: datetime
    texts: list[str | None]
    kind: str
    answers: str | None
    session: str | None


class ProcessNotesTold(Told):
    """An author's process notes on a case."""

    case: str
    notes: list[ProcessNoteTold]


def signature_told(signature: Signature) -> SignatureTold:
    """The answer for a signature."""
    return SignatureTold.model_validate(signature)


def heading(line: NoteLine) -> NoteHeading:
    """A note in a list."""
    return NoteHeading(**_heading(line))


def note_told(
    line: NoteLine, naming: Naming, *, today: date, provider: Provider | None = None
) -> NoteTold:
    """A note with its words: as it was signed, what was added, and as it is valid now."""
    written = [_section(each, line, naming, since=1) for each in line.sections]
    added = [
        _amendment(each, number, line, naming) for number, each in enumerate(line.amendments, 2)
    ]
    later = [(each.code, each) for amendment in added for each in amendment.sections]
    valid = valid_sections(Template(line.template), ((each.code, each) for each in written), later)
    contact, external = line.contact, NoteKind(line.kind) in EXTERNAL
    expires = line.expires_on
    return NoteTold(
        **_heading(line),
        text=naming.words_left(line.texts[-1]) if line.texts else None,
        sections=written,
        valid=[each for _, each in valid],
        superseded=bool(added),
        contact=contact and ContactTold(means=contact[0], direction=contact[1], party=contact[2]),
        third_party=naming.words_left(line.third_party),
        expired=line.status == "draft" and expires is not None and today > expires,
        external=external,
        release_needs=list(EXTERNAL_SIGNATURES) if external else [],
        provider=None if provider is None else ProviderTold.model_validate(provider),
        before_signing=BEFORE_SIGNING if line.status == "draft" else None,
        added=added,
        erroneous_because=naming.words_left(line.erroneous_because),
        parts=[naming.part(each) for each in line.parts],
    )


def _amendment(amendment: Amended, number: int, line: NoteLine, naming: Naming) -> AmendmentTold:
    later = {code for each in line.amendments[number - 1 :] for code in _codes(each)}
    own = _codes(amendment)
    return AmendmentTold(
        number=number,
        author=amendment.author,
        at=amendment.at,
        reason=naming.words_left(amendment.reason),
        text=naming.words_left(amendment.text),
        scope=list(amendment.scope),
        sections=[_section(each, line, naming, since=number) for each in amendment.sections],
        superseded=bool(own) and own <= later,
    )


def _codes(amendment: Amended) -> set[str]:
    return {each.code for each in amendment.sections}


def _section(section: Section, line: NoteLine, naming: Naming, *, since: int) -> SectionTold:
    title = heading_of(FORMS[Template(line.template)].headings, section.code)
    return SectionTold(
        code=section.code,
        polish=title.polish,
        english=title.english,
        text=naming.words_left(section.text),
        since=since,
    )


def _heading(line: NoteLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "version": line.version,
        "kind": line.kind,
        "author": line.author,
        "status": line.status,
        "occurred_at": line.occurred_at,
        "recorded_at": line.recorded_at,
        "late": line.late,
        "session": line.session,
        "signature": line.signature and signature_told(line.signature),
        "countersignatures": [signature_told(each) for each in line.countersignatures],
        "amendments": len(line.amendments),
        "template": line.template,
        "co_signer": line.co_signer,
        "expires_on": line.expires_on,
    }


def _left(text: FreeText, opening: Opening) -> str | None:
    """The words of a text; ``None`` where it has been made unreadable."""
    with suppress(Sealed):
        return opening.words(text)
    return None


def process_note_told(line: ProcessNoteLine, opening: Opening) -> ProcessNoteTold:
    """An author's process note with its words."""
    return ProcessNoteTold(
        id=line.id,
        version=line.version,
        occurred_at=line.occurred_at,
        recorded_at=line.recorded_at,
        texts=[_left(each, opening) for each in line.texts],
        kind=line.kind,
        answers=line.answers,
        session=line.session,
    )
