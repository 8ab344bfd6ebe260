"""The whole matrix, role by act by purpose by standing, against a table of its own."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import combinations, product

import pytest
from hypothesis import given, strategies as st

from domain import practitioner
from domain.events.practitioner import PractitionerDeparted, PractitionerRolesChanged
from domain.integration import SCOPES
from domain.policy import NONE, RULES, VERSION, Act, Standing, permit
from domain.values import (
    ActingMode,
    Actor,
    ActorId,
    ActorKind,
    Circumstances,
    PurposeOfUse,
    RequestId,
    Role,
)
from tests.support.examples import JOINED_CLINIC

# Who may do it, for which purposes, and what must hold. What does not stand here is not allowed.
EXPECTED = """
register a client              | clinician      | TREAT                    | -
register a client              | reception      | TREAT HOPERAT            | -
read identity and contact      | clinician      | TREAT                    | team or intake
read identity and contact      | reception      | TREAT HOPERAT            | -
change identity and contact    | clinician      | TREAT                    | team or intake
change identity and contact    | reception      | TREAT HOPERAT            | -
record an enquiry              | clinician      | TREAT                    | -
record an enquiry              | reception      | TREAT HOPERAT            | -
assign an enquiry              | clinician      | TREAT                    | intake
assign an enquiry              | reception      | TREAT HOPERAT            | -
read an enquiry                | clinician      | TREAT                    | team or intake
read the enquiries that are one's own | clinician | TREAT                  | own
write in an enquiry            | clinician      | TREAT                    | intake
open a case for somebody with an enquiry | clinician | TREAT               | intake
open a case                    | clinician      | TREAT                    | -
read a case                    | clinician      | TREAT                    | team
read a case                    | integration    | TREAT HOPERAT HQUALIMP   | case-state:read
write in a case                | clinician      | TREAT                    | team
schedule or cancel a session   | clinician      | TREAT                    | team
settle a session               | clinician      | TREAT                    | team
read the calendar              | clinician      | TREAT                    | own
read the calendar              | reception      | TREAT HOPERAT            | -
read the calendar              | integration    | TREAT HOPERAT HQUALIMP   | calendar:read
read a signed note             | clinician      | TREAT                    | team, author or named
countersign a note             | clinician      | TREAT                    | team or named
read a draft                   | clinician      | TREAT                    | author
write a note                   | clinician      | TREAT                    | team or author
read or write a process note   | clinician      | TREAT                    | author
see or hear a recording        | clinician      | TREAT                    | author or viewer
read consents                  | clinician      | TREAT                    | team
record a consent               | clinician      | TREAT                    | team
read the chart of a case       | clinician      | TREAT                    | team
read what waits for somebody   | clinician      | TREAT                    | own
read a caseload                | clinician      | TREAT                    | own
read a caseload                | integration    | TREAT HOPERAT HQUALIMP   | caseload:read
keep one's own portfolio       | clinician      | TREAT HOPERAT            | own
declare a conflict of interest | clinician      | TREAT HOPERAT ACCESS-REVIEW HCOMPL | own
declare a conflict of interest | reception      | TREAT HOPERAT ACCESS-REVIEW HCOMPL | own
declare a conflict of interest | compliance     | TREAT HOPERAT ACCESS-REVIEW HCOMPL | own
read who has declared conflicts | compliance    | ACCESS-REVIEW HCOMPL     | -
read somebody's qualifications | administrator  | HSYSADMIN HOPERAT        | -
arrange, hold or look at one's own supervision | clinician | TREAT SUPERVISION | own
bring a case to supervision    | clinician      | TREAT SUPERVISION        | team
read, issue or revoke one's own case pack | clinician | TREAT SUPERVISION | author
read a case pack or advice as supervisor | clinician | SUPERVISION | supervisor
find any client                | reception      | TREAT HOPERAT            | -
find one's own client          | clinician      | TREAT                    | own
search in a record             | clinician      | TREAT                    | team
move a misfiled note           | clinician      | TREAT                    | team or author
ask for the erasure of one item | clinician     | TREAT                    | team
ask for the erasure of one item | compliance    | ACCESS-REVIEW HCOMPL     | -
ask for the erasure of a record or an old log | compliance | ACCESS-REVIEW HCOMPL | -
read a request for erasure     | clinician      | TREAT                    | own
read or limit who speaks for a client | clinician | TREAT            | team
take a complaint in            | reception      | HOPERAT TREAT            | -
take a complaint in            | compliance     | ACCESS-REVIEW HCOMPL     | -
read and handle a complaint    | compliance     | ACCESS-REVIEW HCOMPL     | -
read a request for erasure     | compliance     | ACCESS-REVIEW HCOMPL     | -
read a request for erasure     | custodian      | HOPERAT HCOMPL           | -
withdraw a request for erasure | clinician      | TREAT                    | own
withdraw a request for erasure | compliance     | ACCESS-REVIEW HCOMPL     | -
approve an erasure             | custodian      | HOPERAT HCOMPL           | -
carry out an approved erasure  | compliance     | ACCESS-REVIEW HCOMPL     | -
carry out an approved erasure  | custodian      | HOPERAT HCOMPL           | -
place or lift a hold           | compliance     | ACCESS-REVIEW HCOMPL     | -
read a client's access log     | compliance     | ACCESS-REVIEW HCOMPL     | -
read a client's access log     | client         | PATRQT                   | own
read the audit trail           | compliance     | ACCESS-REVIEW HCOMPL     | -
read entries of the log        | compliance     | ACCESS-REVIEW HCOMPL     | -
read incidents                 | compliance     | ACCESS-REVIEW HCOMPL     | -
read incidents                 | administrator  | HSYSADMIN HOPERAT        | -
read and define questionnaires | clinician      | TREAT                    | -
read and define questionnaires | administrator  | HSYSADMIN HOPERAT        | -
take a crisis sheet along and tell of its use | clinician | TREAT          | own
manage staff and sign-ins      | administrator  | HSYSADMIN HOPERAT        | -
manage projections             | administrator  | HSYSADMIN HOPERAT        | -
"""

CLINICAL_ACTS = (
    Act.READ_ENQUIRY,
    Act.READ_ENQUIRIES,
    Act.WRITE_ENQUIRY,
    Act.TAKE_UP,
    Act.OPEN_CASE,
    Act.READ_CASE,
    Act.READ_CHART,
    Act.WRITE_CASE,
    Act.SETTLE_SESSION,
    Act.READ_NOTE,
    Act.READ_DRAFT,
    Act.WRITE_NOTE,
    Act.USE_PROCESS_NOTE,
    Act.USE_RECORDING,
    Act.READ_CONSENTS,
    Act.RECORD_CONSENT,
)
_FACTS = tuple(each.name for each in fields(Standing) if each.name != "conflicted")
# No rule asks for two facts at once: none, each, each two and all of them tell every rule.
STANDINGS = tuple(
    Standing(**dict.fromkeys(facts, True))
    for count in (0, 1, 2, len(_FACTS))
    for facts in combinations(_FACTS, count)
)
CONFLICTED = tuple(replace(each, conflicted=True) for each in STANDINGS)
PURPOSES: tuple[PurposeOfUse | None, ...] = (*PurposeOfUse, None)


def expected() -> dict[tuple[Act, Role], tuple[frozenset[PurposeOfUse], str]]:
    table = {}
    for line in EXPECTED.strip().splitlines():
        act, role, purposes, condition = (each.strip() for each in line.split("|"))
        words = frozenset(PurposeOfUse(each) for each in purposes.split())
        table[Act(act), Role(role)] = (words, condition)
    return table


TABLE = expected()


def actor(*roles: Role, scopes: tuple[str, ...] = ()) -> Actor:
    return Actor(ActorId("1" * 32), ActorKind.STAFF, roles, scopes=scopes)


def should_permit(
    role: Role,
    act: Act,
    purpose: PurposeOfUse | None,
    standing: Standing,
    scopes: tuple[str, ...] = (),
) -> bool:
    purposes, condition = TABLE.get((act, role), (frozenset[PurposeOfUse](), "-"))
    if purpose not in purposes:
        return False
    holds = {
        "-": True,
        "team": standing.on_care_team,
        "author": standing.is_author,
        "team, author or named": standing.on_care_team or standing.is_author or standing.is_named,
        "team or author": standing.on_care_team or standing.is_author,
        "author or viewer": standing.is_author or standing.is_viewer,
        "team or named": standing.on_care_team or standing.is_named,
        "own": standing.is_own,
        "supervisor": standing.is_supervisor,
        "intake": standing.is_intake,
        "team or intake": standing.on_care_team or standing.is_intake,
    }
    return holds.get(condition, condition in scopes)


@pytest.mark.parametrize("role", Role)
def test_the_policy_is_its_table(role: Role) -> None:
    for act, purpose, standing in product(Act, PURPOSES, STANDINGS):
        decision = permit(actor(role), act, purpose, standing)
        wanted = should_permit(role, act, purpose, standing)
        assert decision.permitted is wanted, (role, act, purpose, standing)


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_program_reads_what_its_scope_names_and_nothing_else(scope: str) -> None:
    for act, purpose, standing in product(Act, PURPOSES, STANDINGS):
        decision = permit(actor(Role.INTEGRATION, scopes=(scope,)), act, purpose, standing)
        wanted = should_permit(Role.INTEGRATION, act, purpose, standing, (scope,))
        assert decision.permitted is wanted, (act, purpose, standing)


def test_scopes_mean_nothing_in_other_hands() -> None:
    everything = tuple(sorted(SCOPES))
    for role, act, purpose in product(set(Role) - {Role.INTEGRATION}, Act, PURPOSES):
        without = permit(actor(role), act, purpose)
        assert permit(actor(role, scopes=everything), act, purpose) == without


def test_what_no_rule_admits_is_denied() -> None:
    for act, purpose, standing in product(Act, PURPOSES, STANDINGS):
        nobody = permit(actor(), act, purpose, standing)
        assert (nobody.permitted, nobody.rule, nobody.by_role) == (False, "deny.role", True)
        assert not permit(actor(Role.SYSTEM), act, purpose, standing).permitted


def test_without_a_purpose_nothing_is_permitted() -> None:
    for act, standing in product(Act, STANDINGS):
        assert not permit(actor(*Role, scopes=tuple(SCOPES)), act, None, standing).permitted


def test_a_process_note_admits_its_author_alone() -> None:
    for purpose, standing in product(PURPOSES, STANDINGS):
        decision = permit(actor(*Role), Act.USE_PROCESS_NOTE, purpose, standing)
        allowed = standing.is_author and purpose is PurposeOfUse.TREAT
        assert decision.permitted is allowed


def test_an_author_who_is_no_clinician_any_more_has_no_process_notes() -> None:
    others = [role for role in Role if role is not Role.CLINICIAN]
    decision = permit(
        actor(*others), Act.USE_PROCESS_NOTE, PurposeOfUse.TREAT, Standing(is_author=True)
    )
    assert not decision.permitted


def test_reception_compliance_and_administrators_never_do_clinical_acts() -> None:
    desks = (Role.RECEPTION, Role.COMPLIANCE, Role.ADMINISTRATOR)
    for role, act, purpose, standing in product(desks, CLINICAL_ACTS, PURPOSES, STANDINGS):
        decision = permit(actor(role), act, purpose, standing)
        assert not decision.permitted, (role, act, purpose, standing)
        assert decision.by_role


def test_a_role_without_a_relation_reads_no_clinical_record() -> None:
    reading = (Act.READ_CASE, Act.READ_NOTE, Act.READ_DRAFT, Act.READ_CONSENTS)
    for act, purpose in product(reading, PURPOSES):
        assert not permit(actor(*Role), act, purpose, NONE).permitted


def test_a_change_of_roles_decides_at_once() -> None:
    standing = Standing(on_care_team=True)

    def may_read(*events: object) -> bool:
        state = practitioner.fold((JOINED_CLINIC, *events))
        assert state is not None
        return permit(state.as_actor(), Act.READ_NOTE, PurposeOfUse.TREAT, standing).permitted

    assert may_read()
    assert not may_read(PractitionerRolesChanged(roles=(Role.RECEPTION,)))
    assert not may_read(PractitionerDeparted())


def test_a_denial_says_whether_any_record_would_have_been_open() -> None:
    """``by_role`` must be the same for every record, or it would tell one that exists."""
    for role, act, purpose in product(Role, Act, PURPOSES):
        denials = {
            decision.by_role
            for decision in (permit(actor(role), act, purpose, each) for each in STANDINGS)
            if not decision.permitted
        }
        assert len(denials) <= 1


def test_a_declared_conflict_of_interest_admits_nobody_to_anything() -> None:
    for role, act, purpose in product(Role, Act, PURPOSES):
        for standing in CONFLICTED:
            decision = permit(actor(role), act, purpose, standing)
            assert not decision.permitted
            # What no record would have helped is told as it is to everybody else.
            assert decision.by_role is permit(actor(role), act, purpose).by_role or (
                not decision.by_role and decision.rule == "deny.conflict"
            )


def test_a_denial_names_its_reason() -> None:
    clinician = actor(Role.CLINICIAN)
    treat, operations = PurposeOfUse.TREAT, PurposeOfUse.HOPERAT
    reasons = [
        permit(clinician, Act.READ_NOTE, treat).rule,
        permit(clinician, Act.READ_NOTE, operations).rule,
        permit(clinician, Act.READ_AUDIT_TRAIL, treat).rule,
    ]
    assert reasons == ["deny.relationship.none", "deny.purpose", "deny.role"]


def test_a_permission_names_its_rule_role_and_mode() -> None:
    decision = permit(
        actor(Role.COMPLIANCE, Role.CLINICIAN),
        Act.READ_NOTE,
        PurposeOfUse.TREAT,
        Standing(on_care_team=True),
    )
    assert (decision.rule, decision.role, decision.mode) == (
        "clinician.care-team",
        Role.CLINICIAN,
        ActingMode.CARE,
    )


def test_the_stamp_keeps_who_asked_and_adds_what_was_decided() -> None:
    who = Circumstances(
        actor(Role.CLINICIAN), PurposeOfUse.TREAT, RequestId("request"), "session", "address", "app"
    )
    stamped = permit(who.actor, Act.OPEN_CASE, who.purpose).stamp(who)
    assert stamped == replace(
        who,
        role=Role.CLINICIAN,
        mode=ActingMode.CARE,
        rule="clinician.begins",
        policy_version=VERSION,
    )


def test_a_denial_has_no_mode() -> None:
    for role, act, purpose in product(Role, Act, PURPOSES):
        decision = permit(actor(role), act, purpose)
        assert (decision.mode is None) is not decision.permitted


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


@given(
    st.sets(st.sampled_from(Role)),
    st.sampled_from(Act),
    st.sampled_from(PurposeOfUse),
    st.sampled_from(STANDINGS),
)
def test_several_roles_may_what_one_of_them_may(
    roles: set[Role], act: Act, purpose: PurposeOfUse, standing: Standing
) -> None:
    decision = permit(actor(*sorted(roles)), act, purpose, standing)
    assert decision.permitted is any(should_permit(role, act, purpose, standing) for role in roles)
