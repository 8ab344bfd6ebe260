"""The items of a case: begun, changed, and looked at together as its chart.

An item is a stream of its own that belongs to a case: a formulation, a goal, a risk assessment. Two
people who work on two items do not stand in each other's way.
"""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from domain.access import Look
from domain.confidentiality import Class
from domain.errors import NotThere, Stale
from domain.events import Event
from domain.events.access import AccessKind
from domain.policy import Act
from domain.ports import Opening, Write
from domain.use_cases.desk import NO_SUCH_RECORD, Desk, attempt, record_denial
from domain.use_cases.members import must_know_everybody
from domain.use_cases.on_case import OnCase, content_classes, look_on, on_case
from domain.values import CaseId, Circumstances, Command, FreeText, ItemId, Receipt

OF_A_CLASS_OF_ITS_OWN = (Class.RISK, Class.TEST_DATA)
"""What a chart holds beside the clinical record; whatever is for fewer people is no part of it."""


class Item(Protocol):
    """The state of an item."""

    @property
    def case(self) -> CaseId:
        """The case that it belongs to."""
        ...


State = TypeVar("State", bound=Item)


async def begin(  # noqa: PLR0913 - every item begins here
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    kind: str,
    decide: Callable[[OnCase, ItemId], tuple[Event, ...]],
    *,
    command: Command,
    act: Act = Act.WRITE_CASE,
    texts: Iterable[FreeText] = (),
    beside: Callable[[OnCase, ItemId], Iterable[Write]] = lambda _admitted, _item: (),
) -> Receipt:
    """Begin an item of a case; the receipt names it under its ``kind``.

    ``beside`` is written in the same transaction.
    """
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, act, case_id, attempt(kind))
    must_know_everybody(desk, admitted.case, *texts)
    item = ItemId(desk.identifiers.new())
    write = admitted.write(item, decide(admitted, item), 0)
    writes = (write, *beside(admitted, item))
    return await desk.record.append(writes, admitted.who, command=command, reply=((kind, item),))


async def change(  # noqa: PLR0913 - every item is changed here
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    item_id: ItemId,
    kind: str,
    fold: Callable[[Iterable[object]], State | None],
    decide: Callable[[OnCase, State], tuple[Event, ...]],
    *,
    expected: int,
    command: Command,
    act: Act = Act.WRITE_CASE,
    texts: Iterable[FreeText] = (),
    beside: Callable[[OnCase, ItemId], Iterable[Write]] = lambda _admitted, _item: (),
) -> Receipt:
    """Change an item of a case as it stood at the version that the actor saw.

    Raises:
        NotThere: There is no such item in this case; the denial is recorded.
        Stale: Somebody has changed it meanwhile; nothing is lost, nothing was written.
    """
    if done := desk.record.replay(who, command):
        return done
    tried = attempt(kind, item_id)
    admitted = await on_case(desk, who, act, case_id, tried)
    state, version = desk.record.fold(item_id, fold)
    if state is None or state.case != case_id:
        await record_denial(desk, admitted.who, tried, admitted.case.everyone, NO_SUCH_RECORD)
        raise NotThere
    if expected != version:
        raise Stale(version)
    must_know_everybody(desk, admitted.case, *texts)
    write = admitted.write(item_id, decide(admitted, state), version)
    writes = (write, *beside(admitted, item_id))
    return await desk.record.append(writes, admitted.who, command=command, reply=((kind, item_id),))


async def look_at_chart(
    desk: Desk, who: Circumstances, case_id: CaseId
) -> tuple[OnCase, Opening, Receipt]:
    """Record the look at a case's chart, or at a part of it, and open what it holds.

    Which part it was, no entry tells: that somebody looked at a safety plan says that there is one.
    """
    tried = Look(AccessKind.READ, "case", (Class.ADMINISTRATIVE,), object=ItemId(case_id))
    admitted = await on_case(desk, who, Act.READ_CHART, case_id, tried)
    classes = (*content_classes(admitted.case), *OF_A_CLASS_OF_ITS_OWN)
    opening, receipt = await look_on(desk, admitted, "case", case_id, classes=classes)
    return admitted, opening, receipt
