"""Before a case: enquiries, read and written by the intake person whose they are.

The front desk, or a clinician, writes down what somebody asks for and says whose it is. From then
on the assigned intake person alone sees it, until it ends; a therapy that begins with it hands it
to the case's care team.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain import client as client_file, enquiry as enquiry_file
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.enquiry import Enquiry
from domain.errors import InTheFuture, Invalid, NotThere, Stale
from domain.events.access import AccessKind
from domain.events.enquiry import Channel, EnquiryEvent, EnquiryReceived
from domain.policy import Act, Standing
from domain.ports import Opening, Write
from domain.use_cases.cases import clinician
from domain.use_cases.desk import Desk, admit, attempt, look, look_at_list, on_care_team
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    Command,
    Format,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
)

_CLASSES = (Class.ADMINISTRATIVE, Class.CLINICAL)


@dataclass(frozen=True, slots=True)
class NewEnquiry:
    """What somebody asks for, how it came, and whose it is from now on."""

    client: ClientId
    intake: PractitionerId
    channel: Channel
    occurred_at: datetime
    words: FreeText
    format: Format | None = None
    source: FreeText | None = None


async def receive_enquiry(
    desk: Desk, who: Circumstances, new: NewEnquiry, *, command: Command
) -> Receipt:
    """Write an enquiry down and assign it. The receipt names the ``enquiry``."""
    if done := desk.record.replay(who, command):
        return done
    frame, version = desk.client(new.client)
    stamped = await admit(
        desk,
        who,
        Act.RECORD_ENQUIRY,
        attempt=attempt("enquiry"),
        clients=(new.client,),
        exists=frame is not None,
    )
    if frame is None:
        raise NotThere
    must_have_been(desk, new.occurred_at)
    enquiry = ItemId(desk.identifiers.new())
    received = EnquiryReceived(
        enquiry=enquiry,
        client=new.client,
        author=PractitionerId(who.actor.id),
        channel=new.channel,
        occurred_at=new.occurred_at,
        words=new.words,
        format=new.format,
        source=new.source,
    )
    events = enquiry_file.receive(None, received, clinician(desk, new.intake))
    linked = client_file.link_enquiry(frame, enquiry)
    own, whose = Owner(OwnerKind.CLIENT, new.client), (new.client,)
    writes = (
        Write(enquiry, events, own, after=0, concerning=whose),
        Write(new.client, linked, own, after=version, concerning=whose),
    )
    return await desk.record.append(writes, stamped, command=command, reply=(("enquiry", enquiry),))


async def assign_enquiry(
    desk: Desk,
    who: Circumstances,
    enquiry: ItemId,
    practitioner: PractitionerId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Hand an enquiry on; nothing that was said in it is opened for that."""
    if done := desk.record.replay(who, command):
        return done
    frame, version, stamped = await _admitted(desk, who, Act.ASSIGN_ENQUIRY, enquiry)
    if expected != version:
        raise Stale(version)
    events = enquiry_file.assign(frame, clinician(desk, practitioner))
    return await _append(desk, stamped, frame, events, version, command)


async def change_enquiry(
    desk: Desk,
    who: Circumstances,
    enquiry: ItemId,
    decide: Callable[[Enquiry, PractitionerId, ItemId], tuple[EnquiryEvent, ...]],
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Write in an enquiry; ``decide`` is handed its state, its author and an id of its own."""
    if done := desk.record.replay(who, command):
        return done
    _, _, stamped = await _admitted(desk, who, Act.WRITE_ENQUIRY, enquiry)
    state, version = desk.record.fold(enquiry, enquiry_file.fold)
    if state is None:
        raise NotThere
    if expected != version:
        raise Stale(version)
    entry, author = ItemId(desk.identifiers.new()), PractitionerId(who.actor.id)
    events = decide(state, author, entry)
    return await _append(desk, stamped, state, events, version, command)


async def take_up_enquiry(
    desk: Desk,
    who: Circumstances,
    enquiry: ItemId,
    case_id: CaseId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let an enquiry end in a therapy that the person takes part in by now.

    Raises:
        Invalid: She does not.
    """
    if done := desk.record.replay(who, command):
        return done
    frame, version, stamped = await _admitted(desk, who, Act.WRITE_ENQUIRY, enquiry)
    if expected != version:
        raise Stale(version)
    case, _ = desk.case(case_id)
    if case is None or frame.client not in case.clients:
        raise Invalid("case", "is not one in which she takes part")
    events = enquiry_file.take_up(frame, case_id)
    return await _append(desk, stamped, frame, events, version, command)


async def look_at_enquiry(
    desk: Desk, who: Circumstances, enquiry: ItemId
) -> tuple[Enquiry, Opening, Receipt]:
    """Record the look at an enquiry and open it."""
    frame, _, stamped = await _admitted(desk, who, Act.READ_ENQUIRY, enquiry)
    shown = Look(AccessKind.READ, "enquiry", _CLASSES, object=enquiry, relationship=frame.case)
    owner = Owner(OwnerKind.CLIENT, frame.client)
    opening, receipt = await look(desk, stamped, shown, (frame.client,), (owner,))
    return frame, opening, receipt


async def admit_to_enquiries(desk: Desk, who: Circumstances) -> Circumstances:
    """Whether the actor may see a list of her enquiries; it is recorded as it is read."""
    tried = attempt("enquiry", kind=AccessKind.LIST)
    return await admit(desk, who, Act.READ_ENQUIRIES, Standing(is_own=True), attempt=tried)


def own_enquiries(
    desk: Desk, who: Circumstances, enquiries: Iterable[ItemId]
) -> dict[ItemId, Enquiry]:
    """Those of the enquiries that are the actor's and open now, whatever a lagging list says."""
    actor = PractitionerId(who.actor.id)
    frames = {each: desk.record.frame(each, enquiry_file.fold)[0] for each in enquiries}
    return {
        name: frame
        for name, frame in frames.items()
        if frame is not None
        and frame.may_be_taken_up_by(actor)
        and not desk.conflicted(who.actor, (frame.client,))
    }


async def look_at_enquiries(
    desk: Desk, who: Circumstances, found: Mapping[ItemId, Enquiry]
) -> tuple[Opening, Receipt]:
    """Record the list: one entry for the query, one for each person whom it shows."""
    hits: dict[ClientId, tuple[ItemId, ...]] = {}
    for name, frame in found.items():
        hits[frame.client] = (*hits.get(frame.client, ()), name)
    query = Look(AccessKind.LIST, "enquiry", _CLASSES)
    return await look_at_list(desk, who, query, hits)


def named_therapist(desk: Desk, therapist: str | None) -> PractitionerId | None:
    """Whom a qualification names.

    Raises:
        Invalid: She is not a clinician of this clinic.
    """
    return None if therapist is None else clinician(desk, PractitionerId(therapist))


def named_group(desk: Desk, group: str | None) -> CaseId | None:
    """The case of the group that a qualification names.

    Raises:
        Invalid: It is no group's, or closed.
    """
    if group is None:
        return None
    case, _ = desk.case(CaseId(group))
    if case is None or case.format is not Format.GROUP or not case.open:
        raise Invalid("group", "is not an open group of this clinic")
    return case.id


def must_have_been(desk: Desk, instant: datetime) -> None:
    """Refuse an instant that has not come yet.

    Raises:
        InTheFuture: It has not.
    """
    if instant > desk.clock.now():
        raise InTheFuture("occurred_at")


async def _admitted(
    desk: Desk, who: Circumstances, act: Act, enquiry: ItemId
) -> tuple[Enquiry, int, Circumstances]:
    """The frame of an enquiry, once the policy admits the actor to it."""
    frame, version = desk.record.frame(enquiry, enquiry_file.fold)
    actor = PractitionerId(who.actor.id)
    cases = (frame.case,) if frame is not None and frame.case is not None else ()
    standing = Standing(
        is_intake=frame is not None and _is_hers(frame, actor, act),
        on_care_team=on_care_team(desk, who.actor, cases),
    )
    kind = AccessKind.READ if act is Act.READ_ENQUIRY else AccessKind.WRITE
    stamped = await admit(
        desk,
        who,
        act,
        standing,
        attempt=attempt("enquiry", enquiry, kind=kind),
        clients=() if frame is None else (frame.client,),
        exists=frame is not None,
    )
    if frame is None:
        raise NotThere
    return frame, version, stamped


def _is_hers(frame: Enquiry, actor: PractitionerId, act: Act) -> bool:
    """Whom its qualification names reads it and opens the case; its intake person decides."""
    return frame.is_read_by(actor) if act is Act.READ_ENQUIRY else actor == frame.intake


async def _append(
    desk: Desk,
    who: Circumstances,
    state: Enquiry,
    events: tuple[EnquiryEvent, ...],
    version: int,
    command: Command,
) -> Receipt:
    owner = Owner(OwnerKind.CLIENT, state.client)
    write = Write(state.id, events, owner, after=version, concerning=(state.client,))
    return await desk.record.append((write,), who, command=command, reply=(("enquiry", state.id),))
