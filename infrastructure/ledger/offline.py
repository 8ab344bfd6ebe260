"""The offline verifier: what the clinic shows, judged claim by claim, without a store and keys.

- A subject is an exported log, a proof, a receipt or a client's bundle. Each gives a `Verdict`: a
  list of claims, each good or bad, with what was expected and what was found.
- A claim that cannot be judged, because what it rests on was refused, is told as such and is bad.
- What a subject holds never raises, whoever wrote it. What the verifier was given by its own user
  does: a policy, a memory. So the two are told apart, as exit codes 1 and 2.
- With a memory, a log is verified from where it was left, and what was seen before must be the
  beginning of what is seen now. It is written when every claim is good; of a contradiction, both
  checkpoints are kept in it as evidence.

Source:
    docs of the design: security, sections 2.6 to 2.9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Self, TypeAlias, TypeVar

from infrastructure.ledger.bundle import (
    MOST_BYTES,
    Bundle,
    SeenAccess,
    ShownEntry,
    check_as_of,
    check_chain,
    check_map,
    check_map_head,
    check_origin,
    check_tree,
    open_entries,
    utc,
)
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import Genesis, MapHead, log_id_of, parse_control
from infrastructure.ledger.entry import Entry
from infrastructure.ledger.errors import (
    ClaimRefused,
    LedgerError,
    LogBroken,
    MemoryRefused,
    Mismatch,
    TileRefused,
)
from infrastructure.ledger.lifecycle import News
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.merkle import (
    HASH_SIZE,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from infrastructure.ledger.multiproof import compact_range
from infrastructure.ledger.note import Note, Verifier
from infrastructure.ledger.proof import TlogProof
from infrastructure.ledger.receipt import AppendReceipt
from infrastructure.ledger.tiles import TILE_WIDTH, TileFolder
from infrastructure.ledger.trust import Judged, Trust
from infrastructure.ledger.verification import EntryVerification

MOST_FILE_BYTES = MOST_BYTES
"""The largest file that is a subject: a bundle."""
SKEW_S = 300
"""How far the clocks of the clinic and of a witness may be apart."""
PROMISE_S = 600
"""How long after a receipt its entry may be missing from a cosigned checkpoint."""

_HEIGHT = 8
_CHECKPOINT = "checkpoint"
_COSIGNED = "cosigned"
_NOT_JUDGED = "not judged"

Progress: TypeAlias = Callable[[int, int], None]
"""`progress(done, all)`: how many entries were gone over."""
_T = TypeVar("_T")
_Check: TypeAlias = Callable[[], tuple[str, _T]]


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that was claimed; of a bad one `code` says how it is bad, if it was judged."""

    name: str
    good: bool
    expected: str
    found: str
    code: str = ""

    def line(self) -> str:
        """Return the claim on one line."""
        verdict = "GOOD" if self.good else "BAD "
        code = f" ({self.code})" if self.code else ""
        return f"{verdict}  {self.name}: expected {self.expected}, found {self.found}{code}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one subject; `shown` is what it says, and `lines` the same to read."""

    subject: str
    claims: tuple[Claim, ...]
    shown: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    lines: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether every claim is good."""
        return all(claim.good for claim in self.claims)

    def codes(self) -> tuple[str, ...]:
        """Return the codes of the bad claims, in order."""
        return tuple(claim.code for claim in self.claims if claim.code)


class _Claims:
    """Claims in the order in which they are judged; `expected` says what each of them means."""

    def __init__(self, expected: Mapping[str, str]) -> None:
        self._expected = expected
        self.made: list[Claim] = []

    def judge(self, name: str, check: _Check[_T] | None) -> _T | None:
        """Judge a claim; without a check it cannot be judged. Return what the check gave."""
        expected = self._expected[name]
        if check is None:
            self.made.append(Claim(name, good=False, expected=expected, found=_NOT_JUDGED))
            return None
        try:
            found, value = check()
        except MemoryRefused:
            raise
        except LedgerError as refused:
            self.made.append(_bad(name, expected, refused))
            return None
        self.made.append(Claim(name, good=True, expected=expected, found=found))
        return value

    @property
    def good(self) -> bool:
        return all(claim.good for claim in self.made)


def _bad(name: str, expected: str, refused: LedgerError) -> Claim:
    match refused:
        case LogBroken():
            wanted = f"at position {refused.position}: {refused.expected}"
            return Claim(name, False, wanted, refused.found, refused.code)
        case Mismatch():
            what = str(refused).partition(": expected ")[0]
            wanted = f"{what}: {refused.expected}"
            return Claim(name, False, wanted, refused.found, refused.code)
        case _:
            return Claim(name, False, expected, f"refused: {refused}", refused.code)


class _Newest(NamedTuple):
    """The newest checkpoint that was believed before, and its earliest cosignature, if any."""

    size: int
    root: bytes
    cosigned_s: int | None


class Remembered:
    """What this verifier has seen before, in a file that is made when there is something to keep.

    Raises:
        MemoryRefused: there is a file, and it is no memory.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.memory = Memory(path) if path is not None and path.exists() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.memory is not None:
            self.memory.close()

    @property
    def wanted(self) -> bool:
        """Whether anything is to be remembered at all."""
        return self._path is not None

    @property
    def origin(self) -> str | None:
        """Whose log is remembered."""
        return self.memory.standing().origin if self.memory else None

    def newest(self) -> _Newest | None:
        """Return the newest checkpoint that was believed."""
        if self.memory is None:
            return None
        note, cosigned = self.memory.note(_CHECKPOINT), self.memory.note(_COSIGNED)
        if note is None:
            standing = self.memory.standing()
            return _Newest(standing.size, standing.root(), None) if standing.size else None
        checkpoint = Checkpoint.parse(Note.parse(note).text)
        return _Newest(checkpoint.size, checkpoint.root, int(cosigned) if cosigned else None)

    def note(self, name: str) -> bytes | None:
        """Return what was kept under a name."""
        return self.memory.note(name) if self.memory else None

    def keep_evidence(self, note: bytes) -> None:
        """Keep a checkpoint that contradicts what was remembered, and the one it contradicts."""
        if self.memory is None:
            return
        for each in (note, self.memory.note(_CHECKPOINT)):
            if each is not None:
                self.memory.put_note(f"evidence/{sha256(each).hexdigest()[:16]}", each)

    def save_log(
        self, origin: str, verification: EntryVerification, notes: Mapping[str, bytes]
    ) -> None:
        """Remember how far a log was verified."""
        if self.memory is not None:
            verification.save(notes)
        elif self._path is not None:
            self.memory = Memory.create(self._path, origin)
            self.memory.advance(0, verification.state(), verification.news(), notes)

    def save_notes(self, origin: str, notes: Mapping[str, bytes]) -> None:
        """Remember notes alone, all of them or none."""
        if self.memory is None and self._path is not None:
            self.memory = Memory.create(self._path, origin)
        if self.memory is not None:
            standing = self.memory.standing()
            self.memory.advance(standing.size, standing.state(), News(), notes)


# An exported log.

_LOG_CLAIMS = MappingProxyType(
    {
        "checkpoint": "a signature of a log of the policy, and cosignatures of its quorum",
        "remembered": "what was seen before as the beginning of this log",
        "entries": "entries that keep every law of the log",
        "bundles": "entry bundles of the size of the log",
        "tiles": "hash tiles that are those of the entries",
        "root": "the root of the checkpoint over the entries",
        "origin": "entries of the log that signed the checkpoint",
        "times": "times within those that the witnesses bear out",
    }
)


def verify_log(
    path: Path,
    trust: Trust,
    *,
    remembered: Remembered,
    now_s: int,
    plain: bool = False,
    progress: Progress = lambda _done, _all: None,
) -> Verdict:
    """Verify an exported log; with `plain` entries are opaque, and only hashed.

    Raises:
        MemoryRefused: the memory cannot be used, or is that of another log.
    """
    claims = _Claims(_LOG_CLAIMS)
    folder = TileFolder(path)
    judged = claims.judge("checkpoint", lambda: _judged(folder.read_checkpoint(), trust, now_s))
    begins = judged is not None
    if remembered.wanted:
        check = None if judged is None else partial(_check_remembered, folder, judged, remembered)
        begins = claims.judge("remembered", check) is not None
        if judged is not None and {"E-FORK", "E-ROLLBACK"} & {each.code for each in claims.made}:
            remembered.keep_evidence(folder.read_checkpoint())
    walk = None
    if judged is not None and begins:
        walk = _Walk(folder, judged.checkpoint, remembered, plain=plain)
        walk.go(progress)
    whole = None if walk is None or walk.lacking else walk
    claims.judge("bundles" if plain else "entries", None if walk is None else walk.check_entries)
    claims.judge("tiles", None if whole is None else whole.check_tiles)
    claims.judge("root", None if whole is None else whole.check_root)
    if not plain:
        lawful = None if whole is None or whole.broken else whole
        claims.judge("origin", None if lawful is None else lawful.check_origin)
        check = None
        if lawful is not None and judged is not None:
            check = partial(_check_times, lawful, judged, remembered.newest(), now_s)
        claims.judge("times", check)
    if claims.good and walk is not None and walk.laws is not None and judged is not None:
        remembered.save_log(walk.origin, walk.laws, _notes(folder.read_checkpoint(), judged))
    shown = {} if judged is None else {"origin": judged.checkpoint.origin}
    size = {} if judged is None else {"size": judged.checkpoint.size}
    return Verdict("log", tuple(claims.made), shown | size)


def _judged(note: bytes, trust: Trust, now_s: int) -> tuple[str, Judged]:
    judged = trust.require(note, now_s=now_s, skew_s=SKEW_S)
    times = judged.witnesses
    by = ", ".join(f"{name} at {utc(1000 * time_s)}" for name, time_s in times.items())
    return f"size {judged.checkpoint.size}, cosigned by {by or 'nobody'}", judged


def _notes(note: bytes, judged: Judged) -> dict[str, bytes]:
    earliest = min(judged.witnesses.values(), default=None)
    return {_CHECKPOINT: note, _COSIGNED: b"" if earliest is None else b"%d" % earliest}


def _check_remembered(
    folder: TileFolder, judged: Judged, remembered: Remembered
) -> tuple[str, bool]:
    newest = remembered.newest()
    if newest is None or remembered.memory is None:
        return "nothing that was seen before", True
    checkpoint = judged.checkpoint
    standing = remembered.memory.standing()
    least = max(newest.size, standing.size)
    if checkpoint.size < least:
        expected = f"at least {least}"
        raise ClaimRefused("E-ROLLBACK", "size", expected=expected, found=checkpoint.size)
    for size, root in ((standing.size, standing.root()), (newest.size, newest.root)):
        _check_begins(folder, checkpoint, size, root)
    return f"the first {least} of {checkpoint.size} entries as they were", True


def _check_begins(folder: TileFolder, checkpoint: Checkpoint, size: int, root: bytes) -> None:
    """Check that a tree of `size` and `root` is the beginning of that of the checkpoint.

    That the log has forked is said only if the tiles lead to the root of the checkpoint. If they do
    not, somebody may have altered them on their way.
    """
    if size == 0:
        return
    found = checkpoint.root
    if size < checkpoint.size:
        subtree = folder.subtrees(checkpoint.size)
        found = compact_range(subtree, size).root()
        proof = consistency_proof(subtree, size, checkpoint.size)
        verify_consistency(size, checkpoint.size, found, checkpoint.root, proof)
    if found != root:
        raise ClaimRefused("E-FORK", f"root at size {size}", expected=root, found=found)


def _check_times(
    walk: _Walk, judged: Judged, newest: _Newest | None, now_s: int
) -> tuple[str, bool]:
    """Hold the entries against cosignatures: neither from the future, nor dated back.

    An entry came after the last checkpoint that was seen, so it cannot be much older than the first
    who cosigned that. Time never goes back in a log, so the first of them and the last are enough.
    """
    latest_ms = 1000 * (max(judged.witnesses.values(), default=now_s) + SKEW_S)
    last_ms = walk.last_time_ms
    if last_ms > latest_ms:
        expected = f"none after {utc(latest_ms)}"
        raise ClaimRefused("E-TIME", "times", expected=expected, found=utc(last_ms))
    if newest is not None and newest.cosigned_s is not None and newest.size < walk.size:
        earliest_ms = 1000 * (newest.cosigned_s - SKEW_S)
        first_ms = walk.time_at(newest.size)
        if first_ms < earliest_ms:
            expected = f"at position {newest.size} none before {utc(earliest_ms)}"
            raise ClaimRefused("E-TIME", "times", expected=expected, found=utc(first_ms))
        return f"from {utc(first_ms)} to {utc(last_ms)}", True
    return f"until {utc(last_ms)}", True


# A proof.

_PROOF_CLAIMS = MappingProxyType(
    {
        "form": "a tlog-proof@v1",
        "checkpoint": _LOG_CLAIMS["checkpoint"],
        "entry": "a log entry, of the position that is proved",
        "included": "the entry at its place in the tree of the checkpoint",
    }
)


def verify_proof(data: bytes, trust: Trust, *, now_s: int, plain: bool = False) -> Verdict:
    """Verify the proof that an entry stands in a log; with `plain` the entry is opaque."""
    claims = _Claims(_PROOF_CLAIMS)
    proof = claims.judge("form", lambda: ("one", TlogProof.parse(data)))
    judged = claims.judge(
        "checkpoint", None if proof is None else partial(_judged, proof.checkpoint, trust, now_s)
    )
    entry = None
    if not plain:
        entry = claims.judge("entry", None if proof is None else partial(_entry_of, proof))
    check = None
    if proof is not None and judged is not None:
        check = partial(_check_included, proof, judged.checkpoint)
    claims.judge("included", check)
    shown = {} if entry is None else _entry_shown(entry)
    lines = tuple(f"{name}: {value}" for name, value in shown.items())
    return Verdict("proof", tuple(claims.made), shown, lines)


def _entry_of(proof: TlogProof) -> tuple[str, Entry]:
    if proof.extra is None:
        raise ClaimRefused("E-PARSE", "extra", expected="an entry", found="nothing")
    entry = Entry.unpack(proof.extra)
    if entry.position != proof.index:
        expected, found = f"position {proof.index}", f"position {entry.position}"
        raise ClaimRefused("E-GAP", "entry", expected=expected, found=found)
    return f"version {entry.version} of stream {entry.stream_id.hex()}", entry


def _check_included(proof: TlogProof, checkpoint: Checkpoint) -> tuple[str, bool]:
    if proof.extra is None:
        raise ClaimRefused("E-PARSE", "extra", expected="an entry", found="nothing")
    proof.check(leaf_hash(proof.extra), checkpoint.size, checkpoint.root)
    return f"position {proof.index} of {checkpoint.size}", True


def _entry_shown(entry: Entry) -> dict[str, object]:
    return {
        "position": entry.position,
        "kind": f"0x{entry.kind:02x}",
        "stream": entry.stream_id.hex(),
        "version": entry.version,
        "time": utc(entry.time_ms),
        "record": entry.record_hash.hex(),
    }


# A receipt.

_RECEIPT_CLAIMS = MappingProxyType(
    {
        "receipt": "a receipt that is signed by the receipt key",
        "checkpoint": _LOG_CLAIMS["checkpoint"],
        "promise": "the leaf at the position that the receipt promises",
    }
)


def verify_receipt(
    data: bytes, key: Verifier, *, log: tuple[Path, Trust] | None, now_s: int
) -> Verdict:
    """Verify a receipt, and with a log whether that has kept what the receipt promises."""
    claims = _Claims(_RECEIPT_CLAIMS)
    receipt = claims.judge("receipt", lambda: ("one", AppendReceipt.verified(data, key)))
    if log is not None:
        path, trust = log
        folder = TileFolder(path)
        judged = claims.judge("checkpoint", lambda: _judged(folder.read_checkpoint(), trust, now_s))
        check = None
        if receipt is not None and judged is not None:
            check = partial(_check_promise, receipt, folder, judged)
        claims.judge("promise", check)
    shown: dict[str, object] = {}
    if receipt is not None:
        shown = {
            "origin": receipt.origin,
            "position": receipt.position,
            "leaf": receipt.leaf.hex(),
            "time": utc(receipt.time_ms),
        }
    lines = [f"{name}: {value}" for name, value in shown.items()]
    if claims.made[-1].code in ("E-FORK", "E-ROLLBACK"):
        lines.append(_BROKEN_PROMISE)
    return Verdict("receipt", tuple(claims.made), shown, tuple(lines))


_BROKEN_PROMISE = (
    "Receipt and checkpoint contradict each other, and the log has signed both: "
    "together they prove misbehaviour. Keep them."
)


def _check_promise(receipt: AppendReceipt, folder: TileFolder, judged: Judged) -> tuple[str, bool]:
    checkpoint, position = judged.checkpoint, receipt.position
    size = checkpoint.size
    if checkpoint.origin != receipt.origin:
        raise ClaimRefused("E-BIND", "origin", expected=receipt.origin, found=checkpoint.origin)
    if position >= size:
        # A later cosignature could be over a checkpoint that is as old as the first.
        cosigned_s = min(judged.witnesses.values(), default=None)
        if cosigned_s is not None and 1000 * (cosigned_s - PROMISE_S) > receipt.time_ms:
            expected = f"an entry at position {position}, promised {utc(receipt.time_ms)}"
            found = f"size {size}, cosigned {utc(1000 * cosigned_s)}"
            raise ClaimRefused("E-ROLLBACK", "promise", expected=expected, found=found)
        return f"not yet: the checkpoint ends at size {size}", True
    subtree = folder.subtrees(size)
    leaf, proof = subtree(0, position), inclusion_proof(subtree, position, size)
    # Only what is proved to stand there contradicts the receipt.
    verify_inclusion(position, size, leaf, proof, checkpoint.root)
    if leaf != receipt.leaf:
        what = f"leaf at position {position}"
        raise ClaimRefused("E-FORK", what, expected=receipt.leaf, found=leaf)
    return f"it, at position {position} of {size}", True


# A client's access bundle.

_BUNDLE_CLAIMS = MappingProxyType(
    {
        "form": "an access bundle",
        "checkpoint": _LOG_CLAIMS["checkpoint"],
        "tree": "everything shown in the tree of the checkpoint",
        "map head": "a map head of this log",
        "map": "the access log in the map",
        "entries": "every entry of the access log that the map covers, in order",
        "contents": "records that are their entries', opened by their keys",
        "as of": "as last entry the look by which this was made, near the checkpoint",
        "card": "the access log of the onboarding card",
        "remembered": "an access log that has only grown since it was last seen",
    }
)


def verify_bundle(
    data: bytes,
    trust: Trust,
    *,
    remembered: Remembered,
    now_s: int,
    access_log: bytes | None = None,
) -> Verdict:
    """Verify a client's access bundle; `access_log` is what her onboarding card says.

    Raises:
        MemoryRefused: the memory cannot be used.
    """
    claims = _Claims(_BUNDLE_CLAIMS)
    bundle = claims.judge("form", lambda: (f"{len(data)} bytes", Bundle.parse(data)))
    if bundle is None:
        optional = {"card": access_log is not None, "remembered": remembered.wanted}
        for name in _BUNDLE_CLAIMS:
            if name != "form" and optional.get(name, True):
                claims.judge(name, None)
        return Verdict("bundle", tuple(claims.made))
    judged = claims.judge("checkpoint", partial(_judged_of, bundle, trust, now_s))
    claims.judge("tree", None if judged is None else partial(_tree, bundle, judged))
    head = claims.judge("map head", partial(_map_head, bundle))
    claims.judge("map", None if head is None else partial(_map, bundle, head))
    chained = claims.judge("entries", None if head is None else partial(_chain, bundle, head))
    seen = claims.judge("contents", partial(_contents, bundle))
    check = None
    if seen is not None and judged is not None:
        check = partial(_as_of, bundle, seen, judged)
    claims.judge("as of", check)
    if access_log is not None:
        claims.judge("card", partial(_card, bundle, access_log))
    if remembered.wanted:
        check = None
        if chained is not None and judged is not None:
            check = partial(_check_grown, bundle, judged, remembered)
        claims.judge("remembered", check)
        if judged is not None and {"E-FORK", "E-ROLLBACK"} & {each.code for each in claims.made}:
            remembered.keep_evidence(bundle.checkpoint)
    if claims.good and judged is not None:
        last = bundle.entries[-1].entry
        label = b"%d %s" % (last.version, leaf_hash(last.pack()).hex().encode())
        notes = {_label_name(bundle): label, **_notes(bundle.checkpoint, judged)}
        remembered.save_notes(bundle.origin, notes)
    return Verdict(
        "bundle",
        tuple(claims.made),
        _bundle_shown(bundle, seen or ()),
        _bundle_lines(bundle, seen or (), head, proved=claims.good, card=access_log is not None),
    )


def _judged_of(bundle: Bundle, trust: Trust, now_s: int) -> tuple[str, Judged]:
    found, judged = _judged(bundle.checkpoint, trust, now_s)
    check_origin(bundle, judged.checkpoint)
    return found, judged


def _tree(bundle: Bundle, judged: Judged) -> tuple[str, bool]:
    check_tree(bundle, judged.checkpoint)
    return f"{len(bundle.entries) + 1} of {judged.checkpoint.size} entries", True


def _map_head(bundle: Bundle) -> tuple[str, MapHead]:
    head = check_map_head(bundle)
    position = bundle.map_head.entry.position
    return f"epoch {head.epoch} at position {position}, over {head.log_size} entries", head


def _map(bundle: Bundle, head: MapHead) -> tuple[str, bool]:
    check_map(bundle, head)
    return f"{bundle.label.version} entries, one of {head.map_size} access logs", True


def _chain(bundle: Bundle, head: MapHead) -> tuple[str, bool]:
    check_chain(bundle, head)
    return f"versions 1 to {len(bundle.entries)}", True


def _contents(bundle: Bundle) -> tuple[str, tuple[SeenAccess, ...]]:
    seen = open_entries(bundle)
    return f"{len(seen)} open, {len(bundle.entries) - len(seen)} closed", seen


def _as_of(bundle: Bundle, seen: tuple[SeenAccess, ...], judged: Judged) -> tuple[str, bool]:
    last = check_as_of(bundle, seen, max(judged.witnesses.values(), default=None))
    return f"it, at {utc(last.time_ms)}", True


def _card(bundle: Bundle, access_log: bytes) -> tuple[str, bool]:
    if bundle.access_log != access_log:
        found = bundle.access_log
        raise ClaimRefused("E-MAP", "access log", expected=access_log, found=found)
    return access_log.hex(), True


def _check_grown(bundle: Bundle, judged: Judged, remembered: Remembered) -> tuple[str, bool]:
    """Hold a bundle against what was seen before, as far as a bundle alone allows."""
    newest, checkpoint = remembered.newest(), judged.checkpoint
    if remembered.origin not in (None, bundle.origin):
        raise ClaimRefused("E-BIND", "origin", expected=remembered.origin, found=bundle.origin)
    if newest is not None and checkpoint.size < newest.size:
        expected = f"at least {newest.size}"
        raise ClaimRefused("E-ROLLBACK", "size", expected=expected, found=checkpoint.size)
    if newest is not None and checkpoint.size == newest.size:
        _check_same("root", newest.root, checkpoint.root)
    kept = remembered.note(_label_name(bundle))
    if kept is None:
        return "nothing of it that was seen before", True
    before, _, leaf = kept.decode().partition(" ")
    count = int(before)
    if len(bundle.entries) < count:
        expected, length = f"at least {count}", len(bundle.entries)
        raise ClaimRefused("E-ROLLBACK", "entries", expected=expected, found=length)
    again = leaf_hash(bundle.entries[count - 1].entry.pack())
    _check_same(f"leaf of entry {count}", bytes.fromhex(leaf), again)
    return f"{count} entries as they were, and {len(bundle.entries) - count} new", True


def _check_same(what: str, expected: bytes, found: bytes) -> None:
    if expected != found:
        raise ClaimRefused("E-FORK", what, expected=expected, found=found)


def _label_name(bundle: Bundle) -> str:
    return f"access-log/{bundle.access_log.hex()}"


def _bundle_shown(bundle: Bundle, seen: tuple[SeenAccess, ...]) -> dict[str, object]:
    opened = {each.position: each for each in seen}
    return {
        "origin": bundle.origin,
        "access_log": bundle.access_log.hex(),
        "made_at": bundle.made_at,
        "later": bundle.later,
        "closed": bundle.closed(),
        "entries": [
            _entry_words(each, opened.get(each.entry.position), bundle.names)
            for each in bundle.entries
        ],
    }


def _entry_words(
    shown: ShownEntry, seen: SeenAccess | None, names: Mapping[str, str]
) -> dict[str, str | None]:
    words: dict[str, str | None] = {"time": utc(shown.entry.time_ms)}
    if shown.closed is not None:
        return words | {"closed": shown.closed}
    if seen is None:
        return words | {"closed": _NOT_JUDGED}
    return words | {
        "who": names.get(seen.actor, seen.actor),
        "role": seen.role,
        "mode": seen.mode,
        "purpose": seen.purpose,
        "outcome": "refused" if seen.denied else "shown",
        "kind": seen.kind,
        "object": seen.object_type,
        "classes": seen.classes,
    }


def _bundle_lines(
    bundle: Bundle,
    seen: tuple[SeenAccess, ...],
    head: MapHead | None,
    *,
    proved: bool,
    card: bool,
) -> tuple[str, ...]:
    opened = {each.position: each for each in seen}
    lines = [f"Access log {bundle.access_log.hex()}, made {bundle.made_at}"]
    if not card:
        lines.append("Whose access log it is was not compared: give --access-log from the card.")
    for each in bundle.entries:
        words = _entry_words(each, opened.get(each.entry.position), bundle.names)
        if "closed" in words:
            words["closed"] = f"closed: {words['closed']}"
        lines.append("  ".join(word or "-" for word in words.values()))
    for language, statement in bundle.statement.items():
        lines += [f"The clinic says ({language}), which is not judged:", *statement.splitlines()]
    if not proved:
        lines.append("Ponieważ nie wszystko się zgadza, pełność tego wykazu nie jest wykazana.")
        lines.append("Because a claim is bad, it is not proved that this list is complete.")
        return tuple(lines)
    told = {
        "log_size": head.log_size if head else 0,
        "later": bundle.later,
        "closed": sum(bundle.closed().values()),
    }
    lines += [each.format(**told) for text in COMPLETENESS.values() for each in text]
    return tuple(lines)
