"""Files are their owner's; those of a shared folder that all processes need are its group's too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.sharing import file_mode, make_file


@pytest.fixture(autouse=True)
def _no_mask() -> Iterator[None]:
    before = os.umask(0o007)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("folder", "mode"),
    [(0o700, 0o600), (0o750, 0o600), (0o755, 0o600), (0o770, 0o660), (0o3770, 0o660)],
)
def test_a_file_is_the_groups_where_the_folder_is(tmp_path: Path, folder: int, mode: int) -> None:
    place = tmp_path / "clinic"
    place.mkdir()
    place.chmod(folder)
    assert file_mode(place) == mode
    make_file(place / "file")
    assert (place / "file").stat().st_mode & 0o777 == mode


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"something")
    file.chmod(0o640)
    make_file(file)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"something", 0o640)
