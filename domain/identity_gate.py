"""What must stand in a client's file before a note about her is signed.

Names and birth stand in every file; what may be missing is the sex, an address, the PESEL or
another document's number, and for a minor her representatives with their addresses.

Source:
    Act on Patients' Rights, art. 25(1); Act on the Profession of Psychologist, art. 28(2);
    compliance.md REC-01.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from domain.events.client import (
    ClientContactChanged,
    ClientIdentified,
    ClientRepresentativeAdded,
    ClientRepresentativeEnded,
    Sex,
)
from domain.guardianship import POLAND, years_on
from domain.values import Address, ItemId


@dataclass(frozen=True, slots=True)
class File:
    """A client's file as the gate reads it; whether each representative has an address."""

    identity: ClientIdentified | None = None
    address: Address | None = None
    representatives: tuple[tuple[ItemId, bool], ...] = ()


def evolve(state: File, event: object) -> File:
    """The file after the event."""
    match event:
        case ClientIdentified():
            return replace(state, identity=event)
        case ClientContactChanged():
            return replace(state, address=event.address)
        case ClientRepresentativeAdded():
            added = (event.representative, event.address is not None)
            return replace(state, representatives=(*state.representatives, added))
        case ClientRepresentativeEnded():
            left = tuple(each for each in state.representatives if each[0] != event.representative)
            return replace(state, representatives=left)
        case _:
            return state


def fold(events: Iterable[object]) -> File:
    """The file from the client's events."""
    state = File()
    for event in events:
        state = evolve(state, event)
    return state


def missing(state: File, today: date) -> tuple[str, ...]:
    """What the file lacks, by the names of its fields; nothing where it is whole."""
    identity = state.identity
    if identity is None:
        return ("identity",)
    lacks = {
        "sex": identity.sex is Sex.UNSPECIFIED,
        "address": state.address is None,
        "pesel or identity_document": not (identity.pesel or identity.identity_document),
        "representatives": not state.representatives
        and years_on(identity.birth_date, today) < POLAND.majority,
        "representatives.address": not all(known for _, known in state.representatives),
    }
    return tuple(field for field, lacking in lacks.items() if lacking)
