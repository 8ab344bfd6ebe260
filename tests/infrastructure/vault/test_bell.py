"""The bell: whoever listens hears a ring, whatever somebody does to its file meanwhile."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import RecordUnavailable
from infrastructure.vault.bell import Bell


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.bell"


@pytest.fixture
def listening(path: Path) -> Iterator[Bell]:
    with closing(Bell(path)) as bell:
        yield bell


def replaced(path: Path) -> None:
    other = path.with_suffix(".other")
    other.write_bytes(path.read_bytes())
    other.rename(path)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "cut short": lambda path: os.truncate(path, 0),
    "half cut": lambda path: os.truncate(path, 5),
    "deleted": lambda path: path.unlink(),
    "replaced": replaced,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_a_ring_is_heard_whatever_was_done_to_the_file(
    path: Path, listening: Bell, damage: Callable[[Path], object]
) -> None:
    with closing(Bell(path)) as ringing:
        for _ in range(3):
            heard = listening.count()
            assert listening.count() == heard
            damage(path)
            ringing.ring()
            assert listening.count() != heard


def test_whoever_rings_first_after_the_file_was_deleted_is_heard(
    path: Path, listening: Bell
) -> None:
    heard = listening.count()
    path.unlink()
    with closing(Bell(path)) as another:
        another.ring()
    assert listening.count() != heard


def test_no_two_rings_at_once_are_heard_as_none(path: Path, listening: Bell) -> None:
    before = listening.count()
    with closing(Bell(path)) as one, closing(Bell(path)) as other:
        threads = [
            threading.Thread(target=lambda bell=bell: [bell.ring() for _ in range(200)])
            for bell in (one, one, other, other)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert listening.count() == before + 800


def test_a_bell_in_a_folder_that_is_gone_opens_nothing(path: Path, listening: Bell) -> None:
    path.unlink()
    path.parent.rmdir()
    with pytest.raises(RecordUnavailable):
        listening.count()
    with pytest.raises(RecordUnavailable):
        listening.ring()
