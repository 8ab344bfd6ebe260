"""Measures a command in a process of its own: its time, the time of its cores, its peak of memory.

``python -m benchmarks.alone COMMAND...`` starts it and prints what it took. It is a process between
the two, since Linux counts into the peak of a process what its parent had in memory at its start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import NamedTuple


class Took(NamedTuple):
    """What a command has taken, all its threads together."""

    seconds: float
    core_seconds: float
    peak_mb: float


def alone(*module: str) -> Took:
    """Run a module to its end, which must be a good one."""
    python = [sys.executable, "-m"]
    call = [*python, "benchmarks.alone", *python, *module]
    done = subprocess.run(call, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1000:]
    return Took(*json.loads(done.stdout))


def main(command: list[str]) -> int:
    """Run a command, print what it took, and end as it does."""
    begun = time.perf_counter()
    # What it prints goes to the other stream, where it is looked at only if it ends badly.
    aside = [(os.POSIX_SPAWN_DUP2, 2, 1)]
    process = os.posix_spawn(command[0], command, os.environ, file_actions=aside)
    _, status, used = os.wait4(process, 0)
    seconds = time.perf_counter() - begun
    print(json.dumps([seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
