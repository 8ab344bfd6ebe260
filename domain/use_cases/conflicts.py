"""Conflicts of interest: declared with anybody, in the same way whether she is a client or not.

Declaring asks nobody who is a client here: what is written are fingerprints, and the policy
compares them when it decides (``Desk.conflicted``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from domain import conflict as conflict_file, identifying
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import ConflictDeclared as AlreadyDeclared, Invalid
from domain.events.access import AccessKind
from domain.events.client import ClientContactChanged, ClientIdentified
from domain.events.conflict import ConflictDeclared, ConflictKind, ConflictWithdrawn
from domain.identifying import Identifier
from domain.policy import CONFLICT, Act, Standing
from domain.ports import Opening, Write
from domain.use_cases.desk import Desk, admit, attempt, look_at_list, record_denial
from domain.values import (
    Circumstances,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
)

_CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Somebody:
    """By what a person can be told; at least one of them."""

    pesel: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    named: tuple[str, str, date] | None = field(default=None, repr=False)
    """Given name, family name, date of birth."""


async def declare_conflict(
    desk: Desk,
    who: Circumstances,
    kind: ConflictKind,
    somebody: Somebody,
    person: FreeText,
    *,
    command: Command,
) -> Receipt:
    """Declare a conflict with a person; ``person`` says for the declarer alone who that is.

    Raises:
        Invalid: There is no identifier, or one is not what it says.
    """
    if done := desk.record.replay(who, command):
        return done
    admitted = await _admitted(desk, who)
    actor = PractitionerId(who.actor.id)
    stream, state, version = desk.conflicts(actor)
    conflict = ItemId(desk.identifiers.new())
    declared = ConflictDeclared(
        conflict=conflict,
        practitioner=actor,
        kind=kind,
        fingerprints=tuple(_fingerprints(desk, somebody)),
    )
    events = conflict_file.declare(state, declared, person)
    write = Write(stream, events, Owner(OwnerKind.PRACTITIONER, actor), after=version)
    reply = ((_CONFLICT, conflict),)
    return await desk.record.append((write,), admitted, command=command, reply=reply)


async def withdraw_conflict(
    desk: Desk, who: Circumstances, conflict: ItemId, *, command: Command
) -> Receipt:
    """Withdraw a conflict; what it kept shut opens with the next request."""
    if done := desk.record.replay(who, command):
        return done
    actor = PractitionerId(who.actor.id)
    stream, state, version = desk.conflicts(actor)
    declared = state.find(conflict) is not None or conflict in state.withdrawn
    admitted = await _admitted(desk, who, exists=declared)
    withdrawn = ConflictWithdrawn(conflict=conflict, practitioner=actor)
    events = conflict_file.withdraw(state, withdrawn)
    write = Write(stream, events, Owner(OwnerKind.PRACTITIONER, actor), after=version)
    reply = ((_CONFLICT, conflict),)
    return await desk.record.append((write,), admitted, command=command, reply=reply)


async def look_at_own_conflicts(desk: Desk, who: Circumstances) -> tuple[Opening, Receipt]:
    """Record the declarer's look at her own conflicts, and open whom they are with."""
    admitted = await _admitted(desk, who, kind=AccessKind.LIST)
    own = Owner(OwnerKind.PRACTITIONER, who.actor.id)
    query = Look(AccessKind.LIST, _CONFLICT, (Class.ADMINISTRATIVE,))
    return await look_at_list(desk, admitted, query, {}, staff=(own,))


async def look_at_conflicts(desk: Desk, who: Circumstances) -> tuple[Opening, Receipt]:
    """Record the compliance officer's look at who has declared conflicts, and of what kind.

    Whom they are with stays closed: that is under the declarers' own keys.
    """
    tried = attempt(_CONFLICT, kind=AccessKind.LIST)
    admitted = await admit(desk, who, Act.READ_CONFLICTS, attempt=tried)
    query = Look(AccessKind.LIST, _CONFLICT, (Class.ADMINISTRATIVE,))
    clinic = Owner(OwnerKind.CLINIC, desk.clinic)
    return await look_at_list(desk, admitted, query, {}, staff=(clinic,))


async def refuse_ones_own(
    desk: Desk,
    who: Circumstances,
    identity: ClientIdentified,
    contact: ClientContactChanged | None = None,
) -> None:
    """Refuse to write down somebody with whom the actor has declared a conflict.

    The answer rests on her own declaration alone, and is the same for who is a client and who is
    not. It comes before anything that would say so.

    Raises:
        AlreadyDeclared: She has; the denial stands in her own log.
    """
    declared = desk.conflicts(PractitionerId(who.actor.id))[1].fingerprints
    if not declared:
        return
    found = (
        (Identifier.PESEL, identity.pesel),
        (Identifier.PHONE, contact.phone if contact else None),
        (Identifier.EMAIL, contact.email if contact else None),
    )
    told = [
        desk.index.fingerprint(each, form)
        for each, typed in found
        if typed is not None and (form := identifying.normal(each, typed)) is not None
    ]
    name = identifying.named_and_born(
        identity.given_name, identity.family_name, identity.birth_date
    )
    if name is not None:
        told.append(desk.index.fingerprint(Identifier.NAME_AND_BIRTH, name))
    if not declared.isdisjoint(told):
        await record_denial(desk, who, attempt("client"), (), CONFLICT)
        raise AlreadyDeclared


def _fingerprints(desk: Desk, somebody: Somebody) -> Iterator[str]:
    typed = (
        (Identifier.PESEL, somebody.pesel),
        (Identifier.PHONE, somebody.phone),
        (Identifier.EMAIL, somebody.email),
    )
    for identifier, value in typed:
        if value is not None:
            form = identifying.normal(identifier, value)
            if form is None:
                raise Invalid(identifier, "is not a valid one")
            yield desk.index.fingerprint(identifier, form)
    if somebody.named is not None:
        name = identifying.named_and_born(*somebody.named)
        if name is None:
            raise Invalid("name", "is missing")
        yield desk.index.fingerprint(Identifier.NAME_AND_BIRTH, name)


async def _admitted(
    desk: Desk, who: Circumstances, *, kind: AccessKind = AccessKind.WRITE, exists: bool = True
) -> Circumstances:
    tried, own = attempt(_CONFLICT, kind=kind), Standing(is_own=True)
    return await admit(desk, who, Act.DECLARE_CONFLICT, own, attempt=tried, exists=exists)
