"""Recorded access: the entries that a look leaves, decided before anything is shown.

One client per entry; joint work leaves one entry per participant; a list leaves one entry for the
query and one for each client that it shows (compliance.md LOG-03, 4.1 field 25).
"""

from dataclasses import dataclass
from datetime import date, datetime

from domain.confidentiality import NEUTRAL, Class
from domain.events.access import AccessDenied, AccessKind, AccessRecorded, Action
from domain.values import CaseId, ClientId, ItemId

RETENTION_YEARS = 3
RETENTION_RULE = "ehds-9"
SERIOUS_FAILURE = 8
"""FHIR audit-event-outcome of a refused request."""


_TOLD = {
    each: each
    for each in (
        "access-log",
        "audit-trail",
        "calendar",
        "case",
        "caseload",
        "client",
        "consent",
        "consents",
        "continuity",
        "custodian",
        "enquiry",
        "erasure",
        "erasures",
        "hold",
        "identity",
        "incidents",
        "integration",
        "log",
        "practitioner",
        "projections",
        "record",
        "search",
        "sign-in",
        "staff",
        "worklist",
    )
} | {"session": "appointment"}
_NEUTRAL_RULES = {
    "clinician.care-team": "clinician.care",
    "clinician.author": "clinician.care",
    "clinician.co-signer": "clinician.care",
    "clinician.viewer": "clinician.care",
    "clinician.brings": "clinician.care",
    "clinician.case-pack": "clinician.care",
    "clinician.supervision": "clinician.care",
    "supervisor.case-pack": "clinician.care",
    "compliance.complaints": "compliance.review",
}


def neutral_object(object_type: str) -> str:
    """What a log calls an object: whatever may not be told apart is a record like any other.

    No line tells a process note, a crisis or a safety plan from another record, and what comes into
    the clinic later is not told either until somebody decides it here.
    """
    return _TOLD.get(object_type, "record")


def neutral_rule(rule: str) -> str:
    """What a log calls a rule.

    Whether somebody was let in as an author or as one of the team would tell a process note from
    another record; the record itself keeps which it was.
    """
    return _NEUTRAL_RULES.get(rule, rule)


def neutral_classes(classes: tuple[Class, ...]) -> tuple[Class, ...]:
    """What was shown, in neutral classes; who saw the record has seen what is administrative in it.

    A process note is shown alone and a case with its appointments: so that no line tells the one
    from the other, the record stands alone.
    """
    shown = {each if each in NEUTRAL else Class.CLINICAL for each in classes}
    return tuple(sorted(shown - {Class.ADMINISTRATIVE} if Class.CLINICAL in shown else shown))


@dataclass(frozen=True, slots=True)
class Look:
    """What is about to be shown, as the use case says it."""

    kind: AccessKind
    object_type: str
    classes: tuple[Class, ...]
    object: ItemId | None = None
    object_version: int | None = None
    items: tuple[ItemId, ...] = ()
    relationship: CaseId | None = None
    count: int | None = None


def record_look(
    look: Look, client: ClientId | None, *, origin: str, now: datetime
) -> AccessRecorded:
    """The entry for one client, or for none where a list showed nobody or staff matters."""
    reads = look.kind in (AccessKind.READ, AccessKind.LIST_HIT, AccessKind.AUDIT_READ)
    return AccessRecorded(
        kind=look.kind,
        action=Action.READ if reads else Action.EXECUTE,
        object_type=look.object_type,
        classes=look.classes,
        origins=(origin,),
        retain_until=retain_until(now),
        retention_rule=RETENTION_RULE,
        visible_to_client=True,
        client=client,
        object=look.object,
        object_version=look.object_version,
        items=look.items,
        count=look.count,
        relationship=look.relationship,
    )


def deny_look(look: Look, client: ClientId | None, *, reason: str, now: datetime) -> AccessDenied:
    """The entry for a refused look; the asker hears only that there is no such record."""
    return AccessDenied(
        kind=look.kind,
        object_type=look.object_type,
        outcome=SERIOUS_FAILURE,
        reason=reason,
        retain_until=retain_until(now),
        retention_rule=RETENTION_RULE,
        visible_to_client=True,
        client=client,
        object=look.object,
    )


def retain_until(now: datetime) -> date:
    """Three years on (EHDS art. 9); an entry of 29 February lasts until 1 March."""
    day = now.date()
    try:
        return day.replace(year=day.year + RETENTION_YEARS)
    except ValueError:
        return date(day.year + RETENTION_YEARS, 3, 1)
