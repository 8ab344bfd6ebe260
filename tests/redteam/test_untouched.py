"""The control of the attacks on log and checkpoints: whoever was not attacked is found good."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.redteam import checkpoints, log_layer
from tests.redteam.harness import ACCEPTED, Site

CONTROLS = {"log layer": log_layer.untouched, "checkpoints": checkpoints.untouched}


@pytest.mark.parametrize("control", CONTROLS.values(), ids=list(CONTROLS))
def test_a_clinic_that_nobody_has_touched_is_found_good(
    control: Callable[[Site], str], tmp_path: Path
) -> None:
    with closing(Site(tmp_path)) as site:
        assert control(site) == ACCEPTED
