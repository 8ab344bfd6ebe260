"""What happens to those who work here: registration, roles, departure."""

from dataclasses import dataclass
from typing import ClassVar

from domain.confidentiality import FRAME, Label
from domain.values import PractitionerId, Registration, Role, School, StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerRegistered:
    """Somebody joined the clinic.

    Version 1 had a bare ``register_number``; version 2 tells a register from a certificate and
    from training, since a psychotherapist has no state register.
    """

    NAME: ClassVar[str] = "practitioner.registered"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = FRAME
    practitioner: PractitionerId
    staff_stream: StreamId
    given_name: str
    family_name: str
    title: str
    registration: Registration
    roles: tuple[Role, ...]
    school: School | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerRolesChanged:
    """What somebody is to the clinic changed; ``roles`` is the whole new set."""

    NAME: ClassVar[str] = "practitioner.roles_changed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerDeparted:
    """Somebody no longer works here; from now on she sees nothing."""

    NAME: ClassVar[str] = "practitioner.departed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodianAppointed:
    """Somebody holds a custodian's key: two custodians together approve an erasure.

    ``number`` is that of the key among the clinic's, ``key`` its verifier key as the log names it.
    She may be an outsider: then she has no other role here and sees requests alone (fine print 14).
    """

    NAME: ClassVar[str] = "custodian.appointed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    practitioner: PractitionerId
    number: int
    key: str


PractitionerEvent = (
    PractitionerRegistered | PractitionerRolesChanged | PractitionerDeparted | CustodianAppointed
)
EVENTS: tuple[type[PractitionerEvent], ...] = (
    PractitionerRegistered,
    PractitionerRolesChanged,
    PractitionerDeparted,
    CustodianAppointed,
)
