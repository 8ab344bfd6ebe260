"""Duties to report and safeguarding concerns, with their legal ground: State, evolve, decisions.

The catalogue of grounds is no legal advice: it says what each is, whether it binds or allows, and
whether its text was read (``verified``) or is known only at second hand; a lawyer decides a case.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.safeguarding import (
    Concern,
    Ground,
    Recipient,
    SafeguardingClosed,
    SafeguardingEvent,
    SafeguardingRaised,
    SafeguardingReported,
)
from domain.values import CaseId, FreeText, ItemId, PractitionerId
from domain.wording import worded


@dataclass(frozen=True, slots=True)
class LegalGround:
    """What a ground is: where it stands, whether it is a duty, whom it names, and how sure we are.

    ``verified``: the provision was found quoted by a lawyer's or a publisher's text; false: it is
    known (K in the compliance pages) and must be read before a clinic relies on it.
    """

    provision: str
    duty: bool
    told: tuple[Recipient, ...]
    verified: bool


_PROSECUTION = (Recipient.POLICE, Recipient.PROSECUTOR)

GROUNDS: Mapping[Ground, LegalGround] = MappingProxyType(
    {
        Ground.KK_240: LegalGround(
            "Kodeks karny, art. 240: whoever has credible news of one of the listed crimes tells "
            "those who prosecute them at once (among them homicide, grievous harm, deprivation of "
            "liberty, rape of the listed kinds, sexual abuse of somebody under 15)",
            duty=True,
            told=_PROSECUTION,
            verified=True,
        ),
        Ground.KPK_304_1: LegalGround(
            "Kodeks postępowania karnego, art. 304 § 1: the social duty to tell of a crime that is "
            "prosecuted of office; it does not lift professional secrecy by itself",
            duty=False,
            told=_PROSECUTION,
            verified=True,
        ),
        Ground.KPK_304_2: LegalGround(
            "Kodeks postępowania karnego, art. 304 § 2: the duty of state and local-government "
            "institutions to tell of such a crime that they learnt of in their work",
            duty=True,
            told=_PROSECUTION,
            verified=False,
        ),
        Ground.MINORS_STANDARDS: LegalGround(
            "Act of 13 May 2016 on counteracting sexual crime and on protecting minors, art. 22b "
            "and 22c (the Kamilek Act): the clinic's own standards say who intervenes and reports",
            duty=True,
            told=(*_PROSECUTION, Recipient.GUARDIANSHIP_COURT, Recipient.SOCIAL_SERVICES),
            verified=True,
        ),
        Ground.KPC_572: LegalGround(
            "Kodeks postępowania cywilnego, art. 572: whoever knows of an event that calls for "
            "proceedings of office tells the guardianship court",
            duty=True,
            told=(Recipient.GUARDIANSHIP_COURT,),
            verified=False,
        ),
        Ground.BLUE_CARD: LegalGround(
            "Act of 29 July 2005 on counteracting domestic violence, art. 9d: the Blue Cards "
            "procedure (Niebieskie Karty)",
            duty=True,
            told=(Recipient.DOMESTIC_VIOLENCE_TEAM, Recipient.POLICE, Recipient.SOCIAL_SERVICES),
            verified=False,
        ),
        Ground.DANGER_TO_LIFE: LegalGround(
            "Grave danger to the life or health of the client or of others: the exception to a "
            "psychologist's secrecy (Act of 8 June 2001, art. 14; u.p.p. art. 14(2)(2))",
            duty=False,
            told=tuple(Recipient),
            verified=True,
        ),
        Ground.CONSENT: LegalGround(
            "The client's own consent to the report",
            duty=False,
            told=tuple(Recipient),
            verified=True,
        ),
    }
)
"""The closed catalogue of grounds."""


@dataclass(frozen=True, slots=True)
class Safeguarding:
    """A concern, what was reported of it, and whether it is closed."""

    id: ItemId
    case: CaseId
    raised_at: datetime
    reports: tuple[SafeguardingReported, ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True)
class NewReport:
    """Who was told what, when, and on which ground."""

    occurred_at: datetime
    ground: Ground
    recipient: Recipient
    office: FreeText
    told: FreeText


def evolve(state: Safeguarding | None, event: object) -> Safeguarding | None:
    """The state after the event."""
    match event:
        case SafeguardingRaised():
            return Safeguarding(event.safeguarding, event.case, event.occurred_at)
        case SafeguardingReported() if state is not None:
            return replace(state, reports=(*state.reports, event))
        case SafeguardingClosed() if state is not None:
            return replace(state, closed=True)
        case _:
            return state


def fold(events: Iterable[object]) -> Safeguarding | None:
    """A concern's state from its events."""
    state: Safeguarding | None = None
    for event in events:
        state = evolve(state, event)
    return state


def raise_concern(
    state: Safeguarding | None,
    safeguarding: ItemId,
    case: CaseId,
    concern: Concern,
    words: FreeText,
    *,
    author: PractitionerId,
    occurred_at: datetime,
    now: datetime,
) -> tuple[SafeguardingEvent, ...]:
    """Write down that somebody may come to harm, and from what it is feared.

    Raises:
        Invalid: It says nothing.
        InTheFuture: It would have been noticed later than now.
    """
    if state is not None:
        return ()
    raised = SafeguardingRaised(
        safeguarding=safeguarding,
        case=case,
        author=author,
        occurred_at=_past(occurred_at, now),
        concern=concern,
        words=worded(words),
    )
    return (raised,)


def report(
    state: Safeguarding, new: NewReport, *, author: PractitionerId, now: datetime
) -> tuple[SafeguardingEvent, ...]:
    """Write down who was told; each report is one of its own, the same again changes nothing.

    Raises:
        WrongState: The concern is closed, or they were told before it was raised.
        Invalid: The ground does not lead to them; or it says nothing.
        InTheFuture: They would have been told later than now.
    """
    _must_be_open(state)
    if _past(new.occurred_at, now) < state.raised_at:
        raise WrongState("Nobody was told before the concern was raised")
    if new.recipient not in GROUNDS[new.ground].told:
        raise Invalid("recipient", "is not whom this ground names")
    reported = SafeguardingReported(
        safeguarding=state.id,
        case=state.case,
        author=author,
        occurred_at=new.occurred_at,
        ground=new.ground,
        recipient=new.recipient,
        office=worded(new.office),
        told=worded(new.told),
    )
    return () if reported in state.reports else (reported,)


def close(
    state: Safeguarding, words: FreeText, *, author: PractitionerId
) -> tuple[SafeguardingEvent, ...]:
    """Write down that nothing more is to be done, and why; closing it twice changes nothing.

    Raises:
        Invalid: It says nothing.
    """
    if state.closed:
        return ()
    closed = SafeguardingClosed(
        safeguarding=state.id, case=state.case, author=author, words=worded(words)
    )
    return (closed,)


def _must_be_open(state: Safeguarding) -> None:
    if state.closed:
        raise WrongState("The concern is closed")


def _past(occurred_at: datetime, now: datetime) -> datetime:
    if occurred_at > now:
        raise InTheFuture("occurred_at")
    return occurred_at
