"""Sets of a clinic with a few megabytes in it, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure import folder as data_folder
from infrastructure.folder import OpenFolder
from infrastructure.vault.custody import Custody
from tests.infrastructure.conftest import Made
from tests.support import ink
from tests.support.backups import Trio

LONG = 400_000


@pytest.fixture(scope="session")
def filled(written: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose record takes several parts."""
    path = tmp_path_factory.mktemp("filled") / "clinic"
    shutil.copytree(written.path, path)
    folder = data_folder.open_with(path, written.custody)
    for number in range(25):
        words = f"{ink.CANARY} {number} ".ljust(LONG, "x")
        folder.record.append_now((ink.drafted(ink.ANNA, f"long {number}", words),), ink.WHO)
    folder.close()
    return path


@pytest.fixture(scope="session")
def backed_up(filled: Path, written: Made, tmp_path_factory: pytest.TempPathFactory) -> Trio:
    """Sets of it that nobody changes."""
    place = tmp_path_factory.mktemp("backed-up")
    path = Path(shutil.copytree(filled, place / "clinic"))
    folder = data_folder.open_with(path, written.custody)
    trio = Trio(place / "sets")
    trio.made(folder)
    folder.close()
    return trio


@pytest.fixture
def custody(written: Made) -> Custody:
    """What opens the clinic's keys."""
    return written.custody


@pytest.fixture
def trio(tmp_path: Path) -> Trio:
    """Three empty places."""
    return Trio(tmp_path / "sets")


@pytest.fixture
def damaged(backed_up: Trio, tmp_path: Path) -> Trio:
    """Sets to damage."""
    return backed_up.copy(tmp_path / "damaged")


@pytest.fixture
def running(filled: Path, custody: Custody, tmp_path: Path) -> Iterator[OpenFolder]:
    """An open copy of the data folder."""
    path = Path(shutil.copytree(filled, tmp_path / "running"))
    folder = data_folder.open_with(path, custody)
    yield folder
    folder.close()
