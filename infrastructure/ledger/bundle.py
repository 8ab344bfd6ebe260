"""The client's access bundle: her whole access log in one file, and how it is verified.

- A `Bundle` is what the file says. `parse` takes one JSON object with exactly the members below,
  each of its one type, within limits that are checked before anything is built.
- Each `check_` function judges one claim and raises if it does not hold. None of them needs a
  store, or another key than those in the bundle, each of which opens one entry.
- What is shown and not judged: the clinic's statement, the names, when the bundle was made, how
  many entries came later, and the code under which an entry stays closed.

```
{"format": "powiernik/access-bundle/1", "made_at", "origin", "access_log",
 "statement": {"pl", "en"}, "checkpoint",
 "map_head": {"position", "entry", "record"}, "map": {"index", "version", "leaf", "hashes"},
 "entries": [{"position", "entry", "record", "key", "closed"}], "proof": [[level, index, hash]],
 "names": {actor: text}, "later"}
```

Source:
    docs/formats/bundle.md; docs of the design: security, section 2.9 and section 7, attack 64.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeAlias

from infrastructure.ledger.access import (
    SeenAccess,
    check_body,
    open_access,
    place_of,
    utc,
)
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import (
    ACCESS_ENTRY,
    EVENT,
    ControlKind,
    MapHead,
    log_id_of,
    map_stream,
    parse_control,
)
from infrastructure.ledger.entry import ENTRY_SIZE, LIMIT, ZERO_LEAF, Entry
from infrastructure.ledger.errors import ClaimRefused, Code, NoteRefused
from infrastructure.ledger.key_control import CONTROL_KEY
from infrastructure.ledger.map import MapLabel, MembershipProof
from infrastructure.ledger.merkle import HASH_SIZE, Subtree, leaf_hash
from infrastructure.ledger.multiproof import ProofNode, prove, root_of
from infrastructure.ledger.note import MAX_NOTE_SIZE, Note, read_base64, read_decimal, write_base64

FORMAT = "powiernik/access-bundle/1"
MOST_BYTES = 256 * 1024 * 1024
MOST_VALUES = 4_000_000
"""Commas and opening brackets in the file: they bound what can be made of it."""
MOST_ENTRIES = 100_000
MOST_NAMES = 10_000
MOST_RECORD = 2 * 1024 * 1024
MOST_STATEMENT = 64 * 1024
MOST_NAME = 200
FRESH_S = 24 * 60 * 60
"""How far the look by which a bundle was made may be from the newest cosignature."""
LANGUAGES = ("pl", "en")

_MEMBERS = (
    "format",
    "made_at",
    "origin",
    "access_log",
    "statement",
    "checkpoint",
    "map_head",
    "map",
    "entries",
    "proof",
    "names",
    "later",
)
_ENTRY_MEMBERS = ("position", "entry", "record", "key", "closed")
_ID_SIZE = 16
_KEY_SIZE = 32
_MOST_ORIGIN = 255
_MOST_MAP_HASHES = 63
_MOST_BASE64 = 4 * (MOST_RECORD // 3 + 1)
_ID = re.compile(r"[0-9a-f]{32}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_CLOSED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_ESCAPE = re.compile(rb"\\u(?!00[0-7])")
"""In JSON, an escape of a character that is not ASCII."""

_Json: TypeAlias = "str | int | bool | list[_Json] | dict[str, _Json] | None"


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry of the access log: with its own key, or closed under a code that says why."""

    entry: Entry
    record: bytes | None
    key: bytes | None = field(default=None, repr=False)
    closed: str | None = None

    def __post_init__(self) -> None:
        one = (self.key is None) is not (self.closed is None)
        _require("entry", "a key, or a code why it is closed", "both or neither", holds=one)
        whole = self.key is None or self.record is not None
        _require("entry", "the record that the key opens", "none", holds=whole)
        if self.key is not None:
            _require_size("key of an entry", _KEY_SIZE, self.key)
        code = self.closed is None or _CLOSED.fullmatch(self.closed) is not None
        _require("entry", "a code of 1 to 64 letters, digits and signs", "other text", holds=code)
        _require_at_most("record", MOST_RECORD, len(self.record or b""))


@dataclass(frozen=True, slots=True)
class ShownHead:
    """The MAPHEAD by which the bundle is complete: its entry and its record."""

    entry: Entry
    record: bytes


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """The place of the access log in the map: its label, but for the stream, and the proof."""

    index: int
    version: int
    leaf: bytes
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        _require_at_most("hashes of the map", _MOST_MAP_HASHES, len(self.hashes))
        for each in (self.leaf, *self.hashes):
            _require_size("hash of the map", HASH_SIZE, each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A client's access bundle, well-formed; whether what it claims is true, the checks tell.

    Raises:
        ClaimRefused: E-PARSE or E-LIMIT, the fields are not those of any bundle.
    """

    made_at: str
    origin: str
    access_log: bytes
    statement: Mapping[str, str]
    checkpoint: bytes
    map_head: ShownHead
    label: ShownLabel
    entries: tuple[ShownEntry, ...]
    proof: tuple[ProofNode, ...]
    names: Mapping[str, str]
    later: int

    def __post_init__(self) -> None:
        _require("made_at", "an instant in UTC", "other text", holds=_is_instant(self.made_at))
        _require("origin", "a name", "nothing", holds=self.origin != "")
        _require_text("origin", self.origin, _MOST_ORIGIN)
        _require_size("access log", _ID_SIZE, self.access_log)
        told = sorted(self.statement) == sorted(LANGUAGES)
        _require("statement", "Polish and English", "other languages", holds=told)
        for text in self.statement.values():
            _require_text("statement", text, MOST_STATEMENT)
        _require_at_most("checkpoint", MAX_NOTE_SIZE, len(self.checkpoint))
        _require_at_most("entries", MOST_ENTRIES, len(self.entries))
        _require_at_most("names", MOST_NAMES, len(self.names))
        for actor, name in self.names.items():
            known = _ID.fullmatch(actor) is not None
            _require("names", "identifiers of actors", "other text", holds=known)
            _require_text("names", name, MOST_NAME)
        _require("later", "a count", "another number", holds=0 <= self.later < LIMIT)
        positions = {self.map_head.entry.position, *(each.entry.position for each in self.entries)}
        once = len(positions) == len(self.entries) + 1
        _require("entries", "each position once", "one twice", holds=once)

    @classmethod
    def assembled(  # noqa: PLR0913 - a bundle has as many pieces
        cls,
        *,
        made_at: datetime,
        note: bytes,
        subtree: Subtree,
        statement: Mapping[str, str],
        map_head: ShownHead,
        label: MapLabel,
        membership: MembershipProof,
        entries: Iterable[ShownEntry],
        names: Mapping[str, str] = MappingProxyType({}),
        later: int = 0,
    ) -> Bundle:
        """Put a bundle together; what is proved, is proved from the perfect subtrees of the log.

        Raises:
            ClaimRefused: the pieces are not those of any bundle.
            NoteRefused: the note is not that of a checkpoint.
            ProofRefused: an entry is not below the size of the checkpoint.
        """
        checkpoint = Checkpoint.parse(Note.parse(note).text)
        shown = tuple(entries)
        positions = (map_head.entry.position, *(each.entry.position for each in shown))
        return cls(
            made_at=made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            origin=checkpoint.origin,
            access_log=label.stream,
            statement=statement,
            checkpoint=note,
            map_head=map_head,
            label=ShownLabel(membership.index, label.version, label.leaf, membership.hashes),
            entries=shown,
            proof=prove(subtree, positions, checkpoint.size),
            names=names,
            later=later,
        )

    @classmethod
    def parse(cls, data: bytes) -> Bundle:
        """Read a bundle.

        Raises:
            ClaimRefused: E-PARSE, it is no bundle; E-LIMIT, one of more than can be wanted here.
        """
        values = _object("bundle", _read_json(data), _MEMBERS)
        format_, made_at, origin, access_log, statement, note, head, label, *rest = values
        entries, proof, names, later = rest
        _require("format", FORMAT, "another", holds=format_ == FORMAT)
        return cls(
            made_at=_text(made_at),
            origin=_text(origin),
            access_log=_id(access_log),
            statement=_texts(statement),
            checkpoint=_text(note).encode(),
            map_head=_shown_head(head),
            label=_shown_label(label),
            entries=tuple([_shown_entry(each) for each in _list(entries, MOST_ENTRIES)]),
            proof=tuple([_node(each) for each in _list(proof, MOST_VALUES)]),
            names=_texts(names),
            later=_number(later),
        )

    def encode(self) -> bytes:
        """Return the file."""
        head = self.map_head
        members = {
            "format": FORMAT,
            "made_at": self.made_at,
            "origin": self.origin,
            "access_log": self.access_log.hex(),
            "statement": dict(self.statement),
            "checkpoint": self.checkpoint.decode(),
            "map_head": {
                "position": head.entry.position,
                "entry": write_base64(head.entry.pack()),
                "record": write_base64(head.record),
            },
            "map": {
                "index": self.label.index,
                "version": self.label.version,
                "leaf": write_base64(self.label.leaf),
                "hashes": [write_base64(each) for each in self.label.hashes],
            },
            "entries": [
                {
                    "position": each.entry.position,
                    "entry": write_base64(each.entry.pack()),
                    "record": None if each.record is None else write_base64(each.record),
                    "key": None if each.key is None else write_base64(each.key),
                    "closed": each.closed,
                }
                for each in self.entries
            ],
            "proof": [[level, index, write_base64(hash_)] for level, index, hash_ in self.proof],
            "names": dict(self.names),
            "later": self.later,
        }
        text = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
        return text.encode() + b"\n"

    def closed(self) -> dict[str, int]:
        """How many entries stay closed, by the code that says why."""
        counted: dict[str, int] = {}
        for each in self.entries:
            if each.closed is not None:
                counted[each.closed] = counted.get(each.closed, 0) + 1
        return counted


def check_origin(bundle: Bundle, checkpoint: Checkpoint) -> None:
    """Check that the bundle speaks of the log of its checkpoint.

    Raises:
        ClaimRefused: E-BIND.
    """
    if bundle.origin != checkpoint.origin:
        raise ClaimRefused("E-BIND", "origin", expected=checkpoint.origin, found=bundle.origin)


def check_tree(bundle: Bundle, checkpoint: Checkpoint) -> None:
    """Check that everything shown stands in the tree of a checkpoint that is believed.

    Raises:
        ProofRefused: E-ROOT.
        ClaimRefused: E-ROOT.
    """
    shown = (bundle.map_head.entry, *(each.entry for each in bundle.entries))
    leaves = {entry.position: leaf_hash(entry.pack()) for entry in shown}
    root = root_of(checkpoint.size, leaves, bundle.proof)
    if root != checkpoint.root:
        what = f"root at size {checkpoint.size}"
        raise ClaimRefused("E-ROOT", what, expected=checkpoint.root, found=root)


def check_map_head(bundle: Bundle) -> MapHead:
    """Check that the map head is a MAPHEAD of this log, and return what it says.

    Raises:
        ClaimRefused, LogBroken, ControlRefused, CanonicalRefused: it is not.
    """
    entry, record = bundle.map_head.entry, bundle.map_head.record
    log_id = log_id_of(bundle.origin)
    place = (entry.kind, entry.key_id, entry.stream_id)
    expected = (int(ControlKind.MAPHEAD), CONTROL_KEY, map_stream(log_id))
    if place != expected:
        raise _refused("E-MAP", "map head", "an entry of the stream of map heads", "another")
    check_body(entry, record, log_id)
    head = parse_control(record)
    if not isinstance(head, MapHead):
        raise _refused("E-MAP", "map head", "a MAPHEAD", "another record")
    if head.log_size > entry.position:
        expected_size = f"at most {entry.position}"
        raise _refused("E-MAP", "log size of the map head", expected_size, head.log_size)
    return head


def check_map(bundle: Bundle, head: MapHead) -> None:
    """Check that the map says of the access log what the bundle says it does.

    Raises:
        MapRefused: E-MAP.
    """
    shown = bundle.label
    label = MapLabel(bundle.access_log, shown.version, shown.leaf)
    proof = MembershipProof(shown.index, head.map_size, shown.hashes)
    proof.verify(label, size=head.map_size, root=head.map_root)


def check_chain(bundle: Bundle, head: MapHead) -> None:
    """Check that the entries are all those of the access log that the map covers, in order.

    Raises:
        ClaimRefused: E-CHAIN, they are not the entries of one stream from its first; E-TIME, time
            goes back; E-MAP, they end elsewhere than the map says.
    """
    leaf, position, time_ms = ZERO_LEAF, None, 0
    for version, shown in enumerate(bundle.entries, start=1):
        entry = shown.entry
        expected = (bundle.access_log, version, position, leaf)
        _check_follows(entry, expected)
        if entry.time_ms < time_ms:
            raise _refused("E-TIME", place_of(entry), f"time not before {time_ms}", entry.time_ms)
        if entry.position >= head.log_size:
            raise _refused(
                "E-MAP", place_of(entry), f"a position below {head.log_size}", entry.position
            )
        leaf, position, time_ms = leaf_hash(entry.pack()), entry.position, entry.time_ms
    if len(bundle.entries) != bundle.label.version:
        raise _refused("E-MAP", "entries", bundle.label.version, len(bundle.entries))
    if leaf != bundle.label.leaf:
        raise _refused("E-MAP", "leaf of the last entry", bundle.label.leaf, leaf)


def open_entries(bundle: Bundle) -> tuple[SeenAccess, ...]:
    """Check every record that is shown, open those that have a key, and return what they say.

    Raises:
        ClaimRefused, LogBroken, CanonicalRefused: a record is not its entry's, a key does not open
            it, or what it says is no access to the record of one and the same client.
    """
    log_id = log_id_of(bundle.origin)
    seen: list[SeenAccess] = []
    for shown in bundle.entries:
        if shown.record is None:
            continue
        check_body(shown.entry, shown.record, log_id)
        if shown.key is None:
            continue
        access = open_access(shown.entry, shown.record, shown.key)
        if seen and access.client != seen[0].client:
            raise _refused(
                "E-BIND", place_of(shown.entry), "an access to one client's record", "two"
            )
        seen.append(access)
    return tuple(seen)


def check_as_of(bundle: Bundle, seen: Sequence[SeenAccess], cosigned_s: int | None) -> SeenAccess:
    """Check that the last entry is the look by which the bundle was made, near its checkpoint.

    `cosigned_s` is the newest cosignature of the checkpoint, where there is any.

    Raises:
        ClaimRefused: E-MAP, the map head is older than the bundle would have one believe.
    """
    last = seen[-1] if seen and bundle.entries[-1].key is not None else None
    if last is None or last.kind != "AUDIT_READ" or last.denied:
        found = "a closed entry" if last is None else last.kind
        raise _refused("E-MAP", "last entry", "AUDIT_READ, the look at this log", found)
    if cosigned_s is not None and abs(cosigned_s * 1000 - last.time_ms) > FRESH_S * 1000:
        expected = f"within {FRESH_S // 3600} hours of {utc(cosigned_s * 1000)}"
        raise _refused("E-MAP", "last entry", expected, utc(last.time_ms))
    return last


def completeness(*, log_size: int, closed: int, later: int) -> tuple[str, ...]:
    """Say what it means, and does not mean, that an access log is complete; in plain words.

    It stands here, and not in the bundle, because it is for the verifier to say.
    """
    told = {"log_size": log_size, "closed": closed, "later": later}
    return tuple([text.format(**told) for text in _COMPLETENESS])


_COMPLETENESS = (
    """\
Co znaczy, że ten wykaz jest pełny: jest w nim każdy wgląd w tę dokumentację, który przeszedł \
przez moduł wydający klucze, aż do wpisu {log_size} dziennika kliniki. Jeżeli świadkowie są od \
kliniki niezależni, nikomu nie pokazano innego wykazu.""",
    """\
Czego to nie znaczy: wykaz nie mówi o zdjęciach ekranu, o kimś, kto miał klucze poza systemem, \
ani o wpisach późniejszych (klinika podaje ich {later}).""",
    """\
Wpisów zamkniętych jest {closed}. Wiadomo, że są i ile ich jest; tego, co mówią, tu nie widać.""",
    """\
Czy prawdziwa jest sama mapa, z której wynika liczba wpisów, sprawdza ten, kto weryfikuje cały \
dziennik.""",
    """\
What it means that this list is complete: every look at this record that went through the key \
broker is in it, up to entry {log_size} of the clinic's log. If the witnesses are independent of \
the clinic, nobody was shown another list.""",
    """\
What it does not mean: the list says nothing of photographs of a screen, of somebody who had the \
keys outside the system, or of later entries (the clinic counts {later}).""",
    """\
Closed entries: {closed}. That they exist, and how many, is known; what they say is not shown \
here.""",
    """\
Whether the map, from which the number of entries follows, is itself true is checked by whoever \
verifies the whole log.""",
)


_Place: TypeAlias = tuple[bytes, int, int | None, bytes]


def _check_follows(entry: Entry, expected: _Place) -> None:
    found = (entry.stream_id, entry.version, entry.prev_pos, entry.prev_leaf)
    names = ("stream", "version", "previous position", "previous leaf")
    for name, one, other in zip(names, expected, found, strict=True):
        if one != other:
            raise _refused("E-CHAIN", f"{name} of the {place_of(entry)}", one, other)
    if entry.kind not in (ACCESS_ENTRY, EVENT):
        raise _refused("E-CHAIN", place_of(entry), "a kind of an access log", f"kind {entry.kind}")


# Reading the file.


def _read_json(data: bytes) -> _Json:
    _require_at_most("bundle", MOST_BYTES, len(data))
    # Counted before they are made: a file of brackets would take fifty times its size in memory.
    _require_at_most("values", MOST_VALUES, sum(data.count(mark) for mark in (b",", b"[", b"{")))
    # Bytes are made into texts where they are wanted (`_text`). As characters they would all be as
    # wide as the widest of them, and one letter could quadruple the file.
    plain = _ESCAPE.search(data.replace(rb"\\", b"")) is None
    _require("bundle", "characters as they are", "an escape", holds=plain)
    try:
        found: _Json = json.loads(
            data.decode("latin-1"),
            object_pairs_hook=_members,
            parse_int=read_decimal,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except RecursionError:
        raise _refused("E-LIMIT", "bundle", "JSON of a few levels", "deeper") from None
    except (ValueError, NoteRefused):
        # The message of the cause could carry content.
        raise _refused("E-PARSE", "bundle", "JSON of texts and counts", "other") from None
    return found


def _members(pairs: list[tuple[str, _Json]]) -> dict[str, _Json]:
    found = dict(pairs)
    _require("bundle", "each member once", "one twice", holds=len(found) == len(pairs))
    return found


def _refuse_number(_: str) -> _Json:
    raise ValueError


def _object(what: str, value: _Json, members: Sequence[str]) -> list[_Json]:
    """Return the values of exactly these members, in this order."""
    if not isinstance(value, dict) or value.keys() != set(members):
        raise _refused("E-PARSE", what, f"the members {' '.join(members)}", "others")
    return [value[each] for each in members]


def _list(value: _Json, most: int) -> list[_Json]:
    if not isinstance(value, list):
        raise _refused("E-PARSE", "bundle", "a list", type(value).__name__)
    _require_at_most("list", most, len(value))
    return value


def _octets(value: _Json, most: int) -> str:
    """Return a text of which each character is still an octet."""
    if not isinstance(value, str):
        raise _refused("E-PARSE", "bundle", "a text", type(value).__name__)
    _require_at_most("text", most, len(value))
    return value


def _text(value: _Json) -> str:
    octets = _octets(value, MAX_NOTE_SIZE)
    try:
        return octets.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise _refused("E-PARSE", "bundle", "UTF-8", "other octets") from None


def _texts(value: _Json) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _refused("E-PARSE", "bundle", "an object", type(value).__name__)
    return {name: _text(each) for name, each in value.items()}


def _number(value: _Json) -> int:
    if type(value) is not int:
        raise _refused("E-PARSE", "bundle", "a count", type(value).__name__)
    return value


def _bytes(value: _Json) -> bytes:
    try:
        return read_base64(_octets(value, _MOST_BASE64))
    except NoteRefused:
        raise _refused("E-PARSE", "bundle", "canonical base64", "other text") from None


def _maybe_bytes(value: _Json) -> bytes | None:
    return None if value is None else _bytes(value)


def _id(value: _Json) -> bytes:
    text = _text(value)
    _require("identifier", "32 hexadecimal digits", "other", holds=bool(_ID.fullmatch(text)))
    return bytes.fromhex(text)


def _entry(value: _Json, position: _Json) -> Entry:
    data = _bytes(value)
    _require_size("entry", ENTRY_SIZE, data)
    entry = Entry.unpack(data)
    if entry.position != _number(position):
        raise _refused("E-PARSE", "entry", f"position {position}", f"position {entry.position}")
    return entry


def _shown_head(value: _Json) -> ShownHead:
    position, entry, record = _object("map head", value, ("position", "entry", "record"))
    data = _bytes(record)
    _require_at_most("record", MOST_RECORD, len(data))
    return ShownHead(_entry(entry, position), data)


def _shown_label(value: _Json) -> ShownLabel:
    members = ("index", "version", "leaf", "hashes")
    index, version, leaf, hashes = _object("map", value, members)
    siblings = tuple([_bytes(each) for each in _list(hashes, _MOST_MAP_HASHES)])
    return ShownLabel(_number(index), _number(version), _bytes(leaf), siblings)


def _shown_entry(value: _Json) -> ShownEntry:
    position, entry, record, key, closed = _object("entry", value, _ENTRY_MEMBERS)
    code = None if closed is None else _text(closed)
    return ShownEntry(_entry(entry, position), _maybe_bytes(record), _maybe_bytes(key), code)


def _node(value: _Json) -> ProofNode:
    parts = _list(value, 3)
    _require("node of the proof", "level, index and hash", "other", holds=len(parts) == 3)  # noqa: PLR2004
    level, index, hash_ = parts
    return _number(level), _number(index), _bytes(hash_)


def _is_instant(text: str) -> bool:
    if _INSTANT.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _utf8(what: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise _refused("E-PARSE", what, "characters", "half of one") from None


def _require_text(what: str, text: str, most: int) -> None:
    _require_at_most(what, most, len(_utf8(what, text)))


def _require_size(what: str, size: int, data: bytes) -> None:
    _require(what, f"{size} bytes", f"{len(data)} bytes", holds=len(data) == size)


def _require_at_most(what: str, most: int, found: int) -> None:
    if found > most:
        raise _refused("E-LIMIT", what, f"at most {most}", found)


def _require(what: str, expected: str, found: str, *, holds: bool) -> None:
    if not holds:
        raise _refused("E-PARSE", what, expected, found)


def _refused(code: Code, what: str, expected: object, found: object) -> ClaimRefused:
    return ClaimRefused(code, what, expected=expected, found=found)
