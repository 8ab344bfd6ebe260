"""Flips single bits of what is stored, one at a time, and sees what verification and reading say.

A flip is made by SQL in a folder whose triggers are dropped, judged, and undone. Whatever it hits:

- reading must never give other content: it gives what it gave before, or refuses, or (where only
  the log can know) places an event elsewhere or at another time, or misses the last ones of a
  stream;
- verification, or opening the folder, must refuse it, but in the few columns that ``HARMLESS``
  lists: they say nothing that anybody relies on, and reading must be as before;
- both must refuse in words of our own, never by an error that nobody thought of.

A stream is read three ways: as a command folds it, as the follower chooses from it, and as the
policy sees it. Nothing is kept in memory from one flip to the next (``_Bench.fresh``).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from domain.confidentiality import KeyPurpose
from domain.errors import CommandMismatch
from domain.ports import Recorded
from domain.values import Receipt
from infrastructure.control import logged_keys
from infrastructure.errors import Broken, FolderRefused, KeyGone, WrongKeyStore
from infrastructure.folder import OpenFolder, open_with
from infrastructure.founding import create
from infrastructure.guard.incidents import Incident, Scope
from infrastructure.guard.watch import Guard
from infrastructure.layout import Layout
from infrastructure.ledger.errors import LogBroken
from infrastructure.mapper import CONTROL_KEY
from infrastructure.record import Record
from infrastructure.vault.broker import Broker
from infrastructure.vault.custody import LIGHT, Keyfile, unlock
from infrastructure.vault.envelope import field_place
from infrastructure.vault.items import ItemKeys
from infrastructure.vault.keyring import Keyring
from infrastructure.verify import verify_folder
from tests.support.jobs import SCRIPT, Job, foundations
from tests.support.opened import opened, texts


class _Deaf(Guard):
    """Writes nothing down: each flip is taken back, and must freeze nothing."""

    def report(self, code: str, *, stream: bytes | None, position: int | None) -> Incident:
        return Incident(0, "", code, Scope.LOG, position, None)


HARMLESS = {
    "log_head.id": "the table has one row, which nobody asks for by its id",
    "subject_key.state": "pending, active or retired: whether a key was made, the log says alone"
    " (destroyed is another matter: a key that still has its bytes is not believed to be gone)",
    "subject_key.made_at": "tells only when a key that the log does not know may be swept away",
}
"""Columns in which a flip may stay unseen, and why."""
_TABLES = {
    "record": ("record.db", "pos"),
    "log_head": ("record.db", "id"),
    "command": ("record.db", "tag"),
    "meta": ("keys.db", "name"),
    "secret": ("keys.db", "name"),
    "subject_key": ("keys.db", "key_id"),
    "item_key": ("keys.db", "item_id"),
}
_PASSPHRASE = "the passphrase of the flips"
_EVERYTHING = 100_000
_REFUSALS = (Broken, LogBroken, KeyGone, WrongKeyStore, FolderRefused, CommandMismatch)
_WORST = ("DIFFERENT", "STRAY", "elsewhere or at another time", "shorter", "refused", "as before")


class Flip(NamedTuple):
    """One bit of one value."""

    table: str
    key: Any
    column: str
    bit: int

    @property
    def name(self) -> str:
        """The column that it is in."""
        return f"{self.table}.{self.column}"

    @property
    def when_opening(self) -> bool:
        """Whether it is in something that is read once, when the folder is opened."""
        return self.table in ("meta", "secret") or (self.table, self.key) == ("record", 0)


class Reading(NamedTuple):
    """A stream as a command reads it, as the follower chooses from it, as the policy sees it."""

    events: list[Recorded]
    purposes: Counter[KeyPurpose | None]
    frame: tuple[object, ...]

    def content(self) -> list[Recorded]:
        """What was recorded, without its place in the log and the time that the place gives it."""
        return [each._replace(position=0, recorded_at=each.occurred_at) for each in self.events]

    def is_less_than(self, other: Reading) -> bool:
        """Whether it misses something, and has nothing that the other has not."""
        return (
            self.events == other.events[: len(self.events)]
            and self.frame == other.frame[: len(self.frame)]
            and self.purposes <= other.purposes
        )


_NOTHING = Reading([], Counter(), ())


@dataclass
class Tally:
    """What became of the flips: codes by which they were refused, and what nobody refused."""

    flips: int = 0
    columns: set[str] = field(default_factory=set)
    verified: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    harmless: Counter[str] = field(default_factory=Counter)
    unseen: list[Flip] = field(default_factory=list)
    different: list[Flip] = field(default_factory=list)
    stray: list[Flip] = field(default_factory=list)

    def add(self, flip: Flip, code: str | None, read: str) -> None:
        """Count one flip."""
        self.flips += 1
        self.columns.add(flip.name)
        self.read[read] += 1
        if code is not None:
            self.verified[code] += 1
        elif flip.name in HARMLESS and read == "as before":
            self.harmless[flip.name] += 1
        else:
            self.unseen.append(flip)
        if read == "DIFFERENT":
            self.different.append(flip)
        if "STRAY" in (code, read):
            self.stray.append(flip)

    @property
    def good(self) -> bool:
        """Whether every flip was seen, none gave other content, and all refusals were ours."""
        return not (self.unseen or self.different or self.stray)

    def __str__(self) -> str:
        return (
            f"{self.flips} single bits in {len(self.columns)} columns:"
            f" {self.verified.total()} refused by verification ({_counts(self.verified)}),"
            f" {self.harmless.total()} harmless by design ({_counts(self.harmless)}),"
            f" {len(self.unseen)} unseen, {len(self.different)} read as something else,"
            f" {len(self.stray)} stray errors; when read: {_counts(self.read)}"
        )


def flipped_over_and_over(path: Path, count: int, *, seed: int = 1) -> Tally:
    """Flip so many bits of a small clinic's folder, one at a time."""
    custody, jobs = _small_clinic(path)
    tally, chance = Tally(), Random(seed)
    with closing(_Bench(path, custody, jobs)) as bench:
        while tally.flips < count:
            bench.judge(bench.flip(chance), tally)
    return tally


def _small_clinic(path: Path) -> tuple[Keyfile, list[Job]]:
    """A folder with one job of every kind, opened once more so that its keys are settled."""
    create(path, [_PASSPHRASE], cost=LIGHT)
    custody = unlock(Layout(path).keyfile, _PASSPHRASE)
    jobs = [Job(0, 0, SCRIPT.index(kind)) for kind in dict.fromkeys(SCRIPT)]
    with closing(open_with(path, custody)) as folder:
        for who, writes in foundations()[:1]:
            folder.record.append_now(writes, who)
        for job in jobs:
            writes = job.writes(lambda stream: folder.store.version(bytes.fromhex(stream)))
            folder.record.append_now(writes, job.who(), command=job.command)
    open_with(path, custody).close()
    return custody, jobs


class _Bench:
    """A folder in which bits are flipped."""

    def __init__(self, path: Path, custody: Keyfile, jobs: list[Job]) -> None:
        self._path = path
        self._custody = custody
        self._jobs = [each for each in jobs if each.command]
        self._dbs = {name: _without_guards(path / name) for name in ("record.db", "keys.db")}
        self._folder = folder = open_with(path, custody)
        incidents, log_id = folder.guard.incidents, folder.vault.log_id
        self._guard = _Deaf(incidents, path, log_id, folder.committer.commit, folder.clock)
        self._columns = [(table, each) for table in _TABLES for each in self._columns_of(table)]
        self._keys = {table: self._keys_of(table) for table in _TABLES}
        rows = self._folder.store.rows(0, _EVERYTHING)
        self._stream_at = {row.position: row.stream_id for row in rows}
        written = {row.stream_id.hex() for row in rows if row.key_id != CONTROL_KEY}
        self._before = {stream: self._read(stream) for stream in sorted(written)}
        self._replies = [self._replay(job) for job in self._jobs]
        self._users = self._users_of_keys()

    def close(self) -> None:
        """Close every file."""
        self._folder.close()
        for db in self._dbs.values():
            db.close()

    def flip(self, chance: Random) -> Flip:
        """A random bit; each column is as likely as any other."""
        while True:
            table, column = chance.choice(self._columns)
            key = chance.choice(self._keys[table])
            value = self._value(table, key, column)
            if value is not None:
                size = 64 if isinstance(value, int) else 8 * len(_bytes(value))
                return Flip(table, key, column, chance.randrange(size))

    def judge(self, flip: Flip, tally: Tally) -> None:
        """Make one flip, verify, read, undo it; one that the table forbids does not count."""
        with self._flipped(flip) as made:
            if made:
                code = self._verified(flip)
                tally.add(flip, code, self._reread(flip, refused=code is not None))

    # Verifying

    def _verified(self, flip: Flip) -> str | None:
        """The code by which the folder is refused."""
        try:
            if flip.when_opening:
                with closing(open_with(self._path, self._custody)) as folder:
                    verify_folder(folder)
            else:
                verify_folder(self.fresh())
        except (Broken, LogBroken) as refused:
            return refused.code
        except (WrongKeyStore, FolderRefused) as refused:
            return f"not opened: {type(refused).__name__}"
        except Exception:  # noqa: BLE001 - counted; a test that finds one fails
            return "STRAY"
        return None

    # Reading

    def _reread(self, flip: Flip, *, refused: bool) -> str:
        """How everything that the flip could touch reads now: the worst of it."""
        if flip.when_opening and refused and not self._opens():
            return "refused"
        found = {"as before", *(self._compared(stream) for stream in self._touched(flip))}
        if flip.table == "command":
            found |= {self._answered(number) for number in range(len(self._jobs))}
        return next(each for each in _WORST if each in found)

    def _opens(self) -> bool:
        try:
            open_with(self._path, self._custody).close()
        except _REFUSALS:
            return False
        return True

    def _compared(self, stream: str) -> str:
        before = self._before.get(stream, _NOTHING)
        try:
            now = self._read(stream)
        except _REFUSALS:
            return "refused"
        except Exception:  # noqa: BLE001 - counted; a test that finds one fails
            return "STRAY"
        if now == before:
            return "as before"
        if now[1:] == before[1:] and now.content() == before.content():
            return "elsewhere or at another time"
        if now.is_less_than(before):
            return "shorter"
        return "DIFFERENT"

    def _answered(self, number: int) -> str:
        try:
            reply = self._replay(self._jobs[number])
        except _REFUSALS:
            return "refused"
        except Exception:  # noqa: BLE001 - counted; a test that finds one fails
            return "STRAY"
        if reply is None:
            return "shorter"
        return "as before" if reply == self._replies[number] else "DIFFERENT"

    def _read(self, stream: str) -> Reading:
        folder = self.fresh()
        events = [
            each if each.event is None else each._replace(event=opened(folder, each.event))
            for each in folder.record.read(stream)
        ]
        rows = folder.store.stream(bytes.fromhex(stream))
        framed, _ = folder.record.frame(stream, tuple)
        return Reading(events, Counter(map(folder.record.mapper.purpose, rows)), framed)

    def _replay(self, job: Job) -> Receipt | None:
        assert job.command is not None
        return self.fresh().record.replay(job.who(), job.command)

    def _touched(self, flip: Flip) -> Iterable[str]:
        """The streams whose reading a flip could change."""
        match flip.table:
            case "record":
                key = _flipped(flip.key, flip.bit) if flip.column == "pos" else flip.key
                was, now = self._stream_at[flip.key], self._value("record", key, "stream_id")
                if was.hex() in self._before:
                    return {each.hex() for each in (was, now)}
                # The making of a key: whatever needs the key.
                return self._users.get(was, ())
            case "subject_key" | "item_key":
                return self._users.get(flip.key, set())
            case "command" | "log_head":
                return ()
            case _:
                return self._before

    def fresh(self) -> OpenFolder:
        """The folder with nothing in memory, on the same open files."""
        folder, old, log_id = self._folder, self._folder.vault, self._folder.genesis.log_id
        logged = logged_keys(folder.store, old.lineage.at, folder.append_key)
        assert isinstance(old.keyring, Keyring)
        assert isinstance(old.items, ItemKeys)
        tag_key = old.keyring._tag_key
        keyring = Keyring(folder.keys, self._custody, log_id, tag_key, logged, folder.bell)
        items = ItemKeys(folder.keys, keyring, old.items._generation_key)
        vault = replace(
            old, keyring=keyring, items=items, broker=Broker(keyring, items, old.lineage.ids)
        )
        store, committer, clock = folder.store, folder.committer, folder.clock
        record = Record(store, vault, committer, clock, self._guard, folder.spool, folder.sign)
        return replace(folder, vault=vault, record=record)

    # Flipping

    @contextmanager
    def _flipped(self, flip: Flip) -> Iterator[bool]:
        file, name = _TABLES[flip.table]
        db, value = self._dbs[file], self._value(flip.table, flip.key, flip.column)
        changed = _flipped(value, flip.bit)
        key = changed if flip.column == name else flip.key
        to = "CAST(? AS TEXT)" if isinstance(value, str) else "?"
        where = f"CAST({name} AS BLOB)" if isinstance(flip.key, str) else name
        update = f"UPDATE {flip.table} SET {flip.column} = {to} WHERE {where} = ?"  # noqa: S608 - ours
        try:
            db.execute(update, (changed, _raw(flip.key)))
        except sqlite3.IntegrityError:
            yield False
            return
        try:
            yield True
        finally:
            assert db.execute(update, (_raw(value), _raw(key))).rowcount == 1

    def _columns_of(self, table: str) -> list[str]:
        found = self._dbs[_TABLES[table][0]].execute(f"PRAGMA table_info({table})")
        return [row[1] for row in found]

    def _keys_of(self, table: str) -> list[Any]:
        file, name = _TABLES[table]
        return [row[0] for row in self._dbs[file].execute(f"SELECT {name} FROM {table}")]  # noqa: S608 - ours

    def _value(self, table: str, key: Any, column: str) -> Any:
        file, name = _TABLES[table]
        query = f"SELECT {column} FROM {table} WHERE {name} = ?"  # noqa: S608 - ours
        return self._dbs[file].execute(query, (key,)).fetchone()[0]

    def _users_of_keys(self) -> dict[bytes, set[str]]:
        """Which streams need a subject key or an item key to be read."""
        users: dict[bytes, set[str]] = {}
        for row in self._folder.store.rows(0, _EVERYTHING):
            if row.key_id != CONTROL_KEY:
                stream = row.stream_id.hex()
                for each in (row.key_id, *self._keys_of_texts(self._folder, row.stream_id.hex())):
                    users.setdefault(each, set()).add(stream)
        return users

    @staticmethod
    def _keys_of_texts(folder: OpenFolder, stream: str) -> Iterator[bytes]:
        for each in folder.record.read(stream):
            for text in texts(each.event).values() if each.event is not None else ():
                assert text.sealed is not None
                item_id, _, _ = field_place(text.sealed)
                yield item_id
                yield folder.vault.items.owner(item_id).owner_key


def _without_guards(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    triggers = db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        db.execute(f"DROP TRIGGER {name}")
    db.execute("PRAGMA ignore_check_constraints=ON")
    db.execute("PRAGMA synchronous=OFF")
    return db


def _flipped(value: Any, bit: int) -> Any:
    """The value with one bit the other way; a text as the bytes that it became."""
    if isinstance(value, int):
        flipped = (value ^ (1 << bit)) & (2**64 - 1)
        return flipped - 2**64 if flipped >= 2**63 else flipped
    data = bytearray(_bytes(value))
    data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _raw(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _counts(found: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in found.most_common())
