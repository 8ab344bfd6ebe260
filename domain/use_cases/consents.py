"""A client's consents and authorisations: recorded, and looked at as one ledger."""

from collections.abc import Callable
from dataclasses import dataclass

from domain import (
    authorisation as authorisation_file,
    client as client_file,
    consent as consent_file,
    guardianship,
)
from domain.access import Look
from domain.authorisation import Authorisations
from domain.confidentiality import Class, Owner, OwnerKind
from domain.consent import Consents, Verdict
from domain.errors import Invalid, NotThere, WrongState
from domain.events.access import AccessKind
from domain.events.authorisation import AuthorisationEvent
from domain.events.consent import ConsentConsulted, ConsentEvent, ConsentWithdrawn, Scope
from domain.events.guardianship import Matter
from domain.local_time import local_day
from domain.policy import Act, Standing
from domain.ports import Opening, Write
from domain.use_cases.desk import (
    Desk,
    admit,
    attempt,
    look,
    on_care_team,
)
from domain.values import (
    Circumstances,
    ClientId,
    Command,
    ItemId,
    Receipt,
)

_CLASSES = (Class.ADMINISTRATIVE, Class.CLINICAL)
"""The reasons of a refusal lie under the clinical key, as every word does."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a client allows, whom she lets know, and what that comes to on this day."""

    consents: Consents
    authorisations: Authorisations
    verdicts: dict[Scope, Verdict]


async def record_consent(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    decide: Callable[[Consents], tuple[ConsentEvent, ...]],
    consent: ItemId,
    *,
    command: Command,
    representative: ItemId | None = None,
) -> Receipt:
    """Record that something was given, refused or withdrawn. The receipt names the ``consent``.

    Raises:
        Invalid: A ``representative`` is named who never spoke for this client.
        WrongState: What is withdrawn was given by somebody who speaks for her no longer: it does
            not count any more, and there is nothing to be taken back.
    """
    if done := desk.record.replay(who, command):
        return done
    stream, stamped = await _consents_admitted(
        desk, who, Act.RECORD_CONSENT, client_id, attempt("consent", consent)
    )
    _must_represent(desk, client_id, representative)
    consents, version = desk.record.frame(stream, consent_file.fold)
    events = decide(consents)
    for each in events:
        if isinstance(each, ConsentWithdrawn):
            _must_speak(desk, client_id, consents, each)
    write = _write(stream, client_id, events, version)
    return await desk.record.append(
        (write,), stamped, command=command, reply=(("consent", consent),)
    )


async def record_consultation(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    consulted: ConsentConsulted,
    *,
    command: Command,
) -> Receipt:
    """Record what somebody thinks of a consent. The receipt names the ``consultation``.

    Raises:
        Invalid: A representative is named who never spoke for this client; or an opinion is absent
            without a reason.
    """
    if done := desk.record.replay(who, command):
        return done
    stream, stamped = await _consents_admitted(
        desk, who, Act.RECORD_CONSENT, client_id, attempt("consent")
    )
    _must_represent(desk, client_id, consulted.representative)
    consents, version = desk.record.fold(stream, consent_file.fold)
    events = consent_file.consult(consents, consulted, now=desk.clock.now())
    write = _write(stream, client_id, events, version)
    reply = (("consultation", consulted.consultation),)
    return await desk.record.append((write,), stamped, command=command, reply=reply)


async def record_authorisation(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    decide: Callable[[Authorisations], tuple[AuthorisationEvent, ...]],
    authorisation: ItemId,
    *,
    command: Command,
    representative: ItemId | None = None,
) -> Receipt:
    """Record whom a client names, or that she names nobody. The receipt names ``authorisation``.

    Raises:
        Invalid: A ``representative`` is named who never spoke for this client.
    """
    if done := desk.record.replay(who, command):
        return done
    stream, stamped = await _consents_admitted(
        desk, who, Act.RECORD_CONSENT, client_id, attempt("consent", authorisation)
    )
    _must_represent(desk, client_id, representative)
    found, version = desk.record.fold(stream, authorisation_file.fold)
    write = _write(stream, client_id, decide(found), version)
    reply = (("authorisation", authorisation),)
    return await desk.record.append((write,), stamped, command=command, reply=reply)


async def look_at_consents(
    desk: Desk, who: Circumstances, client_id: ClientId
) -> tuple[Consents, Receipt]:
    """Record the look at a client's consents and return them."""
    ledger, _, receipt = await look_at_ledger(desk, who, client_id)
    return ledger.consents, receipt


async def look_at_ledger(
    desk: Desk, who: Circumstances, client_id: ClientId
) -> tuple[Ledger, Opening, Receipt]:
    """Record the look at a client's consents and authorisations, and open their words."""
    shown = Look(AccessKind.READ, "consents", _CLASSES, object=ItemId(client_id))
    stream, stamped = await _consents_admitted(desk, who, Act.READ_CONSENTS, client_id, shown)
    owner = Owner(OwnerKind.CLIENT, client_id)
    opening, receipt = await look(desk, stamped, shown, (client_id,), (owner,))
    consents, _ = desk.record.fold(stream, consent_file.fold)
    authorisations, _ = desk.record.fold(stream, authorisation_file.fold)
    client, _ = desk.record.fold(client_id, client_file.fold)
    if client is None:
        raise NotThere
    day = local_day(desk.clock.now())
    verdicts = {
        scope: consent_file.verdict(consents, scope, client.guardianship, day) for scope in Scope
    }
    return Ledger(consents, authorisations, verdicts), opening, receipt


def _write(
    stream: str,
    client_id: ClientId,
    events: tuple[ConsentEvent | AuthorisationEvent, ...],
    version: int,
) -> Write:
    owner = Owner(OwnerKind.CLIENT, client_id)
    return Write(stream=stream, events=events, owner=owner, after=version, concerning=(client_id,))


def _must_represent(desk: Desk, client_id: ClientId, representative: ItemId | None) -> None:
    if representative is None:
        return
    client, _ = desk.record.fold(client_id, client_file.fold)
    known = client is not None and (
        representative in dict(client.representatives)
        or representative in client.former_representatives
    )
    if not known:
        raise Invalid("representative", "never spoke for this client")


def _must_speak(
    desk: Desk, client_id: ClientId, consents: Consents, withdrawn: ConsentWithdrawn
) -> None:
    """Refuse to take back what was given by somebody who speaks for the client no longer."""
    given = consents.find(withdrawn.consent)
    client, _ = desk.record.fold(client_id, client_file.fold)
    if given is None or given.representative is None or client is None:
        return
    day = local_day(withdrawn.said_at or desk.clock.now())
    if not guardianship.may(client.guardianship, given.representative, Matter.CONSENT, day):
        raise WrongState("Whoever gave it speaks for the client no longer: it does not count")


async def _consents_admitted(
    desk: Desk, who: Circumstances, act: Act, client_id: ClientId, tried: Look
) -> tuple[str, Circumstances]:
    frame, _ = desk.client(client_id)
    on_team = on_care_team(desk, who.actor, frame.cases if frame else ())
    stamped = await admit(
        desk,
        who,
        act,
        Standing(on_care_team=on_team),
        attempt=tried,
        clients=(client_id,),
        exists=frame is not None,
    )
    if frame is None:
        raise NotThere
    return frame.consent_stream, stamped
