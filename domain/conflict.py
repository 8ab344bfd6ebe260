"""The conflicts of interest of one practitioner: State, evolve, decisions."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import Invalid, WrongState
from domain.events.conflict import (
    ConflictDeclared,
    ConflictDescribed,
    ConflictEvent,
    ConflictWithdrawn,
)
from domain.values import FreeText, ItemId
from domain.wording import worded

MOST = 1000
"""Conflicts that one practitioner may have declared and not withdrawn."""


@dataclass(frozen=True, slots=True)
class Conflicts:
    """What stands, and what was withdrawn."""

    standing: tuple[ConflictDeclared, ...] = ()
    withdrawn: frozenset[ItemId] = frozenset()

    @property
    def fingerprints(self) -> frozenset[str]:
        """Whose records are shut: of whoever has one of these."""
        return frozenset(each for declared in self.standing for each in declared.fingerprints)

    def find(self, conflict: ItemId) -> ConflictDeclared | None:
        """A conflict that stands."""
        return next((each for each in self.standing if each.conflict == conflict), None)


def evolve(state: Conflicts, event: object) -> Conflicts:
    """The state after the event; events of other aggregates change nothing."""
    match event:
        case ConflictDeclared():
            return Conflicts((*state.standing, event), state.withdrawn)
        case ConflictWithdrawn():
            left = tuple(each for each in state.standing if each.conflict != event.conflict)
            return Conflicts(left, state.withdrawn | {event.conflict})
        case _:
            return state


def fold(events: Iterable[object]) -> Conflicts:
    """A practitioner's conflicts from their events."""
    state = Conflicts()
    for event in events:
        state = evolve(state, event)
    return state


def declare(
    state: Conflicts, declared: ConflictDeclared, person: FreeText
) -> tuple[ConflictEvent, ...]:
    """Declare a conflict with whoever has one of the fingerprints.

    Raises:
        Invalid: There is nothing by which the person could be told, or too much is declared.
    """
    if state.find(declared.conflict) or declared.conflict in state.withdrawn:
        return ()
    if not declared.fingerprints:
        raise Invalid("person", "needs an identifier, or a name with a date of birth")
    if len(state.standing) >= MOST:
        raise WrongState("There are too many conflicts")
    described = ConflictDescribed(
        conflict=declared.conflict, practitioner=declared.practitioner, person=worded(person)
    )
    return (declared, described)


def withdraw(state: Conflicts, withdrawn: ConflictWithdrawn) -> tuple[ConflictEvent, ...]:
    """Withdraw a conflict.

    Raises:
        WrongState: There is no such conflict.
    """
    if withdrawn.conflict in state.withdrawn:
        return ()
    if state.find(withdrawn.conflict) is None:
        raise WrongState("There is no such conflict")
    return (withdrawn,)
