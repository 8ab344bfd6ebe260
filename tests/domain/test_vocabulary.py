from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given

from domain import (
    case,
    client,
    consent,
    continuity,
    erasure,
    integration,
    note,
    practitioner,
    process_note,
    session,
)
from domain.events import VOCABULARY, Event
from tests.support.examples import EVERY_EVENT, any_history

FOLDS = (
    case.fold,
    client.fold,
    consent.fold,
    continuity.fold,
    erasure.fold,
    integration.fold,
    note.fold,
    practitioner.fold,
    process_note.fold,
    session.fold,
)


def test_there_is_an_example_of_every_event() -> None:
    assert {type(each) for each in EVERY_EVENT} == set(VOCABULARY.values())


def test_every_event_has_a_name_of_its_own() -> None:
    assert len(VOCABULARY) == len(EVERY_EVENT)
    assert all(name == kind.NAME for name, kind in VOCABULARY.items())


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: event.NAME)
def test_an_event_cannot_be_changed(event: Event) -> None:
    for each in fields(event):
        with pytest.raises(FrozenInstanceError):
            setattr(event, each.name, "something else")


@pytest.mark.parametrize("fold", FOLDS, ids=lambda fold: str(fold.__module__))
def test_a_fold_bears_any_order_of_known_events(
    fold: Callable[[Iterable[object]], object],
) -> None:
    @given(any_history)
    def bears(history: list[object]) -> None:
        assert fold(history) == fold(tuple(history))

    bears()


@pytest.mark.parametrize("fold", FOLDS, ids=lambda fold: str(fold.__module__))
def test_what_no_event_has_made_is_not_there(
    fold: Callable[[Iterable[object]], object],
) -> None:
    assert fold(()) in (None, consent.Consents())
