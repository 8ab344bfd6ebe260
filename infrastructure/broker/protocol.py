"""What is said on the broker's socket: one request, one reply, in frames with strict limits.

A frame is ``u32 length | msgpack array``. A request is its number and its fields, of which every
one is checked before anything is done; a frame that is not one of these requests ends the
connection. A reply begins with an outcome: ``DONE`` carries what was asked for, ``BROKEN`` its
code, ``INVALID`` and ``WRONG_STATE`` the words of the domain's refusal. None of them tells content.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, TypeAlias, get_args

import msgpack

from domain.confidentiality import Class, KeyPurpose, Owner, OwnerKind
from infrastructure.errors import Broken
from infrastructure.ledger.errors import Code
from infrastructure.vault.envelope import MOST_PAYLOAD

VERSION = 2
MOST_BYTES = 4 * 1024 * 1024
"""Bytes of one frame; whoever opens many records asks for them in several."""
MOST_ITEMS = 2048
MOST_DEPTH = 5
MOST_TOGETHER = 512
"""Records, cells or texts in one request."""
_LENGTH = struct.Struct(">I")
_NUMBERS = 2**63

CODES = frozenset(get_args(Code))
"""The codes that a reply may carry."""


class Ask(IntEnum):
    """What may be asked; the order of the fields stands in ``FIELDS``."""

    HELLO = 1
    TAGS = 2
    PLACE = 3
    POLICY_KEY = 4
    MAKE = 5
    MAKE_ITEMS = 6
    REDEEM = 7
    STANDING = 8
    RECORDS = 9
    FOLD = 10
    CELLS = 11
    WORDS = 12
    ENTRY_KEYS = 13
    SEAL_CELLS = 14
    STATE = 15
    RECONCILE = 16
    SETTLE = 17
    RETIRE = 18
    FINGERPRINT = 19
    SHRED_STATEMENT = 20
    SHRED = 21
    SEAL_CHUNK = 22
    CHUNKS = 23
    FOLD_CHUNKS = 24


class Outcome(IntEnum):
    """How a request ended."""

    DONE = 0
    REFUSED = 1
    NOT_THERE = 2
    GONE = 3
    BROKEN = 4
    UNAVAILABLE = 5
    INVALID = 6
    WRONG_STATE = 7


class NotAFrame(Exception):
    """What came is no frame of this protocol; the connection ends."""


Check = Callable[[Any], bool]


def _number(least: int, most: int) -> Check:
    return lambda found: type(found) is int and least <= found <= most


def _bytes(size: int, most: int | None = None) -> Check:
    limit = size if most is None else most
    return lambda found: type(found) is bytes and size <= len(found) <= limit


def _text(most: int) -> Check:
    return lambda found: type(found) is str and len(found) <= most


def _hex(found: Any) -> bool:
    return type(found) is str and len(found) == _ID and set(found) <= _DIGITS


def _list(each: Check, most: int = MOST_TOGETHER) -> Check:
    def check(found: Any) -> bool:
        return type(found) is list and len(found) <= most and all(map(each, found))

    return check


def _these(*fields: Check) -> Check:
    def check(found: Any) -> bool:
        return (
            type(found) is list
            and len(found) == len(fields)
            and all(field(value) for field, value in zip(fields, found, strict=True))
        )

    return check


def _or_none(check: Check) -> Check:
    return lambda found: found is None or check(found)


def _one_of(values: frozenset[int]) -> Check:
    return lambda found: type(found) is int and found in values


_ID, _DIGITS = 32, frozenset("0123456789abcdef")
_SOME = MOST_BYTES
_key_id = _bytes(16)
_position = _number(0, _NUMBERS - 1)
_purpose = _one_of(frozenset(map(int, KeyPurpose)))
_class = _one_of(frozenset(map(int, Class)))
_owner = _these(_one_of(frozenset(map(int, OwnerKind))), _hex)
_sealed_for = _these(
    _one_of(frozenset(map(int, OwnerKind))), lambda found: not found or _hex(found)
)
"""A row that is the clinic's names no id: whoever seals it knows which clinic it is."""
_claim = _these(_hex, _text(64))
_grant = _bytes(16)
_key_part: Check = lambda found: _text(200)(found) or _number(-_NUMBERS, _NUMBERS - 1)(found)  # noqa: E731
_place = _these(_text(100), _text(100), _list(_key_part, 8), _position)
_row = _these(_key_id, _position, _bytes(16), _bytes(16), _position, _bytes(0, _SOME))

_destruction = _these(
    _hex,
    _text(64),
    _list(_owner, MOST_ITEMS),
    _list(_purpose, 16),
    _list(_class, 16),
    _list(_bytes(0, _SOME), MOST_ITEMS),
    _or_none(_number(0, 9999)),
    _list(_owner, MOST_ITEMS),
)

FIELDS: dict[Ask, tuple[Check, ...]] = {
    Ask.HELLO: (_number(0, 2**16),),
    Ask.TAGS: (_list(_owner),),
    Ask.PLACE: (_key_id,),
    Ask.POLICY_KEY: (_key_id,),
    # Whose keys of which label; who wants them.
    Ask.MAKE: (_list(_these(_owner, _purpose, _class), MOST_ITEMS), _claim),
    Ask.MAKE_ITEMS: (_list(_these(_key_id, _or_none(_key_id), _number(1, 1000))),),
    # Who looks; for each entry its position and whose content it is to open.
    Ask.REDEEM: (_claim, _list(_these(_position, _list(_owner, 64)), MOST_ITEMS)),
    Ask.STANDING: (_claim, _position),
    Ask.RECORDS: (_grant, _list(_row)),
    Ask.FOLD: (_claim, _list(_row)),
    Ask.CELLS: (_grant, _list(_these(_bytes(0, _SOME), _place))),
    Ask.WORDS: (_grant, _list(_bytes(0, _SOME))),
    Ask.ENTRY_KEYS: (_grant, _list(_these(_key_id, _key_id, _key_id, _position))),
    Ask.SEAL_CELLS: (
        _grant,
        _list(_these(_sealed_for, _purpose, _class, _number(0, 2**48), _place, _bytes(0, _SOME))),
    ),
    Ask.STATE: (),
    Ask.RECONCILE: (),
    Ask.SETTLE: (_number(1, 2**31),),
    Ask.RETIRE: (_owner, _purpose, _claim),
    Ask.SHRED_STATEMENT: (_destruction,),
    Ask.SHRED: (_destruction, _bytes(0, 64 * 1024)),
    # Under which item key; which attachment, which of its pieces, whether the last; its bytes.
    Ask.SEAL_CHUNK: (_key_id, _key_id, _position, _number(0, 1), _bytes(0, MOST_PAYLOAD)),
    Ask.CHUNKS: (_grant, _list(_bytes(0, _SOME))),
    Ask.FOLD_CHUNKS: (_claim, _list(_bytes(0, _SOME))),
    Ask.FINGERPRINT: (_text(32), _text(500), _or_none(_grant)),
}

Reply: TypeAlias = list[Any]


def owner_in(found: Sequence[Any]) -> Owner:
    """An owner, as requests name one."""
    return Owner(OwnerKind(found[0]), found[1])


def encode(message: Sequence[Any]) -> bytes:
    """A frame.

    Raises:
        Broken: E-LIMIT, it would be too large.
    """
    body: bytes = msgpack.packb(message)
    if len(body) > MOST_BYTES:
        raise Broken("E-LIMIT", "a frame that is too large")
    return _LENGTH.pack(len(body)) + body


def decode(body: bytes) -> list[Any]:
    """The array in a frame: numbers, bytes, texts, truth values, nothing, and lists of those.

    Raises:
        NotAFrame: It is something else, too deep, or too much.
    """
    try:
        found = msgpack.unpackb(
            body,
            max_array_len=MOST_ITEMS,
            max_map_len=0,
            max_ext_len=0,
            max_str_len=MOST_BYTES,
            max_bin_len=MOST_BYTES,
        )
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException):
        raise NotAFrame from None
    if type(found) is not list or not found or not _plain(found, MOST_DEPTH):
        raise NotAFrame
    return found


def _plain(found: Any, depth: int) -> bool:
    if type(found) is list:
        return depth > 0 and all(_plain(each, depth - 1) for each in found)
    return found is None or type(found) in (int, bytes, str, bool)


def request(message: list[Any]) -> tuple[Ask, list[Any]]:
    """A request and its fields, each of which is what it has to be.

    Raises:
        NotAFrame: It is none.
    """
    number, *fields = message
    try:
        ask = Ask(number) if type(number) is int else None
    except ValueError:
        raise NotAFrame from None
    if ask is None or not _these(*FIELDS[ask])(fields):
        raise NotAFrame
    return ask, fields


def send(connection: socket.socket, message: Sequence[Any]) -> None:
    """Send one frame."""
    connection.sendall(encode(message))


def receive(connection: socket.socket) -> list[Any] | None:
    """The next array, or ``None`` at the end of the connection.

    Raises:
        NotAFrame: What comes is none, or ends in the middle.
    """
    head = _read(connection, _LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        raise NotAFrame
    (length,) = _LENGTH.unpack(head)
    if not 0 < length <= MOST_BYTES:
        raise NotAFrame
    body = _read(connection, length)
    if len(body) < length:
        raise NotAFrame
    return decode(body)


def _read(connection: socket.socket, size: int) -> bytes:
    found = connection.recv(size)
    if len(found) in (0, size):
        return found
    parts = [found]
    missing = size - len(found)
    while missing and (part := connection.recv(min(missing, 1 << 18))):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
