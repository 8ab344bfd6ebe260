"""Opens a data folder in a process that has no custody: its keys are with the broker.

What a worker may not have is not there: no key store, no key-encryption key, no key that names
subjects or wraps texts. Whoever reaches for one of them is told so.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from domain.errors import RecordUnavailable
from domain.ports import Clock
from infrastructure.broker.client import RemoteBroker
from infrastructure.broker.keys import RemoteItems, RemoteKeyring
from infrastructure.broker.line import Line
from infrastructure.broker.protocol import VERSION, Ask
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import Held, Logged, OpenFolder, assembled
from infrastructure.layout import FORMAT, Layout, check_format, read_genesis
from infrastructure.lineage import Lineage
from infrastructure.stores.contract import RecordStore
from infrastructure.vault.bell import Bell
from infrastructure.vault.custody.port import MAC
from infrastructure.vault.keystore import KeyStore
from infrastructure.world import SystemClock

_INDEX = "index-"


def open_through(
    folder: Path, socket: Path, *, clock: Clock | None = None, pinned: bool = True
) -> OpenFolder:
    """Open a data folder whose keys the broker behind a socket has.

    Raises:
        LogBroken: The record was put back to an earlier state, or does not go on from its head.
        FolderRefused: It is missing, incomplete, of another version, or another broker's; or no
            broker answers.
    """
    check_format(folder)
    layout = Layout(folder)
    if layout.format.read_text() != FORMAT:
        raise FolderRefused("The data folder is of an older format; the broker brings it forward.")
    line = Line(socket)
    with ExitStack() as opened:
        opened.callback(line.close)
        genesis = read_genesis(layout.record)
        try:
            log_id, *secrets = line.ask(Ask.HELLO, VERSION)
        except RecordUnavailable:
            raise FolderRefused("No broker answers on this socket.") from None
        if log_id != genesis.log_id:
            raise FolderRefused("The broker on this socket is another clinic's.")

        def hold(_store: RecordStore, _lineage: Lineage, bell: Bell, _logged: Logged) -> Held:
            keyring = RemoteKeyring(line, bell.count)
            items = RemoteItems(line, keyring)
            broker = RemoteBroker(line, keyring)
            return Held(KeysElsewhere(line), CustodyElsewhere(line), keyring, items, broker, [])

        known = {str(name): bytes(secret) for name, secret in secrets}
        try:
            found = assembled(
                layout, genesis, known, hold, clock or SystemClock(), opened, pinned=pinned
            )
        except sqlite3.DatabaseError:
            raise FolderRefused("The data folder is damaged.") from None
        # It is the caller's to close from now on.
        opened.pop_all()
    return found


class KeysElsewhere(KeyStore):
    """Stands where a process has no key store; every use of it is refused."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def close(self) -> None:
        """End the connections to the broker, which has the key store."""
        self.line.close()

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse what every method of a key store reaches for.

        Raises:
            RecordUnavailable: Always.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        raise RecordUnavailable


class CustodyElsewhere:
    """Custody as a worker has it: keyed hashes for the index, and nothing else."""

    capabilities = frozenset({MAC})

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def generation(self) -> int:
        """Unknown here."""
        raise RecordUnavailable

    @property
    def generations(self) -> tuple[int, ...]:
        """Unknown here."""
        raise RecordUnavailable

    def mac(self, name: str, data: bytes) -> bytes:
        """The keyed hash of a value that is looked for, of which the broker counts how many.

        Raises:
            RecordUnavailable: There were too many.
        """
        field = name.removeprefix(_INDEX)
        value = data.partition(b"\0")[2]
        if field == name:
            raise Broken("E-KEYSTATE", "a keyed hash that is for no index")
        (found,) = self._line.ask(Ask.FINGERPRINT, field, value.decode(), None)
        return bytes(found)

    def wrap(self, generation: int, secret: bytes, context: bytes) -> bytes:
        """Refused."""
        raise RecordUnavailable

    def unwrap(self, generation: int, wrapped: bytes, context: bytes) -> bytes:
        """Refused."""
        raise RecordUnavailable

    def rotate(self) -> int:
        """Refused."""
        raise RecordUnavailable

    def destroy(self, generation: int) -> bytes:
        """Refused."""
        raise RecordUnavailable

    def adopt(self, generation: int, secret: bytes) -> None:
        """Refused."""
        raise RecordUnavailable

    def export(self, generation: int) -> bytes | None:
        """Refused."""
        raise RecordUnavailable

    def forget(self, generation: int) -> None:
        """Nothing is in memory here."""

    def close(self) -> None:
        """Nothing is open here."""
