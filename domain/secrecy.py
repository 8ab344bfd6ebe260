"""What a couple or family agreed about what one tells alone: State, evolve, decisions (FAM-04)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import InTheFuture, Invalid
from domain.events.joint import SecrecyAgreed, SecrecyEvent, SecrecyRevised
from domain.values import CaseId, ItemId
from domain.wording import worded


@dataclass(frozen=True, slots=True)
class Secrecy:
    """The agreement as it stands."""

    id: ItemId
    case: CaseId
    terms: SecrecyAgreed | SecrecyRevised


def fold(events: Iterable[object]) -> Secrecy | None:
    """The agreement from its events."""
    state: Secrecy | None = None
    for event in events:
        if isinstance(event, SecrecyAgreed):
            state = Secrecy(event.secrecy, event.case, event)
        elif isinstance(event, SecrecyRevised) and state is not None:
            state = Secrecy(state.id, state.case, event)
    return state


def agree(
    state: Secrecy | None, agreed: SecrecyAgreed, *, now: datetime
) -> tuple[SecrecyEvent, ...]:
    """Record what was agreed on, and by whom."""
    if state is not None:
        return ()
    _check(agreed, now)
    return (agreed,)


def revise(state: Secrecy, revised: SecrecyRevised, *, now: datetime) -> tuple[SecrecyEvent, ...]:
    """Record what is agreed on from now on; the same again changes nothing."""
    if _said(state.terms) == _said(revised):
        return ()
    _check(revised, now)
    return (revised,)


def not_yet(agreed_by: Collection[str], participants: Iterable[str]) -> tuple[str, ...]:
    """Who takes part and has not agreed, by alias."""
    return tuple(each for each in participants if each not in agreed_by)


def _said(terms: SecrecyAgreed | SecrecyRevised) -> tuple[object, ...]:
    return (terms.policy, terms.agreed_by, terms.occurred_at, terms.words)


def _check(terms: SecrecyAgreed | SecrecyRevised, now: datetime) -> None:
    if terms.occurred_at > now:
        raise InTheFuture("occurred_at")
    if not terms.agreed_by or len(set(terms.agreed_by)) != len(terms.agreed_by):
        raise Invalid("agreed_by", "must name each who agreed once")
    if terms.words is not None:
        worded(terms.words)
