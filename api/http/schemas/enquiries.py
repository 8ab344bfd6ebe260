"""Enquiries: what happens before a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from api.http.schemas.common import Asked, Id, Instant, Told, Words, example
from api.http.schemas.note_forms import free_text
from domain.events.enquiry import Channel, DeclinedBecause, Priority
from domain.use_cases.enquiries import NewEnquiry as DomainEnquiry
from domain.values import ClientId, Format, FreeText, PractitionerId, School
from projections.enquiries import EnquiryLine, Step

Open = Callable[[FreeText | None], str | None]
"""How a closed text is opened, or left out where it has been made unreadable."""


class NewEnquiry(Asked):
    """What somebody asks for, how it came, and whose it is from now on."""

    model_config = example(
        client="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708",
        intake="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708",
        channel="telephone",
        occurred_at="2026-02-23T08:15:00Z",
        words="She would like to talk to somebody about her fear of trams.",
        format="individual",
        source="Her family doctor.",
    )

    client: Id
    intake: Id
    channel: Channel
    occurred_at: Instant
    words: Words
    format: Format | None = None
    source: Words | None = None

    def value(self) -> DomainEnquiry:
        """The domain's new enquiry."""
        return DomainEnquiry(
            client=ClientId(self.client),
            intake=PractitionerId(self.intake),
            channel=self.channel,
            occurred_at=self.occurred_at,
            words=FreeText(self.words),
            format=self.format,
            source=free_text(self.source),
        )


class Assignment(Asked):
    """Whose an enquiry is from now on."""

    model_config = example(practitioner="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708")

    practitioner: Id


class Consultation(Asked):
    """A consultation that was held, and what came of it."""

    model_config = example(
        occurred_at="2026-02-24T09:00:00Z", words="She is motivated; no risk. A second talk."
    )

    occurred_at: Instant
    words: Words


class Qualification(Asked):
    """That a therapy may begin, in which form, with whom, and why."""

    model_config = example(
        format="individual",
        school="cognitive-behavioural",
        therapist="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708",
        reason="Panic without another illness; exposure is what helps.",
    )

    format: Format
    reason: Words
    school: School | None = None
    therapist: Id | None = None
    group: Id | None = None


class EnquiryDecline(Asked):
    """That no therapy begins here, and why."""

    model_config = example(
        because="referred-elsewhere", reason="An eating disorder with low weight: a day ward."
    )

    because: DeclinedBecause
    reason: Words


class WaitingAsked(Asked):
    """For which place somebody waits, and how urgently."""

    model_config = example(
        priority="ordinary", words="An afternoon hour with a woman.", format="individual"
    )

    priority: Priority
    words: Words
    format: Format | None = None


class Offer(Asked):
    """The place that is offered."""

    model_config = example(words="Tuesdays at five, from March on.")

    words: Words


class EnquiryAnswer(Asked):
    """What was said to it, if anything was."""

    model_config = example(words="She works until six.")

    words: Words | None = None


class TakingUp(Asked):
    """The case in which the person takes part by now."""

    model_config = example(case="5f2c7b0d9e8a4c61b0d2f3a4c5e6f708")

    case: Id


class EnquiryStepTold(Told):
    """What happened in an enquiry; ``facts`` are codes and ids."""

    act: str
    by: str
    at: datetime
    occurred_at: datetime
    words: str | None
    facts: dict[str, str]


class WaitingTold(Told):
    """For what somebody waits, how urgently, since when, and whether a place is offered."""

    priority: str
    format: str | None
    words: str | None
    since: datetime
    offered: bool


class EnquiryHeading(Told):
    """An enquiry in a list."""

    id: str
    version: int
    client: str
    name: str | None
    received_at: datetime
    format: str | None
    consultations: int
    status: str
    waiting: WaitingTold | None


class EnquiryTold(EnquiryHeading):
    """An enquiry with everything that happened in it."""

    intake: str
    channel: str
    words: str | None
    source: str | None
    therapist: str | None
    case: str | None
    history: list[EnquiryStepTold]


class EnquiriesTold(Told):
    """The enquiries of one intake person."""

    practitioner: str
    enquiries: list[EnquiryHeading]


def heading_told(line: EnquiryLine, name: str | None, opened: Open) -> EnquiryHeading:
    """The answer for an enquiry in a list."""
    waits = line.waiting
    return EnquiryHeading(
        id=line.id,
        version=line.version,
        client=line.client,
        name=name,
        received_at=line.received_at,
        format=line.format,
        consultations=line.consultations,
        status=line.status,
        waiting=None
        if waits is None
        else WaitingTold(
            priority=waits.priority,
            format=waits.format,
            words=opened(waits.words),
            since=waits.since,
            offered=waits.offered,
        ),
    )


def enquiry_told(line: EnquiryLine, name: str | None, opened: Open) -> EnquiryTold:
    """The answer for an enquiry."""
    return EnquiryTold(
        **dict(heading_told(line, name, opened)),
        intake=line.intake,
        channel=line.channel,
        words=opened(line.words),
        source=opened(line.source),
        therapist=line.therapist,
        case=line.case,
        history=[_step(each, opened) for each in line.history],
    )


def _step(step: Step, opened: Open) -> EnquiryStepTold:
    return EnquiryStepTold(
        act=step.act,
        by=step.by,
        at=step.at,
        occurred_at=step.occurred_at,
        words=opened(step.words),
        facts=step.facts,
    )
