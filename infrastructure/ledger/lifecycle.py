"""`Lifecycle`: what the control records of a log mean for its other entries, in order.

- E-PARSE: GENESIS is the first entry of a log, and no other is. A kind that is not known, and a
  control record that is withheld, are refused: nobody could say what it changed.
- E-KEYSTATE: a key is made before an entry stands under it, and made once; no entry stands under
  it behind its retiring, or behind the record of its destruction.
- E-BIND: an entry of an access log stands under a key of accountability.
- E-MAP: whoever a key of accountability is for has one access log, a stream that is hers alone
  from its first entry to its last. A second one could hide accesses from her.
- E-AUTH: a RECOVERY, a SHRED and the naming of a later custodian are signed by two custodians
  whom the log named before; the first ones are named before its first key.
- E-ROLLBACK: a RECOVERY stands at the size that was restored, over the root that it states, and
  names the log that it goes on.
- E-KEYSTATE: a key of the log or of a witness begins once and ends once (`policy_key`).
- E-MAP: each MAPHEAD follows the one before it, by epoch and by `log_size`, and its size and root
  are those of the map made anew: for every access log its last entry below `log_size`.

A MAPHEAD stands at most `MAP_REACH` entries after its `log_size`, so that what changed since can
be remembered and undone. An entry that is refused leaves everything as it was.

Source:
    docs of the design: security, sections 2.8 (f) and (g) and 2.9.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from infrastructure.ledger.chain import Link
from infrastructure.ledger.control import (
    ACCESS_ENTRY,
    ACCOUNTABILITY,
    FIRST_CONTROL_KIND,
    SEALED_KINDS,
    Control,
    Custodian,
    Genesis,
    MapHead,
    Recovery,
)
from infrastructure.ledger.errors import Code, LedgerError, LogBroken
from infrastructure.ledger.key_control import KeyMade, KeyRetired, Shred
from infrastructure.ledger.map import MapLabel, StreamMap
from infrastructure.ledger.note import Note, Verifier
from infrastructure.ledger.policy_key import NamedKey, NamedKeys, PolicyKey

APPROVALS = 2
"""How many custodians approve what no single person may decide."""
MAP_REACH = 100_000
"""The most entries between the end of what a map covers and its MAPHEAD."""


class Key(NamedTuple):
    """A key that the log says was made, and where."""

    purpose: int
    subject_tag: bytes
    position: int


class LoggedMap(NamedTuple):
    """The last MAPHEAD of a log, and where it stands."""

    position: int
    head: MapHead


class Change(NamedTuple):
    """An entry of an access log: what its label was before is the version and leaf it follows."""

    position: int
    stream_id: bytes
    version: int
    prev_leaf: bytes


class Past(Protocol):
    """What is known of the log below the first entry that is fed."""

    def key(self, key_id: bytes) -> Key | None:
        """The key that was made under this id."""

    def has_keys(self) -> bool:
        """Whether any key was made."""

    def is_closed(self, key_id: bytes) -> bool:
        """Whether a key was retired or destroyed: nothing may stand under it any more."""

    def access_log(self, subject_tag: bytes) -> bytes | None:
        """The stream that is a subject's access log."""

    def is_access_log(self, stream_id: bytes) -> bool:
        """Whether a stream is anybody's access log."""

    def labels(self) -> Iterable[MapLabel]:
        """The last entry of every access log."""

    def changes(self) -> Iterable[Change]:
        """The newest entries of access logs, in order, as far as a map may still reach back."""

    def logged_map(self) -> LoggedMap | None:
        """The last MAPHEAD of the log's present name."""

    def custodians(self) -> Iterable[str]:
        """The verifier keys of those whose two signatures approve a recovery."""

    def named_keys(self) -> Iterable[NamedKey]:
        """The keys of the log and of its witnesses that the log has named."""


@dataclass(frozen=True, slots=True)
class News:
    """What a lifecycle has learnt since it began: what a memory has to add to what it knows.

    Of `changes`, and of those remembered before, only what stands at `reach` or after is needed.
    """

    keys: Mapping[bytes, Key] = field(default_factory=dict)
    closed: frozenset[bytes] = frozenset()
    access_logs: Mapping[bytes, bytes] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    reach: int = 0
    logged_map: LoggedMap | None = None
    custodians: tuple[str, ...] = ()
    named_keys: Mapping[str, NamedKey] = field(default_factory=dict)
    origin: str | None = None
    """The name under which the log goes on, if it was recovered."""


class Lifecycle:
    """Judges the entries of one log, which an audit has found in place, in their order.

    Example:
        link = audit.check(entry, record)
        lifecycle.feed(link, parse_control(record) if record else None)
        audit.admit(link)
    """

    __slots__ = (
        "_access_logs",
        "_changes",
        "_closed",
        "_custodians",
        "_keys",
        "_labels",
        "_logged_map",
        "_map",
        "_named_keys",
        "_origin",
        "_past",
        "_past_changes",
        "_reach",
        "_recalled",
    )

    def __init__(self, past: Past | None = None) -> None:
        """Begin with the first entry of a log, or with the first that `past` does not know."""
        self._past = past
        self._keys: dict[bytes, Key] = {}
        self._closed: set[bytes] = set()
        self._access_logs: dict[bytes, bytes] = {}
        self._labels: dict[bytes, MapLabel] = {}
        self._changes: deque[Change] = deque()
        self._past_changes: tuple[Change, ...] = ()
        self._logged_map = past.logged_map() if past else None
        self._map: StreamMap | None = None
        self._reach = self._logged_map.head.log_size if self._logged_map else 0
        self._recalled = past is None
        self._custodians: list[str] = []
        self._named_keys: NamedKeys | None = None
        self._origin: str | None = None

    def feed(self, link: Link, control: Control | None, root: bytes = b"") -> None:
        """Judge the next entry; `control` is what its record says, where its kind is control.

        `root` is that of the entries before it, which a RECOVERY must state.

        Raises:
            LogBroken: E-PARSE, E-KEYSTATE, E-MAP, E-AUTH or E-ROLLBACK.
        """
        if link.kind >= FIRST_CONTROL_KIND:
            self._feed_control(link, control, root)
        else:
            self._feed_sealed(link)

    def news(self) -> News:
        """Return what was learnt from the entries fed so far."""
        return News(
            keys=self._keys.copy(),
            closed=frozenset(self._closed),
            access_logs=self._access_logs.copy(),
            changes=tuple(self._changes),
            reach=self._reach,
            logged_map=self._logged_map,
            custodians=tuple(self._custodians),
            named_keys=self._named_keys.news() if self._named_keys else {},
            origin=self._origin,
        )

    def _feed_control(self, link: Link, control: Control | None, root: bytes) -> None:
        if control is None:
            raise _broken("E-PARSE", link, "a control record", "a control record withheld")
        if isinstance(control, Genesis) is not (link.position == 0):
            raise _broken("E-PARSE", link, "GENESIS first, and only there", f"kind {link.kind}")
        if self._is_access_log(link):
            raise _broken("E-MAP", link, "an entry of an access log", f"kind {link.kind}")
        match control:
            case MapHead():
                self._check_map(link, control)
                self._logged_map = LoggedMap(link.position, control)
                self._forget_below(control.log_size)
            case Custodian():
                if control.approvals or self._has_keys():
                    self._must_be_approved(link, control.is_in, control.approvals)
                self._custodians.append(control.vkey)
            case PolicyKey():
                if self._named_keys is None:
                    self._named_keys = NamedKeys(self._past.named_keys() if self._past else ())
                self._named_keys.feed(link, control)
            case Recovery():
                self._check_recovery(link, control, root)
                # The map of the new name begins anew, and so do the keys that it names.
                self._logged_map = self._map = None
                self._named_keys = NamedKeys()
                self._origin = control.origin
            case _:
                self._feed_key_control(link, control)

    def _feed_key_control(self, link: Link, control: Control) -> None:
        match control:
            case KeyMade():
                if self._key(control.key_id):
                    raise _broken("E-KEYSTATE", link, "a new key", "a key made twice")
                made = Key(control.purpose, control.subject_tag, link.position)
                self._keys[control.key_id] = made
            case KeyRetired():
                self._close(link, (control.key_id,))
            case Shred():
                self._must_be_approved(link, control.is_in, control.approvals)
                self._close(link, control.keys)
            case _:
                pass

    def _check_recovery(self, link: Link, recovery: Recovery, root: bytes) -> None:
        if recovery.restored_size != link.position:
            expected = f"a recovery at {link.position}"
            raise _broken("E-ROLLBACK", link, expected, recovery.restored_size)
        if recovery.root != root:
            raise _broken("E-ROLLBACK", link, root, recovery.root)
        self._must_be_approved(link, recovery.is_in, recovery.approvals)

    def _must_be_approved(self, link: Link, is_in: Callable[[str], bool], approvals: bytes) -> None:
        """Refuse what no single person may decide, unless two custodians have signed it."""
        past = self._past.custodians() if self._past else ()
        try:
            known = [Verifier.parse(each) for each in (*past, *self._custodians)]
            note = Note.parse(approvals)
            signed = note.verify(known)
        except LedgerError as refused:
            raise _broken("E-AUTH", link, "a statement with signatures", str(refused)) from refused
        # One who was named under two names is one.
        people = {each.public for each in signed}
        if not is_in(note.text) or len(people) < APPROVALS:
            found = f"{len(people)} signatures"
            raise _broken("E-AUTH", link, f"{APPROVALS} custodians' approval", found)

    def _close(self, link: Link, key_ids: Iterable[bytes]) -> None:
        for key_id in key_ids:
            if self._key(key_id) is None:
                raise _broken("E-KEYSTATE", link, "a key made before", "none")
            self._closed.add(key_id)

    def _has_keys(self) -> bool:
        return bool(self._keys) or (self._past is not None and self._past.has_keys())

    def _is_closed(self, key_id: bytes) -> bool:
        if key_id in self._closed:
            return True
        # A key that was made here has no past.
        past = None if key_id in self._keys else self._past
        return past is not None and past.is_closed(key_id)

    def _feed_sealed(self, link: Link) -> None:
        if link.kind not in SEALED_KINDS:
            raise _broken("E-PARSE", link, "a kind that stands in a log", f"kind {link.kind}")
        key = self._key(link.key_id)
        if key is None:
            raise _broken("E-KEYSTATE", link, "a key made before", "none")
        if self._is_closed(link.key_id):
            raise _broken("E-KEYSTATE", link, "a key in use", "one retired or destroyed")
        if key.purpose == ACCOUNTABILITY:
            self._feed_access(link, key.subject_tag)
        elif link.kind == ACCESS_ENTRY:
            raise _broken("E-BIND", link, "an access log's own key", f"a key for {key.purpose}")
        elif self._is_access_log(link):
            raise _broken("E-MAP", link, "an access log's own key", f"a key for {key.purpose}")

    def _feed_access(self, link: Link, subject_tag: bytes) -> None:
        position, _, stream_id, version, *_ = link
        its_log = self._access_log(subject_tag)
        if its_log is None:
            if version != 1:
                raise _broken("E-MAP", link, "an access log from its first entry", "another stream")
            self._access_logs[subject_tag] = stream_id
        elif its_log != stream_id:
            raise _broken("E-MAP", link, "one access log for one subject", "a second")
        self._labels[stream_id] = MapLabel(stream_id, version, link.leaf)
        self._changes.append(Change(position, stream_id, version, link.prev_leaf))
        self._forget_below(position - MAP_REACH)

    def _check_map(self, link: Link, head: MapHead) -> None:
        before = self._logged_map.head if self._logged_map else MapHead(0, 0, 0, b"")
        if head.epoch != before.epoch + 1:
            raise _broken("E-MAP", link, f"epoch {before.epoch + 1}", f"epoch {head.epoch}")
        least = max(before.log_size, link.position - MAP_REACH)
        if not least <= head.log_size <= link.position:
            expected = f"a log size from {least} to {link.position}"
            raise _broken("E-MAP", link, expected, head.log_size)
        found = self._map_at(head.log_size)
        if head.map_size != found.size:
            raise _broken("E-MAP", link, f"{found.size} access logs", head.map_size)
        root = found.root()
        if head.map_root != root:
            raise _broken("E-MAP", link, root, head.map_root)
        self._map = found

    def _map_at(self, log_size: int) -> StreamMap:
        """Make the map of an earlier size, out of the last one if what changed since is known."""
        self._recall()
        # It is kept again when the MAPHEAD has been found good.
        found, self._map = self._map, None
        if self._logged_map is None or self._logged_map.head.log_size != self._reach:
            found = None
        begin = log_size if found is None else self._reach
        grown = set[bytes]()
        labels: dict[bytes, MapLabel] = {}
        for change in itertools.chain(reversed(self._changes), reversed(self._past_changes)):
            if change.position < begin:
                break
            position, stream_id, version, prev_leaf = change
            if position < log_size:
                grown.add(stream_id)
            else:
                # Version 0: it did not stand there yet.
                labels[stream_id] = MapLabel(stream_id, version - 1, prev_leaf)
        if found is None:
            labels = self._labels | labels
            return StreamMap(labels[each] for each in sorted(labels) if labels[each].version)
        found.update(labels.get(each) or self._labels[each] for each in grown)
        return found

    def _recall(self) -> None:
        """Bring in the labels of every access log, once a MAPHEAD asks for them."""
        if self._past is None or self._recalled:
            return
        # In this order: of each stream that has changed there is a label.
        self._past_changes = tuple(self._past.changes())
        known = {label.stream: label for label in self._past.labels()}
        self._labels = known | self._labels
        self._recalled = True

    def _forget_below(self, position: int) -> None:
        self._reach = max(self._reach, position)
        while self._changes and self._changes[0].position < self._reach:
            self._changes.popleft()

    def _key(self, key_id: bytes) -> Key | None:
        key = self._keys.get(key_id)
        if key is None and self._past is not None:
            key = self._past.key(key_id)
        return key

    def _access_log(self, subject_tag: bytes) -> bytes | None:
        stream_id = self._access_logs.get(subject_tag)
        if stream_id is None and self._past is not None:
            stream_id = self._past.access_log(subject_tag)
        return stream_id

    def _is_access_log(self, link: Link) -> bool:
        if link.stream_id in self._labels:
            return True
        # A stream that begins here has no past.
        known = None if link.version == 1 else self._past
        return known is not None and known.is_access_log(link.stream_id)


def _broken(code: Code, link: Link, expected: object, found: object) -> LogBroken:
    return LogBroken(code, link.position, link.stream_id, expected, found)
