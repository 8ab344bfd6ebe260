"""What can be told of a data folder without its passphrase."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api.compose.erasures import destroyed
from api.compose.views import PROJECTIONS
from infrastructure.backup.listed import Backups
from infrastructure.layout import Layout, check_format, read_genesis, structure
from infrastructure.ledger.merkle import CompactRange
from infrastructure.rules import read_rules
from infrastructure.views import ServingViews


@dataclass(frozen=True, slots=True)
class Status:
    """What can be told of a data folder without its passphrase."""

    origin: str
    created_at: datetime
    events: int
    root: str
    bytes: int
    projections: dict[str, int]
    backups: dict[str, str]
    """When the newest whole set of each kind was made; a keys set also when it has to be gone."""
    regime: str
    """Under which law records are kept; it says how long."""
    hipaa: bool
    not_final: int
    """Erasures that were carried out, and that an older backup of the keys may still undo."""


def status(path: Path) -> Status:
    """How a data folder fares; needs no key.

    Raises:
        FolderRefused: It is missing, incomplete, or of another version.
        LedgerError: What its log says was destroyed cannot be read.
    """
    check_format(path)
    layout = Layout(path)
    genesis = read_genesis(layout.record)
    with contextlib.closing(structure(layout.record)) as store:
        standing = store.standing()
    positions = {}
    for each in PROJECTIONS:
        with contextlib.closing(ServingViews(path, each.name, each.tables)) as views:
            positions[each.name] = views.position()
    root = CompactRange.from_bytes(standing.size, standing.range_bytes).root().hex()
    size = sum(each.stat().st_size for each in path.iterdir() if each.is_file())
    rules = read_rules(path)
    return Status(
        origin=genesis.origin,
        created_at=genesis.created_at,
        events=standing.size,
        root=root,
        bytes=size,
        projections=positions,
        backups=_newest_backups(path),
        regime=rules.regime.value,
        hipaa=rules.hipaa,
        not_final=sum(not each.final for each in destroyed(path)),
    )


def _newest_backups(path: Path) -> dict[str, str]:
    found = {}
    for each in sorted(Backups(path).all(), key=lambda each: each.made):
        if each.whole:
            until = f", to be gone by {each.expires:%Y-%m-%d}" if each.expires else ""
            found[each.kind.word] = f"{each.made:%Y-%m-%dT%H:%M:%SZ}{until}"
    return found or {"none": "no backup was ever made, or none is left"}
