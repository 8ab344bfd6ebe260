"""What every part of the broker writes down: counts, releases, refusals, alarms."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from domain.errors import RecordUnavailable
from infrastructure.broker.admission import Admitted
from infrastructure.broker.quotas import WINDOW_MS, Quotas, Spending
from infrastructure.broker.releases import Asker, Kind, Peer, Releases, Used
from infrastructure.folder import OpenFolder

MOST_REFUSALS = 20
"""Refusals in a minute beyond which their rate is an alarm of its own."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

logger = logging.getLogger("powiernik")


class Watch:
    """Keeps the book of one broker, and the quotas that stand in it."""

    def __init__(self, folder: OpenFolder, releases: Releases, quotas: Quotas) -> None:
        self._folder = folder
        self.releases = releases
        self._spending = Spending(quotas)
        self._spending.recall(releases.recent(self.now_ms() - WINDOW_MS))
        self._lock = threading.Lock()
        self._tally: Counter[tuple[int, str]] = Counter()

    def now(self) -> datetime:
        """The present instant, by the broker's own clock."""
        return self._folder.clock.now()

    def now_ms(self) -> int:
        """The same in milliseconds since 1970."""
        return (self.now() - _EPOCH) // _MILLISECOND

    def count(self, peer: Peer, what: str, count: int = 1) -> None:
        """Count what is given on asking."""
        with self._lock:
            self._tally[peer.uid, what] += count

    def flush(self) -> None:
        """Write the counts down."""
        with self._lock:
            counted, self._tally = self._tally, Counter()
        if counted:
            counts = [(uid, what, count) for (uid, what), count in counted.items()]
            self.releases.tally(counts, self.now_ms())

    def release(self, peer: Peer, asker: Asker, kind: Kind, subjects: Iterable[bytes]) -> None:
        """Write down that something is given in somebody's name, if her share bears it.

        Raises:
            QuotaSpent: It does not.
            RecordUnavailable: It could not be written down, so nothing may be given.
        """
        wanted, now_ms = list(subjects), self.now_ms()
        if wanted:
            self._spending.spend(kind, asker.actor, wanted, now_ms)
            size = self._folder.store.standing().size
            self.releases.release(peer, asker, kind, wanted, now_ms, size=size)

    def redeemed(self, peer: Peer, asker: Asker, found: Admitted) -> None:
        """Write down that entries are used, if her share bears it.

        Raises:
            EntryUsed: One of them was used before.
            QuotaSpent: It does not.
            RecordUnavailable: It could not be written down, so nothing may be given.
        """
        now_ms = self.now_ms()
        self._spending.spend(found.kind, asker.actor, found.subjects, now_ms)
        self.releases.release(
            peer, asker, found.kind, found.subjects, now_ms, used=found.used, looks=found.looks
        )
        if found.looks:
            # The spool is in the worker's hands until the record is mended: somebody has to look.
            self.alarm("spooled-looks", asker.actor)

    def followed(self, peer: Peer, asker: Asker, clinic: bytes, used: Used) -> None:
        """Write down that a standing grant was given.

        Raises:
            EntryUsed: Its entry was used before.
            RecordUnavailable: It could not be written down, so nothing may be given.
        """
        now_ms = self.now_ms()
        self.releases.release(peer, asker, Kind.STANDING, [clinic], now_ms, used=[used])

    def looked_up(self, fingerprint: bytes) -> None:
        """Count an identifier that somebody looks for.

        Raises:
            QuotaSpent: There were too many.
        """
        self._spending.spend(Kind.LOOKUP, "", [fingerprint], self.now_ms())

    def gone(self, peer: Peer, asker: Asker, subjects: Iterable[bytes | None]) -> None:
        """Write down that something was asked for whose key has been destroyed."""
        for subject in subjects:
            self.refused(peer, asker, "gone", subject)

    def refused(
        self,
        peer: Peer,
        asker: Asker,
        code: str,
        subject: bytes | None = None,
        position: int | None = None,
    ) -> None:
        """Write a refusal down, and raise the alarm."""
        now_ms = self.now_ms()
        try:
            self.releases.refuse(peer, asker, code, now_ms, subject=subject, position=position)
            self.alarm(code, asker.actor)
            if self.releases.refusals_since(now_ms - 60_000) > MOST_REFUSALS:
                self.alarm("many-refusals", "")
        except RecordUnavailable:
            logger.critical("the broker refused (%s) and could not write it down", code)

    def alarm(self, code: str, actor: str) -> None:
        """Raise an alarm; whoever is to hear it watches the journal, and sees the banner."""
        alarm, new = self.releases.alarm(code, actor, self.now_ms())
        if new:
            logger.critical("broker alarm %d: %s", alarm.number, code)
