"""What a process does that holds keys: no core dump, no debugger, no swap where it may.

Source:
    docs of the design: security, section 1.2, the cache of unwrapped keys.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys

_SET_DUMPABLE = 4
_NOW_AND_LATER = 3


def guard_memory() -> dict[str, bool]:
    """Guard this process's memory, as far as the host lets it; what came of each.

    Without the right to lock memory nothing is locked: a limit that is reached later would end the
    process in the middle of its work. Then the host needs encrypted swap, or none.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    found = {"no core dumps": True, "not traceable": False, "not swapped": False}
    if sys.platform != "linux":
        return found
    libc = ctypes.CDLL(None, use_errno=True)
    found["not traceable"] = libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0) == 0
    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    if unlimited or os.geteuid() == 0:
        found["not swapped"] = libc.mlockall(_NOW_AND_LATER) == 0
    return found
