"""An office of a clinic that has settled how it works, in its ``clinic.conf``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from domain.retention import Rules
from domain.settings import Settings
from infrastructure.rules import write_rules
from tests.api.http.support import Office, open_office
from tests.support.clinic import Founded


@contextmanager
def settled_office(founded: Founded, folder: Path, settings: Settings) -> Iterator[Office]:
    """A copy of the founded clinic that works so, behind its door."""
    copy = folder / "founded"
    shutil.copytree(founded.folder, copy)
    write_rules(copy, Rules(), settings)
    with open_office(replace(founded, folder=copy), folder / "clinic") as opened:
        yield opened
