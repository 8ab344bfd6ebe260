"""Appointing custodians: an administrator ties a custodian's key to a person (fine print 14)."""

from domain import practitioner as practitioner_file
from domain.practitioner import CustodianKey
from domain.use_cases.administrator import change_practitioner
from domain.use_cases.desk import Desk
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
    return await change_practitioner(
        desk,
        who,
        practitioner_id,
        lambda person: practitioner_file.appoint_custodian(person, held),
        expected=expected,
        command=command,
    )
