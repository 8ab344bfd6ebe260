"""The keys of a log and of its witnesses, replaced under load, while every process is killed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.figures import say
from tests.support.rekeyed import replaced_over_and_over

pytestmark = pytest.mark.endurance

ROUNDS = int(os.environ.get("POWIERNIK_ROUNDS", "3"))


@pytest.mark.timeout(1800)
def test_every_checkpoint_is_good_by_the_policy_of_its_moment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say(capsys, f"replaced keys: {replaced_over_and_over(tmp_path, ROUNDS)}")
