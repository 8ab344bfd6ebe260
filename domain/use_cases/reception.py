"""What the front desk does: the calendar with name cards. Registration is in ``registration``."""

from collections.abc import Mapping

from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.events.access import AccessKind
from domain.policy import Act, Standing
from domain.ports import Opening
from domain.use_cases.desk import Desk, admit, attempt, look_at_list
from domain.values import Circumstances, ClientId, ItemId, Receipt


async def admit_to_calendar(desk: Desk, who: Circumstances, *, own: bool = False) -> Circumstances:
    """Whether the actor may see the calendar (a clinician: her own days)."""
    tried = attempt("calendar", kind=AccessKind.LIST)
    return await admit(desk, who, Act.READ_CALENDAR, Standing(is_own=own), attempt=tried)


async def look_at_calendar(
    desk: Desk, who: Circumstances, hits: Mapping[ClientId, tuple[ItemId, ...]]
) -> tuple[Opening, Receipt]:
    """Record the list: one entry for the query, one for each client whose card it shows."""
    query = Look(AccessKind.LIST, "calendar", (Class.ADMINISTRATIVE,))
    rooms = (Owner(OwnerKind.CLINIC, desk.clinic),)
    return await look_at_list(desk, who, query, hits, staff=rooms)
