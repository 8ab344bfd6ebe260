"""Groups: planned, prepared, begun and closed; and who took part when."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.compose import Clinic
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.naming import Naming, RemovedWords
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.groups import (
    CompositionTold,
    GroupAgreement,
    GroupBeginning,
    GroupClosing,
    GroupPlan,
    GroupsTold,
    PreparatoryMeeting,
    group_told,
)
from domain.errors import Invalid
from domain.events.group import GroupPreparatoryMeetingHeld
from domain.local_time import instant_of, local_day
from domain.ports import Opening
from domain.use_cases import groups, on_item
from domain.values import CaseId, FreeText, ItemId, PractitionerId
from projections.chart.groups import composition, group_line

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["groups"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 30)


def naming(clinic: Clinic, case_id: str, opening: Opening, removed: str) -> Naming:
    """The names of a case's participants, for its texts."""
    states = clinic.views.case_states
    return Naming(
        clinic.views.name_cards, lambda: states.roster(case_id, opening), opening, removed
    )


@router.post("/groups", status_code=201, openapi_extra=_CREATES)
async def open_group(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: GroupPlan,
    command: Commanded,
    response: Response,
) -> Written:
    """Plan a group for a case that nobody takes part in yet; from then on members are accepted."""
    receipt = await groups.open_group(desk, who, CaseId(case_id), asked.value(), command=command)
    return written(response, receipt)


@router.get("/groups", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_groups(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> GroupsTold:
    """The group of a case: its criteria, agreement and preparatory meetings, each as it was."""
    admitted, opening, receipt = await on_item.look_at_chart(desk, who, CaseId(case_id))
    group = admitted.case.group
    item = None if group is None else clinic.views.chart.item(case_id, group, opening)
    names = naming(clinic, case_id, opening, removed)
    response.headers["Ledger-Position"] = str(receipt.last)
    found = [] if item is None else [group_told(group_line(item), names)]
    return GroupsTold(case=case_id, groups=found)


@router.post("/groups/{group_id}:revise", openapi_extra=_WRITES)
async def revise_group(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    group_id: PathId,
    asked: GroupPlan,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Change for whom a group is, or how many it holds; what it was before is kept."""
    receipt = await groups.revise_group(
        desk,
        who,
        CaseId(case_id),
        ItemId(group_id),
        asked.value(),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/groups/{group_id}:hold-meeting", openapi_extra=_WRITES)
async def hold_preparatory_meeting(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    group_id: PathId,
    asked: PreparatoryMeeting,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that candidates met before the group began."""
    held = GroupPreparatoryMeetingHeld(
        group=ItemId(group_id),
        case=CaseId(case_id),
        author=PractitionerId(who.actor.id),
        occurred_at=asked.occurred_at,
        present=tuple(ItemId(each) for each in asked.present),
        words=None if asked.words is None else FreeText(asked.words),
    )
    receipt = await groups.hold_meeting(desk, who, held, expected=expected, command=command)
    return written(response, receipt)


@router.post("/groups/{group_id}:make-agreement", openapi_extra=_WRITES)
async def make_group_agreement(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    group_id: PathId,
    asked: GroupAgreement,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Put the group's confidentiality agreement into words; each member then agrees to it."""
    receipt = await groups.make_agreement(
        desk,
        who,
        CaseId(case_id),
        ItemId(group_id),
        FreeText(asked.words),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/groups/{group_id}:begin", openapi_extra=_WRITES)
async def begin_group(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    group_id: PathId,
    asked: GroupBeginning,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that the group began to work; a closed one takes nobody in after this."""
    receipt = await groups.begin_group(
        desk,
        who,
        CaseId(case_id),
        ItemId(group_id),
        asked.occurred_at,
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/groups/{group_id}:close", openapi_extra=_WRITES)
async def close_group(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    group_id: PathId,
    asked: GroupClosing,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Let the group take nobody in any more; its case is closed by itself."""
    receipt = await groups.close_group(
        desk,
        who,
        CaseId(case_id),
        ItemId(group_id),
        None if asked.words is None else FreeText(asked.words),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.get("/composition", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_composition(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
    on: Annotated[date | None, Query(description="As this day ended; today as it is now.")] = None,
) -> CompositionTold:
    """Who took part in a joint case on any day; of somebody erased only that there was one."""
    if on is not None and not _FIRST <= on <= _LAST:
        raise Invalid("on", "is out of range")
    _, opening, receipt = await on_item.look_at_chart(desk, who, CaseId(case_id))
    roster = clinic.views.case_states.roster(case_id, opening)
    today = local_day(clinic.clock.now())
    at = _end_of(on or today)
    names = naming(clinic, case_id, opening, removed)
    response.headers["Ledger-Position"] = str(receipt.last)
    return CompositionTold(
        case=case_id,
        on=on or today,
        members=[
            names.member(each) for each in composition(() if roster is None else roster.members, at)
        ],
    )


def _end_of(day: date) -> datetime:
    """The last moment of a day in the clinic."""
    midnight = datetime.combine(day + timedelta(days=1), time())
    return instant_of(midnight) - timedelta(microseconds=1)
