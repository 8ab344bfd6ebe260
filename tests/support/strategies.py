"""Anything that the vocabulary can say, generated from the types of its fields."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, NewType, Union, cast, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from domain.confidentiality import Class, KeyPurpose, Label, Owner, OwnerKind
from domain.events import VOCABULARY, Event
from domain.values import (
    ActingMode,
    Actor,
    ActorId,
    ActorKind,
    Circumstances,
    FreeText,
    PurposeOfUse,
    RequestId,
    Role,
)

# Not a surrogate: those are no characters, and UTF-8 has no bytes for them.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
DAYS = st.dates(date(1850, 1, 1), date(2250, 1, 1))
NUMBERS = st.integers(-(2**63), 2**64 - 1)
CLOSED = st.binary(max_size=200).map(lambda sealed: FreeText(sealed=sealed))
OPEN = TEXTS.map(FreeText)

_PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: TEXTS,
    bool: st.booleans(),
    int: NUMBERS,
    datetime: INSTANTS,
    date: DAYS,
    FreeText: CLOSED | OPEN,
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type that an event's field may have."""
    plain = _PLAIN.get(hint)
    if plain is not None:
        return plain
    if isinstance(hint, NewType):
        return IDS
    if get_origin(hint) in (Union, UnionType):
        (inner,) = [each for each in get_args(hint) if each is not NoneType]
        return st.none() | values(inner)
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=4).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    assert is_dataclass(hint)
    return built(cast("type", hint))


def built(kind: type) -> st.SearchStrategy[Any]:
    """Instances of a dataclass."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{each.name: values(hints[each.name]) for each in fields(kind)})


def events(*names: str) -> st.SearchStrategy[Event]:
    """Events of these names, or of any."""
    return st.sampled_from(names or tuple(VOCABULARY)).flatmap(lambda name: built(VOCABULARY[name]))


OWNERS = st.builds(Owner, st.sampled_from(OwnerKind), IDS)
LABELS = st.builds(Label, st.sampled_from(KeyPurpose), st.sampled_from(Class))
CIRCUMSTANCES = st.builds(
    Circumstances,
    # What the policy knows of an actor beside is not part of what she does.
    actor=st.builds(
        Actor,
        IDS.map(ActorId),
        st.sampled_from(ActorKind),
        st.lists(st.sampled_from(Role), max_size=3).map(tuple),
    ),
    purpose=st.none() | st.sampled_from(PurposeOfUse),
    request=TEXTS.map(RequestId),
    session_reference=TEXTS,
    network_address=TEXTS,
    application=TEXTS,
    role=st.none() | st.sampled_from(Role),
    mode=st.none() | st.sampled_from(ActingMode),
    rule=TEXTS,
    policy_version=st.integers(0, 2**31),
)
