"""What an older version left of a projection is taken away, and nothing else."""

from __future__ import annotations

from pathlib import Path

from infrastructure.views import sweep


def test_files_of_projections_that_are_no_more_are_taken_away(tmp_path: Path) -> None:
    stay = ["views-case_state-2.current", "views-case_state-2.1.db", "keys.db", "views"]
    go = ["views-case_state-1.current", "views-case_state-1.1.db", "views-case_state-1.1.db-wal"]
    for each in (*stay, *go):
        (tmp_path / each).touch()
    sweep(tmp_path, {"case_state-2"})
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(stay)
