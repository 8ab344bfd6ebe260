from __future__ import annotations

from datetime import timedelta

import pytest

from domain import contact, session
from domain.errors import Invalid
from domain.events.note import Contact, Direction, Means, NoteKind, Party
from tests.support.examples import CANCELLED, HELD, MISSED, SCHEDULED

CALL = Contact(Means.PHONE, Direction.INCOMING, Party.PARENT)


def of(*events: object) -> session.Session:
    found = session.fold((SCHEDULED, *events))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("events", "means"),
    [
        ((MISSED,), Means.NO_SHOW),
        ((CANCELLED,), Means.CANCELLATION),
        ((), Means.NOT_YET_HELD),
    ],
)
def test_a_session_note_on_a_session_that_was_not_held_is_a_contact_note(
    events: tuple[object, ...], means: Means
) -> None:
    found = contact.settle(NoteKind.SESSION, None, of(*events))
    assert found == contact.Kind(
        NoteKind.CONTACT, Contact(means, Direction.NONE, Party.CLIENT), became=True
    )


def test_what_is_told_of_the_contact_instead_of_the_session_stands() -> None:
    found = contact.settle(NoteKind.SESSION, CALL, of(MISSED))
    assert (found.kind, found.contact) == (NoteKind.CONTACT, CALL)


@pytest.mark.parametrize("kind", sorted(set(NoteKind)))
def test_a_note_on_a_held_session_or_on_none_is_what_it_was_begun_as(kind: NoteKind) -> None:
    for about in (of(HELD), None):
        assert contact.settle(kind, None, about) == contact.Kind(kind, None)


@pytest.mark.parametrize("kind", sorted(set(NoteKind) - {NoteKind.SESSION}))
def test_only_a_session_note_becomes_another_kind(kind: NoteKind) -> None:
    assert contact.settle(kind, None, of(CANCELLED)) == contact.Kind(kind, None)


@pytest.mark.parametrize("kind", sorted(set(NoteKind)))
def test_a_contact_needs_no_session_and_belongs_to_a_contact_or_a_crisis(kind: NoteKind) -> None:
    if kind in (NoteKind.CONTACT, NoteKind.CRISIS):
        assert contact.settle(kind, CALL, None) == contact.Kind(kind, CALL)
    else:
        with pytest.raises(Invalid, match="contact"):
            contact.settle(kind, CALL, None)


def test_a_session_was_held_however_short_it_was() -> None:
    ended = HELD.started_at + timedelta(minutes=1)
    short = session.hold(of(), HELD.started_at, ended, now=HELD.ended_at)
    assert not contact.settle(NoteKind.SESSION, None, of(*short)).became
