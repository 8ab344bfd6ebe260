"""A case over time: its timeline, and what was known of it beside what is known now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp
from api.http.naming import Naming, RemovedWords
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import Id, Instant, PathId
from api.http.schemas.timeline import (
    ComparisonTold,
    TimelineTold,
    difference_told,
    moment_told,
)
from domain.errors import Invalid
from domain.rows import Content
from domain.use_cases import attachments, on_item
from domain.use_cases.desk import Desk
from domain.use_cases.own_items import is_kept_from
from domain.values import CaseId, Circumstances, ItemId
from projections.case_past import Difference
from projections.chart.attachment import KIND as ATTACHMENT
from projections.chart.rows import ERASED
from projections.timeline import timeline

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["cases"], route_class=RecordedRoute)
_READS = leaves("READ", audience="clinician")
MOST_MOMENTS = 200


@router.get("/timeline", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_timeline(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    after: Annotated[Id | None, Query(description="``next`` of the part before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_MOMENTS)] = MOST_MOMENTS,
) -> TimelineTold:
    """What happened in a case and what was written of it, the newest first."""
    _, opening, receipt = await on_item.look_at_chart(desk, who, CaseId(case_id))
    views = clinic.views
    moments = timeline(
        views.case_states.contents(case_id, opening),
        _told_of(desk, who, views.chart.contents(case_id, opening)),
        reader=who.actor.id,
    )
    if after is not None:
        places = [number for number, each in enumerate(moments) if each.item == after]
        if not places:
            raise Invalid("after", "is no place on this timeline")
        moments = moments[places[0] + 1 :]
    response.headers["Ledger-Position"] = str(receipt.last)
    more = moments[limit - 1].item if len(moments) > limit else None
    shown = [moment_told(each) for each in moments[:limit]]
    return TimelineTold(case=case_id, moments=shown, next=more)


@router.get("/difference", dependencies=[CaughtUp], openapi_extra=_READS)
async def compare_case(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
    at: Annotated[Instant, Query(description="The moment of which is asked.")],
) -> ComparisonTold:
    """What was known of a case at a moment, beside what is now known to have been so then.

    What is told is where the two differ: what was learnt since, what was withdrawn, what was
    changed; written late, amended, corrected. A recording is in it for those alone for whom it is,
    and for nobody once it is closed.
    """
    # What is attached belongs to what was known, and its words lie under classes of their own.
    admitted, opening, receipt = await attachments.look_at_attachments(desk, who, CaseId(case_id))
    views = clinic.views
    then = clinic.position_at(at)
    await clinic.reach(receipt.last)
    found = views.past.compared(
        case_id, at, then, receipt.last, opening, reader=admitted.who.actor.id
    )
    naming = Naming(
        views.name_cards, lambda: views.case_states.roster(case_id, opening), opening, removed
    )
    response.headers["Ledger-Position"] = str(receipt.last)
    return ComparisonTold(
        case=case_id,
        at=at,
        known_then_position=then,
        known_now_position=receipt.last,
        differences=[
            difference_told(each, naming) for each in found if _is_open_to(desk, who, each)
        ],
    )


def _told_of(desk: Desk, who: Circumstances, chart: Mapping[str, Content]) -> dict[str, Content]:
    """The chart without the recordings that are for others, and without what is left of them."""
    return {
        item: content
        for item, content in chart.items()
        if content["kind"] not in (ATTACHMENT, ERASED) or not is_kept_from(desk, who, ItemId(item))
    }


def _is_open_to(desk: Desk, who: Circumstances, found: Difference) -> bool:
    if found.kind != ATTACHMENT:
        return True
    shown, closed = attachments.shown_to(desk, who, ItemId(found.item))
    return shown and not closed
