"""A backup and a restore that are killed, over and over: they go on, and end well."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from infrastructure.backup.listed import Backups
from infrastructure.backup.restore import Wanted, restore
from infrastructure.folder import open_with
from infrastructure.vault.custody import Custody
from infrastructure.verify import verify_folder
from tests.infrastructure.conftest import PASSPHRASES
from tests.support.backups import Trio, check
from tests.support.figures import say
from tests.support.softhsm import about_the_keyfile

pytestmark = about_the_keyfile
KILLS = int(os.environ.get("POWIERNIK_BACKUP_KILLS", "4"))
LONGEST = 0.5
"""Seconds after its first own act within which a process is killed."""


def killed(*words: object, seconds: float) -> bool:
    """Run it, kill it after so long, and tell whether it had ended before."""
    command = [sys.executable, "-m", "tests.support.backing_up", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.kill()
        return "done" in process.stdout.read()


def test_a_backup_that_is_killed_goes_on_and_is_whole(
    filled: Path,
    custody: Custody,
    trio: Trio,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, chance = Path(shutil.copytree(filled, tmp_path / "data")), Random(1)
    ended = 0
    for _ in range(KILLS):
        words = ("backup", data, trio.root, tmp_path / "none", PASSPHRASES[0])
        ended += killed(*words, seconds=chance.uniform(0.0, LONGEST))
    with closing(open_with(data, custody)) as folder:
        made = trio.made(folder)
        verify_folder(folder)
    check(trio, custody)
    # One that was killed is gone on with, so that none is ever left half made.
    assert all(each.whole for each in Backups(data).all())
    restored = restore(tmp_path / "restored", custody, Wanted(trio.places))
    assert restored.serves
    say(capsys, f"backup: {KILLS} kills, {ended} had ended; {made.kept_parts} parts kept, whole")


def test_a_restore_that_is_killed_goes_on_and_ends_well(
    filled: Path,
    backed_up: Trio,
    custody: Custody,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target, chance, ended = tmp_path / "restored", Random(2), 0
    for _ in range(KILLS):
        words = ("restore", filled, backed_up.root, target, PASSPHRASES[0])
        if killed(*words, seconds=chance.uniform(0.0, LONGEST)):
            ended += 1
            shutil.rmtree(target)
    if not target.exists():
        assert restore(target, custody, Wanted(backed_up.places)).serves
    with closing(open_with(target, custody)) as folder:
        verify_folder(folder)
    say(capsys, f"restore: {KILLS} kills, {ended} had ended; whole")
