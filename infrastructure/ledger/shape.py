"""What the readers of control records share: where one stands, and how one that is none is refused.

A control record is the reader's business by its kind (`control`, `key_control`).
"""

from __future__ import annotations

from typing import NamedTuple, TypeGuard

from infrastructure.ledger.canonical import Value
from infrastructure.ledger.errors import ControlRefused

ID_SIZE = 16
HASH_SIZE = 32


class Place(NamedTuple):
    """Where the header says that a control record stands."""

    log_id: bytes
    stream_id: bytes
    version: int


def is_number(value: Value, *, least: int, bits: int) -> TypeGuard[int]:
    """Whether it is a whole number from `least` on that fits so many bits."""
    # To Python, True is an int as well.
    return type(value) is int and least <= value < 1 << bits


def require_place(found: Place, expected: Place) -> None:
    """Refuse a record that says what may not be said where it stands.

    Raises:
        ControlRefused: E-BIND.
    """
    if found != expected:
        raise ControlRefused("E-BIND", "a place in which no record says this")


def malformed(why: str) -> ControlRefused:
    """The refusal of a payload of another shape."""
    return ControlRefused("E-PARSE", why)
