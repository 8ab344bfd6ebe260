"""The broker's socket: who may speak on it, one thread for each connection, one reply each.

The socket lies in a folder that nobody else may write to. Whoever connects is judged by the user
that the kernel names, before a byte is read. A frame that is none ends the connection.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from infrastructure.broker.protocol import NotAFrame, Outcome, receive, request, send
from infrastructure.broker.releases import Asker, Peer
from infrastructure.broker.service import TEND_SECONDS, Service
from infrastructure.errors import Broken, FolderRefused

MOST_CONNECTIONS = 256
REPLY_SECONDS = 10
_CREDENTIALS = struct.Struct("3i")
_NOBODY = Asker("", "")

logger = logging.getLogger("powiernik")


class Server:
    """Listens on a socket until it is closed."""

    def __init__(self, path: Path, service: Service, allowed: Iterable[int] = ()) -> None:
        """Listen; ``allowed`` are users of the host beside the one who runs the broker.

        Raises:
            FolderRefused: Another broker listens there, or others may write to the folder.
        """
        self._service = service
        self._path = path
        others = frozenset(allowed) - {os.getuid()}
        # Root may do everything on this host; it gives orders under its own name.
        self._allowed = others | {0, os.getuid()}
        self._socket = _listen(path, others=bool(others))
        self._gate = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("accept", self._accept), ("tend", self._tend))
        ]
        for each in self._threads:
            each.start()

    def close(self) -> None:
        """Stop listening and end every connection."""
        self._closed.set()
        with self._gate:
            connections = [self._socket, *self._connections]
        for connection in connections:
            _shut(connection)
        self._path.unlink(missing_ok=True)
        for thread in self._threads:
            thread.join(REPLY_SECONDS)

    def wait(self) -> None:
        """Wait until it is closed."""
        self._closed.wait()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if not self._closed.is_set():
                    # Too many files are open: others will be closed.
                    time.sleep(0.1)
                continue
            with self._gate:
                full = len(self._connections) >= MOST_CONNECTIONS
                if not full:
                    self._connections.add(connection)
            if full:
                connection.close()
                continue
            threading.Thread(
                target=self._serve, args=(connection,), name="connection", daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        peer = Peer(0, -1)
        try:
            pid, uid, _ = _CREDENTIALS.unpack(
                connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            )
            peer = Peer(pid, uid)
            if uid not in self._allowed:
                self._service.watch.refused(peer, _NOBODY, "foreign-user")
                return
            while (message := receive(connection)) is not None:
                reply = self._service.answer(peer, *request(message))
                try:
                    send(connection, reply)
                except Broken:
                    send(connection, [Outcome.UNAVAILABLE])
        except NotAFrame:
            self._service.watch.refused(peer, _NOBODY, "not-a-frame")
        except OSError:
            # The worker has gone.
            pass
        finally:
            with self._gate:
                self._connections.discard(connection)
            connection.close()

    def _tend(self) -> None:
        while not self._closed.wait(TEND_SECONDS):
            try:
                self._service.tend()
            except Exception as error:  # noqa: BLE001 - a locked file must not end it
                logger.error("the broker's book is behind: %s", type(error).__name__)  # noqa: TRY400 - no traceback


def _listen(path: Path, *, others: bool) -> socket.socket:
    folder = path.parent
    folder.mkdir(mode=0o711 if others else 0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid not in (0, os.getuid()) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise FolderRefused("Others may write to the folder of the broker's socket.")
    if path.exists():
        if _answers(path):
            raise FolderRefused("Another broker listens on this socket.")
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        if others:
            # The kernel names the user of each connection; that decides, not the file's mode.
            path.chmod(0o666)
        listening.listen(MOST_CONNECTIONS)
    except OSError:
        listening.close()
        raise FolderRefused("The broker's socket cannot be made there.") from None
    return listening


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trying:
        try:
            trying.connect(str(path))
        except OSError:
            return False
    return True


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
