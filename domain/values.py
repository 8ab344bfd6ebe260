"""The small words of the domain: identifiers, roles, purposes, and who acts in what circumstances.

Identifiers are 32 lower-case hexadecimal digits, drawn at random by whoever stands outside.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

ClientId = NewType("ClientId", str)
CaseId = NewType("CaseId", str)
SessionId = NewType("SessionId", str)
NoteId = NewType("NoteId", str)
PractitionerId = NewType("PractitionerId", str)
ActorId = NewType("ActorId", str)
"""A practitioner, a client, an integration, or the clinic itself, as the one who acts."""
StreamId = NewType("StreamId", str)
ItemId = NewType("ItemId", str)
"""Anything inside a record that an access entry can name: a case, a note, a session."""
RequestId = NewType("RequestId", str)
ErasureId = NewType("ErasureId", str)
"""A request for erasure, from the first word to the tombstone."""


class Role(StrEnum):
    """What somebody is to the clinic; a practitioner may have several."""

    CLINICIAN = "clinician"
    RECEPTION = "reception"
    COMPLIANCE = "compliance"
    ADMINISTRATOR = "administrator"
    CUSTODIAN = "custodian"
    CLIENT = "client"
    INTEGRATION = "integration"
    SYSTEM = "system"


class ActorKind(StrEnum):
    """compliance.md 4.1 field 13."""

    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"
    INTEGRATION = "integration"


class ActingMode(StrEnum):
    """In what capacity a permitted act was done (compliance.md 4.1 field 19)."""

    CARE = "care"
    ADMIN = "admin"
    PRIVACY = "privacy"
    SELF = "self"
    SYSTEM = "system"
    SUPERVISION = "supervision"


class PurposeOfUse(StrEnum):
    """Why somebody looks: the HL7 v3 ActReason codes in use here, and two of our own."""

    TREAT = "TREAT"
    HOPERAT = "HOPERAT"
    HQUALIMP = "HQUALIMP"
    PATRQT = "PATRQT"
    HCOMPL = "HCOMPL"
    HSYSADMIN = "HSYSADMIN"
    ACCESS_REVIEW = "ACCESS-REVIEW"
    SUPERVISION = "SUPERVISION"


class Format(StrEnum):
    """Who sits in the room."""

    INDIVIDUAL = "individual"
    COUPLE = "couple"
    FAMILY = "family"
    GROUP = "group"


class School(StrEnum):
    """The school (*nurt*) that a therapy is held in."""

    PSYCHODYNAMIC = "psychodynamic"
    COGNITIVE_BEHAVIOURAL = "cognitive-behavioural"
    HUMANISTIC_EXISTENTIAL = "humanistic-existential"
    SYSTEMIC = "systemic"
    INTEGRATIVE = "integrative"


@dataclass(frozen=True, slots=True)
class FreeText:
    """Words under a key of their own, so that one item can be made unreadable alone (REC-04).

    Open, ``words`` holds them; closed, ``sealed`` holds their ciphertext. The record seals open
    words when it writes and hands back closed ones when it reads; only a recorded access opens
    them.
    """

    words: str | None = field(default=None, repr=False)
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Section:
    """One named part of what is written: a heading from a closed list, and its words."""

    code: str
    text: FreeText


class RegistrationKind(StrEnum):
    """How a practitioner's standing is shown; a psychotherapist has no state register."""

    REGISTER = "register"
    CERTIFICATE = "certificate"
    IN_TRAINING = "in-training"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Registration:
    """A register number, or a certificate with its issuer, or the fact of being in training."""

    kind: RegistrationKind
    number: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address."""

    street: str
    postal_code: str
    city: str
    country: str = "PL"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the facts that the policy reads about a person or a program."""

    id: ActorId
    kind: ActorKind
    roles: tuple[Role, ...]
    client: ClientId | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Under which circumstances an act is done (compliance.md 4.1 fields 11 to 24, 33, 39).

    ``role``, ``mode``, ``rule`` and ``policy_version`` are filled in by the policy's decision.
    """

    actor: Actor
    purpose: PurposeOfUse | None
    request: RequestId
    session_reference: str = ""
    network_address: str = ""
    application: str = ""
    role: Role | None = None
    mode: ActingMode | None = None
    rule: str = ""
    policy_version: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """A retryable command: its id is the caller's, its digest tells a retry from a mix-up."""

    id: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a durable append hands back.

    ``first`` and ``last`` are positions in the log, ``versions`` the new version of each written
    stream in the order of the writes, ``leaves`` the leaf hashes. ``reply`` names what was created.
    ``tickets`` are the single-use permits that the broker gave for committed access entries.
    ``signed`` says the same under the clinic's signature, for each leaf of a command: whoever keeps
    it can prove later that the clinic took it away.
    """

    first: int
    last: int
    recorded_at: datetime
    versions: tuple[int, ...]
    leaves: tuple[bytes, ...]
    reply: tuple[tuple[str, str], ...] = ()
    repeated: bool = False
    tickets: tuple[bytes, ...] = field(default=(), repr=False)
    signed: tuple[str, ...] = field(default=(), repr=False)

    def named(self, what: str) -> str:
        """The identifier in the reply under ``what``."""
        return dict(self.reply)[what]
