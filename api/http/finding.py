"""Searches. What is sought comes in a body: an address stands in logs and histories."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp
from api.http.errors import Problem
from api.http.naming import Naming, RemovedWords
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.finding import (
    NoteFound,
    PeopleFound,
    PersonFound,
    PersonSought,
    WordsFound,
    WordsSought,
)
from domain.extracts import extracts
from domain.use_cases import finding
from domain.values import CaseId, FreeText
from projections.case_lines import NoteLine
from projections.process_notes import ProcessNoteLine

router = APIRouter(prefix="/v1", tags=["finding"], route_class=RecordedRoute)
_SPENT: dict[int | str, dict[str, Any]] = {
    429: {"model": Problem, "description": "No more people can be looked up today."}
}


@router.post(
    "/searches/clients",
    dependencies=[CaughtUp],
    responses=_SPENT,
    openapi_extra=leaves("SEARCH", audience="front desk, clinician"),
)
async def find_clients(
    desk: TheDesk, clinic: TheClinic, who: Who, asked: PersonSought, response: Response
) -> PeopleFound:
    """Find a client by an identifier or, among one's own, by a name.

    The front desk finds anybody by an identifier; a clinician finds those whom she cares for, and
    of others hears what she hears of nobody. An identifier can be looked up twenty times a day.
    """
    await asyncio.to_thread(clinic.finder.prepare)
    caseload = [CaseId(each.case) for each in clinic.views.caseload.of(who.actor.id)]
    sought = asked.identifier()
    if sought is not None:
        found = await finding.find_by_identifier(desk, who, *sought, caseload=caseload)
    else:
        found = await finding.find_by_name(desk, who, asked.name or "", caseload=caseload)
    cards = [clinic.views.name_cards.of(each, found.opening) for each in found.clients]
    response.headers["Ledger-Position"] = str(found.receipt.last)
    return PeopleFound(
        clients=[PersonFound(client=each.person, name=each.name) for each in cards if each]
    )


@router.post(
    "/cases/{case_id}/searches",
    dependencies=[CaughtUp],
    openapi_extra=leaves("SEARCH", audience="clinician"),
)
async def find_words(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    asked: WordsSought,
    response: Response,
    removed: RemovedWords,
) -> WordsFound:
    """Find words in the notes of one case, one's own drafts and process notes among them.

    The notes are opened and read for it; nothing is kept by which they could be searched again.
    """
    opening, receipt = await finding.look_for_words(desk, who, CaseId(case_id), asked.words)
    state = clinic.views.case_states.of(case_id, opening)
    own = clinic.views.process_notes.of(who.actor.id, case_id, opening)
    lines = [*(_readable(state.notes, who.actor.id) if state else ()), *own]
    names = Naming(
        clinic.views.name_cards, lambda: state.roster() if state else None, opening, removed
    )
    # Opening some hundred notes takes a while, in which others want to be served.
    found = await asyncio.to_thread(_scan, lines, asked.words, names)
    response.headers["Ledger-Position"] = str(receipt.last)
    return WordsFound(case=case_id, notes=found)


def _readable(notes: tuple[NoteLine, ...], reader: str) -> list[NoteLine]:
    """What is signed, and what the reader knows before it is the team's: her own drafts."""
    return [each for each in notes if each.readable_by(reader)]


def _scan(lines: list[NoteLine | ProcessNoteLine], words: str, names: Naming) -> list[NoteFound]:
    found = []
    for line in lines:
        kind = "note" if isinstance(line, NoteLine) else "process-note"
        pieces = [
            # One that is gone is no words; the others can still be searched.
            piece
            for text in _texts(line)
            for piece in extracts(names.words_left(text) or "", words)
        ]
        if pieces:
            found.append(NoteFound(note=line.id, kind=kind, extracts=pieces))
    return found


def _texts(line: NoteLine | ProcessNoteLine) -> list[FreeText]:
    """The texts that a reader of the note is shown; a draft's earlier words are not among them."""
    if isinstance(line, ProcessNoteLine):
        return list(line.texts)
    return list(line.every_text())
