"""What every store of rows must do, whichever database it lies in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from domain.rows import Change, Key, Overtaken, StoredRow, Table, ViewStore
from infrastructure.stores.views_memory import MemoryViews
from infrastructure.stores.views_sqlite import SqliteViews

LINES = Table("lines", key=("file", "number"), clear=("time_ms", "colour"), indexes=(("time_ms",),))
SINGLES = Table("singles", key=("name",))
TABLES = (LINES, SINGLES)

Make = Callable[[], ViewStore]


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """A maker of fresh stores of one kind."""
    opened: list[SqliteViews] = []

    def memory() -> ViewStore:
        return MemoryViews()

    def sqlite() -> ViewStore:
        opened.append(SqliteViews(tmp_path / f"{len(opened)}.db", TABLES))
        return opened[-1]

    yield memory if request.param == "memory" else sqlite
    for each in opened:
        each.close()


def line(file: str, number: int, time_ms: int, colour: str = "red", position: int = 0) -> Change:
    cell = f"{file}{number}{time_ms}".encode()
    row = StoredRow((file, number), (time_ms, colour), cell, b"digest", position, "subject")
    return Change(LINES, row)


def keys(rows: list[StoredRow]) -> list[Key]:
    return [row.key for row in rows]


changes = st.lists(
    st.builds(
        line,
        st.sampled_from("ab"),
        st.integers(0, 5),
        st.integers(0, 3),
        st.sampled_from(["red", "blue"]),
        st.integers(0, 9),
    ),
    max_size=12,
)


def test_an_empty_store_stands_before_the_first_event(make: Make) -> None:
    store = make()
    assert store.position() == -1
    assert store.load(LINES, ("a", 1)) is None
    assert list(store.every(LINES)) == []
    assert store.select(LINES, {}) == []


def test_a_row_comes_back_as_it_was_saved(make: Make) -> None:
    store = make()
    single = StoredRow(("only",), (), b"\x00cell", b"\xffdigest", 7, "subject")
    store.save([line("a", 1, 5), Change(SINGLES, single)], before=-1, after=7)
    assert store.load(SINGLES, ("only",)) == single
    assert store.load(LINES, ("a", 1)) == line("a", 1, 5).row
    assert store.position() == 7


def test_rows_are_removed_by_their_keys_and_the_position_stays(make: Make) -> None:
    store = make()
    store.save([line("a", number, 5) for number in range(4)], before=-1, after=9)
    store.remove(LINES, [("a", 1), ("a", 3), ("b", 1)])
    assert keys(store.select(LINES, {})) == [("a", 0), ("a", 2)]
    store.remove(LINES, [])
    assert store.position() == 9
    store.save([line("a", 1, 6)], before=9, after=10)
    assert keys(store.select(LINES, {})) == [("a", 0), ("a", 1), ("a", 2)]


def test_what_was_removed_is_in_no_byte_of_the_file(tmp_path: Path) -> None:
    store = SqliteViews(tmp_path / "lines.db", TABLES)
    store.save([line("a marker of hers", 1, 5), line("b", 1, 5)], before=-1, after=0)
    store.remove(LINES, [("a marker of hers", 1)])
    found = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert b"a marker of hers" not in found
    store.close()


def test_a_row_is_replaced_whole(make: Make) -> None:
    store = make()
    store.save([line("a", 1, 5, "red")], before=-1, after=0)
    store.save([line("a", 1, 6, "blue", 1)], before=0, after=1)
    assert list(store.every(LINES)) == [line("a", 1, 6, "blue", 1).row]


def test_a_batch_without_rows_moves_the_position(make: Make) -> None:
    store = make()
    store.save([], before=-1, after=41)
    assert store.position() == 41


def test_a_batch_is_saved_once(make: Make) -> None:
    store = make()
    store.save([line("a", 1, 5)], before=-1, after=3)
    for before in (-1, 2, 4):
        with pytest.raises(Overtaken):
            store.save([line("a", 1, 99), line("b", 1, 99)], before=before, after=9)
    assert store.position() == 3
    assert list(store.every(LINES)) == [line("a", 1, 5).row]


def test_what_is_no_column_is_not_asked_for(make: Make) -> None:
    store = make()
    for equal, span in (
        ({"cell": 1}, None),
        ({"1=1 OR file": "a"}, None),
        ({}, ("position", 0, 1)),
    ):
        with pytest.raises(ValueError, match="column"):
            store.select(LINES, equal, span=span)


@given(changes)
def _selects_like_a_list(make: Make, saved: list[Change]) -> None:
    store = make()
    store.save(saved, before=-1, after=0)
    rows = list({change.row.key: change.row for change in saved}.values())
    rows.sort(key=lambda row: row.key)
    assert list(store.every(LINES)) == rows
    assert store.select(LINES, {}) == rows
    assert store.select(LINES, {}, newest_first=True) == rows[::-1]
    for limit in (0, 1, 3):
        assert store.select(LINES, {}, limit=limit) == rows[:limit]
    ours = [row for row in rows if row.key[0] == "a" and row.clear[1] == "red"]
    assert store.select(LINES, {"file": "a", "colour": "red"}) == ours
    spanned = sorted(
        (row for row in rows if 1 <= int(row.clear[0] or 0) <= 2),
        key=lambda row: (row.clear[0], row.key),
    )
    span = ("time_ms", 1, 2)
    assert store.select(LINES, {}, span=span) == spanned
    assert store.select(LINES, {}, span=span, newest_first=True, limit=3) == spanned[::-1][:3]


def test_rows_are_selected_in_the_order_of_the_span_then_of_the_key(make: Make) -> None:
    _selects_like_a_list(make)


def test_a_number_is_not_the_text_of_it(make: Make) -> None:
    store = make()
    store.save([line("1", 1, 5)], before=-1, after=0)
    assert keys(store.select(LINES, {"file": "1"})) == [("1", 1)]
    assert store.select(LINES, {"file": 1}) == []
    assert store.select(LINES, {"number": "1"}) == []


def test_rows_outlive_their_store_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    first = SqliteViews(path, TABLES)
    first.save([line("a", 1, 5)], before=-1, after=3)
    first.close()
    second = SqliteViews(path, TABLES)
    assert (second.position(), list(second.every(LINES))) == (3, [line("a", 1, 5).row])
    second.close()


def test_a_snapshot_does_not_see_what_is_saved_meanwhile(tmp_path: Path) -> None:
    store = SqliteViews(tmp_path / "views.db", TABLES)
    store.save([line("a", 1, 5)], before=-1, after=3)
    with store.snapshot() as frozen:
        store.save([line("a", 2, 5)], before=3, after=4)
        assert (frozen.position(), len(frozen.every(LINES))) == (3, 1)
    assert (store.position(), len(store.every(LINES))) == (4, 2)
    store.close()


def test_a_batch_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    store = SqliteViews(tmp_path / "views.db", TABLES)
    broken = Change(LINES, line("a", 2, 5).row._replace(cell=None))  # type: ignore[arg-type]  # on purpose
    with pytest.raises(Exception, match="NOT NULL"):
        store.save([line("a", 1, 5), broken], before=-1, after=3)
    assert (store.position(), list(store.every(LINES))) == (-1, [])
    store.close()
