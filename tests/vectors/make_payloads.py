"""Adds golden payloads to ``payloads.json``: one for each version of each event.

Payloads that were ever stored must decode for ever. So the file only grows: an entry that is there
already is never written again, and one that the codec would write otherwise by now stops the
script before it has written anything. ``says`` is what the bytes meant when they were made, in
plain words.

    python -m tests.vectors.make_payloads
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

import msgpack

from domain.confidentiality import Class, KeyPurpose, Label, Owner, OwnerKind
from domain.events import VOCABULARY, Event
from domain.events.access import EVENTS as ACCESS_EVENTS
from domain.values import (
    ActingMode,
    Actor,
    ActorId,
    ActorKind,
    Circumstances,
    ClientId,
    FreeText,
    PurposeOfUse,
    RequestId,
    Role,
)
from infrastructure import codec
from infrastructure.errors import Broken

FILE = Path(__file__).with_name("payloads.json")
DAY = datetime(2026, 11, 23, 9, 15, 30, 123456, tzinfo=UTC)


def an_id(name: str) -> str:
    """An id that is always the same for a name."""
    return sha256(name.encode()).hexdigest()[:32]


def an_example(hint: Any, name: str, number: int) -> Any:
    """One value of a field's type, always the same."""
    if isinstance(hint, NewType):
        return an_id(name)
    if get_origin(hint) in (Union, UnionType):
        (inner,) = [each for each in get_args(hint) if each is not NoneType]
        return an_example(inner, name, number)
    if get_origin(hint) is tuple:
        (inner, _) = get_args(hint)
        return tuple(an_example(inner, f"{name} {each}", number + each) for each in range(2))
    if is_dataclass(hint) and hint is not FreeText:
        return a_whole(hint, name)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return list(hint)[number % len(hint)]
    plain = {
        str: f"{name}: zażółć gęślą jaźń",
        bool: number % 2 == 0,
        int: 2 ** (number + 7),
        datetime: DAY + timedelta(minutes=50 * number),
        date: date(1985, 2, 28) + timedelta(days=number),
        FreeText: FreeText(sealed=sha256(name.encode()).digest() * 5),
    }
    return plain[hint]


def a_whole(kind: Any, name: str) -> Any:
    """A dataclass with every field filled in."""
    hints, numbers = get_type_hints(kind), count()
    values = {
        each.name: an_example(hints[each.name], f"{name} {each.name}", next(numbers))
        for each in fields(kind)
    }
    return kind(**values)


WHO = Circumstances(
    actor=Actor(ActorId(an_id("actor")), ActorKind.STAFF, (Role.CLINICIAN, Role.ADMINISTRATOR)),
    purpose=PurposeOfUse.TREAT,
    request=RequestId(an_id("request")),
    session_reference="3f2a9c01d4e5b678",
    network_address="192.0.2.17",
    application="console",
    role=Role.CLINICIAN,
    mode=ActingMode.CARE,
    rule="care-team",
    policy_version=1,
)


def written(event: Event, withhold: codec.Withhold | None = None) -> bytes:
    """The payload of an event as the codec writes it now."""
    return codec.encode(
        event,
        occurred_at=DAY,
        label=Label(KeyPurpose.CLINICAL, Class.CLINICAL),
        owner=Owner(OwnerKind.CLIENT, an_id("client")),
        concerning=(ClientId(an_id("client")),),
        who=WHO,
        seal_text=lambda _, words: words.encode(),
        withhold=withhold,
    )


def in_clear(withheld: bytes) -> bytes:
    """What is withheld, sealed by nobody: its seal is the envelope's."""
    return withheld


def plain(value: Any) -> Any:
    """A value in the words of JSON; what is ``None`` is left out, so that new fields may come."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if is_dataclass(value):
        found = {each.name: getattr(value, each.name) for each in fields(value)}
        return {name: plain(each) for name, each in found.items() if each is not None}
    return value


def decoded(payload: bytes) -> codec.Decoded:
    """A payload taken apart, whether or not something is withheld in it."""
    withheld = codec.WITHHELD in codec.unpack(payload)
    return codec.decode(payload, in_clear if withheld else None)


def said(payload: bytes) -> dict[str, Any]:
    """What a payload means."""
    found = decoded(payload)
    names = ("event", "occurred_at", "cls", "owner", "concerning", "who")
    return {name: plain(getattr(found, name)) for name in names}


def an_entry(name: str, version: int, payload: bytes) -> dict[str, Any]:
    """What stands in the file for one payload."""
    return {"name": name, "version": version, "payload": payload.hex(), "says": said(payload)}


def as_stored_now(title: str, stored: str) -> str:
    """The bytes in which the codec would write a stored payload's event now.

    Not those of a fresh example: that changes with every new member of an enumeration. What of an
    entry its client may be handed is a rendering, and may come to be told in more neutral words: it
    is the same as long as, opened, it means the same.
    """
    entry = title.endswith("as an entry")
    try:
        before = decoded(bytes.fromhex(stored))
        now = written(before.event, in_clear if entry else None)
        return stored if entry and decoded(now).event == before.event else now.hex()
    except Broken:
        return "does not open"


def practitioners_of_version_1() -> dict[str, bytes]:
    """``practitioner.registered`` 1 had a bare register number in place 5, or nothing there."""
    name = "practitioner.registered"
    raw = codec.unpack(written(a_whole(VOCABULARY[name], name)))
    state = raw[codec.STATE]
    numbered = {**raw, codec.VERSION: 1, codec.STATE: {**state, 5: "PTP 1234"}}
    bare = {key: value for key, value in state.items() if key != 5}
    unnumbered = {**raw, codec.VERSION: 1, codec.STATE: bare}
    return {
        "practitioner.registered 1": msgpack.packb(numbered),
        "practitioner.registered 1 without a number": msgpack.packb(unnumbered),
    }


def main() -> None:
    """Add what is not there yet."""
    entries: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    payloads = {
        f"{name} {kind.VERSION}": written(a_whole(kind, name)) for name, kind in VOCABULARY.items()
    }
    payloads |= {
        f"{kind.NAME} {kind.VERSION} as an entry": written(a_whole(kind, kind.NAME), in_clear)
        for kind in ACCESS_EVENTS
    }
    if "practitioner.registered 1" not in entries:
        payloads |= practitioners_of_version_1()
    for title, payload in payloads.items():
        name, version = title.split()[:2]
        if title not in entries:
            entries[title] = an_entry(name, int(version), payload)
        elif as_stored_now(title, entries[title]["payload"]) != entries[title]["payload"]:
            sys.exit(f"{title}: stored otherwise by now; that needs a new version of the event")
    FILE.write_text(json.dumps(entries, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
