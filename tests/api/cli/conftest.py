"""Data folders to run commands on."""

import shutil
from pathlib import Path

import pytest

from tests.support.clinic import Founded


@pytest.fixture
def data(founded: Founded, tmp_path: Path) -> Path:
    """A data folder of the test's own."""
    folder = tmp_path / "data"
    shutil.copytree(founded.folder, folder)
    return folder
