"""What others ask of somebody's enquiries: whose they are, and what becomes of them in a case.

A client with an open enquiry is her intake person's, and whom its qualification names; a client
without one is anybody's to begin with, as she always was.
"""

from collections.abc import Iterable

from domain import enquiry as enquiry_file
from domain.client import Client
from domain.confidentiality import Owner, OwnerKind
from domain.enquiry import Enquiry
from domain.policy import Act, Standing
from domain.ports import Write
from domain.use_cases.desk import Desk
from domain.values import CaseId, ClientId, ItemId, PractitionerId


def open_enquiries(desk: Desk, client: Client) -> dict[ItemId, tuple[Enquiry, int]]:
    """The enquiries of somebody that have not ended, with their versions."""
    found = {}
    for each in client.enquiries:
        frame, version = desk.record.frame(each, enquiry_file.fold)
        if frame is not None and frame.open:
            found[each] = (frame, version)
    return found


def is_intake_of(desk: Desk, practitioner: PractitionerId, client: Client | None) -> bool:
    """Whether she is the intake person of one of somebody's open enquiries."""
    if client is None:
        return False
    return any(frame.is_read_by(practitioner) for frame, _ in open_enquiries(desk, client).values())


def beginning_with(
    desk: Desk, practitioner: PractitionerId, clients: Iterable[Client]
) -> tuple[Act, Standing]:
    """What opening a case for these people is, and whether they are hers to begin with."""
    act, theirs = Act.OPEN_CASE, True
    for each in clients:
        frames = [frame for frame, _ in open_enquiries(desk, each).values()]
        if frames:
            act = Act.TAKE_UP
            theirs = theirs and any(frame.may_be_taken_up_by(practitioner) for frame in frames)
    return act, Standing(is_intake=act is Act.TAKE_UP and theirs)


def may_be_let_in(
    desk: Desk, practitioner: PractitionerId, client_id: ClientId, case_id: CaseId
) -> bool:
    """Whether somebody may be let into a case of hers: whose enquiry is open waits for its own.

    Into the group for which she is qualified its team lets her; who takes part already is in it.
    """
    client, case = desk.client(client_id)[0], desk.case(case_id)[0]
    if client is None:
        return False
    if case is not None and client_id in case.everyone:
        return True
    frames = [frame for frame, _ in open_enquiries(desk, client).values()]
    return not frames or any(
        each.may_be_taken_up_by(practitioner) or each.group == case_id for each in frames
    )


def taken_up(
    desk: Desk, practitioner: PractitionerId, client: Client, case_id: CaseId
) -> tuple[Write, ...]:
    """The ends of those of somebody's open enquiries with which this therapist begins the case."""
    own = Owner(OwnerKind.CLIENT, client.id)
    return tuple(
        Write(name, enquiry_file.take_up(frame, case_id), own, version, concerning=(client.id,))
        for name, (frame, version) in open_enquiries(desk, client).items()
        if frame.may_be_taken_up_by(practitioner)
    )
