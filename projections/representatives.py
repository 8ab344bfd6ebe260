"""Who speaks for a client, and what limits her: how her card holds it, and what the card says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.events.client import (
    Authority,
    ClientRepresentativeAdded,
    ClientRepresentativeEnded,
)
from domain.events.guardianship import (
    ClientRepresentativeLimited,
    ClientRepresentativeLimitEnded,
    Matter,
)
from domain.guardianship import Guardianship, Limit as DomainLimit
from domain.rows import Content
from domain.values import FreeText, ItemId

Spoken = (
    ClientRepresentativeAdded
    | ClientRepresentativeEnded
    | ClientRepresentativeLimited
    | ClientRepresentativeLimitEnded
)


@dataclass(frozen=True, slots=True)
class Limit:
    """What a representative may not do, and when; its words stay closed."""

    id: str
    ground: str
    forbids: tuple[str, ...]
    since: str
    until: str | None
    decided_on: str | None
    court: str | None
    words: FreeText | None


@dataclass(frozen=True, slots=True)
class Representative:
    """Somebody who speaks for the client."""

    id: str
    authority: str
    given_name: str
    family_name: str
    phone: str | None
    address: tuple[str, str, str, str] | None
    limits: tuple[Limit, ...] = ()


# What events change


def speaking(content: Content, event: Spoken) -> Content:
    """What a card says of representatives after an event."""
    known, limits = content.get("representatives", []), content.get("limits", [])
    match event:
        case ClientRepresentativeAdded():
            where = event.address
            stored = where and [where.street, where.postal_code, where.city, where.country]
            name = [event.given_name, event.family_name]
            spoken = [event.representative, event.authority.value, *name, event.phone, stored]
            return {"representatives": [*known, spoken]}
        case ClientRepresentativeEnded():
            left = [each for each in known if each[0] != event.representative]
            return {"representatives": left}
        case ClientRepresentativeLimited() | ClientRepresentativeLimitEnded():
            return {"limits": _limits(limits, event)}


def _limits(
    stored: list[Any], event: ClientRepresentativeLimited | ClientRepresentativeLimitEnded
) -> list[Any]:
    """The limits with a new one, or with the last day of one."""
    if isinstance(event, ClientRepresentativeLimitEnded):
        last = event.on.isoformat()
        return [[*each[:5], last, *each[6:]] if each[0] == event.limit else each for each in stored]
    limited = [
        event.limit,
        event.representative,
        event.ground.value,
        [each.value for each in event.forbids],
        event.since.isoformat(),
        event.until and event.until.isoformat(),
        event.decided_on and event.decided_on.isoformat(),
        event.court,
        event.words and event.words.sealed,
    ]
    return [*stored, limited]


# What a card says


def representatives(content: Content) -> tuple[Representative, ...]:
    """Everybody who speaks for the client, each with what limits her."""
    limits = content.get("limits", ())
    return tuple(
        Representative(
            person,
            authority,
            given,
            family,
            phone,
            address(where),
            tuple(_limit(each) for each in limits if each[1] == person),
        )
        for person, authority, given, family, phone, where in content.get("representatives", ())
    )


def guardianship_of(birth: str | None, speaking_: tuple[Representative, ...]) -> Guardianship:
    """Who speaks for somebody, as far as her card says it."""
    return Guardianship(
        None if birth is None else date.fromisoformat(birth),
        tuple((ItemId(each.id), Authority(each.authority)) for each in speaking_),
        tuple(
            DomainLimit(
                ItemId(limit.id),
                ItemId(each.id),
                tuple(Matter(matter) for matter in limit.forbids),
                date.fromisoformat(limit.since),
                None if limit.until is None else date.fromisoformat(limit.until),
            )
            for each in speaking_
            for limit in each.limits
        ),
    )


def address(stored: list[str] | None) -> tuple[str, str, str, str] | None:
    """A stored address."""
    return None if stored is None else (stored[0], stored[1], stored[2], stored[3])


def _limit(stored: list[Any]) -> Limit:
    limit, _, ground, forbids, since, until, decided_on, court, words = stored
    return Limit(
        id=limit,
        ground=ground,
        forbids=tuple(forbids),
        since=since,
        until=until,
        decided_on=decided_on,
        court=court,
        words=None if words is None else FreeText(sealed=words),
    )
