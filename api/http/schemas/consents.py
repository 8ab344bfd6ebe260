"""Shapes of consents and authorisations."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from api.http.schemas.common import Asked, Id, Instant, Line, Told, Words, example
from domain.authorisation import Authorisation
from domain.consent import Consent, Consultation, Verdict
from domain.errors import Invalid
from domain.events.authorisation import (
    AuthorisationGiven,
    AuthorisationNobodyNamed,
    AuthorisedPerson,
    Authorises,
)
from domain.events.consent import ConsentGiven, ConsentRefused, Form, Opinion, Scope
from domain.guardianship import Voices
from domain.values import ClientId, FreeText, ItemId

Authorised = Literal["named", "nobody", "not-asked"]


class NewConsent(Asked):
    """A consent that was given or refused; without a representative, by the client herself."""

    model_config = example(
        answer="given",
        scope="therapy",
        purpose="psychotherapy",
        form="written",
    )

    answer: Literal["given", "refused"]
    scope: Scope
    purpose: Line
    form: Form
    representative: Id | None = None
    said_at: Instant | None = None
    reason: Words | None = None

    def event(
        self, consent: ItemId, client: ClientId, now: datetime
    ) -> ConsentGiven | ConsentRefused:
        """The event that records it.

        Raises:
            Invalid: A consent has a reason; that is for a refusal.
        """
        speaker = None if self.representative is None else ItemId(self.representative)
        if self.answer == "refused":
            return ConsentRefused(
                consent=consent,
                client=client,
                scope=self.scope,
                purpose=self.purpose,
                form=self.form,
                representative=speaker,
                said_at=self.said_at or now,
                reason=None if self.reason is None else FreeText(self.reason),
            )
        if self.reason is not None:
            raise Invalid("reason", "is for a refusal: a consent says its purpose")
        return ConsentGiven(
            consent=consent,
            client=client,
            scope=self.scope,
            purpose=self.purpose,
            form=self.form,
            representative=speaker,
            said_at=self.said_at or now,
        )


class ConsentWithdrawal(Asked):
    """How a consent was taken back, when, and why where that was said."""

    model_config = example(form="oral")

    form: Form
    said_at: Instant | None = None
    reason: Words | None = None


class NewOpinion(Asked):
    """What somebody thinks of a consent; an opinion that was not heard needs a reason."""

    model_config = example(
        scope="therapy",
        opinion="not-asked",
        said_at="2026-02-23T09:00:00Z",
        reason="She is four years old.",
    )

    scope: Scope
    opinion: Opinion
    said_at: Instant
    representative: Id | None = None
    reason: Words | None = None


class PersonAsked(Asked):
    """An authorised person, as she was named."""

    given_name: Line
    family_name: Line
    phone: Line | None = None

    def value(self) -> AuthorisedPerson:
        """The domain's person."""
        return AuthorisedPerson(self.given_name, self.family_name, self.phone)


class NewAuthorisation(Asked):
    """Whom the client names; nobody, where she was asked and named nobody."""

    model_config = example(
        kind="information",
        form="written",
        said_at="2026-02-23T09:00:00Z",
        person={"given_name": "Ewa", "family_name": "Przykładowa"},
    )

    kind: Authorises
    form: Form
    said_at: Instant
    person: PersonAsked | None = None
    representative: Id | None = None

    def event(
        self, authorisation: ItemId, client: ClientId
    ) -> AuthorisationGiven | AuthorisationNobodyNamed:
        """The event that records it: without a person, that it is nobody, or an objection."""
        speaker = None if self.representative is None else ItemId(self.representative)
        if self.person is None and self.kind is not Authorises.AFTER_DEATH_OBJECTION:
            return AuthorisationNobodyNamed(
                authorisation=authorisation,
                client=client,
                kind=self.kind,
                form=self.form,
                said_at=self.said_at,
                representative=speaker,
            )
        return AuthorisationGiven(
            authorisation=authorisation,
            client=client,
            kind=self.kind,
            form=self.form,
            said_at=self.said_at,
            person=None if self.person is None else self.person.value(),
            representative=speaker,
        )


class AuthorisationWithdrawal(Asked):
    """How and when a declaration was taken back."""

    model_config = example(form="oral", said_at="2026-02-23T09:00:00Z")

    form: Form
    said_at: Instant


class ConsentTold(Told):
    """One consent."""

    id: str
    scope: str
    status: str
    purpose: str
    form: str | None
    representative: str | None
    representative_name: str | None
    said_at: datetime | None
    withdrawn_at: datetime | None
    reason: str | None


class OpinionTold(Told):
    """What somebody thought of it."""

    id: str
    scope: str
    opinion: str
    said_at: datetime
    representative: str | None
    reason: str | None


class AuthorisationTold(Told):
    """One declaration."""

    id: str
    kind: str
    status: str
    nobody: bool
    given_name: str | None
    family_name: str | None
    phone: str | None
    form: str
    said_at: datetime


class VoicesTold(Told):
    """Whose word: the client's own, and that of each of these representatives."""

    own: bool
    representatives: list[str]


class VerdictTold(Told):
    """Whether something is allowed today, whose word is missing for it, and who said no.

    In a ``conflict`` the guardianship court decides; an ``unrepresented`` minor has nobody who may
    speak for her.
    """

    scope: str
    allowed: bool
    stage: str
    missing: VoicesTold
    against: VoicesTold
    conflict: bool
    unrepresented: bool


class LedgerTold(Told):
    """A client's consents and authorisations; ``authorised`` says of what she was never asked."""

    client: str
    consents: list[ConsentTold]
    opinions: list[OpinionTold]
    authorisations: list[AuthorisationTold]
    authorised: dict[str, Authorised]
    verdicts: list[VerdictTold]


def consent_told(consent: Consent, name: str | None, reason: str | None) -> ConsentTold:
    """The answer for a consent."""
    return ConsentTold(
        id=consent.id,
        scope=consent.scope.value,
        status=consent.status.name.lower(),
        purpose=consent.purpose,
        form=consent.form and consent.form.value,
        representative=consent.representative,
        representative_name=name,
        said_at=consent.said_at,
        withdrawn_at=consent.withdrawn_at,
        reason=reason,
    )


def opinion_told(consultation: Consultation, reason: str | None) -> OpinionTold:
    """The answer for a consultation."""
    return OpinionTold(
        id=consultation.id,
        scope=consultation.scope.value,
        opinion=consultation.opinion.value,
        said_at=consultation.said_at,
        representative=consultation.representative,
        reason=reason,
    )


def authorisation_told(authorisation: Authorisation) -> AuthorisationTold:
    """The answer for a declaration."""
    person = authorisation.person
    return AuthorisationTold(
        id=authorisation.id,
        kind=authorisation.kind.value,
        status=authorisation.status.value,
        nobody=authorisation.nobody,
        given_name=person.given_name if person else None,
        family_name=person.family_name if person else None,
        phone=person.phone if person else None,
        form=authorisation.form.value,
        said_at=authorisation.said_at,
    )


def verdict_told(scope: Scope, verdict: Verdict) -> VerdictTold:
    """The answer for what consents come to."""
    return VerdictTold(
        scope=scope.value,
        allowed=verdict.allowed,
        stage=verdict.stage.name.lower().replace("_", "-"),
        missing=_voices(verdict.missing),
        against=_voices(verdict.against),
        conflict=verdict.conflict,
        unrepresented=verdict.unrepresented,
    )


def _voices(voices: Voices) -> VoicesTold:
    return VoicesTold(own=voices.own, representatives=list(voices.representatives))
