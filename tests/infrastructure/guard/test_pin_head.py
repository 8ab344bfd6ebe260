"""The pinned head against a head that its own rows do not bear out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from infrastructure.folder import OpenFolder
from infrastructure.ledger.errors import LogBroken

Open = Callable[..., OpenFolder]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_head SET size = size + 1",
        "DELETE FROM record WHERE pos = (SELECT max(pos) FROM record)",
    ],
    ids=["a larger size", "no last row"],
)
def test_a_head_that_says_more_than_its_rows_is_refused(
    open_: Open, old_clinic: Path, statement: str
) -> None:
    open_(old_clinic).close()
    with closing(sqlite3.connect(old_clinic / "record.db", isolation_level=None)) as db:
        db.execute("DROP TRIGGER record_is_append_only_2")
        db.execute(statement)
    with pytest.raises(LogBroken) as caught:
        open_(old_clinic)
    assert caught.value.code == "E-ROOT"
