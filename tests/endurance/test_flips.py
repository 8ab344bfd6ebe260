"""Flips twenty thousand bits of what is stored, one at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.figures import say
from tests.support.flips import flipped_over_and_over

pytestmark = pytest.mark.endurance

FLIPS = int(os.environ.get("POWIERNIK_FLIPS", "20000"))


def test_no_flipped_bit_is_read_as_something_else_and_none_escapes_verification(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = flipped_over_and_over(tmp_path / "clinic", FLIPS)
    say(capsys, f"bit flips: {tally}")
    assert tally.good, (tally.unseen, tally.different, tally.stray)
