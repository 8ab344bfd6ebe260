"""Replaces the keys that make a checkpoint good: the log's own, and those of its witnesses.

Each goes with an overlap, so that whoever holds the old policy, the new one, or both, goes on:

```
rotate   the new key is made         from here on both sign; an older policy knows the old line
         the log names it: begin     under a checkpoint that the old key signs
         the policy lists both
retire   a checkpoint with both signatures and its quorum, over that record, is published
         the log names the old key: end
         the policy lists the new key alone
         the old key is gone         from here on the new one signs alone
```

Killed anywhere, it is asked again and goes on with the key that is there. At no moment is a
checkpoint published that lacks a signature which the published policy asks for: a key signs before
the policy lists it, and until after the policy does not.

A witness replaces its own keys; the clinic names the lines that it prints then, old and new keys in
one group of which any one counts, and later those without the old ones.

Source:
    docs of the design: security, sections 1.6 and 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infrastructure import durable
from infrastructure.anchor import policy
from infrastructure.anchor.checkpointer import (
    LOG_KEY,
    NEXT_KEY,
    keys_held,
    read_signers,
    write_secret,
)
from infrastructure.control import must_be_ours, policy_key_line
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.ledger import policy_key
from infrastructure.ledger.control import parse_control
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.note import ED25519, Signer, Verifier
from infrastructure.ledger.policy_key import (
    BEGIN,
    END,
    KeyKind,
    NamedKey,
    PolicyKey,
    policy_stream,
)
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Judged, Trust
from infrastructure.stores.contract import Placed, Submission


@dataclass(frozen=True, slots=True)
class Replacing:
    """The verifier keys of a log whose key is replaced: the one that goes, the one that comes."""

    old: str
    new: str


# The log's own key


def name_first(folder: OpenFolder, vkey: str) -> None:
    """Let a log name the key of its first checkpointer."""
    _name(folder, policy_key.LOG_KEY, begin=[vkey])


def rotate(folder: OpenFolder, place: Path) -> Replacing:
    """Begin to replace the key of a log, or go on with what was begun; from now on both sign.

    Raises:
        FolderRefused: There is no checkpointer, or it is of another log; the policy lists keys that
            it does not hold; or the old key has ended already.
        IntegrityIncident: The record is read-only.
    """
    with keys_held(place):
        old, *more = _signers_of(folder, place)
        named, known = named_keys(folder), old.verifier.vkey()
        if known in named and named[known].ended is not None:
            msg = "The old key has ended; 'powiernik checkpoint retire-key' takes it away."
            raise FolderRefused(msg)
        _must_be_ours_alone(folder, [old, *more])
        new = more[0] if more else _made(place, old)
        durable.give(place / NEXT_KEY, place / LOG_KEY)
        found = Replacing(known, new.verifier.vkey())
        # The old one too, where the log is older than the naming of keys.
        _name(folder, policy_key.LOG_KEY, begin=(found.old, found.new))
        policy.set_log_keys(folder.layout.policy, (found.old, found.new))
    return found


def retire(folder: OpenFolder, place: Path) -> Replacing:
    """End the overlap, or go on with what was begun: the old key signs no more.

    Raises:
        FolderRefused: No key is being replaced; or no checkpoint with both signatures, its quorum
            and the record of the new key has been published yet.
        IntegrityIncident: The record is read-only.
    """
    with keys_held(place):
        signers = _signers_of(folder, place)
        if len(signers) == 1:
            msg = "No key is being replaced here; 'powiernik checkpoint rotate-key' begins it."
            raise FolderRefused(msg)
        old, new = (each.verifier for each in signers)
        found = Replacing(old.vkey(), new.vkey())
        _must_be_ours_alone(folder, signers)
        named = named_keys(folder)
        if found.old not in named or named[found.old].ended is None:
            _must_be_signed_by_both(folder, old, new, named.get(found.new))
            _name(folder, policy_key.LOG_KEY, end=[found.old])
        policy.set_log_keys(folder.layout.policy, [found.new])
        durable.replace(place / NEXT_KEY, place / LOG_KEY)
    return found


def _signers_of(folder: OpenFolder, place: Path) -> tuple[Signer, ...]:
    signers = read_signers(place)
    if signers[0].name != folder.vault.lineage.origin:
        msg = "The checkpointer signs for another log than this one."
        raise FolderRefused(msg)
    return signers


def _made(place: Path, old: Signer) -> Signer:
    new = Signer.generate(old.name, ED25519)
    while new.verifier.key_id == old.verifier.key_id:
        new = Signer.generate(old.name, ED25519)
    write_secret(place / NEXT_KEY, new.encode())
    return new


def _must_be_ours_alone(folder: OpenFolder, signers: Iterable[Signer]) -> None:
    """Refuse to write over a policy in which somebody has put a key that is not ours."""
    listed = {each.verifier for each in policy.read(folder.layout.policy).logs}
    if not listed <= {each.verifier for each in signers}:
        msg = "The trust policy lists a key of the log that this checkpointer does not hold."
        raise FolderRefused(msg)


def _must_be_signed_by_both(
    folder: OpenFolder, old: Verifier, new: Verifier, begun: NamedKey | None
) -> None:
    msg = (
        "No published checkpoint carries both signatures, its quorum and the record of the new key"
        " yet; let the checkpointer sign one, then ask again."
    )
    judged = _published(folder, policy.read(folder.layout.policy))
    if (
        judged is None
        or begun is None
        or not judged.quorum
        or judged.checkpoint.size <= begun.began
        or not {old, new} <= set(judged.logs)
    ):
        raise FolderRefused(msg)


# Witnesses' keys


def name_witnesses(
    folder: OpenFolder, files: Sequence[bytes], needed: int, *, at_once: bool = False
) -> list[str]:
    """Replace the witnesses of the policy by those of these files; their names.

    The log names each of their keys that is new, then the policy changes, then the log ends those
    that are gone. Of a witness that stays, no key goes before a published checkpoint is cosigned by
    one that stays, unless it is to go ``at_once``: it was stolen, or lost.

    Raises:
        FolderRefused: A key would go too early, or come back; or see ``policy.name_witnesses``.
        PolicyRefused: The lines are not those of a policy.
        IntegrityIncident: The record is read-only.
    """
    path = folder.layout.policy
    names, data = policy.with_witnesses(path, files, needed)
    before, after = policy.read(path), Trust.parse(data)
    if not at_once:
        _must_overlap(folder, before, after)
    old, new = (
        [witness.verifier.vkey() for witness in trust.witnesses] for trust in (before, after)
    )
    _name(folder, policy_key.WITNESS_KEY, begin=(*old, *new))
    policy.put(path, data)
    named = policy_key.live(named_keys(folder).values(), policy_key.WITNESS_KEY)
    _name(folder, policy_key.WITNESS_KEY, end=sorted(named - set(new)))
    return names


def _must_overlap(folder: OpenFolder, before: Trust, after: Trust) -> None:
    staying = {each.verifier for each in after.witnesses}
    going = {each.verifier for each in before.witnesses} - staying
    under_old = _published(folder, before)
    if under_old is None:
        return
    counted = {each.verifier for each in before.witnesses if each.name in under_old.witnesses}
    under_new = _published(folder, after)
    good = set() if under_new is None else set(under_new.witnesses)
    cosigning = {each.verifier.name for each in after.witnesses if each.name in good}
    for name in sorted({each.name for each in staying}):
        went = {each for each in going & counted if each.name == name}
        if went and name not in cosigning:
            msg = (
                f"No published checkpoint is cosigned by the new key of {name} yet: name both keys"
                " first, and the new one alone after that; or say --at-once if the old one was"
                " stolen or lost."
            )
            raise FolderRefused(msg)


# What the log says


def named_keys(folder: OpenFolder) -> dict[str, NamedKey]:
    """The keys that the log names under its present name, by verifier key.

    Raises:
        Broken: A record is not one that a writer of ours wrote, or is none of a policy.
    """
    found: dict[str, NamedKey] = {}
    before = None
    for row in folder.store.stream(policy_stream(folder.vault.lineage.log_id)):
        must_be_ours(row, folder.append_key, before)
        before = row
        try:
            said = parse_control(row.record or b"")
        except LedgerError as refused:
            raise Broken(refused.code, "a record of the policy") from None
        if isinstance(said, PolicyKey):
            vkey = said.verifier.vkey()
            if said.act == BEGIN:
                found[vkey] = NamedKey(said.kind, vkey, row.position)
            elif vkey in found:
                found[vkey] = found[vkey]._replace(ended=row.position)
    return found


def _name(
    folder: OpenFolder, kind: KeyKind, begin: Iterable[str] = (), end: Iterable[str] = ()
) -> None:
    """Let the log say which keys begin and which end, as far as it has not said so already."""
    log_id, named = folder.vault.lineage.log_id, named_keys(folder)
    lines = []
    for vkey in dict.fromkeys(begin):
        if vkey in named and (named[vkey].kind != kind or named[vkey].ended is not None):
            msg = "A key that has ended, or was another's, cannot be named."
            raise FolderRefused(msg)
        if vkey not in named:
            lines.append(policy_key_line(log_id, kind, vkey, BEGIN))
    still = (vkey for vkey in end if named[vkey].ended is None)
    lines.extend(policy_key_line(log_id, kind, vkey, END) for vkey in still)
    if lines and not isinstance(folder.guard.enter(Submission(tuple(lines))), Placed):
        msg = "Somebody has written meanwhile; ask again."
        raise FolderRefused(msg)


def _published(folder: OpenFolder, trust: Trust) -> Judged | None:
    try:
        return trust.judge(TileFolder(folder.layout.log).read_checkpoint())
    except LedgerError:
        return None
