"""Whether the log tells of everything that was released, and in the same way.

A key that was released for sealing, and what was opened for a command, must be followed by an event
of the same actor and request about the same subject, or by a recorded refusal. An entry against
which something was opened must still stand where it stood. An entry that was never redeemed is
harmless and counted: a process that has the passphrase opens without the broker's socket.

Source:
    docs of the design: security, section 2.9 and attack 63.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from domain.confidentiality import Owner, OwnerKind
from domain.events.access import AccessDenied, AccessRecorded
from domain.ports import Recorded
from infrastructure.broker.releases import Asker, Releases, State, Used
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder
from infrastructure.mapper import CONTROL_KEY, SealedMapper

WITHIN_MS = 60_000
"""How long an event may take to follow the release that was for it."""
_BATCH = 1000


class Reconciler:
    """Compares the book of releases with the log."""

    def __init__(
        self, folder: OpenFolder, releases: Releases, alarm: Callable[[str, str], None]
    ) -> None:
        self._folder = folder
        self._releases = releases
        self._alarm = alarm
        self._lock = threading.Lock()
        self._mapper = SealedMapper(folder.vault.keyring, folder.vault.lineage.at)

    def run(self, now_ms: int, *, again: bool = False) -> dict[str, int]:
        """Compare what is new; with ``again`` every entry that was ever used, too.

        What is not as it has to be raises an alarm each.
        """
        with self._lock:
            found: Counter[str] = Counter()
            self._read(found)
            self._judge(found, now_ms)
            self._verify(found, again=again)
        return dict(found)

    def _read(self, found: Counter[str]) -> None:
        """Read the log on from where it was read last.

        A release is written before its event can be, so that no event is read too early; and only
        one that came behind it counts.
        """
        position = self._releases.position()
        while rows := self._folder.store.rows(position + 1, _BATCH):
            looks = []
            told: dict[tuple[Asker, bytes | None], int] = {}
            for row in rows:
                if row.key_id == CONTROL_KEY:
                    continue
                try:
                    each = self._mapper.open(row)
                except Broken:
                    # The scrubber's and the reader's business; here it is an event of nobody.
                    found["unreadable"] += 1
                    continue
                if each.event is None:
                    continue
                asker = Asker(each.who.actor.id, each.who.request)
                for subject in self._subjects(each):
                    told[asker, subject] = each.position
                if isinstance(each.event, AccessDenied):
                    told[asker, None] = each.position
                if isinstance(each.event, AccessRecorded):
                    looks.append(each.position)
            self._match(told)
            found["entries"] += len(looks)
            found["never redeemed"] += len(looks) - len(self._releases.was_used(looks))
            position = rows[-1].position
            self._releases.reached(position)

    def _subjects(self, event: Recorded) -> set[bytes]:
        tag = self._folder.vault.keyring.tag
        clients = (Owner(OwnerKind.CLIENT, each) for each in event.concerning)
        return {tag(event.owner), *map(tag, clients)}

    def _match(self, told: dict[tuple[Asker, bytes | None], int]) -> None:
        matched = [
            each.number
            for each in self._releases.unmatched()
            if any(told.get((each.asker, who), -1) >= each.size for who in (each.subject, None))
        ]
        if matched:
            self._releases.mark(matched, State.MATCHED)

    def _judge(self, found: Counter[str], now_ms: int) -> None:
        late = [each for each in self._releases.unmatched() if each.at_ms < now_ms - WITHIN_MS]
        if late:
            self._releases.mark([each.number for each in late], State.MISSING)
            for each in late:
                self._alarm("release-without-entry", each.asker.actor)
        found["releases without an entry"] = len(late)

    def _verify(self, found: Counter[str], *, again: bool) -> None:
        good = []
        for used in self._releases.used(again=again):
            if self._stands(used):
                good.append(used.position)
            else:
                found["entries gone"] += 1
                self._alarm("entry-gone", "")
        self._releases.verified(good)

    def _stands(self, used: Used) -> bool:
        rows = self._folder.store.rows(used.position, 1)
        return bool(rows) and rows[0].position == used.position and rows[0].leaf == used.leaf
