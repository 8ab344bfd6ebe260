"""What happens to a recording or a document: uploaded in chunks, sealed, described.

What the policy reads stands in frames: whose it is, who may see it, until when. What it is about
stands in ``attachment.stored``. The bytes lie in a file beside the record, sealed under the item
key of the title (``docs/formats/attachment.md``): who makes the title unreadable makes them so.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import CLINICAL, FRAME, Class, KeyPurpose, Label
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId


class MediaType(StrEnum):
    """Of which kind the bytes are; what is not here is not taken."""

    PDF = "application/pdf"
    PLAIN = "text/plain"
    JPEG = "image/jpeg"
    PNG = "image/png"
    TIFF = "image/tiff"
    WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    WRITER = "application/vnd.oasis.opendocument.text"
    AUDIO_MPEG = "audio/mpeg"
    AUDIO_MP4 = "audio/mp4"
    AUDIO_OGG = "audio/ogg"
    AUDIO_WAV = "audio/wav"
    AUDIO_FLAC = "audio/flac"
    AUDIO_WEBM = "audio/webm"
    VIDEO_MP4 = "video/mp4"
    VIDEO_WEBM = "video/webm"

    @property
    def is_recording(self) -> bool:
        """Whether somebody is heard or seen in it."""
        return self.value.startswith(("audio/", "video/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentBegun:
    """An upload was begun; under the title's item key lie the bytes as well.

    ``clients`` are those who took part then: of a recording, all of them allow it. A recording has
    its ``viewers`` and the day by which it is destroyed.
    """

    NAME: ClassVar[str] = "attachment.begun"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    attachment: ItemId
    case: CaseId
    author: PractitionerId
    cls: Class
    media_type: MediaType
    size: int
    title: FreeText
    clients: tuple[ClientId, ...]
    lapses_at: datetime
    viewers: tuple[PractitionerId, ...] = ()
    delete_on: date | None = None

    @property
    def words_label(self) -> Label:
        """Under which label's key the words and the bytes are."""
        return Label(KeyPurpose.CLINICAL, self.cls)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentAbandoned:
    """The upload was given up; nothing of it is kept."""

    NAME: ClassVar[str] = "attachment.abandoned"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    attachment: ItemId
    case: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentSealed:
    """Every chunk is there, durably: ``seal`` is the SHA-256 over the sealed file, in hex."""

    NAME: ClassVar[str] = "attachment.sealed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    attachment: ItemId
    case: CaseId
    chunks: int
    seal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentStored:
    """The recording or document belongs to the case from now on.

    ``digest`` is the SHA-256 of the original bytes in hex, ``purpose`` what a recording was made
    for; the ``origin_`` fields those of a document that another provider made (REC-08).
    """

    NAME: ClassVar[str] = "attachment.stored"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    attachment: ItemId
    case: CaseId
    author: PractitionerId
    cls: Class
    media_type: MediaType
    size: int
    title: FreeText
    digest: FreeText
    occurred_at: datetime
    purpose: FreeText | None = None
    origin_organisation: FreeText | None = None
    origin_author: FreeText | None = None
    origin_on: date | None = None
    viewers: tuple[PractitionerId, ...] = ()
    delete_on: date | None = None

    @property
    def words_label(self) -> Label:
        """Under which label's key the words are."""
        return Label(KeyPurpose.CLINICAL, self.cls)


AttachmentEvent = AttachmentBegun | AttachmentAbandoned | AttachmentSealed | AttachmentStored
EVENTS: tuple[type[AttachmentEvent], ...] = (
    AttachmentBegun,
    AttachmentAbandoned,
    AttachmentSealed,
    AttachmentStored,
)
