"""What an access-log entry says of one recorded event, whoever reads it (compliance.md 4.1).

Looks and denials are events of their own; a write is its own entry (LOG-06). Classes are told in
neutral words, so that no list shows that a crisis or a process note exists (fine print 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.access import neutral_classes, neutral_object, neutral_rule
from domain.confidentiality import MEMBERS_PART, Class, neutral
from domain.events.access import AccessDenied, AccessRecorded
from domain.events.client import ClientAliasGiven
from domain.events.consent import ConsentGiven, ConsentRefused
from domain.events.erasure import ErasureCompleted
from domain.events.instrument import InstrumentDefined
from domain.events.measure import MeasureAdministered
from domain.ports import Recorded
from domain.rows import Content
from projections.times import from_ms, to_ms

_BEGINNING = (ConsentGiven, ConsentRefused, InstrumentDefined, MeasureAdministered)
"""Each of these is an object of its own."""


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
        "rule": neutral_rule(who.rule),
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
                "type": neutral_object(event.object_type),
                "object": event.object,
                "items": list(event.items),
                "count": event.count,
                "classes": sorted(neutral(each) for each in neutral_classes(event.classes)),
                "origins": list(event.origins),
                "case": event.relationship,
            }
        case AccessDenied():
            return {
                "kind": "DENY",
                "action": "E",
                "outcome": str(event.outcome),
                "reason": event.reason,
                "type": neutral_object(event.object_type),
                "object": event.object,
                "items": [],
                "count": None,
                "classes": [],
                "origins": [],
                "case": None,
            }
        case _:
            return _write(recorded)


def _write(recorded: Recorded) -> Content:
    event = recorded.event
    if isinstance(event, ErasureCompleted):
        return _shred(recorded, event)
    aggregate = event.NAME.partition(".")[0] if event else "record"
    # A stream begins with what it is about; what is in _BEGINNING shares one stream with others.
    creation = recorded.version == 1 or isinstance(event, _BEGINNING)
    return {
        "kind": "CREATE" if creation else "AMEND",
        "action": "C" if creation else "U",
        "outcome": "0",
        "reason": None,
        "type": _object(recorded, aggregate),
        "object": recorded.stream,
        "items": [],
        "count": None,
        "classes": [_class(recorded)],
        "origins": [],
        "case": None,
    }


def _class(recorded: Recorded) -> str:
    """In what class it was written; an alias is told like any other line about her file."""
    alias = isinstance(recorded.event, ClientAliasGiven)
    return neutral(Class.ADMINISTRATIVE if alias else recorded.label.cls)


def _object(recorded: Recorded, aggregate: str) -> str:
    """What was written; a member's part of a joint session is a record like any other."""
    part = recorded.label == MEMBERS_PART and aggregate == "session"
    return neutral_object("note" if part else aggregate)


def _shred(recorded: Recorded, event: ErasureCompleted) -> Content:
    """What went: one item, or whatever its request says."""
    return {
        "kind": "SHRED",
        "action": "D",
        "outcome": "0",
        "reason": None,
        "type": "erasure" if event.item is None else "record",
        "object": event.item or recorded.stream,
        "items": [],
        "count": None,
        "classes": [neutral(Class.CLINICAL)],
        "origins": [],
        "case": event.case,
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
