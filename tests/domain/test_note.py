from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given

from domain import note, note_signing
from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.note import (
    Contact,
    Direction,
    Means,
    NoteAmended,
    NoteDrafted,
    NoteKind,
    NoteRevised,
    Party,
    Template,
)
from domain.note import NewAmendment, NewNote, Note
from domain.note_forms import Words
from domain.values import FreeText, Section
from domain.wording import LONGEST_TEXT
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import (
    AMENDED,
    ANNA,
    BARTEK,
    CASE,
    CERTIFICATE,
    CO_SIGNATURE_ASKED,
    COUNTERSIGNED,
    DISCARDED,
    DRAFTED,
    ERRONEOUS,
    HOUR,
    MOVED,
    NOTE,
    NOW,
    RECEIVED,
    REVISED,
    SIGNED,
    TAKEN_UP,
    WORDS,
    any_history,
)

AUTHOR = note_signing.Signatory(ANNA, "psychotherapist", CERTIFICATE)
SECOND = note_signing.Signatory(BARTEK, "supervisor", CERTIFICATE)
DRAFTING = NewNote(NoteKind.SESSION, NOW - HOUR, WORDS)
TEMPLATED = replace(DRAFTING, text=None, template=Template.SOAP, sections=(Section("plan", WORDS),))
LAST_DAY = date(2026, 3, 16)
ADDED = NewAmendment(WORDS, WORDS)


def given_note(*events: object) -> Note:
    state = note.fold((DRAFTED, *events))
    assert state is not None
    return state


def given_soap(*events: object) -> Note:
    state = note.fold((drafted(TEMPLATED), *events))
    assert state is not None
    return state


def drafted(drafting: NewNote) -> NoteDrafted:
    (event,) = note.draft(None, NOTE, CASE, drafting, author=ANNA, now=NOW)
    assert isinstance(event, NoteDrafted)
    return event


def test_a_note_is_begun() -> None:
    assert drafted(DRAFTING) == DRAFTED


@pytest.mark.parametrize(
    ("age", "late"), [(timedelta(hours=72), False), (timedelta(hours=72, milliseconds=1), True)]
)
def test_a_note_recorded_after_three_days_is_marked_late(age: timedelta, late: bool) -> None:
    assert drafted(replace(DRAFTING, occurred_at=NOW - age)).late is late


def test_a_note_does_not_tell_of_the_future() -> None:
    with pytest.raises(InTheFuture):
        drafted(replace(DRAFTING, occurred_at=NOW + timedelta(milliseconds=1)))


@pytest.mark.parametrize("words", [None, "", " \n\t"])
def test_a_note_says_something(words: str | None) -> None:
    with pytest.raises(Invalid):
        drafted(replace(DRAFTING, text=FreeText(words)))


def test_a_note_is_not_a_book() -> None:
    book = drafted(replace(DRAFTING, text=FreeText("a" * LONGEST_TEXT))).text
    assert book is not None
    with pytest.raises(Invalid):
        drafted(replace(DRAFTING, text=FreeText("a" * (LONGEST_TEXT + 1))))


def test_a_refusal_never_repeats_the_words_of_a_note() -> None:
    words = "she told me a secret" * LONGEST_TEXT
    with pytest.raises(Invalid) as refused:
        note.revise(given_note(), ANNA, Words(FreeText(words)))
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(Words(FreeText(words)))


def test_a_note_after_a_template_has_its_sections_and_no_other_words() -> None:
    event = drafted(TEMPLATED)
    assert (event.text, event.template) == (None, Template.SOAP)
    assert event.sections == (Section("plan", WORDS),)
    with pytest.raises(Invalid, match="text"):
        drafted(replace(TEMPLATED, text=WORDS))


def test_a_template_is_for_its_kinds_of_note() -> None:
    opinion = replace(TEMPLATED, template=Template.OPINION, sections=(Section("basis", WORDS),))
    with pytest.raises(Invalid, match="template"):
        drafted(opinion)
    with pytest.raises(Invalid, match="template"):
        drafted(replace(TEMPLATED, kind=NoteKind.CERTIFICATE))
    assert drafted(replace(opinion, kind=NoteKind.OPINION)).kind is NoteKind.OPINION


def test_whoever_was_spoken_to_beside_the_client_has_a_role() -> None:
    school = Contact(Means.PHONE, Direction.OUTGOING, Party.SCHOOL)
    call = replace(DRAFTING, kind=NoteKind.CONTACT, contact=school, third_party=WORDS)
    assert drafted(call).third_party == WORDS
    for contact in (None, replace(school, party=Party.CLIENT)):
        with pytest.raises(Invalid, match="third_party"):
            drafted(replace(call, contact=contact))


def test_a_draft_is_revised_by_its_author_alone() -> None:
    assert note.revise(given_note(), ANNA, Words(WORDS)) == (REVISED,)
    with pytest.raises(WrongState):
        note.revise(given_note(), BARTEK, Words(WORDS))


def test_a_revision_replaces_every_section_of_a_draft() -> None:
    (event,) = note.revise(given_soap(), ANNA, Words(sections=(Section("objective", WORDS),)))
    assert isinstance(event, NoteRevised)
    assert event.sections == (Section("objective", WORDS),)
    with pytest.raises(Invalid, match="text"):
        note.revise(given_soap(), ANNA, Words(WORDS))


def test_a_signed_note_cannot_be_revised() -> None:
    with pytest.raises(WrongState):
        note.revise(given_note(SIGNED), ANNA, Words(WORDS))


# The fate of a draft


def test_a_draft_is_good_to_its_last_day_and_has_expired_on_the_next() -> None:
    assert not given_note().expired(LAST_DAY)
    assert given_note().expired(LAST_DAY + timedelta(days=1))
    assert not given_note(SIGNED).expired(date.max)


def test_an_expired_draft_is_not_signed_before_its_author_takes_it_up() -> None:
    later = LAST_DAY + timedelta(days=1)
    with pytest.raises(WrongState, match="expired"):
        note_signing.sign(given_note(), AUTHOR, text_version=1, today=later)
    (taken,) = note.take_up(given_note(), ANNA, today=later)
    state = given_note(taken)
    assert not state.expired(later)
    assert state.text_version == 1
    assert note_signing.sign(state, AUTHOR, text_version=1, today=later)


def test_a_draft_that_is_written_on_is_taken_up() -> None:
    later = LAST_DAY + timedelta(days=30)
    assert not given_note(*note.revise(given_note(), ANNA, Words(WORDS), today=later)).expired(
        later
    )


def test_a_draft_of_the_first_clinics_never_expires() -> None:
    assert not note.fold([replace(DRAFTED, expires_on=None)]).expired(date.max)  # type: ignore[union-attr]  # it was drafted


def test_a_draft_is_discarded_by_its_author_alone() -> None:
    assert note.discard(given_note(), ANNA) == (DISCARDED,)
    with pytest.raises(WrongState):
        note.discard(given_note(), BARTEK)
    with pytest.raises(WrongState):
        note.discard(given_note(SIGNED), ANNA)


def test_nothing_is_done_with_a_discarded_draft() -> None:
    discarded = given_note(DISCARDED)
    acts: tuple[Callable[[], object], ...] = (
        lambda: note.revise(discarded, ANNA, Words(WORDS)),
        lambda: note.take_up(discarded, ANNA, today=date.max),
        lambda: note_signing.sign(discarded, AUTHOR, text_version=1),
        lambda: note.amend(discarded, ANNA, ADDED),
        lambda: note.move(discarded),
    )
    for act in acts:
        with pytest.raises(WrongState):
            act()
    assert not discarded.open_to_team


# What is added to a signed note


def test_a_signed_note_is_amended_and_a_draft_is_not() -> None:
    assert note.amend(given_note(SIGNED), ANNA, ADDED) == (AMENDED,)
    with pytest.raises(WrongState):
        note.amend(given_note(), ANNA, ADDED)


def test_an_amendment_has_a_reason() -> None:
    with pytest.raises(Invalid):
        note.amend(given_note(SIGNED), ANNA, replace(ADDED, reason=FreeText(" ")))


def test_an_amendment_says_which_sections_it_is_about() -> None:
    plan = NewAmendment(WORDS, sections=(Section("plan", WORDS),))
    (event,) = note.amend(given_soap(SIGNED), ANNA, plan)
    assert isinstance(event, NoteAmended)
    assert (event.scope, event.text) == (("plan",), None)
    about = replace(ADDED, scope=("plan", "objective"))
    (event,) = note.amend(given_soap(SIGNED), ANNA, about)
    assert isinstance(event, NoteAmended)
    assert event.scope == ("objective", "plan")


@pytest.mark.parametrize(
    "amendment",
    [
        NewAmendment(WORDS),
        NewAmendment(WORDS, WORDS, sections=(Section("plan", WORDS),)),
        NewAmendment(WORDS, WORDS, scope=("topic",)),
        NewAmendment(WORDS, sections=(Section("topic", WORDS),)),
        NewAmendment(WORDS, sections=(Section("plan", FreeText(" ")),)),
    ],
)
def test_an_amendment_of_nothing_or_of_a_section_that_is_not_there_is_refused(
    amendment: NewAmendment,
) -> None:
    with pytest.raises(Invalid):
        note.amend(given_soap(SIGNED), ANNA, amendment)


def test_an_amendment_leaves_the_signed_words_as_they_are() -> None:
    assert given_note(REVISED, SIGNED, AMENDED).text_version == 2


def test_a_signed_note_is_marked_erroneous_by_its_author_alone() -> None:
    assert note.mark_erroneous(given_note(SIGNED), ANNA, WORDS) == (ERRONEOUS,)
    with pytest.raises(WrongState):
        note.mark_erroneous(given_note(SIGNED), BARTEK, WORDS)
    with pytest.raises(WrongState):
        note.mark_erroneous(given_note(), ANNA, WORDS)


def test_an_erroneous_note_stays_as_it_is() -> None:
    erroneous = given_note(SIGNED, ERRONEOUS)
    with pytest.raises(WrongState):
        note.amend(erroneous, ANNA, ADDED)
    with pytest.raises(WrongState):
        note_signing.countersign(erroneous, SECOND)


@given(any_history)
def test_a_decision_on_a_note_repeated_changes_nothing(history: list[object]) -> None:
    """Revisions and amendments add words each time; their retries are told by the command's id."""
    must_be_retry_safe(
        note.fold,
        [DRAFTED, *history],
        lambda state: note.draft(state, NOTE, CASE, DRAFTING, author=ANNA, now=NOW),
        lambda state: note.take_up(state, ANNA, today=date(2026, 6, 1)),
        lambda state: note.discard(state, ANNA),
        lambda state: note_signing.sign(state, AUTHOR, text_version=state.text_version),
        lambda state: note_signing.ask_co_signature(state, ANNA, BARTEK),
        lambda state: note_signing.countersign(state, SECOND),
        lambda state: note.mark_erroneous(state, ANNA, WORDS),
        note.move,
    )


def test_a_signed_note_is_moved_and_a_marker_stays() -> None:
    assert note.move(given_note(SIGNED)) == (MOVED,)
    assert note.move(given_note(SIGNED, ERRONEOUS)) == (MOVED,)
    assert given_note(SIGNED, MOVED).status is note.Status.MOVED


def test_a_draft_is_not_moved() -> None:
    with pytest.raises(WrongState):
        note.move(given_note())


def test_nothing_is_added_to_a_moved_note() -> None:
    moved = given_note(SIGNED, MOVED)
    with pytest.raises(WrongState):
        note.amend(moved, ANNA, ADDED)
    with pytest.raises(WrongState):
        note_signing.countersign(moved, SECOND)
    with pytest.raises(WrongState):
        note.mark_erroneous(moved, ANNA, WORDS)


def test_a_received_note_is_signed_by_its_author() -> None:
    state = note.fold((RECEIVED,))
    assert state is not None
    assert (state.author, state.status) == (ANNA, note.Status.SIGNED)
    assert note_signing.sign(state, AUTHOR, text_version=1) == ()


@given(any_history)
def test_no_event_takes_a_signature_back(history: list[object]) -> None:
    state = note.fold([DRAFTED, SIGNED, *(each for each in history if each != DRAFTED)])
    assert state is not None
    assert state.status not in (note.Status.DRAFT, note.Status.DISCARDED)


def test_what_waits_for_a_co_signature_is_for_two_whatever_happens_to_it() -> None:
    state = given_note(SIGNED, CO_SIGNATURE_ASKED, AMENDED, TAKEN_UP, ERRONEOUS)
    assert not state.open_to_team
    assert state.is_for(ANNA)
    assert state.is_for(BARTEK)
    assert given_note(SIGNED, CO_SIGNATURE_ASKED, COUNTERSIGNED).open_to_team
