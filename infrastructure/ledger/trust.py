"""The trust policy: whose logs and whose witnesses one believes, and how many of them it takes.

- A policy is a file that whoever verifies has pinned; it is read strictly, within limits.
- A group names only what stands on lines before it, so no group contains itself.
- A name is a member once in the whole file, and a public key stands in it once, under whatever
  name and algorithm, as log or as witness: nobody counts twice, and no log witnesses itself.
- Two keys of one log are allowed: while a key is replaced, checkpoints carry both signatures.
- Keys of one name are one witness's, and count once: what they stand for are alternatives (in a
  group of which one is enough) or belong together (in a group of theirs alone).
- Names are opaque octets, here as UTF-8 with surrogate escapes: different octets stay different.

```
log <vkey> [<url>]                          type 0x01; its name is the log's origin
witness <name> <vkey> [<url>]               type 0x04 or 0x06
group <name> all|any|<k> <name>...
quorum <name>|none
```

Source:
    C2SP tlog-policy; docs of the design: security, sections 2.4 and 2.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import (
    KeyRefused,
    KeyReplaced,
    PolicyRefused,
    QuorumMissing,
    SignatureRefused,
    TimeRefused,
)
from infrastructure.ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA_44,
    ED25519,
    Note,
    Verifier,
)

MAX_POLICY_SIZE = 64 * 1024
MAX_LINES = 1000
# Of logs, of witnesses, of groups, and of the members of one group.
MAX_COUNT = 64

_FOREIGN_OCTETS = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_URL = re.compile(rb"https?://[^/?#@]+(?:[/?#].*)?")
_THRESHOLD = re.compile(rb"[1-9][0-9]?")
_NO_QUORUM = "none"


class KnownLog(NamedTuple):
    """A log one believes: its origin is the name of the key."""

    verifier: Verifier
    url: str | None


class Witness(NamedTuple):
    """A witness one believes, under the name the policy gives it."""

    name: str
    verifier: Verifier
    url: str | None


class Group(NamedTuple):
    """Witnesses and groups of which `threshold` are enough."""

    name: str
    threshold: int
    members: tuple[str, ...]


class Judged(NamedTuple):
    """A checkpoint whose log has signed it, and who has cosigned it.

    `logs` are the keys of the log that signed it: one, or two while one replaces the other;
    `witnesses` holds the times of the cosignatures in seconds, by names of the policy; `quorum`
    tells whether they are enough.
    """

    checkpoint: Checkpoint
    logs: tuple[Verifier, ...]
    witnesses: Mapping[str, int]
    quorum: bool

    @property
    def log(self) -> Verifier:
        """The first key of the log, in the order of the policy, that has signed it."""
        return self.logs[0]


@dataclass(frozen=True, slots=True)
class Trust:
    """A policy, as `parse` has read it; `quorum` is the name that must be met, if any.

    Example:
        judged = Trust.parse(path.read_bytes()).require(note)
        judged.checkpoint.root
    """

    logs: tuple[KnownLog, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str | None

    @classmethod
    def parse(cls, data: bytes) -> Trust:
        """Read a policy.

        Raises:
            PolicyRefused: it is no policy, or would count somebody twice, or is too large.
        """
        if len(data) > MAX_POLICY_SIZE:
            raise PolicyRefused(f"policy: expected at most {MAX_POLICY_SIZE} bytes")
        if _FOREIGN_OCTETS.search(data):
            raise PolicyRefused("policy: expected no control characters but tab and newline")
        # A file that was cut off could name another quorum than the whole one.
        if not data.endswith(b"\n") or data.count(b"\n") > MAX_LINES:
            raise PolicyRefused(f"policy: expected 1 to {MAX_LINES} whole lines")
        reader = _Reader()
        for number, line in enumerate(data[:-1].split(b"\n"), start=1):
            try:
                reader.read(line.split())
            except _LineRefused as error:
                raise PolicyRefused(f"policy, line {number}: {error}") from error
        if not reader.quorums:
            raise PolicyRefused("policy: expected a quorum line, found none")
        quorum = reader.quorums[0]
        return cls(
            tuple(reader.logs),
            tuple(reader.witnesses),
            tuple(reader.groups),
            None if quorum == _NO_QUORUM else quorum,
        )

    def judge(self, note: bytes, *, now_s: int | None = None, skew_s: int = 300) -> Judged:
        """Verify a checkpoint and its cosignatures, and tell whether they are a quorum.

        A cosignature without a time is not counted: it does not say that the tree was the largest
        its witness had seen. With `now_s`, none may be later than that by more than `skew_s`.

        Raises:
            NoteRefused: it is no note, or not that of a checkpoint.
            SignatureRefused: no known log of this origin signed it, or a known key does not verify.
            KeyReplaced: only other keys have signed it under the name of the log.
            TimeRefused: a cosignature is from the future.
        """
        parsed = Note.parse(note)
        checkpoint = Checkpoint.parse(parsed.text)
        keys = [log.verifier for log in self.logs if log.verifier.name == checkpoint.origin]
        if not keys:
            raise SignatureRefused("checkpoint: expected the origin of a known log")
        _require_known(keys, parsed)
        times = parsed.verify((*keys, *(witness.verifier for witness in self.witnesses)))
        signed = tuple(key for key in keys if key in times)
        if not signed:
            raise SignatureRefused("checkpoint: expected a signature of its log, found none")
        cosigned = {
            witness.name: time_s
            for witness in self.witnesses
            if (time_s := times.get(witness.verifier))
        }
        if now_s is not None and any(time_s > now_s + skew_s for time_s in cosigned.values()):
            raise TimeRefused("cosignature: expected a time that has come, found a later one")
        met = self.is_met_by(cosigned)
        return Judged(checkpoint, signed, MappingProxyType(cosigned), met)

    def require(self, note: bytes, *, now_s: int | None = None, skew_s: int = 300) -> Judged:
        """Verify a checkpoint and its cosignatures, which must be a quorum.

        Raises:
            NoteRefused, SignatureRefused, TimeRefused: as `judge` does.
            QuorumMissing: too few of the witnesses cosigned it.
        """
        judged = self.judge(note, now_s=now_s, skew_s=skew_s)
        if not judged.quorum:
            found = ", ".join(_printable(name) for name in judged.witnesses) or "none"
            unusable = [each.name for each in self.witnesses if not each.verifier.usable]
            if unusable:
                found += "; no ML-DSA here for " + ", ".join(_printable(name) for name in unusable)
            expected = self._described(self.quorum or _NO_QUORUM)
            raise QuorumMissing("witnesses", expected=expected, found=found)
        return judged

    def is_met_by(self, names: Iterable[str]) -> bool:
        """Whether the witnesses of these names in the policy are a quorum."""
        witnessing = set(names)
        # Members stand before their groups, so one pass in the order of the file is enough.
        for group in self.groups:
            if sum(member in witnessing for member in group.members) >= group.threshold:
                witnessing.add(group.name)
        return self.quorum is None or self.quorum in witnessing

    def _described(self, name: str) -> str:
        """Return a name with the witnesses it stands for: `2 of (w1, w2, 1 of (w3, w4))`."""
        described = {witness.name: _printable(witness.name) for witness in self.witnesses}
        for group in self.groups:
            members = ", ".join(described[member] for member in group.members)
            described[group.name] = f"{group.threshold} of ({members})"
        return described[name]


class _LineRefused(Exception):
    """One line is refused; whoever reads the file knows its number."""


def _refuse(what: str) -> NoReturn:
    raise _LineRefused(what)


class _Reader:
    """What the lines of a policy have said so far."""

    __slots__ = (
        "_keys",
        "_lines",
        "_members",
        "_names",
        "_stands_for",
        "groups",
        "logs",
        "quorums",
        "witnesses",
    )

    def __init__(self) -> None:
        self.logs: list[KnownLog] = []
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorums: list[str] = []
        self._names: set[str] = set()
        self._members: set[str] = set()
        self._keys: set[bytes] = set()
        self._lines: set[tuple[str, bytes]] = set()
        self._stands_for: dict[str, frozenset[str]] = {}

    def read(self, items: list[bytes]) -> None:
        """Read the next line, given as its items.

        Raises:
            _LineRefused: it is no such line, or does not go with those before it.
        """
        match items:
            case []:
                pass
            case [first, *_] if first.startswith(b"#"):
                pass
            case [b"log", vkey, *url]:
                self.logs.append(KnownLog(self._new_key(vkey, ED25519), _url(url)))
                _require_few("logs", self.logs)
            case [b"witness", name, vkey, *url]:
                verifier = self._new_key(vkey, COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44)
                self.witnesses.append(Witness(self._new_name(name), verifier, _url(url)))
                self._stands_for[self.witnesses[-1].name] = frozenset({verifier.name})
                _require_few("witnesses", self.witnesses)
            case [b"group", name, threshold, _, *_]:
                members = self._new_members(items[3:])
                enough = _threshold(threshold, len(members))
                stands_for = self._without_doubles(members, enough)
                # The name comes last: a group is not among what stands before it.
                self.groups.append(Group(self._new_name(name), enough, members))
                self._stands_for[self.groups[-1].name] = stands_for
                _require_few("groups", self.groups)
            case [b"quorum", name]:
                self._set_quorum(_text(name))
            case _:
                _refuse("expected a log, a witness, a group or a quorum")

    def _new_key(self, vkey: bytes, *algorithms: int) -> Verifier:
        try:
            verifier = Verifier.parse(_text(vkey))
        except KeyRefused as error:
            raise _LineRefused(str(error)) from error
        if verifier.algorithm not in algorithms:
            _refuse("expected a key of another type")
        if verifier.public in self._keys:
            _refuse("expected a public key that no other line has")
        line = (verifier.name, verifier.key_id)
        if line in self._lines:
            _refuse("expected name and key id that no other key has")
        self._keys.add(verifier.public)
        self._lines.add(line)
        return verifier

    def _new_name(self, name: bytes) -> str:
        text = _text(name)
        if text == _NO_QUORUM or text in self._names:
            _refuse("expected a name that is not taken")
        self._names.add(text)
        return text

    def _new_members(self, names: list[bytes]) -> tuple[str, ...]:
        _require_few("members", names)
        members = tuple(_text(name) for name in names)
        for member in members:
            if member not in self._names:
                _refuse("expected members that are defined on lines before")
            if member in self._members:
                _refuse("expected members that are members once")
            self._members.add(member)
        return members

    def _without_doubles(self, members: tuple[str, ...], enough: int) -> frozenset[str]:
        """Return for which witnesses a group stands; refuse one in which a witness counts twice."""
        each = [self._stands_for[member] for member in members]
        every = frozenset[str]().union(*each)
        if enough > 1 and len(every) > 1 and sum(map(len, each)) > len(every):
            _refuse("expected all keys of one witness to count once (group them: any)")
        return every

    def _set_quorum(self, name: str) -> None:
        if self.quorums:
            _refuse("expected one quorum line")
        if name != _NO_QUORUM and name not in self._names:
            _refuse("expected a quorum that is defined on a line before")
        self.quorums.append(name)


def _require_known(keys: Sequence[Verifier], note: Note) -> None:
    """Tell a log's name over a key that the policy does not list from no signature at all."""
    ids = {line.key_id for line in note.signatures if line.name == keys[0].name}
    if ids and ids.isdisjoint(key.key_id for key in keys):
        expected = " or ".join(key.key_id.hex() for key in keys)
        found = " and ".join(sorted(each.hex() for each in ids))
        raise KeyReplaced("key of the log", expected=expected, found=found)


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _require_few(
    what: str, items: list[KnownLog] | list[Witness] | list[Group] | list[bytes]
) -> None:
    if len(items) > MAX_COUNT:
        _refuse(f"expected at most {MAX_COUNT} {what}")


def _threshold(text: bytes, members: int) -> int:
    if text == b"all":
        return members
    if text == b"any":
        return 1
    if _THRESHOLD.fullmatch(text) is None or int(text) > members:
        _refuse(f"expected all, any, or a number from 1 to {members}")
    return int(text)


def _url(items: list[bytes]) -> str | None:
    if not items:
        return None
    if len(items) > 1 or _URL.fullmatch(items[0]) is None:
        _refuse("expected at most one URL, of http or https, without a user")
    return _text(items[0])
