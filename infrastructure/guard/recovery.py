"""Recovery: a record that lost entries goes on under a new name, as two custodians have signed.

When a backup is restored that is older than what witnesses and clients have seen, the old log is
dead: nobody can make it grow back into what was signed. What was restored stays as it was, an
unchanged beginning, and behind it stands a RECOVERY that says what was lost, why, and who approved.
From there on the log has a new origin. Its checkpointer, its policy and its witnesses are set up
anew; projections are made again from the first event.

Source:
    docs of the design: security, section 2.6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from infrastructure.control import recovery_line
from infrastructure.custodians.signing import signers as custodians_with
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder, open_folder
from infrastructure.guard.incidents import Scope
from infrastructure.guard.scrubber import forget
from infrastructure.layout import Layout
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import Recovery, parse_control
from infrastructure.ledger.errors import KeyRefused, LedgerError, LogBroken
from infrastructure.ledger.lifecycle import APPROVALS
from infrastructure.ledger.merkle import CompactRange
from infrastructure.ledger.note import Note, Signer
from infrastructure.ledger.receipt import receipt_signer
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verification import RowVerification
from infrastructure.stores.contract import Placed, RecordStore, Submission
from infrastructure.verify import verify_log

_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a recovery has found: how much there is, and which positions were lost."""

    origin: str
    restored: int
    lost: int


def recover(
    path: Path,
    passphrases: list[str],
    *,
    origin: str,
    reason: str,
    secret: str | None = None,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> Recovered:
    """Let a record that was put back to an earlier state go on under a new origin.

    ``secret`` opens the folder where its keys are not in a keyfile.

    Raises:
        FolderRefused: Nothing was lost, the origin cannot be used, or there are no two custodians.
        LogBroken: What was restored is not the beginning of what was signed, or is itself broken.
        WrongPassphrase: A passphrase opens nothing.
    """
    folder = open_folder(path, secret or passphrases[0], pinned=False)
    try:
        found = verify_log(
            folder.store, folder.genesis, append_key=folder.append_key, progress=progress
        )
        checkpoint, note = _last_published(folder.layout)
        if checkpoint is not None and checkpoint.size <= found.size:
            _must_be_its_beginning(folder.store, checkpoint)
        lost_to = _seen(folder, found, checkpoint)
        _must_be_new(folder, origin)
        unsigned = Recovery(
            origin=origin,
            old_origin=folder.vault.lineage.origin,
            restored_size=found.size,
            root=found.root(),
            lost_to=lost_to,
            reason=reason,
            checkpoint=note,
            approvals=b"",
        )
        _must_be_readable(folder, unsigned)
        approvers = custodians_with(path, folder.genesis.origin, passphrases)
        recovery = _approved(unsigned, approvers, found.news().custodians)
        _go_on(folder, recovery)
    finally:
        folder.close()
    return Recovered(origin, found.size, lost_to - found.size)


def _must_be_readable(folder: OpenFolder, recovery: Recovery) -> None:
    """What stands in the log stands there for ever: it is read once before it is written."""
    line = recovery_line(folder.genesis.log_id, recovery)
    try:
        parse_control(line.records[0][1](1))
    except LedgerError:
        msg = "The reason must be one line of at most 200 characters; anybody may read it."
        raise FolderRefused(msg) from None


def _last_published(layout: Layout) -> tuple[Checkpoint | None, bytes]:
    try:
        note = TileFolder(layout.log).read_checkpoint()
        trust = Trust.parse(layout.policy.read_bytes())
        return trust.judge(note).checkpoint, note
    except (LedgerError, FileNotFoundError):
        # What nobody of the policy has signed proves nothing.
        return None, b""


def _must_be_its_beginning(store: RecordStore, checkpoint: Checkpoint) -> None:
    tree = CompactRange()
    while tree.size < checkpoint.size:
        rows = store.rows(tree.size, min(_BATCH, checkpoint.size - tree.size))
        tree.extend(row.leaf for row in rows)
    if tree.root() != checkpoint.root:
        raise LogBroken("E-FORK", checkpoint.size, None, checkpoint.root, tree.root())


def _seen(folder: OpenFolder, found: RowVerification, checkpoint: Checkpoint | None) -> int:
    """How far the log is known to have been.

    Raises:
        FolderRefused: No further than it is now, and it goes on from its pinned head.
    """
    pinned = folder.pin.read()
    sizes = (found.size, pinned.size if pinned else 0, checkpoint.size if checkpoint else 0)
    try:
        folder.pin.check(folder.store)
    except LogBroken:
        return max(sizes)
    if max(sizes) == found.size:
        msg = "Nothing was lost: the record goes on from its head."
        raise FolderRefused(msg)
    return max(sizes)


def _must_be_new(folder: OpenFolder, origin: str) -> None:
    used = {each.origin for each in folder.vault.lineage.eras}
    try:
        receipt_signer(origin, bytes(32))
    except KeyRefused:
        used.add(origin)
    if not origin or origin in used:
        msg = "The new name must be one that the log never had, short, without spaces and a plus."
        raise FolderRefused(msg)


def _approved(recovery: Recovery, approvers: list[Signer], known: tuple[str, ...]) -> Recovery:
    named = [each for each in approvers if each.verifier.vkey() in known]
    if len(named) < APPROVALS:
        msg = "Two custodians whom the log names have to approve, each with her own passphrase."
        raise FolderRefused(msg)
    text = recovery.statement()
    note = Note(text, tuple(each.sign(text.encode()) for each in named))
    return replace(recovery, approvals=note.encode())


def _go_on(folder: OpenFolder, recovery: Recovery) -> None:
    line = recovery_line(folder.genesis.log_id, recovery)
    outcome = folder.committer.commit(Submission((line,)))
    if not isinstance(outcome, Placed):
        msg = "Somebody has written meanwhile; nothing was recovered."
        raise FolderRefused(msg)
    standing = folder.store.standing()
    folder.pin.reset(standing.size, standing.range_bytes)
    _retire(folder.layout, len(folder.vault.lineage.eras))
    for each in folder.guard.incidents.open():
        if each.scope is Scope.LOG:
            folder.guard.incidents.settle(each.number, folder.clock.now())


def _retire(layout: Layout, number: int) -> None:
    """Keep what the old name signed, and take away what was made from events that are lost."""
    for each in (layout.log, layout.policy):
        if each.exists():
            each.rename(each.with_name(f"{each.name}.retired-{number}"))
    forget(layout)
    for view in layout.folder.glob("views-*"):
        view.unlink()
