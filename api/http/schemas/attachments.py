"""Shapes of recordings and documents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.http.naming import Naming
from api.http.schemas.common import Asked, Id, Instant, Line, Told, Words, example
from domain.attachment import (
    CHUNK,
    MOST_VIEWERS,
    Attachment,
    Description as DomainDescription,
    NewAttachment as DomainNew,
    Origin as DomainOrigin,
)
from domain.confidentiality import Class
from domain.events.attachment import MediaType
from domain.values import FreeText, PractitionerId
from projections.chart.attachment import AttachmentLine

DocumentClass = Literal["clinical", "third-party", "legal"]
_CLASSES: dict[DocumentClass, Class] = {
    "clinical": Class.CLINICAL,
    "third-party": Class.THIRD_PARTY,
    "legal": Class.LEGAL,
}
_NAMES = {int(each): name for name, each in _CLASSES.items()}
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class NewAttachment(Asked):
    """What is about to be uploaded.

    Of a recording, ``viewers`` who may see or hear it beside its author, and ``delete_on``: the day
    by which it is destroyed, within ninety days, which is also where nobody says less.
    """

    model_config = example(
        media_type="application/pdf",
        size=184320,
        title="A letter from the previous clinic",
        confidentiality="third-party",
    )

    media_type: MediaType
    size: Annotated[int, Field(ge=1, le=1 << 40)]
    title: Line
    confidentiality: DocumentClass = "clinical"
    viewers: Annotated[list[Id], Field(max_length=MOST_VIEWERS, default_factory=list)]
    delete_on: date | None = None

    def value(self) -> DomainNew:
        """The domain's new attachment."""
        return DomainNew(
            media_type=self.media_type,
            size=self.size,
            title=FreeText(self.title),
            cls=_CLASSES[self.confidentiality],
            viewers=tuple(map(PractitionerId, self.viewers)),
            delete_on=self.delete_on,
        )


class Origin(Asked):
    """From where a document came: the other provider, who wrote it there, and when."""

    organisation: Line
    on: date
    author: Line | None = None

    def value(self) -> DomainOrigin:
        """The domain's origin."""
        author = None if self.author is None else FreeText(self.author)
        return DomainOrigin(FreeText(self.organisation), self.on, author)


class Description(Asked):
    """What was uploaded: the SHA-256 of all of it, when it came about; of a recording, what for."""

    model_config = example(
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        occurred_at="2026-02-20T12:00:00Z",
        origin={"organisation": "Another clinic", "on": "2026-02-20", "author": "Dr. Nobody"},
    )

    sha256: Digest
    occurred_at: Instant
    purpose: Words | None = None
    origin: Origin | None = None

    def value(self) -> DomainDescription:
        """The domain's description."""
        return DomainDescription(
            digest=self.sha256,
            occurred_at=self.occurred_at,
            purpose=None if self.purpose is None else FreeText(self.purpose),
            origin=None if self.origin is None else self.origin.value(),
        )


class UploadTold(Told):
    """How far an upload is: each chunk but the last has ``chunk_size`` bytes.

    ``missing`` are the numbers of chunks still to come, the first hundred of them.
    """

    chunk_size: int
    chunks: int
    missing: list[int]
    missing_count: int
    lapses_at: datetime


_MOST_MISSING = 100


def upload_told(state: Attachment, missing: tuple[int, ...]) -> UploadTold:
    """The answer for an upload."""
    return UploadTold(
        chunk_size=CHUNK,
        chunks=state.chunks,
        missing=list(missing[:_MOST_MISSING]),
        missing_count=len(missing),
        lapses_at=state.lapses_at,
    )


class AttachmentTold(Told):
    """A recording or a document. One that waits to be destroyed shows no words any more."""

    id: str
    version: int
    kind: Literal["document", "recording"]
    confidentiality: str
    media_type: str
    size: int
    author: str
    occurred_at: datetime
    recorded_at: datetime
    closed: bool
    title: str | None
    sha256: str | None
    purpose: str | None
    organisation: str | None
    written_by: str | None
    written_on: date | None
    viewers: list[str]
    delete_on: date | None


class AttachmentsTold(Told):
    """What is attached to a case, as far as it is for the reader."""

    case: str
    attachments: list[AttachmentTold]


def attachment_told(line: AttachmentLine, names: Naming, *, closed: bool = False) -> AttachmentTold:
    """The answer for one attachment."""

    def words(text: FreeText | None) -> str | None:
        return None if closed or text is None else names.words_left(text)

    recording = line.cls == Class.RECORDING
    return AttachmentTold(
        id=line.id,
        version=line.version,
        kind="recording" if recording else "document",
        confidentiality="recording" if recording else _NAMES[line.cls],
        media_type=line.media_type,
        size=line.size,
        author=line.author,
        occurred_at=line.occurred_at,
        recorded_at=line.recorded_at,
        closed=closed,
        title=words(line.title),
        sha256=words(line.digest),
        purpose=words(line.purpose),
        organisation=words(line.organisation),
        written_by=words(line.written_by),
        written_on=line.written_on,
        viewers=list(line.viewers),
        delete_on=line.delete_on,
    )
