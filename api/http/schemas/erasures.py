"""Erasures, holds, and notes that were misfiled."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.http.schemas.common import Asked, Id, Told, example
from domain.client import Client
from domain.erasure import Erasure
from domain.events.client import HoldGround
from domain.events.erasure import ErasureGround, ErasureScope, HandOver
from domain.use_cases import erasures
from domain.values import CaseId, ClientId, ItemId
from projections.erasures import ErasureLine

SignatureLine = Annotated[
    str,
    StringConstraints(min_length=10, max_length=500, pattern=r"^\u2014 [^\x00-\x1f\x7f-\x9f]+$"),
]
Year = Annotated[int, Field(ge=2000, le=2200)]
_FIRST, _LAST = date(1900, 1, 1), date(2200, 1, 1)
Day = Annotated[date, Field(ge=_FIRST, le=_LAST)]


class NewErasure(Asked):
    """What is to become unreadable for good, and by what right.

    ``injury_death_on``, the day of a death by bodily injury or poisoning, lengthens retention; it
    is weighed and not kept.
    """

    model_config = example(
        scope="item",
        ground="art-51",
        case="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708",
        item="0d9e8a4c61b0d2f3a4c5e6f7085f2c7b",
    )

    scope: ErasureScope
    ground: ErasureGround
    client: Id | None = None
    case: Id | None = None
    item: Id | None = None
    text_version: Annotated[int | None, Field(ge=1, le=2**31)] = None
    year: Year | None = None
    hand_over: HandOver | None = None
    injury_death_on: Day | None = None

    def value(self) -> erasures.NewErasure:
        """The domain's words for it."""
        return erasures.NewErasure(
            scope=self.scope,
            ground=self.ground,
            client=None if self.client is None else ClientId(self.client),
            case=None if self.case is None else CaseId(self.case),
            item=None if self.item is None else ItemId(self.item),
            text_version=self.text_version,
            year=self.year,
            hand_over=self.hand_over,
            injury_death_on=self.injury_death_on,
        )


class Approval(Asked):
    """A custodian's signature: one line of a signed note, over the statement as it is now."""

    model_config = example(
        signature=(
            "\N{EM DASH} clinic.example/custodian-1 "
            "p1zQ2mJtYnl0ZXMgdGhhdCBhcmUgYSBzaWduYXR1cmUgb3ZlciB0aGUgc3RhdGVtZW50IHdpdGggYSBrZXkg"
            "aWQu"
        )
    )

    signature: SignatureLine


class BelongsTo(Asked):
    """The case to which a misfiled note belongs."""

    model_config = example(belongs_to="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708")

    belongs_to: Id


class NewHold(Asked):
    """Why a record must be kept, and when somebody asks whether it still must."""

    model_config = example(ground="court", review_on="2027-06-01")

    ground: HoldGround
    review_on: Day


class ApprovalTold(Told):
    """Who approved, with the number of her key."""

    custodian: str
    number: int


class RefusalTold(Told):
    """Why it stays, and until when; without a day where nobody can tell."""

    ground: str
    until: date | None


class ErasureTold(Told):
    """A request for erasure, and what came of it; when it is completed, the tombstone."""

    erasure: str
    version: int
    scope: str
    ground: str
    status: str
    requester: str
    clients: list[str]
    case: str | None
    item: str | None
    text_version: int | None
    author: str | None
    year: int | None
    hand_over: str | None
    approvals: list[ApprovalTold]
    refusal: RefusalTold | None
    destroyed_at: datetime | None
    position: int | None
    keys: int | None
    items: int | None
    final_by: date | None


class ErasureLineTold(Told):
    """A request in the list."""

    erasure: str
    scope: str
    status: str
    requester: str
    clients: list[str]
    requested_at: datetime
    settled_at: datetime | None


class ErasuresTold(Told):
    """The requests, the newest first."""

    erasures: list[ErasureLineTold]


class StatementTold(Told):
    """What a custodian signs, whole lines; it changes when something else would be destroyed."""

    erasure: str
    version: int
    statement: str


class ProtocolTold(Told):
    """The destruction record in Polish and in English, to print and hand over."""

    erasure: str
    pl: str
    en: str


class ReaderTold(Told):
    """Somebody who had a misfiled note in hands."""

    actor: str
    actor_name: str | None
    role: str | None
    kind: str
    recorded_at: datetime


class ReadersTold(Told):
    """Who read a misfiled note, or wrote to it, while it stood with the wrong client."""

    erasure: str
    note: str
    readers: list[ReaderTold]


class HoldTold(Told):
    """A hold that stands."""

    hold: str
    ground: str
    setter: str
    review_on: date


class HoldsTold(Told):
    """The holds on a client's record."""

    client: str
    version: int
    holds: list[HoldTold]


def erasure_told(state: Erasure, version: int) -> ErasureTold:
    """The answer for a request."""
    target, gone = state.target, state.destroyed
    return ErasureTold(
        erasure=state.id,
        version=version,
        scope=state.scope.value,
        ground=state.ground.value,
        status=state.status.name.lower(),
        requester=state.requester,
        clients=list(target.clients),
        case=target.case,
        item=target.item,
        text_version=target.text_version,
        author=target.author,
        year=target.year,
        hand_over=state.hand_over and state.hand_over.value,
        approvals=[
            ApprovalTold(custodian=each.custodian, number=each.number) for each in state.approvals
        ],
        refusal=None
        if state.refusal is None
        else RefusalTold(ground=state.refusal.ground.value, until=state.refusal.until),
        destroyed_at=state.destroyed_at,
        position=gone and gone.position,
        keys=gone and gone.keys,
        items=gone and gone.items,
        final_by=gone and gone.final_by,
    )


def line_told(line: ErasureLine) -> ErasureLineTold:
    """The answer for a request in the list."""
    return ErasureLineTold(
        erasure=line.id,
        scope=line.scope,
        status=line.status,
        requester=line.requester,
        clients=list(line.clients),
        requested_at=line.requested_at,
        settled_at=line.settled_at,
    )


def holds_told(state: Client, version: int) -> HoldsTold:
    """The answer for the holds on a record."""
    return HoldsTold(
        client=state.id,
        version=version,
        holds=[
            HoldTold(
                hold=each.id,
                ground=each.ground.value,
                setter=each.setter,
                review_on=each.review_on,
            )
            for each in state.holds
        ],
    )
