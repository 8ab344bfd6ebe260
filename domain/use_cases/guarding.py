"""Who speaks for a minor, and what a court has taken from one of them: recorded, and looked at."""

from collections.abc import Callable
from datetime import date

from domain import client as client_file
from domain.access import Look
from domain.client import Client
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import NotThere, Stale
from domain.events.access import AccessKind
from domain.events.guardianship import ClientRepresentativeLimited, GuardianshipEvent
from domain.policy import Act, Standing
from domain.ports import Opening, Write
from domain.use_cases.desk import Desk, admit, attempt, look, on_care_team
from domain.values import Circumstances, ClientId, Command, ItemId, Receipt

_CLASSES = (Class.ADMINISTRATIVE, Class.CLINICAL)
"""A court's words lie under the clinical key: the front desk sees what holds, and not why."""


async def limit_representative(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    limited: ClientRepresentativeLimited,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record what one representative may not do. The receipt names the ``limit``."""
    return await _change(
        desk,
        who,
        client_id,
        limited.limit,
        lambda state: client_file.limit_representative(state, limited),
        expected,
        command,
    )


async def end_limit(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    limit: ItemId,
    on: date,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record the last day of a limit."""
    return await _change(
        desk,
        who,
        client_id,
        limit,
        lambda state: client_file.end_limit(state, limit, on),
        expected,
        command,
    )


async def look_at_guardianship(
    desk: Desk, who: Circumstances, client_id: ClientId
) -> tuple[Opening, Receipt]:
    """Record the look at who speaks for a client, and open it with the words of its limits."""
    shown = Look(AccessKind.READ, "identity", _CLASSES, object=ItemId(client_id))
    stamped = await _admitted(desk, who, client_id, shown)
    return await look(desk, stamped, shown, (client_id,), (Owner(OwnerKind.CLIENT, client_id),))


async def _admitted(
    desk: Desk, who: Circumstances, client_id: ClientId, tried: Look
) -> Circumstances:
    frame, _ = desk.client(client_id)
    on_team = on_care_team(desk, who.actor, frame.cases if frame else ())
    return await admit(
        desk,
        who,
        Act.KEEP_GUARDIANSHIP,
        Standing(on_care_team=on_team),
        attempt=tried,
        clients=(client_id,),
        exists=frame is not None,
    )


async def _change(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    limit: ItemId,
    decide: Callable[[Client], tuple[GuardianshipEvent, ...]],
    expected: int,
    command: Command,
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    stamped = await _admitted(desk, who, client_id, attempt("identity", client_id))
    state, version = desk.record.fold(client_id, client_file.fold)
    if state is None:
        raise NotThere
    if expected != version:
        raise Stale(version)
    write = Write(
        stream=client_id,
        events=decide(state),
        owner=Owner(OwnerKind.CLIENT, client_id),
        after=version,
        concerning=(client_id,),
    )
    reply = (("client", client_id), ("limit", limit))
    return await desk.record.append((write,), stamped, command=command, reply=reply)
