"""Fixtures that several folders of tests ask for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from infrastructure.ledger.note import Signer
from tests.support.clinic import Founded, SmallClinic, found, small_clinic
from tests.support.erasing import Erasing, erasing_in, found_by_two
from tests.support.life import Life
from tests.support.stories import full

_A_YEAR = timedelta(days=365)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """A data folder that is made once and copied for each test."""
    return found(tmp_path_factory.mktemp("founded") / "clinic")


@pytest.fixture
def clinic(founded: Founded, tmp_path: Path) -> Iterator[SmallClinic]:
    """A small real clinic of the test's own."""
    with small_clinic(founded, tmp_path / "clinic") as opened:
        yield opened


@pytest.fixture(scope="session")
def founded_by_two(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Founded, tuple[Signer, ...]]:
    """A data folder whose log names two custodians, and their keys."""
    return found_by_two(tmp_path_factory.mktemp("founded by two") / "clinic")


@pytest.fixture
def erasing(
    founded_by_two: tuple[Founded, tuple[Signer, ...]], tmp_path: Path
) -> Iterator[Erasing]:
    """A small clinic with two custodians."""
    founded, keys = founded_by_two
    with small_clinic(founded, tmp_path / "clinic") as opened:
        yield erasing_in(opened, keys)


@pytest.fixture(scope="session")
def _lived(founded: Founded, tmp_path_factory: pytest.TempPathFactory) -> tuple[Founded, Life]:
    """A clinic in which everything has happened, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("lived") / "clinic"
    with small_clinic(founded, folder) as opened:
        life = Life.begun(opened)
        full(life)
        opened.catch_up()
    return replace(founded, folder=folder), life


@pytest.fixture
def life(_lived: tuple[Founded, Life], tmp_path: Path) -> Iterator[Life]:
    """A copy of a clinic in which everything has happened, a year later."""
    founded, life = _lived
    with small_clinic(founded, tmp_path / "clinic", later=_A_YEAR) as opened:
        yield replace(life, clinic=opened)
