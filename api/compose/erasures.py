"""What a log says was destroyed, as it can be read without any key; and what a crash left undone.

Nothing here is believed on its word: whether two custodians whom the log named have signed is what
``verify`` tells, and whoever opens the folder.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.compose.clinic import Clinic
from domain.use_cases import erasures
from domain.values import ErasureId
from infrastructure.custodians.shreds import placed_shreds
from infrastructure.layout import Layout, check_format, read_genesis, structure
from infrastructure.ledger.control import parse_control
from infrastructure.ledger.key_control import Shred, ShredFinal, shred_stream
from infrastructure.lineage import names_of


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A request that was carried out: how many keys and item keys, and where the log says so.

    ``final``: the key-encryption key that wrapped them is gone, so that no copy of the key store
    opens them. Until then a backup of the keys may, the newest of them until
    ``older_backup_until``; ``None`` where none was known when it was carried out.
    """

    request: str
    reason: str
    keys: int
    items: int
    position: int
    final: bool
    older_backup_until: datetime | None


def destroyed(path: Path) -> list[Destroyed]:
    """Everything that a data folder's log says was destroyed, in its order; needs no key.

    Raises:
        FolderRefused: It is missing, incomplete, or of another version.
        LedgerError: What the log says of it cannot be read.
    """
    check_format(path)
    layout = Layout(path)
    genesis = read_genesis(layout.record)
    shreds: dict[bytes, list[tuple[int, Shred]]] = {}
    finals: set[bytes] = set()
    with contextlib.closing(structure(layout.record)) as store:
        for log_id in names_of(store, genesis):
            for row in store.stream(shred_stream(log_id)):
                match parse_control(row.record or b""):
                    case Shred() as shred:
                        shreds.setdefault(shred.request, []).append((row.position, shred))
                    case ShredFinal() as final:
                        finals.add(final.request)
                    case _:
                        pass
    return [_told(placed, final=request in finals) for request, placed in shreds.items()]


def _told(placed: list[tuple[int, Shred]], *, final: bool) -> Destroyed:
    position, last = placed[-1]
    expiries = [each.expires_ms for _, shred in placed for each in shred.backups]
    until = datetime.fromtimestamp(max(expiries) / 1000, UTC) if expiries and not final else None
    return Destroyed(
        request=last.request.hex(),
        reason=last.reason,
        keys=sum(len(shred.keys) for _, shred in placed),
        items=sum(len(shred.items) for _, shred in placed),
        position=position,
        final=final,
        older_backup_until=until,
    )


def finish(clinic: Clinic) -> list[str]:
    """Finish every request whose SHRED is in the log; those of which nobody was told until now.

    Raises:
        RecordUnavailable: Nothing could be written.
        ProjectionBehind: Another process follows, and has not caught up in time.
    """
    clinic.show(clinic.last_position())
    told = asyncio.run(_finish(clinic))
    clinic.show(clinic.last_position())
    return told


async def _finish(clinic: Clinic) -> list[str]:
    folder = clinic.folder
    archive, who = await clinic.archive(), clinic.system("erasure finish")
    shreds = placed_shreds(folder.store, folder.vault.lineage, folder.append_key)
    told = []
    for request in dict.fromkeys(shred.request.hex() for _, shred in shreds):
        receipt = await erasures.finish_erasure(clinic.desk, archive, who, ErasureId(request))
        if receipt is not None:
            told.append(request)
    return told
