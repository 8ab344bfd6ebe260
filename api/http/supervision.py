"""Supervision: arranged, held; cases marked and brought as packs; advice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse

from api.case_page import digest, page
from api.http import packing
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.on_pack import ChangingPack
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.supervision import (
    AdviceLine,
    AdviceTold,
    CaseMarkTold,
    HandedTold,
    HandingOver,
    HoursTold,
    Issuing,
    LinkTold,
    NewAdvice,
    NewCaseMark,
    NewCasePack,
    NewMeetingAsked,
    NewSupervisionAsked,
    OwnSupervisionTold,
    PackLine,
    PackSection,
    PackTold,
    SupervisionEnding,
    SupervisionMeetingTold,
    SupervisionTold,
)
from domain.case_pack import CasePack
from domain.errors import NotThere, ProjectionBehind, Sealed
from domain.events.case_pack import CasePackHandedOver
from domain.ports import Opening
from domain.use_cases import brought, case_packs, members, on_item, supervision
from domain.values import CaseId, FreeText, ItemId, PractitionerId
from projections.supervision import Found, minutes_by_year
from projections.times import from_ms

router = APIRouter(prefix="/v1", tags=["supervision"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician, supervisor")


@router.post("/supervisions", status_code=201, openapi_extra=_CREATES)
async def arrange_supervision(
    desk: TheDesk, who: Who, asked: NewSupervisionAsked, command: Commanded, response: Response
) -> Written:
    """Arrange supervision with a colleague, or with somebody outside who has no account here."""
    new = asked.value(who.actor.id)
    receipt = await supervision.arrange_supervision(desk, who, new, command=command)
    return written(response, receipt)


@router.post("/supervisions/{supervision_id}/meetings", status_code=201, openapi_extra=_CREATES)
async def hold_supervision(
    desk: TheDesk,
    who: Who,
    supervision_id: PathId,
    asked: NewMeetingAsked,
    command: Commanded,
    response: Response,
) -> Written:
    """Record that supervision was held, and which packs were brought."""
    new = asked.value(who.actor.id)
    receipt = await supervision.hold_supervision(
        desk, who, ItemId(supervision_id), new, command=command
    )
    return written(response, receipt)


@router.post("/supervisions/{supervision_id}:end", openapi_extra=_WRITES)
async def end_supervision(
    desk: TheDesk,
    who: Who,
    supervision_id: PathId,
    asked: SupervisionEnding,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that they meet no longer; issued packs are shut to the supervisor."""
    receipt = await supervision.end_supervision(
        desk, who, ItemId(supervision_id), asked.on, expected=expected, command=command
    )
    return written(response, receipt)


@router.get(
    "/me/supervision",
    dependencies=[CaughtUp],
    openapi_extra=leaves("LIST", audience="clinician"),
)
async def read_own_supervision(
    desk: TheDesk, clinic: TheClinic, who: Who, response: Response
) -> OwnSupervisionTold:
    """One's own supervision: cases to bring, packs, advice, meetings, hours by year."""
    views, reader = clinic.views.supervisions, who.actor.id
    items, opening, receipt = await supervision.look_at_own_supervision(
        desk, who, views.readings(reader)
    )
    response.headers["Ledger-Position"] = str(receipt.last)
    found = views.open(reader, items, opening)
    of_kind = _by_kind(found)
    hours = sorted(minutes_by_year(found).items())
    return OwnSupervisionTold(
        supervisions=[_supervision(each) for each in of_kind.get("supervision", ())],
        queue=[
            CaseMarkTold(
                id=each.id,
                case=each.case,
                question=_left(opening, each.content["words"]),
                marked_at=each.recorded_at,
            )
            for each in of_kind.get("mark", ())
            if not each.content["brought"]
        ],
        packs=[_pack_line(each, reader) for each in of_kind.get("case-pack", ())],
        advice=[
            AdviceLine(
                id=each.id, supervision=each.content["supervision"], recorded_at=each.recorded_at
            )
            for each in of_kind.get("advice", ())
        ],
        meetings=[
            SupervisionMeetingTold(
                id=each.id,
                supervision=each.content["supervision"],
                occurred_at=from_ms(each.content["at"]),
                minutes=each.content["minutes"],
                packs=each.content["packs"],
            )
            for each in of_kind.get("meeting", ())
        ],
        hours=[HoursTold(year=year, minutes=minutes) for year, minutes in hours],
    )


@router.post("/cases/{case_id}/supervision-marks", status_code=201, openapi_extra=_CREATES)
async def mark_case(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewCaseMark,
    command: Commanded,
    response: Response,
) -> Written:
    """Mark a case to be brought, with one's question; nobody else sees it."""
    receipt = await brought.mark_case(
        desk, who, CaseId(case_id), FreeText(asked.question), command=command
    )
    return written(response, receipt)


@router.post("/cases/{case_id}/supervision-marks/{mark_id}:bring", openapi_extra=_WRITES)
async def bring_case(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    mark_id: PathId,
    command: Commanded,
    response: Response,
) -> Written:
    """Record that a marked case was brought."""
    receipt = await brought.bring_case(desk, who, CaseId(case_id), ItemId(mark_id), command=command)
    return written(response, receipt)


@router.post("/cases/{case_id}/supervision-advice", status_code=201, openapi_extra=_CREATES)
async def record_advice(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewAdvice,
    command: Commanded,
    response: Response,
) -> Written:
    """Write down what was advised; one's supervisor here reads it as well, and nobody else."""
    receipt = await brought.record_advice(
        desk,
        who,
        CaseId(case_id),
        ItemId(asked.supervision),
        FreeText(asked.words),
        command=command,
    )
    return written(response, receipt)


@router.get("/supervision-advice/{advice_id}", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_advice(
    desk: TheDesk, clinic: TheClinic, who: Who, advice_id: PathId, response: Response
) -> AdviceTold:
    """What was advised, for its author and for the supervisor who is named."""
    advice, opening, receipt = await brought.look_at_advice(desk, who, ItemId(advice_id))
    found = _one(clinic.views.supervisions.open(who.actor.id, [advice_id], opening))
    response.headers["Ledger-Position"] = str(receipt.last)
    return AdviceTold(
        id=advice_id,
        supervision=found.content["supervision"],
        author=advice.author,
        words=_left(opening, found.content["words"]),
        recorded_at=found.recorded_at,
    )


@router.post(
    "/cases/{case_id}/case-packs",
    status_code=201,
    dependencies=[CaughtUp],
    openapi_extra=_CREATES,
)
async def draft_case_pack(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    asked: NewCasePack,
    command: Commanded,
    response: Response,
) -> Written:
    """Put a pack together, under other names and dates; read it before you confirm it."""
    if done := desk.record.replay(who, command):
        return written(response, done)
    chosen = asked.value()
    admitted, opening, _ = await on_item.look_at_chart(desk, who, CaseId(case_id))
    chance, reader = members.chance(desk), admitted.who.actor.id
    prepared = await asyncio.to_thread(
        packing.prepare, clinic, case_id, chosen, opening, reader, chance
    )
    receipt = await case_packs.draft_case_pack(
        desk, who, CaseId(case_id), prepared, command=command
    )
    return written(response, receipt)


@router.get("/case-packs/{pack_id}", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_case_pack(
    desk: TheDesk, clinic: TheClinic, who: Who, pack_id: PathId, response: Response
) -> PackTold:
    """A pack as it is shown: to its author, or to the supervisor until it expires or is revoked."""
    pack, opening, receipt = await case_packs.look_at_case_pack(desk, who, ItemId(pack_id))
    views, reader = clinic.views.supervisions, who.actor.id
    found = _one(views.open(reader, [pack_id], opening))
    response.headers["Ledger-Position"] = str(receipt.last)
    told = _told(pack, found, opening)
    if pack.author != PractitionerId(reader):
        return told
    response.headers["ETag"] = f'"{found.version}"'
    link = views.link(reader, pack_id, opening)
    return told.model_copy(
        update={
            "case": pack.case,
            "confirmed": pack.confirmed,
            "revoked": pack.revoked,
            "handed": _handed(found),
            "link": None
            if link is None
            else LinkTold(
                offset_days=link.content["offset"], aliases=dict(link.content["aliases"])
            ),
        }
    )


@router.post("/cases/{case_id}/case-packs/{pack_id}:confirm", openapi_extra=_WRITES)
async def confirm_case_pack(on: Annotated[ChangingPack, Depends()]) -> Written:
    """Confirm that one has read the pack and that nobody can be told by it."""
    receipt = await case_packs.confirm_case_pack(
        on.desk, on.who, on.case, on.pack, expected=on.expected, command=on.command
    )
    return written(on.response, receipt)


@router.post("/cases/{case_id}/case-packs/{pack_id}:issue", openapi_extra=_WRITES)
async def issue_case_pack(on: Annotated[ChangingPack, Depends()], asked: Issuing) -> Written:
    """Let the supervisor have the pack, until a moment within ninety days."""
    receipt = await case_packs.issue_case_pack(
        on.desk,
        on.who,
        on.case,
        on.pack,
        asked.expires_at,
        expected=on.expected,
        command=on.command,
    )
    return written(on.response, receipt)


@router.post(
    "/cases/{case_id}/case-packs/{pack_id}:hand-over",
    dependencies=[CaughtUp],
    openapi_extra=_WRITES,
)
async def hand_over_case_pack(
    on: Annotated[ChangingPack, Depends()], clinic: TheClinic, asked: HandingOver
) -> Written:
    """Record that the printed page is given to an outside supervisor; then print it."""
    desk, who = on.desk, on.who
    if done := desk.record.replay(who, on.command):
        return written(on.response, done)
    pack, opening, _ = await case_packs.look_at_case_pack(desk, who, on.pack)
    found = _one(clinic.views.supervisions.open(who.actor.id, [on.pack], opening))
    entry = ItemId(desk.identifiers.new())
    handed = CasePackHandedOver(
        pack=on.pack,
        case=on.case,
        author=pack.author,
        entry=entry,
        recipient=asked.recipient,
        occurred_at=desk.clock.now(),
        page=digest(page(entry, asked.recipient, _words(found, opening))),
    )
    receipt = await case_packs.hand_over_case_pack(
        desk, who, handed, expected=on.expected, command=on.command
    )
    return written(on.response, receipt)


@router.get(
    "/case-packs/{pack_id}/pages/{entry_id}",
    dependencies=[CaughtUp],
    response_class=HTMLResponse,
    openapi_extra=leaves("READ", audience="clinician"),
)
async def print_case_pack(
    desk: TheDesk, clinic: TheClinic, who: Who, pack_id: PathId, entry_id: PathId
) -> HTMLResponse:
    """The page that was handed over, to print; for the pack's author alone."""
    pack, opening, receipt = await case_packs.look_at_case_pack(desk, who, ItemId(pack_id))
    found = _one(clinic.views.supervisions.open(who.actor.id, [pack_id], opening))
    entries = {each.entry: each for each in _handed(found)}
    handed = entries.get(entry_id)
    if handed is None or pack.author != PractitionerId(who.actor.id):
        raise NotThere
    printed = page(entry_id, handed.recipient, _words(found, opening))
    headers = {"Ledger-Position": str(receipt.last), "Cache-Control": "no-store"}
    return HTMLResponse(printed, headers=headers)


@router.post("/cases/{case_id}/case-packs/{pack_id}:revoke", openapi_extra=_WRITES)
async def revoke_case_pack(on: Annotated[ChangingPack, Depends()]) -> Written:
    """Take a pack back; the supervisor's next request is refused."""
    receipt = await case_packs.revoke_case_pack(
        on.desk, on.who, on.case, on.pack, expected=on.expected, command=on.command
    )
    return written(on.response, receipt)


def _by_kind(found: Iterable[Found]) -> dict[str, list[Found]]:
    kinds: dict[str, list[Found]] = {}
    for each in found:
        kinds.setdefault(each.kind, []).append(each)
    return kinds


def _one(found: list[Found]) -> Found:
    """The one thing that was looked at; its row comes a moment after its event."""
    if not found:
        raise ProjectionBehind
    return found[0]


def _supervision(found: Found) -> SupervisionTold:
    names = ("form", "supervisees", "supervisor", "outside", "starts_on", "ended_on")
    said = {name: found.content[name] for name in names}
    return SupervisionTold.model_validate({"id": found.id, "version": found.version, **said})


def _pack_line(found: Found, reader: str) -> PackLine:
    content = found.content
    mine = content["author"] == reader
    return PackLine(
        id=found.id,
        author=content["author"],
        case=found.case if mine else None,
        identified=content["identified"],
        confirmed=content["confirmed"],
        issued=content["expires"] is not None,
        revoked=content["revoked"],
        expires_at=_instant(content["expires"]),
    )


def _told(pack: CasePack, found: Found, opening: Opening) -> PackTold:
    return PackTold(
        id=pack.id,
        author=pack.author,
        identified=pack.identified,
        expires_at=pack.expires_at,
        sections=[
            PackSection(kind=code, text=_left(opening, text.sealed)) for code, text in found.texts()
        ],
    )


def _handed(found: Found) -> list[HandedTold]:
    return [
        HandedTold(entry=entry, recipient=recipient, occurred_at=from_ms(at), page=printed)
        for entry, recipient, at, printed in found.content["handed"]
    ]


def _words(found: Found, opening: Opening) -> list[tuple[str, str]]:
    """The words of a pack, to be printed; one that is gone is not printed in parts."""
    return [(code, opening.words(text)) for code, text in found.texts()]


def _left(opening: Opening, sealed: bytes | None) -> str | None:
    with suppress(Sealed):
        return None if sealed is None else opening.words(FreeText(sealed=sealed))
    return None


def _instant(stored: int | None) -> datetime | None:
    return None if stored is None else from_ms(stored)
