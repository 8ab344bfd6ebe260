"""Rotation of a data folder's key-encryption key, with what the log is told of it.

One process rotates at a time; the others go on reading and writing. What was destroyed under the
generation that dies is final from then on, and the log says so.

Source:
    docs of the design: security, sections 1.6 and 1.7, step 5.
"""

from __future__ import annotations

from collections.abc import Callable

from domain.confidentiality import CLINICAL, Owner, label_for
from domain.errors import RecordUnavailable
from infrastructure.control import destroyed_line, retire_line, rewrap_line
from infrastructure.custodians.shredder import RecordShredder
from infrastructure.folder import OpenFolder
from infrastructure.ledger.control import parse_control
from infrastructure.ledger.key_control import GenerationDestroyed, KeysRewrapped, custody_stream
from infrastructure.stores.contract import Line, Placed, Submission
from infrastructure.vault.rotation import Log, Rotated, rotate as rotate_keys
from infrastructure.views import locked


def rotate(
    folder: OpenFolder,
    shredder: RecordShredder,
    progress: Callable[[int, int], None] = lambda _now, _of: None,
) -> Rotated:
    """Move every key to a new generation and destroy the old one; goes on with one cut short.

    Raises:
        FolderRefused: Somebody is rotating already, or a passphrase of the keyfile was not given.
        Broken: A key does not open, or is not the one that the log knows; both generations stay.
        CustodyUnavailable: Custody went away; it goes on when it is back.
    """
    with locked(folder.layout.folder / "rotation.lock"):
        found = rotate_keys(
            folder.keys,
            folder.custody,
            folder.genesis.log_id,
            _log_of(folder),
            folder.bell,
            progress,
        )
        shredder.make_final(found.before, found.evidence)
        for each in folder.layout.folder.glob(f"{folder.layout.keys.name}.powiernik-*"):
            # What an older version left: copies under a generation that is gone.
            each.unlink()
    return found


def _log_of(folder: OpenFolder) -> Log:
    log_id = folder.vault.log_id

    def check_value(key_id: bytes) -> bytes | None:
        logged = folder.logged(key_id)
        return None if logged is None else logged.check_value

    def rewrapped(before: int, after: int, count: int, digest: bytes) -> None:
        _enter_once(
            folder,
            rewrap_line(log_id, before, after, count, digest),
            KeysRewrapped(before, after, count, digest),
        )

    def destroyed(generation: int, evidence: bytes) -> None:
        _enter_once(
            folder,
            destroyed_line(log_id, generation, evidence),
            GenerationDestroyed(generation, evidence),
        )

    return Log(check_value, rewrapped, destroyed)


def _enter_once(folder: OpenFolder, line: Line, said: KeysRewrapped | GenerationDestroyed) -> None:
    """Tell the log, unless a rotation that was cut short has told it already."""
    for row in folder.store.stream(custody_stream(folder.vault.log_id)):
        known = parse_control(row.record or b"")
        match known, said:
            case (
                GenerationDestroyed(generation=one),
                GenerationDestroyed(generation=other),
            ) if one == other:
                return
            case _ if known == said:
                return
    if not isinstance(folder.guard.enter(Submission((line,))), Placed):
        raise RecordUnavailable


def renew(folder: OpenFolder, owner: Owner) -> int:
    """Begin a new epoch of an owner's content keys; how many keys that retires.

    What they sealed opens as before; what is written from now on is under new ones. It is done each
    year, when staff may have been careless with a key, and after an export to a court.

    Raises:
        RecordUnavailable: Nothing could be written into the log; the new epoch begins all the same.
    """
    retired = folder.vault.keyring.retire(owner, label_for(CLINICAL, owner).purpose)
    lines = tuple(retire_line(folder.vault.log_id, each) for each in retired)
    if lines and not isinstance(folder.guard.enter(Submission(lines)), Placed):
        raise RecordUnavailable
    return len(retired)
