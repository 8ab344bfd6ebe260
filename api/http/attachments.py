"""Recordings and documents: begun, uploaded in chunks, stored, looked at, read.

A chunk is a megabyte at most and is sealed before it touches a disk; what is read is opened chunk
by chunk. Nothing larger is ever in memory, whatever the size of the whole.
"""

# ruff: noqa: FAST003 - ``its`` takes the attachment's id from the path

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.responses import StreamingResponse

from api.compose import Clinic
from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.naming import Naming, RemovedWords
from api.http.recorded import NOTHING, RecordedRoute, leaves
from api.http.schemas.attachments import (
    AttachmentsTold,
    AttachmentTold,
    Description,
    NewAttachment,
    UploadTold,
    attachment_told,
    upload_told,
)
from api.http.schemas.common import PathId
from domain.attachment import CHUNK
from domain.errors import ProjectionBehind
from domain.ports import Attachments, Opening
from domain.use_cases import attachments
from domain.use_cases.desk import Desk
from domain.values import CaseId, Circumstances, ItemId
from projections.chart.attachment import line, lines

router = APIRouter(
    prefix="/v1/cases/{case_id}/attachments", tags=["attachments"], route_class=RecordedRoute
)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")
_SHOWS_NOTHING = leaves(NOTHING, audience="clinician")
_OCTETS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_RANGE = re.compile(r"bytes=([0-9]{1,15})-")
Number = Annotated[int, Path(ge=1, le=1 << 30, examples=[1])]


@dataclass(frozen=True, slots=True)
class OnAttachment:
    """A request that is about one attachment of a case."""

    desk: Desk
    clinic: Clinic
    who: Circumstances
    case: CaseId
    attachment: ItemId

    @property
    def files(self) -> Attachments:
        """Where the bytes are."""
        return self.clinic.attachments


async def on_attachment(
    desk: TheDesk, clinic: TheClinic, who: Who, case_id: PathId, attachment_id: PathId
) -> OnAttachment:
    """Who asks about which attachment."""
    return OnAttachment(desk, clinic, who, CaseId(case_id), ItemId(attachment_id))


Its = Annotated[OnAttachment, Depends(on_attachment)]


@router.post("", status_code=201, openapi_extra=_CREATES)
async def begin_attachment(
    desk: TheDesk,
    who: Who,
    case_id: PathId,
    asked: NewAttachment,
    command: Commanded,
    response: Response,
) -> Written:
    """Begin an upload: what is too large, or may not be recorded, is refused before its first byte.

    It has a day to be finished. Send it in chunks of 1048576 bytes, numbered from 1, the last one
    shorter, in any order; then store it.
    """
    receipt = await attachments.begin_attachment(
        desk, who, CaseId(case_id), asked.value(), command=command
    )
    return written(response, receipt)


@router.get("/{attachment_id}/upload", openapi_extra=_SHOWS_NOTHING)
async def read_upload(its: Its) -> UploadTold:
    """How far one's own upload is, to go on with what is missing."""
    state, missing = await attachments.missing_chunks(
        its.desk, its.files, its.who, its.case, its.attachment
    )
    return upload_told(state, missing)


@router.put(
    "/{attachment_id}/chunks/{number}",
    status_code=204,
    openapi_extra={**_SHOWS_NOTHING, "requestBody": {"content": _OCTETS, "required": True}},
)
async def put_chunk(
    its: Its,
    number: Number,
    request: Request,
    content_digest: Annotated[
        str | None, Header(description="``sha-256=:…:`` of the body (RFC 9530).")
    ] = None,
) -> None:
    """Send one chunk of one's own upload; the same again changes nothing.

    It leaves no event of its own: the upload's begin is one, and so is its storing.
    """
    # ``Limits`` has seen to it that this is one chunk at most.
    data = await request.body()
    found = _DIGEST.fullmatch(content_digest or "")
    chunk = (number, data, base64.b64decode(found[1]) if found else b"")
    await attachments.put_chunk(its.desk, its.files, its.who, its.case, its.attachment, chunk)


@router.post("/{attachment_id}:store", openapi_extra=_WRITES)
async def store_attachment(
    its: Its,
    asked: Description,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Take a finished upload into the case, once all of it is there and has the digest told."""
    receipt = await attachments.store_attachment(
        its.desk,
        its.files,
        its.who,
        its.case,
        its.attachment,
        asked.value(),
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.post("/{attachment_id}:abandon", openapi_extra=_WRITES)
async def abandon_attachment(
    its: Its,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Give one's own upload up; nothing of it is kept."""
    receipt = await attachments.abandon_attachment(
        its.desk,
        its.files,
        its.who,
        its.case,
        its.attachment,
        expected=expected,
        command=command,
    )
    return written(response, receipt)


@router.get("", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_attachments(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    case_id: PathId,
    response: Response,
    removed: RemovedWords,
) -> AttachmentsTold:
    """What is attached to a case; a recording is there for those alone for whom it is."""
    _, opening, receipt = await attachments.look_at_attachments(desk, who, CaseId(case_id))
    response.headers["Ledger-Position"] = str(receipt.last)
    names = _naming(clinic, case_id, opening, removed)
    found = []
    for each in lines(clinic.views.chart.items(case_id, opening)):
        shown, closed = attachments.shown_to(desk, who, ItemId(each.id))
        if shown:
            found.append(attachment_told(each, names, closed=closed))
    return AttachmentsTold(case=case_id, attachments=found)


@router.get("/{attachment_id}", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_attachment(
    its: Its,
    response: Response,
    removed: RemovedWords,
) -> AttachmentTold:
    """One attachment, without its bytes."""
    _, opening, receipt = await attachments.look_at_attachment(
        its.desk, its.who, its.case, its.attachment
    )
    response.headers["Ledger-Position"] = str(receipt.last)
    item = its.clinic.views.chart.item(its.case, its.attachment, opening)
    if item is None:
        raise ProjectionBehind
    response.headers["ETag"] = f'"{item.version}"'
    return attachment_told(line(item), _naming(its.clinic, its.case, opening, removed))


@router.get(
    "/{attachment_id}/content",
    response_model=None,
    responses={200: {"content": _OCTETS}, 206: {"content": _OCTETS}},
    openapi_extra=_READS,
)
async def read_content(
    its: Its,
    range: Annotated[  # noqa: A002 - the header's name
        str | None, Header(description="``bytes=n-`` goes on where a transfer was cut off.")
    ] = None,
) -> StreamingResponse:
    """The bytes, each chunk verified before it leaves.

    The look is recorded before the first one. A file that is not what was sealed ends the transfer
    before its stated length, and is an incident.
    """
    state, opening, receipt = await attachments.look_at_attachment(
        its.desk, its.who, its.case, its.attachment
    )
    begin = _begin(range, state.size)
    chunks = attachments.read_bytes(its.files, state, opening, begin // CHUNK + 1)
    # The first chunk before the answer: what is missing or broken altogether is refused in words.
    first = (await anext(chunks))[begin % CHUNK :]
    headers = {
        "Content-Length": str(state.size - begin),
        "Content-Disposition": "attachment",
        "Accept-Ranges": "bytes",
        "Ledger-Position": str(receipt.last),
    }
    if begin:
        headers["Content-Range"] = f"bytes {begin}-{state.size - 1}/{state.size}"
    return StreamingResponse(
        _from(first, chunks),
        status_code=206 if begin else 200,
        media_type=state.media_type.value,
        headers=headers,
    )


async def _from(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for each in chunks:
        yield each


def _begin(asked: str | None, size: int) -> int:
    """From which byte on; a range of another form is none, as HTTP allows."""
    found = _RANGE.fullmatch(asked or "")
    begin = int(found[1]) if found else 0
    return begin if begin < size else 0


def _naming(clinic: TheClinic, case_id: str, opening: Opening, removed: str) -> Naming:
    views = clinic.views
    return Naming(
        views.name_cards, lambda: views.case_states.roster(case_id, opening), opening, removed
    )
