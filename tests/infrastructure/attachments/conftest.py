"""A small real clinic with its desk: attachments are uploaded as a use case does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clinic import Founded, SmallClinic, small_clinic


@pytest.fixture
def clinic(founded: Founded, tmp_path: Path) -> Iterator[SmallClinic]:
    with small_clinic(founded, tmp_path / "clinic") as opened:
        yield opened
