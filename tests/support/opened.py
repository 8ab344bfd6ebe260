"""Opens what the record holds with the keys of an open folder, unrecorded: for tests alone."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from domain.events import Event
from domain.values import FreeText
from infrastructure.folder import OpenFolder
from infrastructure.vault.envelope import field_place, open_field


def words(folder: OpenFolder, text: FreeText) -> str:
    """The words of a text."""
    assert text.sealed is not None
    item_id, _, _ = field_place(text.sealed)
    items = folder.vault.items
    _, found = open_field(items.open(items.owner(item_id)), folder.vault.lineage.ids, text.sealed)
    return found


def texts(event: Event) -> dict[str, FreeText]:
    """The texts of an event by the names of their fields."""
    found = {each.name: getattr(event, each.name) for each in fields(event)}
    return {name: value for name, value in found.items() if isinstance(value, FreeText)}


def opened(folder: OpenFolder, event: Event) -> Event:
    """The event with its texts open, as it was handed to the record."""
    open_texts: dict[str, Any] = {
        name: FreeText(words(folder, text)) for name, text in texts(event).items()
    }
    return replace(event, **open_texts) if open_texts else event
