"""What an access-log entry says of one recorded event, whoever reads it (compliance.md 4.1).

Looks and denials are events of their own; a write is its own entry (LOG-06). Classes are told in
neutral words, so that no list shows that a crisis or a process note exists (fine print 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.confidentiality import RECORD, Class, neutral
from domain.events.access import AccessDenied, AccessRecorded
from domain.ports import Recorded
from domain.rows import Content
from projections.times import from_ms, to_ms

_CREATIONS = ("registered", "opened", "scheduled", "drafted", "written", "given", "refused")
_NEUTRAL_OBJECTS = {"process_note": "record", "note": "record", "session": "appointment"}
_NEUTRAL_RULES = {"clinician.care-team": "clinician.care", "clinician.author": "clinician.care"}
"""Whether somebody was let in as an author or as one of the team would tell a process note from
another; the record itself keeps which it was."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what with whose data, when, from where, and why."""

    position: int
    recorded_at: datetime
    client: str | None
    kind: str
    action: str
    outcome: str
    reason: str | None
    actor: str
    actor_kind: str
    role: str | None
    mode: str | None
    purpose: str | None
    object_type: str
    object: str | None
    items: tuple[str, ...]
    count: int | None
    classes: tuple[str, ...]
    origins: tuple[str, ...]
    relationship: str | None
    request: str
    session: str
    network: str
    application: str
    rule: str
    policy_version: int


def content_of(recorded: Recorded) -> Content:
    """What the row of an event holds."""
    who = recorded.who
    return {
        "at": to_ms(recorded.recorded_at),
        "actor": who.actor.id,
        "actor_kind": who.actor.kind,
        "role": who.role,
        "mode": who.mode,
        "purpose": who.purpose,
        "request": who.request,
        "session": who.session_reference,
        "network": who.network_address,
        "application": who.application,
        "rule": _NEUTRAL_RULES.get(who.rule, who.rule),
        "policy": who.policy_version,
        **_act(recorded),
    }


def _act(recorded: Recorded) -> Content:
    event = recorded.event
    match event:
        case AccessRecorded():
            return {
                "kind": event.kind,
                "action": event.action,
                "outcome": "0",
                "reason": None,
                "type": _NEUTRAL_OBJECTS.get(event.object_type, event.object_type),
                "object": event.object,
                "items": list(event.items),
                "count": event.count,
                "classes": _neutral_classes(event.classes),
                "origins": list(event.origins),
                "case": event.relationship,
            }
        case AccessDenied():
            return {
                "kind": "DENY",
                "action": "E",
                "outcome": str(event.outcome),
                "reason": event.reason,
                "type": _NEUTRAL_OBJECTS.get(event.object_type, event.object_type),
                "object": event.object,
                "items": [],
                "count": None,
                "classes": [],
                "origins": [],
                "case": None,
            }
        case _:
            return _write(recorded)


def _neutral_classes(classes: tuple[Class, ...]) -> list[str]:
    """What was shown, in neutral words; who saw the record has seen what is administrative in it.

    A process note is shown alone and a case with its appointments: so that no line tells the one
    from the other, ``record`` stands alone.
    """
    words = {neutral(each) for each in classes}
    return sorted(words - {neutral(Class.ADMINISTRATIVE)} if RECORD in words else words)


def _write(recorded: Recorded) -> Content:
    event = recorded.event
    aggregate, _, act = (event.NAME if event else "record.sealed").partition(".")
    creation = act in _CREATIONS
    return {
        "kind": "CREATE" if creation else "AMEND",
        "action": "C" if creation else "U",
        "outcome": "0",
        "reason": None,
        "type": _NEUTRAL_OBJECTS.get(aggregate, aggregate),
        "object": recorded.stream,
        "items": [],
        "count": None,
        "classes": [neutral(recorded.label.cls)],
        "origins": [],
        "case": None,
    }


def entry(position: int, client: str | None, content: Content) -> Entry:
    """The entry that a row holds."""
    return Entry(
        position=position,
        recorded_at=from_ms(content["at"]),
        client=client,
        kind=content["kind"],
        action=content["action"],
        outcome=content["outcome"],
        reason=content["reason"],
        actor=content["actor"],
        actor_kind=content["actor_kind"],
        role=content["role"],
        mode=content["mode"],
        purpose=content["purpose"],
        object_type=content["type"],
        object=content["object"],
        items=tuple(content["items"]),
        count=content["count"],
        classes=tuple(content["classes"]),
        origins=tuple(content["origins"]),
        relationship=content["case"],
        request=content["request"],
        session=content["session"],
        network=content["network"],
        application=content["application"],
        rule=content["rule"],
        policy_version=content["policy"],
    )
