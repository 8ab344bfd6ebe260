"""A note's whole life, drawn at random: no order of commands leads where no note can be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain import note, note_signing
from domain.errors import Refusal
from domain.events.note import (
    NoteCoSignatureAsked,
    NoteCountersigned,
    NoteEvent,
    NoteKind,
    NoteSigned,
    Template,
)
from domain.note import NewAmendment, NewNote, Note, Status
from domain.note_forms import FORMS, Words
from domain.note_signing import Signatory
from domain.values import FreeText, PractitionerId, Section
from tests.support.examples import CASE, CERTIFICATE, HOUR, NOTE, NOW

PEOPLE = [PractitionerId(each * 32) for each in "123"]
SOMEBODY = st.sampled_from(PEOPLE)
TEMPLATES = (Template.FREE, Template.SESSION, Template.SYSTEMIC)
SAID = st.text("ab ", max_size=3)
ENDS = (Status.DISCARDED, Status.MOVED)


def written(template: Template, said: str, code: int) -> Words:
    """Something that somebody may write: right or wrong."""
    if template is Template.FREE:
        return Words(FreeText(said))
    codes = FORMS[template].codes
    return Words(sections=(Section(codes[code % len(codes)], FreeText(said)),))


class NoteLife(RuleBasedStateMachine):
    """Three people act on one note, permitted or not."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[NoteEvent] = []
        self.today = NOW.date()
        self.was: Status | None = None

    @property
    def note(self) -> Note:
        """As it stands."""
        state = note.fold(self.events)
        assert state is not None
        return state

    @initialize(template=st.sampled_from(TEMPLATES))
    def begin(self, template: Template) -> None:
        words = written(template, "begun", 0)
        new = NewNote(
            NoteKind.SESSION, NOW - HOUR, words.text, None, template, sections=words.sections
        )
        self.events += note.draft(None, NOTE, CASE, new, author=PEOPLE[0], now=NOW)

    def does(self, decide: Callable[[Note], tuple[NoteEvent, ...]], *, again: bool = True) -> None:
        """Do something; what was refused has changed nothing, what is repeated changes nothing."""
        self.was = self.note.status
        try:
            decided = decide(self.note)
        except Refusal:
            return
        self.events += decided
        assert not again or decide(self.note) == ()

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(who=SOMEBODY, said=SAID, code=st.integers(0, 20), other=st.sampled_from(TEMPLATES))
    def revise(self, who: PractitionerId, said: str, code: int, other: Template) -> None:
        words = written(other, said, code)
        self.does(lambda state: note.revise(state, who, words, today=self.today), again=False)

    @rule(who=SOMEBODY)
    def take_up(self, who: PractitionerId) -> None:
        self.does(lambda state: note.take_up(state, who, today=self.today))

    @rule(who=SOMEBODY)
    def discard(self, who: PractitionerId) -> None:
        self.does(lambda state: note.discard(state, who))

    @rule(who=SOMEBODY, second=st.none() | SOMEBODY, required=st.booleans())
    def sign(self, who: PractitionerId, second: PractitionerId | None, required: bool) -> None:
        signatory = Signatory(who, "psychotherapist", CERTIFICATE)
        self.does(
            lambda state: note_signing.sign(
                state,
                signatory,
                text_version=state.text_version,
                co_signer=second,
                required=required,
                today=self.today,
            )
        )

    @rule(who=SOMEBODY, second=SOMEBODY)
    def ask(self, who: PractitionerId, second: PractitionerId) -> None:
        self.does(lambda state: note_signing.ask_co_signature(state, who, second))

    @rule(who=SOMEBODY)
    def countersign(self, who: PractitionerId) -> None:
        signatory = Signatory(who, "supervisor", CERTIFICATE)
        self.does(lambda state: note_signing.countersign(state, signatory))

    @rule(who=SOMEBODY, said=SAID, code=st.integers(0, 20), free=st.booleans())
    def amend(self, who: PractitionerId, said: str, code: int, free: bool) -> None:
        words = written(Template.FREE if free else self.note.template, said, code)
        amendment = NewAmendment(FreeText("why"), words.text, (), words.sections)
        self.does(lambda state: note.amend(state, who, amendment), again=False)

    @rule(who=SOMEBODY)
    def mark_erroneous(self, who: PractitionerId) -> None:
        self.does(lambda state: note.mark_erroneous(state, who, FreeText("wrong")))

    @rule()
    def move(self) -> None:
        self.does(note.move)

    @invariant()
    def it_is_as_long_as_its_history(self) -> None:
        assert self.note.version == len(self.events)

    @invariant()
    def it_is_signed_once_by_its_author(self) -> None:
        signed = [each for each in self.events if isinstance(each, NoteSigned)]
        unsigned = (Status.DRAFT, Status.DISCARDED)
        assert len(signed) == (0 if self.note.status in unsigned else 1)
        assert all(each.author == PEOPLE[0] for each in signed)
        assert all(each.text_version == self.note.text_version for each in signed)

    @invariant()
    def nobody_signs_beside_herself_or_twice(self) -> None:
        seconds = [each.practitioner for each in self.events if isinstance(each, NoteCountersigned)]
        assert PEOPLE[0] not in seconds
        assert len(seconds) == len(set(seconds)) == len(self.note.countersigned_by)

    @invariant()
    def what_waits_is_signed_and_waits_for_somebody_who_has_not(self) -> None:
        if self.note.pending:
            assert self.note.co_signer not in {None, PEOPLE[0], *self.note.countersigned_by}
            assert not self.note.open_to_team
            (asked, *_) = [each for each in self.events if isinstance(each, NoteCoSignatureAsked)]
            assert asked.required

    @invariant()
    def an_end_is_an_end(self) -> None:
        if self.was in ENDS:
            assert self.note.status is self.was
        if self.was is Status.ERRONEOUS:
            assert self.note.status in (Status.ERRONEOUS, Status.MOVED)

    @invariant()
    def a_draft_has_a_last_day_and_nothing_else_expires(self) -> None:
        if self.note.status is Status.DRAFT:
            assert self.note.expires_on is not None
        assert not self.note.expired(date.min)
        assert self.note.status is Status.DRAFT or not self.note.expired(date.max)


NoteLife.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestNoteLife = NoteLife.TestCase
