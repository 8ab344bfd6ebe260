"""Incidents: what was found broken, and what must not be written until somebody has settled it.

One line of JSON each, appended and synced, so that every process of a data folder sees the same
and a restart forgets nothing. An incident of a *stream* freezes that stream; one of the *log* makes
the whole record read-only. Nothing here repairs, signs anew or deletes. A line holds a code, a
place and a time: no content, no name, no key.

Source:
    docs of the design: security, section 2.10.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import get_args

from domain.errors import IntegrityIncident
from infrastructure.errors import Broken
from infrastructure.ledger.errors import Code
from infrastructure.sharing import file_mode

MOST_FROZEN = 100
"""Frozen streams beyond which the record itself is taken to be broken."""
_MOST_BYTES = 16 * 1024 * 1024
_OF_ONE_RECORD = frozenset(
    {"E-PARSE", "E-LIMIT", "E-BIND", "E-AEAD", "E-KCV", "E-KEYSTATE", "E-LEAF"}
)


class Scope(StrEnum):
    """What an incident stops."""

    STREAM = "stream"
    LOG = "log"


def scope_of(code: str, stream: bytes | None) -> Scope:
    """A record that is not as it was written stops its stream; anything else stops the log."""
    return Scope.STREAM if code in _OF_ONE_RECORD and stream is not None else Scope.LOG


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that was found broken: its number, when, how, and where in the log."""

    number: int
    at: str
    code: str
    scope: Scope
    position: int | None
    stream: str | None
    settled: str | None = None
    """When it was settled; ``None`` while it stops something."""


class Incidents:
    """The incidents of one data folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._seen: tuple[int, int] | None = None
        self._all: dict[int, Incident] = {}
        self._frozen: dict[str, int] = {}
        self._halted: int | None = None
        self._whole = 0
        self._look()

    def report(
        self, code: str, *, stream: bytes | None, position: int | None, now: datetime
    ) -> tuple[Incident, bool]:
        """Write an incident down, durably, and whether it is a new one.

        What has been found is found again by whoever reads it: of a frozen stream one incident is
        written down, and of a record that is read-only one under each code.
        """
        scope = scope_of(code, stream)
        name = stream.hex() if stream is not None else None
        with self._alone():
            if len(self._frozen) >= MOST_FROZEN and name not in self._frozen:
                scope = Scope.LOG
            known = self._same(code, scope, name)
            if known is not None:
                return known, False
            fresh = Incident(len(self._all) + 1, now.isoformat(), code, scope, position, name)
            self._write(
                {
                    "incident": fresh.number,
                    "at": fresh.at,
                    "code": code,
                    "scope": scope.value,
                    "position": position,
                    "stream": name,
                }
            )
        return fresh, True

    def settle(self, number: int, now: datetime) -> None:
        """Write down that an incident has been dealt with; whoever asks for it has verified that.

        Raises:
            KeyError: There is no such open incident.
        """
        with self._alone():
            if self._all[number].settled is not None:
                raise KeyError(number)
            self._write({"settled": number, "at": now.isoformat()})

    def all(self) -> list[Incident]:
        """Every incident, the oldest first."""
        self._look()
        return list(self._all.values())

    def open(self) -> list[Incident]:
        """The incidents that stop something."""
        return [each for each in self.all() if each.settled is None]

    def halted(self) -> Incident | None:
        """The incident because of which the whole record is read-only."""
        self._look()
        return None if self._halted is None else self._all[self._halted]

    def frozen(self, stream: str) -> int | None:
        """The number of the incident that freezes a stream."""
        self._look()
        return self._frozen.get(stream)

    def must_accept(self, streams: Iterable[str]) -> None:
        """Refuse to write where something is broken.

        Raises:
            IntegrityIncident: The record is read-only, or one of these streams is frozen.
        """
        self._look()
        if self._halted is not None:
            raise IntegrityIncident(self._halted)
        if self._frozen:
            for each in streams:
                if each in self._frozen:
                    raise IntegrityIncident(self._frozen[each])

    def _same(self, code: str, scope: Scope, stream: str | None) -> Incident | None:
        if scope is Scope.STREAM:
            number = None if stream is None else self._frozen.get(stream)
            return None if number is None else self._all[number]
        live = (each for each in self._all.values() if each.settled is None)
        return next((each for each in live if each.scope is scope and each.code == code), None)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the list against other threads and processes, as it is now."""
        with self._lock:
            mode = file_mode(self._path.parent)
            self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, mode)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX)
                self._look()
                yield
            finally:
                os.close(self._file)
                self._look()

    def _write(self, line: dict[str, object]) -> None:
        # A line without its end was torn by a crash and never acknowledged.
        os.ftruncate(self._file, self._whole)
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        if os.write(self._file, data) != len(data):
            msg = "the list of incidents could not be written whole"
            raise OSError(msg)
        os.fsync(self._file)

    def _look(self) -> None:
        """Read again what another process may have written."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            seen = None
        else:
            seen = (found.st_mtime_ns, found.st_size)
        if seen == self._seen:
            return
        with self._lock:
            self._read()
            self._seen = seen

    def _read(self) -> None:
        try:
            with self._path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            data = b""
        every: dict[int, Incident] = {}
        self._whole = data.rfind(b"\n") + 1
        for line in data[: self._whole].splitlines():
            _take_in(every, line)
        self._all = every
        live = [each for each in every.values() if each.settled is None]
        self._frozen = {
            each.stream: each.number
            for each in live
            if each.scope is Scope.STREAM and each.stream is not None
        }
        self._halted = next((each.number for each in live if each.scope is Scope.LOG), None)


def _take_in(every: dict[int, Incident], line: bytes) -> None:
    try:
        found = json.loads(line)
        if "settled" in found:
            old = every[found["settled"]]
            every[old.number] = Incident(
                old.number, old.at, old.code, old.scope, old.position, old.stream, found["at"]
            )
            return
        number = found["incident"]
        if number != len(every) + 1 or found["code"] not in get_args(Code):
            raise ValueError
        every[number] = Incident(
            number,
            found["at"],
            found["code"],
            Scope(found["scope"]),
            found["position"],
            found["stream"],
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Broken("E-PARSE", "the list of incidents") from None
