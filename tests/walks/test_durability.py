"""What was acknowledged stays: the long tests of ``tests/endurance``, in small."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from infrastructure.errors import Broken
from infrastructure.folder import open_with
from infrastructure.layout import Layout
from infrastructure.vault.keyrows import DESTROYED
from infrastructure.verify import verify_folder
from tests.support.clinic import Founded
from tests.support.cuts import cut_over_and_over
from tests.support.flips import flipped_over_and_over
from tests.support.forgetful import available
from tests.support.kills import killed_over_and_over
from tests.support.rivals import rivalry


def test_what_was_acknowledged_outlives_a_kill_and_nothing_is_half_there(tmp_path: Path) -> None:
    assert killed_over_and_over(tmp_path / "clinic", 10, every=5).startswith("10 kills, ")


def test_what_was_acknowledged_outlives_a_power_cut(tmp_path: Path) -> None:
    if reason := available():
        pytest.skip(reason)
    assert cut_over_and_over(tmp_path, 4, each_mount=2).startswith("4 cuts, ")


def test_a_flipped_bit_is_refused_and_never_read_as_something_else(tmp_path: Path) -> None:
    tally = flipped_over_and_over(tmp_path / "clinic", 150, seed=2)
    assert tally.good, (tally.unseen, tally.different, tally.stray)


def test_two_processes_share_one_file(tmp_path: Path) -> None:
    line = rivalry(tmp_path / "clinic", processes=2, threads=4, seconds=1)
    assert "0 lost, 0 twice" in line


def test_a_key_that_is_marked_as_destroyed_and_still_there_is_not_taken_for_shredded(
    founded: Founded, tmp_path: Path
) -> None:
    folder = shutil.copytree(founded.folder, tmp_path / "clinic")
    with closing(sqlite3.connect(Layout(folder).keys, isolation_level=None)) as keys:
        keys.execute("UPDATE subject_key SET state = ?", (DESTROYED,))
    with (
        closing(open_with(folder, founded.custody)) as opened,
        pytest.raises(Broken, match="E-KEYSTATE"),
    ):
        verify_folder(opened)
