"""Attachments in the chart: what each is, for whom, from where; its bytes lie elsewhere.

An upload that is under way stands nowhere; what is stored has a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from domain.events.attachment import AttachmentStored
from domain.ports import Recorded
from domain.rows import Content
from domain.values import FreeText
from projections.chart.rows import begin
from projections.projection import Rows

if TYPE_CHECKING:
    from projections.chart.queries import ChartItem

KIND = "attachment"


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let one event put an attachment into the chart."""
    event = recorded.event
    if isinstance(event, AttachmentStored):
        begin(recorded, rows, event.case, event.attachment, KIND, _content(event))


def _content(event: AttachmentStored) -> Content:
    return {
        "author": event.author,
        "class": int(event.cls),
        "media": event.media_type.value,
        "size": event.size,
        "title": event.title.sealed,
        "digest": event.digest.sealed,
        "purpose": event.purpose and event.purpose.sealed,
        "organisation": event.origin_organisation and event.origin_organisation.sealed,
        "written_by": event.origin_author and event.origin_author.sealed,
        "written_on": event.origin_on and event.origin_on.isoformat(),
        "viewers": list(event.viewers),
        "delete_on": event.delete_on and event.delete_on.isoformat(),
    }


@dataclass(frozen=True, slots=True)
class AttachmentLine:
    """One attachment; words still closed."""

    id: str
    version: int
    author: str
    recorded_at: datetime
    occurred_at: datetime
    cls: int
    media_type: str
    size: int
    title: FreeText
    digest: FreeText
    purpose: FreeText | None
    organisation: FreeText | None
    written_by: FreeText | None
    written_on: date | None
    viewers: tuple[str, ...]
    delete_on: date | None


def lines(items: Iterable[ChartItem]) -> list[AttachmentLine]:
    """The attachments of a case, in the order in which they were stored."""
    return [line(each) for each in items if each.kind == KIND]


def line(item: ChartItem) -> AttachmentLine:
    """One attachment of a case."""
    found = item.content
    return AttachmentLine(
        id=item.id,
        version=item.version,
        author=found["author"],
        recorded_at=item.recorded_at,
        occurred_at=item.occurred_at,
        cls=found["class"],
        media_type=found["media"],
        size=found["size"],
        title=FreeText(sealed=found["title"]),
        digest=FreeText(sealed=found["digest"]),
        purpose=_text(found["purpose"]),
        organisation=_text(found["organisation"]),
        written_by=_text(found["written_by"]),
        written_on=_day(found["written_on"]),
        viewers=tuple(found["viewers"]),
        delete_on=_day(found["delete_on"]),
    )


def _text(sealed: bytes | None) -> FreeText | None:
    return None if sealed is None else FreeText(sealed=sealed)


def _day(told: str | None) -> date | None:
    return None if told is None else date.fromisoformat(told)
