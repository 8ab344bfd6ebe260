"""Cuts the power under a writing process, a hundred times over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.cuts import cut_over_and_over
from tests.support.figures import say
from tests.support.forgetful import available

pytestmark = pytest.mark.endurance

CUTS = int(os.environ.get("POWIERNIK_CUTS", "100"))


def test_what_was_acknowledged_outlives_every_power_cut_and_the_clinic_opens_after_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if reason := available():
        pytest.skip(reason)
    line = cut_over_and_over(tmp_path, CUTS)
    say(capsys, f"power cuts: {line}")
