"""SQLite on a disk which forgets: which settings keep an acknowledged commit, and which do not.

These tests check the instrument before the store is put on it: it must forget what was not
synced, and must not forget what SQLite's documentation promises to keep.
"""

from __future__ import annotations

import itertools
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.forgetful import Forgetful, available, forgetful

pytestmark = pytest.mark.endurance

CUTS = 20
WAL = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=20")
TRUNCATE = ("PRAGMA journal_mode=TRUNCATE", "PRAGMA synchronous=FULL")
PERSIST = ("PRAGMA journal_mode=PERSIST", "PRAGMA synchronous=FULL")
DELETE = ("PRAGMA journal_mode=DELETE", "PRAGMA synchronous=FULL")
DELETE_EXTRA = ("PRAGMA journal_mode=DELETE", "PRAGMA synchronous=EXTRA")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Forgetful]:
    if reason := available():
        pytest.skip(reason)
    with forgetful(tmp_path / "backing", tmp_path / "mount") as mounted:
        yield mounted


def connect(path: Path, settings: tuple[str, ...] = ()) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in settings:
        connection.execute(setting)
    return connection


def prepare(path: Path, settings: tuple[str, ...]) -> None:
    with closing(connect(path, settings)) as connection:
        connection.execute("CREATE TABLE entry (n INTEGER PRIMARY KEY, body BLOB, seen INTEGER)")


def commit(connection: sqlite3.Connection, n: int) -> None:
    """Add one entry and count it in older ones, so that old pages are overwritten too."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO entry VALUES (?, randomblob(3000), 0)", (n,))
    connection.execute("UPDATE entry SET seen = ?1 WHERE n % 7 = ?1 % 7 AND n > ?1 - 60", (n,))
    connection.execute("COMMIT")


def read(image: Path) -> list[int]:
    """Open what is left, as after a restart; refuse a damaged database."""
    with closing(connect(image / "record.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        entries = [n for (n,) in connection.execute("SELECT n FROM entry ORDER BY n")]
    assert entries == list(range(1, len(entries) + 1)), "a commit is gone from the middle"
    return entries


@dataclass
class Writer:
    """Commits in a thread of its own until told to stop."""

    path: Path
    settings: tuple[str, ...]
    acknowledged: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Commit one entry after another."""
        with closing(connect(self.path, self.settings)) as connection:
            for n in itertools.count(1):
                if self.stopping.is_set():
                    return
                commit(connection, n)
                self.acknowledged = n

    def wait_for(self, more: int, running: Future[None]) -> None:
        """Wait until so many more commits are acknowledged, or the writer failed."""
        goal = self.acknowledged + more
        while self.acknowledged < goal and not running.done():
            time.sleep(0.0005)


@contextmanager
def writing(path: Path, settings: tuple[str, ...]) -> Iterator[tuple[Writer, Future[None]]]:
    writer = Writer(path, settings)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(writer.run)
        try:
            yield writer, running
        finally:
            writer.stopping.set()
        running.result()


def lost_over_cuts(disk: Forgetful, settings: tuple[str, ...], images: Path) -> list[int]:
    """Cut the power under a running writer; count the acknowledged commits lost at each cut."""
    path = disk.mountpoint / "record.db"
    chance = random.Random(2024)
    lost = []
    with writing(path, settings) as (writer, running):
        for seed in range(CUTS):
            writer.wait_for(chance.randint(1, 12), running)
            time.sleep(chance.random() / 500)  # to hit a commit anywhere between its syscalls
            acknowledged = writer.acknowledged
            image = disk.power_cut(images / str(seed), seed)
            lost.append(max(0, acknowledged - len(read(image))))
    return lost


def test_without_sync_acknowledged_commits_are_forgotten(disk: Forgetful, tmp_path: Path) -> None:
    path = disk.mountpoint / "record.db"
    prepare(path, DELETE_EXTRA)
    lost = 0
    with closing(connect(path, ("PRAGMA synchronous=OFF",))) as connection:
        for n in range(1, CUTS + 1):
            commit(connection, n)
            try:
                lost += len(read(disk.power_cut(tmp_path / str(n), seed=n))) < n
            except (sqlite3.DatabaseError, AssertionError):  # damaged, or with holes
                lost += 1
    assert lost >= CUTS // 2


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(WAL, id="wal-full"),
        pytest.param(TRUNCATE, id="truncate-full"),
        pytest.param(PERSIST, id="persist-full"),
        pytest.param(DELETE_EXTRA, id="delete-extra"),
    ],
)
def test_a_synced_commit_outlives_a_power_cut(
    settings: tuple[str, ...], disk: Forgetful, tmp_path: Path
) -> None:
    prepare(disk.mountpoint / "record.db", settings)
    assert lost_over_cuts(disk, settings, tmp_path) == [0] * CUTS


def test_a_deleted_journal_can_take_back_the_last_commit_and_no_other(
    disk: Forgetful, tmp_path: Path
) -> None:
    # SQLite syncs the folder after deleting the journal under EXTRA only: under FULL the name
    # may come back, and a journal found is rolled back.
    path = disk.mountpoint / "record.db"
    prepare(path, DELETE)
    assert max(lost_over_cuts(disk, DELETE, tmp_path)) <= 1
    at_rest = read(disk.mountpoint)
    assert read(disk.power_cut(tmp_path / "at-rest")) == at_rest[:-1]


def test_two_processes_and_two_connections_share_one_wal(disk: Forgetful) -> None:
    path = disk.mountpoint / "record.db"
    prepare(path, WAL)
    elsewhere = (
        "import sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)\n"
        "for n in range(200): c.execute('INSERT INTO entry (seen) VALUES (?)', (n,))\n"
    )
    with closing(connect(path, WAL)) as reader, closing(connect(path, WAL)) as writer:
        writer.execute("PRAGMA busy_timeout=30000")
        command = [sys.executable, "-c", elsewhere, str(path)]
        with subprocess.Popen(command) as other:
            for n in range(200):
                writer.execute("INSERT INTO entry (seen) VALUES (?)", (n,))
                reader.execute("SELECT count(*) FROM entry").fetchone()
        assert other.returncode == 0
        assert reader.execute("SELECT count(*) FROM entry").fetchone() == (400,)
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_name_lasts_only_from_the_sync_of_its_folder(disk: Forgetful, tmp_path: Path) -> None:
    key = disk.mountpoint / "key"
    key.write_text("sealed")
    sync(key)
    assert not (disk.power_cut(tmp_path / "before") / "key").exists()
    sync(disk.mountpoint)
    assert (disk.power_cut(tmp_path / "after") / "key").read_text() == "sealed"


def test_a_file_is_replaced_whole_or_not_at_all_even_while_it_is_read(
    disk: Forgetful, tmp_path: Path
) -> None:
    key, new = disk.mountpoint / "key", disk.mountpoint / "new"
    key.write_text("old")
    sync(key)
    sync(disk.mountpoint)
    with key.open() as held:
        new.write_text("new")
        sync(new)
        new.rename(key)
        found = {(disk.power_cut(tmp_path / str(n), n) / "key").read_text() for n in range(CUTS)}
        assert held.read() == "old"
    assert found == {"old", "new"}


def test_unsynced_pages_survive_torn_and_the_same_seed_tears_them_the_same(
    disk: Forgetful, tmp_path: Path
) -> None:
    log = disk.mountpoint / "log"
    log.write_bytes(b"-" * 65536)
    sync(log)
    sync(disk.mountpoint)
    with log.open("r+b") as opened:
        opened.write(b"+" * 65536)
    images = [(disk.power_cut(tmp_path / str(n), n % 10) / "log").read_bytes() for n in range(20)]
    assert images[:10] == images[10:]
    assert any(b"+-" in image and b"-+" in image for image in images)


def test_a_clean_unmount_keeps_everything(tmp_path: Path) -> None:
    if reason := available():
        pytest.skip(reason)
    with forgetful(tmp_path / "backing", tmp_path / "mount") as disk:
        (disk.mountpoint / "folder").mkdir()
        (disk.mountpoint / "folder" / "note").write_text("kept")
    assert (tmp_path / "backing" / "folder" / "note").read_text() == "kept"


def sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
