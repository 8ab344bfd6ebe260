"""What waits in the frame of a therapy: a budget that ends, a word that is due at a birthday."""

from __future__ import annotations

from domain.contract import NEAR
from domain.events.contract import (
    ContractAgreed,
    ContractBudgetDrawn,
    ContractBudgetExtended,
    ContractRenegotiated,
)
from domain.ports import Recorded
from domain.rows import Content
from projections.worklist import TaskKind, Tasks


def apply(recorded: Recorded, tasks: Tasks) -> None:
    """Let one event open and close tasks.

    A budget that is extended or agreed on anew closes its task; the next held session opens it
    again where the end is still near.
    """
    match recorded.event:
        case ContractBudgetDrawn() as event:
            left = event.budget - event.number
            if left <= NEAR:
                detail: Content = {"left": left, "budget": event.budget}
                tasks.open(event.case, event.contract, TaskKind.BUDGET, detail=detail)
        case ContractAgreed() | ContractRenegotiated() | ContractBudgetExtended() as event:
            tasks.close(event.case, event.contract)
        case _:
            pass
