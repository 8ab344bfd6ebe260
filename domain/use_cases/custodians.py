"""Appointing custodians: an administrator ties a custodian's key to a person (fine print 14)."""

from domain import practitioner as practitioner_file
from domain.confidentiality import Owner, OwnerKind
from domain.errors import NotThere, Stale
from domain.policy import Act
from domain.ports import Write
from domain.practitioner import CustodianKey
from domain.use_cases.desk import Desk, admit, attempt
from domain.values import Circumstances, Command, PractitionerId, Receipt


async def appoint_custodian(
    desk: Desk,
    who: Circumstances,
    practitioner_id: PractitionerId,
    held: CustodianKey,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Tie a custodian's key to somebody who has that role: a colleague, or an outsider.

    What counts in the end is whether the log names the key; this says whose it is.
    """
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
    events = practitioner_file.appoint_custodian(person, held)
    owner = Owner(OwnerKind.PRACTITIONER, practitioner_id)
    write = Write(practitioner_id, events, owner, version)
    reply = (("practitioner", practitioner_id),)
    return await desk.record.append((write,), stamped, command=command, reply=reply)
