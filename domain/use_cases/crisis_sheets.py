"""Crisis sheets: taken along with a look recorded for each client; their use written down later.

Source:
    compliance, AVL-03, LOG-01 and known tension 5: the one documented look without an entry before
    it, which gets its entry afterwards, with the instant at which it happened.
"""

from collections.abc import Iterable
from datetime import datetime

from domain import crisis_sheet as sheet_file
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.crisis_sheet import Use
from domain.errors import NotThere
from domain.events.access import AccessKind
from domain.policy import Act, Standing
from domain.ports import Opening, Write
from domain.use_cases.desk import NO_SUCH_RECORD, Desk, admit, attempt, entry_with, record_denial
from domain.use_cases.on_case import OnCase, content_classes, on_case, owners_of
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    ItemId,
    PractitionerId,
    Receipt,
)

KIND = "crisis_sheet"
_OWN = Standing(is_own=True)


async def issue_crisis_sheet(
    desk: Desk, who: Circumstances, cases: tuple[CaseId, ...], *, valid_until: datetime
) -> tuple[Opening, ItemId]:
    """Record that the actor takes a sheet of her own cases along, and open what goes onto it.

    Raises:
        NotThere: One of the cases is not hers; the denial is recorded.
        Invalid: There are no cases or too many, or it would open too long.
    """
    stamped = await admit(desk, who, Act.TAKE_CRISIS_SHEET, _OWN, attempt=attempt(KIND))
    holder = PractitionerId(who.actor.id)
    sheet = ItemId(desk.identifiers.new())
    events = sheet_file.issue(
        None, sheet, cases, holder=holder, valid_until=valid_until, now=desk.clock.now()
    )
    admitted = [await _own_case(desk, who, each) for each in cases]
    issued = Write(sheet, events, Owner(OwnerKind.PRACTITIONER, holder), 0)
    entries = [entry for each in admitted for entry in _entries(desk, each)]
    receipt = await desk.record.append((issued, *entries), stamped)
    return desk.keys.open(receipt), sheet


async def report_crisis_sheet_use(
    desk: Desk, who: Circumstances, sheet: ItemId, used: Use, *, command: Command
) -> Receipt:
    """Write down that a sheet was opened while the clinic could not be asked.

    Each client whom it was about has the look in her log, at the instant at which it happened.
    """
    if done := desk.record.replay(who, command):
        return done
    tried = attempt(KIND, sheet)
    stamped = await admit(desk, who, Act.TAKE_CRISIS_SHEET, _OWN, attempt=tried)
    state, version = desk.record.fold(sheet, sheet_file.fold)
    if state is None or state.holder != PractitionerId(who.actor.id):
        await record_denial(desk, stamped, tried, (), NO_SUCH_RECORD)
        raise NotThere
    issued_at = desk.record.history(sheet)[0].recorded_at
    events = sheet_file.use(state, used, issued_at=issued_at, now=desk.clock.now())
    owner = Owner(OwnerKind.PRACTITIONER, state.holder)
    writes = [Write(sheet, events, owner, version)]
    if events:
        writes += [entry for each in used.cases for entry in _looked_at(desk, each)]
    return await desk.record.append(
        writes, stamped, command=command, reply=((KIND, sheet),), occurred_at=used.occurred_at
    )


async def _own_case(desk: Desk, who: Circumstances, case_id: CaseId) -> OnCase:
    tried = Look(AccessKind.READ, "case", (Class.ADMINISTRATIVE,), object=ItemId(case_id))
    return await on_case(desk, who, Act.READ_CHART, case_id, tried)


def _entries(desk: Desk, admitted: OnCase) -> Iterable[Write]:
    """The look at the emergency subset of one case, in the log of everybody whom it is about."""
    case = admitted.case
    shown = Look(
        AccessKind.READ,
        "case",
        (*content_classes(case), Class.RISK),
        object=ItemId(case.id),
        relationship=case.id,
    )
    for each in case.everyone:
        frame, _ = desk.client(each)
        if frame is not None:
            yield entry_with(desk, frame, shown, owners_of(case))


def _looked_at(desk: Desk, case_id: CaseId) -> Iterable[Write]:
    """The look that was taken with the sheet; it opens nothing any more."""
    case, _ = desk.case(case_id)
    if case is None:
        return
    classes = (*content_classes(case), Class.RISK)
    shown = Look(AccessKind.READ, "case", classes, object=ItemId(case_id), relationship=case_id)
    for each in case.everyone:
        frame, _ = desk.client(each)
        if frame is not None:
            yield entry_with(desk, frame, shown)
