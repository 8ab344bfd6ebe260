"""Complaints."""

from __future__ import annotations

from datetime import date, datetime

from api.http.schemas.common import Asked, Id, Instant, Told, Words, example
from api.http.schemas.work import StepTold
from domain.complaint import Complaint
from domain.events.complaint import (
    Complainant,
    ComplaintDeadlineExtended,
    ComplaintExamined,
    ComplaintOutcome,
    ComplaintResolved,
)
from domain.use_cases.complaints import NewComplaint as DomainComplaint
from domain.values import CaseId, FreeText, PractitionerId


class NewComplaint(Asked):
    """Who complains about what, and by when an answer is owed."""

    model_config = example(
        filed_by="client",
        occurred_at="2026-02-23T10:00:00Z",
        answer_by="2026-03-25",
        text="Two sessions in a row were called off on the same morning.",
    )

    filed_by: Complainant
    about: Id | None = None
    about_case: Id | None = None
    occurred_at: Instant
    answer_by: date
    text: Words

    def value(self) -> DomainComplaint:
        """The domain's complaint."""
        return DomainComplaint(
            self.filed_by,
            None if self.about is None else PractitionerId(self.about),
            None if self.about_case is None else CaseId(self.about_case),
            self.occurred_at,
            self.answer_by,
            FreeText(self.text),
        )


class Examination(Asked):
    """A step of the examination."""

    model_config = example(
        occurred_at="2026-11-24T10:00:00Z", text="The therapist was heard; she was ill."
    )

    occurred_at: Instant
    text: Words

    def said(self, of: Complaint) -> ComplaintExamined:
        """The event that this body says."""
        return ComplaintExamined(
            complaint=of.id,
            client=of.client,
            occurred_at=self.occurred_at,
            text=FreeText(self.text),
        )


class Extension(Asked):
    """Until when the answer needs to be, and why."""

    model_config = example(answer_by="2027-01-10", reason="A witness is abroad until then.")

    answer_by: date
    reason: Words

    def said(self, of: Complaint) -> ComplaintDeadlineExtended:
        """The event that this body says."""
        return ComplaintDeadlineExtended(
            complaint=of.id,
            client=of.client,
            answer_by=self.answer_by,
            reason=FreeText(self.reason),
        )


class ComplaintAnswer(Asked):
    """What came of it, in the words of the answer."""

    model_config = example(
        outcome="partly-upheld", occurred_at="2026-12-01T10:00:00Z", text="We are sorry for it."
    )

    outcome: ComplaintOutcome
    occurred_at: Instant
    text: Words

    def said(self, of: Complaint) -> ComplaintResolved:
        """The event that this body says."""
        return ComplaintResolved(
            complaint=of.id,
            client=of.client,
            outcome=self.outcome,
            occurred_at=self.occurred_at,
            text=FreeText(self.text),
        )


class ComplaintStepTold(StepTold):
    """A step of a complaint's handling."""

    text: str | None = None
    reason: str | None = None
    answer_by: date | None = None
    outcome: str | None = None


class ComplaintTold(Told):
    """A complaint, with how it was handled."""

    id: str
    version: int
    by: str
    recorded_at: datetime
    client: str
    filed_by: str
    about: str | None = None
    about_case: str | None = None
    occurred_at: datetime
    answer_by: date
    overdue: bool
    outcome: str | None = None
    text: str | None = None
    steps: list[ComplaintStepTold]


class ComplaintsTold(Told):
    """The register of complaints: the unanswered first, by when an answer is owed."""

    complaints: list[ComplaintTold]
