"""What waits for the actor: of her cases, of those whom she meets before a case, and of herself.

One entry for the list, and one in the log of each client of whom something on it is shown. The
entries are the same whatever waits: no log tells a risk from an unsigned note.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.access import Look
from domain.case import Case
from domain.confidentiality import Class, Owner, OwnerKind
from domain.events.access import AccessKind
from domain.policy import Act, Standing
from domain.ports import Opening, Write
from domain.use_cases.desk import (
    Desk,
    OpensNothing,
    admit,
    attempt,
    entry_with,
    own_entry,
)
from domain.use_cases.on_case import content_classes, owners_of
from domain.use_cases.on_item import OF_A_CLASS_OF_ITS_OWN
from domain.values import CaseId, Circumstances, ClientId, ItemId, Receipt

_OF_FEWER = (*OF_A_CLASS_OF_ITS_OWN, Class.SUPERVISION, Class.RECORDING)
"""What a task may be about beside the clinical record; of that it shows no words."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Whose content the rows of a worklist lie under: by case, by client, or the actor's own."""

    cases: Mapping[CaseId, tuple[ItemId, ...]]
    clients: Mapping[ClientId, tuple[ItemId, ...]]
    own: tuple[ItemId, ...]


async def admit_to_worklist(desk: Desk, who: Circumstances) -> Circumstances:
    """Whether the actor may see what waits for her; the list is recorded as it is read."""
    tried = attempt("worklist", kind=AccessKind.LIST)
    return await admit(desk, who, Act.READ_WORKLIST, Standing(is_own=True), attempt=tried)


async def look_at_worklist(
    desk: Desk, who: Circumstances, waiting: Waiting
) -> tuple[Opening, Receipt]:
    """Record the list and open what is on it."""
    count = sum(map(len, (*waiting.cases.values(), *waiting.clients.values(), waiting.own)))
    account = desk.account_of(who.actor)[1]
    query = Look(
        AccessKind.LIST, "worklist", (Class.ADMINISTRATIVE, Class.SUPERVISION), count=count
    )
    writes = [own_entry(desk, who, query, (account,))]
    for case_id, items in waiting.cases.items():
        frame, _ = desk.case(case_id)
        if frame is not None:
            writes.extend(_of_case(desk, who, frame, items))
    for client_id, items in waiting.clients.items():
        classes = (Class.ADMINISTRATIVE, Class.CLINICAL, *_OF_FEWER)
        shown = Look(AccessKind.LIST_HIT, "worklist", classes, items=items)
        writes.extend(_entries(desk, (client_id,), shown, (Owner(OwnerKind.CLIENT, client_id),)))
    receipt = await desk.record.append(writes, who)
    return desk.keys.open(receipt) if receipt.tickets else OpensNothing(), receipt


def _of_case(
    desk: Desk, who: Circumstances, frame: Case, items: tuple[ItemId, ...]
) -> Iterable[Write]:
    classes = (*content_classes(frame), *_OF_FEWER)
    shown = Look(AccessKind.LIST_HIT, "worklist", classes, items=items, relationship=frame.id)
    if not frame.everyone:
        # Of a group that is being formed something can wait before anybody takes part in it.
        return (own_entry(desk, who, shown, owners_of(frame)),)
    return _entries(desk, frame.everyone, shown, owners_of(frame))


def _entries(
    desk: Desk, clients: Iterable[ClientId], shown: Look, owners: tuple[Owner, ...]
) -> Iterable[Write]:
    for each in clients:
        frame, _ = desk.client(each)
        if frame is not None:
            yield entry_with(desk, frame, shown, owners)
