"""Whether an access entry that a worker claims was really committed, by whom, for whom, just now.

The worker sends positions and nothing else that is believed. The broker reads the row from the
record itself and opens it with the accountability key: it has to be a look by this actor in this
request, in the access log of the client whom it names, seconds old, and not used before. What is
opened against it are the owners and classes which it names.

Source:
    docs of the design: security, section 2.9; architecture, fine print 5 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from domain import client as client_file
from domain.confidentiality import Class, Label, Owner, OwnerKind
from domain.errors import Refusal
from domain.events.access import AccessKind, AccessRecorded
from domain.ports import CONTENT, Recorded
from domain.values import ActorKind, Circumstances
from infrastructure.broker.releases import Asker, Kind, Used
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder
from infrastructure.ledger.check import Row
from infrastructure.mapper import SealedMapper
from infrastructure.vault.broker import Openable, covers, labels_of

FRESH = timedelta(seconds=30)
"""How old an entry may be when something is opened against it."""
_SKEW = timedelta(seconds=5)

Claimed = tuple[int, tuple[Owner, ...]]
"""The position of an entry, and the owners whose content it is to open."""


class Denied(Exception):
    """The broker does not give what was asked for; the code is for its book alone."""

    def __init__(
        self, code: str, *, subject: bytes | None = None, position: int | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.subject = subject
        self.position = position


class Admitted(NamedTuple):
    """What committed entries open: keys, whose content it is, and what they were."""

    keys: frozenset[Openable]
    subjects: frozenset[bytes]
    kind: Kind
    used: tuple[Used, ...]
    looks: tuple[str, ...] = ()


class Admission:
    """Looks entries up in the record."""

    def __init__(self, folder: OpenFolder) -> None:
        self._folder = folder
        self._keyring = folder.vault.keyring
        # What a worker claims is not damage of the record: nobody is told of a row that is none.
        self._mapper = SealedMapper(self._keyring, folder.vault.lineage.at)
        # What a book forgot in a power cut opens nothing again.
        self._begin = folder.store.standing().size

    def look(self, asker: Asker, claimed: Sequence[Claimed], now: datetime) -> Admitted:
        """What the claimed entries open.

        Raises:
            Denied: They open nothing.
        """
        if not claimed:
            raise Denied("no-entry")
        keys: set[Openable] = set()
        subjects: set[bytes] = set()
        used: dict[int, Used] = {}
        kinds = set()
        looks = []
        for position, owners in claimed:
            row, found = self._entry(position)
            if row is None or found is None or found.who.request != asker.request:
                spooled = self._in_spool(asker, owners, now)
                if spooled is None:
                    raise Denied(self._no_entry(position), position=position)
                name, event, who = spooled
                looks.append(name)
            else:
                event, who = self._fresh(found, asker, now)
                self._must_stand_in_its_log(row, found, event)
                used[position] = Used(position, row.leaf)
            kinds.add(_kind(event))
            for owner in owners:
                subjects |= self._grant(event, owner, who, position, keys)
        kind = Kind.LIST if kinds == {Kind.LIST} else Kind.READ
        return Admitted(
            frozenset(keys), frozenset(subjects), kind, tuple(used.values()), tuple(looks)
        )

    def batch(self, asker: Asker, position: int, now: datetime) -> tuple[Used, str]:
        """The batch entry of the clinic itself that a follower starts with, and what for.

        Raises:
            Denied: It is none.
        """
        row, found = self._entry(position)
        if row is None or found is None:
            raise Denied(self._no_entry(position), position=position)
        event, who = self._fresh(found, asker, now)
        if event.kind is not AccessKind.SYSTEM_BATCH or who.actor.kind is not ActorKind.SYSTEM:
            raise Denied("no-batch", position=position)
        if found.owner != self._folder.vault.clinic:
            raise Denied("other-log", position=position)
        return Used(position, row.leaf), event.object_type

    def _grant(
        self,
        event: AccessRecorded,
        owner: Owner,
        who: Circumstances,
        position: int,
        keys: set[Openable],
    ) -> set[bytes]:
        tag = self._keyring.tag(owner)
        if event.kind is AccessKind.SYSTEM_BATCH or not covers(event, owner, who):
            raise Denied("other-client", subject=tag, position=position)
        labels = list(labels_of(event, owner))
        keys.update((tag, label.purpose, label.cls) for label in labels)
        return {tag} if _content(labels) else set()

    def _entry(self, position: int) -> tuple[Row | None, Recorded | None]:
        rows = self._folder.store.rows(position, 1)
        if not rows or rows[0].position != position or position < self._begin:
            return None, None
        try:
            return rows[0], self._mapper.open(rows[0])
        except Broken:
            return None, None

    def _no_entry(self, position: int) -> str:
        return "stale" if position < self._begin else "no-entry"

    def _fresh(
        self, found: Recorded, asker: Asker, now: datetime
    ) -> tuple[AccessRecorded, Circumstances]:
        if not isinstance(found.event, AccessRecorded):
            raise Denied("no-entry", position=found.position)
        if found.who.actor.id != asker.actor:
            raise Denied("other-actor", position=found.position)
        if found.who.request != asker.request:
            raise Denied("other-request", position=found.position)
        if not -_SKEW <= now - found.recorded_at <= FRESH:
            raise Denied("stale", position=found.position)
        return found.event, found.who

    def _must_stand_in_its_log(self, row: Row, found: Recorded, event: AccessRecorded) -> None:
        """An entry about a client counts where she and whoever reviews looks can see it."""
        if event.client is None:
            hidden = found.owner.kind in (OwnerKind.CLIENT, OwnerKind.CASE)
        else:
            try:
                frame, _ = self._folder.record.frame(event.client, client_file.fold)
            except (Broken, Refusal):
                frame = None
            hidden = (
                frame is None
                or row.stream_id.hex() != frame.access_stream
                or found.owner != Owner(OwnerKind.CLIENT, event.client)
                or event.client not in found.concerning
            )
        if hidden:
            raise Denied("other-log", position=row.position)

    def _in_spool(
        self, asker: Asker, owners: tuple[Owner, ...], now: datetime
    ) -> tuple[str, AccessRecorded, Circumstances] | None:
        """The look in the spool that a request has left there, while the record is read-only."""
        if not self._folder.guard.incidents.open():
            return None
        for name, found in self._folder.spool.looks():
            event, who = found.event, found.who
            if (
                isinstance(event, AccessRecorded)
                and (who.actor.id, who.request) == asker
                and -_SKEW <= now - found.occurred_at <= FRESH
                and all(covers(event, owner, who) for owner in owners)
            ):
                return name, event, who
        return None


def _kind(event: AccessRecorded) -> Kind:
    """A list shows names and hours of many; whatever shows more is a look at each."""
    slight = set(event.classes) <= {Class.ADMINISTRATIVE, Class.AUDIT_LOG}
    return Kind.LIST if slight and event.kind is not AccessKind.READ else Kind.READ


def _content(labels: Iterable[Label]) -> bool:
    return any(label.purpose in CONTENT for label in labels)
