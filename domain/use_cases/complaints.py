"""Complaints: taken in, handled by the compliance officer, and read by her alone.

Whoever is complained about, or cares for the case that it is about, has no complaint before her:
there is no such record, whatever her other roles.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from domain import complaint as complaint_file
from domain.access import Look
from domain.complaint import Complaint
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import Invalid, NotThere, Stale
from domain.events.access import AccessKind
from domain.events.complaint import (
    Complainant,
    ComplaintDeadlineExtended,
    ComplaintExamined,
    ComplaintFiled,
    ComplaintResolved,
)
from domain.policy import Act
from domain.ports import Opening, Write
from domain.use_cases.desk import (
    NO_SUCH_RECORD,
    Desk,
    admit,
    attempt,
    look_at_list,
    record_denial,
)
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
)

Handled = ComplaintExamined | ComplaintDeadlineExtended | ComplaintResolved


@dataclass(frozen=True, slots=True)
class NewComplaint:
    """Who complains about what of a client's therapy, and by when she is owed an answer."""

    filed_by: Complainant
    about: PractitionerId | None
    about_case: CaseId | None
    occurred_at: datetime
    answer_by: date
    text: FreeText


async def file_complaint(
    desk: Desk, who: Circumstances, client_id: ClientId, new: NewComplaint, *, command: Command
) -> Receipt:
    """Take a complaint in. The receipt names the ``complaint``."""
    if done := desk.record.replay(who, command):
        return done
    frame, _ = desk.client(client_id)
    stamped = await admit(
        desk,
        who,
        Act.FILE_COMPLAINT,
        attempt=attempt("complaint"),
        clients=(client_id,),
        exists=frame is not None,
    )
    if frame is None:
        raise NotThere
    if new.about_case is not None and new.about_case not in frame.cases:
        raise Invalid("about_case", "is not one of the client's")
    if new.about is not None and desk.practitioner(new.about)[0] is None:
        raise Invalid("about", "does not work here")
    complaint_id = ItemId(desk.identifiers.new())
    filed = ComplaintFiled(
        complaint=complaint_id,
        client=client_id,
        filed_by=new.filed_by,
        about=new.about,
        about_case=new.about_case,
        occurred_at=new.occurred_at,
        answer_by=new.answer_by,
        text=new.text,
    )
    events = complaint_file.file(None, filed, now=desk.clock.now())
    write = _write(complaint_id, client_id, events, 0)
    return await desk.record.append(
        (write,), stamped, command=command, reply=(("complaint", complaint_id),)
    )


async def handle_complaint(
    desk: Desk,
    who: Circumstances,
    complaint_id: ItemId,
    make: Callable[[Complaint], Handled],
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Examine a complaint, extend its deadline, or answer it."""
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("complaint", complaint_id)
    stamped = await admit(desk, who, Act.HANDLE_COMPLAINT, attempt=tried)
    state, version = desk.record.fold(complaint_id, complaint_file.fold)
    if state is None or concerns(desk, state, who):
        clients = () if state is None else (state.client,)
        await record_denial(desk, stamped, tried, clients, NO_SUCH_RECORD)
        raise NotThere
    if expected != version:
        raise Stale(version)
    events = complaint_file.handle(state, make(state), now=desk.clock.now())
    write = _write(complaint_id, state.client, events, version)
    return await desk.record.append(
        (write,), stamped, command=command, reply=(("complaint", complaint_id),)
    )


async def look_at_complaints(
    desk: Desk, who: Circumstances, complaints: Iterable[ItemId]
) -> tuple[tuple[ItemId, ...], Opening, Receipt]:
    """Record the look at the register and open it; the ids are those that the actor may read."""
    shown = Look(AccessKind.LIST, "complaint", (Class.ADMINISTRATIVE, Class.LEGAL))
    stamped = await admit(desk, who, Act.HANDLE_COMPLAINT, attempt=shown)
    hits: dict[ClientId, tuple[ItemId, ...]] = {}
    for each in complaints:
        state, _ = desk.record.fold(each, complaint_file.fold)
        if state is not None and not concerns(desk, state, who):
            hits[state.client] = (*hits.get(state.client, ()), each)
    opening, receipt = await look_at_list(desk, stamped, shown, hits)
    return tuple(each for items in hits.values() for each in items), opening, receipt


def concerns(desk: Desk, complaint: Complaint, who: Circumstances) -> bool:
    """Whether a complaint is about the actor or a case that she has ever cared for.

    Where it names neither, about every case of the client's. Nor is it for whoever has declared a
    conflict of interest with the client.
    """
    actor = PractitionerId(who.actor.id)
    if actor == complaint.about or desk.conflicted(who.actor, (complaint.client,)):
        return True
    client, _ = desk.client(complaint.client)
    cases = () if client is None or complaint.about is not None else client.cases
    if complaint.about_case is not None:
        cases = (complaint.about_case,)
    frames = (desk.case(each)[0] for each in cases)
    return any(frame is not None and actor in frame.ever_on_team for frame in frames)


def _write(complaint: ItemId, client: ClientId, events: tuple[object, ...], after: int) -> Write:
    return Write(
        stream=complaint,
        events=events,  # type: ignore[arg-type]  # a tuple of one union member is not the union
        owner=Owner(OwnerKind.CLIENT, client),
        after=after,
        concerning=(client,),
    )
