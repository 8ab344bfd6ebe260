"""What a log says was destroyed, and that it is: SHRED records, applied to the key store.

A destruction is irreversible, so a SHRED is believed only if a writer of ours wrote it and two
custodians whom the log named before have signed it; anything else is damage, and destroys nothing.

Source:
    docs of the design: security, sections 1.7 (step 6) and 7 (attacks 36, 58 and 59).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from infrastructure.control import control_stream, must_be_ours
from infrastructure.errors import Broken
from infrastructure.ledger.check import Row
from infrastructure.ledger.control import Control, Custodian, parse_control
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.key_control import Shred, ShredFinal, shred_stream
from infrastructure.ledger.lifecycle import APPROVALS
from infrastructure.ledger.note import Note, Verifier
from infrastructure.lineage import Lineage
from infrastructure.stores.contract import RecordStore
from infrastructure.vault import shredding
from infrastructure.vault.keystore import KeyStore


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
    """The custodians whom a log had named before a position."""
    return [
        Verifier.parse(each.vkey)
        for place, each in named
        if isinstance(each, Custodian) and (position is None or place < position)
    ]


def must_be_approved(shred: Shred, custodians: list[Verifier]) -> None:
    """Refuse a destruction that two custodians have not signed.

    Raises:
        Broken: E-AUTH.
    """
    try:
        note = Note.parse(shred.approvals)
        signed = note.verify(custodians)
    except LedgerError:
        raise Broken("E-AUTH", "a destruction without its signatures") from None
    if not shred.is_in(note.text) or len(signed) < APPROVALS:
        raise Broken("E-AUTH", "a destruction that two custodians have not approved")


def destroyed_again(keys: KeyStore, shreds: list[Shred]) -> list[Shred]:
    """Apply every SHRED before anything is served; those that somebody had brought back.

    One that a crash has cut short is not among them: this key store remembers that it was at it.
    """
    unfinished = shredding.under_way(keys)
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
