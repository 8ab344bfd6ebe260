"""What an attack is made with: a fresh clinic, the attacker's hands, and the ways to be found.

An attack gets a `Site`, a clinic of its own that was really created and filled and that verifies.
It does its damage behind the program's back (`damage`, `Forgery`, files), then uses the program as
its users do, and returns the code under which it was found: `opening`, `verifying`, `reading`,
`scrubbing`, `signing` each give a code, `ACCEPTED` where nothing refused; `agreed` makes one answer
of several. Whatever else must hold is said with `holds`, and then `HELD` is expected.

Example:
    @attack(27, "leaf column edited", "E-LEAF")
    def edited_leaf(site: Site) -> str:
        site.damage("UPDATE record SET leaf = zeroblob(32) WHERE pos = 9")
        return agreed(site.verifying(), site.verifying(with_keys=False), site.signing())

Source:
    docs of the design: security, section 7.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias
from unittest.mock import patch
from urllib.parse import urlsplit

from domain.confidentiality import KeyPurpose
from domain.errors import Refusal
from infrastructure import folder as data_folder, founding
from infrastructure.anchor import checkpointer as checkpointing, policy as trust_policy
from infrastructure.anchor.checkpointer import Anchored, Checkpointer
from infrastructure.anchor.gather import Reply, gather
from infrastructure.anchor.witness import Witness, policy_lines
from infrastructure.errors import Broken, FolderRefused, KeyGone, WrongKeyStore, WrongPassphrase
from infrastructure.folder import OpenFolder
from infrastructure.guard.scrubber import Published, Scrubber, read_trust
from infrastructure.layout import Layout, structure
from infrastructure.ledger.check import Row
from infrastructure.ledger.entry import ZERO_LEAF, authenticate, pack_entry
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.merkle import CompactRange, leaf_hash
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.lineage import named
from infrastructure.vault.custody import LIGHT, Keyfile, unlock
from infrastructure.verify import verify, verify_folder
from tests.support import ink
from tests.support.opened import opened as with_words

ORIGIN = "redteam.example/log/1"
PASSPHRASES = ("the director's own words", "the words in the envelope")
ACCEPTED = "accepted"
"""What is found where nothing refused."""
HELD = "held"
"""What is found where everything held that had to hold; see `holds`."""
STRANGERS_KEY = b"a key that no writer of ours has"
NUMBERS = range(1, 73)
PREFIX = "redteam-"
"""How the folders begin in which sites are made, so that no refusal may hold it."""
CONTROL_KEY = bytes(16)
ROOT = Path(__file__).parents[2]

Run: TypeAlias = Callable[["Site"], str]


# The list of attacks


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack of the list, and the codes under any of which it has to be found.

    `later` tells what of it waits for a later issue, if something does.
    """

    number: int
    title: str
    expects: tuple[str, ...]
    run: Run
    later: str = ""

    def met(self, found: str) -> bool:
        """Whether everything that was found was expected, and something was."""
        parts = found.split(", ")
        return bool(found) and all(each in self.expects for each in parts)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An attack on what does not exist yet, and why it waits."""

    number: int
    title: str
    why: str


ATTACKS: dict[int, Attack] = {}
WAITING: dict[int, Waiting] = {}


def attack(number: int, title: str, *expects: str, later: str = "") -> Callable[[Run], Run]:
    """Enter a function into the list under its number; `ACCEPTED` is never expected."""
    assert expects
    assert ACCEPTED not in expects

    def enter(run: Run) -> Run:
        _must_be_free(number)
        ATTACKS[number] = Attack(number, title, expects, run, later)
        return run

    return enter


def waits(number: int, title: str, why: str) -> None:
    """Enter an attack that cannot be run yet."""
    _must_be_free(number)
    WAITING[number] = Waiting(number, title, why)


def _must_be_free(number: int) -> None:
    assert number in NUMBERS
    assert number not in ATTACKS
    assert number not in WAITING


# What is found


def code_of(call: Callable[[], object]) -> str:
    """The code under which a call is refused; `ACCEPTED` where it is not.

    A refusal that tells content, a passphrase or the path of the clinic is no good refusal.
    """
    try:
        call()
    except (Broken, LedgerError, Refusal) as error:
        _must_tell_nothing(error)
        return error.code
    except (FolderRefused, WrongKeyStore, WrongPassphrase) as error:
        _must_tell_nothing(error)
        return "refused"
    except KeyGone:
        return "gone"
    return ACCEPTED


def _must_tell_nothing(error: Exception) -> None:
    told = str(error)
    for secret in (ink.CANARY, *PASSPHRASES):
        assert secret not in told, "a refusal tells a secret"
    assert PREFIX not in told, "a refusal tells a path"


def quickly(call: Callable[[], object], *, ms: float = 10) -> str:
    """The code of a call, which has to come within so many milliseconds.

    The best of a few counts: the machine is shared, the work is not.
    """
    codes, best = set(), float("inf")
    for _ in range(5):
        begun = time.perf_counter()
        codes.add(code_of(call))
        best = min(best, (time.perf_counter() - begun) * 1000)
        if best <= ms:
            break
    if best > ms:
        return f"too slow ({best:.0f} ms)"
    return agreed(*codes)


def agreed(*codes: str) -> str:
    """One answer of several: the different codes among them, in their order."""
    return ", ".join(sorted({each for code in codes for each in code.split(", ")}))


def holds(claims: Mapping[str, bool]) -> str:
    """`HELD` if every claim holds; otherwise those that do not."""
    return agreed(*(f"not {name}" for name, true in claims.items() if not true)) or HELD


def python(source: str, *arguments: str) -> str:
    """Run a program of ours in a process of its own; what it printed.

    Raises:
        CalledProcessError: It failed; its standard error is shown.
    """
    run = subprocess.run(
        [sys.executable, "-c", source, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=60,
    )
    return run.stdout


# The clinic


class Hands:
    """A clock that the attack moves."""

    def __init__(self) -> None:
        self.at = ink.NOW

    def now(self) -> datetime:
        """The instant that the hands show."""
        return self.at

    def move(self, **by: float) -> None:
        """Turn the hands."""
        self.at += timedelta(**by)


class Site:
    """A clinic of the attack's own, made a moment ago; what is opened is closed behind it.

    `path` is the data folder, `place` an empty folder around it for whatever the attack needs,
    `custody` the open key-encryption key, which saves everybody the wait for the passphrase.
    """

    def __init__(self, place: Path, *, origin: str = ORIGIN) -> None:
        """Make the clinic, fill it, and see that it is good: a bad one would prove nothing."""
        self.place = place
        self.origin = origin
        self.path = place / "clinic"
        self.clock = Hands()
        self.passphrases = PASSPHRASES
        founding.create(self.path, list(PASSPHRASES), origin=origin, cost=LIGHT, clock=self.clock)
        self.custody: Keyfile = unlock(self.layout.keyfile, PASSPHRASES[0])
        self.checkpointing = place / "checkpointer"
        self.witnesses: dict[str, Witness] = {}
        self._opened = ExitStack()
        self._fill()

    @property
    def layout(self) -> Layout:
        """The paths in the data folder."""
        return Layout(self.path)

    def close(self) -> None:
        """Close whatever is open."""
        self._opened.close()

    def _fill(self) -> None:
        with closing(self._folder(pinned=True)) as folder:
            append = folder.record.append_now
            for client in (ink.ANNA, ink.BASIA):
                append((ink.registered(client), ink.opened(client)), ink.WHO)
                append((ink.drafted(client),), ink.WHO)
                append((ink.revised(client, 1), ink.looked(client)), ink.WHO)
            append((ink.thought(ink.ANNA),), ink.WHO)
            for _ in range(3):
                self.clock.move(minutes=1)
                append((ink.looked(ink.ANNA),), ink.WHO)
        with closing(self._folder(pinned=True)) as folder:
            verify_folder(folder)

    # Using it

    def open(self, *, pinned: bool = True) -> OpenFolder:
        """Open the clinic, as a restart would; it is closed when the attack is over, or before."""
        folder = self._folder(pinned=pinned)
        self._opened.callback(folder.close)
        return folder

    def keep(self, closes: object) -> None:
        """Close something else when the attack is over."""
        self._opened.callback(closes.close)  # type: ignore[attr-defined]  # that is what it is for

    def live(self, times: int = 1) -> None:
        """Let the clinic go on: looks at Anna's record, one commit each."""
        with closing(self._folder(pinned=True)) as folder:
            for _ in range(times):
                self.clock.move(seconds=1)
                folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)

    def append_key(self) -> bytes:
        """The key of the writers, which the database administrator has not."""
        with closing(self._folder(pinned=False)) as folder:
            return folder.append_key

    def copy(self, name: str) -> Path:
        """A copy of the data folder as it is now, as a backup has it."""
        return Path(shutil.copytree(self.path, self.place / name, copy_function=shutil.copy))

    def put_back(self, copy: Path, *names: str) -> None:
        """Put files of a copy back, the whole data folder if none is named; what came since goes.

        ``record.db`` means its write-ahead log too. Nothing may be open.
        """
        if not names:
            shutil.rmtree(self.path)
            shutil.copytree(copy, self.path, copy_function=shutil.copy)
        for name in names:
            if (copy / name).is_dir():
                shutil.rmtree(self.path / name)
                shutil.copytree(copy / name, self.path / name, copy_function=shutil.copy)
                continue
            for suffix in ("", "-wal", "-shm"):
                (self.path / f"{name}{suffix}").unlink(missing_ok=True)
                if suffix != "-shm" and (copy / f"{name}{suffix}").exists():
                    shutil.copy(copy / f"{name}{suffix}", self.path)

    def _folder(self, *, pinned: bool) -> OpenFolder:
        return data_folder.open_with(self.path, self.custody, clock=self.clock, pinned=pinned)

    # Damaging it

    @contextmanager
    def sql(self, file: str = "record.db") -> Iterator[sqlite3.Connection]:
        """A database of the clinic in the hands of its administrator: triggers are dropped."""
        with in_the_hands_of_its_administrator(self.path / file) as db:
            yield db

    def damage(self, statement: str, values: tuple[object, ...] = (), *, file: str = "") -> None:
        """Run one statement as the database administrator; it has to hit something."""
        with self.sql(file or "record.db") as db:
            assert db.execute(statement, values).rowcount != 0, "the attack hit nothing"

    def rows(self) -> list[Row]:
        """Every row of the record, as it lies there."""
        with closing(sqlite3.connect(self.path / "record.db")) as db:
            columns = "pos, stream_id, version, key_id, prev_pos, tx_first, time_ms, leaf, auth"
            found = db.execute(f"SELECT {columns}, record FROM record ORDER BY pos")  # noqa: S608 - ours
            return [Row(*each) for each in found]

    def event(self, stream: str | None = None, *, start: int = 0) -> Row:
        """The first row that holds an event, of a stream or of any."""
        wanted = None if stream is None else bytes.fromhex(stream)
        return next(
            row
            for row in self.rows()[start:]
            if row.key_id != CONTROL_KEY and wanted in (None, row.stream_id)
        )

    # Finding it: each gives a code, and begins anew as after a restart

    def opening(self) -> str:
        """Starting the clinic, with its pinned head and its published checkpoint."""
        return code_of(lambda: self._folder(pinned=True).close())

    def verifying(self, *, with_keys: bool = True) -> str:
        """`powiernik verify`: everything, or without a passphrase the structure of the log."""
        passphrase = self.passphrases[0] if with_keys else None
        return code_of(lambda: verify(self.path, passphrase))

    def reading(self, stream: str) -> str:
        """Reading a stream with its texts, as it is folded, as it is followed, as it is framed."""

        def folded(folder: OpenFolder) -> None:
            for each in folder.record.read(stream):
                if each.event is not None:
                    with_words(folder, each.event)

        def followed(folder: OpenFolder) -> None:
            folder.record.follow(-1, 10_000, frozenset(KeyPurpose))
            # A frozen stream is passed over there: what is in it must not open either.
            wanted = bytes.fromhex(stream)
            for row in folder.store.rows(0, 10_000):
                if row.stream_id == wanted and folder.record.mapper.purpose(row) is not None:
                    folder.record.mapper.open(row)

        codes = set()
        for way in (folded, followed):
            with closing(self._folder(pinned=False)) as folder:
                codes.add(code_of(lambda way=way, folder=folder: way(folder)))  # type: ignore[misc]
        return agreed(*codes)

    def scrubbing(self) -> str:
        """The scrubber: what is new, everything again, and proofs; by the incidents it wrote."""
        with closing(self._folder(pinned=False)) as folder:
            return self.scrubbed(folder)

    def scrubbed(self, folder: OpenFolder) -> str:
        """The scrubber of a folder that is open already."""
        before = len(folder.guard.incidents.all())

        def scrub() -> None:
            with closing(self.scrubber(folder)) as scrubber:
                while scrubber.step().behind:
                    pass
                while not scrubber.again():
                    pass
                scrubber.sample(20)

        code = code_of(scrub)
        told = [each.code for each in folder.guard.incidents.all()[before:]]
        if code == ACCEPTED:
            return agreed(*told) or ACCEPTED
        assert code in told, "the scrubber refused and wrote no incident down"
        return code

    def scrubber(self, folder: OpenFolder) -> Scrubber:
        """A scrubber as the server has it; the caller closes it."""
        layout = folder.layout
        if not layout.scrub.exists():
            Memory.create(layout.scrub, folder.vault.lineage.origin).close()
        trust = read_trust(layout.policy)
        published = None if trust is None else Published(TileFolder(layout.log), trust)
        return Scrubber(
            folder.store, Memory(layout.scrub), folder.guard, folder.append_key, published
        )

    def signing(self) -> str:
        """The checkpointer: whether it signs what there is."""
        return code_of(self.checkpoint)

    # Checkpoints and witnesses

    def anchor(self, witnesses: int = 0, needed: int = 0) -> None:
        """Set up a checkpointer and its policy, with witnesses in this process, and sign once.

        They are `witnesses["w1"]` and so on, each with a memory outside the data folder; the policy
        asks for so many of them.
        """
        vkey = checkpointing.create(self.checkpointing, named(self.origin), self.append_key())
        trust_policy.begin(self.layout.policy, vkey)
        for number in range(1, witnesses + 1):
            self.add_witness(f"w{number}", vkey)
        if witnesses:
            files = [
                "\n".join(policy_lines(each.verifiers, f"http://{name}.invalid")).encode()
                for name, each in self.witnesses.items()
            ]
            trust_policy.name_witnesses(self.layout.policy, files, needed)
        self.checkpoint()

    def add_witness(self, name: str, vkey: str) -> Witness:
        """A witness outside the clinic that believes a log's key; its folder is `place`/name."""
        witness = Witness.create(self.place / name, f"{name}.example")
        witness.trust(vkey)
        self.keep(witness)
        self.witnesses[name] = witness
        return witness

    def trust(self) -> Trust:
        """The policy of the data folder."""
        return Trust.parse(self.layout.policy.read_bytes())

    def published(self) -> bytes:
        """The signed note that is published."""
        return TileFolder(self.layout.log).read_checkpoint()

    @contextmanager
    def checkpointer(self) -> Iterator[Checkpointer]:
        """The checkpointer at work; what it asks of witnesses goes to those of this site."""
        if not self.checkpointing.exists():
            self.anchor()
        fetched = partial(gather, fetch=self.fetch)
        with (
            patch.object(checkpointing, "gather", fetched),
            closing(structure(self.layout.record)) as store,
            closing(
                Checkpointer(self.checkpointing, store, self.layout.log, self.trust())
            ) as checkpointer,
        ):
            yield checkpointer

    def checkpoint(self) -> Anchored:
        """One step of the checkpointer.

        Raises:
            LogBroken: The log is not what was written.
        """
        with self.checkpointer() as checkpointer:
            return checkpointer.step()

    def fetch(self, url: str, body: bytes, deadline: float) -> Reply:
        """Carry a submission to a witness of this site, as HTTP would; another is not there."""
        del deadline
        name = (urlsplit(url).hostname or "").removesuffix(".invalid")
        if name not in self.witnesses:
            raise ConnectionRefusedError
        answer = self.witnesses[name].add_checkpoint(body, int(time.time()))
        return Reply(answer.status, answer.content_type.partition(";")[0], answer.body)


class Forgery:
    """The rows of a record in the hands of somebody who may write anything into its file.

    Example:
        forgery = Forgery(site)
        forgery.change(9, version=7)
        forgery.refold(start=9)
        forgery.write()
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.rows = site.rows()

    def index(self, holds_for: Callable[[Row], bool], start: int = 5) -> int:
        """The place of the first row that is as wanted."""
        return next(row.position for row in self.rows[start:] if holds_for(row))

    def event(self, start: int = 5) -> int:
        """The place of an event, not a control record."""
        return self.index(lambda row: row.key_id != CONTROL_KEY, start)

    def record(self, position: int) -> bytes:
        """The record of a row."""
        found = self.rows[position].record
        assert found is not None
        return found

    def change(self, position: int, **columns: object) -> None:
        """Change columns of a row and nothing else."""
        self.rows[position] = self.rows[position]._replace(**columns)  # type: ignore[arg-type]  # any

    def renumber(self) -> None:
        """Give the rows the positions in which they lie now, and nothing else."""
        self.rows = [row._replace(position=place) for place, row in enumerate(self.rows)]

    def add(self, row: Row) -> None:
        """Put a row at the end, in a transaction of its own, at the time of the last one."""
        size = len(self.rows)
        time_ms = self.rows[-1].time_ms
        self.rows.append(row._replace(position=size, tx_first=size, time_ms=time_ms))

    def refold(self, key: bytes = STRANGERS_KEY, start: int = 0) -> None:
        """Give every row the leaf and the tag that suit it now, as far as a key goes."""
        last: dict[bytes, Row] = {}
        for place, row in enumerate(self.rows):
            if place >= start:
                entry = entry_of(row, last.get(row.stream_id))
                leaf, auth = leaf_hash(entry), authenticate(key, entry)
                self.rows[place] = row._replace(leaf=leaf, auth=auth)
            last[row.stream_id] = self.rows[place]

    def write(self, *, head: bool = True, unique: bool = True) -> None:
        """Put the rows into the file, with the head that suits them unless told otherwise."""
        with self.site.sql() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("DELETE FROM record")
            if not unique:
                named = "SELECT sql FROM sqlite_master WHERE name = 'record'"
                (made,) = db.execute(named).fetchone()
                db.execute("DROP TABLE record")
                db.execute(made.replace(", UNIQUE(stream_id, version)", ""))
            marks = ", ".join("?" * 10)
            db.executemany(f"INSERT INTO record VALUES({marks})", [row[:10] for row in self.rows])
            if head:
                suits = CompactRange()
                suits.extend(row.leaf for row in self.rows)
                db.execute(
                    "UPDATE log_head SET size = ?, range = ?, time_ms = ?",
                    (suits.size, suits.to_bytes(), self.rows[-1].time_ms),
                )
            db.execute("COMMIT")


@contextmanager
def in_the_hands_of_its_administrator(path: Path) -> Iterator[sqlite3.Connection]:
    """A database in which everything may be done: its triggers are dropped."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as db:
        db.execute("PRAGMA synchronous = OFF")
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in db.execute(named).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        yield db


def entry_of(row: Row, before: Row | None) -> bytes:
    """The log's entry of a row, whatever stands in it."""
    record = row.record or b""
    return pack_entry(
        kind=record[5] if len(record) > 5 else 0,
        position=row.position,
        stream_id=row.stream_id,
        version=row.version,
        key_id=row.key_id,
        record_len=len(record),
        record_hash=sha256(record).digest(),
        prev_leaf=before.leaf if before else ZERO_LEAF,
        prev_pos=row.prev_pos,
        tx_first=row.tx_first,
        time_ms=row.time_ms,
    )
