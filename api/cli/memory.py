"""Keeps the memory of this process, which holds keys, from everybody but root.

What Python cannot promise stands in docs/custody.md: it copies what it works with, and nothing
overwrites the copies.
"""

from __future__ import annotations

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def undumpable() -> bool:
    """Tell Linux that no other process of the same user may read or trace this one.

    Whether that was done: elsewhere there is no such call, and a sandbox may forbid it.

    Source:
        prctl(2), PR_SET_DUMPABLE.
    """
    if sys.platform != "linux":
        return False
    try:
        library = ctypes.CDLL(None, use_errno=True)
        return bool(library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False
