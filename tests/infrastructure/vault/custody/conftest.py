"""Every custody there is, each with keys that were just made."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infrastructure.errors import CustodyUnavailable
from infrastructure.vault.custody import (
    LIGHT,
    Custody,
    KmsSettings,
    Settings,
    TransitSettings,
    create as create_keyfile,
    making_custody,
    open_custody,
)
from tests.support import softhsm
from tests.support.keyservers import CREDENTIALS, TOKEN, KmsService, TransitEngine, served

PASSPHRASE = "the director's own words"
ELSEWHERE = ("token", "token without GCM", "transit", "kms")
EVERYWHERE = ("keyfile", *ELSEWHERE)


@dataclass
class Place:
    """Where a clinic's keys are: its folder, what opens it, and what stands behind it."""

    folder: Path
    secret: str = field(repr=False)
    settings: Settings | None = None
    behind: Any = None
    opened: list[Custody] = field(default_factory=list)

    def open(self) -> Custody:
        """The custody, opened once more."""
        self.opened.append(open_custody(self.folder, self.secret))
        return self.opened[-1]


@pytest.fixture(scope="session")
def keyfile_of_a_clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clinic") / "kek.key"
    create_keyfile(path, [PASSPHRASE], cost=LIGHT)
    return path


@pytest.fixture(params=EVERYWHERE)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, keyfile_of_a_clinic: Path
) -> Iterator[Place]:
    """A clinic's keys, in each way there is."""
    with ExitStack() as stack:
        found = _place(request.param, tmp_path, keyfile_of_a_clinic, stack)
        yield found
        for each in found.opened:
            each.close()


@pytest.fixture
def custody(place: Place) -> Custody:
    """The open custody of the clinic."""
    return place.open()


def _place(kind: str, folder: Path, keyfile: Path, stack: ExitStack) -> Place:
    if kind == "keyfile":
        shutil.copy(keyfile, folder / "kek.key")
        return Place(folder, PASSPHRASE)
    found = _elsewhere(kind, folder, stack)
    assert found.settings is not None
    with making_custody(folder, found.settings, found.secret):
        pass
    return found


def _elsewhere(kind: str, folder: Path, stack: ExitStack) -> Place:
    if kind.startswith("token"):
        if softhsm.why_not():
            pytest.skip(softhsm.why_not() or "")
        form = "key-wrap" if kind == "token without GCM" else ""
        soft = softhsm.token()
        return Place(folder, soft.pin, soft.settings(form=form), soft)
    if kind == "transit":
        engine = TransitEngine()
        settings = TransitSettings(stack.enter_context(served(engine)), "clinic")
        return Place(folder, TOKEN, settings, engine)
    service = KmsService()
    url = stack.enter_context(served(service))
    return Place(folder, CREDENTIALS, KmsSettings("eu-central-1", "clinic", endpoint=url), service)


@pytest.fixture
def unavailable() -> Callable[[], AbstractContextManager[object]]:
    """Expect that the keys cannot be reached, and that nothing is told of why."""
    return lambda: pytest.raises(CustodyUnavailable, match=r"^The record is not available")
