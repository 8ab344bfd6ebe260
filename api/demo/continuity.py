"""A backup in three sets, and the drill that shows that it can be restored."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from api.compose import Broken, FolderRefused, WrongKeyStore, backup
from api.demo import show
from api.demo.looks import Play

KEEP_KEYS = timedelta(days=7)


class Copies:
    """The sets of one backup, each in a folder of its own, as on three media."""

    def __init__(self, place: Path) -> None:
        self._places = {name: place / name for name in ("record", "keys", "accounts")}
        self._id = ""

    async def make(self, play: Play, console: Console) -> None:
        """Back the clinic up, restore it for a moment, compare every row."""
        show.line(console, "\n5 · A backup, and the drill")
        clinic = play.clinic
        made = await asyncio.to_thread(backup.back_up, clinic, self._places, KEEP_KEYS)
        self._id = made.backup
        drilled = (await asyncio.to_thread(backup.drill, clinic, self._places)).event
        outcome = "all of it equal" if drilled.equal else f"{drilled.different} rows DIFFER"
        show.line(
            console,
            f"Backed up in three sets, and restored for a moment: {drilled.events} events,"
            f" {drilled.texts} texts, {drilled.rows} rows, {outcome}, in"
            f" {drilled.milliseconds / 1000:.1f} s.",
        )

    async def try_keys(self, play: Play) -> bool:
        """Whether the keys in the backup still open with what the clinic has now."""
        keys = {"keys": self._places["keys"]}
        try:
            await asyncio.to_thread(backup.check, play.clinic, keys)
        except (Broken, FolderRefused, WrongKeyStore):
            return False
        return True

    def throw_away(self, play: Play) -> None:
        """Note that the sets are gone: they lie in a folder of the demonstration's own."""
        backup.forget_all(play.clinic.folder.layout.folder, self._id)
