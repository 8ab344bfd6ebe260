"""A practitioner's portfolio: State, evolve, decisions; and whether a case lies within her limits.

The frame of it (certificates, limits) is what the policy and a notice need; training and the
attestation of own therapy stand in the state that a command decides on alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.portfolio import (
    Area,
    CertificateGranted,
    CertificateRenewed,
    LimitDeclared,
    LimitLifted,
    LimitReached,
    OwnTherapyAttested,
    PortfolioEvent,
    QualificationRecorded,
    TrainingCompleted,
)
from domain.values import CaseId, Format, ItemId

_MOST_MINUTES = 1000 * 60
_MOST_HOURS = 10_000
_MOST_POINTS = 10_000
_OLDEST = 130


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as it stands."""

    id: ItemId
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What later decisions about a portfolio depend on."""

    known: frozenset[ItemId] = frozenset()
    certificates: tuple[Certificate, ...] = ()
    limits: tuple[LimitDeclared, ...] = ()
    lifted: frozenset[ItemId] = frozenset()
    reached: frozenset[tuple[ItemId, CaseId]] = frozenset()

    def certificate(self, certificate: ItemId) -> Certificate | None:
        """A certificate."""
        return next((each for each in self.certificates if each.id == certificate), None)


def evolve(state: Portfolio, event: object) -> Portfolio:
    """The state after the event; events of other aggregates change nothing."""
    match event:
        case QualificationRecorded():
            return replace(state, known=state.known | {event.qualification})
        case TrainingCompleted():
            return replace(state, known=state.known | {event.training})
        case OwnTherapyAttested():
            return replace(state, known=state.known | {event.attestation})
        case CertificateGranted():
            granted = Certificate(event.certificate, event.expires_on)
            return replace(
                state,
                known=state.known | {event.certificate},
                certificates=(*state.certificates, granted),
            )
        case CertificateRenewed():
            renewed = tuple(
                replace(each, expires_on=event.expires_on) if each.id == event.certificate else each
                for each in state.certificates
            )
            return replace(state, certificates=renewed)
        case LimitDeclared() | LimitLifted() | LimitReached():
            return _of_limits(state, event)
        case _:
            return state


def _of_limits(state: Portfolio, event: LimitDeclared | LimitLifted | LimitReached) -> Portfolio:
    match event:
        case LimitDeclared():
            known = state.known | {event.limit}
            return replace(state, known=known, limits=(*state.limits, event))
        case LimitLifted():
            left = tuple(each for each in state.limits if each.limit != event.limit)
            return replace(state, limits=left, lifted=state.lifted | {event.limit})
        case LimitReached():
            return replace(state, reached=state.reached | {(event.limit, event.case)})


def fold(events: Iterable[object]) -> Portfolio:
    """The portfolio's state from its events."""
    state = Portfolio()
    for event in events:
        state = evolve(state, event)
    return state


def record_qualification(
    state: Portfolio, recorded: QualificationRecorded, *, today: date
) -> tuple[PortfolioEvent, ...]:
    """Record what she has qualified as."""
    if recorded.qualification in state.known:
        return ()
    if recorded.obtained_on > today:
        raise InTheFuture("obtained_on")
    return (recorded,)


def grant_certificate(
    state: Portfolio, granted: CertificateGranted, *, today: date
) -> tuple[PortfolioEvent, ...]:
    """Record a certificate; one that has expired by now may be recorded, too."""
    if granted.certificate in state.known:
        return ()
    if granted.granted_on > today:
        raise InTheFuture("granted_on")
    if granted.expires_on is not None and granted.expires_on <= granted.granted_on:
        raise Invalid("expires_on", "must follow the day on which it was granted")
    return (granted,)


def renew_certificate(
    state: Portfolio, renewed: CertificateRenewed, *, today: date
) -> tuple[PortfolioEvent, ...]:
    """Record that a certificate is valid for longer; renewing it to the same day changes nothing.

    Raises:
        WrongState: There is no such certificate, it never expires, or it would be valid no longer.
    """
    certificate = state.certificate(renewed.certificate)
    if certificate is None:
        raise WrongState("There is no such certificate")
    if certificate.expires_on is None:
        raise WrongState("The certificate does not expire")
    if certificate.expires_on == renewed.expires_on:
        return ()
    if renewed.renewed_on > today:
        raise InTheFuture("renewed_on")
    if renewed.expires_on < certificate.expires_on:
        raise Invalid("expires_on", "must follow the day on which it expires now")
    return (renewed,)


def complete_training(
    state: Portfolio, completed: TrainingCompleted, *, today: date
) -> tuple[PortfolioEvent, ...]:
    """Record continuing education."""
    if completed.training in state.known:
        return ()
    if completed.completed_on > today:
        raise InTheFuture("completed_on")
    if not 0 < completed.minutes <= _MOST_MINUTES:
        raise Invalid("minutes", "are too few or too many")
    if not 0 <= completed.points <= _MOST_POINTS:
        raise Invalid("points", "are too few or too many")
    return (completed,)


def attest_own_therapy(
    state: Portfolio, attested: OwnTherapyAttested, *, today: date
) -> tuple[PortfolioEvent, ...]:
    """Attest the fact and the hours of her own therapy; there is no place for its content."""
    if attested.attestation in state.known:
        return ()
    if attested.last_on > today:
        raise InTheFuture("last_on")
    if attested.first_on > attested.last_on:
        raise Invalid("first_on", "must not follow the last day")
    if not 0 < attested.hours <= _MOST_HOURS:
        raise Invalid("hours", "are too few or too many")
    return (attested,)


def declare_limit(state: Portfolio, declared: LimitDeclared) -> tuple[PortfolioEvent, ...]:
    """Declare what she does not work with: one field, one format, or an age.

    Raises:
        Invalid: It is none of them, or more than one; or the ages are no span.
    """
    if declared.limit in state.known:
        return ()
    ages = declared.youngest is not None or declared.oldest is not None
    if sum((declared.area is not None, declared.format is not None, ages)) != 1:
        raise Invalid("limit", "names exactly one of an area, a format and ages")
    youngest, oldest = declared.youngest or 0, declared.oldest
    if not 0 <= youngest <= (_OLDEST if oldest is None else oldest) <= _OLDEST:
        raise Invalid("youngest", "and oldest must be ages, the youngest first")
    return (declared,)


def lift_limit(state: Portfolio, lifted: LimitLifted) -> tuple[PortfolioEvent, ...]:
    """Lift a limit.

    Raises:
        WrongState: There is no such limit.
    """
    if lifted.limit in state.lifted:
        return ()
    if all(each.limit != lifted.limit for each in state.limits):
        raise WrongState("There is no such limit")
    return (lifted,)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known of a case that begins: its format, its clients' ages, its fields."""

    format: Format | None = None
    ages: tuple[int, ...] = ()
    areas: frozenset[Area] = frozenset()


def outside(state: Portfolio, scope: Scope) -> tuple[LimitDeclared, ...]:
    """The limits that speak against a case; none does where nothing is known."""
    return tuple(each for each in state.limits if _speaks_against(each, scope))


def _speaks_against(limit: LimitDeclared, scope: Scope) -> bool:
    if limit.area is not None:
        return limit.area in scope.areas
    if limit.format is not None:
        return limit.format is scope.format
    youngest, oldest = limit.youngest or 0, _OLDEST if limit.oldest is None else limit.oldest
    return any(not youngest <= age <= oldest for age in scope.ages)


def reach_limits(state: Portfolio, scope: Scope, case: CaseId) -> tuple[PortfolioEvent, ...]:
    """Remind her of what she has declared; each limit once for each case."""
    return tuple(
        LimitReached(limit=each.limit, practitioner=each.practitioner, case=case)
        for each in outside(state, scope)
        if (each.limit, case) not in state.reached
    )


def age_on(born: date, day: date) -> int:
    """Full years; whoever was born on 29 February has her birthday on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
