"""Notes and process notes: what clinicians write."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.naming import Naming, RemovedWords
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.notes import (
    Amendment,
    NewNote,
    NewProcessNote,
    NoteTold,
    ProcessNotesTold,
    ProcessNoteTold,
    Reason,
    Revision,
    Text,
    note_told,
    process_note_told,
)
from domain.errors import ProjectionBehind
from domain.use_cases import notes, process_notes
from domain.values import CaseId, FreeText, NoteId

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["notes"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")


@router.post("/notes", status_code=201, openapi_extra=_CREATES)
async def draft_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewNote,
    command: Commanded,
    response: Response,
) -> Written:
    """Begin a note; until it is signed only its author sees it.

    A session note on a session that was not held is a contact note: ``created`` says what it
    ``became``. Sent again with the same ``Idempotency-Key``, it is the same draft.
    """
    receipt = await notes.draft_note(desk, who, CaseId(case_id), asked.value(), command=command)
    return written(response, receipt)


@router.get("/notes/{note_id}", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_note(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> NoteTold:
    """A note with its words, and with the names of those whom a joint one speaks of."""
    opening, receipt = await notes.look_at_note(desk, who, CaseId(case_id), NoteId(note_id))
    line = clinic.views.case_states.note(case_id, note_id, opening)
    if line is None:
        raise ProjectionBehind
    response.headers["ETag"] = f'"{line.version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    views = clinic.views
    names = Naming(
        views.name_cards, lambda: views.case_states.roster(case_id, opening), opening, removed
    )
    today, provider = clinic.clock.now().date(), desk.settings.provider
    return note_told(line, names, today=today, provider=provider)


@router.put("/notes/{note_id}/draft", openapi_extra=_WRITES)
async def revise_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    asked: Revision,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Replace the words of one's own draft, all of them; an expired one is taken up with it.

    Who has another window open on it is told that it has changed, and loses nothing: her words can
    be joined to it, or begin a draft of their own.
    """
    receipt = await notes.revise_note(
        desk,
        who,
        CaseId(case_id),
        NoteId(note_id),
        asked.value(),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/notes/{note_id}:take-up", openapi_extra=_WRITES)
async def take_up_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Go on with one's own draft that has expired."""
    receipt = await notes.take_up_note(
        desk, who, CaseId(case_id), NoteId(note_id), expected=expected, command=command
    )
    return written(response, receipt)


@router.post("/notes/{note_id}:discard", openapi_extra=_WRITES)
async def discard_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Give one's own draft up; it is shown to nobody any more."""
    receipt = await notes.discard_note(
        desk, who, CaseId(case_id), NoteId(note_id), expected=expected, command=command
    )
    return written(response, receipt)


@router.post("/notes/{note_id}/amendments", status_code=201, openapi_extra=_WRITES)
async def amend_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    asked: Amendment,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Add to a signed note, to all of it or to some sections; what it amends stays, superseded."""
    receipt = await notes.amend_note(
        desk,
        who,
        CaseId(case_id),
        NoteId(note_id),
        asked.value(),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/notes/{note_id}:mark-erroneous", openapi_extra=_WRITES)
async def mark_note_erroneous(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    asked: Reason,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Mark one's own note as one that ought not to stand; it stays, marked."""
    receipt = await notes.mark_note_erroneous(
        desk,
        who,
        CaseId(case_id),
        NoteId(note_id),
        FreeText(asked.reason),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/process-notes", status_code=201, openapi_extra=_CREATES)
async def write_process_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewProcessNote,
    command: Commanded,
    response: Response,
) -> Written:
    """Write down what is the author's alone.

    Nobody else sees that it exists, save the two-person escrow: a subject's access request, a
    court, the author's death or departure.
    """
    receipt = await process_notes.write_process_note(
        desk,
        who,
        CaseId(case_id),
        asked.occurred_at,
        FreeText(asked.text),
        command=command,
        about=asked.about(),
    )
    return written(response, receipt)


@router.post("/process-notes/{note_id}/amendments", status_code=201, openapi_extra=_WRITES)
async def amend_process_note(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    asked: Text,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Add to one's own process note."""
    receipt = await process_notes.amend_process_note(
        desk,
        who,
        CaseId(case_id),
        NoteId(note_id),
        FreeText(asked.text),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.get("/process-notes", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_process_notes(
    desk: TheDesk, clinic: TheClinic, who: Who, case_id: PathId
) -> ProcessNotesTold:
    """The reader's own process notes on a case; nobody else's are there."""
    opening, _ = await process_notes.look_at_own_process_notes(desk, who, CaseId(case_id))
    lines = clinic.views.process_notes.of(who.actor.id, case_id, opening)
    return ProcessNotesTold(
        case=case_id, notes=[process_note_told(each, opening) for each in lines]
    )


@router.get("/process-notes/{note_id}", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_process_note(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    note_id: PathId,
    response: Response,
) -> ProcessNoteTold:
    """One of the reader's own process notes."""
    opening, receipt = await process_notes.look_at_process_note(
        desk, who, CaseId(case_id), NoteId(note_id)
    )
    line = clinic.views.process_notes.one(who.actor.id, case_id, note_id, opening)
    if line is None:
        raise ProjectionBehind
    response.headers["ETag"] = f'"{line.version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    return process_note_told(line, opening)
