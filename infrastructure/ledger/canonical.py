"""A strict reader of canonical msgpack, for those who verify with the standard library alone.

- One value has one encoding: the shortest form of every number, length and type, and no byte after
  it. A float may be written in two widths and a timestamp in three: both are refused.
- Keys of a map are integers or texts, each once; their order is left to whoever defines the map.
- Every limit is checked before work is done or memory taken, so that a hostile length costs
  nothing.

Source:
    The MessagePack specification (github.com/msgpack/msgpack, spec.md); docs of the design:
    security, section 1.3 and section 7, attack 19.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from infrastructure.ledger.errors import CanonicalRefused

MOST_BYTES = 1024 * 1024
MOST_DEPTH = 32
MOST_ITEMS = 10_000
"""Values inside arrays and maps, all of them together; a key counts as one."""


class Ext(NamedTuple):
    """A value of an application's own type, 0 to 127."""

    code: int
    data: bytes


Value: TypeAlias = "bool | int | str | bytes | Ext | list[Value] | dict[int | str, Value] | None"


class _Width(NamedTuple):
    """How many bytes a number or length takes, and the least that no shorter form can say."""

    size: int
    least: int


def _table(tags: range, widths: tuple[tuple[int, int], ...]) -> Mapping[int, _Width]:
    return MappingProxyType({tag: _Width(*width) for tag, width in zip(tags, widths, strict=True)})


_CONSTANTS = MappingProxyType({0xC0: None, 0xC2: False, 0xC3: True})
_BINARY = _table(range(0xC4, 0xC7), ((1, 0), (2, 1 << 8), (4, 1 << 16)))
_EXT = _table(range(0xC7, 0xCA), ((1, 0), (2, 1 << 8), (4, 1 << 16)))
_UNSIGNED = _table(range(0xCC, 0xD0), ((1, 1 << 7), (2, 1 << 8), (4, 1 << 16), (8, 1 << 32)))
# For a negative number the last column says how many numbers next to zero are for shorter forms.
_NEGATIVE = _table(range(0xD0, 0xD4), ((1, 1 << 5), (2, 1 << 7), (4, 1 << 15), (8, 1 << 31)))
_FIXED_EXT = MappingProxyType({0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16})
_TEXT = _table(range(0xD9, 0xDC), ((1, 1 << 5), (2, 1 << 8), (4, 1 << 16)))
_ARRAY = _table(range(0xDC, 0xDE), ((2, 1 << 4), (4, 1 << 16)))
_MAP = _table(range(0xDE, 0xE0), ((2, 1 << 4), (4, 1 << 16)))


def decode(data: bytes) -> Value:
    """Read one value that takes all of `data`.

    Raises:
        CanonicalRefused: E-PARSE, these are not the bytes of a value of the subset, in its one
            form; E-LIMIT, it is too long, too deep or has too many items.
    """
    if len(data) > MOST_BYTES:
        raise CanonicalRefused("E-LIMIT", f"more than {MOST_BYTES} bytes")
    reader = _Reader(data)
    value = reader.value()
    if reader.left():
        raise _malformed("bytes after the value")
    return value


class _Reader:
    __slots__ = ("_at", "_data", "_depth", "_items")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._depth = 0
        self._items = 0

    def left(self) -> int:
        return len(self._data) - self._at

    def value(self) -> Value:
        tag = self._take(1)[0]
        if tag < 0x80:  # noqa: PLR2004 - the ranges of the first byte are the format
            return tag
        if tag < 0xC0:  # noqa: PLR2004 - same
            return self._short(tag)
        if tag >= 0xE0:  # noqa: PLR2004 - same
            return tag - 0x100
        if tag in _CONSTANTS:
            return _CONSTANTS[tag]
        if tag in _UNSIGNED:
            return self._number(_UNSIGNED[tag])
        if tag in _NEGATIVE:
            return self._negative(_NEGATIVE[tag])
        return self._long(tag)

    def _short(self, tag: int) -> Value:
        """A text, array or map whose length stands in its first byte."""
        if tag >= 0xA0:  # noqa: PLR2004 - the ranges of the first byte are the format
            return self._text(tag & 0x1F)
        return self._array(tag & 0x0F) if tag >= 0x90 else self._map(tag & 0x0F)  # noqa: PLR2004

    def _long(self, tag: int) -> Value:
        """What has a length or type of its own after its first byte."""
        if tag in _TEXT:
            return self._text(self._number(_TEXT[tag]))
        if tag in _BINARY:
            return self._take(self._number(_BINARY[tag]))
        if tag in _ARRAY:
            return self._array(self._number(_ARRAY[tag]))
        if tag in _MAP:
            return self._map(self._number(_MAP[tag]))
        if tag in _FIXED_EXT:
            return self._ext(_FIXED_EXT[tag])
        if tag in _EXT:
            length = self._number(_EXT[tag])
            if length in _FIXED_EXT.values():
                raise _malformed("a length in a longer form than it needs")
            return self._ext(length)
        raise _malformed("a float, or a type that there is not")

    def _take(self, length: int) -> bytes:
        start, end = self._at, self._at + length
        if end > len(self._data):
            raise _malformed("it ends too early")
        self._at = end
        return self._data[start:end]

    def _number(self, width: _Width) -> int:
        number = int.from_bytes(self._take(width.size), "big")
        if number < width.least:
            raise _malformed("a number in a longer form than it needs")
        return number

    def _negative(self, width: _Width) -> int:
        number = int.from_bytes(self._take(width.size), "big", signed=True)
        if number >= -width.least:
            raise _malformed("a number in a longer form than it needs")
        return number

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode()
        except UnicodeDecodeError:
            # The message of the cause would carry content.
            raise CanonicalRefused("E-PARSE", "a text that is not UTF-8") from None

    def _ext(self, length: int) -> Ext:
        code = self._take(1)[0]
        if code > 0x7F:  # noqa: PLR2004 - the specification's own types, the timestamp among them
            raise _malformed("a timestamp, or a type that is reserved")
        return Ext(code, self._take(length))

    def _array(self, count: int) -> list[Value]:
        self._enter(count)
        values = [self.value() for _ in range(count)]
        self._depth -= 1
        return values

    def _map(self, count: int) -> dict[int | str, Value]:
        self._enter(2 * count)
        values: dict[int | str, Value] = {}
        for _ in range(count):
            key = self.value()
            if type(key) is not int and type(key) is not str:
                raise _malformed("a key that is neither number nor text")
            if key in values:
                raise _malformed("a key twice")
            values[key] = self.value()
        self._depth -= 1
        return values

    def _enter(self, items: int) -> None:
        self._depth += 1
        self._items += items
        if self._depth > MOST_DEPTH:
            raise CanonicalRefused("E-LIMIT", f"deeper than {MOST_DEPTH}")
        if self._items > MOST_ITEMS:
            raise CanonicalRefused("E-LIMIT", f"more than {MOST_ITEMS} items")


def _malformed(why: str) -> CanonicalRefused:
    return CanonicalRefused("E-PARSE", why)
