"""Whether every file of an attachment is there, and is what the log says of it.

``powiernik verify`` asks that of the sealed bytes; a restore drill opens them as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.attachment import Attachment, Status, evolve
from domain.ports import Recorded, SealedFile
from infrastructure.attachments.files import item_of, opened
from infrastructure.attachments.place import Place
from infrastructure.errors import Broken, KeyGone
from infrastructure.folder import OpenFolder


@dataclass
class Expected:
    """The attachments that a record speaks of, as its events go by."""

    states: dict[str, Attachment] = field(default_factory=dict)

    def note(self, recorded: Recorded) -> None:
        """Take one event in."""
        state = evolve(self.states.get(recorded.stream), recorded.event)
        if state is not None:
            self.states[recorded.stream] = state

    def verify(self, folder: OpenFolder) -> int:
        """Hold every file against the seal in the log; how many there were.

        Raises:
            Broken: E-LEAF, one is missing, or not what was sealed.
        """
        place, count = Place(folder.layout.attachments), 0
        for file in self._living(folder):
            if place.seal_of(file.attachment, file.size) != file.seal:
                raise Broken("E-LEAF", "the file of an attachment is not what was sealed")
            count += 1
        return count

    def open(self, folder: OpenFolder) -> tuple[int, int]:
        """Open every byte of every file: how many opened, how many are missing or damaged.

        One that is damaged keeps nothing else shut: a clinic is put back without it.
        """
        place, whole, damaged = Place(folder.layout.attachments), 0, 0
        items, log_ids = folder.vault.items, folder.vault.lineage.ids
        for file in self._living(folder):
            chunks = place.chunks(file.attachment, file.size)
            try:
                for _ in opened(chunks, file, lambda sealed: items.open_chunk(log_ids, sealed)):
                    pass
            except (Broken, KeyGone):
                damaged += 1
            else:
                whole += 1
        return whole, damaged

    def _living(self, folder: OpenFolder) -> Iterator[SealedFile]:
        """Those that are stored and have their key; whether it may be gone is asked elsewhere."""
        for state in self.states.values():
            file = SealedFile(state.id, state.title, state.size, state.seal)
            if state.status is Status.STORED and folder.keys.items(item_of(file)) is not None:
                yield file
