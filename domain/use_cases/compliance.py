"""What a compliance officer, or the client herself, does: read who looked, and why.

The look at the log is itself the first line of the log (LOG-07), one level deep.
"""

from collections.abc import Mapping

from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import NotPermitted
from domain.events.access import AccessKind
from domain.policy import Act, Standing
from domain.ports import Opening
from domain.use_cases.desk import Desk, admit, attempt, look, look_at_list, own_entry
from domain.values import Circumstances, ClientId, ItemId, Receipt


async def look_at_access_log(
    desk: Desk, who: Circumstances, client_id: ClientId
) -> tuple[Opening, Receipt]:
    """Record the look at a client's access log and open it."""
    frame, _ = desk.client(client_id)
    shown = Look(AccessKind.AUDIT_READ, "access-log", (Class.AUDIT_LOG,), object=ItemId(client_id))
    own = who.actor.client == client_id
    stamped = await admit(
        desk,
        who,
        Act.READ_ACCESS_LOG,
        Standing(is_own=own),
        attempt=shown,
        clients=(client_id,),
        exists=frame is not None,
    )
    owner = Owner(OwnerKind.CLIENT, client_id)
    return await look(desk, stamped, shown, (client_id,), (owner,))


async def admit_to_audit_trail(desk: Desk, who: Circumstances) -> Circumstances:
    """Whether the actor may see the audit trail; the page itself is recorded as it is read."""
    tried = attempt("audit-trail", kind=AccessKind.AUDIT_READ)
    return await admit(desk, who, Act.READ_AUDIT_TRAIL, attempt=tried)


async def look_at_audit_trail(
    desk: Desk,
    who: Circumstances,
    hits: Mapping[ClientId, tuple[ItemId, ...]],
    staff: tuple[Owner, ...],
) -> tuple[Opening, Receipt]:
    """Record a page of the audit trail: one entry for it, one for each client whom it names."""
    query = Look(AccessKind.AUDIT_READ, "audit-trail", (Class.AUDIT_LOG,))
    return await look_at_list(desk, who, query, hits, staff=staff)


async def admit_to_log(desk: Desk, who: Circumstances) -> Circumstances:
    """Whether the actor may see entries of the log: whose stream grew when, under pseudonyms."""
    return await admit(desk, who, Act.READ_LOG, attempt=attempt("log", kind=AccessKind.AUDIT_READ))


async def look_at_log(desk: Desk, who: Circumstances, first: int, count: int) -> Receipt:
    """Record a look at so many entries of the log; their first position stands as its version.

    Raises:
        NotPermitted: The circumstances do not bear the policy's permission.
        RecordUnavailable: The entry could not be made durable.
    """
    if who.mode is None:
        raise NotPermitted
    classes = (Class.AUDIT_LOG,)
    shown = Look(AccessKind.AUDIT_READ, "log", classes, object_version=first, count=count)
    return await desk.record.append((own_entry(desk, who, shown),), who)


async def admit_to_incidents(desk: Desk, who: Circumstances) -> Circumstances:
    """Whether the actor may see what was found broken: codes and positions, nobody's data."""
    tried = attempt("incidents", kind=AccessKind.AUDIT_READ)
    return await admit(desk, who, Act.READ_INCIDENTS, attempt=tried)
