"""What of the work waits: plan reviews, homework, answers, answers to a transfer, follow-ups."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta

from domain.events.ending import (
    FollowUpDropped,
    FollowUpHeld,
    FollowUpPlanned,
    TransferAccepted,
    TransferDeclined,
    TransferProposed,
    TransferWithdrawn,
)
from domain.events.homework import HomeworkDropped, HomeworkReported, HomeworkSet
from domain.events.plan import PlanDrafted, PlanEnded, PlanReviewHeld, PlanRevised
from domain.events.referral import (
    ReferralAnswered,
    ReferralDeclined,
    ReferralMade,
    ReferralWithdrawn,
)
from domain.ports import Recorded
from projections.worklist import TaskKind, Tasks

AHEAD = timedelta(days=14)
"""How long before its day a plan's review or a follow-up stands in the worklist."""


_CLOSES = (
    PlanEnded,
    HomeworkReported,
    HomeworkDropped,
    ReferralDeclined,
    ReferralAnswered,
    ReferralWithdrawn,
    TransferAccepted,
    TransferDeclined,
    TransferWithdrawn,
    FollowUpHeld,
    FollowUpDropped,
)
"""After these nothing of their item waits any more."""


def apply(recorded: Recorded, tasks: Tasks) -> None:
    """Let an event open or close what waits."""
    event = recorded.event
    if isinstance(event, _CLOSES):
        tasks.close(event.case, getattr(event, fields(event)[0].name))
        return
    match event:
        case PlanDrafted() | PlanRevised() | PlanReviewHeld():
            _review(event, tasks)
        case HomeworkSet(due_on=date() as due_on):
            due = _day(due_on)
            tasks.open(event.case, event.homework, TaskKind.HOMEWORK, due, since=due)
        case ReferralMade(answer_by=date() as answer_by):
            tasks.open(event.case, event.referral, TaskKind.REFERRAL, _day(answer_by))
        case TransferProposed():
            tasks.open(event.case, event.transfer, TaskKind.TRANSFER, detail={"to": event.to})
        case FollowUpPlanned():
            due = _day(event.due_on)
            tasks.open(event.case, event.follow_up, TaskKind.FOLLOW_UP, due, since=due - AHEAD)
        case _:
            pass


def _review(event: PlanDrafted | PlanRevised | PlanReviewHeld, tasks: Tasks) -> None:
    if event.review_on is not None:
        due = _day(event.review_on)
        tasks.open(event.case, event.plan, TaskKind.PLAN_REVIEW, due, since=due - AHEAD)
    elif isinstance(event, PlanReviewHeld):
        tasks.close(event.case, event.plan)


def _day(day: date) -> datetime:
    """The first instant of a day."""
    return datetime.combine(day, time(), UTC)
