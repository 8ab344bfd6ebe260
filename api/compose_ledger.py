"""Joins what checks the log: checkpointer, policy, export, incidents, recovery, verification."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.client import fold
from domain.errors import RecordUnavailable
from domain.ports import Opening
from infrastructure import folder as data_folder, report
from infrastructure.anchor import checkpointer as checkpointing, policy as trust_policy
from infrastructure.anchor.checkpointer import Anchored, Checkpointer
from infrastructure.anchor.export import Exported, export
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.guard.incidents import Incident, Incidents
from infrastructure.guard.recovery import Recovered, recover
from infrastructure.guard.scrubber import Published, open_scrubber, read_trust
from infrastructure.guard.settle import settle as settle_incident
from infrastructure.ledger.bundle import Bundle
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.tiles import TileFolder
from infrastructure.report import Collected
from infrastructure.vault.broker import BrokerOpening

Progress = Callable[[int, int], None]


def create_checkpointer(folder: OpenFolder, place: Path) -> str:
    """Make a checkpointer for a data folder, and its policy; the verifier key of the log.

    Raises:
        FolderRefused: There is one already.
    """
    if folder.layout.policy.exists():
        msg = "The data folder has a trust policy already."
        raise FolderRefused(msg)
    vkey = checkpointing.create(place, folder.vault.lineage.origin, folder.append_key)
    trust_policy.begin(folder.layout.policy, vkey)
    return vkey


@contextlib.contextmanager
def checkpointer(path: Path, place: Path) -> Iterator[Checkpointer]:
    """The checkpointer of a data folder, at work until the end of the block; needs no passphrase.

    Raises:
        FolderRefused: A folder is missing, or another checkpointer is at work.
    """
    data_folder.check_format(path)
    layout = data_folder.Layout(path)
    trust = read_trust(layout.policy)
    if trust is None:
        msg = "There is no trust policy here; 'powiernik checkpoint init' makes one."
        raise FolderRefused(msg)
    with (
        contextlib.closing(data_folder.structure(layout.record)) as store,
        contextlib.closing(Checkpointer(place, store, layout.log, trust)) as found,
    ):
        yield found


def name_witnesses(path: Path, files: list[bytes], needed: int) -> list[str]:
    """Name the witnesses of a data folder's policy; see ``infrastructure.anchor.policy``."""
    return trust_policy.name_witnesses(data_folder.Layout(path).policy, files, needed)


def export_log(path: Path, target: Path, progress: Progress) -> Exported:
    """Write the log of a data folder for auditors; needs no key.

    Raises:
        LogBroken: The rows are not what was signed.
    """
    data_folder.check_format(path)
    layout = data_folder.Layout(path)
    with contextlib.closing(data_folder.structure(layout.record)) as store:
        return export(store, TileFolder(layout.log), target, progress)


def incidents(path: Path) -> list[Incident]:
    """What was found broken in a data folder; needs no key."""
    data_folder.check_format(path)
    return Incidents(data_folder.Layout(path).incidents).all()


def settle(path: Path, passphrase: str, number: int, progress: Progress) -> int:
    """Close an incident of a data folder that verifies again; how many looks were entered."""
    with contextlib.closing(data_folder.open_folder(path, passphrase)) as folder:
        return settle_incident(folder, number, progress=progress)


def collect(folder: OpenFolder, opening: Opening, client: str) -> Collected:
    """The entries of a client's access log, with their keys, against the look that opened it."""
    if not isinstance(opening, BrokerOpening):
        raise RecordUnavailable
    frame, _ = folder.record.frame(client, fold)
    if frame is None:
        raise RecordUnavailable
    return report.collect(folder, opening, frame.access_stream)


def bundle(
    folder: OpenFolder,
    collected: Collected,
    names: Mapping[str, str],
    now: datetime,
    seconds: float,
) -> bytes:
    """A client's access bundle, once a checkpoint with its quorum covers it.

    Raises:
        FolderRefused: There is no checkpointer, or none signed in time.
        LedgerError: The log, or what is published of it, is not what was written.
    """
    trust = read_trust(folder.layout.policy)
    if trust is None:
        msg = "There is no trust policy here; 'powiernik checkpoint init' makes one."
        raise FolderRefused(msg)
    published = Published(TileFolder(folder.layout.log), trust)
    with contextlib.closing(open_scrubber(folder)) as scrubber:
        head = report.cover(scrubber, collected.last)
        note = report.wait_for_checkpoint(published, head, seconds)
        return report.assemble(folder, scrubber.memory, published, note, collected, names, now)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a bundle holds."""

    entries: int
    closed: int
    later: int


def counted(data: bytes) -> Counted:
    """How many entries a bundle holds, and how many of them are closed."""
    found = Bundle.parse(data)
    return Counted(len(found.entries), sum(found.closed().values()), found.later)


__all__ = [
    "Anchored",
    "Exported",
    "Incident",
    "LedgerError",
    "Recovered",
    "checkpointer",
    "create_checkpointer",
    "export_log",
    "incidents",
    "name_witnesses",
    "recover",
    "settle",
]
