"""Two processes of sixteen threads write to one file for a minute."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.figures import say
from tests.support.rivals import rivalry

pytestmark = pytest.mark.endurance

SECONDS = float(os.environ.get("POWIERNIK_SECONDS", "60"))


def test_two_processes_of_sixteen_threads_lose_nothing_double_nothing_and_conflict_precisely(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = rivalry(tmp_path / "clinic", processes=2, threads=16, seconds=SECONDS)
    say(capsys, f"rivals: {line}")
