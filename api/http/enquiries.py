"""Before a case: enquiries, consultations, qualification, the waiting list."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.compose import Clinic
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Written, written
from api.http.gone import missing
from api.http.on_enquiry import Changing
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.enquiries import (
    Assignment,
    Consultation,
    EnquiriesTold,
    EnquiryAnswer,
    EnquiryDecline,
    EnquiryTold,
    NewEnquiry,
    Offer,
    Open,
    Qualification,
    TakingUp,
    WaitingAsked,
    enquiry_told,
    heading_told,
)
from api.http.schemas.note_forms import free_text
from domain import enquiry as enquiry_file
from domain.enquiry import Enquiry
from domain.errors import Sealed
from domain.events.enquiry import (
    EnquiryConsultationHeld,
    EnquiryDeclined,
    EnquiryEvent,
    EnquiryOfferDeclined,
    EnquiryPlaceOffered,
    EnquiryQualified,
    EnquiryWaitlisted,
    EnquiryWithdrawn,
)
from domain.ports import Opening
from domain.use_cases import enquiries
from domain.use_cases.desk import Desk
from domain.values import CaseId, Circumstances, FreeText, ItemId, PractitionerId
from projections.enquiries import EnquiryLine, waiting_list

router = APIRouter(prefix="/v1", tags=["before a case"], route_class=RecordedRoute)
item = APIRouter(
    prefix="/v1/enquiries/{enquiry_id}", tags=["before a case"], route_class=RecordedRoute
)
_BOTH = "front desk, clinician"
_WRITES = leaves("AMEND", audience="clinician")
_LISTS = leaves("LIST", audience="clinician")

Change = Annotated[Changing, Depends()]


@router.post("/enquiries", status_code=201, openapi_extra=leaves("CREATE", audience=_BOTH))
async def receive_enquiry(
    desk: TheDesk, who: Who, asked: NewEnquiry, command: Commanded, response: Response
) -> Written:
    """Write down what somebody asks for, and whose it is: from then on hers alone to read."""
    receipt = await enquiries.receive_enquiry(desk, who, asked.value(), command=command)
    return written(response, receipt)


@router.get("/enquiries", dependencies=[CaughtUp], openapi_extra=_LISTS)
async def read_enquiries(
    desk: TheDesk, clinic: TheClinic, who: Who, response: Response
) -> EnquiriesTold:
    """The reader's own open enquiries, those that came first first."""
    lines, opening = await _own(desk, clinic, who, response)
    return _told(clinic, who, lines, opening)


@router.get("/waiting-list", dependencies=[CaughtUp], openapi_extra=_LISTS)
async def read_waiting_list(
    desk: TheDesk, clinic: TheClinic, who: Who, response: Response
) -> EnquiriesTold:
    """Who of the reader's own enquiries waits for a place: the most urgent first, then by time."""
    lines, opening = await _own(desk, clinic, who, response)
    return _told(clinic, who, waiting_list(lines), opening)


@router.get(
    "/enquiries/{enquiry_id}",
    dependencies=[CaughtUp],
    openapi_extra=leaves("READ", audience="clinician"),
)
async def read_enquiry(
    desk: TheDesk, clinic: TheClinic, who: Who, enquiry_id: PathId, response: Response
) -> EnquiryTold:
    """An enquiry: for its intake person until it ends, then for the care team of its case."""
    frame, opening, receipt = await enquiries.look_at_enquiry(desk, who, ItemId(enquiry_id))
    line = clinic.views.enquiries.one(enquiry_id, opening)
    if line is None:
        raise missing(clinic, (frame.client,))
    response.headers["ETag"] = f'"{line.version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    name = clinic.views.name_cards.name(frame.client, opening)
    return enquiry_told(line, name, _opener(opening))


@item.post(":assign", openapi_extra=leaves("AMEND", audience=_BOTH))
async def assign_enquiry(change: Change, asked: Assignment) -> Written:
    """Hand an enquiry on to another clinician; nothing that was said in it is opened for that."""
    receipt = await enquiries.assign_enquiry(
        change.desk,
        change.who,
        change.enquiry,
        PractitionerId(asked.practitioner),
        expected=change.expected,
        command=change.command,
    )
    return written(change.response, receipt)


@item.post("/consultations", status_code=201, openapi_extra=_WRITES)
async def hold_consultation(change: Change, asked: Consultation) -> Written:
    """Write down one of one to three consultations before it is decided."""
    enquiries.must_have_been(change.desk, asked.occurred_at)

    def decide(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        held = EnquiryConsultationHeld(
            enquiry=state.id,
            entry=entry,
            author=author,
            occurred_at=asked.occurred_at,
            words=FreeText(asked.words),
        )
        return enquiry_file.hold_consultation(state, held)

    return await change.go_on(decide)


@item.post(":qualify", openapi_extra=_WRITES)
async def qualify_enquiry(change: Change, asked: Qualification) -> Written:
    """Decide that a therapy may begin, in which form and with whom, and why."""

    def decide(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        qualified = EnquiryQualified(
            enquiry=state.id,
            entry=entry,
            author=author,
            format=asked.format,
            reason=FreeText(asked.reason),
            school=asked.school,
            therapist=enquiries.named_therapist(change.desk, asked.therapist),
            group=enquiries.named_group(change.desk, asked.group),
        )
        return enquiry_file.qualify(state, qualified)

    return await change.go_on(decide)


@item.post(":decline", openapi_extra=_WRITES)
async def decline_enquiry(change: Change, asked: EnquiryDecline) -> Written:
    """Decide that no therapy begins here, and why; with that the reader's reading ends."""

    def decide(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        declined = EnquiryDeclined(
            enquiry=state.id,
            entry=entry,
            author=author,
            because=asked.because,
            reason=FreeText(asked.reason),
        )
        return enquiry_file.decline(state, declined)

    return await change.go_on(decide)


@item.post(":waitlist", openapi_extra=_WRITES)
async def waitlist_enquiry(change: Change, asked: WaitingAsked) -> Written:
    """Put somebody on the waiting list, or change for what she waits and how urgently."""

    def decide(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        listed = EnquiryWaitlisted(
            enquiry=state.id,
            entry=entry,
            author=author,
            priority=asked.priority,
            words=FreeText(asked.words),
            format=asked.format,
        )
        return enquiry_file.wait(state, listed)

    return await change.go_on(decide)


@item.post(":offer", openapi_extra=_WRITES)
async def offer_place(change: Change, asked: Offer) -> Written:
    """Offer a place to somebody who waits."""

    def decide(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        offered = EnquiryPlaceOffered(
            enquiry=state.id, entry=entry, author=author, words=FreeText(asked.words)
        )
        return enquiry_file.offer(state, offered)

    return await change.go_on(decide)


@item.post(":decline-offer", openapi_extra=_WRITES)
async def decline_offer(change: Change, asked: EnquiryAnswer) -> Written:
    """Write down that a place was not taken; she waits on where she was."""

    def decide(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        declined = EnquiryOfferDeclined(
            enquiry=state.id, entry=entry, author=author, words=free_text(asked.words)
        )
        return enquiry_file.decline_offer(state, declined)

    return await change.go_on(decide)


@item.post(":withdraw", openapi_extra=_WRITES)
async def withdraw_enquiry(change: Change, asked: EnquiryAnswer) -> Written:
    """Write down that the person asks for help here no longer."""

    def decide(state: Enquiry, author: PractitionerId, entry: ItemId) -> tuple[EnquiryEvent, ...]:
        withdrawn = EnquiryWithdrawn(
            enquiry=state.id, entry=entry, author=author, reason=free_text(asked.words)
        )
        return enquiry_file.withdraw(state, withdrawn)

    return await change.go_on(decide)


@item.post(":take-up", openapi_extra=_WRITES)
async def take_up_enquiry(change: Change, asked: TakingUp) -> Written:
    """Let an enquiry end in a case that the person has joined, a group's for instance.

    Whoever opens a case for her needs no such command: it is in that one.
    """
    receipt = await enquiries.take_up_enquiry(
        change.desk,
        change.who,
        change.enquiry,
        CaseId(asked.case),
        expected=change.expected,
        command=change.command,
    )
    return written(change.response, receipt)


async def _own(
    desk: Desk, clinic: Clinic, who: Circumstances, response: Response
) -> tuple[list[EnquiryLine], Opening]:
    admitted = await enquiries.admit_to_enquiries(desk, who)
    listed = (ItemId(each) for each in clinic.views.enquiries.of(who.actor.id))
    found = enquiries.own_enquiries(desk, admitted, listed)
    opening, receipt = await enquiries.look_at_enquiries(desk, admitted, found)
    response.headers["Ledger-Position"] = str(receipt.last)
    return clinic.views.enquiries.lines(found, opening), opening


def _told(
    clinic: Clinic, who: Circumstances, lines: list[EnquiryLine], opening: Opening
) -> EnquiriesTold:
    opened, names = _opener(opening), clinic.views.name_cards
    return EnquiriesTold(
        practitioner=who.actor.id,
        enquiries=[heading_told(each, names.name(each.client, opening), opened) for each in lines],
    )


def _opener(opening: Opening) -> Open:
    """How words are opened; what has been made unreadable is left out."""

    def opened(text: FreeText | None) -> str | None:
        with suppress(Sealed):
            return None if text is None else opening.words(text)
        return None

    return opened
