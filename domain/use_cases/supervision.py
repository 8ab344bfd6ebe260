"""Supervision: arranged, held and ended; and looked at by those who take part."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from domain import (
    case_pack as case_pack_file,
    consent as consent_file,
    supervision as supervision_file,
)
from domain.access import Look
from domain.case import Case
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import Invalid, NotThere, Stale
from domain.events.access import AccessKind
from domain.events.consent import Scope
from domain.events.supervision import (
    OutsideSupervisor,
    SupervisionArranged,
    SupervisionForm,
    SupervisionHeld,
)
from domain.policy import Act, Standing
from domain.ports import Opening, Write
from domain.supervision import Supervision
from domain.use_cases.cases import must_be_clinicians
from domain.use_cases.desk import (
    Desk,
    OpensNothing,
    admit,
    attempt,
    entry_with,
    own_entry,
)
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    Command,
    ItemId,
    PractitionerId,
    Receipt,
)

_SUPERVISION = "supervision"
MATERIAL = (Class.SUPERVISION,)
"""All that a look at supervision material opens (compliance.md 5, class F)."""


@dataclass(frozen=True, slots=True)
class NewSupervision:
    """Who is supervised, by whom, from when on."""

    form: SupervisionForm
    supervisees: tuple[PractitionerId, ...]
    starts_on: date
    supervisor: PractitionerId | None = None
    outside: OutsideSupervisor | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewMeeting:
    """When they met, for how long, who was there, and what was brought."""

    occurred_at: datetime
    minutes: int
    participants: tuple[PractitionerId, ...]
    packs: tuple[ItemId, ...] = ()


async def arrange_supervision(
    desk: Desk, who: Circumstances, new: NewSupervision, *, command: Command
) -> Receipt:
    """Arrange supervision. The receipt names the ``supervision``."""
    if done := desk.record.replay(who, command):
        return done
    admitted = await _admitted(desk, who)
    inside = (*new.supervisees, *((new.supervisor,) if new.supervisor else ()))
    must_be_clinicians(desk, inside)
    supervision = ItemId(desk.identifiers.new())
    arranged = SupervisionArranged(
        supervision=supervision,
        arranged_by=PractitionerId(who.actor.id),
        form=new.form,
        supervisees=new.supervisees,
        starts_on=new.starts_on,
        supervisor=new.supervisor,
        outside=new.outside,
    )
    events = supervision_file.arrange(None, arranged)
    write = Write(supervision, events, Owner(OwnerKind.PRACTITIONER, who.actor.id), after=0)
    reply = ((_SUPERVISION, supervision),)
    return await desk.record.append((write,), admitted, command=command, reply=reply)


async def hold_supervision(
    desk: Desk,
    who: Circumstances,
    supervision_id: ItemId,
    new: NewMeeting,
    *,
    command: Command,
) -> Receipt:
    """Record that they met. The receipt names the ``meeting``.

    It stands in the log of each client of whom a pack was brought.
    """
    if done := desk.record.replay(who, command):
        return done
    state, version, admitted = await _own(desk, who, supervision_id)
    meeting = ItemId(desk.identifiers.new())
    held = SupervisionHeld(
        supervision=supervision_id,
        meeting=meeting,
        occurred_at=new.occurred_at,
        minutes=new.minutes,
        participants=new.participants,
        packs=new.packs,
    )
    brought = _clients_of(desk, supervision_id, new.packs)
    events = supervision_file.hold(state, held, now=desk.clock.now())
    write = _write(state, events, version, tuple(dict.fromkeys(brought)))
    reply = (("meeting", meeting),)
    return await desk.record.append((write,), admitted, command=command, reply=reply)


async def end_supervision(
    desk: Desk,
    who: Circumstances,
    supervision_id: ItemId,
    on: date,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that they meet no longer; packs are shut to the supervisor with her next request."""
    if done := desk.record.replay(who, command):
        return done
    state, version, admitted = await _own(desk, who, supervision_id)
    if expected != version:
        raise Stale(version)
    events = supervision_file.end(state, on, today=desk.clock.now().date())
    write = _write(state, events, version)
    reply = ((_SUPERVISION, supervision_id),)
    return await desk.record.append((write,), admitted, command=command, reply=reply)


async def look_at_own_supervision(
    desk: Desk, who: Circumstances, readings: Iterable[tuple[str, str]]
) -> tuple[list[str], Opening, Receipt]:
    """Record the actor's look at her own supervision: what is arranged and held, and of whom.

    ``readings`` are the items and their cases; what is not hers to read now is left out.
    """
    admitted = await _admitted(desk, who, kind=AccessKind.LIST)
    own, kept = [], dict[CaseId, list[ItemId]]()
    for item, case in readings:
        if not case:
            own.append(item)
        elif _may_list(desk, who, ItemId(item), CaseId(case)):
            kept.setdefault(CaseId(case), []).append(ItemId(item))
    count = len(own) + sum(map(len, kept.values()))
    query = Look(AccessKind.LIST, _SUPERVISION, (Class.ADMINISTRATIVE,), count=count)
    writes = [own_entry(desk, who=admitted, shown=query, opens=(desk.account_of(who.actor)[1],))]
    for case_id, items in kept.items():
        frame, _ = desk.case(case_id)
        kind, hits = AccessKind.LIST_HIT, tuple(items)
        shown = Look(kind, _SUPERVISION, MATERIAL, items=hits, relationship=case_id)
        for each in frame.everyone if frame else ():
            client, _ = desk.client(each)
            if frame and client:
                writes.append(entry_with(desk, client, shown, (frame.owner,)))
    receipt = await desk.record.append(writes, admitted)
    opening = desk.keys.open(receipt) if receipt.tickets else OpensNothing()
    return [*own, *(each for items in kept.values() for each in items)], opening, receipt


def _may_list(desk: Desk, who: Circumstances, item: ItemId, case_id: CaseId) -> bool:
    """Whether the actor may see now that an item of a case is there: of packs, advice and marks."""
    frame, _ = desk.case(case_id)
    if frame is None or desk.conflicted(who.actor, frame.everyone):
        return False
    pack, _ = desk.record.frame(item, case_pack_file.fold_issued)
    mine = pack is None or pack.event.author == PractitionerId(who.actor.id)
    return mine or may_read(desk, frame, item, PractitionerId(who.actor.id))


def may_read(desk: Desk, case: Case, pack_id: ItemId, reader: PractitionerId) -> bool:
    """Whether a pack is open to somebody as its supervisor at this moment, as the record stands."""
    pack, _ = desk.record.frame(pack_id, case_pack_file.fold_issued)
    if pack is None or pack.event.supervisor != reader or not pack.open_at(desk.clock.now()):
        return False
    supervision, _ = desk.record.frame(pack.event.supervision, supervision_file.fold)
    if supervision is None or not supervision.open:
        return False
    return not pack.event.identified or all(allowances(desk, case))


def allowances(desk: Desk, case: Case) -> Iterable[bool]:
    """Of each who takes part, or did, whether she lets the case be brought with her name."""
    for each in case.everyone:
        client, _ = desk.client(each)
        given = desk.record.frame(client.consent_stream, consent_file.fold)[0] if client else None
        yield given is not None and given.allows(Scope.SUPERVISION)


async def _admitted(
    desk: Desk, who: Circumstances, *, kind: AccessKind = AccessKind.WRITE
) -> Circumstances:
    tried = attempt(_SUPERVISION, kind=kind)
    standing = Standing(is_own=True)
    return await admit(desk, who, Act.TAKE_PART_IN_SUPERVISION, standing, attempt=tried)


async def _own(
    desk: Desk, who: Circumstances, supervision_id: ItemId
) -> tuple[Supervision, int, Circumstances]:
    """A supervision in which the actor takes part."""
    state, version = desk.record.frame(supervision_id, supervision_file.fold)
    admitted = await admit(
        desk,
        who,
        Act.TAKE_PART_IN_SUPERVISION,
        Standing(is_own=state is not None and state.has(PractitionerId(who.actor.id))),
        attempt=attempt(_SUPERVISION, supervision_id),
        exists=state is not None,
    )
    if state is None:
        raise NotThere
    return state, version, admitted


def _write(
    state: Supervision, events: tuple[object, ...], version: int, clients: tuple[ClientId, ...] = ()
) -> Write:
    owner = Owner(OwnerKind.PRACTITIONER, state.arranged.arranged_by)
    return Write(state.id, events, owner, after=version, concerning=clients)  # type: ignore[arg-type]  # a tuple of one union member is not the union


def _clients_of(
    desk: Desk, supervision_id: ItemId, packs: tuple[ItemId, ...]
) -> Iterable[ClientId]:
    """Whose packs these are.

    Raises:
        Invalid: One is none, or for another supervision.
    """
    for each in packs:
        pack, _ = desk.record.frame(each, case_pack_file.fold_issued)
        frame = desk.case(pack.event.case)[0] if pack else None
        if pack is None or frame is None or pack.event.supervision != supervision_id:
            raise Invalid("packs", "must have been issued to this supervision")
        yield from frame.clients
