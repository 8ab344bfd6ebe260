"""Houses with a broker of their own: one folder is made, and copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.brokers import House, Prepared, house, prepared


@pytest.fixture(scope="session")
def founded_house(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(tmp_path_factory.mktemp("house") / "clinic")


@pytest.fixture
def home(founded_house: Prepared, tmp_path: Path) -> Iterator[House]:
    """A house of the test's own."""
    with house(founded_house, tmp_path) as found:
        yield found
