"""Clients' files: what the front desk and clinicians both do."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import CaughtUp, Commanded, Expected, Written, written
from api.http.gone import missing
from api.http.recorded import RecordedRoute, leaves
from api.http.schemas.common import PathId
from api.http.schemas.files import (
    ClientFile,
    Contact,
    Identity,
    NewClient,
    NewRepresentative,
    Wish,
)
from domain.events.client import ClientRepresentativeAdded
from domain.use_cases import registration
from domain.values import ClientId, ItemId

router = APIRouter(prefix="/v1/clients", tags=["clients' files"], route_class=RecordedRoute)
_BOTH = "front desk, clinician"


@router.post("", status_code=201, openapi_extra=leaves("CREATE", audience=_BOTH))
async def register_client(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    command: Commanded,
    asked: NewClient,
    response: Response,
) -> Written:
    """Open a client's file; one whose PESEL another file has is refused."""
    if asked.identity.pesel is not None:
        await clinic.let_index_catch_up()
    known = registration.Registration(
        asked.identity.event(), asked.contact.event() if asked.contact else None
    )
    receipt = await registration.register_client(desk, who, known, command=command)
    return written(response, receipt)


@router.get("/{client_id}", dependencies=[CaughtUp], openapi_extra=leaves("READ", audience=_BOTH))
async def read_identity(
    desk: TheDesk, clinic: TheClinic, who: Who, client_id: PathId, response: Response
) -> ClientFile:
    """A client's identity and contact."""
    opening, receipt = await registration.look_at_identity(desk, who, ClientId(client_id))
    card = clinic.views.name_cards.of(client_id, opening)
    if card is None:
        raise missing(clinic, (client_id,))
    # The version of what is shown, not of what the record may hold meanwhile.
    response.headers["ETag"] = f'"{card.version}"'
    response.headers["Ledger-Position"] = str(receipt.last)
    return ClientFile.of(card)


@router.put("/{client_id}/identity", openapi_extra=leaves("AMEND", audience=_BOTH))
async def identify(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    asked: Identity,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record or correct who the client is."""
    receipt = await registration.identify(
        desk, who, ClientId(client_id), asked.event(), expected=expected, command=command
    )
    return written(response, receipt)


@router.put("/{client_id}/contact", openapi_extra=leaves("AMEND", audience=_BOTH))
async def change_contact(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    asked: Contact,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record how the client can be reached."""
    receipt = await registration.change_contact(
        desk, who, ClientId(client_id), asked.event(), expected=expected, command=command
    )
    return written(response, receipt)


@router.put("/{client_id}/person-word", openapi_extra=leaves("AMEND", audience=_BOTH))
async def set_person_word(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    asked: Wish,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record whether the client wishes to be called client or patient."""
    receipt = await registration.set_person_word(
        desk, who, ClientId(client_id), asked.word, expected=expected, command=command
    )
    return written(response, receipt)


@router.post(
    "/{client_id}/representatives",
    status_code=201,
    openapi_extra=leaves("AMEND", audience=_BOTH),
)
async def add_representative(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    asked: NewRepresentative,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record who speaks for the client."""
    added = ClientRepresentativeAdded(
        representative=ItemId(desk.identifiers.new()),
        authority=asked.authority,
        given_name=asked.given_name,
        family_name=asked.family_name,
        address=asked.address.value() if asked.address else None,
        phone=asked.phone,
    )
    receipt = await registration.add_representative(
        desk, who, ClientId(client_id), added, expected=expected, command=command
    )
    return written(response, receipt)


@router.post(
    "/{client_id}/representatives/{representative_id}:end",
    openapi_extra=leaves("AMEND", audience=_BOTH),
)
async def end_representative(
    desk: TheDesk,
    who: Who,
    client_id: PathId,
    representative_id: PathId,
    command: Commanded,
    expected: Expected,
    response: Response,
) -> Written:
    """Record that somebody no longer speaks for the client."""
    receipt = await registration.end_representative(
        desk,
        who,
        ClientId(client_id),
        ItemId(representative_id),
        expected=expected,
        command=command,
    )
    return written(response, receipt)
