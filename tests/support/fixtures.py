"""Fixtures that several folders of tests ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clinic import Founded, SmallClinic, found, small_clinic


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """A data folder that is made once and copied for each test."""
    return found(tmp_path_factory.mktemp("founded") / "clinic")


@pytest.fixture
def clinic(founded: Founded, tmp_path: Path) -> Iterator[SmallClinic]:
    """A small real clinic of the test's own."""
    with small_clinic(founded, tmp_path / "clinic") as opened:
        yield opened
