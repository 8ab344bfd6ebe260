"""Joins what checks the log: checkpointer, policy, export, incidents, recovery, verification."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.client import fold
from domain.errors import IntegrityIncident, RecordUnavailable
from domain.ports import Opening
from infrastructure import access_bundle, folder as data_folder
from infrastructure.access_bundle import Collected
from infrastructure.anchor import checkpointer as checkpointing, policy as trust_policy, timestamp
from infrastructure.anchor.ask import must_reach_witnesses, root_of_tiles
from infrastructure.anchor.checkpointer import Anchored, Checkpointer
from infrastructure.anchor.export import Exported, export
from infrastructure.anchor.rotation import (
    name_first,
    name_witnesses,
    retire as retire_log_key,
    rotate as rotate_log_key,
)
from infrastructure.anchor.stamps import TimeAuthority, enter_new, verify_entered
from infrastructure.broker.client import RemoteOpening
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.guard.incidents import Incident, Incidents
from infrastructure.guard.published import published_in
from infrastructure.guard.recovery import Recovered, recover
from infrastructure.guard.scrubber import Published, Scrubber, open_scrubber, read_trust
from infrastructure.guard.settle import enter_spooled, settle as settle_incident
from infrastructure.layout import Layout, check_format, read_genesis, structure
from infrastructure.ledger import offline
from infrastructure.ledger.bundle import Bundle
from infrastructure.ledger.errors import LedgerError, LogBroken
from infrastructure.ledger.remembered import Remembered
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verdict import Verdict
from infrastructure.lineage import names_of
from infrastructure.vault.broker import BrokerOpening
from infrastructure.verify import verify
from infrastructure.views import locked

logger = logging.getLogger("powiernik")

Progress = Callable[[int, int], None]


def create_checkpointer(folder: OpenFolder, place: Path) -> str:
    """Make a checkpointer for a data folder, and its policy; the verifier key of the log.

    Raises:
        FolderRefused: There is one already.
        IntegrityIncident: The record is read-only.
    """
    if folder.layout.policy.exists():
        msg = "The data folder has a trust policy already."
        raise FolderRefused(msg)
    vkey = checkpointing.create(place, folder.vault.lineage, folder.append_key)
    # The log names it from the first, so that no other key can ever pass for its first one.
    name_first(folder, vkey)
    trust_policy.begin(folder.layout.policy, vkey)
    return vkey


@contextlib.contextmanager
def checkpointer(path: Path, place: Path) -> Iterator[Checkpointer]:
    """The checkpointer of a data folder, at work until the end of the block; needs no passphrase.

    Raises:
        FolderRefused: A folder is missing, or another checkpointer is at work.
    """
    check_format(path)
    layout = Layout(path)
    trust = read_trust(layout.policy)
    if trust is None:
        msg = "There is no trust policy here; 'powiernik checkpoint init' makes one."
        raise FolderRefused(msg)
    with (
        contextlib.closing(structure(layout.record)) as store,
        contextlib.closing(
            Checkpointer(place, store, layout.log, trust, policy=layout.policy)
        ) as found,
    ):
        yield found


def time_authority(url: str | None, roots: Path | None) -> TimeAuthority | None:
    """Who states times for checkpoints; ``None`` where nobody was named.

    Raises:
        FolderRefused: Half of it was named, or the extra that reads time stamps is not installed.
        AnchorRefused: The file holds no certificates.
    """
    if url is None and roots is None:
        return None
    if url is None or roots is None:
        msg = "A time-stamp authority takes an address and its certificates."
        raise FolderRefused(msg)
    try:
        timestamp.request(b"")
    except timestamp.TimestampsMissing as missing:
        raise FolderRefused(str(missing)) from None
    return TimeAuthority(url, timestamp.read_roots(roots.read_bytes()))


def timestamps(path: Path, roots: Path) -> list[tuple[int, str]]:
    """By when each stamped checkpoint of a data folder existed, or the code why not."""
    check_format(path)
    layout = Layout(path)
    trusted = timestamp.read_roots(roots.read_bytes())
    genesis = read_genesis(layout.record)
    with contextlib.closing(structure(layout.record)) as store:
        return [
            (size, each if isinstance(each, str) else f"{each.time.isoformat()} {each.authority}")
            for log_id in names_of(store, genesis)
            for size, each in verify_entered(layout.log, store, log_id, trusted)
        ]


def export_log(path: Path, target: Path, progress: Progress) -> Exported:
    """Write the log of a data folder for auditors; needs no key.

    Raises:
        LogBroken: The rows are not what was signed.
    """
    check_format(path)
    layout = Layout(path)
    with contextlib.closing(structure(layout.record)) as store:
        return export(store, TileFolder(layout.log), target, progress)


def incidents(path: Path) -> list[Incident]:
    """What was found broken in a data folder; needs no key."""
    check_format(path)
    return Incidents(Layout(path).incidents).all()


def settle(path: Path, passphrase: str, number: int, progress: Progress) -> int:
    """Close an incident of a data folder that verifies again; how many looks were entered."""
    with contextlib.closing(data_folder.open_folder(path, passphrase)) as folder:
        return settle_incident(folder, number, progress=progress)


def collect(folder: OpenFolder, opening: Opening, client: str) -> Collected:
    """The entries of a client's access log, with their keys, against the look that opened it."""
    if not isinstance(opening, (BrokerOpening, RemoteOpening)):
        raise RecordUnavailable
    frame, _ = folder.record.frame(client, fold)
    if frame is None:
        raise RecordUnavailable
    return access_bundle.collect(folder, opening, frame.access_stream)


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
        head = access_bundle.cover(scrubber, collected.last)
        note = access_bundle.wait_for_checkpoint(published, head, seconds)
        found = access_bundle.assemble(
            folder, scrubber.memory, published, note, collected, names, now
        )
    verdict = verify_bundle(found, folder.layout.policy.read_bytes())
    bad = next((claim for claim in verdict.claims if not claim.good), None)
    if bad is not None and bad.code not in _OF_CLOCKS:
        # What does not convince us is not handed to a client.
        raise LogBroken("E-MAP", collected.last, None, bad.expected, bad.found)
    return found


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


_OF_CLOCKS = frozenset({"E-TIME"})
"""A clock of the clinic's own that is ahead of this one's is told to the client, not to us."""


def ask_witnesses(folder: OpenFolder, seconds: float = 5.0) -> dict[str, str]:
    """Compare a data folder with what its witnesses saw last; a code for each without answer.

    Raises:
        LogBroken: The whole folder was put back, or its log is another one.
    """
    try:
        return _ask(folder, seconds)
    except LogBroken:
        raise
    except LedgerError as refused:
        # What is published cannot be read: nothing is known from it, and nothing waits for it.
        return {"what is published here": refused.code}


def _ask(folder: OpenFolder, seconds: float) -> dict[str, str]:
    trust = read_trust(folder.layout.policy)
    if trust is None:
        return {}
    tiles = TileFolder(folder.layout.log)
    known = Published(tiles, trust).checkpoint()
    covered = 0 if known is None else known.size

    def root_at(size: int) -> bytes | None:
        # What was cosigned after this was published, the checkpointer compares.
        return root_of_tiles(tiles, covered, size)

    origin, size = folder.vault.lineage.origin, folder.store.standing().size
    return must_reach_witnesses(trust, origin, size, root_at, seconds=seconds)


def verify_bundle(data: bytes, policy: bytes) -> Verdict:
    """What the offline verifier says of a bundle, without a memory of its own.

    Raises:
        LedgerError: The policy is none.
    """
    with Remembered(None) as nothing:
        trust = Trust.parse(policy)
        return offline.verify_bundle(data, trust, remembered=nothing, now_s=int(time.time()))


def verify_structure(path: Path) -> None:
    """Verify the log of a data folder without its keys.

    Raises:
        LogBroken: The first row that is not as it was written.
    """
    verify(path, None)


SCRUB_SECONDS = 60.0
MAP_SECONDS = 3600.0
AGAIN_SECONDS = 7 * 24 * 3600.0
LATE_SECONDS = 15 * 60.0
SAMPLES = 5
_BREATH_SECONDS = 0.05


class Scrubbing:
    """The scrubber at work beside the server, in one process of a data folder at a time."""

    def __init__(self, folder: OpenFolder) -> None:
        self._folder = folder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scrubber", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        lock = self._folder.layout.folder / "scrub.lock"
        while not self._stop.is_set():
            try:
                with contextlib.suppress(FolderRefused), locked(lock):
                    self._scrub()
            except LogBroken:
                # It is written down, and the record is read-only until somebody settles it.
                pass
            except Exception as error:  # noqa: BLE001 - a full disk must not end it
                code = getattr(error, "code", type(error).__name__)
                logger.error("scrubbing stopped: %s", code)  # noqa: TRY400 - no traceback
            self._stop.wait(SCRUB_SECONDS)

    def _scrub(self) -> None:
        policy = _stamp(self._folder.layout.policy)
        with contextlib.closing(open_scrubber(self._folder)) as scrubber:
            # Opened anew when a checkpointer is set up, when its witnesses change, and when an
            # incident of the log was settled, since what was remembered before is forgotten then.
            while not self._stop.is_set() and _stamp(self._folder.layout.policy) == policy:
                if self._folder.guard.incidents.halted() is not None:
                    return
                self._once(scrubber)
                self._stop.wait(SCRUB_SECONDS)

    def _once(self, scrubber: Scrubber) -> None:
        while scrubber.step().behind:
            if self._stop.wait(_BREATH_SECONDS):
                return
        scrubber.sample(SAMPLES)
        if _is_due(scrubber, "mapped", MAP_SECONDS):
            scrubber.map_head()
            _was_done(scrubber, "mapped")
        if _is_due(scrubber, "again", AGAIN_SECONDS):
            while not scrubber.again():
                if self._stop.wait(_BREATH_SECONDS):
                    return
            _was_done(scrubber, "again")
        self._tidy()

    def _tidy(self) -> None:
        """What is done beside verifying; damage to it is told, and holds nothing up."""
        folder = self._folder
        try:
            enter_spooled(folder)
        except Broken as broken:
            folder.guard.report(broken.code, stream=None, position=None)
        try:
            enter_new(folder.layout.log, folder.store, folder.vault.log_id, folder.guard.enter)
        except (IntegrityIncident, LedgerError) as refused:
            logger.error("time stamps were not entered: %s", refused.code)  # noqa: TRY400 - no traceback
        overdue = _minutes_without_checkpoint(folder)
        if overdue:
            logger.critical("no checkpoint with its quorum for %d minutes", overdue)


def _is_due(scrubber: Scrubber, name: str, seconds: float) -> bool:
    """Whether something was last done so long ago, by whichever process; at first it is not."""
    kept = scrubber.memory.note(name)
    if kept is None:
        _was_done(scrubber, name)
        return False
    return time.time() - int(kept) > seconds


def _was_done(scrubber: Scrubber, name: str) -> None:
    scrubber.memory.put_note(name, str(int(time.time())).encode())


def _minutes_without_checkpoint(folder: OpenFolder) -> int:
    """How long a log that has grown has had no new checkpoint, if that is too long."""
    try:
        published = published_in(folder.layout)
        known = published.checkpoint() if published else None
        if known is None or known.size >= folder.store.standing().size:
            return 0
        age = time.time() - (folder.layout.log / "checkpoint").stat().st_mtime
    except (LedgerError, OSError):
        return 0
    return int(age // 60) if age > LATE_SECONDS else 0


def _stamp(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


__all__ = [
    "Anchored",
    "Checkpointer",
    "Collected",
    "Exported",
    "Incident",
    "LedgerError",
    "Recovered",
    "Scrubbing",
    "TimeAuthority",
    "ask_witnesses",
    "checkpointer",
    "create_checkpointer",
    "export_log",
    "incidents",
    "name_witnesses",
    "recover",
    "retire_log_key",
    "rotate_log_key",
    "settle",
    "time_authority",
    "timestamps",
    "verify_bundle",
    "verify_structure",
]
