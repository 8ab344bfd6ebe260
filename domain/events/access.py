"""Every look, written before anything is shown, and every look that was refused.

The circumstances (who, in what role and mode, why, from where, under which rule of which policy)
stand in every event's payload; these events add whose record and which part of it
(compliance.md 4.1).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import ACCOUNTABILITY, Class, Label
from domain.values import CaseId, ClientId, ItemId


class AccessKind(StrEnum):
    """compliance.md 4.1, the table of event kinds; those that exist so far."""

    READ = "READ"
    LIST = "LIST"
    LIST_HIT = "LIST_HIT"
    SEARCH = "SEARCH"
    AUDIT_READ = "AUDIT_READ"
    AUTHENTICATION = "AUTHN"
    SYSTEM_BATCH = "SYSTEM_BATCH"
    WRITE = "WRITE"


class Action(StrEnum):
    """FHIR audit-event-action."""

    CREATE = "C"
    READ = "R"
    UPDATE = "U"
    DELETE = "D"
    EXECUTE = "E"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecorded:
    """Somebody is about to see something; ``items`` names what.

    ``client`` is whose record (none for entries without a client), ``relationship`` the case that
    allowed it, ``count`` how many entries a list delivered, ``classes`` the kinds of data,
    ``origins`` where the data came from.
    """

    NAME: ClassVar[str] = "access.recorded"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ACCOUNTABILITY
    kind: AccessKind
    action: Action
    object_type: str
    classes: tuple[Class, ...]
    origins: tuple[str, ...]
    retain_until: date
    retention_rule: str
    visible_to_client: bool
    client: ClientId | None = None
    object: ItemId | None = None
    object_version: int | None = None
    items: tuple[ItemId, ...] = ()
    count: int | None = None
    relationship: CaseId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDenied:
    """Somebody asked and was told that there is no such record; the true reason stands here."""

    NAME: ClassVar[str] = "access.denied"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ACCOUNTABILITY
    kind: AccessKind
    object_type: str
    outcome: int
    reason: str
    retain_until: date
    retention_rule: str
    visible_to_client: bool
    client: ClientId | None = None
    object: ItemId | None = None


AccessEvent = AccessRecorded | AccessDenied
EVENTS: tuple[type[AccessEvent], ...] = (AccessRecorded, AccessDenied)
