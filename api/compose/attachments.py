"""Joins the bytes of attachments with an open data folder."""

from __future__ import annotations

import time

from infrastructure.attachments.files import AttachmentFiles
from infrastructure.attachments.place import Place
from infrastructure.attachments.sweep import sweep
from infrastructure.folder import OpenFolder

SWEEP_SECONDS = 60 * 60


class OwnAttachments(AttachmentFiles):
    """The attachments of a clinic: their files, and what clears up."""

    def __init__(self, folder: OpenFolder) -> None:
        super().__init__(Place(folder.layout.attachments), folder.vault, folder.guard)
        self._folder = folder
        self._swept: float | None = None

    def sweep(self) -> int:
        """Take away what nobody finished, and what was destroyed; how many lost something."""
        self._swept = time.monotonic()
        return sweep(self._folder, self._folder.clock.now())

    def sweep_at_times(self) -> None:
        """``sweep``, once an hour."""
        if self._swept is None or time.monotonic() - self._swept > SWEEP_SECONDS:
            self.sweep()
