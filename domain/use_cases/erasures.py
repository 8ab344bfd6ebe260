"""Erasing: asked for, weighed by the law, approved by two custodians, carried out, told.

Whoever asks names what; the gate says no with its ground, and that is recorded. Two custodians sign
what the ``Shredder`` states. Before anything is destroyed the gate is asked again. The request's
own events are the entries of the clients' access logs (LOG-06): who asked, approved, destroyed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from domain import erasure as erasure_file
from domain.confidentiality import Owner, OwnerKind
from domain.erasure import APPROVALS, Custodian, Erasure, Target
from domain.errors import Invalid, NotPermitted, Stale
from domain.events.erasure import (
    ErasureEvent,
    ErasureGround,
    ErasureRequested,
    ErasureScope,
    HandOver,
)
from domain.policy import Act
from domain.ports import Write
from domain.practitioner import may_be_custodian
from domain.use_cases.desk import Desk, admit, attempt
from domain.use_cases.erasing import Archive, Item, destruction, findings, found_item
from domain.use_cases.erasure_looks import load, seen
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    Command,
    ErasureId,
    ItemId,
    PractitionerId,
    Receipt,
)


@dataclass(frozen=True, slots=True)
class NewErasure:
    """What somebody asks to have erased, and on which ground; ``domain/erasure.py`` says more.

    ``injury_death_on`` lengthens retention (``domain/retention.py``); it is weighed, never stored.
    """

    scope: ErasureScope
    ground: ErasureGround
    client: ClientId | None = None
    case: CaseId | None = None
    item: ItemId | None = None
    text_version: int | None = None
    year: int | None = None
    hand_over: HandOver | None = None
    injury_death_on: date | None = None


async def request_erasure(
    desk: Desk, archive: Archive, who: Circumstances, new: NewErasure, *, command: Command
) -> Receipt:
    """Ask for an erasure. The receipt names the ``erasure``, and why it was ``refused`` if it was.

    Raises:
        NotThere, NotPermitted: It is not the actor's to ask for; the denial is recorded.
        Invalid: The words do not fit each other.
        ProjectionBehind: When the record was last written in is not known yet.
    """
    if done := desk.record.replay(who, command):
        return done
    target, stamped = await _targeted(desk, who, new)
    erasure_id = ErasureId(desk.identifiers.new())
    requested = ErasureRequested(
        erasure=erasure_id,
        scope=new.scope,
        ground=new.ground,
        requester=PractitionerId(who.actor.id),
        clients=target.clients,
        case=target.case,
        item=target.item,
        text_version=target.text_version,
        author=target.author,
        year=target.year,
        hand_over=new.hand_over,
    )
    found = findings(desk, archive, new.ground, target, new.injury_death_on)
    events = erasure_file.request(None, requested, found)
    reply = _reply(erasure_id, erasure_file.fold(events))
    write = _write(desk, erasure_id, events, 0, target.clients)
    return await desk.record.append((write,), stamped, command=command, reply=reply)


async def approve_erasure(
    desk: Desk,
    archive: Archive,
    who: Circumstances,
    erasure_id: ErasureId,
    signature: str,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Put the actor's custodian's signature to a request: one line of a signed note.

    Raises:
        NotPermitted: She is tied to no custodian's key, or watches over erasures herself.
        Invalid: It is not her key's signature over the statement as it stands now.
        WrongState: It is settled, or she has approved already with another key.
    """
    if done := desk.record.replay(who, command):
        return done
    state, stamped = await _admitted(desk, who, Act.APPROVE_ERASURE, erasure_id, expected)
    custodian = _custodian(desk, who)
    text = archive.shredder.statement(destruction(desk, archive, state))
    events = erasure_file.approve(state, custodian, signature, digest(text))
    if not archive.signatures.verifies(custodian.key, text, signature):
        raise Invalid("signature", "is not that of the custodian's key over the statement")
    write = _write(desk, erasure_id, events, expected, state.target.clients)
    return await desk.record.append(
        (write,), stamped, command=command, reply=(("erasure", erasure_id),)
    )


async def withdraw_erasure(
    desk: Desk,
    who: Circumstances,
    erasure_id: ErasureId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Take a request back: whoever asked, or the compliance officer."""
    if done := desk.record.replay(who, command):
        return done
    state, stamped = await _admitted(desk, who, Act.WITHDRAW_ERASURE, erasure_id, expected)
    write = _write(desk, erasure_id, erasure_file.withdraw(state), expected, state.target.clients)
    return await desk.record.append(
        (write,), stamped, command=command, reply=(("erasure", erasure_id),)
    )


async def complete_erasure(
    desk: Desk,
    archive: Archive,
    who: Circumstances,
    erasure_id: ErasureId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Destroy what two custodians approved, unless the law keeps it by now.

    What was destroyed before a crash, and not yet recorded here, is recorded; nothing is destroyed
    twice. The receipt names the ``erasure``, and why it was ``refused`` if it was.

    Raises:
        WrongState: It is settled, or not approved as it stands.
        RecordUnavailable: Nothing could be destroyed now.
    """
    if done := desk.record.replay(who, command):
        return done
    state, stamped = await _admitted(desk, who, Act.COMPLETE_ERASURE, erasure_id, expected)
    events: tuple[ErasureEvent, ...] = ()
    if state.status is not erasure_file.Status.COMPLETED:
        events = await _carry_out(desk, archive, state)
    write = _write(desk, erasure_id, events, expected, state.target.clients)
    reply = _reply(erasure_id, _after(state, events))
    return await desk.record.append((write,), stamped, command=command, reply=reply)


async def finish_erasure(
    desk: Desk, archive: Archive, who: Circumstances, erasure_id: ErasureId
) -> Receipt | None:
    """Record what was destroyed and never told of, since somebody was cut short; for the host.

    Nobody is asked: it is a fact by now. ``None`` where there is nothing to tell. What other rooms
    keep of those erased is taken away in any case.

    Raises:
        RecordUnavailable: Nothing could be written.
    """
    state, version = load(desk, erasure_id)
    done = archive.shredder.carried_out(erasure_id)
    if state is None or done is None:
        return None
    # What is destroyed already is not destroyed again, and needs no approval: it is forgotten.
    await archive.shredder.destroy(destruction(desk, archive, state), b"")
    events = erasure_file.complete(state, done, desk.clock.now())
    if not events:
        return None
    write = _write(desk, erasure_id, events, version, state.target.clients)
    return await desk.record.append((write,), who)


def digest(statement: str) -> str:
    """By what an approval tells which statement was signed."""
    return sha256(statement.encode()).hexdigest()


def signed_note(statement: str, signatures: Iterable[str]) -> bytes:
    """The statement with the custodians' lines under it (C2SP signed-note)."""
    return "".join((statement, "\n", *(f"{each}\n" for each in signatures))).encode()


async def _carry_out(desk: Desk, archive: Archive, state: Erasure) -> tuple[ErasureEvent, ...]:
    done = archive.shredder.carried_out(state.id)
    if done is None:
        what = destruction(desk, archive, state)
        text = archive.shredder.statement(what)
        erasure_file.must_be_approved(state, digest(text))
        found = findings(desk, archive, state.ground, state.target)
        refusal = erasure_file.gate(state, found)
        if refusal is not None:
            return erasure_file.refuse(state, refusal)
        lines = [each.signature for each in state.approvals[:APPROVALS]]
        done = await archive.shredder.destroy(what, signed_note(text, lines))
    return erasure_file.complete(state, done, desk.clock.now())


def _custodian(desk: Desk, who: Circumstances) -> Custodian:
    person, _ = desk.practitioner(PractitionerId(who.actor.id))
    if person is None or person.custodian is None:
        raise NotPermitted
    may = may_be_custodian(person.roles) and not person.departed
    return Custodian(person.id, person.custodian.number, person.custodian.key, may)


async def _targeted(
    desk: Desk, who: Circumstances, new: NewErasure
) -> tuple[Target, Circumstances]:
    """What a request is about, once the policy lets the actor ask for it."""
    if new.scope is ErasureScope.ITEM:
        if new.case is None or new.item is None:
            raise Invalid("item", "is missing, or its case is")
        item = Item(new.case, new.item, new.text_version)
        return await found_item(desk, who, new.ground, item)
    tried = attempt("erasure", new.client)
    clients = () if new.client is None else (new.client,)
    frames = [desk.client(each)[0] for each in clients]
    case = None if new.case is None else desk.case(new.case)[0]
    takes_part = new.case is None or (case is not None and set(clients) <= set(case.everyone))
    stamped = await admit(
        desk,
        who,
        Act.REQUEST_ERASURE,
        attempt=tried,
        clients=clients,
        exists=all(frames) and takes_part,
    )
    if new.scope is not ErasureScope.MEMBER and new.case is not None:
        raise Invalid("case", "is too much")
    if new.scope is ErasureScope.MEMBER and case is not None and not case.joint:
        raise Invalid("case", "is one person's alone")
    return Target(clients=clients, case=new.case, year=new.year), stamped


async def _admitted(
    desk: Desk, who: Circumstances, act: Act, erasure_id: ErasureId, expected: int
) -> tuple[Erasure, Circumstances]:
    state, version, stamped = await seen(desk, who, act, erasure_id)
    if expected != version:
        raise Stale(version)
    return state, stamped


def _write(
    desk: Desk,
    erasure_id: ErasureId,
    events: tuple[ErasureEvent, ...],
    after: int,
    clients: tuple[ClientId, ...],
) -> Write:
    owner = Owner(OwnerKind.CLINIC, desk.clinic)
    return Write(erasure_id, events, owner, after, concerning=clients)


def _after(state: Erasure, events: tuple[ErasureEvent, ...]) -> Erasure | None:
    after: Erasure | None = state
    for each in events:
        after = erasure_file.evolve(after, each)
    return after


def _reply(erasure_id: ErasureId, state: Erasure | None) -> tuple[tuple[str, str], ...]:
    named = (("erasure", erasure_id),)
    if state is None or state.refusal is None:
        return named
    return (*named, ("refused", state.refusal.ground.value))
