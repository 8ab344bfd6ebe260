"""A treatment plan: what it goes through, and what is refused.

A plan that was revised is to be agreed again; what had been agreed stays in its history.
"""

from datetime import datetime

from domain.errors import Invalid
from domain.events.plan import (
    PlanAgreed,
    PlanDrafted,
    PlanEnded,
    PlanEvent,
    PlanReviewHeld,
    PlanRevised,
)
from domain.lifecycle import Item, Lifecycle, step

DRAFTED, AGREED, ENDED = "drafted", "agreed", "ended"
LIFE = Lifecycle(
    "plan",
    PlanDrafted,
    DRAFTED,
    {
        PlanRevised: step(DRAFTED, AGREED, to=DRAFTED),
        PlanAgreed: step(DRAFTED, to=AGREED),
        PlanReviewHeld: step(DRAFTED, AGREED),
        PlanEnded: step(DRAFTED, AGREED, to=ENDED),
    },
)
fold = LIFE.fold


def decide(state: Item | None, said: PlanEvent, *, now: datetime) -> tuple[PlanEvent, ...]:
    """What is recorded of what is said about a plan.

    Raises:
        Invalid: The next review would fall due before today, or a text says nothing.
        InTheFuture: It is said to have happened later than now.
        WrongState: The plan does not stand where this can follow.
    """
    if isinstance(said, PlanDrafted | PlanRevised | PlanReviewHeld):
        due = said.review_on
        if due is not None and due < now.date():
            raise Invalid("review_on", "lies in the past")
    return LIFE.decide(state, said, now=now)
