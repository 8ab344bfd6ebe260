# ruff: noqa: FAST003 - the ids of a path are read by the dependency that a route shares
"""With others: referrals, consultations, medicines as told, co-treaters, conferences."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.conditions import CaughtUp, Written
from api.http.on_chart import all_told
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.shared_care import (
    Acceptance,
    Answer,
    ChangedPharmacotherapy,
    ConferenceTold,
    ConsultationTold,
    CoTreaterTold,
    CoTreaterUnlinking,
    Decline,
    EndedPharmacotherapy,
    NewConference,
    NewConsultation,
    NewCoTreater,
    NewPharmacotherapy,
    NewReferral,
    PharmacotherapyTold,
    ReferralsTold,
    ReferralTold,
    ReferralWithdrawal,
    SharedCareTold,
)
from api.http.work import Begun, Look, Next
from projections.chart.queries import ChartItem

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["shared care"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")


@router.post("/referrals", status_code=201, openapi_extra=_CREATES)
async def make_referral(on: Begun, asked: NewReferral) -> Written:
    """Record that the client was referred to somebody; nothing is released by it."""
    return await on.enter("referral", asked)


@router.post("/referrals/{item_id}:accept", openapi_extra=_WRITES)
async def accept_referral(on: Next, asked: Acceptance) -> Written:
    """Record that they took the client on."""
    return await on.go_on("referral", asked)


@router.post("/referrals/{item_id}:decline", openapi_extra=_WRITES)
async def decline_referral(on: Next, asked: Decline) -> Written:
    """Record that they did not take the client on."""
    return await on.go_on("referral", asked)


@router.post("/referrals/{item_id}:answer", openapi_extra=_WRITES)
async def answer_referral(on: Next, asked: Answer) -> Written:
    """Record what came back."""
    return await on.go_on("referral", asked)


@router.post("/referrals/{item_id}:withdraw", openapi_extra=_WRITES)
async def withdraw_referral(on: Next, asked: ReferralWithdrawal) -> Written:
    """Record that a referral is needed no longer."""
    return await on.go_on("referral", asked)


@router.get(
    "/referrals",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=_READS,
)
async def read_referrals(on: Look) -> ReferralsTold:
    """The referrals of a case, with what became of each."""
    items, naming = await on.look("referral")
    return ReferralsTold(referrals=all_told(ReferralTold, items, naming))


@router.post("/consultations", status_code=201, openapi_extra=_CREATES)
async def record_consultation(on: Begun, asked: NewConsultation) -> Written:
    """Record that somebody of another profession or school was asked."""
    return await on.enter("consultation", asked)


@router.post("/conferences", status_code=201, openapi_extra=_CREATES)
async def record_conference(on: Begun, asked: NewConference) -> Written:
    """Record a conference on this case; one on several is recorded in each, for itself."""
    return await on.enter("conference", asked)


@router.post("/pharmacotherapy", status_code=201, openapi_extra=_CREATES)
async def note_pharmacotherapy(on: Begun, asked: NewPharmacotherapy) -> Written:
    """Note a medicine for information, as it was told; nothing is prescribed here."""
    return await on.enter("pharmacotherapy", asked)


@router.post("/pharmacotherapy/{item_id}:change", openapi_extra=_WRITES)
async def change_pharmacotherapy(on: Next, asked: ChangedPharmacotherapy) -> Written:
    """Note that it is taken otherwise."""
    return await on.go_on("pharmacotherapy", asked)


@router.post("/pharmacotherapy/{item_id}:end", openapi_extra=_WRITES)
async def end_pharmacotherapy(on: Next, asked: EndedPharmacotherapy) -> Written:
    """Note that it is taken no longer."""
    return await on.go_on("pharmacotherapy", asked)


@router.post("/co-treaters", status_code=201, openapi_extra=_CREATES)
async def link_co_treater(on: Begun, asked: NewCoTreater) -> Written:
    """Record who else treats the client."""
    return await on.enter("co_treater", asked)


@router.post("/co-treaters/{item_id}:unlink", openapi_extra=_WRITES)
async def unlink_co_treater(on: Next, asked: CoTreaterUnlinking) -> Written:
    """Record that that treatment is over."""
    return await on.go_on("co_treater", asked)


@router.get(
    "/shared-care",
    dependencies=[CaughtUp],
    response_model_exclude_none=True,
    openapi_extra=_READS,
)
async def read_shared_care(on: Look) -> SharedCareTold:
    """Who else treats the client and with what, and what was spoken of with them."""
    items, naming = await on.look("co_treater", "pharmacotherapy", "consultation", "conference")

    def of(kind: str) -> list[ChartItem]:
        return [each for each in items if each.kind == kind]

    return SharedCareTold(
        co_treaters=all_told(CoTreaterTold, of("co_treater"), naming),
        pharmacotherapy=all_told(PharmacotherapyTold, of("pharmacotherapy"), naming),
        consultations=all_told(ConsultationTold, of("consultation"), naming),
        conferences=all_told(ConferenceTold, of("conference"), naming),
    )
