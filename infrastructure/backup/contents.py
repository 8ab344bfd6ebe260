"""Opens everything that a record holds, and counts what does not open.

Nothing that is opened is kept, shown or returned; only numbers are. It is what a restore drill is
about: a backup whose contents open is one, any other is a hope.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from infrastructure import codec
from infrastructure.attachments.check import Expected
from infrastructure.errors import KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.guard.published import rows_of
from infrastructure.mapper import CONTROL_KEY
from infrastructure.vault.envelope import field_place, open_field
from infrastructure.words import went_with_their_owner

_EVERY = 1000


@dataclass(frozen=True, slots=True)
class Contents:
    """How many events and texts opened, and how many are closed for good.

    ``items`` are the item keys that texts name and the key store does not have; ``attachments``
    how many files opened to their last byte, ``damaged`` how many did not, or are missing.
    """

    events: int
    texts: int
    closed: int
    items: frozenset[bytes] = field(repr=False)
    attachments: int = 0
    damaged: int = 0


def open_everything(
    folder: OpenFolder,
    size: int,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> Contents:
    """Open every event and every text below a size.

    Raises:
        Broken: Something is not what was written.
    """
    events = texts = closed = 0
    items: set[bytes] = set()
    attachments = Expected()
    for row in rows_of(folder.store)(0, size):
        if row.position % _EVERY == 0:
            progress(row.position, size)
        if row.key_id == CONTROL_KEY:
            continue
        recorded = folder.record.mapper.open(row)
        attachments.note(recorded)
        event = recorded.event
        if event is None:
            closed += 1
            continue
        events += 1
        for sealed in codec.sealed_texts(event):
            try:
                _open_text(folder, sealed)
                texts += 1
            except KeyGone:
                closed += 1
                if not went_with_their_owner(folder, recorded):
                    items.add(field_place(sealed)[0])
    whole, damaged = attachments.open(folder)
    progress(size, size)
    return Contents(events, texts, closed, frozenset(items), whole, damaged)


def _open_text(folder: OpenFolder, sealed: bytes) -> None:
    items = folder.vault.items
    stored = items.owner(field_place(sealed)[0])
    open_field(items.open(stored), folder.vault.lineage.ids, sealed)
