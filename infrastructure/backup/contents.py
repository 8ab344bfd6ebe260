"""Opens everything that a record holds, and counts what does not open and why.

Nothing that is opened is kept, shown or returned; only numbers are. It is what a restore drill is
about: a backup whose contents open is one, any other is a hope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

from domain.values import FreeText
from infrastructure.errors import KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.guard.published import rows_of
from infrastructure.mapper import CONTROL_KEY
from infrastructure.vault.envelope import field_place, open_field

_EVERY = 1000


@dataclass(frozen=True, slots=True)
class Contents:
    """How many events and texts opened, how many are destroyed, and how many lack their key."""

    events: int
    texts: int
    destroyed: int
    unreadable: int


def open_everything(
    folder: OpenFolder,
    size: int,
    shredded_items: Iterable[bytes] | None,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> Contents:
    """Open every event and every text below a size.

    An item key that is not there was destroyed, if the key store is no older than the record. Of an
    older one ``shredded_items`` tells it apart: one that no SHRED names was never in it.

    Raises:
        Broken: Something is not what was written.
    """
    shredded = None if shredded_items is None else frozenset(shredded_items)
    events = texts = destroyed = unreadable = 0
    for row in rows_of(folder.store)(0, size):
        if row.position % _EVERY == 0:
            progress(row.position, size)
        if row.key_id == CONTROL_KEY:
            continue
        event = folder.record.mapper.open(row).event
        if event is None:
            destroyed += 1
            continue
        events += 1
        for each in fields(event):
            text = getattr(event, each.name)
            if not isinstance(text, FreeText) or text.sealed is None:
                continue
            try:
                _open_text(folder, text.sealed)
                texts += 1
            except KeyGone:
                gone = shredded is None or field_place(text.sealed)[0] in shredded
                destroyed, unreadable = destroyed + gone, unreadable + (not gone)
    progress(size, size)
    return Contents(events, texts, destroyed, unreadable)


def _open_text(folder: OpenFolder, sealed: bytes) -> None:
    items = folder.vault.items
    stored = items.owner(field_place(sealed)[0])
    open_field(items.open(stored), folder.vault.lineage.ids, sealed)
