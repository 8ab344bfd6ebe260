"""A clinic with something in it, its scrubber, and what a checkpointer has published of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infrastructure.anchor.checkpointer import create
from infrastructure.folder import OpenFolder
from infrastructure.guard.scrubber import Scrubber, open_scrubber
from tests.support.damage import publish

Open = Callable[..., OpenFolder]


@pytest.fixture
def folder(open_: Open, old_clinic: Path) -> OpenFolder:
    return open_(old_clinic)


@pytest.fixture
def scrubber(folder: OpenFolder) -> Iterator[Scrubber]:
    with closing(open_scrubber(folder)) as found:
        yield found


@pytest.fixture
def anchored(folder: OpenFolder, tmp_path: Path) -> Path:
    """A checkpointer's folder beside the clinic's; it has published once."""
    place = tmp_path / "checkpointer"
    vkey = create(place, folder.vault.lineage, folder.append_key)
    folder.layout.policy.write_text(f"log {vkey}\nquorum none\n")
    publish(place, folder.layout)
    return place
