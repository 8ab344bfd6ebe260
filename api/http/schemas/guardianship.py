"""Who speaks for a minor, and what a court has taken from one of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from api.http.schemas.common import Asked, Line, Told, Words, example
from domain import guardianship
from domain.errors import NotThere, Sealed
from domain.events.guardianship import (
    ClientRepresentativeLimited,
    LimitGround,
    Matter,
)
from domain.guardianship import stage_on
from domain.ports import Opening
from domain.values import FreeText, ItemId, PractitionerId
from projections.name_cards import Card
from projections.representatives import Limit, Representative


class NewRightsLimit(Asked):
    """What one representative may not do: from when, perhaps until when, by whose decision."""

    model_config = example(
        ground="court-order",
        forbids=["consent", "contact"],
        since="2026-10-01",
        decided_on="2026-09-24",
        court="Sąd Rejonowy, III Wydział Rodzinny",
        words="Contact is suspended until the next hearing.",
    )

    ground: LimitGround
    forbids: Annotated[list[Matter], Field(min_length=1, max_length=len(Matter))]
    since: date
    until: date | None = None
    decided_on: date | None = None
    court: Line | None = None
    words: Words | None = None

    def event(
        self, limit: ItemId, representative: ItemId, author: PractitionerId
    ) -> ClientRepresentativeLimited:
        """The event that records it."""
        return ClientRepresentativeLimited(
            limit=limit,
            representative=representative,
            author=author,
            ground=self.ground,
            forbids=tuple(self.forbids),
            since=self.since,
            until=self.until,
            decided_on=self.decided_on,
            court=self.court,
            words=None if self.words is None else FreeText(self.words),
        )


class LimitEnding(Asked):
    """The last day on which a limit holds."""

    model_config = example(on="2027-01-31")

    on: date


class RightsLimitTold(Told):
    """A limit; ``holds`` says whether it does on the day that was asked about."""

    id: str
    ground: str
    forbids: list[str]
    since: date
    until: date | None
    decided_on: date | None
    court: str | None
    words: str | None
    holds: bool


class GuardianTold(Told):
    """Somebody who speaks for the client: in what she may on that day, and what limits her."""

    id: str
    authority: str
    name: str
    may: list[str]
    limits: list[RightsLimitTold]


class GuardianshipTold(Told):
    """Who speaks for a client on a day.

    ``stage`` is ``child``, ``own-voice`` (from sixteen) or ``adult`` (from eighteen); ``own_voice``
    says whether she consents herself. Where ``nobody`` is true nobody can consent for her, and the
    guardianship court is to be asked.
    """

    client: str
    version: int
    on: date
    stage: str
    own_voice: bool
    nobody: bool
    representatives: list[GuardianTold]


def guardianship_told(card: Card, day: date, opening: Opening) -> GuardianshipTold:
    """The answer for a client on a day."""
    known = card.guardianship
    voices = guardianship.voices(known, day)
    return GuardianshipTold(
        client=card.person,
        version=card.version,
        on=day,
        stage=stage_on(known, day).name.lower().replace("_", "-"),
        own_voice=voices.own,
        nobody=voices.nobody,
        representatives=[
            GuardianTold(
                id=each.id,
                authority=each.authority,
                name=_name(each),
                may=[
                    matter.value
                    for matter in Matter
                    if guardianship.may(known, ItemId(each.id), matter, day)
                ],
                limits=[_limit_told(limit, day, opening) for limit in each.limits],
            )
            for each in card.representatives
        ],
    )


def _name(representative: Representative) -> str:
    return f"{representative.given_name} {representative.family_name}"


def _limit_told(limit: Limit, day: date, opening: Opening) -> RightsLimitTold:
    since = date.fromisoformat(limit.since)
    until = None if limit.until is None else date.fromisoformat(limit.until)
    return RightsLimitTold(
        id=limit.id,
        ground=limit.ground,
        forbids=list(limit.forbids),
        since=since,
        until=until,
        decided_on=None if limit.decided_on is None else date.fromisoformat(limit.decided_on),
        court=limit.court,
        words=_words(limit.words, opening),
        holds=since <= day and (until is None or day <= until),
    )


def _words(words: FreeText | None, opening: Opening) -> str | None:
    """The words; ``None`` where they were made unreadable."""
    try:
        return None if words is None else opening.words(words)
    except (Sealed, NotThere):
        return None
