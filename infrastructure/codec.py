"""Events to canonical msgpack and back: a closed registry, strict types, limits, upcasters.

The payload is a map with integer keys, flat wherever it can be (``docs/formats/event.md``).
Decoding refuses what it does not know: a name, a version, a key, a type, a trailing byte, a number
or a map that is not in its one canonical form, keys in rising order. An event's fields are stored
under their place in the class, so their order is part of the format.

Source:
    docs of the design: security, section 1.3; architecture, fine print 16.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache
from hashlib import sha256
from types import NoneType, UnionType
from typing import Any, NamedTuple, NewType, Union, cast, get_args, get_origin, get_type_hints

import msgpack

from domain import values
from domain.access import neutral_classes, neutral_object, neutral_rule
from domain.confidentiality import Class, Label, Owner, OwnerKind
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
    Section,
)
from domain.wording import texts_of
from infrastructure import upcasters
from infrastructure.errors import Broken
from infrastructure.upcasters import Upcaster
from infrastructure.vault.envelope import MOST_PAYLOAD

SEALED_TEXT = 42
"""The msgpack extension type of a text under its own key."""
APPLICATION = "powiernik/1"
MOST_ITEMS = 10_000
MOST_ACTORS = 1000
FIRST_SECTION = 64
"""The number under which the words of an event's first section are sealed; fields are fewer."""
MOST_SECTIONS = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)

(
    NAME,
    VERSION,
    OCCURRED,
    ACTOR,
    STATE,
    REQUEST,
    _SIGNATURE,
    APP,
    CLASS,
    OWNER,
    CLIENTS,
    WHO,
    WITHHELD,
) = range(13)

Encode = Callable[[Any], Any]
Decode = Callable[[Any], Any]
SealText = Callable[[int, str], bytes]
"""Seals the words of the field with this number."""
Withhold = Callable[[bytes], bytes]
"""Seals, or opens, what stands in an access-log entry and is not the client's to read."""


class Decoded(NamedTuple):
    """A payload, taken apart."""

    event: Event
    occurred_at: datetime
    cls: Class
    owner: Owner
    concerning: tuple[ClientId, ...]
    who: Circumstances


class _Field(NamedTuple):
    number: int
    name: str
    encode: Encode
    decode: Decode
    optional: bool
    free_text: bool
    sections: bool


@dataclass(frozen=True, slots=True)
class _Form:
    """How one kind of event is stored."""

    kind: type[Event]
    fields: tuple[_Field, ...]


def encode(
    event: Event,
    *,
    occurred_at: datetime,
    label: Label,
    owner: Owner,
    concerning: tuple[ClientId, ...],
    who: Circumstances,
    seal_text: SealText,
    withhold: Withhold | None = None,
) -> bytes:
    """The canonical payload of an event; open texts are sealed by ``seal_text`` on the way.

    With ``withhold`` it is the entry of a client's access log: what its reader may be handed stands
    there in neutral words, and the rest sealed.
    """
    form = _FORMS[event.NAME]
    state: dict[int, Any] = {}
    for number, name, encode_one, _, _, free_text, sections in form.fields:
        value = getattr(event, name)
        if value is None:
            continue
        if free_text:
            state[number] = _seal(value, number, seal_text)
        elif sections:
            state[number] = _seal_sections(value, seal_text)
        else:
            state[number] = encode_one(value)
    payload: dict[int, Any] = {
        NAME: event.NAME,
        VERSION: event.VERSION,
        OCCURRED: _encode_instant(occurred_at),
        ACTOR: _encode_id(who.actor.id),
        STATE: state,
        REQUEST: who.request,
        APP: APPLICATION,
        CLASS: int(label.cls),
        OWNER: [int(owner.kind), _encode_id(owner.id)],
        CLIENTS: _encode_ids(concerning),
        WHO: [
            who.actor.kind,
            who.actor.roles,
            who.role,
            who.mode,
            who.purpose,
            who.rule,
            who.policy_version,
            who.session_reference,
            who.network_address,
            who.application,
        ],
    }
    if withhold is not None:
        payload[WITHHELD] = withhold(_take_out(payload))
    return msgpack.packb(payload)


def _seal(text: FreeText, number: int, seal_text: SealText) -> msgpack.ExtType:
    if text.words is not None:
        return msgpack.ExtType(SEALED_TEXT, seal_text(number, text.words))
    if text.sealed is None:
        raise Broken("E-PARSE", "a text that is neither open nor closed")
    return msgpack.ExtType(SEALED_TEXT, text.sealed)


def _seal_sections(sections: tuple[Section, ...], seal_text: SealText) -> list[Any]:
    """Each section's words are sealed under their own number, all under the event's one key."""
    if len(sections) > MOST_SECTIONS:
        raise Broken("E-LIMIT", "more sections than an event may hold")
    return [
        [each.code, _seal(each.text, FIRST_SECTION + number, seal_text)]
        for number, each in enumerate(sections)
    ]


def has_text(event: Event) -> bool:
    """Whether free text stands in an event."""
    return event.NAME in _WORDED and next(texts_of(event), None) is not None


def sealed_texts(event: Event | None) -> list[bytes]:
    """The closed texts of an event; none where its key has been destroyed."""
    if event is None or event.NAME not in _WORDED:
        return []
    return [each.sealed for each in texts_of(event) if each.sealed is not None]


def decode(payload: bytes, open_withheld: Withhold | None = None) -> Decoded:
    """Take a payload apart; that of an access-log entry needs ``open_withheld``.

    Raises:
        Broken: E-PARSE, it is not the canonical payload of a known event.
    """
    raw = unpack(payload)
    try:
        if open_withheld is not None:
            _put_back(raw, unpack(open_withheld(raw.pop(WITHHELD))))
        return _decode(raw)
    except Broken:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
        # The message of the cause could carry content, so it stops here.
        raise Broken("E-PARSE", "a payload of unknown form") from None


def unpack(payload: bytes) -> dict[int, Any]:
    """A canonical msgpack map with integer keys, within limits.

    Raises:
        Broken: E-PARSE or E-LIMIT.
    """
    if len(payload) > MOST_PAYLOAD:
        raise Broken("E-LIMIT", "a payload that is too large")
    try:
        raw = msgpack.unpackb(
            payload,
            strict_map_key=False,
            max_array_len=MOST_ITEMS,
            max_map_len=MOST_ITEMS,
        )
        # Duplicate keys, long forms of short numbers and deep nesting do not survive this.
        canonical = type(raw) is dict and msgpack.packb(raw) == payload
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        # The library tells its limits from other errors by its words alone.
        if " exceeds max_" in str(error):
            raise Broken("E-LIMIT", "a payload with too many or too large values") from None
        raise Broken("E-PARSE", "a payload that is not msgpack") from None
    if not canonical:
        raise Broken("E-PARSE", "a payload that is not canonical")
    return cast("dict[int, Any]", raw)


def _decode(raw: dict[int, Any]) -> Decoded:
    # To Python 1, 1.0 and True are the same key; to the format they are not.
    if list(raw) != _KEYS or not _ONLY_INTEGERS.issuperset(map(type, raw)):
        raise Broken("E-PARSE", "a payload with unknown keys")
    name = raw[NAME]
    form = _FORMS.get(name)
    if form is None:
        raise Broken("E-PARSE", "an event of unknown name")
    state, version = raw[STATE], _decode_number(raw[VERSION])
    if type(state) is not dict or not _ONLY_INTEGERS.issuperset(map(type, state)):
        raise Broken("E-PARSE", "a payload with unknown fields")
    if version != form.kind.VERSION:
        state = upcast(name, version, state)
    event = _event(form, state)
    _decode_text(raw[APP])
    owner_kind, owner_id = _decode_list(raw[OWNER])
    kind, roles, role, mode, purpose, rule, policy_version, session, address, application = (
        _decode_list(raw[WHO])
    )
    return Decoded(
        event=event,
        occurred_at=_decode_instant(raw[OCCURRED]),
        cls=_CLASSES[_decode_number(raw[CLASS])],
        owner=Owner(_OWNER_KINDS[_decode_number(owner_kind)], _decode_id(owner_id)),
        concerning=tuple([ClientId(_decode_id(each)) for each in _decode_list(raw[CLIENTS])]),
        who=Circumstances(
            actor=_actor(raw[ACTOR], kind, tuple(_decode_list(roles))),
            purpose=None if purpose is None else _PURPOSES[purpose],
            request=RequestId(_decode_text(raw[REQUEST])),
            session_reference=_decode_text(session),
            network_address=_decode_text(address),
            application=_decode_text(application),
            role=None if role is None else _ROLES[role],
            mode=None if mode is None else _MODES[mode],
            rule=_decode_text(rule),
            policy_version=_decode_number(policy_version),
        ),
    )


_WITHHELD_OF_WHO = (1, 5, 7, 8, 9)
"""Roles, rule, session reference, network address, application."""


def _take_out(payload: dict[int, Any]) -> bytes:
    """Make a payload neutral; what was taken out is a payload of its own, by name and number."""
    who, places = payload[WHO], _ACCESS_PLACES[payload[NAME]]
    state = payload[STATE]
    taken = {
        STATE: {number: state[number] for number, _ in places},
        WHO: [who[number] for number in _WITHHELD_OF_WHO],
    }
    payload[STATE] = {**state, **{number: calm(state[number]) for number, calm in places}}
    payload[WHO] = [who[0], (), *who[2:5], neutral_rule(who[5]), who[6], "", "", ""]
    return msgpack.packb(taken)


def _put_back(raw: dict[int, Any], taken: dict[int, Any]) -> None:
    """Make a payload whole again."""
    if list(taken) != [STATE, WHO] or len(taken[WHO]) != len(_WITHHELD_OF_WHO):
        raise Broken("E-PARSE", "something withheld of unknown form")
    if list(taken[STATE]) != [number for number, _ in _ACCESS_PLACES[raw[NAME]]]:
        raise Broken("E-PARSE", "something withheld of unknown form")
    raw[STATE] = {**raw[STATE], **taken[STATE]}
    for number, value in zip(_WITHHELD_OF_WHO, taken[WHO], strict=True):
        raw[WHO][number] = value


@lru_cache(maxsize=MOST_ACTORS)
def _actor(actor_id: object, kind: str, roles: tuple[str, ...]) -> Actor:
    """The same few people act again and again."""
    return Actor(
        id=ActorId(_decode_id(actor_id)),
        kind=_ACTOR_KINDS[kind],
        roles=tuple([_ROLES[each] for each in roles]),
    )


def _event(form: _Form, state: dict[int, Any]) -> Event:
    arguments = {}
    for number, name, _, decode_one, optional, _, _ in form.fields:
        if number in state:
            arguments[name] = decode_one(state[number])
        elif not optional:
            raise Broken("E-PARSE", "a payload that lacks a field")
    if len(arguments) != len(state) or list(state) != sorted(state):
        raise Broken("E-PARSE", "a payload with an unknown field, or out of order")
    return form.kind(**arguments)


# Upcasters: from one version of a stored state to the next.


def _practitioner_registered_1(state: dict[int, Any]) -> dict[int, Any]:
    """Version 1 had a bare register number in place 5, or none; 2 says what kind of standing."""
    number = state.get(5)
    standing = ["register", number, None] if number else ["none", None, None]
    return {**state, 5: standing}


def _with(added: Mapping[int, object]) -> Upcaster:
    """What the next version has beside, where the older one had nothing."""
    return lambda state: {**state, **added}


def _case_problem_stated_1(state: dict[int, Any]) -> dict[int, Any]:
    """Version 1 named no problem; 2 has its id in place 3, drawn from the seal of its words.

    No two seals are alike, and a seal stays when its key is gone: so does the id.
    """
    return {**state, 3: sha256(state[1].data).digest()[:_ID_SIZE]}


UPCASTERS: Mapping[tuple[str, int], Upcaster] = {
    ("case.problem_stated", 1): _case_problem_stated_1,
    **upcasters.FRAME,
    **upcasters.WORK,
    ("practitioner.registered", 1): _practitioner_registered_1,
    ("note.drafted", 1): _with({8: "free", 9: []}),
    ("note.revised", 1): _with({3: []}),
    ("note.signed", 1): _with({}),
    ("note.countersigned", 1): _with({}),
    ("note.amended", 1): _with({5: [], 6: []}),
    ("note.received", 1): _with({11: "free", 12: []}),
}


def upcast(name: str, version: int, state: dict[int, Any]) -> dict[int, Any]:
    """The state as the current version of its event has it.

    Raises:
        Broken: E-PARSE, no upcaster leads from this version.
    """
    if list(state) != sorted(state):
        raise Broken("E-PARSE", "a payload with fields out of order")
    current = VOCABULARY[name].VERSION
    while version != current:
        step = UPCASTERS.get((name, version))
        if step is None:
            raise Broken("E-PARSE", "an event of unknown version")
        state, version = step(state), version + 1
    return dict(sorted(state.items()))


# One pair of functions per type of field, chosen once.


def _encode_instant(value: datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


def _decode_instant(value: object) -> datetime:
    return _EPOCH + _decode_number(value) * _MICROSECOND


def _decode_number(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _encode_day(value: date) -> int:
    return value.toordinal() - _EPOCH_DAY


def _decode_day(value: object) -> date:
    return date.fromordinal(_decode_number(value) + _EPOCH_DAY)


def _encode_id(value: str) -> bytes:
    found = bytes.fromhex(value)
    # What is not read back as it was must not be written: a record is for good.
    if len(found) != _ID_SIZE or found.hex() != value:
        raise Broken("E-PARSE", "an identifier that is not 32 hexadecimal digits")
    return found


def _encode_ids(values: tuple[str, ...]) -> list[bytes]:
    if len(values) > MOST_ITEMS:
        raise Broken("E-LIMIT", "more items than a payload may hold")
    return [_encode_id(each) for each in values]


def _decode_id(value: object) -> str:
    if type(value) is not bytes or len(value) != _ID_SIZE:
        raise TypeError
    return value.hex()


def _decode_text(value: object) -> str:
    if type(value) is not str:
        raise TypeError
    return value


def _decode_list(value: object) -> list[Any]:
    if type(value) is not list:
        raise TypeError
    return value


def _decode_truth(value: object) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _decode_free_text(value: object) -> FreeText:
    if type(value) is not msgpack.ExtType or value.code != SEALED_TEXT:
        raise TypeError
    return FreeText(sealed=value.data)


def _same(value: Any) -> Any:
    return value


_ID_SIZE = 16
_ID_TYPES = {each for each in vars(values).values() if isinstance(each, NewType)} - {RequestId}
_PLAIN: dict[object, tuple[Encode, Decode]] = {
    str: (_same, _decode_text),
    bool: (_same, _decode_truth),
    int: (_same, _decode_number),
    datetime: (_encode_instant, _decode_instant),
    date: (_encode_day, _decode_day),
    FreeText: (_same, _decode_free_text),
    **dict.fromkeys(_ID_TYPES, (_encode_id, _decode_id)),
}


def _pair(kind: Any) -> tuple[Encode, Decode]:
    """How a value of this type is stored and read."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if get_origin(kind) is tuple:
        return _tuple_pair(*_pair(get_args(kind)[0]))
    if isinstance(kind, type) and issubclass(kind, (StrEnum, IntEnum)):
        # Its members are texts or numbers, and stored as the texts or numbers that they are.
        return _same, _member(kind)
    if is_dataclass(kind):
        return _record_pair(cast("type", kind))
    msg = f"no stored form for {kind}"
    raise TypeError(msg)


def _member(kind: type[StrEnum | IntEnum]) -> Decode:
    members = {each.value: each for each in kind}
    if issubclass(kind, int):
        return lambda value: members[_decode_number(value)]
    return members.__getitem__


def _tuple_pair(encode_one: Encode, decode_one: Decode) -> tuple[Encode, Decode]:
    def encode_all(value: tuple[Any, ...]) -> list[Any]:
        if len(value) > MOST_ITEMS:
            raise Broken("E-LIMIT", "more items than a payload may hold")
        return [encode_one(each) for each in value]

    def decode_all(value: object) -> tuple[Any, ...]:
        return tuple([decode_one(each) for each in _decode_list(value)])

    return encode_all, decode_all


def _record_pair(kind: type) -> tuple[Encode, Decode]:
    """A small value object is stored as the array of its fields."""
    parts = _fields(kind)

    def encode_parts(value: object) -> list[Any]:
        found = [getattr(value, part.name) for part in parts]
        return [
            None if each is None else part.encode(each)
            for part, each in zip(parts, found, strict=True)
        ]

    def decode_parts(value: object) -> Any:
        if type(value) is not list or len(value) != len(parts):
            raise TypeError
        return kind(
            *[
                None if each is None and part.optional else part.decode(each)
                for part, each in zip(parts, value, strict=True)
            ]
        )

    return encode_parts, decode_parts


def _fields(kind: type) -> tuple[_Field, ...]:
    hints = get_type_hints(kind)
    found = []
    for number, each in enumerate(fields(kind)):
        hint, optional = _unwrapped(hints[each.name])
        encode_one, decode_one = _pair(hint)
        # An empty tuple is stored like any other; only None is left out.
        found.append(
            _Field(
                number,
                each.name,
                encode_one,
                decode_one,
                optional,
                free_text=hint is FreeText,
                sections=hint == tuple[Section, ...],
            )
        )
    return tuple(found)


def _unwrapped(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, UnionType):
        (inner,) = [each for each in get_args(hint) if each is not NoneType]
        return inner, True
    return hint, False


_KEYS = [NAME, VERSION, OCCURRED, ACTOR, STATE, REQUEST, APP, CLASS, OWNER, CLIENTS, WHO]
_ONLY_INTEGERS = frozenset({int})
_FORMS = {name: _Form(kind, _fields(kind)) for name, kind in VOCABULARY.items()}
_WORDED = frozenset(
    name
    for name, form in _FORMS.items()
    if any(each.free_text or each.sections for each in form.fields)
)
"""The events in which words can stand."""
_CLASSES = {int(each): each for each in Class}


def _calm_classes(stored: list[int]) -> list[int]:
    return list(neutral_classes(tuple([_CLASSES[each] for each in stored])))


_CALM: dict[str, Callable[[Any], Any]] = {"object_type": neutral_object, "classes": _calm_classes}
_ACCESS_PLACES = {
    kind.NAME: tuple(
        [(part.number, _CALM[part.name]) for part in _FORMS[kind.NAME].fields if part.name in _CALM]
    )
    for kind in ACCESS_EVENTS
}
"""Which fields of an access event are made neutral in what its client may be handed, and how."""
_OWNER_KINDS = {int(each): each for each in OwnerKind}
_ACTOR_KINDS = {each.value: each for each in ActorKind}
_ROLES = {each.value: each for each in Role}
_MODES = {each.value: each for each in ActingMode}
_PURPOSES = {each.value: each for each in PurposeOfUse}
