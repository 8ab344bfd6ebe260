"""Agreements in the chart of a joint case: secrets, roles, releases; and marks on items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.events.joint import (
    OverlayLifted,
    OverlaySet,
    ParticipantRoleRecorded,
    ReleaseConsented,
    ReleaseConsentWithdrawn,
    ReleaseProposed,
    SecrecyAgreed,
    SecrecyRevised,
)
from domain.ports import Recorded
from domain.release import Given
from domain.rows import Content
from domain.values import FreeText, ItemId
from projections.chart.rows import begin, change
from projections.projection import Rows
from projections.times import from_ms, to_ms

if TYPE_CHECKING:
    from projections.chart.queries import ChartItem

SECRECY, ROLE, RELEASE, MARK = "secrecy", "participant-role", "release", "mark"


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed on at a time."""

    by: str
    policy: str
    agreed_by: tuple[str, ...]
    occurred_at: datetime
    words: FreeText | None


@dataclass(frozen=True, slots=True)
class SecrecyLine:
    """An agreement about what one tells alone; the newest terms stand."""

    id: str
    version: int
    terms: tuple[Terms, ...]


@dataclass(frozen=True, slots=True)
class RoleLine:
    """What somebody is to the others."""

    alias: str
    part: str
    by: str
    at: datetime
    words: FreeText | None


@dataclass(frozen=True, slots=True)
class Said:
    """A consent to a release, or its withdrawal."""

    alias: str
    representative: str | None
    consents: bool
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A release that was asked for; every word on it in the order of recording."""

    id: str
    version: int
    by: str
    at: datetime
    recipient: FreeText
    content: FreeText
    said: tuple[Said, ...]

    @property
    def given(self) -> frozenset[Given]:
        """The consents that stand."""
        newest = {(each.alias, each.representative): each.consents for each in self.said}
        return frozenset(
            (alias, None if who is None else ItemId(who))
            for (alias, who), consents in newest.items()
            if consents
        )


@dataclass(frozen=True, slots=True)
class MarkLine:
    """A mark on an item of the case; ``lifted`` is why it stands no longer."""

    id: str
    version: int
    item: str
    mark: str
    alias: str | None
    by: str
    at: datetime
    words: FreeText | None
    lifted_by: str | None
    lifted: FreeText | None


# What events change


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let an event change the row of an agreement, a role, a release or a mark."""
    match recorded.event:
        case SecrecyAgreed() as event:
            content: Content = {"terms": [_terms(event)]}
            begin(recorded, rows, event.case, event.secrecy, SECRECY, content)
        case SecrecyRevised() as event:
            terms = _terms(event)
            change(
                recorded,
                rows,
                event.case,
                event.secrecy,
                lambda found: found["terms"].append(terms),
            )
        case ParticipantRoleRecorded() as event:
            content = {
                "alias": event.alias,
                "part": event.part.value,
                "words": _sealed(event.words),
            }
            begin(recorded, rows, event.case, event.role, ROLE, content)
        case ReleaseProposed() as event:
            content = {
                "recipient": event.recipient.sealed,
                "content": event.content.sealed,
                "said": [],
            }
            begin(recorded, rows, event.case, event.release, RELEASE, content)
        case ReleaseConsented() | ReleaseConsentWithdrawn() as event:
            consents = isinstance(event, ReleaseConsented)
            said = [event.alias, event.representative, consents, to_ms(event.occurred_at)]
            change(
                recorded, rows, event.case, event.release, lambda found: found["said"].append(said)
            )
        case OverlaySet() as event:
            content = {
                "item": event.item,
                "mark": event.kind.value,
                "alias": event.alias,
                "words": event.words.sealed,
                "lifted": None,
            }
            begin(recorded, rows, event.case, event.overlay, MARK, content)
        case OverlayLifted() as event:
            lifted = [event.author, event.words.sealed]
            change(
                recorded, rows, event.case, event.overlay, lambda found: found.update(lifted=lifted)
            )
        case _:
            pass


def _terms(event: SecrecyAgreed | SecrecyRevised) -> list[Any]:
    when = to_ms(event.occurred_at)
    return [event.author, event.policy.value, list(event.agreed_by), when, _sealed(event.words)]


def _sealed(words: FreeText | None) -> bytes | None:
    return None if words is None else words.sealed


# What rows say


def secrecy_line(item: ChartItem) -> SecrecyLine:
    """The agreement that an item is."""
    terms = tuple(
        Terms(by, policy, tuple(agreed_by), from_ms(at), _closed(words))
        for by, policy, agreed_by, at, words in item.content["terms"]
    )
    return SecrecyLine(item.id, item.version, terms)


def roles(items: Iterable[ChartItem]) -> dict[str, RoleLine]:
    """What each is to the others, by alias; of items in the order of recording the newest."""
    return {
        each.content["alias"]: RoleLine(
            each.content["alias"],
            each.content["part"],
            each.by,
            each.recorded_at,
            _closed(each.content["words"]),
        )
        for each in items
    }


def release_line(item: ChartItem) -> ReleaseLine:
    """The release that an item is."""
    content = item.content
    return ReleaseLine(
        id=item.id,
        version=item.version,
        by=item.by,
        at=item.recorded_at,
        recipient=FreeText(sealed=content["recipient"]),
        content=FreeText(sealed=content["content"]),
        said=tuple(
            Said(alias, who, bool(consents), from_ms(at))
            for alias, who, consents, at in content["said"]
        ),
    )


def mark_line(item: ChartItem) -> MarkLine:
    """The mark that an item is."""
    content = item.content
    lifted_by, lifted = content["lifted"] or (None, None)
    return MarkLine(
        id=item.id,
        version=item.version,
        item=content["item"],
        mark=content["mark"],
        alias=content["alias"],
        by=item.by,
        at=item.recorded_at,
        words=_closed(content["words"]),
        lifted_by=lifted_by,
        lifted=_closed(lifted),
    )


def _closed(sealed: bytes | None) -> FreeText | None:
    return None if sealed is None else FreeText(sealed=sealed)
