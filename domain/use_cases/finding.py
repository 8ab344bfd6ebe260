"""Finding people, by an identifier or a name, and words within one record.

Every search leaves an entry before anything is answered, with what was searched for and how much
was found, found or not (compliance.md LOG-03), and one entry for each client whom it shows. Looking
somebody up by an identifier answers "is she a client here?", so everybody may ask it only so often
a day, and whoever cares for clients hears of her own alone: of another she hears what she hears of
nobody, in the same time.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from domain import identifying
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import DuplicateSuspected, Invalid, LookupsSpent
from domain.events.access import AccessKind, AccessRecorded
from domain.events.search import SearchAsked
from domain.identifying import Identifier
from domain.policy import Act, Standing, permit
from domain.ports import Opening, Write
from domain.use_cases.caseload import own_cases
from domain.use_cases.desk import Desk, admit, look, look_at_list, record_denial
from domain.use_cases.on_case import CASE_CLASSES, content_classes, on_case, owners_of
from domain.values import CaseId, Circumstances, ClientId, FreeText, ItemId, Receipt

LOOKUPS_A_DAY = 20
"""Searches by an identifier that one person may make in a day of the clinic's clock, in UTC."""
LOOKUPS = "lookups"
DUPLICATES = "duplicates"
"""Registrations that were refused as duplicates answer the same question, and are counted, too."""
OVER_QUOTA = "deny.quota.lookups"
_SEARCH = "search"
"""The kind of object that entries of a search for people name."""
_NOBODY = ClientId("0" * 32)
SHORTEST_NAME = 3
"""Letters; fewer are like half of all names."""


@dataclass(frozen=True, slots=True)
class Found:
    """The clients whom a recorded search shows, and what opens their cards."""

    clients: tuple[ClientId, ...]
    opening: Opening
    receipt: Receipt


async def find_by_identifier(
    desk: Desk,
    who: Circumstances,
    identifier: Identifier,
    value: str,
    *,
    caseload: Iterable[CaseId] = (),
) -> Found:
    """The clients with this identifier: all of them, or those on the actor's ``caseload``.

    Raises:
        Invalid: It is no such identifier.
        LookupsSpent: The actor has asked too often today; the denial is recorded.
    """
    everybody = permit(who.actor, Act.FIND_CLIENT, who.purpose).permitted
    act = Act.FIND_CLIENT if everybody else Act.FIND_OWN_CLIENT
    admitted = await admit(desk, who, act, Standing(is_own=True), attempt=_tried())
    known = identifying.normal(identifier, value)
    if known is None:
        raise Invalid(identifier, "is not a valid one")
    now = desk.clock.now()
    if not desk.allowance.spend(who.actor.id, LOOKUPS, _day(now), LOOKUPS_A_DAY):
        await _refuse_more(desk, admitted, now)
    mine = None if everybody else _clients_of(desk, admitted, caseload)
    holders = desk.index.holders(identifier, known)
    hidden = _hidden(desk, admitted, holders)
    shown = tuple(each for each in holders if each not in hidden and (mine is None or each in mine))
    return await _show(desk, admitted, f"{identifier}: {value}", shown)


async def find_by_name(
    desk: Desk, who: Circumstances, name: str, *, caseload: Iterable[CaseId]
) -> Found:
    """Those of the actor's own clients whose names are like the words.

    Raises:
        Invalid: There are too few letters.
    """
    admitted = await admit(desk, who, Act.FIND_OWN_CLIENT, Standing(is_own=True), attempt=_tried())
    if max(map(len, identifying.name_parts(name)), default=0) < SHORTEST_NAME:
        raise Invalid("name", f"needs at least {SHORTEST_NAME} letters")
    mine = _clients_of(desk, admitted, caseload)
    return await _show(desk, admitted, f"name: {name}", desk.index.named(name, mine))


async def refuse_a_duplicate(
    desk: Desk, admitted: Circumstances, pesel: str | None, *, but: ClientId | None = None
) -> None:
    """Refuse to write down a PESEL that another file has; that it was asked for is recorded.

    The index follows the record by a moment: two who register her at the same instant both may.

    Raises:
        DuplicateSuspected: It has.
        LookupsSpent: The actor was told so too often today; the denial is recorded.
    """
    known = None if pesel is None else identifying.pesel(pesel)
    if pesel is None or known is None:
        return
    now = desk.clock.now()
    if not desk.allowance.left(admitted.actor.id, DUPLICATES, _day(now), LOOKUPS_A_DAY):
        await _refuse_more(desk, admitted, now)
    holders = desk.index.holders(Identifier.PESEL, known)
    # Of one who is not there for her she is not told either that she is a duplicate.
    hidden = _hidden(desk, admitted, holders)
    others = tuple(each for each in holders if each != but and each not in hidden)
    if not others:
        return
    if not desk.allowance.spend(admitted.actor.id, DUPLICATES, _day(now), LOOKUPS_A_DAY):
        await _refuse_more(desk, admitted, now)
    await _show(desk, admitted, f"{Identifier.PESEL}: {pesel}", others)
    raise DuplicateSuspected


async def look_for_words(
    desk: Desk, who: Circumstances, case_id: CaseId, words: str
) -> tuple[Opening, Receipt]:
    """Record a search in a case's record, and open what its reader may read of it.

    In the log it is the same whether there is a process note of hers or not.
    """
    tried = Look(AccessKind.SEARCH, "case", CASE_CLASSES, object=ItemId(case_id))
    admitted = await on_case(desk, who, Act.SEARCH_RECORD, case_id, tried)
    case, search = admitted.case, ItemId(desk.identifiers.new())
    shown = Look(
        kind=AccessKind.SEARCH,
        object_type="case",
        classes=(*content_classes(case), Class.PROCESS_NOTE),
        object=ItemId(case_id),
        items=(search,),
        relationship=case.id,
    )
    owners = (*owners_of(case), Owner(OwnerKind.PRACTITIONER, who.actor.id))
    asked = _asked(search, words, case.owner, case.clients)
    return await look(desk, admitted.who, shown, case.everyone, owners, beside=(asked,))


def queries_that_found(
    desk: Desk, client_id: ClientId, *, until: int | None = None
) -> tuple[FreeText, ...]:
    """What was typed by those who found a client, up to a position; to be destroyed with her.

    It is her name and her numbers. Her own access log says which searches those were.
    """
    frame, _ = desk.client(client_id)
    if frame is None:
        return ()
    entries = desk.record.history(frame.access_stream)
    early = (each.event for each in entries if until is None or each.position < until)
    found = [each for search in _searches_in(early) for each in desk.record.history(search)]
    return tuple(each.event.query for each in found if isinstance(each.event, SearchAsked))


def _searches_in(entries: Iterable[object]) -> Iterator[ItemId]:
    for each in entries:
        if isinstance(each, AccessRecorded) and each.object_type == _SEARCH and each.object:
            yield each.object


def _asked(
    search: ItemId, words: str, owner: Owner, concerning: tuple[ClientId, ...] = ()
) -> Write:
    """The words of a search, in a stream of their own."""
    event = SearchAsked(search=search, query=FreeText(words))
    return Write(stream=search, events=(event,), owner=owner, after=0, concerning=concerning)


async def _show(
    desk: Desk, admitted: Circumstances, query: str, clients: tuple[ClientId, ...]
) -> Found:
    """Record a search, what it was for and whom it shows; each entry names the search."""
    search = ItemId(desk.identifiers.new())
    searched = Look(AccessKind.SEARCH, _SEARCH, (Class.ADMINISTRATIVE,), object=search)
    _, account = desk.account_of(admitted.actor)
    asked = _asked(search, query, account)
    # One whose file has no frame is nobody, and is not counted.
    there = {each: () for each in clients if desk.client(each)[0] is not None}
    opening, receipt = await look_at_list(desk, admitted, searched, there, beside=(asked,))
    return Found(tuple(there), opening, receipt)


def _hidden(desk: Desk, who: Circumstances, holders: tuple[ClientId, ...]) -> Collection[ClientId]:
    """Those with whom the actor has a conflict of interest; asked of somebody where nobody is."""
    return {each for each in holders or (_NOBODY,) if desk.conflicted(who.actor, (each,))}


def _clients_of(desk: Desk, who: Circumstances, caseload: Iterable[CaseId]) -> Collection[ClientId]:
    """Those whom the actor cares for now, whatever a lagging list says."""
    return {each for case in own_cases(desk, who, caseload).values() for each in case.clients}


async def _refuse_more(desk: Desk, who: Circumstances, now: datetime) -> None:
    await record_denial(desk, who, _tried(), (), OVER_QUOTA)
    midnight = datetime.combine(_day(now) + timedelta(days=1), time(), UTC)
    raise LookupsSpent(max(1, round((midnight - now).total_seconds())))


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _tried() -> Look:
    return Look(AccessKind.SEARCH, _SEARCH, (Class.ADMINISTRATIVE,))
