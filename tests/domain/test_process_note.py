from __future__ import annotations

import pytest
from hypothesis import given

from domain import process_note
from domain.errors import InTheFuture, Invalid
from domain.events.process_note import ProcessNoteAmended, ProcessNoteWritten, Thought
from domain.process_note import About, ProcessNote
from domain.values import NoteId
from tests.support.examples import ANNA, CASE, HOUR, NOTE, NOW, WORDS, WRITTEN, any_history


def write(state: ProcessNote | None, hours_ago: int = 1) -> tuple[object, ...]:
    return process_note.write(
        state, NOTE, CASE, author=ANNA, occurred_at=NOW - hours_ago * HOUR, text=WORDS, now=NOW
    )


def test_a_process_note_is_its_authors() -> None:
    assert write(None) == (WRITTEN,)
    assert process_note.fold((WRITTEN,)) == ProcessNote(NOTE, CASE, ANNA)


def test_a_process_note_does_not_tell_of_the_future() -> None:
    with pytest.raises(InTheFuture):
        write(None, hours_ago=-1)


def test_its_author_adds_to_it() -> None:
    state = ProcessNote(NOTE, CASE, ANNA)
    added = ProcessNoteAmended(note=NOTE, case=CASE, text=WORDS)
    assert process_note.amend(state, WORDS) == (added,)


@given(any_history)
def test_a_process_note_is_written_once(history: list[object]) -> None:
    assert write(process_note.fold([WRITTEN, *history])) == ()


@given(any_history)
def test_a_process_note_never_changes_hands(history: list[object]) -> None:
    others = [each for each in history if not isinstance(each, ProcessNoteWritten)]
    state = process_note.fold([WRITTEN, *others])
    assert state is not None
    assert state.author == ANNA


def test_a_repair_answers_a_rupture_and_nothing_else_does() -> None:
    answers = NoteId("9" * 32)
    repair = About(Thought.REPAIR, answers)
    (written,) = process_note.write(
        None, NOTE, CASE, author=ANNA, occurred_at=NOW, text=WORDS, now=NOW, about=repair
    )
    assert isinstance(written, ProcessNoteWritten)
    assert (written.kind, written.answers) == (Thought.REPAIR, answers)
    for kind in set(Thought) - {Thought.REPAIR}:
        with pytest.raises(Invalid):
            process_note.write(
                None,
                NOTE,
                CASE,
                author=ANNA,
                occurred_at=NOW,
                text=WORDS,
                now=NOW,
                about=About(kind, answers),
            )
