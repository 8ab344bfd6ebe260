"""A client's authorisations: State, evolve, decisions (REC-07). They stand beside her consents."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.authorisation import (
    AuthorisationEvent,
    AuthorisationGiven,
    AuthorisationNobodyNamed,
    AuthorisationWithdrawn,
    AuthorisedPerson,
    Authorises,
)
from domain.events.consent import Form
from domain.values import ItemId


class Declared(StrEnum):
    """Where a declaration stands; ``SUPERSEDED`` by one that named nobody."""

    STANDS = "stands"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Authorisation:
    """One declaration; without a person it authorises nobody, or objects to everybody."""

    id: ItemId
    kind: Authorises
    person: AuthorisedPerson | None
    form: Form
    said_at: datetime
    nobody: bool = False
    status: Declared = Declared.STANDS


@dataclass(frozen=True, slots=True)
class Authorisations:
    """All declarations of one client, in the order in which they were recorded."""

    of: tuple[Authorisation, ...] = ()

    def find(self, authorisation: ItemId) -> Authorisation | None:
        """The declaration with this id."""
        return next((each for each in self.of if each.id == authorisation), None)

    def standing(self, kind: Authorises) -> tuple[Authorisation, ...] | None:
        """Whom she names now; nobody where she said so; ``None`` where she has not been asked."""
        found = [each for each in self.of if each.kind is kind and each.status is Declared.STANDS]
        return tuple(each for each in found if not each.nobody) if found else None


def evolve(state: Authorisations, event: object) -> Authorisations:
    """The state after the event."""
    match event:
        case AuthorisationGiven():
            given = Authorisation(
                event.authorisation, event.kind, event.person, event.form, event.said_at
            )
            return Authorisations((*_without(state, event.kind, nobody=True), given))
        case AuthorisationNobodyNamed():
            declared = Authorisation(
                event.authorisation, event.kind, None, event.form, event.said_at, nobody=True
            )
            return Authorisations((*_without(state, event.kind, nobody=False), declared))
        case AuthorisationWithdrawn():
            return Authorisations(
                tuple(
                    replace(each, status=Declared.WITHDRAWN)
                    if each.id == event.authorisation
                    else each
                    for each in state.of
                )
            )
        case _:
            return state


def fold(events: Iterable[object]) -> Authorisations:
    """A client's authorisations from the events of her consents' stream."""
    state = Authorisations()
    for event in events:
        state = evolve(state, event)
    return state


def give(
    state: Authorisations, given: AuthorisationGiven, *, now: datetime
) -> tuple[AuthorisationEvent, ...]:
    """Record whom she names.

    Raises:
        Invalid: She names nobody, and it is no objection.
        InTheFuture: It would have been said later than now.
    """
    if state.find(given.authorisation):
        return ()
    if given.person is None and given.kind is not Authorises.AFTER_DEATH_OBJECTION:
        raise Invalid("person", "is missing: whoever names nobody declares that")
    return (_said(given, now),)


def name_nobody(
    state: Authorisations, declared: AuthorisationNobodyNamed, *, now: datetime
) -> tuple[AuthorisationEvent, ...]:
    """Record that she names nobody: it is a declaration, not a gap.

    Raises:
        InTheFuture: It would have been said later than now.
    """
    return () if state.find(declared.authorisation) else (_said(declared, now),)


def withdraw(
    state: Authorisations, withdrawn: AuthorisationWithdrawn, *, now: datetime
) -> tuple[AuthorisationEvent, ...]:
    """Take a declaration back.

    Raises:
        WrongState: There is none.
        InTheFuture: It would have been said later than now.
    """
    found = state.find(withdrawn.authorisation)
    if found is None:
        raise WrongState("There is no such declaration")
    return () if found.status is Declared.WITHDRAWN else (_said(withdrawn, now),)


def _said(event: AuthorisationEvent, now: datetime) -> AuthorisationEvent:
    if event.said_at > now:
        raise InTheFuture("said_at")
    return event


def _without(state: Authorisations, kind: Authorises, *, nobody: bool) -> list[Authorisation]:
    """What was said before about the same, where a new word ends it."""
    return [
        replace(each, status=Declared.SUPERSEDED)
        if each.kind is kind and each.nobody is nobody and each.status is Declared.STANDS
        else each
        for each in state.of
    ]
