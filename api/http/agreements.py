"""Couples and families: secrets, who is who, releases with everybody's consent; marks on items."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from fastapi import APIRouter, Response

from api.compose import Clinic
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.groups import naming
from api.http.naming import RemovedWords
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.agreements import (
    MarkLifting,
    MarksTold,
    NewMark,
    NewRelease,
    ParticipantRole,
    ParticipantsTold,
    ParticipantTold,
    ReleasesTold,
    ReleaseWord,
    SecrecyAgreementsTold,
    SecrecyTerms,
    mark_told,
    release_told,
    secrecy_told,
)
from api.http.schemas.common import PathId
from api.http.schemas.joint import PathAlias
from domain import consent as consent_file, guardianship, release as release_file
from domain.errors import Sealed
from domain.events.consent import Scope
from domain.guardianship import Voices
from domain.local_time import local_day
from domain.ports import Opening
from domain.use_cases import agreements, on_item
from domain.use_cases.desk import Desk
from domain.values import CaseId, ClientId, FreeText, ItemId
from projections.chart.agreements import (
    MARK,
    RELEASE,
    ROLE,
    SECRECY,
    RoleLine,
    mark_line,
    release_line,
    roles,
    secrecy_line,
)
from projections.joint import Member
from projections.name_cards import Card

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["joint cases"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")
_NOBODY_KNOWS = Voices(own=True, representatives=())
"""Of somebody who was erased nobody can consent: her own word stays missing."""


@router.post("/secrecy-agreements", status_code=201, openapi_extra=_CREATES)
async def agree_on_secrecy(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: SecrecyTerms,
    command: Commanded,
    response: Response,
) -> Written:
    """Record what a couple or family agreed on about what one of them tells alone."""
    receipt = await agreements.agree_on_secrecy(
        desk, who, CaseId(case_id), asked.value(), command=command
    )
    return written(response, receipt)


@router.post("/secrecy-agreements/{secrecy_id}:revise", openapi_extra=_WRITES)
async def revise_secrecy(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    secrecy_id: PathId,
    asked: SecrecyTerms,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record what they agree on from now on, or that somebody more agreed."""
    receipt = await agreements.revise_secrecy(
        desk,
        who,
        CaseId(case_id),
        ItemId(secrecy_id),
        asked.value(),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.get("/secrecy-agreements", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_secrecy(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> SecrecyAgreementsTold:
    """What a couple or family has agreed on, who agreed and who has not yet."""
    _, opening, receipt = await on_item.look_at_chart(desk, who, CaseId(case_id))
    now_in = [
        each.alias
        for each in _members(clinic, case_id, opening)
        if each.left_at is None and each.alias is not None
    ]
    names = naming(clinic, case_id, opening, removed)
    response.headers["Ledger-Position"] = str(receipt.last)
    return SecrecyAgreementsTold(
        case=case_id,
        agreements=[
            secrecy_told(secrecy_line(each), now_in, names)
            for each in clinic.views.chart.items(case_id, opening, SECRECY)
        ],
    )


@router.put("/participants/{alias}/role", openapi_extra=_WRITES)
async def record_role(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    alias: PathAlias,
    asked: ParticipantRole,
    command: Commanded,
    response: Response,
) -> Written:
    """Record what somebody is to the others; it is hers, and goes with her key."""
    receipt = await agreements.record_role(
        desk,
        who,
        CaseId(case_id),
        alias,
        asked.part,
        None if asked.words is None else FreeText(asked.words),
        command=command,
    )
    return written(response, receipt)


@router.get("/participants", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_participants(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> ParticipantsTold:
    """Who takes part, as whom, since when, and what each of them has agreed to."""
    _, opening, receipt = await on_item.look_at_chart(desk, who, CaseId(case_id))
    chart = clinic.views.chart
    agreed = [secrecy_line(each) for each in chart.items(case_id, opening, SECRECY)]
    agreed_by = agreed[-1].terms[-1].agreed_by if agreed else ()
    known = roles(chart.items(case_id, opening, ROLE))
    names, today = naming(clinic, case_id, opening, removed), local_day(clinic.clock.now())
    response.headers["Ledger-Position"] = str(receipt.last)
    told = []
    for each in _members(clinic, case_id, opening):
        role: RoleLine | None = known.get(each.alias or "")
        card = _card(clinic, each, opening)
        told.append(
            ParticipantTold(
                **names.member(each).model_dump(),
                part=None if role is None else role.part,
                words=None if role is None else names.words_left(role.words),
                age=None if card is None else _age(card, today),
                agreed_on_secrecy=each.alias in agreed_by,
                therapy_allowed=None if card is None else _allowed(desk, card, today),
            )
        )
    return ParticipantsTold(case=case_id, participants=told)


@router.post("/releases", status_code=201, openapi_extra=_CREATES)
async def propose_release(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewRelease,
    command: Commanded,
    response: Response,
) -> Written:
    """Ask for the consent of everybody whom the content of a joint case concerns; nothing goes."""
    wish = (FreeText(asked.recipient), FreeText(asked.content))
    receipt = await agreements.propose_release(desk, who, CaseId(case_id), wish, command=command)
    return written(response, receipt)


@router.post("/releases/{release_id}:consent", openapi_extra=_WRITES)
async def consent_to_release(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    release_id: PathId,
    asked: ReleaseWord,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record the consent of one whose word counts on that day."""
    receipt = await agreements.consent_to_release(
        desk,
        who,
        CaseId(case_id),
        ItemId(release_id),
        asked.value(),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/releases/{release_id}:withdraw-consent", openapi_extra=_WRITES)
async def withdraw_release_consent(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    release_id: PathId,
    asked: ReleaseWord,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that a consent to a release was taken back."""
    receipt = await agreements.withdraw_consent_to_release(
        desk,
        who,
        CaseId(case_id),
        ItemId(release_id),
        asked.value(),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.get("/releases", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_releases(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> ReleasesTold:
    """Which releases were asked for, and whose consent is missing as the law stands today."""
    _, opening, receipt = await on_item.look_at_chart(desk, who, CaseId(case_id))
    today = local_day(clinic.clock.now())
    needed: dict[str, Voices] = {}
    for each in _members(clinic, case_id, opening):
        card = _card(clinic, each, opening)
        if card is None or each.alias is None:
            needed[each.alias or "removed"] = _NOBODY_KNOWS
        else:
            needed[each.alias] = guardianship.voices(card.guardianship, today)
    names = naming(clinic, case_id, opening, removed)
    response.headers["Ledger-Position"] = str(receipt.last)
    lines = [release_line(each) for each in clinic.views.chart.items(case_id, opening, RELEASE)]
    return ReleasesTold(
        case=case_id,
        releases=[
            release_told(each, release_file.missing(each.given, needed), names) for each in lines
        ],
    )


@router.post("/marks", status_code=201, openapi_extra=_CREATES)
async def mark_item(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewMark,
    command: Commanded,
    response: Response,
) -> Written:
    """Mark an item of a case: not to a guardian without review, or not where a partner reads."""
    receipt = await agreements.mark_item(desk, who, CaseId(case_id), asked.value(), command=command)
    return written(response, receipt)


@router.post("/marks/{mark_id}:lift", openapi_extra=_WRITES)
async def lift_mark(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    mark_id: PathId,
    asked: MarkLifting,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Take a mark away from an item, and say why."""
    receipt = await agreements.lift_mark(
        desk,
        who,
        CaseId(case_id),
        ItemId(mark_id),
        FreeText(asked.words),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.get("/marks", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_marks(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> MarksTold:
    """The marks on items of a case, those that were lifted among them."""
    _, opening, receipt = await on_item.look_at_chart(desk, who, CaseId(case_id))
    names = naming(clinic, case_id, opening, removed)
    response.headers["Ledger-Position"] = str(receipt.last)
    found = clinic.views.chart.items(case_id, opening, MARK)
    return MarksTold(case=case_id, marks=[mark_told(mark_line(each), names) for each in found])


def _members(clinic: Clinic, case_id: str, opening: Opening) -> tuple[Member, ...]:
    """Everybody's newest time in the case; who came back stands once."""
    roster = clinic.views.case_states.roster(case_id, opening)
    members = () if roster is None else roster.members
    return tuple({each.client: each for each in members}.values())


def _card(clinic: Clinic, member: Member, opening: Opening) -> Card | None:
    """Somebody's card; ``None`` where it is gone."""
    with suppress(Sealed):
        return clinic.views.name_cards.of(member.client, opening)
    return None


def _age(card: Card, today: date) -> str:
    return guardianship.stage_on(card.guardianship, today).name.lower().replace("_", "-")


def _allowed(desk: Desk, card: Card, today: date) -> bool | None:
    """Whether the consents to therapy that the law asks for today are there."""
    frame, _ = desk.client(ClientId(card.person))
    if frame is None:
        return None
    consents, _ = desk.record.frame(frame.consent_stream, consent_file.fold)
    return consent_file.verdict(consents, Scope.THERAPY, card.guardianship, today).allowed
