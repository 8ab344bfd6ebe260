from __future__ import annotations

from itertools import product

import pytest

from domain.confidentiality import (
    ACCOUNTABILITY,
    ADMINISTRATIVE,
    CLINICAL,
    FRAME,
    LEGAL,
    MEMBERS_PART,
    PROCESS_NOTE,
    RECORDING,
    RISK,
    SEARCH,
    SUPERVISION,
    TEST_DATA,
    THIRD_PARTY,
    Class,
    KeyPurpose,
    Label,
    Owner,
    OwnerKind,
    label_for,
    neutral,
    text_label,
)
from domain.events import VOCABULARY

CLIENT, COUPLE = Owner(OwnerKind.CLIENT, "c" * 32), Owner(OwnerKind.CASE, "a" * 32)
STAFF = (
    Owner(OwnerKind.PRACTITIONER, "1" * 32),
    Owner(OwnerKind.INTEGRATION, "8" * 32),
    Owner(OwnerKind.CLINIC, "9" * 32),
)

CLASSES = {
    "B": "alliance attachment.stored case.aliases_drawn case.problem_reframed"
    " case.problem_resolved case.problem_stated co_treater conference consultation contract"
    " diagnosis discharge enquiry follow_up formulation goal group homework intake measure method"
    " note overlay pharmacotherapy plan referral release secrecy skill termination transfer"
    " work_area",
    "C": "adverse_event crisis risk safeguarding safety_plan",
    "D": "process_note",
    "F": "case_pack supervision.advice_recorded supervision.case_brought supervision.case_marked",
    "H": "answer_sheet",
    "I": "client.alias_given group.acquaintances_checked group.agreement_accepted"
    " group.candidate_accepted group.candidate_declined group.candidate_named"
    " group.candidate_screened group.candidate_waitlisted group.candidate_withdrew"
    " participant session.attendance_recorded session.part_recorded",
    "L": "complaint",
    "M": "access search",
    "A": "case_pack.issued case_pack.linked case_pack.revoked enquiry.assigned enquiry.declined"
    " enquiry.qualified enquiry.taken_up enquiry.withdrawn",
}
"""The class of every event that is more than administrative; an event's own word is before its
aggregate's."""
BY_WORD = {each: letter for letter, words in CLASSES.items() for each in words.split()}

_FRAMES = (
    "attachment.abandoned attachment.begun attachment.sealed case.candidate_named case.closed"
    " case.contract_linked case.group_formed case.measures_linked case.member_joined"
    " case.member_left case.opened case.reopened case.team_joined case.team_left case.transferred"
    " case_pack.issued case_pack.revoked certificate.granted certificate.renewed"
    " client.case_linked client.enquiry_linked client.hold_lifted client.hold_placed"
    " client.registered conflict.declared conflict.withdrawn consent.given consent.refused"
    " consent.withdrawn custodian.appointed enquiry.assigned enquiry.declined enquiry.qualified"
    " enquiry.taken_up enquiry.withdrawn erasure.approved erasure.completed erasure.refused"
    " erasure.requested integration.registered integration.withdrawn limit.declared limit.lifted"
    " limit.reached practitioner.departed practitioner.registered practitioner.roles_changed"
    " qualification.recorded supervision.arranged supervision.ended supervision.held"
)
FRAMES = set(_FRAMES.split())
"""What the policy may read without an access event, and nothing else."""


def test_classes_are_lettered_from_a_to_m() -> None:
    assert "".join(each.letter for each in Class) == "ABCDEFGHIJKLM"


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_every_event_has_its_class(name: str) -> None:
    letter = BY_WORD.get(name) or BY_WORD.get(name.partition(".")[0], "A")
    assert VOCABULARY[name].LABEL.cls.letter == letter


def test_the_policy_reads_frames_and_nothing_else() -> None:
    readable = {
        name for name, kind in VOCABULARY.items() if kind.LABEL.purpose is KeyPurpose.RELATIONSHIP
    }
    assert readable == FRAMES


@pytest.mark.parametrize("label", [FRAME, ADMINISTRATIVE, CLINICAL, PROCESS_NOTE, ACCOUNTABILITY])
def test_a_clients_own_content_keeps_its_label(label: Label) -> None:
    assert label_for(label, CLIENT) == label


def test_clinical_content_of_a_couple_is_joint_content_under_the_cases_key() -> None:
    assert label_for(CLINICAL, COUPLE) == Label(KeyPurpose.CASE, Class.JOINT)
    assert label_for(ADMINISTRATIVE, COUPLE) == Label(KeyPurpose.CASE, Class.ADMINISTRATIVE)


def test_a_process_note_on_a_couple_stays_a_process_note() -> None:
    assert label_for(PROCESS_NOTE, COUPLE) == Label(KeyPurpose.CASE, Class.PROCESS_NOTE)


def test_the_frame_of_a_couple_stays_readable_to_the_policy() -> None:
    assert label_for(FRAME, COUPLE) == FRAME


@pytest.mark.parametrize("owner", STAFF, ids=lambda owner: owner.kind.name)
def test_what_staff_answer_for_is_sealed_for_staff(owner: Owner) -> None:
    assert label_for(ACCOUNTABILITY, owner) == Label(KeyPurpose.STAFF, Class.AUDIT_LOG)
    assert label_for(SEARCH, owner) == Label(KeyPurpose.STAFF, Class.AUDIT_LOG)


def test_what_was_searched_for_in_a_record_dies_with_the_record() -> None:
    assert label_for(SEARCH, CLIENT) == label_for(SEARCH, COUPLE) == SEARCH


def test_a_label_for_an_owner_is_its_own_label_for_that_owner() -> None:
    for purpose, cls, kind in product(KeyPurpose, Class, OwnerKind):
        owner = Owner(kind, "0" * 32)
        once = label_for(Label(purpose, cls), owner)
        assert label_for(once, owner) == once


def test_no_neutral_word_tells_one_kind_of_record_from_another() -> None:
    told = {neutral(each) for each in Class}
    assert told == {"administrative", "record", "audit-log"}
    assert neutral(Class.PROCESS_NOTE) == neutral(Class.RISK) == neutral(Class.CLINICAL)


def test_a_members_part_and_a_search_are_worded_under_keys_of_their_own() -> None:
    assert text_label(MEMBERS_PART, CLIENT) == MEMBERS_PART
    assert text_label(SEARCH, CLIENT) == SEARCH
    assert text_label(CLINICAL, CLIENT) == text_label(ADMINISTRATIVE, CLIENT) == CLINICAL
    assert text_label(FRAME, CLIENT) == CLINICAL


@pytest.mark.parametrize("label", [RISK, SUPERVISION, THIRD_PARTY, TEST_DATA, RECORDING, LEGAL])
def test_what_is_of_a_class_of_its_own_has_its_words_under_that_classs_key(label: Label) -> None:
    assert text_label(label, CLIENT) == label
    assert text_label(label, COUPLE) == Label(KeyPurpose.CASE, label.cls)


def test_stored_numbers_are_what_they_were() -> None:
    """They stand in every sealed payload: a number that moves makes old records unreadable."""
    assert [(each.name, each.value) for each in KeyPurpose] == [
        ("CLINICAL", 1),
        ("ACCOUNTABILITY", 2),
        ("CASE", 3),
        ("TENANT", 4),
        ("INDEX", 5),
        ("STAFF", 6),
        ("RELATIONSHIP", 7),
    ]
    assert [(each.name, each.value) for each in OwnerKind] == [
        ("CLIENT", 1),
        ("CASE", 2),
        ("PRACTITIONER", 3),
        ("INTEGRATION", 4),
        ("CLINIC", 5),
    ]
    assert [each.value for each in Class] == list(range(1, 14))
