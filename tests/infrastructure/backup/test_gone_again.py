"""What a lost log had destroyed stays destroyed; and which log is believed that says what was."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest

from infrastructure.anchor import policy as trust_policy
from infrastructure.anchor.checkpointer import Checkpointer
from infrastructure.backup.restore import Wanted, restore
from infrastructure.backup.seen import Seen
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import OpenFolder, open_with
from infrastructure.guard.recovery import recover
from infrastructure.ledger.checkpoint import cosigned
from infrastructure.ledger.note import COSIGNATURE_ED25519, Note, Signer
from infrastructure.vault.custody import Custody
from infrastructure.verify import verify_folder
from tests.infrastructure.backup.test_later import published, signing  # noqa: F401 - a fixture
from tests.infrastructure.conftest import PASSPHRASES
from tests.support import ink
from tests.support.backups import Trio, keys_of, shred
from tests.support.softhsm import about_the_keyfile

NOTE = ink.an_id(f"note {ink.BASIA}")


@about_the_keyfile
def test_an_older_key_store_brings_back_nothing_that_a_lost_log_had_destroyed(
    running: OpenFolder,
    signing: Checkpointer,  # noqa: F811 - the fixture
    trio: Trio,
    custody: Custody,
    tmp_path: Path,
) -> None:
    trio.made(running)
    before = running.layout.keys.read_bytes()
    shred(running, PASSPHRASES, keys=keys_of(running, NOTE))
    log = published(running, signing, tmp_path / "log")
    place = tmp_path / "restored"
    place.mkdir()
    shutil.copyfile(running.layout.keyfile, place / "kek.key")
    restore(place, custody, Wanted(trio.places, seen=Seen.gather([], None, log), log=log))
    recover(place, PASSPHRASES, origin="clinic.example/log/2", reason="a disk has died")
    (place / "keys.db").write_bytes(before)
    with closing(open_with(place, custody)) as folder:
        (row, *_) = folder.store.stream(bytes.fromhex(NOTE))
        assert folder.record.mapper.open(row).event is None
        assert [each.code for each in folder.guard.incidents.all()] == ["E-KEYSTATE"]
        verify_folder(folder)
        (place / "keys.db").write_bytes(before)
        with pytest.raises(Broken, match="E-KEYSTATE"):
            verify_folder(folder)


@pytest.mark.parametrize("altered", [False, True])
def test_a_slow_clock_lets_no_altered_log_say_what_was_destroyed(
    running: OpenFolder,
    signing: Checkpointer,  # noqa: F811 - the fixture
    trio: Trio,
    custody: Custody,
    tmp_path: Path,
    *,
    altered: bool,
) -> None:
    witness = Signer.generate("witness.example/1", COSIGNATURE_ED25519)
    policy = running.layout.policy
    logs = [each for each in policy.read_text().splitlines() if each.startswith("log ")]
    lines = [*logs, f"witness one {witness.verifier.vkey()}", "quorum one"]
    trust_policy.put(policy, "".join(f"{each}\n" for each in lines).encode())
    trio.made(running)
    shred(running, PASSPHRASES, keys=keys_of(running, NOTE))
    log = published(running, signing, tmp_path / "log")
    note = Note.parse((log / "checkpoint").read_bytes())
    tomorrow = cosigned(note, witness, int(time.time()) + 86_400)
    (log / "checkpoint").write_bytes(note.with_signatures(tomorrow).encode())
    wanted = Wanted(trio.places, log=log)
    if not altered:
        assert restore(tmp_path / "restored", custody, wanted).found.shreds == 1
        return
    control = next(each for each in (log / "control").rglob("*") if each.is_file())
    data = bytearray(control.read_bytes())
    data[-40] ^= 1
    control.write_bytes(data)
    with pytest.raises(FolderRefused, match="not whole"):
        restore(tmp_path / "restored", custody, wanted)
