"""A clinician's own caseload."""

from collections.abc import Iterable, Mapping

from domain.access import Look
from domain.case import Case
from domain.confidentiality import Class
from domain.errors import NotThere
from domain.events.access import AccessKind
from domain.policy import Act, Standing
from domain.ports import Opening
from domain.use_cases.desk import (
    Desk,
    admit,
    attempt,
    look_at_list,
    on_care_team,
)
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    ItemId,
    PractitionerId,
    Receipt,
    Role,
)


async def admit_to_caseload(
    desk: Desk, who: Circumstances, whose: PractitionerId | None = None
) -> Circumstances:
    """Whether the actor may see a caseload, her own if none is named.

    The list itself is recorded as it is read.
    """
    own = whose is None or whose == PractitionerId(who.actor.id)
    tried = attempt("caseload", whose, kind=AccessKind.LIST)
    return await admit(desk, who, Act.READ_CASELOAD, Standing(is_own=own), attempt=tried)


def own_cases(desk: Desk, who: Circumstances, cases: Iterable[CaseId]) -> dict[CaseId, Case]:
    """Those of the cases that the actor cares for now, whatever a lagging list says.

    With whoever takes part she has declared no conflict of interest.
    """
    found = {each: desk.case(each)[0] for each in cases}
    actor = PractitionerId(who.actor.id)
    return {
        name: case
        for name, case in found.items()
        if case and actor in case.team and not desk.conflicted(who.actor, case.everyone)
    }


async def look_at_caseload(
    desk: Desk,
    who: Circumstances,
    hits: Mapping[ClientId, tuple[ItemId, ...]],
) -> tuple[Opening, Receipt]:
    """Record the list: one entry for the query, one for each client whom it shows.

    Raises:
        NotThere: The actor cares for one of them no longer; ``own_cases`` says for whom she does.
    """
    # A program has a scope instead of a care team.
    for each in hits if who.role is not Role.INTEGRATION else ():
        frame, _ = desk.client(each)
        if frame is None or not on_care_team(desk, who.actor, frame.cases):
            raise NotThere
    query = Look(AccessKind.LIST, "caseload", (Class.ADMINISTRATIVE,))
    return await look_at_list(desk, who, query, hits)
