"""The broker as a process of its own: opened here, with the only custody of a clinic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.compose.erasing import shredder_of
from domain.ports import Clock
from infrastructure import folder as data_folder
from infrastructure.broker.giving import HANDED_OUT
from infrastructure.broker.hygiene import guard_memory
from infrastructure.broker.line import Line
from infrastructure.broker.protocol import Ask
from infrastructure.broker.quotas import Quotas
from infrastructure.broker.releases import Releases
from infrastructure.broker.server import Server
from infrastructure.broker.service import Service
from infrastructure.errors import WrongKeyStore
from infrastructure.folder import OpenFolder
from infrastructure.vault.rotation import open_secret
from infrastructure.views import locked

__all__ = ["Quotas", "alarms", "broker", "guard_memory", "reconcile", "settle"]


@contextmanager
def broker(
    path: Path,
    secret: str,
    socket: Path,
    *,
    allowed: Iterable[int] = (),
    followers: Iterable[int] | None = None,
    quotas: Quotas | None = None,
    clock: Clock | None = None,
) -> Iterator[Server]:
    """The broker of a data folder, listening on a socket for as long as the block runs.

    Raises:
        FolderRefused: As opening the folder does; or a broker is at work already.
        WrongPassphrase, WrongKeyStore: As opening the folder does.
    """
    folder = data_folder.open_folder(path, secret, clock=clock)
    try:
        with (
            locked(path / "broker.lock"),
            serving(folder, socket, allowed=allowed, followers=followers, quotas=quotas) as server,
        ):
            yield server
    finally:
        folder.close()


@contextmanager
def serving(
    folder: OpenFolder,
    socket: Path,
    *,
    allowed: Iterable[int] = (),
    followers: Iterable[int] | None = None,
    quotas: Quotas | None = None,
) -> Iterator[Server]:
    """``broker`` for a folder that is open."""
    releases = Releases(folder.layout.folder / "releases.db")
    service = Service(
        folder,
        {name: _secret(folder, name) for name in HANDED_OUT},
        releases,
        quotas or Quotas(),
        shredder_of(folder),
        followers=None if followers is None else frozenset(followers),
    )
    server = Server(socket, service, allowed)
    try:
        yield server
    finally:
        server.close()
        service.tend()
        releases.close()


def _secret(folder: OpenFolder, name: str) -> bytes:
    found = open_secret(folder.keys, folder.custody, folder.genesis.log_id, name)
    if found is None:
        msg = "The key store is damaged."
        raise WrongKeyStore(msg)
    return found


def reconcile(socket: Path) -> dict[str, int]:
    """Let the broker compare its book with the log now; what it found.

    Raises:
        RecordUnavailable: No broker answers, or it does not take orders from this user.
    """
    return {str(name): int(count) for name, count in _ask(socket, Ask.RECONCILE)}


def alarms(socket: Path) -> list[dict[str, object]]:
    """The alarms that nobody has settled.

    Raises:
        RecordUnavailable: No broker answers.
    """
    names = ("alarm", "code", "actor", "times")
    return [dict(zip(names, each, strict=True)) for each in _ask(socket, Ask.STATE)]


def settle(socket: Path, number: int) -> bool:
    """Say that an alarm has been looked into; whether there was one.

    Raises:
        RecordUnavailable: No broker answers, or it does not take orders from this user.
    """
    return bool(_ask(socket, Ask.SETTLE, number)[0])


def _ask(socket: Path, ask: Ask, *fields: int) -> list[Any]:
    line = Line(socket)
    try:
        return line.ask(ask, *fields)
    finally:
        line.close()
