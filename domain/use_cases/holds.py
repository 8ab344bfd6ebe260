"""Holds on a client's record, placed and lifted by the compliance officer (RET-02)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from domain import hold as hold_file
from domain.access import Look
from domain.client import Client, Hold
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import NotThere, Stale
from domain.events.access import AccessKind
from domain.events.client import ClientEvent, HoldGround
from domain.policy import Act
from domain.ports import Write
from domain.use_cases.desk import Desk, admit, attempt, entry_with
from domain.values import Circumstances, ClientId, Command, ItemId, PractitionerId, Receipt


@dataclass(frozen=True, slots=True)
class NewHold:
    """Why a record must be kept, and when somebody asks whether it still must."""

    ground: HoldGround
    review_on: date


async def place_hold(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    new: NewHold,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let nothing of a client's record be destroyed. The receipt names the ``hold``."""
    hold_id = ItemId(desk.identifiers.new())
    hold = Hold(hold_id, new.ground, PractitionerId(who.actor.id), new.review_on)
    today = desk.clock.now().date()
    return await _change(
        desk,
        who,
        client_id,
        lambda state: hold_file.place(state, hold, today=today),
        expected,
        command,
        created=(("hold", hold_id),),
    )


async def lift_hold(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    hold_id: ItemId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let a hold go."""
    lifter = PractitionerId(who.actor.id)
    return await _change(
        desk,
        who,
        client_id,
        lambda state: hold_file.lift(state, hold_id, lifter),
        expected,
        command,
    )


async def look_at_holds(
    desk: Desk, who: Circumstances, client_id: ClientId
) -> tuple[Client, int, Receipt]:
    """The holds on a client's record, with her file's version; the look is recorded with her."""
    frame, version, stamped = await _admitted(desk, who, client_id)
    shown = Look(AccessKind.READ, "hold", (Class.ADMINISTRATIVE,), object=ItemId(client_id))
    return frame, version, await desk.record.append((entry_with(desk, frame, shown),), stamped)


async def _admitted(
    desk: Desk, who: Circumstances, client_id: ClientId
) -> tuple[Client, int, Circumstances]:
    frame, version = desk.client(client_id)
    stamped = await admit(
        desk,
        who,
        Act.HOLD_RECORD,
        attempt=attempt("hold", client_id),
        clients=(client_id,),
        exists=frame is not None,
    )
    if frame is None:
        raise NotThere
    return frame, version, stamped


async def _change(
    desk: Desk,
    who: Circumstances,
    client_id: ClientId,
    decide: Callable[[Client], tuple[ClientEvent, ...]],
    expected: int,
    command: Command,
    *,
    created: tuple[tuple[str, str], ...] = (),
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    state, version, stamped = await _admitted(desk, who, client_id)
    if expected != version:
        raise Stale(version)
    owner = Owner(OwnerKind.CLIENT, client_id)
    write = Write(client_id, decide(state), owner, version, concerning=(client_id,))
    reply = (("client", client_id), *created)
    return await desk.record.append((write,), stamped, command=command, reply=reply)
