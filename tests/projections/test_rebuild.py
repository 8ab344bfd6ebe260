"""Whatever a clinic lives through, a rebuilt projection equals the followed one, row by row."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from api.compose import PROJECTIONS
from domain.confidentiality import KeyPurpose
from domain.events import VOCABULARY
from domain.rows import Change, Key, Overtaken, StoredRow, Table
from infrastructure.stores.views_memory import MemoryViews
from infrastructure.stores.views_sqlite import SqliteViews
from projections.follower import Followed, Follower
from projections.rebuild import compare, rebuild
from tests.support.clinic import Founded, small_clinic
from tests.support.life import Life, act, lives
from tests.support.rows import all_in_memory, follower

NAMES = [each.name for each in PROJECTIONS]


def must_be_equal(some: Sequence[Followed], others: Sequence[Followed]) -> None:
    for one, other in zip(some, others, strict=True):
        assert one.store.position() == other.store.position()
        for table in one.projection.tables:
            assert faces(one, table) == faces(other, table)
        assert compare(one.projection, one.store, other.store).equal


def faces(followed: Followed, table: Table) -> list[tuple[object, ...]]:
    return [
        (row.key, row.clear, row.digest, row.position, row.subject)
        for row in followed.store.every(table)
    ]


def test_a_full_life_has_something_of_everything(life: Life) -> None:
    record = life.clinic.clinic.folder.record
    events, _ = record.follow(-1, 100_000, frozenset(KeyPurpose))
    found = {each.event.NAME for each in events if each.event}
    elsewhere = ("integration.", "continuity.")
    others = {name for name in VOCABULARY if name.startswith(elsewhere)}
    assert set(VOCABULARY) - found == others | {"practitioner.departed"}


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=lives, batches=st.lists(st.integers(1, 30), min_size=3, max_size=3))
def test_a_rebuild_equals_following_whatever_was_done_and_in_whatever_batches(
    founded: Founded, acts: list[tuple[int, int]], batches: list[int]
) -> None:
    with TemporaryDirectory() as folder, small_clinic(founded, Path(folder) / "copy") as clinic:
        life, step = Life.begun(clinic), follower(clinic)
        followed = all_in_memory()
        for number, (what, chance) in enumerate(acts):
            act(life, what, chance)
            if number % 4 == 0:
                step.step(followed, limit=batches[0])
        clinic.catch_up()
        until = clinic.views.position()
        while step.step(followed, limit=batches[1], until=until):
            pass
        anew = all_in_memory()
        for each in anew:
            while follower(clinic).step([each], limit=batches[2], until=until):
                pass
        must_be_equal(followed, anew)
        must_be_equal(clinic.views.followed, anew)


@pytest.mark.parametrize("name", NAMES)
def test_a_rebuilt_projection_takes_the_place_of_the_serving_one(life: Life, name: str) -> None:
    clinic = life.clinic
    clinic.catch_up()
    heard: list[tuple[int, int]] = []
    found = clinic.clinic.rebuild(name, lambda now, of: heard.append((now, of)))
    assert found.equal
    assert found.rows > 0
    assert heard
    assert heard[-1][0] >= heard[-1][1]
    clinic.catch_up()
    assert (clinic.clinic.folder.layout.folder / f"views-{name}.2.db").exists()


def test_a_clinics_full_life_is_followed_alike_in_memory_and_on_disk(life: Life) -> None:
    clinic = life.clinic
    clinic.catch_up()
    followed = all_in_memory()
    follower(clinic).catch_up(followed, until=clinic.views.position())
    must_be_equal(clinic.views.followed, followed)


def test_a_row_that_differs_is_found(life: Life) -> None:
    clinic = life.clinic
    clinic.catch_up()
    until = clinic.views.position()
    for each in clinic.views.followed:
        rebuilt = MemoryViews()
        rebuild(follower(clinic), Followed(each.projection, rebuilt), until)
        table = each.projection.tables[0]
        honest = rebuilt.every(table)[0]
        for forged in (
            honest._replace(digest=bytes(16)),
            honest._replace(position=honest.position + 1),
            honest._replace(subject="somebody else"),
        ):
            rebuilt.save([Change(table, forged)], before=until, after=until)
            assert compare(each.projection, each.store, rebuilt).different == 1
        rebuilt.save([Change(table, honest)], before=until, after=until)
        assert compare(each.projection, each.store, rebuilt).equal


def test_a_row_that_is_missing_is_found(life: Life) -> None:
    clinic = life.clinic
    clinic.catch_up()
    for each in clinic.views.followed:
        found = compare(each.projection, each.store, MemoryViews())
        assert not found.equal
        assert found.different == found.rows > 0


class Crash(Exception):
    """The process ends."""


class Fragile:
    """Rows in a process that ends before, or right after, some of its batches are saved."""

    def __init__(self, rows: MemoryViews, chance: random.Random) -> None:
        self._rows = rows
        self._chance = chance

    def __getattr__(self, name: str) -> object:
        return getattr(self._rows, name)

    def save(self, changes: Sequence[Change], *, before: int, after: int) -> None:
        """Save, unless the process ends."""
        fate = self._chance.random()
        if fate < 0.3:
            raise Crash
        self._rows.save(changes, before=before, after=after)
        if fate > 0.7:
            raise Crash


def test_a_follower_that_crashes_between_batches_applies_each_event_once(
    life: Life,
) -> None:
    clinic = life.clinic
    clinic.catch_up()
    until = clinic.views.position()
    chance = random.Random(4711)
    rows = [MemoryViews() for _ in PROJECTIONS]
    fragile = [
        Followed(each, Fragile(kept, chance))  # type: ignore[arg-type]  # by __getattr__
        for each, kept in zip(PROJECTIONS, rows, strict=True)
    ]
    crashes = 0
    while min(each.position() for each in rows) < until:
        try:
            follower(clinic).step(fragile, limit=40, until=until)
        except Crash:
            crashes += 1
    assert crashes > 10
    kept = [Followed(each, store) for each, store in zip(PROJECTIONS, rows, strict=True)]
    must_be_equal(kept, clinic.views.followed)


class Blind(MemoryViews):
    """Rows whose reader believes for a while that they stand where they stood before."""

    pretended: int | None = None

    def position(self) -> int:
        """What it believes."""
        return super().position() if self.pretended is None else self.pretended


def test_a_batch_applied_twice_is_overtaken_and_changes_nothing(life: Life) -> None:
    clinic = life.clinic
    step = follower(clinic)
    for projection in PROJECTIONS:
        store = Blind()
        followed = Followed(projection, store)
        step.step([followed], limit=60)
        before, rows = store.position(), everything(followed)
        store.pretended = -1
        with pytest.raises(Overtaken):
            step.step([followed], limit=60)
        store.pretended = None
        assert (store.position(), everything(followed)) == (before, rows)


def test_two_followers_do_not_both_apply_a_batch(life: Life, tmp_path: Path) -> None:
    clinic = life.clinic
    projection = PROJECTIONS[0]
    mine = SqliteViews(tmp_path / "rows.db", projection.tables)
    yours = SqliteViews(tmp_path / "rows.db", projection.tables)
    step: Follower = follower(clinic)

    class Overtaking(MemoryViews):
        """Lets the other one save first."""

        def position(self) -> int:
            return mine.position()

        def load(self, table: Table, key: Key) -> StoredRow | None:
            return mine.load(table, key)

        def save(self, changes: Sequence[Change], *, before: int, after: int) -> None:
            step.step([Followed(projection, yours)], limit=30)
            mine.save(changes, before=before, after=after)

    with pytest.raises(Overtaken):
        step.step([Followed(projection, Overtaking())], limit=30)
    alone = MemoryViews()
    step.step([Followed(projection, alone)], limit=30)
    must_be_equal([Followed(projection, mine)], [Followed(projection, alone)])
    mine.close()
    yours.close()


def everything(followed: Followed) -> list[StoredRow]:
    return [row for table in followed.projection.tables for row in followed.store.every(table)]
