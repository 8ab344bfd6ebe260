"""Settles an incident: only what verifies again, as a whole, is opened for writing.

Looks that were spooled meanwhile are entered when the record can be written. Settling an incident
once more does no harm: it enters the looks that were left, if the first time was cut short.

Source:
    docs of the design: security, section 2.10.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from domain.ports import Write
from domain.values import Circumstances, Command
from infrastructure.control import incident_line
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.guard.incidents import Scope
from infrastructure.guard.published import must_be_published
from infrastructure.guard.scrubber import forget
from infrastructure.stores.contract import Submission
from infrastructure.verify import verify_folder


def settle(
    folder: OpenFolder,
    number: int,
    *,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> int:
    """Close an incident once the whole record verifies; how many spooled looks were entered.

    Raises:
        FolderRefused: There is no such incident.
        LogBroken: The log, or what is published of it, is still not what was written.
        Broken: A key, a content or a spooled look is not.
    """
    incidents = folder.guard.incidents
    found = next((each for each in incidents.all() if each.number == number), None)
    if found is None:
        msg = "There is no incident of this number."
        raise FolderRefused(msg)
    verify_folder(folder, progress=progress)
    folder.pin.check(folder.store)
    must_be_published(folder)
    if found.settled is None:
        if found.scope is Scope.LOG:
            # What was remembered of a log that was broken is not relied upon.
            forget(folder.layout)
        incidents.settle(number, folder.clock.now())
        if found.scope is Scope.LOG and incidents.halted() is None:
            # While the log was broken nothing could be entered; now everybody shall read of it.
            log_id = folder.vault.log_id
            line = incident_line(log_id, number, found.code, found.position, found.stream)
            folder.guard.enter(Submission((line,)))
    return enter_spooled(folder)


def enter_spooled(folder: OpenFolder) -> int:
    """Enter spooled looks, unless the record is read-only; how many had not been entered yet.

    Looks in a stream that is still frozen stay in the spool.

    Raises:
        Broken: The spool was altered.
    """
    incidents = folder.guard.incidents
    if incidents.halted() is not None:
        return 0
    count = 0

    def enter(
        writes: tuple[Write, ...], who: Circumstances, command: Command, occurred_at: datetime
    ) -> None:
        nonlocal count
        receipt = folder.record.append_now(writes, who, command=command, occurred_at=occurred_at)
        # A receipt without leaves was spooled again: something was found broken this very moment.
        count += bool(receipt.leaves) and not receipt.repeated

    folder.spool.replay(enter, accepts=lambda stream: incidents.frozen(stream) is None)
    return count
