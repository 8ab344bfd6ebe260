"""How many different subjects one actor, and one worker, may have opened in an hour.

A worker that has been broken into asks in anybody's name; so besides each actor's share there is
one for everything that a user of the host asks for. It bounds what can be taken before somebody
looks at the alarm.

Source:
    docs of the design: security, section 4, the compromised API worker.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from infrastructure.broker.releases import Kind

WINDOW_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Quotas:
    """Different subjects in an hour: per actor read, listed and written about; by all together.

    ``lookups`` are the identifiers (PESEL, phone, e-mail) that all together may look for.
    """

    reads: int = 60
    lists: int = 400
    writes: int = 60
    together: int = 1500
    lookups: int = 200


class QuotaSpent(Exception):
    """The actor, or the worker, has had as many as she may in an hour."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


EVERYBODY = ""
_CLASS = {Kind.READ: "read", Kind.LIST: "list", Kind.FOLD: "write", Kind.SEAL: "write"}
_LOOKUPS = (("lookup", EVERYBODY),)


class Spending:
    """What has been had in the last hour."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self._lock = threading.Lock()
        self._had: dict[tuple[str, str], dict[bytes, int]] = {}

    def recall(self, releases: Iterable[tuple[str, str, bytes, int]]) -> None:
        """Take in what was released before a restart: kind, actor, subject, time."""
        for kind, actor, subject, at_ms in releases:
            if kind != Kind.STANDING:
                for name in self._names(Kind(kind), actor):
                    self._had.setdefault(name, {})[subject] = at_ms

    def spend(self, kind: Kind, actor: str, subjects: Iterable[bytes], now_ms: int) -> None:
        """Count subjects, or count none of them.

        Raises:
            QuotaSpent: There would be too many.
        """
        wanted = set(subjects)
        if not wanted:
            return
        with self._lock:
            for name in self._names(kind, actor):
                had = self._fresh(name, now_ms)
                if len(had.keys() | wanted) > self._limit(name) and not wanted <= had.keys():
                    raise QuotaSpent(f"quota-{name[0]}")
            for name in self._names(kind, actor):
                had = self._had.setdefault(name, {})
                had.update(dict.fromkeys(wanted, now_ms))

    @staticmethod
    def _names(kind: Kind, actor: str) -> tuple[tuple[str, str], ...]:
        return _LOOKUPS if kind is Kind.LOOKUP else ((_CLASS[kind], actor), ("all", EVERYBODY))

    def _limit(self, name: tuple[str, str]) -> int:
        quotas = self._quotas
        return {
            "read": quotas.reads,
            "list": quotas.lists,
            "write": quotas.writes,
            "all": quotas.together,
            "lookup": quotas.lookups,
        }[name[0]]

    def _fresh(self, name: tuple[str, str], now_ms: int) -> dict[bytes, int]:
        """The subjects of the last hour; older ones are dropped."""
        had = self._had.get(name)
        if had is None:
            return {}
        if len(had) >= self._limit(name) // 2:
            kept = {each: at for each, at in had.items() if at > now_ms - WINDOW_MS}
            had = self._had[name] = kept
        return had
