"""Builds a running clinic from a data folder: the one place where all the rooms meet."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from api.compose.attachments import OwnAttachments
from api.compose.erasing import destroyer_of
from api.compose.finding import Finder, StandingGrant
from api.compose.itself import Source, standing, system
from api.compose.ledger import Scrubbing
from api.compose.views import PROJECTIONS, Views
from domain.confidentiality import OwnerKind
from domain.errors import ProjectionBehind, RecordUnavailable, Refusal
from domain.ports import Clock, Shredder
from domain.retention import Rules
from domain.rows import Fingerprints, Overtaken
from domain.settings import Settings
from domain.use_cases.desk import Desk, attempt, record_denial
from domain.use_cases.erasing import Archive
from domain.values import (
    Circumstances,
    ClientId,
)
from infrastructure import folder as data_folder, founding
from infrastructure.accounts import (
    Accounts,
    one_time_secret,
)
from infrastructure.allowances import Allowances
from infrastructure.anchor.proofs import Proofs, read_policy, trusted
from infrastructure.broker.worker import open_through
from infrastructure.code_book import code_book
from infrastructure.custodians.shredder import CustodianSignatures
from infrastructure.errors import (
    Broken,
    FolderRefused,
)
from infrastructure.folder import OpenFolder
from infrastructure.guard.incidents import Incidents, Scope
from infrastructure.ledger.tiles import TileFolder
from infrastructure.rules import read_rules, read_settings, write_rules
from infrastructure.vault.custody import Cost, Settings as CustodySettings
from infrastructure.vault.fingerprints import fingerprints
from infrastructure.views import locked
from infrastructure.world import RandomIdentifiers
from projections.calendar import CalendarProjection, Diary
from projections.case_state import CaseStateProjection
from projections.follower import Followed, Follower
from projections.identifiers import Identifiers, IdentifiersProjection
from projections.name_cards import NameCardsProjection
from projections.name_index import NameIndex
from projections.process_notes import ProcessNotesProjection
from projections.rebuild import Comparison, compare, rebuild
from projections.retention import RetentionProjection

POLL_SECONDS = 0.05
RETRY_SECONDS = 1
HALTED_SECONDS = 60
INDEX_SECONDS = 1.0
CAME_TO_NOTHING = "deny.came-to-nothing"
"""The reason that the log gives for an attempt after which nothing was written."""

logger = logging.getLogger("powiernik")


@dataclass
class Clinic:
    """An open clinic: the desk where use cases stand, the views, the accounts."""

    folder: OpenFolder
    views: Views
    desk: Desk
    finder: Finder
    lookups: Allowances
    fingerprints: Fingerprints
    shredder: Shredder
    attachments: OwnAttachments
    rules: Rules = field(default_factory=Rules)
    wake: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _trouble: str | None = None
    _scrubbing: Scrubbing | None = None

    @property
    def accounts(self) -> Accounts:
        """Who may sign in."""
        return self.folder.accounts

    @property
    def clock(self) -> Clock:
        """The server's clock."""
        return self.folder.clock

    def system(self, request: str = "system") -> Circumstances:
        """The clinic itself as the one who acts: founding, following, rebuilding."""
        return system(self.folder, request)

    def position_at(self, instant: datetime) -> int:
        """The last position recorded at or before an instant; -1 where there is none."""
        return self.folder.record.position_at(instant)

    def last_position(self) -> int:
        """The position of the newest event."""
        return self.folder.record.last_position()

    # What proves itself, and what was found broken

    @property
    def policy(self) -> bytes:
        """Whose signatures make a checkpoint good, as a file for whoever verifies.

        Raises:
            NotPublished: No checkpointer was ever set up.
            LedgerError: It is no policy.
        """
        return read_policy(self.folder.layout.policy)

    @property
    def proofs(self) -> Proofs:
        """The published log, and proofs of what stands in it.

        Raises:
            NotPublished, LedgerError: As ``policy`` does.
        """
        published = TileFolder(self.folder.layout.log)
        return Proofs(published, trusted(self.policy), self.folder.store, self.folder.guard)

    @property
    def receipt_key(self) -> str:
        """The verifier key of receipts."""
        return self.folder.receipts.vkey()

    @property
    def incidents(self) -> Incidents:
        """What was found broken here."""
        return self.folder.guard.incidents

    @property
    def read_only(self) -> bool:
        """Whether something was found broken because of which nothing is written."""
        try:
            return self.incidents.halted() is not None
        except (Broken, OSError):
            # A list of incidents that cannot be read is one.
            return True

    def banner(self) -> str | None:
        """What stands over everything that is shown while an incident is open: the gravest one."""
        try:
            found = self.incidents.open()
        except (Broken, OSError):
            return f"incident unknown; {Scope.LOG}"
        if not found:
            return self._alarm()
        gravest = next((each for each in found if each.scope is Scope.LOG), found[0])
        return f"incident {gravest.number}; {gravest.scope}"

    def _alarm(self) -> str | None:
        try:
            alarms = self.folder.vault.broker.alarms()
        except RecordUnavailable:
            return "the broker does not answer"
        return f"broker alarm {alarms[0][0]}; {alarms[0][1]}" if alarms else None

    async def settle(self, who: Circumstances, *, wrote: bool) -> None:
        """Let a request that has ended leave its entry, whatever came of it.

        What a broker of its own opened for a command that came to nothing (somebody else had
        written, the words were refused) is told of as well: as an attempt (LOG-06).
        """
        owners = self.folder.vault.broker.owed(who)
        if wrote or not owners:
            return
        clients = tuple(ClientId(each.id) for each in owners if each.kind is OwnerKind.CLIENT)
        try:
            await record_denial(self.desk, who, attempt("record"), clients, CAME_TO_NOTHING)
        except (Refusal, Broken) as refused:
            # The broker misses the entry, and raises its alarm.
            logger.error("an attempt could not be recorded: %s", refused.code)  # noqa: TRY400 - no traceback

    # Following

    @property
    def _follower_lock(self) -> Path:
        return self.folder.layout.folder / "follower.lock"

    def follower(self, why: str) -> Follower:
        """A follower with a standing grant, released against one batch entry (fine print 6)."""
        opening = standing(self.folder, why)
        vault = self.folder.vault
        sealer = vault.broker.sealer(opening, vault.clinic, self.fingerprints)
        return Follower(Source(self.folder.record, opening), opening, sealer)

    def catch_up(self) -> None:
        """Bring every projection up to date now, in this thread.

        Raises:
            FolderRefused: Another process follows here.
        """
        with locked(self._follower_lock):
            self.follower("follow").catch_up(self.views.followed)

    def show(self, position: int, *names: str) -> None:
        """Let projections show a position: followed here, or by the process that follows.

        Raises:
            ProjectionBehind: Whoever follows has not reached it in time.
        """
        try:
            self.catch_up()
        except FolderRefused:
            asyncio.run(self.reach(position, *names))

    def start_following(self) -> None:
        """Keep projections up to date from a thread, while no other process does."""
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)
        self._thread.start()

    def start_scrubbing(self) -> None:
        """Verify what is new from a thread, while no other process does."""
        self._scrubbing = Scrubbing(self.folder)
        self._scrubbing.start()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self.finder.sweep()
                self.attachments.sweep_at_times()
                with contextlib.suppress(FolderRefused), locked(self._follower_lock):
                    self._follow_alone()
            except Exception as error:  # noqa: BLE001 - a full disk or a bad row must not end it
                self._trouble = getattr(error, "code", type(error).__name__)
                logger.error("following stopped: %s", self._trouble)  # noqa: TRY400 - no traceback
            # Each attempt leaves an entry; where the log is broken, there is little to wait for.
            self._stop.wait(HALTED_SECONDS if self.read_only else RETRY_SECONDS)

    def _follow_alone(self) -> None:
        follower = self.follower("follow")
        while not self._stop.is_set():
            self.wake.clear()
            try:
                applied = follower.step(self.views.followed)
            except Overtaken:
                # A rebuilt version was swapped in between reading and writing: go on with it.
                continue
            self._trouble = None
            if not applied:
                self.finder.sweep()
                self.attachments.sweep_at_times()
                self.wake.wait(POLL_SECONDS)

    @property
    def trouble(self) -> str | None:
        """Why projections are not followed at the moment, as a code; ``None`` where they are."""
        return self._trouble

    async def reach(self, position: int, *names: str, seconds: float = 5.0) -> None:
        """Wait until projections show an event.

        While the record is read-only, what they show has to be enough: what lies beyond its end is
        not written any more, and where a row is broken nobody follows.

        Raises:
            ProjectionBehind: They did not within the time.
        """
        read_only = self.read_only
        if read_only:
            position = min(position, self.last_position())
        stores = [self.views.stores[name] for name in names] or list(self.views.stores.values())
        deadline = time.monotonic() + seconds
        pause = 0.001
        while any(each.position() < position for each in stores):
            late = time.monotonic() > deadline
            if read_only and (late or self._trouble is not None):
                return
            if late:
                raise ProjectionBehind
            self.wake.set()
            await asyncio.sleep(pause)
            pause = min(pause * 2, POLL_SECONDS)

    async def let_index_catch_up(self) -> None:
        """Wait a moment until everybody who is in the record can be found.

        Where nobody follows, what is known goes on: a file must be opened all the same.
        """
        await asyncio.to_thread(self.finder.prepare)
        with contextlib.suppress(ProjectionBehind):
            name = IdentifiersProjection.name
            await self.reach(self.last_position(), name, seconds=INDEX_SECONDS)

    async def archive(self) -> Archive:
        """What erasing needs beside the desk, once the projections behind it have caught up.

        Raises:
            ProjectionBehind: They have not within the time.
        """
        names = (RetentionProjection, CaseStateProjection, ProcessNotesProjection)
        await self.reach(self.last_position(), *(each.name for each in names))
        return Archive(self.shredder, CustodianSignatures(), self.views.holdings, self.rules)

    # Rebuilding

    def rebuild(
        self, name: str, progress: Callable[[int, int], None] = lambda _now, _of: None
    ) -> Comparison:
        """Make a projection anew, compare it with the one that serves, and swap if they are equal.

        Raises:
            FolderRefused: Somebody is rebuilding it already.
        """
        projection = next(each for each in PROJECTIONS if each.name == name)
        serving = self.views.stores[name]
        follower = self.follower(f"rebuild {name}")
        with contextlib.suppress(FolderRefused), locked(self._follower_lock):
            # Nobody follows: bring the serving version up to date first.
            follower.catch_up([Followed(projection, serving)])
        with serving.fresh() as (number, store):
            target = serving.position()
            followed = Followed(projection, store)
            rebuild(follower, followed, target, lambda now: progress(now, target))
            with serving.snapshot() as frozen:
                rebuild(follower, followed, frozen.position())
                found = compare(projection, frozen, store)
            if found.equal:
                serving.swap(number)
        return found

    def close(self) -> None:
        """Stop following, write what is under way, close every file."""
        self._stop.set()
        self.wake.set()
        if self._thread is not None:
            self._thread.join()
        if self._scrubbing is not None:
            self._scrubbing.stop()
        self.views.close()
        self.lookups.close()
        self.folder.close()


def recovery_passphrase() -> str:
    """A second passphrase for the envelope in the safe: 100 random bits."""
    return one_time_secret()


def create(  # noqa: PLR0913 - a clinic is founded with all of it
    path: Path,
    passphrases: list[str],
    *,
    origin: str | None = None,
    cost: Cost | None = None,
    clock: Clock | None = None,
    custody: CustodySettings | None = None,
    secret: str = "",
    rules: Rules | None = None,
    settings: Settings | None = None,
) -> None:
    """Make a data folder, with its keys in a keyfile or with the custody that is named.

    ``rules`` are those under which the clinic keeps its records, ``settings`` those of its
    practice; without them the defaults hold.

    Raises:
        FolderRefused: There is something in it already; or the custody has keys of that name.
        WrongPassphrase, CustodyUnavailable: The custody refuses the secret, or does not answer.
    """
    founding.create(
        path, passphrases, origin=origin, cost=cost, clock=clock, custody=custody, secret=secret
    )
    if rules is not None or settings is not None:
        write_rules(path, rules or Rules(), settings)


def open_behind(path: Path, socket: Path, *, clock: Clock | None = None) -> Clinic:
    """Open a clinic's data folder whose keys are with the broker behind a socket.

    Raises:
        FolderRefused: See ``infrastructure.broker.worker.open_through``.
    """
    return compose(open_through(path, socket, clock=clock))


def open_clinic(path: Path, passphrase: str, *, clock: Clock | None = None) -> Clinic:
    """Open a clinic's data folder.

    Raises:
        FolderRefused: See ``infrastructure.folder.open_folder``.
        WrongPassphrase: The passphrase opens nothing.
        WrongKeyStore: Keys are missing, damaged or another record's.
    """
    return compose(data_folder.open_folder(path, passphrase, clock=clock))


def compose(folder: OpenFolder) -> Clinic:
    """A clinic on an open data folder.

    Raises:
        FolderRefused: What it has settled cannot be read; the folder is closed.
    """
    try:
        rules = read_rules(folder.layout.folder)
        settings = read_settings(folder.layout.folder)
    except FolderRefused:
        folder.close()
        raise
    # Events and rows hold no cycles: looking for some this rarely makes following a tenth faster.
    gc.set_threshold(100_000, 20, 20)
    # The writer waits for the interpreter at every step, for this long while another thread works.
    sys.setswitchinterval(0.0005)
    views = Views(folder)
    keyed = fingerprints(folder.custody, folder.index_key)
    grant = StandingGrant(lambda: standing(folder, "find"))
    finder = Finder(
        Identifiers(*views.place(IdentifiersProjection), keyed, grant),
        NameIndex(*views.place(NameCardsProjection), grant, folder.bell.count),
        grant,
    )
    lookups = Allowances(folder.layout.lookups)
    desk = Desk(
        record=folder.record,
        keys=folder.vault.broker,
        clock=folder.clock,
        identifiers=RandomIdentifiers(),
        index=finder,
        allowance=lookups,
        clinic=folder.genesis.clinic,
        origin=folder.vault.lineage.origin,
        settings=settings,
        codes=code_book(),
        diary=Diary(*views.place(CalendarProjection), grant),
    )
    shredder = destroyer_of(folder, views.stores.values(), finder, views.derived)
    return Clinic(
        folder, views, desk, finder, lookups, keyed, shredder, OwnAttachments(folder), rules
    )


@contextlib.contextmanager
def opened_behind(path: Path, socket: Path, *, clock: Clock | None = None) -> Iterator[Clinic]:
    """``opened`` for a clinic whose keys are with a broker."""
    clinic = open_behind(path, socket, clock=clock)
    try:
        yield clinic
    finally:
        clinic.close()


@contextlib.contextmanager
def opened(path: Path, passphrase: str, *, clock: Clock | None = None) -> Iterator[Clinic]:
    """A clinic that is closed at the end of the block."""
    clinic = open_clinic(path, passphrase, clock=clock)
    try:
        yield clinic
    finally:
        clinic.close()
