"""Backup, restore and drill of a large clinic, also from before a destruction and a checkpoint."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from api.compose import LIGHT, create, open_clinic
from api.compose.backup import Found, back_up, drill, restore
from api.compose.ledger import checkpointer, create_checkpointer, export_log
from benchmarks.world import World, populate
from domain.confidentiality import KeyPurpose
from infrastructure.guard.recovery import recover
from infrastructure.verify import verify_folder
from tests.support.backups import shred
from tests.support.figures import say

pytestmark = pytest.mark.endurance

EVENTS = int(os.environ.get("POWIERNIK_EVENTS", "100000"))
PASSPHRASES = ["the director's own words", "the words in the envelope"]


def _nothing(_now: int, _of: int) -> None:
    """Tell nobody."""


def test_a_large_clinic_is_put_back_from_before_a_destruction_and_a_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world, data = World(), tmp_path / "clinic"
    create(data, PASSPHRASES, origin="large.example/log/1", cost=LIGHT)
    places = {name: tmp_path / "disks" / name for name in ("record", "keys", "accounts")}
    with closing(open_clinic(data, PASSPHRASES[0])) as clinic:
        files = populate(clinic, world, EVENTS)
        clinic.catch_up()
        create_checkpointer(clinic.folder, tmp_path / "checkpointer")
        with checkpointer(data, tmp_path / "checkpointer") as signing:
            signing.step()
        made = back_up(clinic, places, timedelta(days=7))
        held = drill(clinic, places, scratch=tmp_path)
        assert held.event.equal
        gone = files[0]
        tag = clinic.folder.vault.keyring.tag(gone.owner)
        rows = clinic.folder.keys.rows(
            "SELECT key_id FROM subject_key WHERE subject_tag = ? AND purpose IN (?, ?)",
            (tag, KeyPurpose.CLINICAL, KeyPurpose.CASE),
        )
        shred(clinic.folder, PASSPHRASES, keys=[key_id for (key_id,) in rows])
        with checkpointer(data, tmp_path / "checkpointer") as signing:
            signing.step()
        export_log(data, tmp_path / "log", _nothing)
    target, began = tmp_path / "restored", time.monotonic()
    found = Found(log=tmp_path / "log")
    restored = restore(target, places, PASSPHRASES[0], data / "kek.key", found)
    seconds = time.monotonic() - began
    assert not restored.serves
    assert (restored.found.shreds, restored.found.unreadable) == (1, 0)
    assert restored.found.contents.closed > 0
    shutil.rmtree(data)
    lost = recover(target, PASSPHRASES, origin="large.example/log/2", reason="a drill")
    with closing(open_clinic(target, PASSPHRASES[0])) as clinic:
        clinic.catch_up()
        verified = verify_folder(clinic.folder, contents=False)
        for file, open_ in ((files[0], False), (files[1], True)):
            rows_ = clinic.folder.record.read(file.case)
            assert any(each.event is not None for each in rows_)
            texts = [each.event for each in clinic.folder.record.read(file.client)]
            assert (None not in texts) is open_
    sizes = sum(each.bytes for each in made.sets.values())
    restoring = held.event.milliseconds / 1000
    say(
        capsys,
        f"backup: {verified.size} records, {sizes / 1e6:.0f} MB in {made.seconds:.1f} s;"
        f" drill equal, {held.event.rows} rows, {restoring:.0f} s until it could serve,"
        f" {held.compare_seconds:.0f} s to compare; from before a destruction and {lost.lost}"
        f" records older than the last checkpoint: {seconds:.0f} s, destroyed again, E-ROLLBACK,"
        " recovered",
    )
