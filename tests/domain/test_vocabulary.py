from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given

from domain import (
    adverse_event,
    alliance,
    attachment,
    authorisation,
    candidate,
    case,
    case_pack,
    client,
    complaint,
    conflict,
    consent,
    continuity,
    contract,
    ending,
    enquiry,
    erasure,
    formulation,
    goal,
    group,
    homework,
    intake,
    integration,
    method,
    note,
    overlay,
    plan,
    portfolio,
    practitioner,
    problem_list,
    process_note,
    referral,
    release,
    secrecy,
    series,
    session,
    shared_care,
    skill,
    supervision,
    transfer,
    work_area,
)
from domain.events import VOCABULARY, Event
from tests.support.examples import EVERY_EVENT, any_history

FOLDS = (
    attachment.fold,
    case_pack.fold,
    conflict.fold,
    portfolio.fold,
    supervision.fold,
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
    enquiry.fold,
    formulation.fold,
    intake.fold,
    problem_list.fold,
    series.fold,
    contract.fold,
    alliance.fold,
    authorisation.fold,
    adverse_event.fold,
    complaint.fold,
    goal.fold,
    homework.fold,
    method.fold,
    plan.fold,
    referral.fold,
    skill.fold,
    transfer.fold,
    work_area.fold,
    ending.TERMINATION.fold,
    ending.DISCHARGE.fold,
    ending.FOLLOW_UP.fold,
    shared_care.CONSULTATION.fold,
    shared_care.CONFERENCE.fold,
    shared_care.PHARMACOTHERAPY.fold,
    shared_care.CO_TREATER.fold,
    candidate.fold,
    group.fold,
    overlay.fold,
    release.fold,
    secrecy.fold,
)


def _name(fold: Callable[[Iterable[object]], object]) -> str:
    """Whose fold it is: a module's, or that of one lifecycle among many."""
    of = getattr(fold, "__self__", None)
    return f"{fold.__module__}.{fold.__name__}" if of is None else str(getattr(of, "noun", of))


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


@pytest.mark.parametrize("fold", FOLDS, ids=_name)
def test_a_fold_bears_any_order_of_known_events(
    fold: Callable[[Iterable[object]], object],
) -> None:
    @given(any_history)
    def bears(history: list[object]) -> None:
        assert fold(history) == fold(tuple(history))

    bears()


@pytest.mark.parametrize("fold", FOLDS, ids=_name)
def test_what_no_event_has_made_is_not_there(
    fold: Callable[[Iterable[object]], object],
) -> None:
    assert fold(()) in (
        None,
        problem_list.ProblemList(),
        consent.Consents(),
        conflict.Conflicts(),
        portfolio.Portfolio(),
        authorisation.Authorisations(),
    )
