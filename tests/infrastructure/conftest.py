"""Data folders for the tests of this room: made once, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from infrastructure import folder as data_folder, founding
from infrastructure.folder import OpenFolder
from infrastructure.vault.custody import LIGHT, Custody, open_custody
from tests.support import ink, softhsm

PASSPHRASES = ["the director's own words", "the words in the envelope"]


class Hands:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.at = ink.NOW

    def now(self) -> datetime:
        """The instant that the hands show."""
        return self.at

    def move(self, **by: int) -> None:
        """Turn the hands."""
        self.at += timedelta(**by)


@dataclass(frozen=True)
class Made:
    """A data folder that is copied and not used, with its key-encryption key."""

    path: Path
    custody: Custody

    def key(self) -> bytes:
        """The key-encryption key itself, for another process; from a token it is not to be had."""
        found = self.custody.export(1)
        if found is None:
            pytest.skip("no key ever leaves a token")
        return found


Open = Callable[..., OpenFolder]


def _made(path: Path, passphrases: list[str], origin: str) -> Made:
    settings, pin = softhsm.founding()
    founding.create(
        path,
        passphrases,
        origin=origin,
        cost=LIGHT,
        clock=Hands(),
        custody=settings,
        secret=pin,
    )
    return Made(path, open_custody(path, pin or passphrases[0]))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    path = tmp_path_factory.mktemp("made") / "clinic"
    return _made(path, PASSPHRASES, "clinic.example/log/1")


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Another clinic's data folder."""
    path = tmp_path_factory.mktemp("other") / "clinic"
    return _made(path, PASSPHRASES[:1], "other.example/log/1")


@pytest.fixture(scope="session")
def written(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A data folder with two clients in it, with notes, a process note and looks."""
    path = tmp_path_factory.mktemp("written") / "clinic"
    shutil.copytree(made.path, path)
    folder = data_folder.open_with(path, made.custody, clock=Hands())
    append = folder.record.append_now
    for client in (ink.ANNA, ink.BASIA):
        append((ink.registered(client), ink.opened(client)), ink.WHO)
        append((ink.drafted(client),), ink.WHO)
        append((ink.revised(client, 1), ink.looked(client)), ink.WHO)
    append((ink.thought(ink.ANNA),), ink.WHO)
    for _ in range(3):
        append((ink.looked(ink.ANNA),), ink.WHO)
    folder.close()
    return Made(path, made.custody)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def clinic(made: Made, tmp_path: Path) -> Path:
    """A data folder of the test's own."""
    return Path(shutil.copytree(made.path, tmp_path / "clinic"))


@pytest.fixture
def old_clinic(written: Made, tmp_path: Path) -> Path:
    """A data folder of the test's own, with something in it."""
    return Path(shutil.copytree(written.path, tmp_path / "old"))


@pytest.fixture
def open_(made: Made, hands: Hands) -> Iterator[Open]:
    """Opens a copy; whatever was opened is closed after the test."""
    opened: list[OpenFolder] = []

    def open_one(path: Path, *, pinned: bool = True) -> OpenFolder:
        opened.append(data_folder.open_with(path, made.custody, clock=hands, pinned=pinned))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def folder(open_: Open, clinic: Path) -> OpenFolder:
    return open_(clinic)
