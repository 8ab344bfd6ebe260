"""A client's consents, each an object of its own: State, evolve, decisions (REC-06)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from domain.errors import WrongState
from domain.events.consent import (
    ConsentEvent,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    Scope,
)
from domain.values import ItemId


class Status(Enum):
    """Where a consent stands."""

    GIVEN = auto()
    REFUSED = auto()
    WITHDRAWN = auto()


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent."""

    id: ItemId
    scope: Scope
    status: Status


@dataclass(frozen=True, slots=True)
class Consents:
    """All consents of one client, by id."""

    of: tuple[Consent, ...] = ()

    def find(self, consent: ItemId) -> Consent | None:
        """The consent with this id."""
        return next((each for each in self.of if each.id == consent), None)

    def allows(self, scope: Scope) -> bool:
        """Whether the newest word on this scope is a given consent."""
        newest = next((each for each in reversed(self.of) if each.scope is scope), None)
        return newest is not None and newest.status is Status.GIVEN


def evolve(state: Consents, event: object) -> Consents:
    """The state after the event."""
    match event:
        case ConsentGiven():
            return Consents((*state.of, Consent(event.consent, event.scope, Status.GIVEN)))
        case ConsentRefused():
            return Consents((*state.of, Consent(event.consent, event.scope, Status.REFUSED)))
        case ConsentWithdrawn():
            return Consents(
                tuple(
                    replace(each, status=Status.WITHDRAWN) if each.id == event.consent else each
                    for each in state.of
                )
            )
        case _:
            return state


def fold(events: Iterable[object]) -> Consents:
    """A client's consents from their events."""
    state = Consents()
    for event in events:
        state = evolve(state, event)
    return state


def give(state: Consents, given: ConsentGiven) -> tuple[ConsentEvent, ...]:
    """Record that it was allowed."""
    return () if state.find(given.consent) else (given,)


def refuse(state: Consents, refused: ConsentRefused) -> tuple[ConsentEvent, ...]:
    """Record that it was refused."""
    return () if state.find(refused.consent) else (refused,)


def withdraw(state: Consents, withdrawn: ConsentWithdrawn) -> tuple[ConsentEvent, ...]:
    """Take a given consent back."""
    consent = state.find(withdrawn.consent)
    if consent is None or consent.status is Status.REFUSED:
        raise WrongState("There is no such given consent")
    return () if consent.status is Status.WITHDRAWN else (withdrawn,)
