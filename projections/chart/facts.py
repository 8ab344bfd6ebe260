"""What an event says, as a row holds it: its fields by name, words still closed.

Instants and days stand as ISO 8601 texts, so that no reader takes one for a number.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from domain.rows import Content
from domain.values import FreeText


def facts(event: Any) -> Content:
    """The fields of an event but its own id, which comes first, and its case."""
    _, *named = (part.name for part in fields(event))
    found = {name: _plain(getattr(event, name)) for name in named if name != "case"}
    return {name: value for name, value in found.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, FreeText):
        return value.sealed
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    return value
