"""What POLICY records say of the keys that make a checkpoint good: the log's own, and witnesses'.

- ["log-key" | "witness-key", vkey, "begin" | "end"] names a key, and ends it. A key begins once and
  ends once; what was never named cannot end; one that has ended never comes back.
- A key of the log carries the name that the log has there. An end leaves the log another key.
- Once a log names keys of its own, one that it names and has not ended must sign its checkpoints.
- A public key is named once, under whatever name: nobody stands for two.
- Behind a RECOVERY the log has another name, and names its keys anew.

Which keys are believed at all is for the policy of whoever verifies. What the log adds is that no
key came or went unseen: what it says here is covered by checkpoints that the key before has signed.

Source:
    docs of the design: security, sections 2.4 and 2.8 (f); docs/formats/record.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, NamedTuple, TypeAlias

from infrastructure.ledger.canonical import Value
from infrastructure.ledger.chain import Link
from infrastructure.ledger.errors import ClaimRefused, ControlRefused, KeyRefused, LogBroken
from infrastructure.ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA_44,
    ED25519,
    Verifier,
)
from infrastructure.ledger.shape import ID_SIZE, malformed

KeyKind: TypeAlias = Literal["log-key", "witness-key"]
Act: TypeAlias = Literal["begin", "end"]

LOG_KEY: KeyKind = "log-key"
WITNESS_KEY: KeyKind = "witness-key"
BEGIN: Act = "begin"
END: Act = "end"
_ALGORITHMS: Mapping[KeyKind, frozenset[int]] = {
    LOG_KEY: frozenset({ED25519}),
    WITNESS_KEY: frozenset({COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44}),
}


@dataclass(frozen=True, slots=True)
class PolicyKey:
    """A key of the log or of a witness, which begins to count here, or ends."""

    kind: KeyKind
    verifier: Verifier
    act: Act


class NamedKey(NamedTuple):
    """A key that a log has named: at which position it began, and where it ended, if it did."""

    kind: KeyKind
    vkey: str
    began: int
    ended: int | None = None


def policy_stream(log_id: bytes) -> bytes:
    """Return the stream in which the POLICY records of a log stand."""
    return sha256(b"powiernik/1/policy" + log_id).digest()[:ID_SIZE]


def is_of_a_key(payload: list[Value]) -> bool:
    """Whether the payload of a POLICY record is about a key of the log or of a witness."""
    return payload[:1] in ([LOG_KEY], [WITNESS_KEY])


def parse_policy_key(payload: list[Value], *, log_id: bytes, stream_id: bytes) -> PolicyKey:
    """Read the payload of a POLICY record that stands in this log and stream.

    Raises:
        ControlRefused: E-PARSE, it is none of a key that could be relied on; E-BIND, it stands in
            another stream, or the key is of another log.
    """
    match payload:
        case ["log-key" | "witness-key" as kind, str() as vkey, "begin" | "end" as act]:
            try:
                verifier = Verifier.parse(vkey)
            except KeyRefused:
                raise malformed("a key that cannot be relied on") from None
            if verifier.algorithm not in _ALGORITHMS[kind]:
                raise malformed("a key of another kind")
            if stream_id != policy_stream(log_id):
                raise ControlRefused("E-BIND", "a place in which no record says this")
            if kind == LOG_KEY and sha256(verifier.name.encode()).digest()[:ID_SIZE] != log_id:
                raise ControlRefused("E-BIND", "a key of another log")
            return PolicyKey(kind, verifier, act)
    raise malformed("a POLICY of another shape")


class NamedKeys:
    """The keys that a log names, as its POLICY records come in their order."""

    __slots__ = ("_known", "_news")

    def __init__(self, past: Iterable[NamedKey] = ()) -> None:
        """Begin with those that are known from before."""
        self._known = {each.vkey: each for each in past}
        self._news: dict[str, NamedKey] = {}

    def feed(self, link: Link, said: PolicyKey) -> None:
        """Judge the next record; what is refused leaves everything as it was.

        Raises:
            LogBroken: E-KEYSTATE.
        """
        before = self._known.get(said.verifier.vkey())
        if said.act == BEGIN:
            named = self._begun(link, said, before)
        else:
            named = self._ended(link, said, before)
        self._known[named.vkey] = self._news[named.vkey] = named

    def news(self) -> dict[str, NamedKey]:
        """What was learnt, by verifier key."""
        return self._news.copy()

    def _begun(self, link: Link, said: PolicyKey, before: NamedKey | None) -> NamedKey:
        if before is not None:
            raise _broken(link, "a key that begins once", _told(before))
        new = said.verifier
        for each in map(Verifier.parse, self._known):
            if each.public == new.public or (each.name, each.key_id) == (new.name, new.key_id):
                raise _broken(link, "a key that could be taken for no other", each.vkey())
        return NamedKey(said.kind, new.vkey(), link.position)

    def _ended(self, link: Link, said: PolicyKey, before: NamedKey | None) -> NamedKey:
        if before is None or before.kind != said.kind or before.ended is not None:
            raise _broken(link, "a key that has begun, and not ended", _told(before))
        if said.kind == LOG_KEY:
            left = live(self._known.values(), LOG_KEY, said.verifier.name) - {before.vkey}
            if not left:
                raise _broken(link, "another key of the log, which goes on", "none")
        return before._replace(ended=link.position)


def live(named: Iterable[NamedKey], kind: KeyKind, name: str | None = None) -> frozenset[str]:
    """The verifier keys of a kind, and of one name, that have not ended."""
    return frozenset(
        each.vkey
        for each in named
        if each.kind == kind and each.ended is None and name in (None, _name_of(each))
    )


def must_be_live(keys: Iterable[Verifier], named: Iterable[NamedKey], origin: str) -> str:
    """Require that one of the keys that signed a checkpoint is one that its log names; which.

    A log that names no key of this origin says nothing against any.

    Raises:
        ClaimRefused: E-KEYSTATE, it names other keys, or has ended these.
    """
    known = {each.vkey: each for each in named if each.kind == LOG_KEY and _name_of(each) == origin}
    if not known:
        return "a log that names no key of its own"
    signed = [known.get(key.vkey()) for key in keys]
    for each in signed:
        if each is not None and each.ended is None:
            return _told(each)
    ended = next((each for each in signed if each is not None), None)
    expected = "one that the log has named, and not ended"
    raise ClaimRefused("E-KEYSTATE", "key", expected=expected, found=_told(ended))


def _name_of(named: NamedKey) -> str:
    # A name holds no plus.
    return named.vkey.partition("+")[0]


def _told(named: NamedKey | None) -> str:
    if named is None:
        return "one that it does not name"
    key_id = named.vkey.split("+", 2)[1]
    ended = "" if named.ended is None else f", ended at {named.ended}"
    return f"{key_id}, named at {named.began}{ended}"


def _broken(link: Link, expected: str, found: str) -> LogBroken:
    return LogBroken("E-KEYSTATE", link.position, link.stream_id, expected, found)
