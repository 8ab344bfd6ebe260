"""Programs that read projections: State, evolve, decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.errors import Invalid
from domain.events.integration import (
    IntegrationEvent,
    IntegrationRegistered,
    IntegrationWithdrawn,
)
from domain.values import Actor, ActorId, ActorKind, Role, StreamId

SCOPES = frozenset({"case-state:read", "caseload:read", "calendar:read"})
"""The projections that a program can be let read; none of them holds a note's words."""


@dataclass(frozen=True, slots=True)
class Integration:
    """A program and what it may read."""

    id: ActorId
    staff_stream: StreamId
    scopes: tuple[str, ...]
    withdrawn: bool = False

    def as_actor(self) -> Actor:
        """The facts about it that the policy reads; after withdrawal it has none."""
        if self.withdrawn:
            return Actor(id=self.id, kind=ActorKind.INTEGRATION, roles=())
        return Actor(
            id=self.id,
            kind=ActorKind.INTEGRATION,
            roles=(Role.INTEGRATION,),
            scopes=self.scopes,
        )


def evolve(state: Integration | None, event: object) -> Integration | None:
    """The state after the event."""
    match event:
        case IntegrationRegistered():
            return Integration(event.integration, event.staff_stream, event.scopes)
        case IntegrationWithdrawn() if state is not None:
            return replace(state, withdrawn=True)
        case _:
            return state


def fold(events: Iterable[object]) -> Integration | None:
    """The integration's state from its events."""
    state: Integration | None = None
    for event in events:
        state = evolve(state, event)
    return state


def register(
    state: Integration | None, registered: IntegrationRegistered
) -> tuple[IntegrationEvent, ...]:
    """Let a program read the named projections."""
    if state is not None:
        return ()
    if not registered.scopes or not set(registered.scopes) <= SCOPES:
        raise Invalid("scopes", "must be one or more known scopes")
    return (registered,)


def withdraw(state: Integration) -> tuple[IntegrationEvent, ...]:
    """Take everything back."""
    return () if state.withdrawn else (IntegrationWithdrawn(),)
