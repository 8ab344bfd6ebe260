"""The codec: everything that can be said comes back as it was, and nothing else is understood."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings, strategies as st

from domain.confidentiality import ACCOUNTABILITY, CLINICAL, Class, Owner, OwnerKind
from domain.events import VOCABULARY, Event
from domain.events.access import AccessKind, AccessRecorded, Action
from domain.events.case import CaseProblemStated
from domain.events.practitioner import PractitionerDeparted
from domain.values import (
    Actor,
    ActorId,
    ActorKind,
    CaseId,
    Circumstances,
    ClientId,
    FreeText,
    ItemId,
    RequestId,
    Role,
    Section,
)
from infrastructure import codec
from infrastructure.codec import APP, CLASS, CLIENTS, NAME, OWNER, STATE, VERSION, WHO
from infrastructure.errors import Broken
from tests.support import strategies

CLIENT = "c1" * 16
SECRET = "Ewa Kowalska"
NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
OWNER_OF_ALL = Owner(OwnerKind.CLIENT, CLIENT)
SOMEBODY = Circumstances(
    actor=Actor(ActorId("a1" * 16), ActorKind.STAFF, (Role.CLINICIAN,)),
    purpose=None,
    request=RequestId(SECRET),
)


def seal_text(number: int, words: str) -> bytes:
    return bytes([number]) + words.encode()


def encode(event: Event, **changes: Any) -> bytes:
    given_: dict[str, Any] = {
        "occurred_at": NOW,
        "label": CLINICAL,
        "owner": OWNER_OF_ALL,
        "concerning": (ClientId(CLIENT),),
        "who": SOMEBODY,
        "seal_text": seal_text,
    }
    return codec.encode(event, **{**given_, **changes})


def look(**changes: Any) -> AccessRecorded:
    given_: dict[str, Any] = {
        "kind": AccessKind.READ,
        "action": Action.READ,
        "object_type": SECRET,
        "classes": (Class.CLINICAL,),
        "origins": (SECRET,),
        "retain_until": NOW.date(),
        "retention_rule": SECRET,
        "visible_to_client": True,
        "count": 7,
    }
    return AccessRecorded(**{**given_, **changes})


LOOK = encode(look(), label=ACCOUNTABILITY)
PROBLEM = encode(
    CaseProblemStated(case=CaseId("ca" * 16), words=FreeText(SECRET), problem=ItemId("b1" * 16))
)
GONE = encode(PractitionerDeparted())


def _closed(section: Section, number: int) -> Section:
    words = section.text.words
    if words is None:
        return section
    return replace(section, text=FreeText(sealed=seal_text(number, words)))


def closed(event: Event) -> Event:
    """The event as it comes back: its texts sealed, each for its own field."""
    changes: dict[str, Any] = {}
    for number, each in enumerate(fields(event)):
        value = getattr(event, each.name)
        if isinstance(value, FreeText) and value.words is not None:
            changes[each.name] = FreeText(sealed=seal_text(number, value.words))
        elif isinstance(value, tuple) and any(isinstance(part, Section) for part in value):
            changes[each.name] = tuple(
                _closed(part, codec.FIRST_SECTION + place) for place, part in enumerate(value)
            )
    return replace(event, **changes)


@pytest.mark.parametrize("name", sorted(VOCABULARY))
@settings(max_examples=15)
@given(data=st.data())
def test_every_event_comes_back_as_it_was(name: str, data: st.DataObject) -> None:
    event = data.draw(strategies.events(name))
    occurred_at = data.draw(strategies.INSTANTS)
    label = data.draw(strategies.LABELS)
    owner = data.draw(strategies.OWNERS)
    concerning = data.draw(st.lists(strategies.IDS.map(ClientId), max_size=3).map(tuple))
    who = data.draw(strategies.CIRCUMSTANCES)

    payload = codec.encode(
        event,
        occurred_at=occurred_at,
        label=label,
        owner=owner,
        concerning=concerning,
        who=who,
        seal_text=seal_text,
    )
    found = codec.decode(payload)

    assert found == codec.Decoded(closed(event), occurred_at, label.cls, owner, concerning, who)


@given(event=strategies.events(), who=strategies.CIRCUMSTANCES)
def test_a_payload_has_one_form_alone(event: Event, who: Circumstances) -> None:
    payload = encode(event, who=who)
    found = codec.decode(payload)
    assert encode(found.event, who=found.who) == payload


@given(payload=st.binary(max_size=300))
def test_arbitrary_bytes_are_our_own_error(payload: bytes) -> None:
    with pytest.raises(Broken):
        codec.decode(payload)


@given(where=st.integers(0, len(LOOK) - 1), value=st.integers(0, 255))
def test_an_altered_payload_is_another_payload_or_our_own_error(where: int, value: int) -> None:
    altered = LOOK[:where] + bytes([value]) + LOOK[where + 1 :]
    try:
        found = codec.decode(altered)
    except Broken:
        return
    again = encode(
        found.event,
        occurred_at=found.occurred_at,
        label=replace(ACCOUNTABILITY, cls=found.cls),
        owner=found.owner,
        concerning=found.concerning,
        who=found.who,
    )
    # The program that wrote it is read and not kept.
    assert codec.unpack(again) | {APP: ""} == codec.unpack(altered) | {APP: ""}


# Hostile payloads: authentication comes before parsing, so only a holder of keys gets this far.


def with_key(key: object, value: object, payload: bytes = LOOK) -> bytes:
    raw = codec.unpack(payload)
    raw[key] = value  # type: ignore[index]  # foreign keys are the point
    return msgpack.packb(raw)


def without_key(key: int, payload: bytes = LOOK) -> bytes:
    raw = codec.unpack(payload)
    del raw[key]
    return msgpack.packb(raw)


def with_field(number: object, value: object, payload: bytes = LOOK) -> bytes:
    state = codec.unpack(payload)[STATE]
    state[number] = value
    return with_key(STATE, state, payload)


def without_field(number: int, payload: bytes = LOOK) -> bytes:
    state = codec.unpack(payload)[STATE]
    del state[number]
    return with_key(STATE, state, payload)


def with_who(place: int, value: object) -> bytes:
    who = codec.unpack(LOOK)[WHO]
    who[place] = value
    return with_key(WHO, who)


def renamed(old: object, new: object) -> bytes:
    """The payload with a key of the map that Python takes for the same one."""
    raw = codec.unpack(LOOK)
    return msgpack.packb({(new if key == old else key): value for key, value in raw.items()})


def renumbered(old: object, new: object) -> bytes:
    state = codec.unpack(LOOK)[STATE]
    return with_key(STATE, {(new if key == old else key): each for key, each in state.items()})


NESTED = b"\x91" * 100_000 + b"\xc0"
TIMESTAMP = b"\xd6\xff" + bytes(4)
LONG_ONE = b"\xd2\x00\x00\x00\x01"
NAN = float("nan")


def spliced(old: bytes, new: bytes, payload: bytes = LOOK) -> bytes:
    assert payload.count(old) >= 1
    return payload.replace(old, new, 1)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no map": lambda: msgpack.packb([1, 2]),
    "an unknown name": lambda: with_key(NAME, "client.forgotten"),
    "a name of bytes": lambda: with_key(NAME, b"access.recorded"),
    "a name that is a list": lambda: with_key(NAME, ["access.recorded"]),
    "a version to come": lambda: with_key(VERSION, 2),
    "version nought": lambda: with_key(VERSION, 0),
    "a version that is true": lambda: with_key(VERSION, True),
    "a version in floating point": lambda: with_key(VERSION, 1.0),
    "a version of text": lambda: with_key(VERSION, "1"),
    "a version of nothing": lambda: with_key(VERSION, None),
    "a lacking key": lambda: without_key(WHO),
    "a lacking program": lambda: without_key(APP),
    "a key beyond the last": lambda: with_key(12, 1),
    "the key of the signature": lambda: with_key(6, b"x" * 64),
    "a key of text": lambda: with_key("12", 1),
    "a key that is true": lambda: renamed(1, True),
    "a key in floating point": lambda: renamed(4, 4.0),
    "a lacking field": lambda: without_field(0),
    "a lacking last field": lambda: without_field(7),
    "an unknown field": lambda: with_field(99, "x"),
    "a field of text": lambda: with_field("0", "x"),
    "a field number that is true": lambda: renumbered(1, True),
    "a field number in floating point": lambda: renumbered(0, 0.0),
    "a state that is a list": lambda: with_key(STATE, [], GONE),
    "a state that is a text": lambda: with_key(STATE, "", GONE),
    "a state of nothing": lambda: with_key(STATE, None, GONE),
    "a text where a date belongs": lambda: with_field(5, "2026-11-23"),
    "a date beyond all calendars": lambda: with_field(5, 2**40),
    "an instant beyond all calendars": lambda: with_key(codec.OCCURRED, 2**63),
    "a number where a truth belongs": lambda: with_field(7, 1),
    "a truth where a number belongs": lambda: with_field(10, True),
    "a number in floating point": lambda: with_field(10, 7.0),
    "not a number": lambda: with_field(10, NAN),
    "not a number as the policy's version": lambda: with_who(6, NAN),
    "not a number as the program": lambda: with_key(APP, NAN),
    "a class that is true": lambda: with_key(CLASS, True),
    "a class in floating point": lambda: with_key(CLASS, 2.0),
    "a class beyond the last": lambda: with_key(CLASS, 99),
    "classes that are true": lambda: with_field(3, [True]),
    "classes in floating point": lambda: with_field(3, [2.0]),
    "an unknown kind of access": lambda: with_field(0, "PEEK"),
    "an owner of another shape": lambda: with_key(OWNER, {1: 1, b"c" * 16: 2}),
    "an owner's kind that is true": lambda: with_key(OWNER, [True, b"c" * 16]),
    "a short id": lambda: with_key(OWNER, [1, b"c" * 15]),
    "an id of text": lambda: with_key(OWNER, [1, "c" * 16]),
    "clients in a map": lambda: with_key(CLIENTS, {}),
    "clients in bytes": lambda: with_key(CLIENTS, b""),
    "circumstances in a map": lambda: with_key(WHO, dict.fromkeys(range(10))),
    "circumstances too few": lambda: with_key(WHO, [None] * 9),
    "roles in a text": lambda: with_who(1, ""),
    "a role that nobody has": lambda: with_who(1, ["owner"]),
    "a program that is no text": lambda: with_key(APP, [SECRET]),
    "trailing bytes": lambda: LOOK + b"\xc0",
    "a second payload": lambda: LOOK + LOOK,
    "half a payload": lambda: LOOK[: len(LOOK) // 2],
    "the same key twice": lambda: b"\x8c" + LOOK[1:] + LOOK[1:17],
    "a number longer than it needs": lambda: spliced(b"\x01\x01", b"\x01" + LONG_ONE),
    "a text longer than it needs": lambda: spliced(b"\xafaccess", b"\xd9\x0faccess"),
    "keys out of order": lambda: msgpack.packb(dict(reversed(list(codec.unpack(LOOK).items())))),
    "fields out of order": lambda: with_key(
        STATE, dict(reversed(list(codec.unpack(LOOK)[STATE].items())))
    ),
    "an extension type": lambda: with_field(2, msgpack.ExtType(7, b"x")),
    "a sealed text where a plain one belongs": lambda: with_field(2, msgpack.ExtType(42, b"x")),
    "a plain text where a sealed one belongs": lambda: with_field(1, SECRET, PROBLEM),
    "a text under another extension type": lambda: with_field(
        1, msgpack.ExtType(41, b"x"), PROBLEM
    ),
    "a timestamp": lambda: with_field(10, msgpack.Timestamp(1)),
    "a timestamp as the time": lambda: with_key(codec.OCCURRED, msgpack.Timestamp(1)),
    "a bare timestamp": lambda: TIMESTAMP,
    "nesting without end": lambda: NESTED,
    "nesting in a field": lambda: spliced(msgpack.packb(SECRET), b"\x91" * 100_000 + b"\xc0", LOOK),
    "nesting of maps": lambda: b"\x81\x00" * 100_000 + b"\xc0",
    "an array of 2^32": lambda: b"\xdd" + struct.pack(">I", 2**32 - 1),
    "a map of 2^32": lambda: b"\xdf" + struct.pack(">I", 2**32 - 1),
    "a text of 2^32": lambda: b"\xdb" + struct.pack(">I", 2**32 - 1),
    "bytes of 2^32": lambda: b"\xc6" + struct.pack(">I", 2**32 - 1),
    "an extension of 2^32": lambda: b"\xc9" + struct.pack(">I", 2**32 - 1) + b"\x2a",
    "65,535 empty arrays": lambda: b"\xdc\xff\xff" + b"\x90" * 65_535,
    "eight megabytes": lambda: b"\xc6" + struct.pack(">I", 8 * 2**20) + bytes(8 * 2**20),
    "a text that is not UTF-8": lambda: spliced(SECRET.encode(), b"\xff" * len(SECRET)),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_payload_is_refused_at_once_and_without_its_content(hostile: str) -> None:
    payload = HOSTILE[hostile]()
    spent, errors = [], []
    for _ in range(3):
        started = time.thread_time()
        with pytest.raises(Broken) as caught:
            codec.decode(payload)
        spent.append(time.thread_time() - started)
        errors.append(caught.value)
    for error in errors:
        assert error.code in {"E-PARSE", "E-LIMIT"}
        assert SECRET not in str(error)
        assert error.__suppress_context__ or error.__context__ is None
    # Time of this thread alone: other tests may be holding the processor.
    assert min(spent) < 0.01


# What could not be read back is not written: a record is for good.


@pytest.mark.parametrize("wrong", ["", "c1" * 15, "C1" * 16, "c1 " * 16, "c1" * 17])
def test_an_id_that_would_not_come_back_as_it_was_is_not_written(wrong: str) -> None:
    stranger = replace(SOMEBODY, actor=replace(SOMEBODY.actor, id=ActorId(wrong)))
    attempts: tuple[tuple[AccessRecorded, dict[str, Any]], ...] = (
        (look(client=ClientId(wrong)), {}),
        (look(items=(ItemId(wrong),)), {}),
        (look(), {"owner": Owner(OwnerKind.CLIENT, wrong)}),
        (look(), {"concerning": (ClientId(wrong),)}),
        (look(), {"who": stranger}),
    )
    for event, changes in attempts:
        with pytest.raises(Broken, match="E-PARSE"):
            encode(event, **changes)


def test_a_list_that_is_too_long_to_be_read_is_not_written() -> None:
    items = (ItemId("d1" * 16),) * (codec.MOST_ITEMS + 1)
    with pytest.raises(Broken, match="E-LIMIT"):
        encode(look(items=items))
    codec.decode(encode(look(items=items[1:])))


def test_half_a_character_is_not_written() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        encode(look(object_type="\ud800"))
