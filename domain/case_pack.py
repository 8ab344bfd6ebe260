"""A case pack: State, evolve, decisions. Drafted, confirmed, issued; handed over, or read on line.

drafted → confirmed → issued → (handed over)*
   └──────────┴──────────┴──→ revoked
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.case_pack import (
    CasePackConfirmed,
    CasePackDrafted,
    CasePackEvent,
    CasePackHandedOver,
    CasePackIssued,
    CasePackRevoked,
)
from domain.pseudonyms import Known, survivors
from domain.values import CaseId, ItemId, PractitionerId

LONGEST = timedelta(days=90)
"""How long a pack can be read on line (compliance SUP-02)."""
MOST_ITEMS = 50


@dataclass(frozen=True, slots=True)
class CasePack:
    """Where a pack stands."""

    id: ItemId
    case: CaseId
    author: PractitionerId
    supervision: ItemId
    supervisor: PractitionerId | None
    identified: bool
    confirmed: bool = False
    expires_at: datetime | None = None
    handed: frozenset[ItemId] = frozenset()
    revoked: bool = False

    @property
    def issued(self) -> bool:
        """Whether it has left its author's hands."""
        return self.expires_at is not None

    def open_at(self, now: datetime) -> bool:
        """Whether the supervisor may read it at this moment."""
        return not self.revoked and self.expires_at is not None and now < self.expires_at


def evolve(state: CasePack | None, event: object) -> CasePack | None:
    """The state after the event; events of other aggregates change nothing."""
    match event:
        case CasePackDrafted():
            return CasePack(
                id=event.pack,
                case=event.case,
                author=event.author,
                supervision=event.supervision,
                supervisor=event.supervisor,
                identified=event.identified,
            )
        case _ if state is None:
            return None
        case CasePackConfirmed():
            return replace(state, confirmed=True)
        case CasePackIssued():
            return replace(state, expires_at=event.expires_at)
        case CasePackHandedOver():
            return replace(state, handed=state.handed | {event.entry})
        case CasePackRevoked():
            return replace(state, revoked=True)
        case _:
            return state


def fold(events: Iterable[object]) -> CasePack | None:
    """A pack's state from its events."""
    state: CasePack | None = None
    for event in events:
        state = evolve(state, event)
    return state


@dataclass(frozen=True, slots=True)
class Issued:
    """Who may have an issued pack, and until when: what the policy reads of it."""

    event: CasePackIssued
    revoked: bool = False

    def open_at(self, now: datetime) -> bool:
        """Whether the supervisor may read it at this moment."""
        return not self.revoked and now < self.event.expires_at


def fold_issued(events: Iterable[object]) -> Issued | None:
    """An issued pack from its frame; ``None`` for what was never issued."""
    state: Issued | None = None
    for event in events:
        match event:
            case CasePackIssued():
                state = Issued(event)
            case CasePackRevoked() if state is not None:
                state = replace(state, revoked=True)
            case _:
                pass
    return state


def draft(
    state: CasePack | None, drafted: CasePackDrafted, known: Known
) -> tuple[CasePackEvent, ...]:
    """Put a pack together; but for an identified one nothing known of the client survives in it.

    Raises:
        Invalid: It is empty, too large, or somebody could be told by it.
    """
    if state is not None:
        return ()
    if not drafted.sections or len(set(drafted.items)) != len(drafted.items):
        raise Invalid("items", "must be one or more, each once")
    if len(drafted.sections) > MOST_ITEMS:
        raise Invalid("items", "are too many")
    words = (each.text.words or "" for each in drafted.sections)
    if not drafted.identified and any(survivors(each, known) for each in words):
        raise Invalid("items", "would still tell who it is")
    return (drafted,)


def confirm(state: CasePack) -> tuple[CasePackEvent, ...]:
    """The author stands for what she has read."""
    if state.confirmed:
        return ()
    _must_not_be_revoked(state)
    return (CasePackConfirmed(pack=state.id, case=state.case, author=state.author),)


def issue(state: CasePack, expires_at: datetime, *, now: datetime) -> tuple[CasePackEvent, ...]:
    """Let the supervisor have it until then; issuing it again changes nothing.

    Raises:
        WrongState: Nobody has confirmed it, or it was revoked.
        Invalid: It would expire before now, or too late.
    """
    if state.issued:
        return ()
    _must_not_be_revoked(state)
    if not state.confirmed:
        raise WrongState("The pack has not been confirmed by its author")
    if not now < expires_at <= now + LONGEST:
        raise Invalid("expires_at", f"must lie within {LONGEST.days} days")
    issued = CasePackIssued(
        pack=state.id,
        case=state.case,
        author=state.author,
        supervision=state.supervision,
        identified=state.identified,
        expires_at=expires_at,
        supervisor=state.supervisor,
    )
    return (issued,)


def hand_over(
    state: CasePack, handed: CasePackHandedOver, *, now: datetime
) -> tuple[CasePackEvent, ...]:
    """Record that a printed page was given away; it is for supervisors without an account here.

    Raises:
        WrongState: It is for a colleague, who reads it on line; or not to be had any more, or yet.
    """
    if handed.entry in state.handed:
        return ()
    if state.supervisor is not None:
        raise WrongState("A colleague reads the pack on line")
    if not state.open_at(now):
        raise WrongState("The pack is not issued, or not any more")
    if handed.occurred_at > now:
        raise InTheFuture("occurred_at")
    return (handed,)


def revoke(state: CasePack) -> tuple[CasePackEvent, ...]:
    """Take a pack back, whatever has become of it."""
    if state.revoked:
        return ()
    return (CasePackRevoked(pack=state.id, case=state.case, author=state.author),)


def _must_not_be_revoked(state: CasePack) -> None:
    if state.revoked:
        raise WrongState("The pack has been revoked")
