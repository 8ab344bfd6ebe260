"""A disk that takes no more: nothing that was there is lost, and the same command goes on."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infrastructure.backup.manifest import BackupSet
from infrastructure.backup.restore import Wanted, restore
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.vault.custody import Custody
from tests.support.backups import Trio, check, parts

MIB = 1024 * 1024


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process grows beyond a size: writing fails in the middle of one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [2 * MIB, 3 * MIB])
def test_a_backup_onto_a_full_disk_says_so_and_goes_on_when_there_is_room(
    running: OpenFolder, trio: Trio, size: int
) -> None:
    with files_of_at_most(size), pytest.raises(FolderRefused, match="takes no more"):
        trio.made(running)
    assert [each for each in trio.files() if each.name.endswith(".new")] == []
    made = trio.made(running)
    assert made.resumed
    check(trio, running.custody)


def test_a_destination_that_cannot_be_written_is_told_without_its_path(
    running: OpenFolder, trio: Trio
) -> None:
    trio.root.mkdir()
    trio.places[BackupSet.KEYS].write_text("a file where a folder should be")
    with pytest.raises(FolderRefused) as refused:
        trio.made(running)
    assert str(trio.root) not in str(refused.value)
    assert "EEXIST" in str(refused.value)
    assert len(parts(trio.set(BackupSet.RECORD))) > 2


def test_a_restore_onto_a_full_disk_says_so_and_goes_on_when_there_is_room(
    backed_up: Trio, custody: Custody, tmp_path: Path
) -> None:
    with files_of_at_most(6 * MIB), pytest.raises(FolderRefused, match="takes no more"):
        restore(tmp_path / "restored", custody, Wanted(backed_up.places))
    assert not (tmp_path / "restored").exists()
    assert restore(tmp_path / "restored", custody, Wanted(backed_up.places)).serves
