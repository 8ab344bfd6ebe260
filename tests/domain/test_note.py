from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from domain import note
from domain.errors import InTheFuture, Invalid, Stale, WrongState
from domain.events.note import NoteDrafted, NoteKind, NoteSigned
from domain.note import NewNote, Note, Signatory
from domain.values import FreeText
from domain.wording import LONGEST_TEXT
from tests.support.decisions import must_be_retry_safe
from tests.support.examples import (
    AMENDED,
    ANNA,
    BARTEK,
    CASE,
    CERTIFICATE,
    COUNTERSIGNED,
    DRAFTED,
    ERRONEOUS,
    HOUR,
    MOVED,
    NOTE,
    NOW,
    RECEIVED,
    REVISED,
    SIGNED,
    WORDS,
    any_history,
)

AUTHOR = Signatory(ANNA, "psychotherapist", CERTIFICATE)
SECOND = Signatory(BARTEK, "supervisor", CERTIFICATE)
DRAFTING = NewNote(NoteKind.SESSION, NOW - HOUR, WORDS)


def given_note(*events: object) -> Note:
    state = note.fold((DRAFTED, *events))
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
    assert drafted(replace(DRAFTING, text=FreeText("a" * LONGEST_TEXT))).text.words
    with pytest.raises(Invalid):
        drafted(replace(DRAFTING, text=FreeText("a" * (LONGEST_TEXT + 1))))


def test_a_refusal_never_repeats_the_words_of_a_note() -> None:
    words = "she told me a secret" * LONGEST_TEXT
    with pytest.raises(Invalid) as refused:
        note.revise(given_note(), ANNA, FreeText(words))
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(FreeText(words))


def test_a_draft_is_revised_by_its_author_alone() -> None:
    assert note.revise(given_note(), ANNA, WORDS) == (REVISED,)
    with pytest.raises(WrongState):
        note.revise(given_note(), BARTEK, WORDS)


def test_a_signed_note_cannot_be_revised() -> None:
    with pytest.raises(WrongState):
        note.revise(given_note(SIGNED), ANNA, WORDS)


def test_an_author_signs_the_words_that_she_saw_last() -> None:
    assert note.sign(given_note(), AUTHOR, text_version=1) == (SIGNED,)
    (signed,) = note.sign(given_note(REVISED), AUTHOR, text_version=2)
    assert isinstance(signed, NoteSigned)
    assert signed.text_version == 2


def test_words_that_were_revised_meanwhile_are_not_signed() -> None:
    with pytest.raises(Stale):
        note.sign(given_note(REVISED), AUTHOR, text_version=1)


def test_nobody_signs_another_ones_note() -> None:
    with pytest.raises(WrongState):
        note.sign(given_note(), SECOND, text_version=1)
    with pytest.raises(WrongState):
        note.sign(given_note(SIGNED), SECOND, text_version=1)


def test_a_signed_note_is_amended_and_a_draft_is_not() -> None:
    assert note.amend(given_note(SIGNED), ANNA, reason=WORDS, text=WORDS) == (AMENDED,)
    with pytest.raises(WrongState):
        note.amend(given_note(), ANNA, reason=WORDS, text=WORDS)


def test_an_amendment_has_a_reason() -> None:
    with pytest.raises(Invalid):
        note.amend(given_note(SIGNED), ANNA, reason=FreeText(" "), text=WORDS)


def test_an_amendment_leaves_the_signed_words_as_they_are() -> None:
    assert given_note(REVISED, SIGNED, AMENDED).text_version == 2


def test_a_colleague_countersigns_a_signed_note() -> None:
    assert note.countersign(given_note(SIGNED), SECOND) == (COUNTERSIGNED,)


def test_an_author_is_not_her_own_second_signatory() -> None:
    with pytest.raises(WrongState):
        note.countersign(given_note(SIGNED), AUTHOR)


def test_a_draft_is_not_countersigned() -> None:
    with pytest.raises(WrongState):
        note.countersign(given_note(), SECOND)


def test_a_signed_note_is_marked_erroneous_by_its_author_alone() -> None:
    assert note.mark_erroneous(given_note(SIGNED), ANNA, WORDS) == (ERRONEOUS,)
    with pytest.raises(WrongState):
        note.mark_erroneous(given_note(SIGNED), BARTEK, WORDS)
    with pytest.raises(WrongState):
        note.mark_erroneous(given_note(), ANNA, WORDS)


def test_an_erroneous_note_stays_as_it_is() -> None:
    erroneous = given_note(SIGNED, ERRONEOUS)
    with pytest.raises(WrongState):
        note.amend(erroneous, ANNA, reason=WORDS, text=WORDS)
    with pytest.raises(WrongState):
        note.countersign(erroneous, SECOND)


@given(any_history)
def test_a_decision_on_a_note_repeated_changes_nothing(history: list[object]) -> None:
    """Revisions and amendments add words each time; their retries are told by the command's id."""
    must_be_retry_safe(
        note.fold,
        [DRAFTED, *history],
        lambda state: note.draft(state, NOTE, CASE, DRAFTING, author=ANNA, now=NOW),
        lambda state: note.sign(state, AUTHOR, text_version=state.text_version),
        lambda state: note.countersign(state, SECOND),
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
        note.amend(moved, ANNA, reason=WORDS, text=WORDS)
    with pytest.raises(WrongState):
        note.countersign(moved, SECOND)
    with pytest.raises(WrongState):
        note.mark_erroneous(moved, ANNA, WORDS)


def test_a_received_note_is_signed_by_its_author() -> None:
    state = note.fold((RECEIVED,))
    assert state is not None
    assert (state.author, state.status) == (ANNA, note.Status.SIGNED)
    assert note.sign(state, AUTHOR, text_version=1) == ()


@given(any_history)
def test_no_event_takes_a_signature_back(history: list[object]) -> None:
    state = note.fold([DRAFTED, SIGNED, *(each for each in history if each != DRAFTED)])
    assert state is not None
    assert state.status is not note.Status.DRAFT
