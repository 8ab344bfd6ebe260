"""Erasure: a request, the gate of the law, two custodians, a tombstone.

State, evolve, decisions. What the law keeps is refused with its ground; what it lets go needs the
signatures of two custodians over one and the same statement. Nothing here destroys anything: that
is the ``Shredder``'s, when the decision stands.

Source:
    docs of the design: security, section 1.7; compliance.md REC-04, RET-02, RET-03, RGT-07.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from domain.errors import Invalid, NotPermitted, WrongState
from domain.events.erasure import (
    ErasureApproved,
    ErasureCompleted,
    ErasureEvent,
    ErasureGround,
    ErasureRefused,
    ErasureRequested,
    ErasureScope,
    HandOver,
    RefusalGround,
)
from domain.legal_gate import GROUNDS, Findings, Kept, weigh
from domain.ports import Shredded
from domain.values import CaseId, ClientId, ErasureId, ItemId, PractitionerId

APPROVALS = 2


class Status(Enum):
    """Where a request stands."""

    REQUESTED = auto()
    APPROVED = auto()
    COMPLETED = auto()
    REFUSED = auto()
    WITHDRAWN = auto()


SETTLED = frozenset({Status.COMPLETED, Status.REFUSED, Status.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Target:
    """What is to go: the fields of ``ErasureRequested`` of the same names."""

    clients: tuple[ClientId, ...] = ()
    case: CaseId | None = None
    item: ItemId | None = None
    text_version: int | None = None
    author: PractitionerId | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Custodian:
    """Who wants to approve: a person, the key that she is tied to, and whether she may."""

    id: PractitionerId
    number: int
    key: str
    may_approve: bool


@dataclass(frozen=True, slots=True)
class Approval:
    """A custodian's signature."""

    custodian: PractitionerId
    number: int
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """A request for erasure, and what came of it.

    ``approvals`` are those over the statement with the digest ``statement``: once something else
    would be destroyed, those who approved are asked again.
    """

    id: ErasureId
    scope: ErasureScope
    ground: ErasureGround
    requester: PractitionerId
    target: Target
    hand_over: HandOver | None = None
    status: Status = Status.REQUESTED
    statement: str = ""
    approvals: tuple[Approval, ...] = ()
    refusal: Kept | None = None
    destroyed: Shredded | None = None
    destroyed_at: datetime | None = None


def evolve(state: Erasure | None, event: object) -> Erasure | None:
    """The state after the event."""
    match event:
        case ErasureRequested():
            target = Target(
                clients=event.clients,
                case=event.case,
                item=event.item,
                text_version=event.text_version,
                author=event.author,
                year=event.year,
            )
            return Erasure(
                id=event.erasure,
                scope=event.scope,
                ground=event.ground,
                requester=event.requester,
                target=target,
                hand_over=event.hand_over,
            )
        case _ if state is None:
            return None
        case ErasureApproved():
            return _approved(state, event)
        case ErasureRefused():
            withdrawn = event.ground is RefusalGround.WITHDRAWN
            return replace(
                state,
                status=Status.WITHDRAWN if withdrawn else Status.REFUSED,
                refusal=Kept(event.ground, event.until),
            )
        case ErasureCompleted():
            destroyed = Shredded(event.position, event.keys, event.items, event.final_by)
            return replace(
                state,
                status=Status.COMPLETED,
                destroyed=destroyed,
                destroyed_at=event.destroyed_at,
            )
        case _:
            return state


def fold(events: Iterable[object]) -> Erasure | None:
    """The request's state from its events."""
    state: Erasure | None = None
    for event in events:
        state = evolve(state, event)
    return state


@dataclass(frozen=True, slots=True)
class DestructionRecord:
    """The destruction record (*protokół zniszczenia*): what, when, who, by which right (RET-03).

    ``approvers`` are the custodians with the numbers of their keys. It holds no content, and no
    names: whoever prints it adds those of staff.
    """

    erasure: ErasureId
    scope: ErasureScope
    ground: ErasureGround
    target: Target
    hand_over: HandOver | None
    requester: PractitionerId
    approvers: tuple[tuple[PractitionerId, int], ...]
    destroyed_at: datetime
    destroyed: Shredded


def destruction_record(state: Erasure) -> DestructionRecord:
    """What is handed over when something was destroyed.

    Raises:
        WrongState: Nothing was.
    """
    if state.destroyed is None or state.destroyed_at is None:
        raise WrongState("Nothing has been destroyed")
    return DestructionRecord(
        erasure=state.id,
        scope=state.scope,
        ground=state.ground,
        target=state.target,
        hand_over=state.hand_over,
        requester=state.requester,
        approvers=tuple((each.custodian, each.number) for each in state.approvals),
        destroyed_at=state.destroyed_at,
        destroyed=state.destroyed,
    )


# Decisions


def gate(state: Erasure, found: Findings) -> Kept | None:
    """Why the law keeps what is asked for; ``None`` where it may go."""
    by_author = state.requester == state.target.author
    return weigh(state.scope, state.ground, found, by_author=by_author)


def request(
    state: Erasure | None, requested: ErasureRequested, found: Findings
) -> tuple[ErasureEvent, ...]:
    """Ask for an erasure; what the gate does not let through is recorded with its refusal.

    Raises:
        Invalid: The words do not fit each other.
    """
    if state is not None:
        return ()
    _must_fit(requested)
    asked = fold((requested,))
    refusal = None if asked is None else gate(asked, found)
    if refusal is None:
        return (requested,)
    return (requested, _refused(requested.erasure, refusal))


def approve(
    state: Erasure, custodian: Custodian, signature: str, statement: str
) -> tuple[ErasureEvent, ...]:
    """Put a custodian's signature to it; ``statement`` is the digest of what she signed.

    Raises:
        NotPermitted: She may not: she has left, or watches over erasures herself.
        WrongState: It is settled, two have approved, or this key has approved in other hands.
    """
    if not custodian.may_approve:
        raise NotPermitted
    given = state.approvals if state.statement == statement else ()
    if any((each.custodian, each.key) == (custodian.id, custodian.key) for each in given):
        return ()
    _must_be_open(state)
    if any(each.custodian == custodian.id or each.key == custodian.key for each in given):
        raise WrongState("The same person, or the same key, does not approve twice")
    if len(given) >= APPROVALS:
        raise WrongState("Two custodians have approved already")
    return (
        ErasureApproved(
            erasure=state.id,
            custodian=custodian.id,
            number=custodian.number,
            key=custodian.key,
            statement=statement,
            signature=signature,
        ),
    )


def must_be_approved(state: Erasure, statement: str) -> None:
    """Refuse what two custodians have not approved as it stands today.

    Raises:
        WrongState: It is settled, or there are not two, or something else would be destroyed.
    """
    _must_be_open(state)
    if state.status is not Status.APPROVED:
        raise WrongState("Two custodians have not approved")
    if state.statement != statement:
        raise WrongState("Something else would be destroyed by now; let the custodians sign anew")


def complete(state: Erasure, destroyed: Shredded, at: datetime) -> tuple[ErasureEvent, ...]:
    """Record that the keys are gone; that is a fact by now, whatever has happened since."""
    if state.status is Status.COMPLETED:
        return ()
    return (
        ErasureCompleted(
            erasure=state.id,
            scope=state.scope,
            ground=state.ground,
            approvers=tuple(each.custodian for each in state.approvals),
            position=destroyed.position,
            keys=destroyed.keys,
            items=destroyed.items,
            destroyed_at=at,
            case=state.target.case,
            item=state.target.item,
            text_version=state.target.text_version,
            final_by=destroyed.final_by,
        ),
    )


def refuse(state: Erasure, refusal: Kept) -> tuple[ErasureEvent, ...]:
    """Record that it stays after all; the same refusal again changes nothing."""
    if state.refusal == refusal:
        return ()
    _must_be_open(state)
    return (_refused(state.id, refusal),)


def withdraw(state: Erasure) -> tuple[ErasureEvent, ...]:
    """Take the request back."""
    return refuse(state, Kept(RefusalGround.WITHDRAWN))


def _approved(state: Erasure, event: ErasureApproved) -> Erasure:
    given = state.approvals if state.statement == event.statement else ()
    approval = Approval(event.custodian, event.number, event.key, event.signature)
    approvals = (*given, approval)
    if state.status in SETTLED:
        return state
    enough = len(approvals) >= APPROVALS
    return replace(
        state,
        statement=event.statement,
        approvals=approvals,
        status=Status.APPROVED if enough else Status.REQUESTED,
    )


def _refused(erasure: ErasureId, refusal: Kept) -> ErasureRefused:
    return ErasureRefused(erasure=erasure, ground=refusal.ground, until=refusal.until)


def _must_be_open(state: Erasure) -> None:
    if state.status in SETTLED:
        raise WrongState("The request is settled")


def _must_fit(asked: ErasureRequested) -> None:
    if asked.ground not in GROUNDS[asked.scope]:
        raise Invalid("ground", "does not fit the scope")
    wanted = {
        ErasureScope.ITEM: bool(asked.clients and asked.case and asked.item and asked.author),
        ErasureScope.PURPOSE: len(asked.clients) == 1,
        ErasureScope.CLIENT: len(asked.clients) == 1,
        ErasureScope.MEMBER: len(asked.clients) == 1 and asked.case is not None,
        ErasureScope.LOG_AGE: asked.year is not None and not asked.clients,
    }
    if not wanted[asked.scope]:
        raise Invalid("scope", "what it names is missing, or is too much")
    expiry = asked.scope is ErasureScope.CLIENT and (
        asked.ground is ErasureGround.RETENTION_EXPIRED
    )
    if expiry and asked.hand_over is None:
        raise Invalid("hand_over", "is missing: the record is offered to the client first")
