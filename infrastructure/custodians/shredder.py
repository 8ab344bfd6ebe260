"""The domain's ``Shredder`` and ``Signatures``: from a decision to a SHRED, and to no key.

In this order, so that it can be cut short anywhere: the keys are condemned (nothing is sealed under
them any more), the SHRED is written into the log, the keys are destroyed, every process is told to
drop what it has open, projections lose the rows. Opening a data folder does the rest of what a
crash has left undone.

Source:
    docs of the design: security, section 1.7.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from domain.confidentiality import Class, KeyPurpose
from domain.errors import Invalid, RecordUnavailable, WrongState
from domain.ports import CONTENT, Destruction, Shredded
from infrastructure.control import shred_final_line, shred_line
from infrastructure.custodians.shreds import (
    custodians_of,
    finals_of,
    lock_of,
    must_be_approved,
    placed_shreds,
)
from infrastructure.errors import Broken, FolderRefused
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.key_control import (
    MOST_SHREDDED,
    REASONS,
    BackupLeft,
    Shred,
    ShredFinal,
    shred_statement,
)
from infrastructure.ledger.note import Note, Verifier
from infrastructure.lineage import Lineage
from infrastructure.stores.contract import Outcome, Outdated, Placed, RecordStore, Submission
from infrastructure.vault import shredding
from infrastructure.vault.bell import Bell
from infrastructure.vault.envelope import field_place
from infrastructure.vault.keyrows import DESTROYED, SELECT_KEY, StoredKey, stored_key
from infrastructure.vault.keystore import KeyStore
from infrastructure.vault.port import Keys
from infrastructure.views import locked


@dataclass(frozen=True, slots=True)
class Hands:
    """What destroying works with.

    ``forget`` takes away the rows that these keys sealed, and whatever else finds those erased.
    ``backups`` are those of the key store that still hold what is destroyed, sealed.
    """

    store: RecordStore
    lineage: Lineage
    append_key: bytes
    keys: KeyStore
    keyring: Keys
    bell: Bell
    enter: Callable[[Submission], Outcome]
    forget: Callable[[Destruction, Collection[bytes]], None]
    backups: Callable[[], Iterable[BackupLeft]]

    def __repr__(self) -> str:
        return "Hands()"


class RecordShredder:
    """Destroys keys of one record; the domain's ``Shredder``."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def statement(self, what: Destruction) -> str:
        """What a custodian signs."""
        return shred_statement(self._shreds(what))

    async def destroy(self, what: Destruction, approvals: bytes) -> Shredded:
        """Destroy it, durably; see ``destroy_now``."""
        return await asyncio.to_thread(self.destroy_now, what, approvals)

    def destroy_now(self, what: Destruction, approvals: bytes) -> Shredded:
        """Destroy it, durably; a request that has been carried out is finished, not repeated.

        Raises:
            Invalid: The approvals do not bear it; nothing was destroyed.
            WrongState: There is nothing left to destroy.
            RecordUnavailable: Nothing could be written, or somebody is destroying something now.
        """
        with self._alone():
            unused = []
            if self.carried_out(what.request) is None:
                shreds = [replace(each, approvals=approvals) for each in self._shreds(what)]
                self._must_be_approved(shreds)
                unused = self._unused(what, shreds[0])
                self._enter(what, shreds, unused)
            self._finish(what, unused)
        done = self.carried_out(what.request)
        if done is None:
            raise RecordUnavailable
        return done

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One destruction at a time, so that nobody takes back what another has condemned."""
        try:
            with locked(lock_of(self._hands.keys)):
                yield
        except FolderRefused:
            raise RecordUnavailable from None

    def _enter(self, what: Destruction, shreds: list[Shred], unused: list[Shred]) -> None:
        hands = self._hands
        shredding.condemn(hands.keys, [*shreds, *unused])
        # Whoever has sealed something under these keys and not written it yet seals it again, and
        # finds that it may not.
        hands.bell.ring()

        def stands() -> bool:
            # What another has written meanwhile under a key that was not named is not approved.
            named = [(each.keys, each.items) for each in self._shreds(what)]
            return named == [(each.keys, each.items) for each in shreds]

        lines = tuple(shred_line(each) for each in shreds)
        try:
            outcome = hands.enter(Submission(lines, stands=stands))
        except Exception:
            self._reprieve()
            raise
        if not isinstance(outcome, Placed):
            self._reprieve()
            if isinstance(outcome, Outdated):
                raise Invalid("approvals", "do not bear what would be destroyed")
            raise RecordUnavailable

    def _reprieve(self) -> None:
        """Give back what was condemned in vain; what stands in the log by now stays condemned."""
        hands = self._hands
        shreds = placed_shreds(hands.store, hands.lineage, hands.append_key)
        shredding.reprieve(hands.keys, [each for _, each in shreds])

    def _unused(self, what: Destruction, like: Shred) -> list[Shred]:
        """Keys of the same owners that were made and sealed nothing: they go unsaid."""
        logged = self._hands.keyring.is_logged
        found = [each.place.key_id for each in self._owned(what)]
        keys = tuple(each for each in found if not logged(each))
        return [replace(like, keys=keys, items=())] if keys else []

    def carried_out(self, request: str) -> Shredded | None:
        """What a request has destroyed; ``None`` where it has not."""
        found = self._of_request(bytes.fromhex(request))
        if not found:
            return None
        shreds = [shred for _, shred in found]
        expiries = [each.expires_ms for shred in shreds for each in shred.backups]
        final_by = datetime.fromtimestamp(max(expiries) / 1000, UTC).date() if expiries else None
        return Shredded(
            position=found[-1][0],
            keys=sum(len(each.keys) for each in shreds),
            items=sum(len(each.items) for each in shreds),
            final_by=final_by,
        )

    def keys_of(self, request: str) -> frozenset[bytes]:
        """The keys that a request has destroyed."""
        found = self._of_request(bytes.fromhex(request))
        return frozenset(key for _, shred in found for key in shred.keys)

    def not_final(self) -> list[bytes]:
        """Requests that were carried out, and whose generation has not been destroyed since."""
        hands = self._hands
        finals = finals_of(hands.store, hands.lineage, hands.append_key)
        shreds = placed_shreds(hands.store, hands.lineage, hands.append_key)
        return list(dict.fromkeys(each.request for _, each in shreds if each.request not in finals))

    def make_final(self, generation: int, evidence: bytes) -> int:
        """Write into the log that what was destroyed is final: its generation is gone.

        How many requests that is. A request whose SHRED names a later generation waits for it.
        """
        hands = self._hands
        shreds = placed_shreds(hands.store, hands.lineage, hands.append_key)
        waiting = set(self.not_final())
        ready = dict.fromkeys(
            each.request
            for _, each in shreds
            if each.request in waiting and each.generation <= generation
        )
        lines = [
            shred_final_line(hands.lineage.log_id, ShredFinal(each, generation, evidence))
            for each in ready
        ]
        if lines and not isinstance(hands.enter(Submission(tuple(lines))), Placed):
            raise RecordUnavailable
        return len(lines)

    def _finish(self, what: Destruction, unused: list[Shred]) -> None:
        hands = self._hands
        shreds = [shred for _, shred in self._of_request(bytes.fromhex(what.request))]
        shredding.apply(hands.keys, [*shreds, *unused])
        hands.bell.ring()
        hands.forget(what, {each for shred in shreds for each in shred.keys})
        hands.keys.vacuum()

    def _of_request(self, request: bytes) -> list[tuple[int, Shred]]:
        hands = self._hands
        shreds = placed_shreds(hands.store, hands.lineage, hands.append_key)
        return [(position, each) for position, each in shreds if each.request == request]

    def _must_be_approved(self, shreds: Iterable[Shred]) -> None:
        hands = self._hands
        custodians = custodians_of(hands.store, hands.lineage, hands.append_key)
        try:
            for each in shreds:
                must_be_approved(each, custodians)
        except Broken:
            raise Invalid("approvals", "do not bear what would be destroyed") from None

    def _shreds(self, what: Destruction) -> list[Shred]:
        """What would be destroyed now, in as many records as it takes; not yet approved."""
        if what.reason not in REASONS:
            raise Invalid("reason", "is not a ground for a destruction")
        if not set(what.purposes) <= set(CONTENT):
            raise Invalid("purposes", "must be those of content")
        keys = sorted({each.place.key_id for each in self._keys(what)})
        items = sorted({_item(each.sealed) for each in what.texts if each.sealed is not None})
        if not keys and not items:
            msg = "There is nothing left to destroy"
            raise WrongState(msg)
        log_id = self._hands.lineage.log_id
        generation = self._hands.keys.generation()
        backups = tuple(self._hands.backups())
        named = [("keys", each) for each in keys] + [("items", each) for each in items]
        return [
            Shred(
                log_id,
                bytes.fromhex(what.request),
                tuple(each for kind, each in some if kind == "keys"),
                tuple(each for kind, each in some if kind == "items"),
                what.reason,
                generation,
                backups,
            )
            for some in _slices(named)
        ]

    def _keys(self, what: Destruction) -> Iterator[StoredKey]:
        keys, keyring = self._hands.keys, self._hands.keyring
        yield from self._living(self._owned(what))
        if what.year is not None:
            spared = {keyring.tag(owner) for owner in what.spared}
            rows = keys.rows(
                f"{SELECT_KEY} WHERE purpose IN (?, ?) AND class = ? AND epoch = ?",
                (
                    int(KeyPurpose.ACCOUNTABILITY),
                    int(KeyPurpose.STAFF),
                    int(Class.AUDIT_LOG),
                    what.year,
                ),
            )
            of_the_year = self._living(stored_key(row) for row in rows)
            yield from (each for each in of_the_year if each.place.subject_tag not in spared)

    def _owned(self, what: Destruction) -> Iterator[StoredKey]:
        keys, keyring = self._hands.keys, self._hands.keyring
        wanted = what.classes or tuple(Class)
        for owner in what.owners:
            for purpose in what.purposes:
                found = keys.of_subject(keyring.tag(owner), purpose)
                yield from (each for each in found if each.place.label.cls in wanted)

    def _living(self, keys: Iterable[StoredKey]) -> Iterator[StoredKey]:
        """Those that are there and that the log knows: what is not in it has sealed nothing."""
        for each in keys:
            if each.state != DESTROYED and self._hands.keyring.is_logged(each.place.key_id):
                yield each


class CustodianSignatures:
    """The domain's ``Signatures``: a line of a signed note over its text."""

    def verifies(self, key: str, text: str, line: str) -> bool:
        """Whether a line is this verifier key's signature over a text."""
        try:
            verifier = Verifier.parse(key)
            note = Note.parse(f"{text}\n{line}\n".encode())
            return note.text == text and bool(note.verify([verifier]))
        except LedgerError:
            return False


def approvals_note(text: str, lines: Iterable[str]) -> bytes:
    """The signed note of a statement and its custodians' signature lines."""
    signed = "".join(f"{each.rstrip()}\n" for each in lines)
    return f"{text}\n{signed}".encode()


def _item(sealed: bytes) -> bytes:
    item_id, _, _ = field_place(sealed)
    return item_id


def _slices(named: list[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    return (named[start : start + MOST_SHREDDED] for start in range(0, len(named), MOST_SHREDDED))
