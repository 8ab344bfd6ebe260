"""The key-encryption key of a large clinic rotates under load, and is killed two hundred times."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infrastructure.verify import verify_folder
from tests.support.figures import say
from tests.support.rotations import (
    KEYS_OF_A_CLIENT,
    Load,
    found,
    kill_at_it,
    opened,
    rotate_now,
    under_load,
)

pytestmark = pytest.mark.endurance

KEYS = int(os.environ.get("POWIERNIK_KEYS", "100000"))
KILLS = int(os.environ.get("POWIERNIK_KILLS", "200"))


def test_nothing_is_unreadable_while_every_key_moves_and_after_every_kill(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic = tmp_path / "clinic"
    found(clinic, KEYS)
    with opened(clinic) as folder:
        quiet = rotate_now(folder)
    say(
        capsys,
        f"quiet: {quiet.keys} keys, {quiet.items} item keys, {quiet.seconds:.1f} s,"
        f" {quiet.keys / quiet.seconds:.0f} keys/s",
    )
    with under_load(clinic, KEYS // KEYS_OF_A_CLIENT) as load, opened(clinic) as folder:
        loaded = rotate_now(folder)
    say(
        capsys,
        f"under load: {loaded.keys} keys, {loaded.seconds:.1f} s,"
        f" {loaded.keys / loaded.seconds:.0f} keys/s; {said(load)}",
    )
    assert load.unreadable == []
    assert load.reads > 0
    with under_load(clinic, KEYS // KEYS_OF_A_CLIENT) as load:
        killed = kill_at_it(clinic, KILLS, within=1.5 * quiet.seconds, seed=4)
    say(
        capsys,
        f"killed: {killed.kills} kills, {killed.ended} rotations came to their end; {said(load)}",
    )
    assert load.unreadable == []
    with opened(clinic) as folder:
        last = rotate_now(folder)
        verified = verify_folder(folder)
    say(
        capsys,
        f"after it: generation {last.after}, {last.keys} keys checked against the log,"
        f" {verified.opened} events opened",
    )


def said(load: Load) -> str:
    """What the load has met."""
    return (
        f"{load.reads} reads and {load.writes} writes meanwhile, {len(load.unreadable)} unreadable,"
        f" the slowest round {load.slowest:.2f} s"
    )
