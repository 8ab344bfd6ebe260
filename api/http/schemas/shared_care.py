"""With others: referrals, consultations, medicines as told, co-treaters, conferences."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field

from api.http.on_chart import Saying
from api.http.schemas.common import Asked, Id, Instant, Line, Told, Words, example
from api.http.schemas.joint import Alias
from api.http.schemas.work import ItemTold, StepTold
from domain.events import referral, shared_care


class ProfessionalAsked(Asked):
    """Somebody elsewhere: by name, by organisation, or both."""

    specialty: Line
    name: Line | None = None
    organisation: Line | None = None

    def value(self) -> referral.Professional:
        """The domain's professional."""
        return referral.Professional(self.specialty, self.name, self.organisation)


_PSYCHIATRIST = {"specialty": "psychiatry", "organisation": "Outpatient clinic"}


class NewReferral(Saying):
    """To whom somebody is referred, why, and what is asked."""

    EVENT: ClassVar = referral.ReferralMade
    model_config = example(
        to=_PSYCHIATRIST,
        reason="Sleep has not come back after six weeks.",
        asked="Whether medicine would help.",
        urgency="soon",
        occurred_at="2026-11-23T10:00:00Z",
        answer_by="2026-12-14",
    )

    to: ProfessionalAsked
    reason: Words
    asked: Words
    urgency: referral.Urgency
    occurred_at: Instant
    answer_by: date | None = None


class Acceptance(Saying):
    """That they took somebody on."""

    EVENT: ClassVar = referral.ReferralAccepted
    model_config = example(occurred_at="2026-11-23T10:00:00Z")

    occurred_at: Instant
    words: Words | None = None


class Decline(Saying):
    """That they did not."""

    EVENT: ClassVar = referral.ReferralDeclined
    model_config = example(occurred_at="2026-11-23T10:00:00Z", reason="No place before spring.")

    occurred_at: Instant
    reason: Words | None = None


class Answer(Saying):
    """What came back."""

    EVENT: ClassVar = referral.ReferralAnswered
    model_config = example(occurred_at="2026-11-23T10:00:00Z", words="Medicine was begun.")

    occurred_at: Instant
    words: Words


class ReferralWithdrawal(Saying):
    """Why it is needed no longer."""

    EVENT: ClassVar = referral.ReferralWithdrawn
    model_config = example(reason="She sleeps again.")

    reason: Words | None = None


class NewConsultation(Saying):
    """Who was asked what, and what came of it."""

    EVENT: ClassVar = shared_care.ConsultationHeld
    model_config = example(
        consulted=_PSYCHIATRIST,
        identified=False,
        occurred_at="2026-11-23T10:00:00Z",
        question="May exposure go on under this medicine?",
        outcome="It may.",
    )

    consulted: ProfessionalAsked
    identified: bool
    occurred_at: Instant
    question: Words
    outcome: Words
    referral: Id | None = None


class NewConference(Saying):
    """Who conferred on the case, and what they concluded."""

    EVENT: ClassVar = shared_care.ConferenceHeld
    model_config = example(
        colleagues=[],
        others=[_PSYCHIATRIST],
        identified=True,
        occurred_at="2026-11-23T10:00:00Z",
        conclusions="Therapy goes on weekly; the dose stays.",
    )

    colleagues: Annotated[list[Id], Field(max_length=20)]
    others: Annotated[list[ProfessionalAsked], Field(max_length=20)]
    identified: bool
    occurred_at: Instant
    conclusions: Words


class NewPharmacotherapy(Saying):
    """A medicine as told; never a prescription. In a joint case ``alias`` says who takes it."""

    EVENT: ClassVar = shared_care.PharmacotherapyNoted
    model_config = example(
        substance="sertraline",
        dose="50 mg in the morning",
        prescriber=_PSYCHIATRIST,
        since="2026-11-01",
        told_by="client",
    )

    substance: Line
    dose: Line | None = None
    prescriber: ProfessionalAsked | None = None
    since: date | None = None
    told_by: shared_care.ToldBy
    words: Words | None = None
    alias: Alias | None = None


class ChangedPharmacotherapy(Saying):
    """What is another way from a day on."""

    EVENT: ClassVar = shared_care.PharmacotherapyChanged
    model_config = example(dose="100 mg in the morning", since="2026-11-20", told_by="client")

    dose: Line | None = None
    prescriber: ProfessionalAsked | None = None
    since: date | None = None
    told_by: shared_care.ToldBy
    words: Words | None = None


class EndedPharmacotherapy(Saying):
    """That it is taken no longer."""

    EVENT: ClassVar = shared_care.PharmacotherapyEnded
    model_config = example(until="2026-11-22", told_by="client", reason="Her physician ended it.")

    until: date | None = None
    told_by: shared_care.ToldBy
    reason: Words | None = None


class NewCoTreater(Saying):
    """Somebody else who treats the client."""

    EVENT: ClassVar = shared_care.CoTreaterLinked
    model_config = example(professional=_PSYCHIATRIST, since="2026-11-01")

    professional: ProfessionalAsked
    since: date | None = None
    words: Words | None = None


class CoTreaterUnlinking(Saying):
    """That that treatment is over."""

    EVENT: ClassVar = shared_care.CoTreaterUnlinked
    model_config = example(until="2026-11-22")

    until: date | None = None
    reason: Words | None = None


class ProfessionalTold(Told):
    """Somebody elsewhere."""

    specialty: str
    name: str | None
    organisation: str | None


class ReferralStepTold(StepTold):
    """A step of a referral."""

    words: str | None = None
    reason: str | None = None


class ReferralTold(ItemTold):
    """A referral, with what became of it."""

    to: ProfessionalTold
    reason: str | None = None
    asked: str | None = None
    urgency: str
    occurred_at: datetime
    answer_by: date | None = None
    steps: list[ReferralStepTold]


class ReferralsTold(Told):
    """The referrals of a case; nothing that left the clinic with one stands here."""

    referrals: list[ReferralTold]


class ConsultationTold(ItemTold):
    """A consultation."""

    consulted: ProfessionalTold
    identified: bool
    occurred_at: datetime
    question: str | None = None
    outcome: str | None = None
    referral: str | None = None


class ConferenceTold(ItemTold):
    """A conference on the case."""

    colleagues: list[str]
    others: list[ProfessionalTold]
    identified: bool
    occurred_at: datetime
    conclusions: str | None = None


class PharmacotherapyStepTold(StepTold):
    """A change of a medicine, as told."""

    dose: str | None = None
    prescriber: ProfessionalTold | None = None
    since: date | None = None
    until: date | None = None
    told_by: str
    words: str | None = None
    reason: str | None = None


class PharmacotherapyTold(ItemTold):
    """A medicine as it is told now."""

    substance: str
    dose: str | None = None
    prescriber: ProfessionalTold | None = None
    since: date | None = None
    told_by: str
    words: str | None = None
    alias: str | None = None
    steps: list[PharmacotherapyStepTold]


class CoTreaterStepTold(StepTold):
    """The end of a treatment elsewhere."""

    until: date | None = None
    reason: str | None = None


class CoTreaterTold(ItemTold):
    """Somebody else who treats the client, or did."""

    professional: ProfessionalTold
    since: date | None = None
    words: str | None = None
    steps: list[CoTreaterStepTold]


class SharedCareTold(Told):
    """Who else treats the client and with what, and what was spoken of with them."""

    co_treaters: list[CoTreaterTold]
    pharmacotherapy: list[PharmacotherapyTold]
    consultations: list[ConsultationTold]
    conferences: list[ConferenceTold]
