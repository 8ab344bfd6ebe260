"""Nobody gets more than her share: not by asking twice at once, nor in another process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from domain.values import ActorId
from infrastructure.allowances import Allowances

ANNA, BARTEK = ActorId("a" * 32), ActorId("b" * 32)
TODAY = date(2026, 3, 2)
ROOT = Path(__file__).parents[2]
GREEDY = """
import sys
from datetime import date
from pathlib import Path
from infrastructure.allowances import Allowances

found = Allowances(Path(sys.argv[1]))
print(sum(found.spend("a" * 32, "lookups", date(2026, 3, 2), 20) for _ in range(30)))
"""


@pytest.fixture
def allowances(tmp_path: Path) -> Iterator[Allowances]:
    """An empty store."""
    with closing(Allowances(tmp_path / "lookups.db")) as opened:
        yield opened


def spent(allowances: Allowances, times: int, actor: ActorId = ANNA, what: str = "x") -> int:
    return sum(allowances.spend(actor, what, TODAY, 20) for _ in range(times))


def test_so_many_times_and_no_more(allowances: Allowances) -> None:
    assert allowances.left(ANNA, "x", TODAY, 20)
    assert spent(allowances, 25) == 20
    assert not allowances.left(ANNA, "x", TODAY, 20)
    assert not allowances.spend(ANNA, "x", TODAY, 0)


def test_each_has_her_own_for_each_thing_and_day(allowances: Allowances) -> None:
    assert spent(allowances, 20) == 20
    assert spent(allowances, 20, BARTEK) == 20
    assert spent(allowances, 20, what="y") == 20
    assert allowances.spend(ANNA, "x", TODAY + timedelta(days=1), 20)


def test_it_outlasts_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "lookups.db"
    with closing(Allowances(path)) as first:
        assert spent(first, 15) == 15
    with closing(Allowances(path)) as second:
        assert spent(second, 15) == 5


def test_of_many_who_ask_at_once_no_more_get_it(tmp_path: Path) -> None:
    path = tmp_path / "lookups.db"
    with ThreadPoolExecutor(8) as pool, closing(Allowances(path)) as one:
        taken = pool.map(lambda _: one.spend(ANNA, "x", TODAY, 20), range(100))
        assert sum(taken) == 20


def test_processes_share_one_count(tmp_path: Path) -> None:
    path = tmp_path / "lookups.db"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", GREEDY, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    assert sum(int(each.communicate(timeout=60)[0]) for each in running) == 20


def test_what_is_old_is_swept(allowances: Allowances) -> None:
    for day in range(5):
        allowances.spend(ANNA, "x", TODAY + timedelta(days=day), 20)
    kept = allowances._db.execute("SELECT day FROM spent ORDER BY day").fetchall()
    assert [each[0] for each in kept] == ["2026-03-05", "2026-03-06"]


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with closing(Allowances(tmp_path / "lookups.db")):
        assert (tmp_path / "lookups.db").stat().st_mode & 0o777 == 0o600
