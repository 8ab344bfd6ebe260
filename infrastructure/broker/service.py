"""What each request is answered, and under which condition: the broker without its socket.

- The clinic's own secrets without which nothing can be written, and the keys that policy and
  access log need, are handed out on asking, and counted.
- A key to content is handed out for sealing alone, in somebody's name; the log has to show the
  event for which it was. What a command has to read is opened here, under the same law.
- What somebody looks at is opened here, against her committed access entry, and no key leaves.
- A follower's openings and seals are made here, against one batch entry for each start.

Whatever is refused is written down and raises an alarm; the asker hears one word.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.confidentiality import Class, KeyPurpose, Label, Owner, OwnerKind
from domain.errors import NotThere, RecordUnavailable, Sealed
from domain.ports import CONTENT
from domain.rows import Place, Under
from domain.values import FreeText
from infrastructure.broker.admission import Admission, Denied
from infrastructure.broker.protocol import VERSION, Ask, Outcome, Reply
from infrastructure.broker.quotas import WINDOW_MS, Quotas, QuotaSpent, Spending
from infrastructure.broker.reconcile import Reconciler
from infrastructure.broker.releases import Asker, EntryUsed, Kind, Peer, Releases
from infrastructure.errors import Broken, CustodyUnavailable, KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.vault.broker import OPENING_SECONDS, BrokerOpening, payload_of
from infrastructure.vault.cells import CellSealer
from infrastructure.vault.fingerprints import fingerprints
from infrastructure.vault.keyring import KEPT_SECONDS
from infrastructure.vault.keys import SubjectKey
from infrastructure.vault.port import SealedRow

HANDED_OUT = ("append", "accounts", "commands", "receipts", "spool")
"""The clinic's secrets that a worker needs; never those that wrap, index or name subjects."""
MOST_REFUSALS = 20
"""Refusals in a minute beyond which their rate is an alarm of its own."""
MOST_GRANTS = 10_000
FRESH_SECONDS = 60
"""How long a key that was made for an event is at hand for that event's texts."""
STANDING_SECONDS = 24 * 60 * 60
FLUSH_SECONDS = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NOBODY = Asker("", "")
FIND = "find"
FINDING = frozenset({"name_cards", "identifiers"})
"""What is opened to find people: names and where they are, never what was written of them."""

logger = logging.getLogger("powiernik")


@dataclass(frozen=True, slots=True)
class Granted:
    """What one process may open, by what right, and how long."""

    opening: BrokerOpening
    peer: Peer
    asker: Asker
    standing: bool
    until: float
    views: frozenset[str] | None = None
    """The projections whose cells alone it opens."""


class Service:
    """Answers requests for one data folder."""

    def __init__(
        self,
        folder: OpenFolder,
        handed_out: Mapping[str, bytes],
        releases: Releases,
        quotas: Quotas,
        *,
        followers: frozenset[int] | None = None,
    ) -> None:
        """``followers`` are the users of the host that may have a standing grant; or everybody."""
        self._folder = folder
        self._handed_out = handed_out
        self._releases = releases
        self._followers = followers
        vault = folder.vault
        self._keyring, self._items, self._lineage = vault.keyring, vault.items, vault.lineage
        self._clinic = vault.clinic
        self._admission = Admission(folder, releases)
        self._fingerprints = fingerprints(folder.custody, folder.index_key)
        self._sealer = CellSealer(self._keyring, self._clinic, self._fingerprints)
        self._spending = Spending(quotas)
        self._spending.recall(releases.recent(self._now_ms() - WINDOW_MS))
        self._lock = threading.Lock()
        self._grants: dict[bytes, Granted] = {}
        self._fresh: dict[bytes, tuple[SubjectKey, float]] = {}
        self._tally: Counter[tuple[int, str]] = Counter()
        self._forgotten = time.monotonic()
        self.reconciler = Reconciler(folder, releases, self.alarm)
        self._answers: dict[Ask, Callable[..., list[Any]]] = {
            Ask.HELLO: self._hello,
            Ask.TAGS: self._tags,
            Ask.PLACE: self._place,
            Ask.POLICY_KEY: self._policy_key,
            Ask.MAKE: self._make,
            Ask.MAKE_ITEMS: self._make_items,
            Ask.RETIRE: self._retire,
            Ask.REDEEM: self._redeem,
            Ask.STANDING: self._standing,
            Ask.RECORDS: self._records,
            Ask.FOLD: self._fold,
            Ask.CELLS: self._cells,
            Ask.WORDS: self._words,
            Ask.ENTRY_KEYS: self._entry_keys,
            Ask.SEAL_CELLS: self._seal_cells,
            Ask.FINGERPRINT: self._fingerprint,
            Ask.STATE: self._state,
            Ask.RECONCILE: self._reconcile,
            Ask.SETTLE: self._settle,
        }

    # Every request

    def answer(self, peer: Peer, ask: Ask, fields: list[Any]) -> Reply:
        """The reply to a request; what went wrong is a word, never a cause."""
        try:
            return [Outcome.DONE, *self._answers[ask](peer, *fields)]
        except Denied as denied:
            asker = _asker_in(fields)
            self.refused(peer, asker, denied.code, denied.subject, denied.position)
            return [Outcome.NOT_THERE if denied.code == "not-in-entry" else Outcome.REFUSED]
        except EntryUsed:
            self.refused(peer, _asker_in(fields), "entry-used")
            return [Outcome.REFUSED]
        except QuotaSpent as spent:
            self.refused(peer, _asker_in(fields), spent.code)
            return [Outcome.REFUSED]
        except (KeyGone, Sealed):
            return [Outcome.GONE]
        except Broken as broken:
            return [Outcome.BROKEN, broken.code]
        except (RecordUnavailable, CustodyUnavailable):
            return [Outcome.UNAVAILABLE]
        except Exception as error:  # noqa: BLE001 - a cause could carry content; the asker waits
            logger.error("the broker could not answer: %s", type(error).__name__)  # noqa: TRY400 - the same
            return [Outcome.UNAVAILABLE]

    def refused(
        self,
        peer: Peer,
        asker: Asker,
        code: str,
        subject: bytes | None = None,
        position: int | None = None,
    ) -> None:
        """Write a refusal down, and raise the alarm."""
        now_ms = self._now_ms()
        try:
            self._releases.refuse(peer, asker, code, now_ms, subject=subject, position=position)
            self.alarm(code, asker.actor)
            if self._releases.refusals_since(now_ms - 60_000) > MOST_REFUSALS:
                self.alarm("many-refusals", "")
        except RecordUnavailable:
            logger.critical("the broker refused (%s) and could not write it down", code)

    def alarm(self, code: str, actor: str) -> None:
        """Raise an alarm; whoever is to hear it watches the journal, and sees the banner."""
        alarm, new = self._releases.alarm(code, actor, self._now_ms())
        if new:
            logger.critical("broker alarm %d: %s", alarm.number, code)

    def tend(self) -> None:
        """What has to be done every few seconds: counts, the log, keys and grants that are old."""
        with self._lock:
            counted, self._tally = self._tally, Counter()
            now = time.monotonic()
            self._grants = {name: each for name, each in self._grants.items() if each.until > now}
            self._fresh = {name: each for name, each in self._fresh.items() if each[1] > now}
        if counted:
            counts = [(uid, what, count) for (uid, what), count in counted.items()]
            self._releases.tally(counts, self._now_ms())
        if time.monotonic() - self._forgotten > KEPT_SECONDS:
            self._keyring.forget()
            self._forgotten = time.monotonic()
        self.reconciler.run(self._now_ms())

    def _now(self) -> datetime:
        return self._folder.clock.now()

    def _now_ms(self) -> int:
        return (self._now() - _EPOCH) // _MILLISECOND

    def _count(self, peer: Peer, what: str, count: int = 1) -> None:
        with self._lock:
            self._tally[peer.uid, what] += count

    # What is given on asking

    def _hello(self, peer: Peer, version: int) -> list[Any]:
        if version != VERSION:
            raise Denied("version")
        self._count(peer, "hello")
        return [self._folder.genesis.log_id, *map(list, self._handed_out.items())]

    def _tags(self, peer: Peer, owners: list[Any]) -> list[Any]:
        self._count(peer, "tag", len(owners))
        return [self._keyring.tag(_owner(each)) for each in owners]

    def _place(self, peer: Peer, key_id: bytes) -> list[Any]:
        place = self._keyring.place(key_id)
        if place is None:
            return [None]
        label = place.label
        return [[place.subject_tag, int(label.purpose), int(label.cls), place.epoch]]

    def _policy_key(self, peer: Peer, key_id: bytes) -> list[Any]:
        place = self._keyring.place(key_id)
        if place is None:
            raise Broken("E-KEYSTATE", "a key that is not in the key store")
        if not on_asking(place.label):
            raise Denied("no-entry", subject=place.subject_tag)
        self._count(peer, f"key of {place.label.purpose.name.lower()}")
        return [self._keyring.for_opening(key_id).handed_over()]

    # For writing

    def _make(self, peer: Peer, wanted: list[Any], claim: list[str]) -> list[Any]:
        labels = {
            (_owner(owner), Label(KeyPurpose(purpose), Class(cls))): None
            for owner, purpose, cls in wanted
        }
        asker = Asker(*claim)
        content = {self._keyring.tag(owner) for owner, label in labels if label.purpose in CONTENT}
        self._release(peer, asker, Kind.SEAL, content)
        try:
            keys = self._keyring.make(labels, self._now())
        except KeyGone:
            self._gone(peer, asker, content)
            raise
        return [self._made(peer, keys[each]) for each in labels]

    def _made(self, peer: Peer, key: SubjectKey) -> list[Any]:
        place, unlogged = key.place, self._keyring.unlogged(key)
        secret = None
        if on_asking(place.label) or place.label.purpose in CONTENT:
            secret = key.handed_over()
            self._count(peer, f"key of {place.label.purpose.name.lower()}")
        retired = self._keyring.retired_before(key) if unlogged else []
        # The worker says so in the log; whoever asks next is told anew where it did not.
        self._keyring.note_logged([key.key_id])
        with self._lock:
            self._fresh[key.key_id] = key, time.monotonic() + FRESH_SECONDS
        label = [int(place.label.purpose), int(place.label.cls)]
        where = [place.key_id, place.subject_tag, *label, place.epoch, key.check_value]
        return [*where, unlogged, secret, retired]

    def _make_items(self, peer: Peer, wanted: list[Any]) -> list[Any]:
        self._count(peer, "item keys", len(wanted))
        owners = {}
        for owner, escrow, count in wanted:
            keys = [self._item_owner(each) for each in (owner, escrow) if each is not None]
            owners[keys[0], keys[1] if escrow is not None else None] = count
        self._items.make(owners)
        return [
            [list(self._items.take(*each)) for _ in range(count)] for each, count in owners.items()
        ]

    def _item_owner(self, key_id: bytes) -> SubjectKey:
        # A key that was made for this very event does not stand in the log yet.
        made = self._fresh.get(key_id)
        return made[0] if made is not None else self._keyring.for_opening(key_id)

    def _retire(self, peer: Peer, owner: list[Any], purpose: int, claim: list[str]) -> list[Any]:
        asker, whose = Asker(*claim), _owner(owner)
        if KeyPurpose(purpose) not in CONTENT:
            raise Denied("not-content")
        self._release(peer, asker, Kind.SEAL, {self._keyring.tag(whose)})
        return self._keyring.retire(whose, KeyPurpose(purpose))

    def _fold(self, peer: Peer, claim: list[str], rows: list[Any]) -> list[Any]:
        asker, sealed = Asker(*claim), [SealedRow(*each) for each in rows]
        subjects = set()
        for row in sealed:
            place = self._keyring.place(row.key_id)
            if place is None or place.label.purpose not in CONTENT:
                raise Denied("not-content")
            subjects.add(place.subject_tag)
        self._release(peer, asker, Kind.FOLD, subjects)
        found = [payload_of(self._keyring, row) for row in sealed]
        if found and not any(found):
            # A whole stream without a key: somebody who was erased.
            self._gone(peer, asker, subjects)
        return found

    def _release(self, peer: Peer, asker: Asker, kind: Kind, subjects: Iterable[bytes]) -> None:
        wanted = list(subjects)
        if wanted:
            if not asker.actor.strip("0"):
                raise Denied("nobody")
            now_ms = self._now_ms()
            self._spending.spend(kind, asker.actor, wanted, now_ms)
            self._releases.release(peer, asker, kind, wanted, now_ms)

    def _gone(self, peer: Peer, asker: Asker, subjects: Iterable[bytes]) -> None:
        for subject in subjects:
            self.refused(peer, asker, "gone", subject)

    # For looking

    def _redeem(self, peer: Peer, claim: list[str], entries: list[Any]) -> list[Any]:
        asker = Asker(*claim)
        claimed = [(position, tuple(map(_owner, owners))) for position, owners in entries]
        found = self._admission.look(asker, claimed, self._now())
        now_ms = self._now_ms()
        if self._releases.was_used([each.position for each in found.used]):
            raise EntryUsed
        self._spending.spend(found.kind, asker.actor, found.subjects, now_ms)
        self._releases.release(
            peer,
            asker,
            found.kind,
            found.subjects,
            now_ms,
            used=found.used,
            looks=found.looks,
        )
        opening = BrokerOpening(self._keyring, self._items, self._lineage.ids, found.keys)
        until = time.monotonic() + OPENING_SECONDS
        return self._grant(Granted(opening, peer, asker, standing=False, until=until))

    def _standing(self, peer: Peer, claim: list[str], position: int) -> list[Any]:
        asker = Asker(*claim)
        used, why = self._admission.batch(asker, position, self._now())
        views = FINDING if why == FIND else None
        if views is None and self._followers is not None and peer.uid not in self._followers:
            raise Denied("no-follower", position=position)
        tag = self._keyring.tag(self._clinic)
        self._releases.release(peer, asker, Kind.STANDING, [tag], self._now_ms(), used=[used])
        opening = BrokerOpening(self._keyring, self._items, self._lineage.ids, None)
        until = time.monotonic() + STANDING_SECONDS
        return self._grant(Granted(opening, peer, asker, standing=True, until=until, views=views))

    def _grant(self, granted: Granted) -> list[Any]:
        name, now = secrets.token_bytes(16), time.monotonic()
        with self._lock:
            if len(self._grants) >= MOST_GRANTS:
                self._grants = {key: each for key, each in self._grants.items() if each.until > now}
                if len(self._grants) >= MOST_GRANTS:
                    raise RecordUnavailable
            self._grants[name] = granted
        return [name]

    def _granted(self, peer: Peer, name: bytes) -> Granted:
        found = self._grants.get(name)
        if found is None or found.peer != peer or found.until < time.monotonic():
            raise Denied("no-grant")
        return found

    def _opened(
        self, peer: Peer, grant: bytes, what: str, sealed: Sequence[Any], each: Callable[..., Any]
    ) -> list[Any]:
        """Open things one by one; in place of what is gone for good stands nothing."""
        granted = self._granted(peer, grant)
        self._count(peer, f"{what} followed" if granted.standing else what, len(sealed))
        found = []
        try:
            for one in sealed:
                try:
                    found.append(each(granted.opening, one))
                except (KeyGone, Sealed):
                    found.append(None)
        except NotThere:
            self.refused(peer, granted.asker, "not-in-entry")
            raise Denied("not-in-entry") from None
        if found and not any(each is not None for each in found) and not granted.standing:
            self._gone(peer, granted.asker, [b""])
        return found

    def _cells(self, peer: Peer, grant: bytes, sealed: list[Any]) -> list[Any]:
        views = self._granted(peer, grant).views
        if views is not None and not all(_of(one[1][0], views) for one in sealed):
            raise Denied("no-follower")
        return self._opened(
            peer,
            grant,
            "cells",
            sealed,
            lambda opening, one: opening.packed_cell(one[0], _at(one[1])),
        )

    def _words(self, peer: Peer, grant: bytes, sealed: list[bytes]) -> list[Any]:
        self._must_show_all(peer, grant)
        return self._opened(
            peer, grant, "words", sealed, lambda opening, one: opening.words(FreeText(sealed=one))
        )

    def _must_show_all(self, peer: Peer, grant: bytes) -> None:
        if self._granted(peer, grant).views is not None:
            raise Denied("no-follower")

    def _entry_keys(self, peer: Peer, grant: bytes, entries: list[Any]) -> list[Any]:
        self._must_show_all(peer, grant)
        return self._opened(
            peer, grant, "entry keys", entries, lambda opening, one: opening.entry_key(*one)
        )

    def _records(self, peer: Peer, grant: bytes, rows: list[Any]) -> list[Any]:
        self._must_show_all(peer, grant)
        return self._opened(
            peer, grant, "records", rows, lambda opening, one: opening.record(SealedRow(*one))
        )

    def _seal_cells(self, peer: Peer, grant: bytes, sealing: list[Any]) -> list[Any]:
        self._must_follow(peer, grant)
        self._count(peer, "cells sealed", len(sealing))
        sealed = []
        for owner, purpose, cls, at_ms, place, plain in sealing:
            label = Label(KeyPurpose(purpose), Class(cls))
            under = Under(_owner(owner), label, _EPOCH + at_ms * _MILLISECOND)
            found = self._sealer.seal_packed(under, plain, _at(place))
            sealed.append(None if found is None else list(found))
        return sealed

    def _fingerprint(self, peer: Peer, field: str, value: str, grant: bytes | None) -> list[Any]:
        found = self._fingerprints.of(field, value)
        if grant is not None:
            self._must_follow(peer, grant)
        else:
            self._count(peer, "lookups")
            self._spending.spend(Kind.LOOKUP, "", [found], self._now_ms())
        return [found]

    # How it fares

    def _must_follow(self, peer: Peer, grant: bytes) -> None:
        """Only a follower changes what projections say; it may not be one that only finds."""
        granted = self._granted(peer, grant)
        if not granted.standing or granted.views is not None:
            raise Denied("no-follower")

    def _state(self, peer: Peer) -> list[Any]:
        open_ones = self._releases.alarms()
        return [[each.number, each.code, each.actor, each.count] for each in open_ones]

    def _reconcile(self, peer: Peer) -> list[Any]:
        self._must_be_ours(peer)
        found = self.reconciler.run(self._now_ms(), again=True)
        return [[name, count] for name, count in {**self._releases.counts(), **found}.items()]

    def _settle(self, peer: Peer, number: int) -> list[Any]:
        self._must_be_ours(peer)
        return [self._releases.settle(number, self._now_ms())]

    def _must_be_ours(self, peer: Peer) -> None:
        if peer.uid not in (0, os.getuid()):
            raise Denied("no-operator")


def on_asking(label: Label) -> bool:
    """Whether policy and log need such keys; those that wrap process notes stay here."""
    return label.purpose not in CONTENT and label.cls is not Class.PROCESS_NOTE


def _of(view: str, views: frozenset[str]) -> bool:
    """Whether a projection, whose name ends in its version, is one of these."""
    return view.rpartition("-")[0] in views


def _owner(found: Sequence[Any]) -> Owner:
    return Owner(OwnerKind(found[0]), found[1])


def _at(found: Sequence[Any]) -> Place:
    view, table, key, position = found
    return Place(view, table, tuple(key), position)


def _asker_in(fields: Iterable[Any]) -> Asker:
    """Who asked, where the request says so."""
    for each in fields:
        if type(each) is list and len(each) == 2 and all(type(part) is str for part in each):  # noqa: PLR2004 - a claim
            return Asker(*each)
    return _NOBODY
