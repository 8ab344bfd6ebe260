"""What a log says was destroyed, and that it is: SHRED records, applied to the key store.

A destruction is irreversible, so a SHRED is believed only if a writer of ours wrote it and two
custodians whom the log named before have signed it; anything else is damage, and destroys nothing.

Source:
    docs of the design: security, sections 1.7 (step 6) and 7 (attacks 36, 58 and 59).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from infrastructure.control import control_stream, must_be_ours
from infrastructure.errors import Broken, FolderRefused
from infrastructure.ledger.check import Row
from infrastructure.ledger.control import Control, Custodian, parse_control
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.key_control import (
    KeyRetired,
    Shred,
    ShredFinal,
    retire_stream,
    shred_stream,
)
from infrastructure.ledger.lifecycle import APPROVALS
from infrastructure.ledger.note import Note, Verifier
from infrastructure.lineage import Lineage
from infrastructure.stores.contract import RecordStore
from infrastructure.vault import shredding
from infrastructure.vault.keystore import KeyStore
from infrastructure.views import locked


def shreds_of(store: RecordStore, lineage: Lineage, append_key: bytes) -> list[Shred]:
    """Every SHRED of a log, in order, each of them approved.

    Raises:
        Broken: E-AUTH, one of them is not what a writer of ours wrote, or was not approved.
    """
    found = list(_controls(store, lineage, append_key, shred_stream))
    if not found:
        return []
    named = list(_controls(store, lineage, append_key, _policy_stream))
    shreds = []
    for position, control in found:
        if isinstance(control, Shred):
            must_be_approved(control, custodians_before(named, position))
            shreds.append(control)
    return shreds


def finals_of(store: RecordStore, lineage: Lineage, append_key: bytes) -> dict[bytes, ShredFinal]:
    """What a log says is final, by request."""
    controls = _controls(store, lineage, append_key, shred_stream)
    return {each.request: each for _, each in controls if isinstance(each, ShredFinal)}


def placed_shreds(
    store: RecordStore, lineage: Lineage, append_key: bytes
) -> list[tuple[int, Shred]]:
    """Every SHRED of a log with its position; see ``shreds_of`` for those that are believed."""
    controls = _controls(store, lineage, append_key, shred_stream)
    return [(position, each) for position, each in controls if isinstance(each, Shred)]


def custodians_of(store: RecordStore, lineage: Lineage, append_key: bytes) -> list[Verifier]:
    """Everybody whose signature, with another's, approves a destruction now."""
    return custodians_before(_controls(store, lineage, append_key, _policy_stream), None)


def custodians_before(named: Iterable[tuple[int, Control]], position: int | None) -> list[Verifier]:
    """The custodians whom a log had named before a position.

    Raises:
        Broken: E-AUTH, one of them was named without two custodians' approval.
    """
    found: list[Verifier] = []
    for place, each in named:
        if position is not None and place >= position:
            break
        if isinstance(each, Custodian):
            # The first ones stand right behind the beginning of the log, as it was made.
            if each.approvals or place != len(found) + 1:
                must_be_approved(each, found)
            found.append(Verifier.parse(each.vkey))
    return found


def must_be_approved(what: Shred | Custodian, custodians: list[Verifier]) -> None:
    """Refuse what two custodians have not signed, a destruction or the naming of another.

    Raises:
        Broken: E-AUTH.
    """
    try:
        note = Note.parse(what.approvals)
        signed = note.verify(custodians)
    except LedgerError:
        raise Broken("E-AUTH", "a decision of two without its signatures") from None
    # One who was named under two names is one.
    if not what.is_in(note.text) or len({each.public for each in signed}) < APPROVALS:
        raise Broken("E-AUTH", "a decision that two custodians have not approved")


class LogEndings:
    """What a log says was retired and destroyed, as far as it is believed; it may be asked often.

    A process that goes on does not apply anew what was destroyed: this keeps it from opening a key
    that somebody has put back meanwhile. A record that nobody may have written ends nothing here;
    opening and verifying refuse it.
    """

    def __init__(self, store: RecordStore, lineage: Lineage, append_key: bytes) -> None:
        self._store = store
        self._lineage = lineage
        self._append_key = append_key
        self._seen: tuple[int, ...] = ()
        self._destroyed: frozenset[bytes] = frozenset()

    def retired(self, key_id: bytes) -> bool:
        """Whether a key was retired."""
        rows = self._store.stream(retire_stream(key_id))
        try:
            must_be_ours(rows[0], self._append_key)
            return parse_control(rows[0].record or b"") == KeyRetired(key_id)
        except (IndexError, Broken, LedgerError):
            return False

    def destroyed(self, name: bytes) -> bool:
        """Whether a key or an item key of this id was destroyed."""
        streams = (shred_stream(era.log_id) for era in self._lineage.eras)
        seen = tuple(self._store.version(each) for each in streams)
        if seen != self._seen:
            with suppress(Broken):
                shreds = shreds_of(self._store, self._lineage, self._append_key)
                named = (each for shred in shreds for each in (*shred.keys, *shred.items))
                self._destroyed = frozenset(named)
            self._seen = seen
        return name in self._destroyed


def destroyed_again(keys: KeyStore, shreds: list[Shred]) -> list[Shred]:
    """Apply every SHRED before anything is served; those that somebody had brought back.

    One that a crash has cut short is not among them: this key store remembers that it was at it.
    While somebody is at one, what is condemned stays so: reprieved, something could be sealed under
    it and written behind the SHRED.
    """
    try:
        with locked(lock_of(keys)):
            return _settled(keys, shreds)
    except FolderRefused:
        begun = shredding.under_way(keys)
        resurrected = shredding.apply(keys, shreds, ends=False)
        return [each for each in resurrected if each.request != begun]


def lock_of(keys: KeyStore) -> Path:
    """The file that is locked while something is destroyed."""
    return keys.path.with_name("shredding.lock")


def _settled(keys: KeyStore, shreds: list[Shred]) -> list[Shred]:
    begun = shredding.under_way(keys)
    # Whoever was at it had condemned the keys; whoever put others back has to say that as well.
    at_it = (each for each in shreds if each.request == begun)
    unfinished = begun if all(shredding.condemned(keys, each) for each in at_it) else None
    resurrected = shredding.apply(keys, shreds)
    shredding.reprieve(keys, shreds)
    return [each for each in resurrected if each.request != unfinished]


def _policy_stream(log_id: bytes) -> bytes:
    return control_stream(log_id, "policy")


def _controls(
    store: RecordStore,
    lineage: Lineage,
    append_key: bytes,
    stream_of: Callable[[bytes], bytes],
) -> Iterator[tuple[int, Control]]:
    for era in lineage.eras:
        before: Row | None = None
        for row in store.stream(stream_of(era.log_id)):
            must_be_ours(row, append_key, before)
            try:
                yield row.position, parse_control(row.record or b"")
            except LedgerError as refused:
                raise Broken(refused.code, "a control record") from None
            before = row
