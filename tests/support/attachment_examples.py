"""One example of each event of an attachment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from domain.confidentiality import Class
from domain.events import Event
from domain.events.attachment import (
    AttachmentAbandoned,
    AttachmentBegun,
    AttachmentSealed,
    AttachmentStored,
    MediaType,
)
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ITEM, CASE, ANNA = ItemId("7" * 32), CaseId("c" * 32), PractitionerId("a" * 32)
TITLE = FreeText(sealed=b"a closed title")

EXAMPLES: tuple[Event, ...] = (
    AttachmentBegun(
        attachment=ITEM,
        case=CASE,
        author=ANNA,
        cls=Class.RECORDING,
        media_type=MediaType.AUDIO_OGG,
        size=5,
        title=TITLE,
        clients=(ClientId("d" * 32),),
        lapses_at=NOW + timedelta(days=1),
        viewers=(ANNA,),
        delete_on=date(2026, 5, 31),
    ),
    AttachmentAbandoned(attachment=ITEM, case=CASE),
    AttachmentSealed(attachment=ITEM, case=CASE, chunks=1, seal="5" * 64),
    AttachmentStored(
        attachment=ITEM,
        case=CASE,
        author=ANNA,
        cls=Class.RECORDING,
        media_type=MediaType.AUDIO_OGG,
        size=5,
        title=TITLE,
        digest=FreeText("f" * 64),
        occurred_at=NOW,
        purpose=FreeText("Supervision"),
        viewers=(ANNA,),
        delete_on=date(2026, 5, 31),
    ),
)
