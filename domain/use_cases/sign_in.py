"""Signing in and out: recorded in the stream of whoever it was, or the clinic's (LOG-08)."""

from dataclasses import replace

from domain import access
from domain.access import Look
from domain.confidentiality import Class
from domain.events.access import AccessKind
from domain.ports import Write
from domain.use_cases.desk import Desk, own_entry
from domain.values import ActorId, Circumstances, ItemId, Receipt

_SIGN_IN = Look(AccessKind.AUTHENTICATION, "sign-in", (Class.ADMINISTRATIVE,))


async def record_sign_in(desk: Desk, who: Circumstances) -> Receipt:
    """Write down that somebody signed in."""
    stream, owner = desk.account_of(who.actor)
    event = access.record_look(_SIGN_IN, who.actor.client, origin=desk.origin, now=desk.clock.now())
    clients = () if who.actor.client is None else (who.actor.client,)
    write = Write(stream, (event,), owner, after=None, concerning=clients)
    return await desk.record.append((write,), who)


async def record_refused_sign_in(desk: Desk, who: Circumstances) -> Receipt:
    """Write down that somebody tried to sign in and was refused; never with what."""
    stream, owner = desk.account_of(who.actor)
    event = access.deny_look(
        _SIGN_IN, who.actor.client, reason="deny.sign-in", now=desk.clock.now()
    )
    clients = () if who.actor.client is None else (who.actor.client,)
    write = Write(stream, (event,), owner, after=None, concerning=clients)
    return await desk.record.append((write,), who)


async def record_password_reset(desk: Desk, who: Circumstances, holder: ActorId) -> Receipt:
    """Write down that somebody's password was replaced on the host, in the clinic's own stream."""
    shown = replace(_SIGN_IN, object=ItemId(holder))
    return await desk.record.append((own_entry(desk, who, shown),), who)
