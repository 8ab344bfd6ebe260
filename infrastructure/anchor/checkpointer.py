"""The checkpointer: signs what it has recomputed itself, and nothing else.

A process of its own, with its own key and its own memory outside the database. From the stored rows
it recomputes every record's hash, every entry, leaf and tag since the last checkpoint, extends the
public folder by the tiles of what it found good, and signs the root of its own tree. It refuses to
sign a log that is smaller than it remembers, that does not go on from there, or in which a row
was written by nobody who holds the append key.

Its folder:

```
log.key       the key that signs checkpoints
log.next.key  the key that takes its place; while it lies here, both sign (`rotation`)
append.key    the key by which it tells a writer's rows from others
memory.db     how far the log was verified; the last checkpoint; what each witness saw last
lock          one checkpointer at a time
keys.lock     no key is replaced while a checkpoint is made
```

In this order: tiles, memory, signature, publication. Killed anywhere, the next run goes on. What is
published is the newest checkpoint that has its quorum; clinical work never waits for one.

Source:
    docs of the design: security, sections 2.4, 2.5 and 2.7.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infrastructure import durable
from infrastructure.anchor.ask import must_reach_witnesses, root_of_tiles
from infrastructure.anchor.gather import gather
from infrastructure.anchor.stamps import TimeAuthority, stamp
from infrastructure.errors import FolderRefused
from infrastructure.guard.published import rows_of
from infrastructure.ledger.check import Row
from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.control import FIRST_CONTROL_KIND, log_id_of
from infrastructure.ledger.errors import LedgerError, LogBroken, QuorumMissing
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.merkle import consistency_proof
from infrastructure.ledger.note import ED25519, Note, Signer
from infrastructure.ledger.tiles import Logged, TileFolder, TileWriter
from infrastructure.ledger.trust import Trust, Witness
from infrastructure.ledger.verification import RowVerification
from infrastructure.lineage import Lineage
from infrastructure.stores.contract import RecordStore, Standing

BATCH = 5_000
SLICE = 50_000
"""Rows that are verified, put into tiles and remembered together."""
WITNESS_SECONDS = 10.0
_UNREADABLE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
STAMP_SECONDS = 24 * 3600
_CHECKPOINT, _SIZES, _STAMPED = "checkpoint", "witness-sizes", "stamped"
_FIRST = "first-origin"

LOG_KEY, NEXT_KEY = "log.key", "log.next.key"
_NONE_HERE = "There is no checkpointer's folder here; 'powiernik checkpoint init' makes one."

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Anchored:
    """What a step has come to: the checkpoint, whether its quorum is met, who did not answer."""

    size: int
    fresh: bool
    quorum: bool
    failures: dict[str, str] = field(default_factory=dict)


def create(folder: Path, lineage: Lineage, append_key: bytes) -> str:
    """Make a checkpointer's folder; the verifier key of the log, for the policy.

    It signs under the log's present name, and verifies from the first record of its first one.

    Raises:
        FolderRefused: There is something in it already.
    """
    if folder.exists() and any(folder.iterdir()):
        msg = "The checkpointer's folder is not empty."
        raise FolderRefused(msg)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    signer = Signer.generate(lineage.origin, ED25519)
    write_secret(folder / "append.key", append_key.hex())
    first = lineage.eras[0].origin
    with closing(Memory.create(folder / "memory.db", first)) as memory:
        memory.put_note(_FIRST, first.encode())
    # Last: without it the folder is no checkpointer's.
    write_secret(folder / LOG_KEY, signer.encode())
    return signer.verifier.vkey()


def read_signers(place: Path) -> tuple[Signer, ...]:
    """The keys that sign at the moment: one, or the old and the new one while it is replaced.

    Raises:
        FolderRefused: There is no checkpointer here, or a key can be read by others.
        KeyRefused: A key is damaged.
    """
    found = [Signer.decode(read_secret(place / LOG_KEY))]
    if (place / NEXT_KEY).exists():
        found.append(Signer.decode(read_secret(place / NEXT_KEY)))
    if len({each.name for each in found}) > 1:
        msg = "The keys of the checkpointer are those of two logs."
        raise FolderRefused(msg)
    return tuple(found)


@contextmanager
def keys_held(place: Path) -> Iterator[None]:
    """Hold the keys of a checkpointer: none is replaced while a checkpoint is made.

    Raises:
        FolderRefused: There is no checkpointer here.
    """
    if not (place / LOG_KEY).exists():
        raise FolderRefused(_NONE_HERE)
    descriptor = os.open(place / "keys.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        durable.give(descriptor, place / LOG_KEY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Checkpointer:
    """One checkpointer at work on one log; for one thread."""

    def __init__(
        self,
        folder: Path,
        store: RecordStore,
        public: Path,
        trust: Trust,
        *,
        policy: Path | None = None,
    ) -> None:
        """Open its folder and lock it; with the file of the policy, each step reads that anew.

        Raises:
            FolderRefused: It is missing, open to others, or another checkpointer is at work.
            LedgerError: A key or the memory is damaged.
        """
        self._store = store
        self._trust = trust
        self._policy = policy
        self._asked: tuple[Witness, ...] = ()
        self._place = folder
        self._public = public
        self._folder = TileFolder(public)
        with ExitStack() as opened:
            self._signers = read_signers(folder)
            self._append_key = bytes.fromhex(read_secret(folder / "append.key").strip())
            _lock(folder / "lock", opened)
            self._memory = Memory(folder / "memory.db")
            opened.callback(self._memory.close)
            self._tiles = TileWriter(public)
            opened.callback(self._tiles.close)
            self._opened = opened.pop_all()
        self._first_id = log_id_of((self._memory.note(_FIRST) or b"").decode())

    @property
    def origin(self) -> str:
        """The log whose checkpoints it signs."""
        return self._signers[0].name

    def close(self) -> None:
        """Close its files."""
        self._opened.close()

    def waiting(self) -> int:
        """How many rows there are that no checkpoint covers.

        Raises:
            LogBroken: E-ROLLBACK, the log is smaller than it was.
        """
        size = self._store.standing().size
        remembered = self._memory.standing().size
        _must_not_shrink(remembered, size)
        return size - remembered

    def step(self, progress: Progress = lambda _now, _of: None) -> Anchored:
        """Verify what is new, sign it, and ask the witnesses; publish what has its quorum.

        Raises:
            LogBroken: The log is not what was written; nothing was signed.
        """
        with keys_held(self._place):
            # Keys and policy are those of this moment: they may be replaced beside it.
            self._signers = read_signers(self._place)
            if self._policy is not None:
                self._trust = Trust.parse(self._policy.read_bytes())
            with self._readable():
                standing = self._store.standing()
                self._verify(standing, progress)
            note, fresh = self._sign(standing.size)
            return self._anchor(note, fresh=fresh)

    def stamp(self, authority: TimeAuthority, now_s: int) -> int | None:
        """Have what is published stamped, once a day; its size, or ``None`` if it is not due.

        Raises:
            AnchorRefused: No good answer came in time; it is tried again at the next step.
        """
        kept = self._memory.note(_STAMPED)
        if kept is not None and now_s < int(kept) + STAMP_SECONDS:
            return None
        size = stamp(self._public, self._folder.read_checkpoint(), authority)
        self._memory.put_note(_STAMPED, str(now_s).encode())
        return size

    # Verifying

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Tell a file that is damaged from one that cannot be read just now."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _UNREADABLE:
                raise
            size = self._memory.standing().size
            expected, found = "rows that can be read", "a damaged file"
            raise LogBroken("E-PARSE", size, None, expected, found) from None

    def _verify(self, standing: Standing, progress: Progress) -> None:
        remembered = self._memory.standing()
        _must_not_shrink(remembered.size, standing.size)
        if self._tiles.size < remembered.size:
            self._make_tiles_again(remembered.size, remembered.root())
        while remembered.size < standing.size:
            end = min(remembered.size + SLICE, standing.size)
            verification = RowVerification(
                remembered.log_id, append_key=self._append_key, memory=self._memory
            )
            try:
                self._take_in(verification, end, lambda now: progress(now, standing.size))
            except LogBroken:
                # What was good before it stays good; the bad row is met first next time.
                verification.save()
                raise
            verification.save()
            remembered = self._memory.standing()
        if remembered.range_bytes != standing.range_bytes:
            raise LogBroken("E-ROOT", standing.size, None, remembered.root(), "another head")

    def _take_in(
        self, verification: RowVerification, end: int, progress: Callable[[int], None]
    ) -> None:
        logged: list[Logged] = []
        for row in rows_of(self._store)(verification.size, end):
            link = verification.feed(row)
            if link.position >= self._tiles.size:
                logged.append((verification.entry, link.leaf, _control(row)))
            if verification.size % BATCH == 0:
                progress(verification.size)
        if verification.size < end:
            found = f"{verification.size} records"
            raise LogBroken("E-ROOT", verification.size, None, f"{end} records", found)
        self._tiles.extend(logged)
        if self._tiles.size == verification.size and self._tiles.root() != verification.root():
            raise LogBroken("E-FORK", verification.size, None, verification.root(), "other tiles")
        progress(verification.size)

    def _make_tiles_again(self, size: int, root: bytes) -> None:
        """The public folder was lost, in part or whole: make it anew from the first row."""
        verification = RowVerification(self._first_id, append_key=self._append_key)
        while verification.size < size:
            end = min(verification.size + SLICE, size)
            self._take_in(verification, end, lambda _: None)
        if verification.root() != root:
            raise LogBroken("E-FORK", size, None, root, verification.root())

    # Signing

    def _sign(self, size: int) -> tuple[Note, bool]:
        """The checkpoint of what is remembered, signed once for each size."""
        remembered = self._memory.standing()
        if remembered.origin != self.origin:
            # It was recovered under another name, or not yet under this one.
            raise LogBroken("E-FORK", size, None, "a log of the key's own name", "another name")
        if self._tiles.size == size and self._tiles.root() != remembered.root():
            raise LogBroken("E-FORK", size, None, remembered.root(), "other tiles")
        kept = self._memory.note(_CHECKPOINT)
        checkpoint = Checkpoint(self.origin, size, remembered.root())
        if kept is not None:
            note = Note.parse(kept)
            before = Checkpoint.parse(note.text)
            if before == checkpoint:
                return self._with_every_key(note)
            if before.size >= size:
                raise LogBroken("E-FORK", size, None, before.root, checkpoint.root)
        note = signed(checkpoint, *self._signers)
        # Durable before anybody sees it: it is never signed otherwise for this size.
        self._memory.put_note(_CHECKPOINT, note.encode())
        return note, True

    def _with_every_key(self, note: Note) -> tuple[Note, bool]:
        """The same checkpoint, signed by a key that has come since as well."""
        there = {(line.name, line.key_id) for line in note.signatures}
        lacking = [each for each in self._signers if (each.name, each.verifier.key_id) not in there]
        if not lacking:
            return note, False
        note = note.with_signatures(*(each.sign(note.text.encode()) for each in lacking))
        self._memory.put_note(_CHECKPOINT, note.encode())
        return note, True

    def _anchor(self, note: Note, *, fresh: bool) -> Anchored:
        size = Checkpoint.parse(note.text).size
        asked, self._asked = self._asked or self._trust.witnesses, self._trust.witnesses
        # Whoever was named since then is asked, although nobody is lacking.
        if not fresh and asked == self._asked and self._has_quorum(note):
            self._publish(note)
            return Anchored(size, fresh=False, quorum=True)
        sizes = self._sizes()
        gathered = gather(note.encode(), self._trust, sizes, self._prove, seconds=WITNESS_SECONDS)
        note = note.with_signatures(*gathered.lines)
        notes = {_CHECKPOINT: note.encode(), _SIZES: json.dumps(sizes, sort_keys=True).encode()}
        for name, data in notes.items():
            self._memory.put_note(name, data)
        quorum = self._has_quorum(note)
        if quorum or not self._published_quorum():
            self._tiles.write_checkpoint(note.encode())
        if not {"E-ROLLBACK", "E-FORK"}.isdisjoint(gathered.failures.values()):
            self._must_be_what_was_cosigned(size)
        return Anchored(size, fresh=fresh, quorum=quorum, failures=dict(gathered.failures))

    def _publish(self, note: Note) -> None:
        """Publish what was complete when it was killed, unless it came to that."""
        data = note.encode()
        try:
            there = self._folder.read_checkpoint() == data
        except LedgerError:
            there = False
        if not there:
            self._tiles.write_checkpoint(data)

    def _must_be_what_was_cosigned(self, size: int) -> None:
        """A witness says that it saw another log: it has to show one that our own key signed.

        Raises:
            LogBroken: E-ROLLBACK or E-FORK, it does.
        """

        def root_at(seen: int) -> bytes | None:
            return root_of_tiles(self._folder, self._tiles.size, seen)

        must_reach_witnesses(self._trust, self.origin, size, root_at, seconds=WITNESS_SECONDS)

    def _prove(self, old: int, new: int) -> tuple[bytes, ...]:
        if old in (0, new):
            return ()
        return consistency_proof(self._folder.subtrees(self._tiles.size), old, new)

    def _sizes(self) -> dict[str, int]:
        kept = self._memory.note(_SIZES)
        return {} if kept is None else dict(json.loads(kept))

    def _has_quorum(self, note: Note) -> bool:
        try:
            self._trust.require(note.encode())
        except QuorumMissing:
            return False
        return True

    def _published_quorum(self) -> bool:
        """Whether what is published has its quorum: then it stays until something newer has."""
        try:
            self._trust.require(self._folder.read_checkpoint())
        except LedgerError:
            return False
        return True


def _must_not_shrink(remembered: int, size: int) -> None:
    if size < remembered:
        expected = f"at least {remembered} records"
        raise LogBroken("E-ROLLBACK", size, None, expected, f"{size} records")


def _control(row: Row) -> bytes | None:
    record = row.record
    return record if record is not None and record[5] >= FIRST_CONTROL_KIND else None


def _lock(path: Path, opened: ExitStack) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    opened.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        msg = "Another checkpointer is at work here."
        raise FolderRefused(msg) from None


def write_secret(path: Path, text: str) -> None:
    """Write a secret, whole or not at all."""
    durable.write(path, f"{text}\n".encode())


def read_secret(path: Path) -> str:
    """Read a secret.

    Raises:
        FolderRefused: It is not there, or can be read by others.
    """
    try:
        if path.stat().st_mode & 0o077:
            msg = "A key of the checkpointer can be read by others; it has to be 0600."
            raise FolderRefused(msg)
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        raise FolderRefused(_NONE_HERE) from None
