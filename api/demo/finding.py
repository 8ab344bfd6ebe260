"""Finding a client by her telephone number: who may, who hears nothing, and that it is recorded."""

from __future__ import annotations

import asyncio

from rich.console import Console

from api.demo import show
from api.demo.looks import Play
from domain.identifying import Identifier
from domain.use_cases import finding
from domain.values import CaseId


async def look_up(play: Play, console: Console, client: str, phone: str) -> None:
    """The front desk finds a client by her number; a therapist who does not treat her does not."""
    show.line(console, "\n4 · Who is calling? A search by telephone number, recorded as any other")
    for by in ("zuzanna", "agnieszka"):
        names = await _found(play, by, phone)
        told = ", ".join(names) or "nobody: she is not one of her clients"
        show.line(console, f"{play.people[by].name} looks up {phone} and finds {told}.")
    if await _found(play, "zuzanna", phone) != [play.people[client].name]:
        msg = "The demonstration expected to find its client."
        raise AssertionError(msg)


async def _found(play: Play, by: str, phone: str) -> list[str]:
    clinic = play.clinic
    await play.reach(clinic.last_position())
    await asyncio.to_thread(clinic.finder.prepare)
    who = play.who(by)
    caseload = [CaseId(each.case) for each in clinic.views.caseload.of(who.actor.id)]
    found = await finding.find_by_identifier(
        play.desk, who, Identifier.PHONE, phone, caseload=caseload
    )
    play.counted("search", found.receipt)
    cards = [clinic.views.name_cards.of(each, found.opening) for each in found.clients]
    return [each.name for each in cards if each]
