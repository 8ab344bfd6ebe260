"""The calendar: what the front desk sees of everybody's days, and a clinician of her own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.compose import Clinic
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.access import CalendarTold, SlotTold
from api.http.schemas.common import Instant
from domain.errors import Invalid
from domain.use_cases import reception
from domain.use_cases.desk import Desk, on_care_team
from domain.values import Actor, Circumstances, ClientId, ItemId, Role

router = APIRouter(prefix="/v1", tags=["front desk"], route_class=RecordedRoute)
LONGEST_SPAN = timedelta(days=31)


@router.get(
    "/calendar",
    dependencies=[CaughtUp],
    openapi_extra=leaves("LIST", audience="front desk, clinician"),
)
async def read_calendar(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    response: Response,
    start: Annotated[Instant, Query(alias="from")],
    end: Annotated[Instant, Query(alias="to")],
) -> CalendarTold:
    """Time, place and therapist of what is taken; never format, group name or reason."""
    check_span(start, end)
    everybody = Role.RECEPTION in who.actor.roles
    admitted = await reception.admit_to_calendar(desk, who, own=not everybody)
    therapist = None if everybody else who.actor.id
    return await show_calendar(desk, clinic, admitted, (start, end), response, therapist=therapist)


def check_span(start: datetime, end: datetime) -> None:
    """Refuse a span that is none, or too long for one page.

    Raises:
        Invalid: It is.
    """
    if not timedelta(0) < end - start <= LONGEST_SPAN:
        raise Invalid("to", "must follow 'from' within 31 days")


def _kept_from(desk: Desk, actor: Actor, client: ClientId, therapist: str | None) -> bool:
    """Whether somebody's sessions are not hers to see: a conflict, or a case that she handed on."""
    if desk.conflicted(actor, (client,)):
        return True
    frame, _ = desk.client(client)
    return therapist is not None and not on_care_team(desk, actor, frame.cases if frame else ())


async def show_calendar(
    desk: Desk,
    clinic: Clinic,
    admitted: Circumstances,
    span: tuple[datetime, datetime],
    response: Response,
    *,
    therapist: str | None = None,
    with_names: bool = True,
) -> CalendarTold:
    """The slots of a span, recorded and then shown, with names or by pseudonymous ids alone."""
    rows = clinic.views.calendar.between(*span, therapist=therapist)
    slots = [clinic.views.calendar.slot(row) for row in rows]
    hidden = {
        each.client
        for each in slots
        if each.client and _kept_from(desk, admitted.actor, ClientId(each.client), therapist)
    }
    shown = [
        (row, slot) for row, slot in zip(rows, slots, strict=True) if slot.client not in hidden
    ]
    rows, slots = [row for row, _ in shown], [slot for _, slot in shown]
    hits: dict[ClientId, tuple[ItemId, ...]] = {}
    for slot in slots:
        if slot.client is not None:
            client = ClientId(slot.client)
            hits[client] = (*hits.get(client, ()), ItemId(slot.session))
    opening, receipt = await reception.look_at_calendar(desk, admitted, hits)
    cards = clinic.views.name_cards
    people = {each for slot in slots for each in (slot.client, slot.therapist) if each}
    names = {
        person: name
        for person in (people if with_names else ())
        if (name := cards.name(person, opening))
    }
    response.headers["Ledger-Position"] = str(receipt.last)
    places = [clinic.views.calendar.where(row, opening) for row in rows]
    return CalendarTold(
        slots=[
            SlotTold(
                session=slot.session,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                therapist=slot.therapist,
                therapist_name=names.get(slot.therapist),
                client=slot.client,
                client_name=names.get(slot.client or ""),
                status=slot.status,
                place=where.place,
                room=where.room,
            )
            for slot, where in zip(slots, places, strict=True)
        ]
    )
