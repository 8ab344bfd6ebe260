"""Confidentiality classes, and under whose keys an event is sealed.

Classes are those of compliance.md 5; key purposes those of security.md 1.1, with ``RELATIONSHIP``
for the facts that the policy itself has to read (architecture.md, fine print 1).
"""

from dataclasses import dataclass
from enum import IntEnum


class Class(IntEnum):
    """The confidentiality class of an item; every item has exactly one."""

    ADMINISTRATIVE = 1
    CLINICAL = 2
    RISK = 3
    PROCESS_NOTE = 4
    WORKING_NOTE = 5
    SUPERVISION = 6
    THIRD_PARTY = 7
    TEST_DATA = 8
    JOINT = 9
    RECORDING = 10
    SUBSTANCE_USE = 11
    LEGAL = 12
    AUDIT_LOG = 13

    @property
    def letter(self) -> str:
        """The class's letter, A to M."""
        return "ABCDEFGHIJKLM"[self - 1]


RECORD = "record"
NEUTRAL = {Class.ADMINISTRATIVE: "administrative", Class.AUDIT_LOG: "audit-log"}
"""What a list or the audit trail calls a class; every other class is just ``RECORD`` there, so that
no list shows that a crisis, a process note or a group's theme exists (fine print 11)."""


def neutral(label: Class) -> str:
    """The neutral name of a class."""
    return NEUTRAL.get(label, RECORD)


class KeyPurpose(IntEnum):
    """What a subject key protects. Stored: never renumber."""

    CLINICAL = 1
    ACCOUNTABILITY = 2
    CASE = 3
    TENANT = 4
    INDEX = 5
    STAFF = 6
    RELATIONSHIP = 7


class OwnerKind(IntEnum):
    """Whose keys. Stored: never renumber."""

    CLIENT = 1
    CASE = 2
    PRACTITIONER = 3
    INTEGRATION = 4
    CLINIC = 5


@dataclass(frozen=True, slots=True)
class Owner:
    """The subject whose keys seal something; when they are destroyed, it is gone."""

    kind: OwnerKind
    id: str


@dataclass(frozen=True, slots=True)
class Label:
    """What an event is sealed as: for which purpose, in which class."""

    purpose: KeyPurpose
    cls: Class


FRAME = Label(KeyPurpose.RELATIONSHIP, Class.ADMINISTRATIVE)
ADMINISTRATIVE = Label(KeyPurpose.CLINICAL, Class.ADMINISTRATIVE)
CLINICAL = Label(KeyPurpose.CLINICAL, Class.CLINICAL)
PROCESS_NOTE = Label(KeyPurpose.CLINICAL, Class.PROCESS_NOTE)
MEMBERS_PART = Label(KeyPurpose.CLINICAL, Class.JOINT)
"""What concerns one member of a joint case: joint content under her own key, and under another one
than what is hers alone, so that a look at the joint case opens no more than that (FAM-04)."""
RISK = Label(KeyPurpose.CLINICAL, Class.RISK)
SUPERVISION = Label(KeyPurpose.CLINICAL, Class.SUPERVISION)
THIRD_PARTY = Label(KeyPurpose.CLINICAL, Class.THIRD_PARTY)
TEST_DATA = Label(KeyPurpose.CLINICAL, Class.TEST_DATA)
RECORDING = Label(KeyPurpose.CLINICAL, Class.RECORDING)
LEGAL = Label(KeyPurpose.CLINICAL, Class.LEGAL)
PORTFOLIO = Label(KeyPurpose.STAFF, Class.ADMINISTRATIVE)
"""What a practitioner writes down about herself, under her own keys."""
TENANT = Label(KeyPurpose.TENANT, Class.ADMINISTRATIVE)
"""What belongs to the clinic as a whole, whoever it is about: the rooms of its calendar."""
ACCOUNTABILITY = Label(KeyPurpose.ACCOUNTABILITY, Class.AUDIT_LOG)
SEARCH = Label(KeyPurpose.INDEX, Class.AUDIT_LOG)
"""What somebody searched for: dies with the record that it was searched in."""


def key_for(label: Label) -> Label:
    """The label of the key that seals an event of this label.

    A process note's record lies under the same key as any clinical record, so that no stored key id
    tells that it is one (KEY-04); what it says is under an item key of its author's (KEY-02).
    """
    if label.cls is not Class.PROCESS_NOTE:
        return label
    cls = Class.JOINT if label.purpose is KeyPurpose.CASE else Class.CLINICAL
    return Label(label.purpose, cls)


def label_for(label: Label, owner: Owner) -> Label:
    """The label under this owner's keys.

    A couple's, a family's or a group's clinical content is joint content under the case's own key;
    what staff, an integration or the clinic itself is accountable for is sealed for staff, and so
    is what they searched for.
    """
    if owner.kind is OwnerKind.CASE and label.purpose is KeyPurpose.CLINICAL:
        joint = Class.JOINT if label.cls is Class.CLINICAL else label.cls
        return Label(KeyPurpose.CASE, joint)
    if owner.kind not in (OwnerKind.CLIENT, OwnerKind.CASE) and label in (ACCOUNTABILITY, SEARCH):
        return Label(KeyPurpose.STAFF, label.cls)
    return label


_WITH_THEIR_WORDS = frozenset(
    {
        MEMBERS_PART,
        SEARCH,
        RISK,
        SUPERVISION,
        THIRD_PARTY,
        TEST_DATA,
        RECORDING,
        LEGAL,
        PORTFOLIO,
    }
)


def text_label(label: Label, owner: Owner) -> Label:
    """The label of the key that wraps the item key of an event's words, but for process notes.

    What is of a class of its own has its words under that class's key, so that who may open the
    one opens no more than the one; every other word lies under the clinical key.
    """
    return label_for(label if label in _WITH_THEIR_WORDS else CLINICAL, owner)
