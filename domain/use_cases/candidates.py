"""Candidates for a group: named, screened, accepted or declined, waiting; and looked at.

What is said of each stands in a stream of hers and under her own key. A look at them is a look at
every one of them, and stands in the log of each.
"""

from collections.abc import Callable

from domain import candidate as candidate_file, case as case_file
from domain.access import Look
from domain.candidate import Candidate
from domain.case import Case
from domain.confidentiality import Class, Owner, OwnerKind
from domain.errors import NotThere, Stale, WrongState
from domain.events.access import AccessKind
from domain.events.group import CandidateEvent, GroupCandidateNamed
from domain.group import Group
from domain.policy import Act
from domain.ports import Opening, Write
from domain.use_cases.acceptance import candidacies, group_of
from domain.use_cases.before_case import may_be_let_in
from domain.use_cases.desk import NO_SUCH_RECORD, Desk, attempt, look, record_denial
from domain.use_cases.members import must_know_everybody
from domain.use_cases.on_case import JOINT_CLASSES, OnCase, on_case, owners_of
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
)
from domain.wording import texts_of


async def name_candidate(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    client_id: ClientId,
    words: FreeText | None,
    *,
    command: Command,
) -> Receipt:
    """Consider somebody for a case's group. The receipt names the ``candidate``.

    Raises:
        WrongState: She takes part already, or is a candidate of this group already.
    """
    if done := desk.record.replay(who, command):
        return done
    hers = may_be_let_in(desk, PractitionerId(who.actor.id), client_id, case_id)
    known = hers and not desk.conflicted(who.actor, (client_id,))
    tried = attempt("case", case_id)
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, tried, exists=known)
    group = group_of(desk, admitted.case)
    must_know_everybody(desk, admitted.case, *(() if words is None else (words,)))
    for state in candidacies(desk, admitted.case, client_id):
        if not state.settled and client_id not in admitted.case.former:
            raise WrongState("She is a candidate already")
    candidate_id = ItemId(desk.identifiers.new())
    named = GroupCandidateNamed(
        candidate=candidate_id,
        case=case_id,
        group=group.id,
        author=PractitionerId(who.actor.id),
        words=words,
    )
    in_case = case_file.name_candidate(admitted.case, client_id, candidate_id)
    own = candidate_file.name(None, named)
    concerning = (client_id,)
    writes = (
        Write(candidate_id, own, Owner(OwnerKind.CLIENT, client_id), 0, concerning=concerning),
        Write(case_id, in_case, admitted.case.owner, admitted.version, concerning=concerning),
    )
    return await desk.record.append(
        writes, admitted.who, command=command, reply=(("candidate", candidate_id),)
    )


async def change_candidate(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    candidate_id: ItemId,
    decide: Callable[[OnCase, Candidate, Group], tuple[CandidateEvent, ...]],
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record what was found, decided or agreed with a candidate.

    Raises:
        NotThere: There is no such candidate in this case; the denial is recorded.
        Stale: Somebody else has changed it meanwhile.
        WrongState: The case is closed, or she takes part and it is too late to decide on her.
    """
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("case", case_id)
    exists = not _conflicted(desk, who, case_id)
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, tried, exists=exists)
    case = admitted.case
    client = next((each for each, candidate in case.candidates if candidate == candidate_id), None)
    state, version = desk.record.fold(candidate_id, candidate_file.fold)
    if client is None or state is None:
        await record_denial(desk, admitted.who, tried, case.everyone, NO_SUCH_RECORD)
        raise NotThere
    if expected != version:
        raise Stale(version)
    case_file.must_be_open(case)
    events = decide(admitted, state, group_of(desk, case))
    must_know_everybody(desk, case, *(text for each in events for text in texts_of(each)))
    write = Write(
        candidate_id, events, Owner(OwnerKind.CLIENT, client), version, concerning=(client,)
    )
    return await desk.record.append(
        (write,), admitted.who, command=command, reply=(("candidate", candidate_id),)
    )


async def look_at_candidates(
    desk: Desk, who: Circumstances, case_id: CaseId
) -> tuple[OnCase, Opening, Receipt]:
    """Record the look at a group's candidates, in the log of each, and open what was said."""
    tried = Look(AccessKind.READ, "case", (Class.ADMINISTRATIVE,), object=ItemId(case_id))
    exists = not _conflicted(desk, who, case_id)
    admitted = await on_case(desk, who, Act.READ_CHART, case_id, tried, exists=exists)
    case = admitted.case
    shown = Look(
        AccessKind.READ, "case", JOINT_CLASSES, object=ItemId(case_id), relationship=case_id
    )
    people = tuple(dict.fromkeys((*case.everyone, *(each for each, _ in case.candidates))))
    candidates = (Owner(OwnerKind.CLIENT, each) for each in people)
    owners = tuple(dict.fromkeys((*owners_of(case), *candidates)))
    opening, receipt = await look(desk, admitted.who, shown, people, owners)
    return admitted, opening, receipt


def not_yet_in(case: Case, candidate: Candidate) -> None:
    """Refuse to decide on somebody who takes part already: she leaves as members do.

    Raises:
        WrongState: She does.
    """
    if any(each in case.clients for each, named in case.candidates if named == candidate.id):
        raise WrongState("She takes part already")


def _conflicted(desk: Desk, who: Circumstances, case_id: CaseId) -> bool:
    """Whether the actor has declared a conflict of interest with one of the candidates."""
    frame, _ = desk.case(case_id)
    return frame is not None and desk.conflicted(
        who.actor, tuple(each for each, _ in frame.candidates)
    )
