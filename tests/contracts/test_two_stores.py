"""The two stores of the record agree over whole lives, and every command can be given twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings, strategies as st

from tests.support.clinic import Founded
from tests.support.life import Life, live, lives
from tests.support.rows import all_in_memory
from tests.support.stories import STORIES, Story, full, join, tell
from tests.support.two_stores import in_memory, on_disk, shown, told

_EVERYTHING = 120
"""More commands than that are done in a full life."""


def must_agree(founded: Founded, folder: Path, lived: Callable[[Life], None]) -> int:
    """Live on both; how many commands were done is returned.

    The rows of one are those that serve, on disk; those of the other lie in memory as its record
    does.
    """
    with on_disk(founded, folder / "disk") as disk, in_memory(founded, folder / "memory") as memory:
        for each in (disk, memory):
            lived(Life.begun(each))
        assert disk.outcomes == memory.outcomes
        assert told(disk) == told(memory)
        assert disk.last_position() == memory.last_position()
        disk.catch_up()
        rows = all_in_memory()
        memory.clinic.follower("follow").catch_up(rows)
        assert shown(disk, disk.views.followed) == shown(memory, rows)
        return len(disk.outcomes)


def test_a_full_life_is_the_same_in_both_stores(founded: Founded, tmp_path: Path) -> None:
    assert must_agree(founded, tmp_path, full) > _EVERYTHING


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=st.sampled_from(STORIES), acts=lives)
def test_whatever_a_clinic_lives_through_is_the_same_in_both_stores(
    founded: Founded, story: Story, acts: list[tuple[int, int]]
) -> None:
    def lived(life: Life) -> None:
        join(life, tell(life.clinic, story))
        live(life, acts)

    with TemporaryDirectory() as folder:
        assert must_agree(founded, Path(folder), lived)
