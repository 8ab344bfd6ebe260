"""What couples and families agree on; who they are to each other; marks on items of a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.http.naming import Naming
from api.http.schemas.common import Asked, Id, Instant, Told, Words, example
from api.http.schemas.joint import MOST_MEMBERS, Alias
from domain.events.joint import Overlay, PartInSystem, SecrecyPolicy
from domain.guardianship import Voices
from domain.secrecy import not_yet
from domain.use_cases.agreements import NewMark as DomainMark, Terms as DomainTerms, Word
from domain.values import FreeText, ItemId
from projections.chart.agreements import MarkLine, ReleaseLine, SecrecyLine, Terms


class SecrecyTerms(Asked):
    """What is agreed on about what one participant tells the therapist alone."""

    model_config = example(
        policy="no-secrets",
        agreed_by=["p7", "p41"],
        occurred_at="2026-11-23T09:00:00Z",
        words="What one tells alone may be brought into the common sessions.",
    )

    policy: SecrecyPolicy
    agreed_by: Annotated[list[Alias], Field(min_length=1, max_length=MOST_MEMBERS)]
    occurred_at: Instant
    words: Words | None = None

    def value(self) -> DomainTerms:
        """The domain's terms."""
        words = None if self.words is None else FreeText(self.words)
        return DomainTerms(self.policy, tuple(self.agreed_by), self.occurred_at, words)


class ParticipantRole(Asked):
    """What somebody is to the others."""

    model_config = example(part="mother")

    part: PartInSystem
    words: Words | None = None


class NewRelease(Asked):
    """What is to go outside, and to whom; it needs everybody's consent."""

    model_config = example(
        recipient="The school's psychologist.", content="A summary of the family sessions."
    )

    recipient: Words
    content: Words


class ReleaseWord(Asked):
    """Whose consent it is; a representative's for her where she does not speak herself."""

    model_config = example(alias="p7", occurred_at="2026-11-23T09:00:00Z")

    alias: Alias
    occurred_at: Instant
    representative: Id | None = None

    def value(self) -> Word:
        """The domain's word."""
        who = None if self.representative is None else ItemId(self.representative)
        return Word(self.alias, self.occurred_at, who)


class NewMark(Asked):
    """A mark on an item of the case, and why."""

    model_config = example(
        item="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708",
        kind="minor-confidential",
        words="She asked that her parents are not told.",
    )

    item: Id
    kind: Overlay
    words: Words
    alias: Alias | None = None

    def value(self) -> DomainMark:
        """The domain's mark."""
        return DomainMark(ItemId(self.item), self.kind, FreeText(self.words), self.alias)


class TermsTold(Told):
    """What was agreed on, who agreed, and when."""

    by: str
    policy: str
    agreed_by: list[str]
    occurred_at: datetime
    words: str | None


class SecrecyTold(Told):
    """An agreement about secrets: the newest terms stand; ``not_yet`` has not agreed to them."""

    id: str
    version: int
    terms: list[TermsTold]
    not_yet: list[str]


class SecrecyAgreementsTold(Told):
    """The agreements of a case about secrets."""

    case: str
    agreements: list[SecrecyTold]


class ParticipantTold(Told):
    """Somebody who takes or took part: what she is to the others, and what she has agreed to.

    ``age`` is ``child``, ``own-voice`` or ``adult``; ``therapy_allowed`` whether the consents that
    today's law asks for are there; of somebody erased nobody can say anything.
    """

    client: str
    alias: str | None
    name: str | None
    removed: bool
    part: str | None
    words: str | None
    joined_at: datetime
    left_at: datetime | None
    age: str | None
    agreed_on_secrecy: bool
    therapy_allowed: bool | None


class ParticipantsTold(Told):
    """Everybody who takes or took part."""

    case: str
    participants: list[ParticipantTold]


class MissingTold(Told):
    """Whose consent is missing for whom: her own, and that of these representatives.

    Where both are empty nobody can speak for her, and nothing that concerns her can go out.
    """

    alias: str
    own: bool
    representatives: list[str]


class SaidTold(Told):
    """A consent, or one taken back."""

    alias: str
    representative: str | None
    consents: bool
    occurred_at: datetime


class ReleaseTold(Told):
    """A release that was asked for; it may be given when nobody's consent is missing."""

    id: str
    version: int
    by: str
    at: datetime
    recipient: str | None
    content: str | None
    said: list[SaidTold]
    missing: list[MissingTold]
    allowed: bool


class ReleasesTold(Told):
    """The releases of a case that were asked for."""

    case: str
    releases: list[ReleaseTold]


class MarkTold(Told):
    """A mark on an item; one that was lifted says by whom and why."""

    id: str
    version: int
    item: str
    kind: str
    alias: str | None
    by: str
    at: datetime
    words: str | None
    lifted_by: str | None
    lifted: str | None


class MarksTold(Told):
    """The marks on items of a case."""

    case: str
    marks: list[MarkTold]


class MarkLifting(Asked):
    """Why a mark stands no longer."""

    model_config = example(words="She has turned eighteen.")

    words: Words


def secrecy_told(line: SecrecyLine, participants: Iterable[str], naming: Naming) -> SecrecyTold:
    """The answer for an agreement about secrets."""
    return SecrecyTold(
        id=line.id,
        version=line.version,
        terms=[_terms_told(each, naming) for each in line.terms],
        not_yet=list(not_yet(line.terms[-1].agreed_by, participants)),
    )


def release_told(line: ReleaseLine, missing: Mapping[str, Voices], naming: Naming) -> ReleaseTold:
    """The answer for a release."""
    return ReleaseTold(
        id=line.id,
        version=line.version,
        by=line.by,
        at=line.at,
        recipient=naming.words_left(line.recipient),
        content=naming.words_left(line.content),
        said=[SaidTold.model_validate(each) for each in line.said],
        missing=[
            MissingTold(alias=alias, own=left.own, representatives=list(left.representatives))
            for alias, left in missing.items()
        ],
        allowed=not missing,
    )


def mark_told(line: MarkLine, naming: Naming) -> MarkTold:
    """The answer for a mark."""
    return MarkTold(
        id=line.id,
        version=line.version,
        item=line.item,
        kind=line.mark,
        alias=line.alias,
        by=line.by,
        at=line.at,
        words=naming.words_left(line.words),
        lifted_by=line.lifted_by,
        lifted=naming.words_left(line.lifted),
    )


def _terms_told(terms: Terms, naming: Naming) -> TermsTold:
    return TermsTold(
        by=terms.by,
        policy=terms.policy,
        agreed_by=list(terms.agreed_by),
        occurred_at=terms.occurred_at,
        words=naming.words_left(terms.words),
    )
