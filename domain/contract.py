"""A therapeutic contract (*kontrakt terapeutyczny*): State, evolve, decisions.

It is what both sides agreed on: aims, how often, how long, fees as terms, cancellations, and the
limits of confidentiality, told before work begins. It is renegotiated and not replaced, so that
what held once can be read for good. A case has one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.errors import InTheFuture, Invalid, WrongState
from domain.events.contract import (
    ContractAgreed,
    ContractBudgetDrawn,
    ContractBudgetExtended,
    ContractEvent,
    ContractRenegotiated,
    Length,
    Terms,
)
from domain.settings import Settings
from domain.values import CaseId, FreeText, ItemId, PractitionerId, Section, SessionId
from domain.wording import worded, worded_sections

SECTIONS = (
    "aims",
    "frequency",
    "length",
    "fees",
    "cancellations",
    "contact-between-sessions",
    "confidentiality-limits",
    "emergencies",
    "other",
)
"""What a contract may have words about, in the order in which it is read."""
LONGEST_BUDGET = 500
LONGEST_TERM_HOURS = 24 * 14
NEAR = 2
"""With so many sessions left, the end of a budget is near: time to speak of it."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as later decisions need to know it; ``drawn`` are held sessions of its budget."""

    id: ItemId
    case: CaseId
    terms: Terms
    drawn: frozenset[SessionId] = frozenset()

    @property
    def left(self) -> int | None:
        """How many sessions of the budget are left; below 0 where more were held."""
        return None if self.terms.budget is None else self.terms.budget - len(self.drawn)


def evolve(state: Contract | None, event: object) -> Contract | None:
    """The state after the event."""
    match event:
        case ContractAgreed():
            return Contract(event.contract, event.case, event.terms)
        case ContractRenegotiated() if state is not None:
            return replace(state, terms=event.terms)
        case ContractBudgetExtended() if state is not None:
            return replace(state, terms=replace(state.terms, budget=event.budget))
        case ContractBudgetDrawn() if state is not None:
            return replace(state, drawn=state.drawn | {event.session})
        case _:
            return state


def fold(events: Iterable[object]) -> Contract | None:
    """The contract's state from its events."""
    state: Contract | None = None
    for event in events:
        state = evolve(state, event)
    return state


def agree(
    state: Contract | None,
    contract: ItemId,
    case: CaseId,
    terms: Terms,
    sections: Iterable[Section],
    *,
    author: PractitionerId,
    occurred_at: datetime,
    now: datetime,
) -> tuple[ContractEvent, ...]:
    """Record what was agreed on.

    Raises:
        Invalid: The terms cannot be, or there are no words.
        InTheFuture: It would have been agreed on later than now.
    """
    if state is not None:
        return ()
    agreed = ContractAgreed(
        contract=contract,
        case=case,
        author=author,
        occurred_at=_past(occurred_at, now),
        terms=_checked(terms, now),
        sections=worded_sections(sections, SECTIONS),
    )
    return (agreed,)


def renegotiate(
    state: Contract,
    terms: Terms,
    sections: Iterable[Section],
    *,
    author: PractitionerId,
    occurred_at: datetime,
    now: datetime,
) -> tuple[ContractEvent, ...]:
    """Agree on other terms; what held before stays in the record.

    Raises:
        Invalid: As ``agree`` does; or the budget is smaller than what was held of it.
        InTheFuture: It would have been agreed on later than now.
    """
    checked = _checked(terms, now)
    if checked.budget is not None and checked.budget < len(state.drawn):
        raise Invalid("budget", "is smaller than what was held of it")
    changed = ContractRenegotiated(
        contract=state.id,
        case=state.case,
        author=author,
        occurred_at=_past(occurred_at, now),
        terms=checked,
        sections=worded_sections(sections, SECTIONS),
    )
    return (changed,)


def extend_budget(
    state: Contract, budget: int, reason: FreeText, *, author: PractitionerId
) -> tuple[ContractEvent, ...]:
    """Let there be so many sessions altogether; the same number again changes nothing.

    Raises:
        WrongState: The contract has no budget.
        Invalid: It is no longer than the one before, or too long.
    """
    if state.terms.budget is None:
        raise WrongState("The contract has no session budget")
    if budget == state.terms.budget:
        return ()
    if not state.terms.budget < budget <= LONGEST_BUDGET:
        raise Invalid("budget", f"must be longer than before and at most {LONGEST_BUDGET}")
    extended = ContractBudgetExtended(
        contract=state.id, case=state.case, author=author, budget=budget, reason=worded(reason)
    )
    return (extended,)


def draw(state: Contract, session: SessionId) -> tuple[ContractEvent, ...]:
    """Count a held session against the budget; once each, and only where there is one."""
    if state.terms.budget is None or session in state.drawn:
        return ()
    drawn = ContractBudgetDrawn(
        contract=state.id,
        case=state.case,
        session=session,
        number=len(state.drawn) + 1,
        budget=state.terms.budget,
    )
    return (drawn,)


def must_be_agreed(contract: ItemId | None, settings: Settings) -> None:
    """Refuse a treatment plan without a contract, where the clinic demands one.

    Raises:
        WrongState: It does, and there is none.
    """
    if settings.contract_before_plan and contract is None:
        raise WrongState("The clinic demands a therapeutic contract before a plan")


def _past(occurred_at: datetime, now: datetime) -> datetime:
    if occurred_at > now:
        raise InTheFuture("occurred_at")
    return occurred_at


def _checked(terms: Terms, now: datetime) -> Terms:
    budget, hours = terms.budget, terms.cancellation_hours
    if terms.length is Length.SHORT and budget is None:
        raise Invalid("budget", "is missing: short work has a number of sessions")
    if budget is not None and not 1 <= budget <= LONGEST_BUDGET:
        raise Invalid("budget", f"is between 1 and {LONGEST_BUDGET} sessions")
    if hours is not None and not 0 <= hours <= LONGEST_TERM_HOURS:
        raise Invalid("cancellation_hours", f"is between 0 and {LONGEST_TERM_HOURS}")
    if (terms.fee is None) != (terms.currency is None):
        raise Invalid("fee", "stands with its currency, or not at all")
    if terms.fee is not None and terms.fee < 0:
        raise Invalid("fee", "is less than nothing")
    if terms.limits_told_at is not None and terms.limits_told_at > now:
        raise InTheFuture("limits_told_at")
    if not terms.agreed_by:
        raise Invalid("agreed_by", "is empty")
    if len(set(terms.agreed_by)) != len(terms.agreed_by):
        raise Invalid("agreed_by", "names somebody twice")
    return terms
