"""Consents and authorisations of a client: each an object of its own, together her ledger."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Written, written
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.consents import (
    AuthorisationWithdrawal,
    Authorised,
    ConsentWithdrawal,
    LedgerTold,
    NewAuthorisation,
    NewConsent,
    NewOpinion,
    authorisation_told,
    consent_told,
    opinion_told,
    verdict_told,
)
from domain import authorisation as authorisation_file, consent as consent_file
from domain.authorisation import Authorisations
from domain.consent import Consents
from domain.errors import Sealed
from domain.events.authorisation import (
    AuthorisationEvent,
    AuthorisationGiven,
    AuthorisationWithdrawn,
    Authorises,
)
from domain.events.consent import (
    ConsentConsulted,
    ConsentEvent,
    ConsentGiven,
    ConsentWithdrawn,
)
from domain.ports import Opening
from domain.use_cases import consents
from domain.use_cases.consents import Ledger
from domain.values import ClientId, FreeText, ItemId, PractitionerId

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["consents"], route_class=RecordedRoute)
_CREATES = leaves("CREATE", audience="clinician")
_WRITES = leaves("AMEND", audience="clinician")
_READS = leaves("READ", audience="clinician")


@router.get("/consents", dependencies=[CaughtUp], openapi_extra=_READS)
async def read_consents(
    desk: TheDesk, clinic: TheClinic, who: Who, client_id: PathId, response: Response
) -> LedgerTold:
    """A client's ledger: what she allows, whom she lets know, and what that comes to today."""
    found, opening, receipt = await consents.look_at_ledger(desk, who, ClientId(client_id))
    card = clinic.views.name_cards.of(client_id, opening)
    known = card.representatives if card else ()
    names = {each.id: f"{each.given_name} {each.family_name}" for each in known}
    response.headers["Ledger-Position"] = str(receipt.last)
    return LedgerTold(
        client=client_id,
        consents=[
            consent_told(each, names.get(each.representative or ""), _words(each.reason, opening))
            for each in found.consents.of
        ],
        opinions=[
            opinion_told(each, _words(each.reason, opening))
            for each in found.consents.consultations
        ],
        authorisations=[authorisation_told(each) for each in found.authorisations.of],
        authorised={each.value: _authorised(found, each) for each in Authorises},
        verdicts=[verdict_told(scope, each) for scope, each in found.verdicts.items()],
    )


@router.post("/consents", status_code=201, openapi_extra=_CREATES)
async def record_consent(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    asked: NewConsent,
    command: Commanded,
    response: Response,
) -> Written:
    """Record a consent that was given, or refused: one scope, one purpose, one voice."""
    consent, now = ItemId(desk.identifiers.new()), desk.clock.now()
    event = asked.event(consent, ClientId(client_id), now)

    def decide(state: Consents) -> tuple[ConsentEvent, ...]:
        if isinstance(event, ConsentGiven):
            return consent_file.give(state, event, now=now)
        return consent_file.refuse(state, event, now=now)

    receipt = await consents.record_consent(
        desk,
        who,
        ClientId(client_id),
        decide,
        consent,
        command=command,
        representative=event.representative,
    )
    return written(response, receipt)


@router.post("/consents/{consent_id}:withdraw", openapi_extra=_WRITES)
async def withdraw_consent(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    consent_id: PathId,
    asked: ConsentWithdrawal,
    command: Commanded,
    response: Response,
) -> Written:
    """Record that a given consent was taken back; what was done under it stays lawful."""
    now = desk.clock.now()
    event = ConsentWithdrawn(
        consent=ItemId(consent_id),
        client=ClientId(client_id),
        form=asked.form,
        said_at=asked.said_at or now,
        reason=_text(asked.reason),
    )
    receipt = await consents.record_consent(
        desk,
        who,
        ClientId(client_id),
        lambda state: consent_file.withdraw(state, event, now=now),
        ItemId(consent_id),
        command=command,
    )
    return written(response, receipt)


@router.post("/opinions", status_code=201, openapi_extra=_CREATES)
async def record_opinion(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    asked: NewOpinion,
    command: Commanded,
    response: Response,
) -> Written:
    """Record what a minor, or a representative, thinks of it; or why nobody knows."""
    event = ConsentConsulted(
        consultation=ItemId(desk.identifiers.new()),
        client=ClientId(client_id),
        author=PractitionerId(who.actor.id),
        scope=asked.scope,
        opinion=asked.opinion,
        said_at=asked.said_at,
        representative=_item(asked.representative),
        reason=_text(asked.reason),
    )
    receipt = await consents.record_consultation(
        desk, who, ClientId(client_id), event, command=command
    )
    return written(response, receipt)


@router.post("/authorisations", status_code=201, openapi_extra=_CREATES)
async def record_authorisation(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    asked: NewAuthorisation,
    command: Commanded,
    response: Response,
) -> Written:
    """Record whom a client names, for information, for documentation, or after her death.

    Without a person she names nobody, which is a declaration, too; an objection without a person is
    one to everybody.
    """
    authorisation, now = ItemId(desk.identifiers.new()), desk.clock.now()
    event = asked.event(authorisation, ClientId(client_id))

    def decide(state: Authorisations) -> tuple[AuthorisationEvent, ...]:
        if isinstance(event, AuthorisationGiven):
            return authorisation_file.give(state, event, now=now)
        return authorisation_file.name_nobody(state, event, now=now)

    receipt = await consents.record_authorisation(
        desk,
        who,
        ClientId(client_id),
        decide,
        authorisation,
        command=command,
        representative=event.representative,
    )
    return written(response, receipt)


@router.post("/authorisations/{authorisation_id}:withdraw", openapi_extra=_WRITES)
async def withdraw_authorisation(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    authorisation_id: PathId,
    asked: AuthorisationWithdrawal,
    command: Commanded,
    response: Response,
) -> Written:
    """Record that a declaration was taken back."""
    now = desk.clock.now()
    event = AuthorisationWithdrawn(
        authorisation=ItemId(authorisation_id),
        client=ClientId(client_id),
        form=asked.form,
        said_at=asked.said_at,
    )
    receipt = await consents.record_authorisation(
        desk,
        who,
        ClientId(client_id),
        lambda state: authorisation_file.withdraw(state, event, now=now),
        ItemId(authorisation_id),
        command=command,
    )
    return written(response, receipt)


def _authorised(ledger: Ledger, kind: Authorises) -> Authorised:
    found = ledger.authorisations.standing(kind)
    return "not-asked" if found is None else "named" if found else "nobody"


def _item(found: str | None) -> ItemId | None:
    return None if found is None else ItemId(found)


def _text(found: str | None) -> FreeText | None:
    return None if found is None else FreeText(found)


def _words(text: FreeText | None, opening: Opening) -> str | None:
    """The words of a text; ``None`` where there are none, or they have been made unreadable."""
    with suppress(Sealed):
        return None if text is None else opening.words(text)
    return None
