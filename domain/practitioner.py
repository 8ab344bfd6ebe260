"""Those who work here: State, evolve, decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.errors import Invalid, WrongState
from domain.events.practitioner import (
    CustodianAppointed,
    PractitionerDeparted,
    PractitionerEvent,
    PractitionerRegistered,
    PractitionerRolesChanged,
)
from domain.values import (
    Actor,
    ActorId,
    ActorKind,
    PractitionerId,
    Registration,
    RegistrationKind,
    Role,
    School,
    StreamId,
)

STAFF_ROLES = frozenset(
    {Role.CLINICIAN, Role.RECEPTION, Role.COMPLIANCE, Role.ADMINISTRATOR, Role.CUSTODIAN}
)


@dataclass(frozen=True, slots=True)
class CustodianKey:
    """The key that somebody signs erasures with: its number, and the vkey that the log names."""

    number: int
    key: str


@dataclass(frozen=True, slots=True)
class Practitioner:
    """Somebody who works here, as the policy and a signature need to know her."""

    id: PractitionerId
    staff_stream: StreamId
    title: str
    registration: Registration
    roles: tuple[Role, ...]
    school: School | None
    departed: bool = False
    custodian: CustodianKey | None = None
    name: str = ""
    """Given name and family name, as her signature shows them."""

    def as_actor(self) -> Actor:
        """The facts about her that the policy reads; after departure she has no role."""
        roles = () if self.departed else self.roles
        return Actor(id=ActorId(self.id), kind=ActorKind.STAFF, roles=roles)


def evolve(state: Practitioner | None, event: object) -> Practitioner | None:
    """The state after the event."""
    match event:
        case PractitionerRegistered():
            return Practitioner(
                id=event.practitioner,
                staff_stream=event.staff_stream,
                title=event.title,
                registration=event.registration,
                roles=event.roles,
                school=event.school,
                name=f"{event.given_name} {event.family_name}",
            )
        case PractitionerRolesChanged() if state is not None:
            return replace(state, roles=event.roles)
        case PractitionerDeparted() if state is not None:
            return replace(state, departed=True)
        case CustodianAppointed() if state is not None:
            return replace(state, custodian=CustodianKey(event.number, event.key))
        case _:
            return state


def fold(events: Iterable[object]) -> Practitioner | None:
    """The practitioner's state from her events."""
    state: Practitioner | None = None
    for event in events:
        state = evolve(state, event)
    return state


def register(
    state: Practitioner | None, registered: PractitionerRegistered
) -> tuple[PractitionerEvent, ...]:
    """Somebody joins; a clinician shows a register number, a certificate, or is in training."""
    if state is not None:
        return ()
    if not registered.given_name or not registered.family_name:
        raise Invalid("name", "is missing")
    _check_roles(registered.roles)
    standing = registered.registration
    if standing.kind is RegistrationKind.REGISTER and not standing.number:
        raise Invalid("registration.number", "is missing")
    if standing.kind is RegistrationKind.CERTIFICATE and not (standing.number and standing.issuer):
        raise Invalid("registration", "a certificate has a number and an issuer")
    if Role.CLINICIAN in registered.roles and standing.kind is RegistrationKind.NONE:
        raise Invalid("registration", "is missing for a clinician")
    return (registered,)


def change_roles(state: Practitioner, roles: tuple[Role, ...]) -> tuple[PractitionerEvent, ...]:
    """Give somebody other roles; the same roles again change nothing."""
    if state.departed:
        raise WrongState("The person has left the clinic")
    _check_roles(roles)
    if set(roles) == set(state.roles):
        return ()
    if Role.CLINICIAN in roles and state.registration.kind is RegistrationKind.NONE:
        raise Invalid("roles", "a clinician needs a registration")
    return (PractitionerRolesChanged(roles=roles),)


def appoint_custodian(state: Practitioner, held: CustodianKey) -> tuple[PractitionerEvent, ...]:
    """Tie a custodian's key to a person; the same again changes nothing.

    Never the data protection officer: she would approve what she watches over (fine print 14).
    """
    if state.departed:
        raise WrongState("The person has left the clinic")
    if state.custodian == held:
        return ()
    if not may_be_custodian(state.roles):
        raise Invalid("roles", "a custodian has that role, and is not the compliance officer")
    if held.number < 1:
        raise Invalid("number", "is not that of a custodian")
    return (CustodianAppointed(practitioner=state.id, number=held.number, key=held.key),)


def may_be_custodian(roles: tuple[Role, ...]) -> bool:
    """Whether somebody with these roles may approve an erasure."""
    return Role.CUSTODIAN in roles and Role.COMPLIANCE not in roles


def depart(state: Practitioner) -> tuple[PractitionerEvent, ...]:
    """Somebody leaves."""
    return () if state.departed else (PractitionerDeparted(),)


def _check_roles(roles: tuple[Role, ...]) -> None:
    if not roles or not set(roles) <= STAFF_ROLES or len(set(roles)) != len(roles):
        raise Invalid("roles", "must be one or more staff roles, each once")
