"""A client's file: State, evolve, decisions.

The policy reads only the frame (``Client.consent_stream``, ``access_stream``, ``cases``); identity
and contact are administrative content and stay out of the folded state.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.errors import Invalid, WrongState
from domain.events.client import (
    ClientCaseLinked,
    ClientContactChanged,
    ClientEvent,
    ClientIdentified,
    ClientRegistered,
    ClientRepresentativeAdded,
    ClientRepresentativeEnded,
)
from domain.values import CaseId, ClientId, ItemId, StreamId


@dataclass(frozen=True, slots=True)
class Client:
    """What later decisions about a client depend on."""

    id: ClientId
    access_stream: StreamId
    consent_stream: StreamId
    cases: tuple[CaseId, ...] = ()
    representatives: frozenset[ItemId] = frozenset()
    contact: ClientContactChanged | None = None


def evolve(state: Client | None, event: object) -> Client | None:
    """The state after the event; events of other aggregates change nothing."""
    match event:
        case ClientRegistered():
            return Client(event.client, event.access_stream, event.consent_stream)
        case _ if state is None:
            return None
        case ClientCaseLinked():
            return replace(state, cases=(*state.cases, event.case))
        case ClientContactChanged():
            return replace(state, contact=event)
        case ClientRepresentativeAdded():
            return replace(state, representatives=state.representatives | {event.representative})
        case ClientRepresentativeEnded():
            return replace(state, representatives=state.representatives - {event.representative})
        case _:
            return state


def fold(events: Iterable[object]) -> Client | None:
    """The client's state from her events."""
    state: Client | None = None
    for event in events:
        state = evolve(state, event)
    return state


def register(
    state: Client | None, registered: ClientRegistered, identity: ClientIdentified
) -> tuple[ClientEvent, ...]:
    """Open a file; registering the same client again changes nothing."""
    if state is not None:
        return ()
    return (registered, _checked(identity))


def identify(state: Client, identity: ClientIdentified) -> tuple[ClientEvent, ...]:
    """Record or correct the identity."""
    del state
    return (_checked(identity),)


def change_contact(state: Client, contact: ClientContactChanged) -> tuple[ClientEvent, ...]:
    """Record how to reach the client; the same contact again changes nothing."""
    return () if state.contact == contact else (contact,)


def add_representative(state: Client, added: ClientRepresentativeAdded) -> tuple[ClientEvent, ...]:
    """Record who speaks for the client."""
    return () if added.representative in state.representatives else (added,)


def end_representative(state: Client, representative: ItemId) -> tuple[ClientEvent, ...]:
    """Record that somebody no longer speaks for the client."""
    if representative not in state.representatives:
        raise WrongState("There is no such representative")
    return (ClientRepresentativeEnded(representative=representative),)


def link_case(state: Client, case: CaseId) -> tuple[ClientEvent, ...]:
    """Record that the client takes part in a case."""
    return () if case in state.cases else (ClientCaseLinked(case=case),)


def _checked(identity: ClientIdentified) -> ClientIdentified:
    if not identity.given_name or not identity.family_name:
        raise Invalid("name", "is missing")
    if identity.pesel is not None and not valid_pesel(identity.pesel):
        raise Invalid("pesel", "is not a valid number")
    return identity


def valid_pesel(number: str) -> bool:
    """Whether the eleven digits carry the right check digit (Act on Population Records, art. 15)."""
    if len(number) != 11 or not number.isascii() or not number.isdigit():
        return False
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    total = sum(weight * int(digit) for weight, digit in zip(weights, number[:10], strict=True))
    return (10 - total % 10) % 10 == int(number[10])
