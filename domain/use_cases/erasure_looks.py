"""Looking at requests for erasure: whoever asked, the custodians, and the compliance officer.

A request names pseudonymous ids and codes. Looking at one is recorded with each client in it; what
is sealed stays closed.
"""

from collections.abc import Iterable
from dataclasses import replace

from domain import erasure as erasure_file
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.erasure import DestructionRecord, Erasure, destruction_record
from domain.errors import NotThere
from domain.events.access import AccessKind
from domain.policy import Act, Standing
from domain.ports import Opening, Write
from domain.use_cases.desk import Desk, admit, attempt, entry_with, own_entry
from domain.use_cases.erasing import Archive, destruction
from domain.values import (
    Circumstances,
    ClientId,
    ErasureId,
    ItemId,
    PractitionerId,
    Receipt,
)


def load(desk: Desk, erasure_id: ErasureId) -> tuple[Erasure | None, int]:
    """A request and its stream's version."""
    return desk.record.frame(erasure_id, erasure_file.fold)


async def seen(
    desk: Desk, who: Circumstances, act: Act, erasure_id: ErasureId
) -> tuple[Erasure, int, Circumstances]:
    """A request that the policy lets the actor do something with, and the stamped circumstances."""
    state, version = load(desk, erasure_id)
    own = state is not None and state.requester == PractitionerId(who.actor.id)
    stamped = await admit(
        desk,
        who,
        act,
        Standing(is_own=own),
        attempt=attempt("erasure", erasure_id),
        clients=state.target.clients if state else (),
        exists=state is not None,
    )
    if state is None:
        raise NotThere
    return state, version, stamped


async def look_at_erasure(
    desk: Desk, who: Circumstances, erasure_id: ErasureId
) -> tuple[Erasure, int, Receipt]:
    """A request as it stands, with its version; the look is recorded for each client in it."""
    state, version, stamped = await seen(desk, who, Act.READ_ERASURE, erasure_id)
    receipt = await _record_reading(desk, stamped, erasure_id, state.target.clients)
    return state, version, receipt


async def look_at_statement(
    desk: Desk, archive: Archive, who: Circumstances, erasure_id: ErasureId
) -> tuple[str, int, Receipt]:
    """What a custodian signs, as it is now, with the request's version."""
    state, version, receipt = await look_at_erasure(desk, who, erasure_id)
    return archive.shredder.statement(destruction(desk, archive, state)), version, receipt


async def look_at_destruction_record(
    desk: Desk, who: Circumstances, erasure_id: ErasureId
) -> tuple[DestructionRecord, Opening, Receipt]:
    """What was destroyed, when, by whom; the opening gives the names of staff and nothing else.

    Raises:
        WrongState: Nothing was destroyed.
    """
    state, _, stamped = await seen(desk, who, Act.READ_ERASURE, erasure_id)
    found = destruction_record(state)
    shown = Look(AccessKind.READ, "erasure", (Class.ADMINISTRATIVE,), object=ItemId(erasure_id))
    own = own_entry(desk, stamped, shown, (Owner(OwnerKind.CLINIC, desk.clinic),))
    writes = [own, *(_entry(desk, stamped, shown, each) for each in state.target.clients)]
    receipt = await desk.record.append(writes, stamped)
    return found, desk.keys.open(receipt), receipt


async def admit_to_erasures(desk: Desk, who: Circumstances, *, own: bool) -> Circumstances:
    """Whether the actor may see the list of requests: all of them, or those that she made."""
    tried = attempt("erasures", kind=AccessKind.LIST)
    return await admit(desk, who, Act.READ_ERASURE, Standing(is_own=own), attempt=tried)


async def look_at_erasures(
    desk: Desk, who: Circumstances, hits: Iterable[tuple[ErasureId, ClientId]]
) -> Receipt:
    """Record the list: one entry for the query, one for each client whom a request names."""
    found: dict[ClientId, tuple[ItemId, ...]] = {}
    for erasure_id, client in hits:
        found[client] = (*found.get(client, ()), ItemId(erasure_id))
    query = Look(AccessKind.LIST, "erasures", (Class.ADMINISTRATIVE,), count=len(found))
    writes = [_entry(desk, who, query, None)]
    for client, items in found.items():
        hit = replace(query, kind=AccessKind.LIST_HIT, items=items, count=None)
        writes.append(_entry(desk, who, hit, client))
    return await desk.record.append(writes, who)


async def _record_reading(
    desk: Desk, who: Circumstances, erasure_id: ErasureId, clients: tuple[ClientId, ...]
) -> Receipt:
    """Write a look at a request down; nothing sealed is opened by it."""
    shown = Look(AccessKind.READ, "erasure", (Class.ADMINISTRATIVE,), object=ItemId(erasure_id))
    writes = [_entry(desk, who, shown, each) for each in clients]
    return await desk.record.append(writes or [_entry(desk, who, shown, None)], who)


def _entry(desk: Desk, who: Circumstances, shown: Look, client: ClientId | None) -> Write:
    frame = None if client is None else desk.client(client)[0]
    return own_entry(desk, who, shown) if frame is None else entry_with(desk, frame, shown)
