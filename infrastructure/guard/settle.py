"""Settles an incident: only what verifies again is opened for writing.

Source:
    docs of the design: security, section 2.10.
"""

from __future__ import annotations

from collections.abc import Callable

from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.verify import verify_folder


def settle(
    folder: OpenFolder,
    number: int,
    *,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> int:
    """Close an incident once the whole record verifies; how many spooled looks were entered.

    Raises:
        FolderRefused: There is no such open incident.
        LogBroken: The log is still not what was written.
        Broken: A key or a content is still not.
    """
    incidents = folder.guard.incidents
    if number not in {each.number for each in incidents.open()}:
        msg = "There is no open incident of this number."
        raise FolderRefused(msg)
    verify_folder(folder, progress=progress)
    folder.pin.check(folder.store)
    incidents.settle(number, folder.clock.now())
    if incidents.open():
        return 0
    append = folder.record.append_now
    return folder.spool.replay(lambda writes, who, command: append(writes, who, command=command))
