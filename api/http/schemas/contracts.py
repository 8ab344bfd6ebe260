"""Shapes of the therapeutic contract."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.http.naming import Naming
from api.http.schemas.common import Asked, Instant, Line, Told, Words, example
from api.http.schemas.note_forms import Sections, sections
from domain.contract import LONGEST_BUDGET, LONGEST_TERM_HOURS
from domain.events.contract import Frequency, Length, Party, PartyKind, Terms
from domain.use_cases.contracts import NewContract as DomainContract
from projections.chart.contracts import Agreed, ContractLine

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class PartyAsked(Asked):
    """Who agreed: a participant by her alias, a representative by her id, the client by neither."""

    kind: PartyKind
    who: Line | None = None


class NewContract(Asked):
    """What was agreed on; short work has a session budget, fees stand as terms."""

    model_config = example(
        occurred_at="2026-02-23T09:00:00Z",
        length="short",
        frequency="weekly",
        budget=12,
        cancellation_hours=24,
        fee=18000,
        currency="PLN",
        limits_told_at="2026-02-23T09:00:00Z",
        agreed_by=[{"kind": "client"}],
        sections=[{"code": "aims", "text": "To take trams again."}],
    )

    occurred_at: Instant
    length: Length
    frequency: Frequency
    agreed_by: Annotated[list[PartyAsked], Field(min_length=1, max_length=40)]
    sections: Sections
    budget: Annotated[int, Field(ge=1, le=LONGEST_BUDGET)] | None = None
    cancellation_hours: Annotated[int, Field(ge=0, le=LONGEST_TERM_HOURS)] | None = None
    fee: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    currency: Currency | None = None
    limits_told_at: Instant | None = None

    def value(self) -> DomainContract:
        """The domain's contract."""
        terms = Terms(
            length=self.length,
            frequency=self.frequency,
            agreed_by=tuple(Party(each.kind, each.who) for each in self.agreed_by),
            budget=self.budget,
            cancellation_hours=self.cancellation_hours,
            fee=self.fee,
            currency=self.currency,
            limits_told_at=self.limits_told_at,
        )
        return DomainContract(self.occurred_at, terms, sections(self.sections))


class BudgetExtension(Asked):
    """How many sessions there will be altogether, and why."""

    model_config = example(budget=16, reason="The last tram lines are still to come.")

    budget: Annotated[int, Field(ge=1, le=LONGEST_BUDGET)]
    reason: Words


class ContractSectionTold(Told):
    """Words about one thing; ``None`` where they have been made unreadable."""

    code: str
    text: str | None


class PartyTold(Told):
    """Who agreed."""

    kind: str
    who: str | None


class AgreedTold(Told):
    """What was agreed on at one time."""

    occurred_at: datetime
    by: str
    length: str
    frequency: str
    budget: int | None
    cancellation_hours: int | None
    fee: int | None
    currency: str | None
    limits_told_at: datetime | None
    agreed_by: list[PartyTold]
    sections: list[ContractSectionTold]


class ExtensionTold(Told):
    """When a budget was extended, to how many sessions, by whom and why."""

    at: datetime
    by: str
    budget: int
    reason: str | None


class BudgetTold(Told):
    """How much of a session budget is used; ``left`` is below 0 where more were held."""

    sessions: int
    held: list[str]
    left: int


class ContractTold(Told):
    """The contract of a case: what holds, and what held before, the oldest first."""

    id: str
    version: int
    current: AgreedTold
    history: list[AgreedTold]
    extensions: list[ExtensionTold]
    budget: BudgetTold | None


class ContractsTold(Told):
    """The contract of a case, where it has one."""

    case: str
    contract: ContractTold | None


def contract_told(line: ContractLine, naming: Naming) -> ContractTold:
    """The answer for a contract."""
    return ContractTold(
        id=line.id,
        version=line.version,
        current=_agreed(line.current, naming),
        history=[_agreed(each, naming) for each in line.history],
        extensions=[
            ExtensionTold(
                at=each.at, by=each.by, budget=each.budget, reason=naming.words_left(each.reason)
            )
            for each in line.extensions
        ],
        budget=None
        if line.budget is None
        else BudgetTold(
            sessions=line.budget,
            held=list(line.drawn),
            left=line.budget - len(line.drawn),
        ),
    )


def _agreed(agreed: Agreed, naming: Naming) -> AgreedTold:
    return AgreedTold(
        occurred_at=agreed.occurred_at,
        by=agreed.by,
        length=agreed.length,
        frequency=agreed.frequency,
        budget=agreed.budget,
        cancellation_hours=agreed.cancellation_hours,
        fee=agreed.fee,
        currency=agreed.currency,
        limits_told_at=agreed.limits_told_at,
        agreed_by=[PartyTold(kind=kind, who=who) for kind, who in agreed.parties],
        sections=[
            ContractSectionTold(code=each.code, text=naming.words_left(each.text))
            for each in agreed.sections
        ],
    )
