"""The therapeutic contract in the chart: what holds, what held before, what of a budget is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain.events.contract import (
    ContractAgreed,
    ContractBudgetDrawn,
    ContractBudgetExtended,
    ContractRenegotiated,
    Terms,
)
from domain.ports import Recorded
from domain.rows import Content
from domain.values import FreeText, Section
from projections.chart.rows import begin, change, sections
from projections.projection import Rows
from projections.times import from_ms, to_ms

if TYPE_CHECKING:
    from projections.chart.queries import ChartItem

KIND = "contract"


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed on at one time; ``parties`` are kinds with an alias or an id, or none."""

    occurred_at: datetime
    by: str
    length: str
    frequency: str
    budget: int | None
    cancellation_hours: int | None
    fee: int | None
    currency: str | None
    limits_told_at: datetime | None
    parties: tuple[tuple[str, str | None], ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Extension:
    """When a budget was extended, to how many sessions altogether, by whom and why."""

    at: datetime
    by: str
    budget: int
    reason: FreeText


@dataclass(frozen=True, slots=True)
class ContractLine:
    """The contract of a case; ``history`` holds what was agreed on before, the oldest first."""

    id: str
    version: int
    current: Agreed
    history: tuple[Agreed, ...]
    extensions: tuple[Extension, ...]
    budget: int | None
    drawn: tuple[str, ...]
    """The held sessions of the budget, in the order in which they were counted."""

    @property
    def left(self) -> int | None:
        """How many sessions are left; below 0 where more were held."""
        return None if self.budget is None else self.budget - len(self.drawn)


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let one event change a contract's row."""
    match recorded.event:
        case ContractAgreed() as event:
            content: Content = {
                "agreed": [_agreed(recorded, event)],
                "extensions": [],
                "budget": event.terms.budget,
                "drawn": [],
            }
            begin(recorded, rows, event.case, event.contract, KIND, content)
        case ContractRenegotiated() as event:
            news, renewed = _agreed(recorded, event), event.terms.budget

            def renegotiated(content: Content) -> None:
                content["agreed"].append(news)
                content["budget"] = renewed

            change(recorded, rows, event.case, event.contract, renegotiated)
        case ContractBudgetExtended() as event:
            at, by = to_ms(recorded.recorded_at), recorded.who.actor.id
            budget = event.budget
            extension = [at, by, budget, event.reason.sealed]

            def extended(content: Content) -> None:
                content["extensions"].append(extension)
                content["budget"] = budget

            change(recorded, rows, event.case, event.contract, extended)
        case ContractBudgetDrawn() as event:
            session = event.session

            def drawn(content: Content) -> None:
                if session not in content["drawn"]:
                    content["drawn"].append(session)

            change(recorded, rows, event.case, event.contract, drawn)
        case _:
            pass


def contract_of(items: Iterable[ChartItem]) -> ContractLine | None:
    """The contract among a case's items."""
    found = next((each for each in items if each.kind == KIND), None)
    if found is None:
        return None
    agreed = tuple(_line(each) for each in found.content["agreed"])
    return ContractLine(
        id=found.id,
        version=found.version,
        current=agreed[-1],
        history=agreed[:-1],
        extensions=tuple(
            Extension(from_ms(at), by, budget, FreeText(sealed=reason))
            for at, by, budget, reason in found.content["extensions"]
        ),
        budget=found.content["budget"],
        drawn=tuple(found.content["drawn"]),
    )


def _agreed(recorded: Recorded, event: ContractAgreed | ContractRenegotiated) -> Content:
    terms: Terms = event.terms
    told = terms.limits_told_at
    return {
        "occurred": to_ms(event.occurred_at),
        "by": recorded.who.actor.id,
        "length": terms.length.value,
        "frequency": terms.frequency.value,
        "budget": terms.budget,
        "cancellation": terms.cancellation_hours,
        "fee": terms.fee,
        "currency": terms.currency,
        "limits_told": None if told is None else to_ms(told),
        "parties": [[each.kind.value, each.who] for each in terms.agreed_by],
        "sections": sections(event.sections),
    }


def _line(content: Content) -> Agreed:
    told = content["limits_told"]
    return Agreed(
        occurred_at=from_ms(content["occurred"]),
        by=content["by"],
        length=content["length"],
        frequency=content["frequency"],
        budget=content["budget"],
        cancellation_hours=content["cancellation"],
        fee=content["fee"],
        currency=content["currency"],
        limits_told_at=None if told is None else from_ms(told),
        parties=tuple((kind, who) for kind, who in content["parties"]),
        sections=tuple(Section(code, FreeText(sealed=text)) for code, text in content["sections"]),
    )
