"""A practitioner's own portfolio: kept by herself; what an administrator sees of it."""

from collections.abc import Callable

from domain import client as client_file, portfolio as portfolio_file
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import NotThere
from domain.events.access import AccessKind
from domain.events.portfolio import LimitReached, PortfolioEvent
from domain.policy import Act, Standing
from domain.portfolio import Portfolio, Scope
from domain.ports import STREAM, Opening, Write
from domain.use_cases.desk import Desk, admit, attempt, look_at_list
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    Command,
    Format,
    ItemId,
    PractitionerId,
    Receipt,
)

_PORTFOLIO = "portfolio"


async def keep(
    desk: Desk,
    who: Circumstances,
    kind: str,
    decide: Callable[[Portfolio, ItemId], tuple[PortfolioEvent, ...]],
    *,
    command: Command,
    item: ItemId | None = None,
) -> Receipt:
    """Write in the actor's own portfolio; the receipt names what was written under its ``kind``.

    ``item`` is what is changed; without it a new id is drawn.
    """
    if done := desk.record.replay(who, command):
        return done
    stream = _stream(desk, PractitionerId(who.actor.id))
    state, version = desk.record.fold(stream, portfolio_file.fold)
    admitted = await admit(
        desk,
        who,
        Act.KEEP_PORTFOLIO,
        Standing(is_own=True),
        attempt=attempt(_PORTFOLIO, item),
        # Somebody else's is not there, as what nobody ever had.
        exists=item is None or item in state.known,
    )
    item = item or ItemId(desk.identifiers.new())
    write = Write(
        stream=stream,
        events=decide(state, item),
        owner=Owner(OwnerKind.PRACTITIONER, who.actor.id),
        after=version,
    )
    return await desk.record.append((write,), admitted, command=command, reply=((kind, item),))


async def look_at_portfolio(desk: Desk, who: Circumstances) -> tuple[Opening, Receipt]:
    """Record the look at the actor's own portfolio, and open it for her."""
    tried = attempt(_PORTFOLIO, kind=AccessKind.LIST)
    admitted = await admit(desk, who, Act.KEEP_PORTFOLIO, Standing(is_own=True), attempt=tried)
    own = Owner(OwnerKind.PRACTITIONER, who.actor.id)
    query = Look(AccessKind.LIST, _PORTFOLIO, (Class.ADMINISTRATIVE,))
    return await look_at_list(desk, admitted, query, {}, staff=(own,))


async def look_at_qualifications(
    desk: Desk, who: Circumstances, practitioner_id: PractitionerId
) -> tuple[Opening, Receipt]:
    """Record an administrator's look at what somebody has qualified as, and until when.

    It opens what is frame; nothing else of a portfolio lies under a key that it gives.
    """
    tried = attempt("practitioner", practitioner_id, kind=AccessKind.LIST)
    person, _ = desk.practitioner(practitioner_id)
    admitted = await admit(
        desk, who, Act.READ_QUALIFICATIONS, attempt=tried, exists=person is not None
    )
    object_id = ItemId(practitioner_id)
    query = Look(AccessKind.LIST, "practitioner", (Class.ADMINISTRATIVE,), object=object_id)
    clinic = Owner(OwnerKind.CLINIC, desk.clinic)
    return await look_at_list(desk, admitted, query, {}, staff=(clinic,))


def notices(
    desk: Desk,
    practitioner: PractitionerId,
    room: Format,
    clients: tuple[ClientId, ...],
    case_id: CaseId,
) -> tuple[Write, ...]:
    """What reminds a therapist of limits that she has declared, written beside a case's opening."""
    state, _ = desk.record.frame(_stream(desk, practitioner), portfolio_file.fold)
    if not state.limits:
        return ()
    aged = any(each.area is None and each.format is None for each in state.limits)
    scope = Scope(format=room, ages=_ages(desk, clients) if aged else ())
    return reminders(desk, practitioner, scope, case_id)


def reminders(
    desk: Desk, practitioner: PractitionerId, scope: Scope, case_id: CaseId
) -> tuple[Write, ...]:
    """What reminds somebody of limits of hers that what is known of a case lies beyond."""
    stream = _stream(desk, practitioner)
    state, _ = desk.record.frame(stream, portfolio_file.fold)
    reached = portfolio_file.reach_limits(state, scope, case_id)
    own = Owner(OwnerKind.PRACTITIONER, practitioner)
    return (Write(stream, reached, own, after=None),) if reached else ()


def outside_limits(noticed: tuple[Write, ...]) -> tuple[tuple[str, str], ...]:
    """How a receipt tells the first of the limits that a new case lies beyond."""
    reached = [each for write in noticed for each in write.events if isinstance(each, LimitReached)]
    return tuple(("outside_limit", each.limit) for each in reached[:1])


def _ages(desk: Desk, clients: tuple[ClientId, ...]) -> tuple[int, ...]:
    ages, today = [], desk.clock.now().date()
    for client in clients:
        state, _ = desk.record.fold(client, client_file.fold)
        if state is None:
            raise NotThere
        if state.identity is not None:
            ages.append(portfolio_file.age_on(state.identity.birth_date, today))
    return tuple(ages)


def _stream(desk: Desk, practitioner: PractitionerId) -> str:
    """Where a portfolio lies: nobody without the clinic's key of the index can tell whose it is."""
    return desk.index.fingerprint(STREAM, f"portfolio/{practitioner}")
