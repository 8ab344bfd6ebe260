"""Which backups there are, and that backups of keys expire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from infrastructure.backup import expiry
from infrastructure.backup.listed import NAME, Backups, Listed
from infrastructure.backup.manifest import MANIFEST, BackupSet
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import OpenFolder
from tests.support.backups import Trio

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
a_time = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made UTC
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
a_listing = st.builds(
    Listed,
    st.binary(min_size=16, max_size=16).map(bytes.hex),
    st.sampled_from(BackupSet),
    st.integers(0, 2**31),
    a_time,
    st.none() | a_time,
    st.booleans(),
)


@settings(max_examples=15)
@given(listed=st.lists(a_listing, max_size=4, unique_by=lambda each: (each.backup, each.kind)))
def test_what_was_listed_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, listed: list[Listed]
) -> None:
    backups = Backups(tmp_path_factory.mktemp("listed"))
    for each in listed:
        backups.put(each)
        backups.put(each)
    assert backups.all() == listed
    for each in listed:
        assert backups.take_out(each.backup, each.kind)
        assert not backups.take_out(each.backup, each.kind)
    assert backups.all() == []


def test_a_set_is_listed_as_whole_once_it_is(tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    begun = Listed("b" * 32, BackupSet.KEYS, 1, NOW, NOW + timedelta(days=7), whole=False)
    backups.put(begun)
    whole = Listed("b" * 32, BackupSet.KEYS, 1, NOW, NOW + timedelta(days=7), whole=True)
    backups.put(whole)
    assert backups.extant_keys() == [whole]
    assert whole.expires_ms == int((NOW + timedelta(days=7)).timestamp()) * 1000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "powiernik-backups 2\n",
        "powiernik-backups 1",
        "powiernik-backups 1\n\n",
        f"powiernik-backups 1\n{'b' * 32} keys 1 2026-11-23T09:00:00Z never\n",
        f"powiernik-backups 1\n{'b' * 32} keys 01 2026-11-23T09:00:00Z never 1\n",
        f"powiernik-backups 1\n{'b' * 32} keys 1 2026-11-31T09:00:00Z never 1\n",
        f"powiernik-backups 1\n{'B' * 32} keys 1 2026-11-23T09:00:00Z never 1\n",
        f"powiernik-backups 1\n{'b' * 32} everything 1 2026-11-23T09:00:00Z never 1\n",
    ],
)
def test_a_list_in_other_words_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(Broken, match="E-PARSE"):
        Backups(tmp_path).all()


def test_a_list_that_is_too_long_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        file.truncate(1 << 34)
    with pytest.raises(Broken, match="E-LIMIT"):
        Backups(tmp_path).all()


def test_backups_of_keys_that_are_past_their_date_are_deleted(
    running: OpenFolder, trio: Trio
) -> None:
    made = trio.made(running)
    data, keys = running.layout.folder, trio.places[BackupSet.KEYS]
    before = made.sets[BackupSet.KEYS].head.expires
    assert before is not None
    early = expiry.expire(data, [keys], before - timedelta(seconds=1))
    assert (early.deleted, early.unreached) == ((), ())
    (gone,) = expiry.expire(data, [keys], before).deleted
    assert gone.backup == made.backup
    assert list(keys.iterdir()) == []
    # The other sets hold no key, and stay.
    assert {each.kind for each in Backups(data).all()} == {BackupSet.RECORD, BackupSet.ACCOUNTS}
    assert (trio.set(BackupSet.RECORD) / MANIFEST).exists()


def test_a_backup_of_keys_that_cannot_be_reached_is_listed_until_somebody_says_that_it_is_gone(
    running: OpenFolder, trio: Trio, tmp_path: Path
) -> None:
    made = trio.made(running)
    data, later = running.layout.folder, datetime.now(UTC) + timedelta(days=8)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for _ in range(2):
        found = expiry.expire(data, [elsewhere, tmp_path / "unplugged"], later)
        assert found.deleted == ()
        assert [each.backup for each in found.unreached] == [made.backup]
    expiry.forget(data, made.backup)
    assert expiry.expire(data, [], later).unreached == ()
    with pytest.raises(FolderRefused):
        expiry.forget(data, made.backup)


def test_a_key_set_that_was_cut_short_expires_as_well(running: OpenFolder, trio: Trio) -> None:
    class Stopped(Exception):
        pass

    def stop(what: str, _now: int, _of: int) -> None:
        if what == "keys":
            raise Stopped

    from infrastructure.backup.make import back_up  # noqa: PLC0415 - this test alone

    with pytest.raises(Stopped):
        back_up(running, running.custody, trio.places, progress=stop)
    data, later = running.layout.folder, datetime.now(UTC) + timedelta(days=8)
    (gone,) = expiry.expire(data, [trio.places[BackupSet.KEYS]], later).deleted
    assert not gone.whole
    assert list(trio.places[BackupSet.KEYS].iterdir()) == []


def test_another_clinics_backups_are_not_touched(
    running: OpenFolder, backed_up: Trio, tmp_path: Path
) -> None:
    theirs = backed_up.copy(tmp_path / "theirs")
    later = datetime.now(UTC) + timedelta(days=80)
    before = len(list(theirs.files()))
    expiry.expire(running.layout.folder, theirs.places.values(), later)
    assert len(list(theirs.files())) == before
