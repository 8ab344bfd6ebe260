"""Files are replaced whole: what was there before, or what was written, and nothing beside it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from infrastructure import durable


def test_a_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    durable.write(tmp_path / "file", b"words")
    assert (tmp_path / "file").read_bytes() == b"words"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_another_mode_is_what_was_asked_for_whatever_is_masked(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        durable.write(tmp_path / "file", b"words", 0o644)
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_what_was_there_is_replaced_whole_and_its_readers_keep_what_they_opened(
    tmp_path: Path,
) -> None:
    durable.write(tmp_path / "file", b"the old words")
    with (tmp_path / "file").open("rb") as opened:
        durable.write(tmp_path / "file", b"new")
        assert opened.read() == b"the old words"
    assert (tmp_path / "file").read_bytes() == b"new"


def test_what_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable.write(tmp_path / "file", b"the old words")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        durable.write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"the old words"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_file_takes_anothers_place_and_nothing_of_that_is_left(tmp_path: Path) -> None:
    durable.write(tmp_path / "old", b"an old secret")
    durable.write(tmp_path / "new", b"a new one")
    with (tmp_path / "old").open("rb") as opened:
        durable.replace(tmp_path / "new", tmp_path / "old")
        assert opened.read() == bytes(13)
    assert (tmp_path / "old").read_bytes() == b"a new one"
    assert [each.name for each in tmp_path.iterdir()] == ["old"]
