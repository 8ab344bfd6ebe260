"""A few requests with JSON to one server that holds keys.

Connections are kept and shared among threads. No redirect is followed, no proxy is asked, nothing
of an answer is believed beyond its status and the fields that were asked for; beyond loopback it
speaks TLS alone.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from infrastructure.errors import CustodyUnavailable, FolderRefused

MOST_BYTES = 1 << 16
"""Of an answer."""
SECONDS = 10.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Answer(NamedTuple):
    """What a server said."""

    status: int
    body: dict[str, Any]


class Server:
    """A server by its address, and what is said to it with every request."""

    def __init__(self, url: str, headers: Mapping[str, str], *, authority: str = "") -> None:
        """Take an address; ``authority`` is a file of certificates to believe instead of the usual.

        Raises:
            FolderRefused: The address is not one, is beyond loopback without TLS, or the file
                cannot be read.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise FolderRefused("The address of the key server is not one.") from None
        plain = parts.scheme == "http" and host in _LOOPBACK
        if not host or not (plain or parts.scheme == "https"):
            raise FolderRefused("Beyond loopback a key server is asked over https alone.")
        try:
            context = ssl.create_default_context(cafile=authority or None)
        except OSError:
            raise FolderRefused("The certificates of the key server cannot be read.") from None
        self._secure = context if parts.scheme == "https" else None
        self._host, self._port, self._root = host, port, parts.path.rstrip("/")
        self._headers = {**headers, "Content-Type": "application/json"}
        self._idle: list[HTTPConnection] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Server({self._host})"

    def get(self, path: str) -> Answer:
        """Ask.

        Raises:
            CustodyUnavailable: There was no answer, or none that can be read.
        """
        return self._exchange("GET", path, None, again=True)

    def post(self, path: str, said: Mapping[str, object], *, again: bool = True) -> Answer:
        """Say something; without ``again`` it is said once, whatever becomes of the connection.

        Raises:
            CustodyUnavailable: There was no answer, or none that can be read.
        """
        return self._exchange("POST", path, json.dumps(said).encode(), again=again)

    def delete(self, path: str) -> Answer:
        """Take something away.

        Raises:
            CustodyUnavailable: There was no answer, or none that can be read.
        """
        return self._exchange("DELETE", path, None, again=True)

    def close(self) -> None:
        """Let go of every connection."""
        with self._lock:
            idle, self._idle = self._idle, []
        for each in idle:
            each.close()

    def _exchange(self, method: str, path: str, body: bytes | None, *, again: bool) -> Answer:
        kept = self._kept() if again else None
        if kept is not None:
            try:
                return self._say(kept, method, path, body)
            except (OSError, HTTPException):
                # The server may have closed a connection that stood idle: a fresh one tells.
                kept.close()
        fresh = self._fresh()
        try:
            return self._say(fresh, method, path, body)
        except (OSError, HTTPException, ValueError):
            fresh.close()
            raise CustodyUnavailable from None

    def _say(
        self, connection: HTTPConnection, method: str, path: str, body: bytes | None
    ) -> Answer:
        connection.request(method, self._root + path, body, self._headers)
        with connection.getresponse() as response:
            data = response.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                connection.close()
                raise CustodyUnavailable
            status, stays = response.status, not response.will_close
        if stays:
            with self._lock:
                self._idle.append(connection)
        else:
            connection.close()
        return Answer(status, _object(data))

    def _kept(self) -> HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _fresh(self) -> HTTPConnection:
        if self._secure is None:
            return HTTPConnection(self._host, self._port, timeout=SECONDS)
        return HTTPSConnection(self._host, self._port, timeout=SECONDS, context=self._secure)


def _object(data: bytes) -> dict[str, Any]:
    if not data:
        return {}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise CustodyUnavailable from None
    if not isinstance(found, dict):
        raise CustodyUnavailable
    return found
