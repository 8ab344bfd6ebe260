"""A client's consents: recorded, and looked at."""

from collections.abc import Callable

from domain import (
    consent as consent_file,
)
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.consent import Consents
from domain.errors import NotThere
from domain.events.access import AccessKind
from domain.events.consent import ConsentEvent
from domain.policy import Act, Standing
from domain.ports import Write
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


async def record_consent(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    decide: Callable[[Consents], tuple[ConsentEvent, ...]],
    consent: ItemId,
    *,
    command: Command,
) -> Receipt:
    """Record that something was given, refused or withdrawn. The receipt names the ``consent``."""
    if done := desk.record.replay(who, command):
        return done
    stream, stamped = await _consents_admitted(
        desk, who, Act.RECORD_CONSENT, client_id, attempt("consent", consent)
    )
    consents, version = desk.record.frame(stream, consent_file.fold)
    write = Write(
        stream=stream,
        events=decide(consents),
        owner=Owner(OwnerKind.CLIENT, client_id),
        after=version,
        concerning=(client_id,),
    )
    return await desk.record.append(
        (write,), stamped, command=command, reply=(("consent", consent),)
    )


async def look_at_consents(
    desk: Desk, who: Circumstances, client_id: ClientId
) -> tuple[Consents, Receipt]:
    """Record the look at a client's consents and return them."""
    shown = Look(AccessKind.READ, "consents", (Class.ADMINISTRATIVE,), object=ItemId(client_id))
    stream, stamped = await _consents_admitted(desk, who, Act.READ_CONSENTS, client_id, shown)
    owner = Owner(OwnerKind.CLIENT, client_id)
    _, receipt = await look(desk, stamped, shown, (client_id,), (owner,))
    consents, _ = desk.record.frame(stream, consent_file.fold)
    return consents, receipt


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
