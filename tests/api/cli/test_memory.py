"""The memory of a process that holds keys is nobody else's."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, resource, sys
from unittest import mock
from api.cli.main import main

with mock.patch.object(sys, "argv", ["powiernik", "--help"]):
    try:
        main()
    except SystemExit:
        pass
print("limits", *resource.getrlimit(resource.RLIMIT_CORE))
print("dumpable", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a call of Linux")
def test_a_process_that_holds_keys_leaves_no_dump_and_lets_nobody_look() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[-2:] == ["limits 0 0", "dumpable 0"]
