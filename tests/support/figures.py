"""Says a test's figures where they are seen, whether the test passes or not."""

from __future__ import annotations

import sys

import pytest


def say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Print one plain line, past pytest's capture."""
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")
