"""What an administrator does: staff, integrations, projections. She sees no content."""

from collections.abc import Callable
from dataclasses import dataclass

from domain import integration as integration_file, practitioner as practitioner_file
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import Invalid, NotThere, Stale
from domain.events.access import AccessKind
from domain.events.integration import IntegrationRegistered
from domain.events.practitioner import PractitionerEvent, PractitionerRegistered
from domain.policy import Act
from domain.ports import Opening, Write
from domain.practitioner import Practitioner
from domain.use_cases.desk import Desk, admit, attempt, look_at_list, own_entry
from domain.values import (
    ActorId,
    Circumstances,
    Command,
    ItemId,
    PractitionerId,
    Receipt,
    Registration,
    Role,
    School,
    StreamId,
)


@dataclass(frozen=True, slots=True)
class NewPractitioner:
    """Somebody who joins the clinic."""

    given_name: str
    family_name: str
    title: str
    registration: Registration
    roles: tuple[Role, ...]
    school: School | None = None


async def register_practitioner(
    desk: Desk, who: Circumstances, new: NewPractitioner, *, command: Command
) -> Receipt:
    """Let somebody join the clinic. The receipt names the ``practitioner``."""
    if done := desk.record.replay(who, command):
        return done
    stamped = await admit(desk, who, Act.MANAGE_STAFF, attempt=attempt("practitioner"))
    return await found_practitioner(desk, stamped, new, command=command)


async def found_practitioner(
    desk: Desk, who: Circumstances, new: NewPractitioner, *, command: Command | None = None
) -> Receipt:
    """Record somebody without asking the policy: the clinic's founding act, and nothing else."""
    practitioner_id = PractitionerId(desk.identifiers.new())
    registered = PractitionerRegistered(
        practitioner=practitioner_id,
        staff_stream=StreamId(desk.identifiers.new()),
        given_name=new.given_name,
        family_name=new.family_name,
        title=new.title,
        registration=new.registration,
        roles=new.roles,
        school=new.school,
    )
    write = Write(
        stream=practitioner_id,
        events=practitioner_file.register(None, registered),
        owner=Owner(OwnerKind.PRACTITIONER, practitioner_id),
        after=0,
    )
    reply = (("practitioner", practitioner_id),)
    return await desk.record.append((write,), who, command=command, reply=reply)


async def change_roles(
    desk: Desk,
    who: Circumstances,
    practitioner_id: PractitionerId,
    roles: tuple[Role, ...],
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Give somebody other roles; nobody changes her own."""
    if practitioner_id == PractitionerId(who.actor.id):
        raise Invalid("roles", "cannot be changed by their holder")
    return await change_practitioner(
        desk,
        who,
        practitioner_id,
        lambda person: practitioner_file.change_roles(person, roles),
        expected=expected,
        command=command,
    )


async def depart(
    desk: Desk,
    who: Circumstances,
    practitioner_id: PractitionerId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that somebody left; her very next request is refused."""
    return await change_practitioner(
        desk, who, practitioner_id, practitioner_file.depart, expected=expected, command=command
    )


async def register_integration(
    desk: Desk,
    who: Circumstances,
    title: str,
    scopes: tuple[str, ...],
    *,
    command: Command,
) -> Receipt:
    """Let a program read the named projections. The receipt names the ``integration``."""
    if done := desk.record.replay(who, command):
        return done
    stamped = await admit(desk, who, Act.MANAGE_STAFF, attempt=attempt("integration"))
    integration_id = ActorId(desk.identifiers.new())
    registered = IntegrationRegistered(
        integration=integration_id,
        staff_stream=StreamId(desk.identifiers.new()),
        title=title,
        scopes=scopes,
    )
    write = Write(
        stream=integration_id,
        events=integration_file.register(None, registered),
        owner=Owner(OwnerKind.INTEGRATION, integration_id),
        after=0,
    )
    reply = (("integration", integration_id),)
    return await desk.record.append((write,), stamped, command=command, reply=reply)


async def withdraw_integration(
    desk: Desk,
    who: Circumstances,
    integration_id: ActorId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Take everything back that a program might read."""
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("integration", integration_id)
    state, version = desk.record.frame(integration_id, integration_file.fold)
    exists = state is not None
    stamped = await admit(desk, who, Act.MANAGE_STAFF, attempt=tried, exists=exists)
    if state is None:
        raise NotThere
    if expected != version:
        raise Stale(version)
    write = Write(
        stream=integration_id,
        events=integration_file.withdraw(state),
        owner=Owner(OwnerKind.INTEGRATION, integration_id),
        after=version,
    )
    reply = (("integration", integration_id),)
    return await desk.record.append((write,), stamped, command=command, reply=reply)


async def look_at_staff(desk: Desk, who: Circumstances) -> tuple[Opening, Receipt]:
    """Record the look at the list of staff."""
    stamped = await admit(desk, who, Act.MANAGE_STAFF, attempt=attempt("staff"))
    query = Look(AccessKind.LIST, "staff", (Class.ADMINISTRATIVE,))
    return await look_at_list(
        desk, stamped, query, {}, staff=(Owner(OwnerKind.CLINIC, desk.clinic),)
    )


async def admit_to_sign_ins(
    desk: Desk, who: Circumstances, holder: str, *, own: bool = False
) -> Receipt:
    """Whether the actor may give somebody a sign-in or a new password; recorded as her act.

    Raises:
        Invalid: It is her own: that takes a second administrator, or the host.
    """
    stamped = await admit(desk, who, Act.MANAGE_STAFF, attempt=attempt("sign-in", holder))
    if own:
        raise Invalid("name", "is the actor's own")
    shown = Look(AccessKind.LIST, "sign-in", (Class.ADMINISTRATIVE,), object=ItemId(holder))
    return await desk.record.append((own_entry(desk, stamped, shown),), stamped)


async def look_at_projections(desk: Desk, who: Circumstances) -> Receipt:
    """Record the look at how the projections fare."""
    stamped = await admit_to_projections(desk, who)
    shown = Look(AccessKind.LIST, "projections", (Class.ADMINISTRATIVE,))
    return await desk.record.append((own_entry(desk, stamped, shown),), stamped)


async def admit_to_projections(desk: Desk, who: Circumstances) -> Circumstances:
    """Whether the actor may see how the projections fare."""
    return await admit(desk, who, Act.MANAGE_PROJECTIONS, attempt=attempt("projections"))


async def change_practitioner(
    desk: Desk,
    who: Circumstances,
    practitioner_id: PractitionerId,
    decide: Callable[[Practitioner], tuple[PractitionerEvent, ...]],
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """What an administrator changes of somebody who works here, as ``decide`` says."""
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("practitioner", practitioner_id)
    person, version = desk.practitioner(practitioner_id)
    exists = person is not None
    stamped = await admit(desk, who, Act.MANAGE_STAFF, attempt=tried, exists=exists)
    if person is None:
        raise NotThere
    if expected != version:
        raise Stale(version)
    write = Write(
        stream=practitioner_id,
        events=decide(person),
        owner=Owner(OwnerKind.PRACTITIONER, practitioner_id),
        after=version,
    )
    reply = (("practitioner", practitioner_id),)
    return await desk.record.append((write,), stamped, command=command, reply=reply)
