"""Takes away what nobody finished, and what was made unreadable: the bytes go after their key.

It asks the log and nothing else, so that it may be done at any time, by whoever has the folder
open, and again: after an erasure, and after a restore from an older backup.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.attachment import Attachment, Status, fold
from domain.ports import SealedFile
from infrastructure.attachments.files import item_of
from infrastructure.attachments.place import Place
from infrastructure.backup.gone import read_gone
from infrastructure.custodians.shreds import shreds_of
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder

GRACE = timedelta(hours=1)
"""How long after its end an upload is left alone: somebody may be storing it this moment."""


def sweep(folder: OpenFolder, now: datetime) -> int:
    """Take away uploads that were given up or not finished in time, and what was destroyed.

    How many attachments lost something.
    """
    place = Place(folder.layout.attachments)
    attachments = place.every()
    if not attachments:
        return 0
    destroyed, count = _destroyed(folder), 0
    for each in attachments:
        try:
            state, _ = folder.record.frame(each, fold)
        except Broken:
            # Whoever mends the stream may still need the bytes.
            continue
        if state is None or _is_over(folder, state, now, destroyed):
            place.drop(each)
            count += 1
        elif state.status is Status.STORED and place.whole(each).exists():
            place.drop_upload(each)
    return count


def _is_over(
    folder: OpenFolder, state: Attachment, now: datetime, destroyed: frozenset[bytes]
) -> bool:
    if state.status is Status.ABANDONED:
        return True
    if state.status is Status.BEGUN and now > state.lapses_at + GRACE:
        return True
    if not destroyed:
        return False
    file = SealedFile(state.id, state.title, state.size, state.seal)
    rows = folder.store.stream(bytes.fromhex(state.id))
    return item_of(file) in destroyed or any(row.key_id in destroyed for row in rows)


def _destroyed(folder: OpenFolder) -> frozenset[bytes]:
    """The keys and item keys that were destroyed, as the log says, or what is known beside it."""
    shreds = shreds_of(folder.store, folder.vault.lineage, folder.append_key)
    named = frozenset(each for shred in shreds for each in (*shred.keys, *shred.items))
    return named | read_gone(folder.layout.folder, folder.append_key).destroyed
