"""What is written down of backups and drills, which are run on the host by its operator."""

from domain import continuity as continuity_file
from domain.confidentiality import Owner, OwnerKind
from domain.events.continuity import (
    ContinuityBackupMade,
    ContinuityDrillCompleted,
    ContinuityEvent,
)
from domain.ports import Write
from domain.use_cases.desk import Desk
from domain.values import Circumstances, Receipt


async def record_backup(desk: Desk, who: Circumstances, backup: ContinuityBackupMade) -> None:
    """Write down that a backup is whole; one that was written down already is not again."""
    state, _ = desk.record.fold(desk.clinic, continuity_file.fold)
    await _append(desk, who, continuity_file.made(state, backup))


async def record_drill(desk: Desk, who: Circumstances, drill: ContinuityDrillCompleted) -> None:
    """Write down what a restore drill has shown, good or bad."""
    state, _ = desk.record.fold(desk.clinic, continuity_file.fold)
    await _append(desk, who, continuity_file.drilled(state, drill))


async def _append(
    desk: Desk, who: Circumstances, events: tuple[ContinuityEvent, ...]
) -> Receipt | None:
    if not events:
        return None
    owner = Owner(OwnerKind.CLINIC, desk.clinic)
    # Many write to the clinic's own stream; the order is all that matters.
    write = Write(desk.clinic, events, owner, after=None)
    return await desk.record.append((write,), who)
