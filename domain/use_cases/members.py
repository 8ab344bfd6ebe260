"""Who takes part in a couple's, a family's or a group's case, and by what alias it speaks of them.

Whoever joins or leaves changes who the case is about: from then on its content stands under keys of
a new epoch (docs of the design: security, section 1.8).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from domain import (
    aliases as alias_book,
    case as case_file,
    client as client_file,
)
from domain.case import Case
from domain.confidentiality import Owner, OwnerKind
from domain.errors import Invalid, NotThere, Stale
from domain.events.case import CaseAliasesDrawn
from domain.policy import Act
from domain.ports import Write
from domain.use_cases.acceptance import must_be_let_in
from domain.use_cases.before_case import may_be_let_in
from domain.use_cases.desk import Desk, attempt
from domain.use_cases.on_case import on_case
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    Command,
    FreeText,
    PractitionerId,
    Receipt,
)


async def join_case(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    client_id: ClientId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let somebody take part in a joint case; who comes back keeps her alias."""
    if done := desk.record.replay(who, command):
        return done
    hers = may_be_let_in(desk, PractitionerId(who.actor.id), client_id, case_id)
    known = hers and not desk.conflicted(who.actor, (client_id,))
    tried = attempt("case", case_id)
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, tried, exists=known)
    if expected != admitted.version:
        raise Stale(admitted.version)
    must_be_let_in(desk, admitted.case, client_id)
    joined = case_file.join(admitted.case, client_id)
    writes: tuple[Write, ...] = ()
    if joined:
        state, version = desk.record.fold(client_id, client_file.fold)
        if state is None:
            raise NotThere
        own = client_file.link_case(state, case_id)
        if state.alias_in(case_id) is None:
            alias = alias_book.draw(taken(desk, case_id), chance(desk))
            joined = (*joined, CaseAliasesDrawn(case=case_id, aliases=(alias,)))
            own = (*own, *client_file.give_alias(state, case_id, alias))
        everyone = (*admitted.case.clients, client_id)
        entry = admitted.write(case_id, joined, admitted.version)
        owner = Owner(OwnerKind.CLIENT, client_id)
        writes = (
            replace(entry, concerning=everyone, renews=True),
            Write(client_id, own, owner, version, concerning=(client_id,)),
        )
    return await desk.record.append(
        writes, admitted.who, command=command, reply=(("case", case_id),)
    )


async def leave_case(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    client_id: ClientId,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Let somebody take part in a joint case no longer; what was written with her stays."""
    if done := desk.record.replay(who, command):
        return done
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, attempt("case", case_id))
    if expected != admitted.version:
        raise Stale(admitted.version)
    left = case_file.leave(admitted.case, client_id)
    write = replace(admitted.write(case_id, left, admitted.version), renews=True)
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("case", case_id),)
    )


def first_aliases(desk: Desk, clients: Iterable[ClientId]) -> dict[ClientId, str]:
    """An alias for each of those with whom a joint case begins."""
    given: dict[ClientId, str] = {}
    for each in clients:
        given[each] = alias_book.draw(frozenset(given.values()), chance(desk))
    return given


def taken(desk: Desk, case_id: CaseId) -> frozenset[str]:
    """The aliases that a case has ever given."""
    return desk.record.fold(case_id, alias_book.fold)[0]


def chance(desk: Desk) -> int:
    """A large number that nobody can guess."""
    return int(desk.identifiers.new(), 16)


def must_know_everybody(desk: Desk, case: Case, *texts: FreeText) -> None:
    """Refuse texts that name somebody by an alias that the case has never given.

    One person's case has no aliases: braces are nothing but braces there.

    Raises:
        Invalid: They do.
    """
    if not case.joint:
        return
    named = frozenset().union(*(alias_book.named(each.words or "") for each in texts))
    if named and not named <= taken(desk, case.id):
        raise Invalid("text", "names a participant whom the case has never had")


def by_alias(desk: Desk, case: Case, aliases: Iterable[str]) -> Mapping[str, ClientId]:
    """Whose aliases these are.

    Raises:
        Invalid: Nobody can say it of one of them: it was never given, or her key is gone.
    """
    found = {
        alias: client
        for client in case.everyone
        if (state := desk.record.fold(client, client_file.fold)[0]) is not None
        and (alias := state.alias_in(case.id)) is not None
    }
    wanted = tuple(aliases)
    if not found.keys() >= set(wanted):
        raise Invalid("alias", "is nobody's who takes part in the case")
    return {alias: found[alias] for alias in wanted}
