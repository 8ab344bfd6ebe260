"""What is done in a clinic's life about groups, agreements of several people, and minors."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from domain import candidate as candidate_file, client as client_file
from domain.candidate import Candidate
from domain.events.group import (
    Acquaintance,
    CandidateEvent,
    GroupAcquaintancesChecked,
    GroupAgreementAccepted,
    GroupCandidateAccepted,
    GroupCandidateDeclined,
    GroupCandidateScreened,
    GroupCandidateWaitlisted,
    GroupCandidateWithdrew,
    GroupKind,
    GroupPreparatoryMeetingHeld,
    Size,
    Suitability,
)
from domain.events.guardianship import (
    ClientRepresentativeLimited,
    LimitGround,
    Matter,
)
from domain.events.joint import Overlay, PartInSystem, SecrecyPolicy
from domain.group import Group
from domain.use_cases import agreements, candidates, groups, guarding, members
from domain.use_cases.agreements import NewMark, Terms, Word
from domain.use_cases.groups import Plan
from domain.use_cases.on_case import OnCase
from domain.values import CaseId, Format, FreeText, ItemId, PractitionerId
from tests.support.clinic import SmallClinic, command
from tests.support.joint_acts import aliases_of, joint_case

if TYPE_CHECKING:
    from tests.support.life import Life

GROUPS, CANDIDATES, SECRECY, RELEASES, MARKS, LIMITS = (
    "groups",
    "candidates",
    "secrecy",
    "releases",
    "marks",
    "limits",
)
_MOST_GROUPS = 2


def plan(chance: int, kind: GroupKind = GroupKind.OPEN) -> Plan:
    """A plan for a group of two at least."""
    return Plan(kind, Size(2, 3 + chance % 5), FreeText(f"Words {chance}: for whom it is."))


def form_group(
    clinic: SmallClinic, by: PractitionerId, wish: Plan | None = None
) -> tuple[CaseId, ItemId]:
    """A group's case that nobody takes part in yet, and its group."""
    case, who = clinic.open_case(by=by, room=Format.GROUP, nobody=True), clinic.who(by)
    receipt = clinic.run(
        groups.open_group(clinic.desk, who, case, wish or plan(1), command=command())
    )
    return case, ItemId(receipt.named("group"))


def group(life: Life, chance: int) -> None:
    """Somebody plans a group."""
    if len(life.things[GROUPS]) < _MOST_GROUPS:
        kind = GroupKind.CLOSED if chance % 2 else GroupKind.OPEN
        found = form_group(life.clinic, life.clinician(chance), plan(chance, kind))
        life.cases.append(found[0])
        life.things[GROUPS].append(found)


def change_group(life: Life, chance: int) -> object:
    """A group is revised, agrees, meets, begins or ends."""
    case, item = _one(life, GROUPS, chance)
    clinic, by = life.clinic, life.clinician(chance // 97, case)
    desk, who, words = clinic.desk, clinic.who(by), FreeText(f"Words {chance}")
    version, now = clinic.version(item), clinic.clock.now()
    match chance // 11 % 6:
        case 0:
            return groups.revise_group(
                desk, who, case, item, plan(chance), expected=version, command=command()
            )
        case 1:
            return groups.begin_group(
                desk, who, case, item, now, expected=version, command=command()
            )
        case 2:
            frame, _ = desk.case(case)
            there = tuple(each for _, each in frame.candidates) if frame else ()
            held = GroupPreparatoryMeetingHeld(
                group=item, case=case, author=by, occurred_at=now, present=there, words=words
            )
            return groups.hold_meeting(desk, who, held, expected=version, command=command())
        case 3 if chance % 7 == 0:
            return groups.close_group(
                desk, who, case, item, words, expected=version, command=command()
            )
        case _:
            return groups.make_agreement(
                desk, who, case, item, words, expected=version, command=command()
            )


def candidate(life: Life, chance: int) -> None:
    """Somebody is considered for a group."""
    case, _ = _one(life, GROUPS, chance)
    clinic, client = life.clinic, life.clients[chance // 13 % len(life.clients)]
    receipt = clinic.run(
        candidates.name_candidate(
            clinic.desk,
            clinic.who(life.clinician(chance, case)),
            case,
            client,
            FreeText(f"Words {chance} of a wish") if chance % 3 else None,
            command=command(),
        )
    )
    life.things[CANDIDATES].append((case, ItemId(receipt.named("candidate"))))


def change_candidate(life: Life, chance: int) -> None:
    """Something is found or decided about a candidate."""
    case, item = _one(life, CANDIDATES, chance)
    step = chance // 11 % 7
    if step in _FINAL and chance % 5:
        step = 6
    bring_in(life.clinic, case, item, step, life.clinician(chance // 97, case))


_FINAL = (3, 4)


def bring_in(
    clinic: SmallClinic, case: CaseId, item: ItemId, step: int, by: PractitionerId
) -> None:
    """One step with a candidate, by its number: 0, 1, 2 and 6 lead into the group."""
    words, now = FreeText(f"Words {step} about her"), clinic.clock.now()
    names: dict[str, Any] = {"candidate": item, "case": case, "author": by}

    def decide(admitted: OnCase, state: Candidate, of: Group) -> tuple[CandidateEvent, ...]:
        if step in (*_FINAL, 5):
            candidates.not_yet_in(admitted.case, state)
        match step:
            case 0:
                screened = GroupCandidateScreened(
                    **names, occurred_at=now, suitability=Suitability.SUITABLE, words=words
                )
                return candidate_file.screen(state, screened, now=now)
            case 1:
                asked = GroupAcquaintancesChecked(
                    **names, decision=Acquaintance.KNOWS_NOBODY, knows=()
                )
                return candidate_file.check_acquaintances(state, asked, ())
            case 2:
                accepted = GroupCandidateAccepted(**names, words=words)
                return candidate_file.accept(state, accepted, of, len(admitted.case.clients))
            case 3:
                return candidate_file.decline(state, GroupCandidateDeclined(**names, words=words))
            case 4:
                return candidate_file.withdraw(state, GroupCandidateWithdrew(**names))
            case 5:
                return candidate_file.waitlist(state, GroupCandidateWaitlisted(**names, place=2))
            case _:
                if of.terms is None:
                    return ()
                agreed = GroupAgreementAccepted(**names, occurred_at=now, terms=of.terms)
                return candidate_file.accept_agreement(state, agreed, of, now=now)

    clinic.run(
        candidates.change_candidate(
            clinic.desk,
            clinic.who(by),
            case,
            item,
            decide,
            expected=clinic.version(item),
            command=command(),
        )
    )


def welcome(life: Life, chance: int) -> None:
    """Somebody is screened, asked whom she knows, accepted, agrees and joins."""
    candidate(life, chance)
    case, item = life.things[CANDIDATES][-1]
    for step in (0, 1, 2, 6):
        bring_in(life.clinic, case, item, step, life.clinician(1, case))
    frame, version = life.clinic.desk.case(case)
    client = next(each for each, one in frame.candidates if one == item) if frame else None
    assert client is not None
    who = life.clinic.who(life.clinician(1, case))
    joining = members.join_case(
        life.clinic.desk, who, case, client, expected=version, command=command()
    )
    life.clinic.run(joining)


def join_group(life: Life, chance: int) -> object:
    """A candidate joins, if she may."""
    case, item = _one(life, CANDIDATES, chance)
    clinic = life.clinic
    frame, version = clinic.desk.case(case)
    client = next(each for each, one in frame.candidates if one == item) if frame else None
    assert client is not None
    who = clinic.who(life.clinician(chance // 97, case))
    return members.join_case(clinic.desk, who, case, client, expected=version, command=command())


def agreement(life: Life, chance: int) -> object:
    """Several people agree on secrets, or on what goes outside; one is somebody to the others."""
    case = joint_case(life, chance)
    clinic, by = life.clinic, life.clinician(chance // 97, case)
    desk, who, now = clinic.desk, clinic.who(by), clinic.clock.now()
    names, words = sorted(aliases_of(clinic, case)), FreeText(f"Words {chance} they agreed on")
    match chance // 11 % 3:
        case 0:
            terms = Terms(SecrecyPolicy.NO_SECRETS, tuple(names), now, words)
            act = agreements.agree_on_secrecy(desk, who, case, terms, command=command())
            life.things[SECRECY].append((case, ItemId(clinic.run(act).named("secrecy"))))
            return None
        case 1:
            asked = agreements.propose_release(desk, who, case, (words, words), command=command())
            life.things[RELEASES].append((case, ItemId(clinic.run(asked).named("release"))))
            return None
        case _:
            part = list(PartInSystem)[chance % len(PartInSystem)]
            return agreements.record_role(
                desk, who, case, names[chance % len(names)], part, words, command=command()
            )


def change_agreement(life: Life, chance: int) -> object:
    """They agree otherwise; somebody consents to a release, or takes it back."""
    clinic = life.clinic
    case, item = _one(life, SECRECY if chance % 3 == 0 else RELEASES, chance // 7)
    who, now = clinic.who(life.clinician(chance // 97, case)), clinic.clock.now()
    names, version = sorted(aliases_of(clinic, case)), clinic.version(item)
    if chance % 3 == 0:
        terms = Terms(SecrecyPolicy.CASE_BY_CASE, tuple(names[:1]), now)
        return agreements.revise_secrecy(
            clinic.desk, who, case, item, terms, expected=version, command=command()
        )
    word = Word(names[chance // 11 % len(names)], now)
    say = (
        agreements.consent_to_release if chance % 3 == 1 else agreements.withdraw_consent_to_release
    )
    return say(clinic.desk, who, case, item, word, expected=version, command=command())


def mark(life: Life, chance: int) -> object:
    """A note is marked, or a mark is lifted."""
    clinic = life.clinic
    words = FreeText(f"Words {chance} that ask for silence")
    if chance % 3 == 0:
        case, item = _one(life, MARKS, chance // 3)
        who, version = clinic.who(life.clinician(chance, case)), clinic.version(item)
        return agreements.lift_mark(
            clinic.desk, who, case, item, words, expected=version, command=command()
        )
    case, note = life.notes[chance % len(life.notes)]
    new = NewMark(ItemId(note), list(Overlay)[chance % len(Overlay)], words)
    who = clinic.who(life.clinician(chance, case))
    receipt = clinic.run(agreements.mark_item(clinic.desk, who, case, new, command=command()))
    life.things[MARKS].append((case, ItemId(receipt.named("mark"))))
    return None


def limit(life: Life, chance: int) -> object:
    """A court takes something from one who speaks for a client, for a time."""
    clinic, client = life.clinic, life.clients[chance % len(life.clients)]
    state, version = clinic.desk.record.fold(client, client_file.fold)
    who = clinic.who(clinic.people.anna)
    if state is None:
        return None
    if chance % 3 == 0 and state.limits:
        return guarding.end_limit(
            clinic.desk,
            who,
            client,
            state.limits[-1].id,
            date(2026, 12, 1 + chance % 28),
            expected=version,
            command=command(),
        )
    representative, _ = state.representatives[chance % len(state.representatives)]
    limited = ClientRepresentativeLimited(
        limit=ItemId(f"{chance + 7777:032x}"),
        representative=representative,
        author=clinic.people.anna,
        ground=LimitGround.COURT_ORDER,
        forbids=(Matter.CONTACT,),
        since=date(2026, 1, 1),
        words=FreeText(f"Words {chance} of a court"),
    )
    return guarding.limit_representative(
        clinic.desk, who, client, limited, expected=version, command=command()
    )


def _one(life: Life, what: str, chance: int) -> tuple[CaseId, ItemId]:
    """One of the things of a kind; where there is none, nothing can be done."""
    found = life.things[what]
    return found[chance % len(found)]


ACTS = (
    group,
    change_group,
    change_group,
    candidate,
    welcome,
    welcome,
    welcome,
    change_candidate,
    change_candidate,
    change_candidate,
    join_group,
    agreement,
    agreement,
    change_agreement,
    mark,
    limit,
)
