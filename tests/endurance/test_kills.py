"""Kills a writing process at random moments, a thousand times over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.figures import say
from tests.support.kills import killed_over_and_over

pytestmark = pytest.mark.endurance

KILLS = int(os.environ.get("POWIERNIK_KILLS", "1000"))


def test_what_was_acknowledged_outlives_every_kill_and_nothing_is_half_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = killed_over_and_over(tmp_path / "clinic", KILLS)
    say(capsys, f"kills: {line}")
