"""Opening and keeping a client's file: what clinicians and the front desk both do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain import client as client_file
from domain.access import Look
from domain.client import Client
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import InTheFuture, NotThere, Stale
from domain.events.access import AccessKind
from domain.events.client import (
    ClientContactChanged,
    ClientEvent,
    ClientIdentified,
    ClientRegistered,
    ClientRepresentativeAdded,
    PersonWord,
)
from domain.policy import Act, Standing
from domain.ports import Opening, Write
from domain.use_cases.before_case import is_intake_of
from domain.use_cases.conflicts import refuse_ones_own
from domain.use_cases.desk import Desk, admit, attempt, look, on_care_team
from domain.use_cases.finding import refuse_a_duplicate
from domain.values import (
    Circumstances,
    ClientId,
    Command,
    ItemId,
    PractitionerId,
    Receipt,
    StreamId,
)


@dataclass(frozen=True, slots=True)
class Registration:
    """What is known of a client when her file is opened."""

    identity: ClientIdentified
    contact: ClientContactChanged | None = None


async def register_client(
    desk: Desk, who: Circumstances, registration: Registration, *, command: Command
) -> Receipt:
    """Open a client's file; the receipt names the ``client``.

    Raises:
        DuplicateSuspected: Another file has her PESEL.
    """
    if done := desk.record.replay(who, command):
        return done
    who = await admit(desk, who, Act.REGISTER_CLIENT, attempt=attempt("client"))
    _must_be_born(desk, registration.identity)
    await refuse_ones_own(desk, who, registration.identity, registration.contact)
    await refuse_a_duplicate(desk, who, registration.identity.pesel)
    client_id = ClientId(desk.identifiers.new())
    registered = ClientRegistered(
        client=client_id,
        access_stream=StreamId(desk.identifiers.new()),
        consent_stream=StreamId(desk.identifiers.new()),
    )
    events = client_file.register(None, registered, registration.identity)
    if registration.contact is not None:
        events = (*events, registration.contact)
    write = Write(
        stream=client_id,
        events=events,
        owner=Owner(OwnerKind.CLIENT, client_id),
        after=0,
        concerning=(client_id,),
    )
    return await desk.record.append((write,), who, command=command, reply=(("client", client_id),))


async def identify(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    identity: ClientIdentified,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record or correct who the client is."""
    _must_be_born(desk, identity)
    return await _change(
        desk,
        who,
        client_id,
        lambda state: client_file.identify(state, identity),
        expected,
        command,
        check=lambda admitted: _may_be(desk, admitted, identity, client_id),
    )


async def _may_be(
    desk: Desk, admitted: Circumstances, identity: ClientIdentified, client_id: ClientId
) -> None:
    await refuse_ones_own(desk, admitted, identity)
    await refuse_a_duplicate(desk, admitted, identity.pesel, but=client_id)


async def change_contact(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    contact: ClientContactChanged,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record how to reach the client."""
    return await _change(
        desk,
        who,
        client_id,
        lambda state: client_file.change_contact(state, contact),
        expected,
        command,
    )


async def set_person_word(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    word: PersonWord | None,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record what the client wishes to be called."""
    return await _change(
        desk,
        who,
        client_id,
        lambda state: client_file.set_word(state, word),
        expected,
        command,
    )


async def add_representative(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    added: ClientRepresentativeAdded,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record who speaks for the client. The receipt names the ``representative``."""
    return await _change(
        desk,
        who,
        client_id,
        lambda state: client_file.add_representative(state, added),
        expected,
        command,
        created=(("representative", added.representative),),
    )


async def end_representative(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    representative: ItemId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that somebody no longer speaks for the client."""
    return await _change(
        desk,
        who,
        client_id,
        lambda state: client_file.end_representative(state, representative),
        expected,
        command,
    )


async def look_at_identity(
    desk: Desk, who: Circumstances, client_id: ClientId
) -> tuple[Opening, Receipt]:
    """Record the look at a client's identity and contact, and open them."""
    shown = Look(
        kind=AccessKind.READ,
        object_type="identity",
        classes=(Class.ADMINISTRATIVE,),
        object=ItemId(client_id),
    )
    stamped = await _admitted(desk, who, Act.READ_IDENTITY, client_id, shown)
    return await look(desk, stamped, shown, (client_id,), (Owner(OwnerKind.CLIENT, client_id),))


async def _admitted(
    desk: Desk, who: Circumstances, act: Act, client_id: ClientId, tried: Look
) -> Circumstances:
    frame, _ = desk.client(client_id)
    on_team = on_care_team(desk, who.actor, frame.cases if frame else ())
    return await admit(
        desk,
        who,
        act,
        Standing(
            on_care_team=on_team,
            is_own=who.actor.client == client_id,
            is_intake=is_intake_of(desk, PractitionerId(who.actor.id), frame),
        ),
        attempt=tried,
        clients=(client_id,),
        exists=frame is not None,
    )


async def _change(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    decide: Callable[[Client], tuple[ClientEvent, ...]],
    expected: int,
    command: Command,
    *,
    created: tuple[tuple[str, str], ...] = (),
    check: Callable[[Circumstances], Awaitable[None]] | None = None,
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("identity", client_id)
    stamped = await _admitted(desk, who, Act.CHANGE_IDENTITY, client_id, tried)
    if check is not None:
        await check(stamped)
    state, version = desk.record.fold(client_id, client_file.fold)
    if state is None:
        raise NotThere
    if expected != version:
        raise Stale(version)
    write = Write(
        stream=client_id,
        events=decide(state),
        owner=Owner(OwnerKind.CLIENT, client_id),
        after=version,
        concerning=(client_id,),
    )
    reply = (("client", client_id), *created)
    return await desk.record.append((write,), stamped, command=command, reply=reply)


def _must_be_born(desk: Desk, identity: ClientIdentified) -> None:
    if identity.birth_date > desk.clock.now().date():
        raise InTheFuture("birth_date")
