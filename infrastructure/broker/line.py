"""A worker's connections to the broker: as many as are in use at once, opened anew when it returns.

What fails on the way is the generic refusal: the record is not available, nothing was shown.
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

from domain.errors import Invalid, NotThere, RecordUnavailable, WrongState
from infrastructure.broker.protocol import CODES, Ask, NotAFrame, Outcome, receive, send
from infrastructure.errors import Broken, KeyGone

WAIT_SECONDS = 10
_ONCE = frozenset({Ask.REDEEM, Ask.STANDING, Ask.RETIRE, Ask.SETTLE, Ask.SHRED})
"""What is not asked again when a connection breaks: it may have been heard."""


class Line:
    """Asks the broker behind one socket."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._gate = threading.Lock()
        self._free: list[socket.socket] = []
        self._closed = False

    def ask(self, ask: Ask, *fields: Any) -> list[Any]:
        """What the broker gives.

        Raises:
            RecordUnavailable: It gives nothing, or is not there.
            NotThere: What was asked for is not what the access entry names.
            KeyGone: The key has been destroyed.
            Broken: What is stored is not what was written.
            Invalid, WrongState: A destruction is not to be.
        """
        with self._gate:
            connection = self._free.pop() if self._free else None
        if connection is not None:
            try:
                return self._exchange(connection, ask, fields)
            except (OSError, NotAFrame):
                # It was restarted: the others are as dead.
                self._drop_all()
                if ask in _ONCE:
                    raise RecordUnavailable from None
        try:
            return self._exchange(self._connect(), ask, fields)
        except (OSError, NotAFrame):
            raise RecordUnavailable from None

    def close(self) -> None:
        """End every connection that is not in use."""
        self._closed = True
        self._drop_all()

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(WAIT_SECONDS)
            connection.connect(str(self._path))
        except BaseException:
            connection.close()
            raise
        return connection

    def _exchange(self, connection: socket.socket, ask: Ask, fields: tuple[Any, ...]) -> list[Any]:
        try:
            send(connection, [ask, *fields])
            reply = receive(connection)
            if reply is None:
                raise ConnectionError
        except BaseException:
            connection.close()
            raise
        with self._gate:
            if self._closed:
                connection.close()
            else:
                self._free.append(connection)
        return _given(reply)

    def _drop_all(self) -> None:
        with self._gate:
            free, self._free = self._free, []
        for each in free:
            each.close()


def _given(reply: list[Any]) -> list[Any]:
    outcome, *given = reply
    match outcome:
        case Outcome.DONE:
            return given
        case Outcome.NOT_THERE:
            raise NotThere
        case Outcome.GONE:
            raise KeyGone
        case Outcome.INVALID:
            raise Invalid(str(given[0]), str(given[1]))
        case Outcome.WRONG_STATE:
            raise WrongState(str(given[0]))
        case Outcome.BROKEN:
            code = given[0] if given and given[0] in CODES else "E-PARSE"
            raise Broken(code, "what the broker was asked to open")
        case _:
            raise RecordUnavailable
