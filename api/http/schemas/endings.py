"""How a therapy ends and what follows it; and what went wrong in it."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from api.http.on_chart import Saying
from api.http.schemas.common import Asked, Id, Instant, Told, Words, example
from api.http.schemas.work import ItemTold, StepTold
from domain.events import adverse_event, ending


class NewTermination(Saying):
    """The day on which a therapy is to end, why, and what remains to be done."""

    EVENT: ClassVar = ending.TerminationPlanned
    model_config = example(
        ends_on="2027-03-01", reason="goals-reached", remains="Two sessions about what may return."
    )

    ends_on: date
    reason: ending.TerminationReason
    remains: Words


class ReplannedTermination(Saying):
    """Another day, or something else that remains."""

    EVENT: ClassVar = ending.TerminationReplanned
    model_config = example(ends_on="2027-03-15", remains="Three sessions.")

    ends_on: date
    remains: Words


class TerminationWithdrawal(Saying):
    """Why the therapy goes on after all."""

    EVENT: ClassVar = ending.TerminationWithdrawn
    model_config = example(reason="She lost her work and asked to go on.")

    reason: Words | None = None


class TerminationStepTold(StepTold):
    """A step of a planned ending."""

    ends_on: date | None = None
    remains: str | None = None
    reason: str | None = None


class TerminationTold(ItemTold):
    """A planned ending."""

    ends_on: date
    reason: str
    remains: str | None = None
    steps: list[TerminationStepTold]


class NewDischarge(Asked):
    """The signed summary that is the discharge summary."""

    model_config = example(note="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708")

    note: Id


class DischargeTold(ItemTold):
    """Which signed note is the discharge summary; its words are read as any note's."""

    note: str


class NewTransfer(Asked):
    """Whom a case is proposed to, and why."""

    model_config = example(
        to="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708",
        reason="limit-of-competence",
        words="An eating disorder has come to light that I have not treated before.",
    )

    to: Id
    reason: ending.TransferReason
    words: Words


class TransferAcceptance(Saying):
    """That she goes on."""

    EVENT: ClassVar = ending.TransferAccepted
    model_config = example(words="First session next week.")

    words: Words | None = None


class TransferDecline(Saying):
    """That she does not."""

    EVENT: ClassVar = ending.TransferDeclined
    model_config = example(reason="I know her brother.")

    reason: Words | None = None


class TransferWithdrawal(Saying):
    """That the proposal is taken back."""

    EVENT: ClassVar = ending.TransferWithdrawn
    model_config = example(reason="The client would rather stay.")

    reason: Words | None = None


class AnswerTold(StepTold):
    """How a transfer was answered."""

    words: str | None = None
    reason: str | None = None


class TransferTold(ItemTold):
    """A proposed transfer."""

    to: str
    reason: str
    words: str | None = None
    steps: list[AnswerTold]


class NewFollowUp(Saying):
    """When and how somebody is to be asked how she is."""

    EVENT: ClassVar = ending.FollowUpPlanned
    model_config = example(due_on="2027-06-01", contact="call", words="Ask about her sleep.")

    due_on: date
    contact: ending.FollowUpContact
    words: Words | None = None


class FollowUp(Saying):
    """How she was."""

    EVENT: ClassVar = ending.FollowUpHeld
    model_config = example(occurred_at="2026-11-23T10:00:00Z", reached=True, words="She is well.")

    occurred_at: Instant
    reached: bool
    words: Words | None = None


class FollowUpDropping(Saying):
    """Why she is not to be asked."""

    EVENT: ClassVar = ending.FollowUpDropped
    model_config = example(reason="She asked not to be called.")

    reason: Words


class FollowUpStepTold(StepTold):
    """How a follow-up went."""

    reached: bool | None = None
    words: str | None = None
    reason: str | None = None


class FollowUpTold(ItemTold):
    """A follow-up."""

    due_on: date
    contact: str
    words: str | None = None
    steps: list[FollowUpStepTold]


class UnfinishedTold(Told):
    """Something that is under way: which item, and of what kind."""

    id: str
    kind: str
    status: str


class EndingsTold(Told):
    """How a therapy ends: what is planned, what is under way, what was handed on, what follows."""

    terminations: list[TerminationTold]
    discharges: list[DischargeTold]
    transfers: list[TransferTold]
    follow_ups: list[FollowUpTold]
    unfinished: list[UnfinishedTold]


class NewAdverseEvent(Saying):
    """What went wrong."""

    EVENT: ClassVar = adverse_event.AdverseEventReported
    model_config = example(
        kind="worsening",
        severity="moderate",
        relation="possibly",
        occurred_at="2026-11-22T19:00:00Z",
        words="After the exposure she did not leave the house for two days.",
    )

    kind: adverse_event.AdverseKind
    severity: adverse_event.Severity
    relation: adverse_event.RelationToTherapy
    occurred_at: Instant
    words: Words


class Measure(Saying):
    """What was done about it."""

    EVENT: ClassVar = adverse_event.AdverseEventMeasureTaken
    model_config = example(occurred_at="2026-11-23T10:00:00Z", words="Smaller steps agreed on.")

    occurred_at: Instant
    words: Words


class AdverseEventClosing(Saying):
    """How it hung together, and what was learnt."""

    EVENT: ClassVar = adverse_event.AdverseEventClosed
    model_config = example(relation="related", words="The step was too large.")

    relation: adverse_event.RelationToTherapy
    words: Words


class AdverseEventStepTold(StepTold):
    """A step of what was done about it."""

    words: str | None = None
    relation: str | None = None


class AdverseEventTold(ItemTold):
    """Something that went wrong, and what was done about it."""

    kind: str
    severity: str
    relation: str
    occurred_at: datetime
    words: str | None = None
    steps: list[AdverseEventStepTold]


class AdverseEventsTold(Told):
    """What went wrong in a therapy."""

    adverse_events: list[AdverseEventTold]
