"""Shapes of what a note says: templates, sections, contacts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.http.schemas.common import Asked, Id, Instant, Line, Told, Words
from domain import note_forms
from domain.events.note import Contact, Direction, Means, NoteKind, Party, Template
from domain.note import NewNote as DomainNote
from domain.note_forms import Form
from domain.values import FreeText, Section, SessionId

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
MOST_SECTIONS = 40


class SectionAsked(Asked):
    """What is written under one heading of a template; nothing, where it is left empty."""

    code: Code
    text: Words | Literal[""]


Sections = Annotated[tuple[SectionAsked, ...], Field(max_length=MOST_SECTIONS)]


class ContactAsked(Asked):
    """By what means, who turned to whom, and in what role the other was."""

    means: Means
    direction: Direction
    party: Party


class NoteBody(Asked):
    """What a note is about and says: a ``text``, or the ``sections`` of a ``template``."""

    kind: NoteKind
    occurred_at: Instant
    text: Words | None = None
    session: Id | None = None
    template: Template = Template.FREE
    sections: Sections = ()
    contact: ContactAsked | None = None
    third_party: Line | None = None

    def value(self) -> DomainNote:
        """The domain's new note."""
        contact = self.contact
        return DomainNote(
            kind=self.kind,
            occurred_at=self.occurred_at,
            text=free_text(self.text),
            session=None if self.session is None else SessionId(self.session),
            template=self.template,
            sections=sections(self.sections),
            contact=None
            if contact is None
            else Contact(contact.means, contact.direction, contact.party),
            third_party=free_text(self.third_party),
        )


def free_text(words: str | None) -> FreeText | None:
    """Words as the domain has them."""
    return None if words is None else FreeText(words)


def sections(asked: Iterable[SectionAsked]) -> tuple[Section, ...]:
    """Sections as the domain has them."""
    return tuple(Section(each.code, FreeText(each.text)) for each in asked)


class HeadingTold(Told):
    """A section that a template offers."""

    code: str
    polish: str
    english: str


class FormTold(Told):
    """A template: its titles, its sections in their order, and what it is for."""

    template: str
    polish: str
    english: str
    sections: list[HeadingTold]
    kinds: list[str]
    schools: list[str]


class FormsTold(Told):
    """Every template; ``version`` grows when a section is added."""

    version: int
    templates: list[FormTold]


def forms_told() -> FormsTold:
    """The answer for the templates."""
    return FormsTold(version=note_forms.VERSION, templates=[*map(_form, note_forms.FORMS.values())])


def _form(form: Form) -> FormTold:
    return FormTold(
        template=form.template,
        polish=form.polish,
        english=form.english,
        sections=[HeadingTold.model_validate(each) for each in form.headings],
        kinds=sorted(form.kinds),
        schools=list(form.schools),
    )
