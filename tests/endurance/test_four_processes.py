"""Server, checkpointer and two witnesses for ten minutes under load, with random kills of each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.figures import say
from tests.support.quartet import killed_at_random

pytestmark = pytest.mark.endurance

MINUTES = float(os.environ.get("POWIERNIK_MINUTES", "10"))


def test_no_fork_no_lost_receipt_and_a_quorum_again_by_itself_whichever_process_is_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = killed_at_random(tmp_path, MINUTES)
    say(capsys, f"four processes: {line}")
