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

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from infrastructure.ledger.access import SeenAccess, utc
from infrastructure.ledger.bundle import (
    Bundle,
    ShownEntry,
    check_as_of,
    check_chain,
    check_map,
    check_map_head,
    check_origin,
    check_tree,
    completeness,
    open_entries,
)
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import Genesis, MapHead, log_id_of, parse_control
from infrastructure.ledger.entry import Entry
from infrastructure.ledger.errors import ClaimRefused, KeyReplaced, LedgerError, MemoryRefused
from infrastructure.ledger.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from infrastructure.ledger.multiproof import compact_range
from infrastructure.ledger.note import Verifier
from infrastructure.ledger.policy_key import must_be_live
from infrastructure.ledger.proof import TlogProof
from infrastructure.ledger.receipt import AppendReceipt
from infrastructure.ledger.remembered import SKEW_S, Newest, Remembered, Signed, believe
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verdict import NOT_JUDGED, Claims, NotJudged, Outcome, Verdict, given
from infrastructure.ledger.verification import EntryVerification
from infrastructure.ledger.walk import Progress, Walk

PROMISE_S = 600
"""How long after a receipt its entry may be missing from a cosigned checkpoint."""

_CONTRADICTIONS = ("E-FORK", "E-ROLLBACK")
_UNKNOWN_KEY = KeyReplaced.code
BROKEN_PROMISE = (
    "The receipt and the checkpoint contradict each other, and the log has signed both: together"
    " they prove misbehaviour. Keep them."
)
NOT_PROVED = (
    "Nie wszystko się zgadza: nie wiadomo, czy ten wykaz jest pełny i prawdziwy.",
    "Not everything holds: it is not shown that this list is complete and true.",
)
_SIGNED = "a signature of a log of the policy, and cosignatures of its quorum"
KEY_REPLACED = (
    (
        "Punkt kontrolny podpisano w imieniu dziennika kluczem, którego nie ma w zasadach zaufania."
        " Klucz mógł zostać wymieniony; fałszerz zrobiłby to samo. Nic nie jest wykazane: ani"
        " dobre, ani złe. Proszę uzyskać aktualne zasady zaufania inną drogą niż te dane i"
        " sprawdzić znowu."
    ),
    (
        "The checkpoint is signed in the name of the log by a key that the policy does not list."
        " The key may have been replaced; a forger would do the same. Nothing is shown, neither"
        " good nor bad. Get the present policy by another way than this came by, and verify again."
    ),
)
"""What to do when the key of the log is not the one that is known."""


# An exported log.

_LOG_CLAIMS = MappingProxyType(
    {
        "checkpoint": _SIGNED,
        "remembered": "what was seen before as the beginning of this log",
        "entries": "entries that keep every law of the log",
        "tiles": "hash tiles that are those of the entries",
        "root": "the root of the checkpoint over the entries",
        "origin": "the name under which the entries go on in the checkpoint",
        "keys": "signatures of keys that the log has not ended",
        "times": "times that the cosignatures bear out",
    }
)
_PLAIN_LOG_CLAIMS = MappingProxyType({**_LOG_CLAIMS, "entries": "entries to the end of the log"})


class _Walked(NamedTuple):
    """A walk over a log, the laws that it was held to, and the name under which it began."""

    walk: Walk
    laws: EntryVerification | None
    origin: str

    def whole(self) -> Walk:
        """Return the walk, if it came to the end."""
        if self.walk.lacking is not None:
            raise NotJudged
        return self.walk

    def lawful(self) -> EntryVerification:
        """Return the laws, if none was broken."""
        if self.laws is None or self.walk.broken is not None or self.walk.lacking is not None:
            raise NotJudged
        return self.laws


def verify_log(
    path: Path,
    trust: Trust,
    *,
    remembered: Remembered,
    now_s: int,
    plain: bool = False,
    progress: Progress = lambda _done, _all: None,
) -> Verdict:
    """Verify an exported log; with `plain` its entries are opaque, hashed and not looked at.

    A memory goes with the laws, so a plain log can have none.

    Raises:
        MemoryRefused: the memory cannot be used, or is that of another log.
    """
    if plain and remembered.wanted:
        raise MemoryRefused("Of a log of plain entries nothing can be remembered.")
    claims = Claims(_PLAIN_LOG_CLAIMS if plain else _LOG_CLAIMS)
    folder = TileFolder(path)
    newest = remembered.newest()
    signed = claims.judge("checkpoint", lambda: believe(folder.read_checkpoint(), trust, now_s))
    known = Outcome(None)
    if remembered.wanted:
        known = claims.judge(
            "remembered", lambda: _check_known(folder, signed.value.checkpoint, remembered)
        )
        if claims.last_code in _CONTRADICTIONS:
            remembered.keep_evidence(signed.value.note)

    def walked() -> _Walked:
        _ = known.value
        found = _begun(folder, signed.value.checkpoint, remembered, plain=plain)
        found.walk.go(progress)
        return found

    went = given(walked)
    claims.judge("entries", lambda: _check_entries(went.value.walk))
    claims.judge("tiles", lambda: _check_tiles(went.value.whole()))
    claims.judge("root", lambda: _check_root(went.value.whole(), signed.value.checkpoint))
    if not plain:
        claims.judge("origin", lambda: _check_name(went.value, signed.value.checkpoint))
        claims.judge("keys", lambda: _check_keys(went.value, signed.value, trust))
        claims.judge("times", lambda: _check_times(went.value, signed.value, newest, now_s))
    if claims.good and remembered.wanted:
        remembered.save_log(went.value.origin, went.value.lawful(), signed.value.notes())
    believed = signed.otherwise(None)
    shown = {} if believed is None else _log_shown(believed)
    return Verdict("log", claims.all(), shown, _what_to_do(claims))


def _what_to_do(claims: Claims) -> tuple[str, ...]:
    """Tell what helps where the key of the log is not one that the policy lists."""
    replaced = any((each.name, each.code) == ("checkpoint", _UNKNOWN_KEY) for each in claims.all())
    return KEY_REPLACED if replaced else ()


def _log_shown(signed: Signed) -> dict[str, object]:
    return {"origin": signed.checkpoint.origin, "size": signed.checkpoint.size}


def _begun(
    folder: TileFolder, checkpoint: Checkpoint, remembered: Remembered, *, plain: bool
) -> _Walked:
    """Make ready for a walk over what was not verified yet."""
    if plain:
        return _Walked(Walk(folder, checkpoint.size, None), None, checkpoint.origin)
    standing = remembered.memory.standing() if remembered.memory else None
    origin = standing.origin if standing and standing.size else _first_name(folder, checkpoint)
    laws = EntryVerification(log_id_of(origin), memory=remembered.memory)
    walk = Walk(folder, checkpoint.size, laws, watched=remembered.newest().size)
    return _Walked(walk, laws, origin)


def _first_name(folder: TileFolder, checkpoint: Checkpoint) -> str:
    """Return the name in the first record: a log that was recovered has begun under another one."""
    try:
        records = dict(folder.controls(0, min(1, checkpoint.size), size=checkpoint.size))
        genesis = parse_control(records.get(0, b""))
    except LedgerError:
        # What is wrong with it, the walk will say.
        return checkpoint.origin
    return genesis.origin if isinstance(genesis, Genesis) else checkpoint.origin


def _check_known(
    folder: TileFolder, checkpoint: Checkpoint, remembered: Remembered
) -> tuple[str, None]:
    if remembered.memory is None:
        return "nothing that was seen before", None
    newest, standing = remembered.newest(), remembered.memory.standing()
    _check_not_smaller(checkpoint, newest)
    for size, root in ((standing.size, standing.root()), (newest.size, newest.root)):
        _check_begins(folder, checkpoint, size, root)
    return f"the first {newest.size} of {checkpoint.size} entries as they were", None


def _check_not_smaller(checkpoint: Checkpoint, newest: Newest) -> None:
    if checkpoint.size < newest.size:
        expected = f"at least {newest.size}"
        raise ClaimRefused("E-ROLLBACK", "size", expected=expected, found=checkpoint.size)


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
    _check_same(f"root at size {size}", root, found)


def _check_entries(walk: Walk) -> tuple[str, None]:
    wrong = walk.broken or walk.lacking
    if wrong is not None:
        raise wrong
    return f"{walk.size - walk.begin} of them from position {walk.begin}", None


def _check_tiles(walk: Walk) -> tuple[str, None]:
    if walk.wrong_tile is not None:
        raise walk.wrong_tile
    return f"{walk.tiles} of them", None


def _check_root(walk: Walk, checkpoint: Checkpoint) -> tuple[str, None]:
    found, what = walk.root(), f"root at size {walk.size}"
    if found != checkpoint.root:
        raise ClaimRefused("E-ROOT", what, expected=checkpoint.root, found=found)
    return found.hex(), None


def _check_name(walked: _Walked, checkpoint: Checkpoint) -> tuple[str, None]:
    name = walked.lawful().news().origin or walked.origin
    if name != checkpoint.origin:
        raise ClaimRefused("E-BIND", "origin", expected=checkpoint.origin, found=name)
    return name, None


def _check_keys(walked: _Walked, signed: Signed, trust: Trust) -> tuple[str, None]:
    """Hold who has signed and cosigned against the keys that the log itself names.

    What a key that was ended signs later is a thief's: an older policy may still list it.
    """
    named = walked.lawful().named_keys()
    found = must_be_live(signed.judged.logs, named, signed.checkpoint.origin)
    ended = {each.vkey for each in named if each.ended is not None}
    cosigned = [each for each in trust.witnesses if each.name in signed.judged.witnesses]
    left = [each.name for each in cosigned if each.verifier.vkey() not in ended]
    if not trust.is_met_by(left):
        expected, found = "a quorum of keys that the log has not ended", ", ".join(left) or "none"
        raise ClaimRefused("E-KEYSTATE", "witnesses", expected=expected, found=found)
    return found, None


def _check_times(walked: _Walked, signed: Signed, newest: Newest, now_s: int) -> tuple[str, None]:
    """Hold the entries against cosignatures: neither from the future, nor dated back.

    What was cosigned was written before. What came after the newest checkpoint that was seen was
    written after its first cosignature, or not long before. Time never goes back in a log, so its
    last entry and the first of those that came after are enough.
    """
    walked.lawful()
    first_ms, last_ms = walked.walk.watched_ms, walked.walk.last_ms
    if last_ms is None:
        return "no further entry", None
    limit_s = now_s if signed.newest_s is None else signed.newest_s
    latest_ms = 1000 * (limit_s + SKEW_S)
    if last_ms > latest_ms:
        expected = f"none after {utc(latest_ms)}"
        raise ClaimRefused("E-TIME", "entries", expected=expected, found=utc(last_ms))
    if newest.cosigned_s is not None and first_ms is not None:
        earliest_ms = 1000 * (newest.cosigned_s - SKEW_S)
        if first_ms < earliest_ms:
            what, expected = f"entry at position {newest.size}", f"not before {utc(earliest_ms)}"
            raise ClaimRefused("E-TIME", what, expected=expected, found=utc(first_ms))
        return f"times from {utc(first_ms)} to {utc(last_ms)}", None
    return f"times until {utc(last_ms)}", None


def _check_same(what: str, expected: bytes, found: bytes) -> None:
    if expected != found:
        raise ClaimRefused("E-FORK", what, expected=expected, found=found)


# A proof.

_PROOF_CLAIMS = MappingProxyType(
    {
        "form": "a tlog-proof@v1 with its entry",
        "checkpoint": _SIGNED,
        "entry": "a log entry, of the position that is proved",
        "included": "the entry at its place in the tree of the checkpoint",
    }
)


class _Proved(NamedTuple):
    """A proof, and what it is about."""

    proof: TlogProof
    entry: bytes


def verify_proof(data: bytes, trust: Trust, *, now_s: int, plain: bool = False) -> Verdict:
    """Verify the proof that an entry stands in a log; with `plain` the entry is opaque."""
    claims = Claims(_PROOF_CLAIMS)
    proved = claims.judge("form", lambda: _proved(data))
    signed = claims.judge(
        "checkpoint", lambda: believe(proved.value.proof.checkpoint, trust, now_s)
    )
    entry = Outcome[Entry]()
    if not plain:
        entry = claims.judge("entry", lambda: _entry_of(proved.value))
    claims.judge("included", lambda: _check_included(proved.value, signed.value.checkpoint))
    found = entry.otherwise(None)
    shown = {} if found is None else _entry_shown(found)
    return Verdict("proof", claims.all(), shown, (*_lines_of(shown), *_what_to_do(claims)))


def _proved(data: bytes) -> tuple[str, _Proved]:
    proof = TlogProof.parse(data)
    if proof.extra is None:
        raise ClaimRefused("E-PARSE", "extra", expected="the entry", found="nothing")
    return "one", _Proved(proof, proof.extra)


def _entry_of(proved: _Proved) -> tuple[str, Entry]:
    entry, index = Entry.unpack(proved.entry), proved.proof.index
    if entry.position != index:
        expected, found = f"position {index}", f"position {entry.position}"
        raise ClaimRefused("E-GAP", "entry", expected=expected, found=found)
    return f"version {entry.version} of stream {entry.stream_id.hex()}", entry


def _check_included(proved: _Proved, checkpoint: Checkpoint) -> tuple[str, None]:
    proved.proof.check(leaf_hash(proved.entry), checkpoint.size, checkpoint.root)
    return f"it, at position {proved.proof.index} of {checkpoint.size}", None


def _entry_shown(entry: Entry) -> dict[str, object]:
    return {
        "position": entry.position,
        "kind": f"0x{entry.kind:02x}",
        "stream": entry.stream_id.hex(),
        "version": entry.version,
        "time": utc(entry.time_ms),
        "record": entry.record_hash.hex(),
    }


def _lines_of(shown: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(f"{name}: {value}" for name, value in shown.items())


# A receipt.

_RECEIPT_CLAIMS = MappingProxyType(
    {
        "receipt": "a receipt that is signed by the receipt key",
        "checkpoint": _SIGNED,
        "promise": "the leaf at the position that the receipt promises",
    }
)


def verify_receipt(
    data: bytes, key: Verifier, *, log: tuple[Path, Trust] | None, now_s: int
) -> Verdict:
    """Verify a receipt and, with a log, whether that has kept what the receipt promises."""
    claims = Claims(_RECEIPT_CLAIMS)
    receipt = claims.judge("receipt", lambda: ("one", AppendReceipt.verified(data, key)))
    found = receipt.otherwise(None)
    shown = {} if found is None else _receipt_shown(found)
    lines = list(_lines_of(shown))
    if log is not None:
        path, trust = log
        folder = TileFolder(path)
        signed = claims.judge("checkpoint", lambda: believe(folder.read_checkpoint(), trust, now_s))
        claims.judge("promise", lambda: _check_promise(receipt.value, folder, signed.value))
        if claims.last_code in _CONTRADICTIONS:
            lines.append(BROKEN_PROMISE)
    return Verdict("receipt", claims.all(), shown, (*lines, *_what_to_do(claims)))


def _check_promise(receipt: AppendReceipt, folder: TileFolder, signed: Signed) -> tuple[str, None]:
    origin, size, root = signed.checkpoint.origin, signed.checkpoint.size, signed.checkpoint.root
    position = receipt.position
    if origin != receipt.origin:
        raise ClaimRefused("E-BIND", "origin", expected=receipt.origin, found=origin)
    if position >= size:
        _check_not_late(receipt, signed)
        return f"not yet: the checkpoint ends at size {size}", None
    subtree = folder.subtrees(size)
    leaf = subtree(0, position)
    # Only what is proved to stand there contradicts the receipt.
    verify_inclusion(position, size, leaf, inclusion_proof(subtree, position, size), root)
    _check_same(f"leaf at position {position}", receipt.leaf, leaf)
    return f"it, at position {position} of {size}", None


def _check_not_late(receipt: AppendReceipt, signed: Signed) -> None:
    """Check that the entry may still be missing.

    The first cosignature counts: a later one may be over a checkpoint that is as old.
    """
    first_s = signed.earliest_s
    if first_s is not None and 1000 * (first_s - PROMISE_S) > receipt.time_ms:
        expected = f"an entry promised {utc(receipt.time_ms)}"
        found = f"size {signed.checkpoint.size}, cosigned {utc(1000 * first_s)}"
        what = f"position {receipt.position}"
        raise ClaimRefused("E-ROLLBACK", what, expected=expected, found=found)


def _receipt_shown(receipt: AppendReceipt) -> dict[str, object]:
    return {
        "origin": receipt.origin,
        "position": receipt.position,
        "leaf": receipt.leaf.hex(),
        "time": utc(receipt.time_ms),
    }


# A client's access bundle.

_BUNDLE_CLAIMS = MappingProxyType(
    {
        "form": "an access bundle",
        "checkpoint": _SIGNED,
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
    claims = Claims(_BUNDLE_CLAIMS)
    bundle = claims.judge("form", lambda: (f"one of {len(data)} bytes", Bundle.parse(data)))
    signed = claims.judge("checkpoint", lambda: _believed(bundle.value, trust, now_s))
    claims.judge("tree", lambda: _check_tree(bundle.value, signed.value.checkpoint))
    head = claims.judge("map head", lambda: _map_head(bundle.value))
    claims.judge("map", lambda: _check_map(bundle.value, head.value))
    chained = claims.judge("entries", lambda: _check_chain(bundle.value, head.value))
    seen = claims.judge("contents", lambda: _contents(bundle.value))
    claims.judge("as of", lambda: _check_as_of(bundle.value, seen.value, signed.value))
    if access_log is not None:
        claims.judge("card", lambda: _check_card(bundle.value, access_log))
    if remembered.wanted:
        claims.judge(
            "remembered",
            lambda: _check_grown(bundle.value, chained.value, signed.value.checkpoint, remembered),
        )
        if claims.last_code in _CONTRADICTIONS:
            remembered.keep_evidence(signed.value.note)
    if claims.good:
        _remember(bundle.value, signed.value, remembered)
    found = bundle.otherwise(None)
    if found is None:
        return Verdict("bundle", claims.all(), {})
    told = _Told(found, {each.position: each for each in seen.otherwise(())})
    lines = [*told.lines(carded=access_log is not None), *_what_to_do(claims)]
    lines += _conclusion(found, head.value) if claims.good else NOT_PROVED
    return Verdict("bundle", claims.all(), told.shown(), tuple(lines))


def _conclusion(bundle: Bundle, head: MapHead) -> tuple[str, ...]:
    closed = sum(bundle.closed().values())
    return completeness(log_size=head.log_size, closed=closed, later=bundle.later)


def _believed(bundle: Bundle, trust: Trust, now_s: int) -> tuple[str, Signed]:
    found, signed = believe(bundle.checkpoint, trust, now_s)
    check_origin(bundle, signed.checkpoint)
    return found, signed


def _check_tree(bundle: Bundle, checkpoint: Checkpoint) -> tuple[str, None]:
    check_tree(bundle, checkpoint)
    return f"{len(bundle.entries) + 1} of {checkpoint.size} entries there", None


def _map_head(bundle: Bundle) -> tuple[str, MapHead]:
    head, position = check_map_head(bundle), bundle.map_head.entry.position
    return f"epoch {head.epoch} at position {position}, over {head.log_size} entries", head


def _check_map(bundle: Bundle, head: MapHead) -> tuple[str, None]:
    check_map(bundle, head)
    return f"it, one of {head.map_size}, with {bundle.label.version} entries", None


def _check_chain(bundle: Bundle, head: MapHead) -> tuple[str, tuple[ShownEntry, ...]]:
    check_chain(bundle, head)
    return f"versions 1 to {len(bundle.entries)}", bundle.entries


def _contents(bundle: Bundle) -> tuple[str, tuple[SeenAccess, ...]]:
    seen = open_entries(bundle)
    return f"{len(seen)} open and {len(bundle.entries) - len(seen)} closed", seen


def _check_as_of(bundle: Bundle, seen: tuple[SeenAccess, ...], signed: Signed) -> tuple[str, None]:
    last = check_as_of(bundle, seen, signed.newest_s)
    return f"it, at {utc(last.time_ms)}", None


def _check_card(bundle: Bundle, access_log: bytes) -> tuple[str, None]:
    found = bundle.access_log
    if found != access_log:
        raise ClaimRefused("E-MAP", "access log", expected=access_log, found=found)
    return found.hex(), None


def _check_grown(
    bundle: Bundle,
    entries: tuple[ShownEntry, ...],
    checkpoint: Checkpoint,
    remembered: Remembered,
) -> tuple[str, None]:
    """Hold a bundle against what was seen before, as far as a bundle alone allows."""
    if remembered.memory is None:
        return "nothing that was seen before", None
    name, newest = remembered.memory.standing().origin, remembered.newest()
    if name != checkpoint.origin:
        raise ClaimRefused("E-BIND", "origin", expected=name, found=checkpoint.origin)
    _check_not_smaller(checkpoint, newest)
    if checkpoint.size == newest.size:
        _check_same(f"root at size {newest.size}", newest.root, checkpoint.root)
    kept = remembered.memory.note(_name_of(bundle))
    if kept is None:
        return "nothing of this access log that was seen before", None
    before, leaf = int.from_bytes(kept[:8], "big"), kept[8:]
    if len(entries) < before:
        expected = f"at least {before}"
        raise ClaimRefused("E-ROLLBACK", "entries", expected=expected, found=len(entries))
    _check_same(f"leaf of version {before}", leaf, leaf_hash(entries[before - 1].entry.pack()))
    return f"{before} entries as they were, and {len(entries) - before} new", None


def _remember(bundle: Bundle, signed: Signed, remembered: Remembered) -> None:
    last = bundle.entries[-1].entry
    label = last.version.to_bytes(8, "big") + leaf_hash(last.pack())
    remembered.save_notes(bundle.origin, {_name_of(bundle): label, **signed.notes()})


def _name_of(bundle: Bundle) -> str:
    return f"access-log/{bundle.access_log.hex()}"


class _Told(NamedTuple):
    """A bundle, and what its open entries say by position: to be shown, line by line."""

    bundle: Bundle
    opened: Mapping[int, SeenAccess]

    def shown(self) -> dict[str, object]:
        """What a program reads."""
        return {
            "origin": self.bundle.origin,
            "access_log": self.bundle.access_log.hex(),
            "made_at": self.bundle.made_at,
            "later": self.bundle.later,
            "closed": self.bundle.closed(),
            "entries": [self._words(each) for each in self.bundle.entries],
        }

    def lines(self, *, carded: bool) -> list[str]:
        """What a person reads; of an entry only what its own key has opened."""
        lines = [f"Access log {self.bundle.access_log.hex()}, made {self.bundle.made_at}:"]
        if not carded:
            lines.append("It was not compared with the onboarding card (--access-log).")
        lines += [self._line(each) for each in self.bundle.entries]
        for language, statement in self.bundle.statement.items():
            lines.append(f"What the clinic says, which is not judged ({language}):")
            lines += statement.splitlines()
        return lines

    def _line(self, shown: ShownEntry) -> str:
        words = self._words(shown)
        if "closed" in words:
            return f"{words['time']}  closed: {words['closed']}"
        # A name is the clinic's word. That two names are one person's, her id tells.
        return "  ".join((words | {"actor": words["actor"][:8]}).values())

    def _words(self, shown: ShownEntry) -> dict[str, str]:
        words = {"time": utc(shown.entry.time_ms)}
        seen = self.opened.get(shown.entry.position)
        if seen is None:
            return words | {"closed": shown.closed or NOT_JUDGED}
        return words | {
            "actor": seen.actor,
            "name": self.bundle.names.get(seen.actor, "-"),
            "role": seen.role or "-",
            "mode": seen.mode or "-",
            "purpose": seen.purpose or "-",
            "outcome": "refused" if seen.denied else "admitted",
            "kind": seen.kind,
            "object": seen.object_type,
            "classes": seen.classes or "-",
        }
