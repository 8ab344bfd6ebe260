"""What every use case stands at: the record, the keys, the clock; and how looks are recorded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from domain import access, case, client, conflict, integration, practitioner
from domain.access import Look
from domain.case import Case
from domain.client import Client
from domain.confidentiality import Class, Owner, OwnerKind
from domain.conflict import Conflicts
from domain.errors import Invalid, NotPermitted, NotThere
from domain.events.access import AccessKind
from domain.policy import CONFLICT, NO_RELATION, NONE, Act, Decision, Standing, permit
from domain.ports import (
    STREAM,
    Allowance,
    Clock,
    CodeBook,
    Diary,
    Identifiers,
    Index,
    Keys,
    NoCodeBook,
    NoDiary,
    Opening,
    Record,
    Write,
)
from domain.practitioner import Practitioner
from domain.rows import Content, Place
from domain.settings import Settings
from domain.values import (
    Actor,
    ActorId,
    ActorKind,
    CaseId,
    Circumstances,
    ClientId,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
    Role,
)

NO_SUCH_RECORD = "deny.no-such-record"
"""The reason that the log, and it alone, gives for a denied look at what does not exist."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The clinic as a use case meets it; ``origin`` names the clinic in access entries."""

    record: Record
    keys: Keys
    clock: Clock
    identifiers: Identifiers
    index: Index
    allowance: Allowance
    clinic: str
    origin: str
    settings: Settings = field(default_factory=Settings)
    codes: CodeBook = field(default_factory=NoCodeBook)
    diary: Diary = field(default_factory=NoDiary)

    def case(self, case_id: CaseId) -> tuple[Case | None, int]:
        """The frame of a case and its stream's version."""
        return self.record.frame(case_id, case.fold)

    def client(self, client_id: ClientId) -> tuple[Client | None, int]:
        """The frame of a client and her stream's version."""
        return self.record.frame(client_id, client.fold)

    def practitioner(self, practitioner_id: PractitionerId) -> tuple[Practitioner | None, int]:
        """Somebody who works here, and her stream's version."""
        return self.record.frame(practitioner_id, practitioner.fold)

    def conflicts(self, practitioner_id: PractitionerId) -> tuple[str, Conflicts, int]:
        """The stream of somebody's conflicts of interest, what stands in it, and its version."""
        stream = self.index.fingerprint(STREAM, f"conflicts/{practitioner_id}")
        return stream, *self.record.frame(stream, conflict.fold)

    def conflicted(self, actor: Actor, clients: Iterable[ClientId]) -> bool:
        """Whether somebody who works here has declared a conflict with one of these clients.

        Asked anew at each decision: it holds for who becomes a client later. Only whoever has
        declared one pays for it.
        """
        if actor.kind is not ActorKind.STAFF:
            return False
        declared = self.conflicts(PractitionerId(actor.id))[1].fingerprints
        return bool(declared) and any(
            not declared.isdisjoint(self.index.known_by(each)) for each in clients
        )

    def actor(self, kind: ActorKind, actor_id: ActorId) -> Actor:
        """The actor as the record knows her at this moment; one unknown has no role."""
        match kind:
            case ActorKind.STAFF:
                person, _ = self.practitioner(PractitionerId(actor_id))
                if person:
                    return person.as_actor()
            case ActorKind.INTEGRATION:
                program, _ = self.record.frame(actor_id, integration.fold)
                if program:
                    return program.as_actor()
            case ActorKind.CLIENT:
                somebody, _ = self.client(ClientId(actor_id))
                if somebody:
                    return Actor(actor_id, kind, roles=(Role.CLIENT,), client=somebody.id)
            case ActorKind.SYSTEM:
                return Actor(actor_id, kind, roles=(Role.SYSTEM,))
        return Actor(actor_id, kind, roles=())

    def account_of(self, actor: Actor) -> tuple[str, Owner]:
        """The stream that holds what an actor answers for outside any client's record."""
        match actor.kind:
            case ActorKind.STAFF:
                person, _ = self.practitioner(PractitionerId(actor.id))
                if person:
                    return person.staff_stream, Owner(OwnerKind.PRACTITIONER, actor.id)
            case ActorKind.INTEGRATION:
                program, _ = self.record.frame(actor.id, integration.fold)
                if program:
                    return program.staff_stream, Owner(OwnerKind.INTEGRATION, actor.id)
            case ActorKind.CLIENT:
                somebody, _ = self.client(ClientId(actor.id))
                if somebody:
                    return somebody.access_stream, Owner(OwnerKind.CLIENT, actor.id)
            case ActorKind.SYSTEM:
                pass
        return self.clinic, Owner(OwnerKind.CLINIC, self.clinic)


def on_care_team(desk: Desk, actor: Actor, case_ids: Iterable[CaseId]) -> bool:
    """Whether the actor is on the team of one of the cases now."""
    for case_id in case_ids:
        frame, _ = desk.case(case_id)
        if frame and PractitionerId(actor.id) in frame.team:
            return True
    return False


def _decide(act: Act, who: Circumstances, standing: Standing) -> tuple[Decision, Circumstances]:
    if who.purpose is None:
        raise Invalid("Purpose-Of-Use", "is missing")
    decision = permit(who.actor, act, who.purpose, standing)
    return decision, decision.stamp(who)


async def admit(
    desk: Desk,
    who: Circumstances,
    act: Act,
    standing: Standing = NONE,
    *,
    attempt: Look,
    clients: tuple[ClientId, ...] = (),
    exists: bool = True,
) -> Circumstances:
    """The circumstances stamped with the policy's decision, if it permits the act.

    Raises:
        NotPermitted: No record would be open to this role and purpose; the denial is recorded.
        NotThere: This record is not, or does not exist; the denial is recorded.
        Invalid: No purpose of use was stated.
    """
    if exists and clients and desk.conflicted(who.actor, clients):
        standing = replace(standing, conflicted=True)
    decision, stamped = _decide(act, who, standing)
    if decision.permitted and exists:
        return stamped
    reason = decision.rule if exists or decision.by_role else NO_SUCH_RECORD
    await record_denial(desk, stamped, attempt, clients, reason)
    if decision.by_role:
        raise NotPermitted
    raise NotThere


async def record_denial(
    desk: Desk,
    who: Circumstances,
    attempt: Look,
    clients: tuple[ClientId, ...],
    reason: str,
) -> None:
    """Write a refused look down: once per client concerned, else in the actor's own stream.

    That it was refused for a conflict of interest stands in the actor's own stream alone: to the
    client it is a refused look like any other.
    """
    now = desk.clock.now()
    told = NO_RELATION if reason == CONFLICT else reason
    found = [(each, desk.client(each)[0]) for each in clients]
    writes = [
        Write(
            stream=frame.access_stream,
            events=(access.deny_look(attempt, each, reason=told, now=now),),
            owner=Owner(OwnerKind.CLIENT, each),
            after=None,
            concerning=(each,),
        )
        for each, frame in found
        if frame
    ]
    if not writes or reason != told:
        stream, owner = desk.account_of(who.actor)
        event = access.deny_look(attempt, None, reason=reason, now=now)
        writes.append(Write(stream=stream, events=(event,), owner=owner, after=None))
    await desk.record.append(writes, replace(who, rule=told))


async def look(
    desk: Desk,
    who: Circumstances,
    shown: Look,
    clients: tuple[ClientId, ...],
    owners: tuple[Owner, ...],
    *,
    beside: tuple[Write, ...] = (),
) -> tuple[Opening, Receipt]:
    """Record a permitted look at one record, then open what it names.

    ``beside`` is written in the same transaction.

    Raises:
        NotPermitted: The circumstances do not bear the policy's permission.
        RecordUnavailable: The entry could not be made durable; nothing was opened.
    """
    _must_be_permitted(who)
    writes = [*beside]
    for each in clients:
        frame, _ = desk.client(each)
        if frame is None:
            raise NotThere
        writes.append(entry_with(desk, frame, shown, owners))
    if not clients:
        # A group that is being formed has content already, and nobody takes part in it yet.
        writes.append(own_entry(desk, who, shown, owners))
    receipt = await desk.record.append(writes, who)
    return desk.keys.open(receipt), receipt


async def look_at_list(
    desk: Desk,
    who: Circumstances,
    query: Look,
    hits: Mapping[ClientId, tuple[ItemId, ...]],
    owners: Mapping[ClientId, tuple[Owner, ...]] | None = None,
    *,
    staff: tuple[Owner, ...] = (),
    beside: tuple[Write, ...] = (),
) -> tuple[Opening, Receipt]:
    """Record a permitted list: one entry for the query, one for each client whom it shows.

    ``owners`` are whose content is opened beside each client's own (a joint case); ``staff`` those
    of entries that concern no client; ``beside`` is written in the same transaction.

    Raises:
        NotPermitted: The circumstances do not bear the policy's permission.
        RecordUnavailable: The entries could not be made durable; nothing was opened.
    """
    _must_be_permitted(who)
    writes = [*beside, own_entry(desk, who, replace(query, count=len(hits)), staff)]
    kind = AccessKind.AUDIT_READ if query.kind is AccessKind.AUDIT_READ else AccessKind.LIST_HIT
    for each, items in hits.items():
        frame, _ = desk.client(each)
        if frame is None:
            continue
        hit = replace(query, kind=kind, items=items, count=None)
        own = Owner(OwnerKind.CLIENT, each)
        writes.append(entry_with(desk, frame, hit, (own, *(owners or {}).get(each, ()))))
    receipt = await desk.record.append(writes, who)
    return desk.keys.open(receipt) if receipt.tickets else OpensNothing(), receipt


def entry_with(desk: Desk, frame: Client, shown: Look, opens: tuple[Owner, ...] = ()) -> Write:
    """The entry of a look in a client's access log; ``opens`` are whose content it opens."""
    event = access.record_look(shown, frame.id, origin=desk.origin, now=desk.clock.now())
    return Write(
        stream=frame.access_stream,
        events=(event,),
        owner=Owner(OwnerKind.CLIENT, frame.id),
        after=None,
        concerning=(frame.id,),
        opens=opens,
    )


def own_entry(desk: Desk, who: Circumstances, shown: Look, opens: tuple[Owner, ...] = ()) -> Write:
    """The entry of a look that is at no client's record, in the actor's own stream."""
    stream, account = desk.account_of(who.actor)
    event = access.record_look(shown, None, origin=desk.origin, now=desk.clock.now())
    return Write(stream=stream, events=(event,), owner=account, after=None, opens=opens)


def _must_be_permitted(who: Circumstances) -> None:
    """A look that nobody has asked the policy about is refused, however it came here."""
    if who.mode is None:
        raise NotPermitted


class OpensNothing:
    """What the recorded look at a list that shows nobody opens."""

    def words(self, text: FreeText) -> str:
        """Open nothing."""
        raise NotThere

    def cell(self, sealed: bytes, place: Place) -> Content:
        """Open nothing."""
        raise NotThere

    def cells(self, sealed: Iterable[tuple[bytes, Place]]) -> list[Content | None]:
        """Open nothing."""
        if list(sealed):
            raise NotThere
        return []


def attempt(
    object_type: str, object_id: str | None = None, *, kind: AccessKind = AccessKind.WRITE
) -> Look:
    """How a refused command or look would be written down."""
    item = ItemId(object_id) if object_id else None
    return Look(kind=kind, object_type=object_type, classes=(Class.ADMINISTRATIVE,), object=item)
