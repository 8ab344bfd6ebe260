"""Time stamps of checkpoints: asked for once a day, entered in the log once, checked by anybody."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infrastructure.anchor.checkpointer import STAMP_SECONDS, Checkpointer, create
from infrastructure.anchor.stamps import TimeAuthority, enter_new, kept, verify_entered
from infrastructure.anchor.timestamp import Stamped
from infrastructure.folder import OpenFolder
from infrastructure.layout import structure
from infrastructure.ledger.errors import AnchorRefused
from infrastructure.ledger.trust import Trust
from infrastructure.verify import verify_folder
from tests.support.authority import Authority, answer, issue, listening

Open = Callable[..., OpenFolder]
ROOT = issue("Root of the tests", ca=True)
TSA = issue("Stamps of the tests", ROOT)
GOOD = Authority(TSA, (TSA.der,))
ROOTS = (ROOT.certificate,)
DAY_ONE = 1_790_000_000


def stamps(connection: socket.socket, query: bytes) -> None:
    connection.sendall(answer(GOOD.but(time=datetime.now(UTC)).reply(query)))


def silent(_connection: socket.socket, _query: bytes) -> None:
    pass


@pytest.fixture
def clinic_of_today(open_: Open, old_clinic: Path, tmp_path: Path) -> OpenFolder:
    """A clinic whose checkpoint has been published."""
    folder = open_(old_clinic)
    vkey = create(tmp_path / "checkpointer", folder.vault.lineage, folder.append_key)
    folder.layout.policy.write_text(f"log {vkey}\nquorum none\n")
    with checkpointer(folder, tmp_path) as found:
        found.step()
    return folder


def checkpointer(folder: OpenFolder, tmp_path: Path) -> closing[Checkpointer]:
    trust = Trust.parse(folder.layout.policy.read_bytes())
    store = structure(folder.layout.record)
    return closing(Checkpointer(tmp_path / "checkpointer", store, folder.layout.log, trust))


def entered(folder: OpenFolder) -> int:
    return enter_new(folder.layout.log, folder.store, folder.vault.log_id, folder.guard.enter)


def test_a_checkpoint_is_stamped_once_a_day(clinic_of_today: OpenFolder, tmp_path: Path) -> None:
    with listening(stamps) as url, checkpointer(clinic_of_today, tmp_path) as found:
        authority = TimeAuthority(url, ROOTS)
        size = found.stamp(authority, DAY_ONE)
        assert size == clinic_of_today.store.standing().size
        assert found.stamp(authority, DAY_ONE + STAMP_SECONDS - 1) is None
        assert found.stamp(authority, DAY_ONE + STAMP_SECONDS) == size
    assert [each.size for each in kept(clinic_of_today.layout.log)] == [size]


def test_a_stamp_is_entered_once_and_states_by_when_the_checkpoint_existed(
    clinic_of_today: OpenFolder, tmp_path: Path
) -> None:
    folder = clinic_of_today
    with listening(stamps) as url, checkpointer(folder, tmp_path) as found:
        size = found.stamp(TimeAuthority(url, ROOTS), DAY_ONE)
    assert entered(folder) == 1
    assert entered(folder) == 0
    verify_folder(folder)
    store, log_id = folder.store, folder.vault.log_id
    ((stamped, stated),) = verify_entered(folder.layout.log, store, log_id, ROOTS)
    assert stamped == size
    assert isinstance(stated, Stamped)
    assert abs(stated.time - datetime.now(UTC)).total_seconds() < 60
    stranger = (issue("Another root", ca=True).certificate,)
    assert list(verify_entered(folder.layout.log, store, log_id, stranger)) == [(size, "E-TIME")]


def test_a_stamp_whose_note_was_altered_states_nothing(
    clinic_of_today: OpenFolder, tmp_path: Path
) -> None:
    folder = clinic_of_today
    with listening(stamps) as url, checkpointer(folder, tmp_path) as found:
        size = found.stamp(TimeAuthority(url, ROOTS), DAY_ONE)
    entered(folder)
    note = folder.layout.log / "anchors" / f"{size}.note"
    note.write_bytes(note.read_bytes().replace(b"=", b"A", 1))
    store, log_id = folder.store, folder.vault.log_id
    ((_, stated),) = verify_entered(folder.layout.log, store, log_id, ROOTS)
    assert isinstance(stated, str)
    note.unlink()
    ((_, stated),) = verify_entered(folder.layout.log, store, log_id, ROOTS)
    assert stated == "E-TIME"


def test_an_authority_that_says_nothing_leaves_nothing_behind(
    clinic_of_today: OpenFolder, tmp_path: Path
) -> None:
    with listening(silent) as url, checkpointer(clinic_of_today, tmp_path) as found:
        with pytest.raises(AnchorRefused):
            found.stamp(TimeAuthority(url, ROOTS), DAY_ONE)
        assert not found.step().fresh
    assert list(kept(clinic_of_today.layout.log)) == []
