"""Cases: opened, worked on, transferred, closed; and looked at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domain import (
    aliases as alias_book,
    case as case_file,
    client as client_file,
)
from domain.access import Look
from domain.case import Case
from domain.confidentiality import Owner, OwnerKind
from domain.errors import Invalid, NotThere, Stale
from domain.events.access import AccessKind
from domain.events.case import CaseAliasesDrawn, CaseEvent, CaseOpened
from domain.policy import Act
from domain.ports import Opening, Write
from domain.use_cases.before_case import beginning_with, taken_up
from domain.use_cases.desk import (
    Desk,
    admit,
    attempt,
)
from domain.use_cases.members import first_aliases
from domain.use_cases.on_case import (
    CASE_CLASSES,
    look_on,
    on_case,
)
from domain.use_cases.portfolio import notices, outside_limits
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    Command,
    Format,
    ItemId,
    PractitionerId,
    Receipt,
    Role,
    School,
)


@dataclass(frozen=True, slots=True)
class NewCase:
    """Who takes part in a therapy that begins, and how it is held."""

    clients: tuple[ClientId, ...]
    format: Format
    school: School


async def open_case(desk: Desk, who: Circumstances, new: NewCase, *, command: Command) -> Receipt:
    """Begin a therapy; the actor becomes its therapist. The receipt names the ``case``."""
    if done := desk.record.replay(who, command):
        return done
    frames = [desk.client(each) for each in new.clients]
    therapist = PractitionerId(who.actor.id)
    act, standing = beginning_with(desk, therapist, (each for each, _ in frames if each))
    stamped = await admit(
        desk,
        who,
        act,
        standing,
        attempt=attempt("case"),
        clients=new.clients,
        exists=all(frame is not None for frame, _ in frames),
    )
    case_id = CaseId(desk.identifiers.new())
    opened = CaseOpened(
        case=case_id,
        clients=new.clients,
        format=new.format,
        school=new.school,
        therapist=therapist,
    )
    events = case_file.open_case(None, opened)
    owner = case_file.owner_of(case_id, new.clients, new.format)
    given = first_aliases(desk, new.clients) if owner.kind is OwnerKind.CASE else {}
    if given:
        drawn = alias_book.in_order(given.values())
        events = (*events, CaseAliasesDrawn(case=case_id, aliases=drawn))
    writes = [Write(case_id, events, owner, after=0, concerning=new.clients)]
    for client_id, (frame, version) in zip(new.clients, frames, strict=True):
        if frame is None:
            raise NotThere
        linked = client_file.link_case(frame, case_id)
        if alias := given.get(client_id):
            linked = (*linked, *client_file.give_alias(frame, case_id, alias))
        own = Owner(OwnerKind.CLIENT, client_id)
        writes.append(Write(client_id, linked, own, after=version, concerning=(client_id,)))
        writes.extend(taken_up(desk, therapist, frame, case_id))
    # Beyond a limit of her own she hears so, and goes on if she will.
    noticed = notices(desk, therapist, new.format, new.clients, case_id)
    reply = (("case", case_id), *outside_limits(noticed))
    return await desk.record.append([*writes, *noticed], stamped, command=command, reply=reply)


async def join_team(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    practitioner: PractitionerId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let a colleague care for the case."""
    return await _change_case(
        desk,
        who,
        case_id,
        lambda case: case_file.join_team(case, clinician(desk, practitioner)),
        expected,
        command,
    )


async def leave_team(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    practitioner: PractitionerId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let a colleague no longer care for the case."""
    return await _change_case(
        desk, who, case_id, lambda case: case_file.leave_team(case, practitioner), expected, command
    )


async def transfer_case(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    therapist: PractitionerId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let another therapist go on with the case."""
    return await _change_case(
        desk,
        who,
        case_id,
        lambda case: case_file.transfer(case, clinician(desk, therapist)),
        expected,
        command,
    )


async def reopen_case(
    desk: Desk, who: Circumstances, case_id: CaseId, *, expected: int, command: Command
) -> Receipt:
    """Take a closed therapy up again."""
    return await _change_case(desk, who, case_id, case_file.reopen, expected, command)


async def look_at_case(desk: Desk, who: Circumstances, case_id: CaseId) -> tuple[Opening, Receipt]:
    """Record the look at a case and open its content."""
    tried = Look(AccessKind.READ, "case", CASE_CLASSES, object=ItemId(case_id))
    admitted = await on_case(desk, who, Act.READ_CASE, case_id, tried)
    return await look_on(desk, admitted, "case", case_id)


async def _change_case(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    decide: Callable[[Case], tuple[CaseEvent, ...]],
    expected: int,
    command: Command,
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, attempt("case", case_id))
    if expected != admitted.version:
        raise Stale(admitted.version)
    write = admitted.write(case_id, decide(admitted.case), admitted.version)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("case", case_id),)
    )


def must_be_clinicians(desk: Desk, practitioners: Iterable[PractitionerId]) -> None:
    """Refuse whoever is no clinician of this clinic, or is one no longer.

    Raises:
        Invalid: Somebody is.
    """
    for each in practitioners:
        clinician(desk, each)


def clinician(desk: Desk, practitioner: PractitionerId) -> PractitionerId:
    """The practitioner, if she is a clinician of this clinic.

    Raises:
        Invalid: She is not, or not any longer.
    """
    person, _ = desk.practitioner(practitioner)
    if person is None or person.departed or Role.CLINICIAN not in person.roles:
        raise Invalid("practitioner", "is not a clinician of this clinic")
    return practitioner
