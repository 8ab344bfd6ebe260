"""The checkpointer against a head that says more than there are rows: it ends, unsigned."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from infrastructure.anchor.checkpointer import Checkpointer, create
from infrastructure.folder import OpenFolder
from infrastructure.layout import structure
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.trust import Trust

ORIGIN = "clinic.example/log/1"


@pytest.mark.timeout(20)
def test_rows_that_are_missing_at_the_end_are_not_waited_for(
    open_: Callable[..., OpenFolder], old_clinic: Path, tmp_path: Path
) -> None:
    with closing(open_(old_clinic)) as folder:
        vkey = create(tmp_path / "checkpointer", folder.vault.lineage, folder.append_key)
        trust = Trust.parse(f"log {vkey}\nquorum none\n".encode())
    with closing(sqlite3.connect(old_clinic / "record.db", isolation_level=None)) as db:
        db.execute("UPDATE log_head SET size = size + 1")
    with (
        closing(structure(old_clinic / "record.db")) as store,
        closing(Checkpointer(tmp_path / "checkpointer", store, tmp_path / "log", trust)) as found,
        pytest.raises(LogBroken) as caught,
    ):
        found.step()
    assert caught.value.code == "E-ROOT"
    assert not (tmp_path / "log" / "checkpoint").exists()
