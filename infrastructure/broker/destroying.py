"""Destroying across the socket: the broker has the keys, so it destroys them, and writes the SHRED.

A worker cannot destroy anything on its own: what two custodians have signed is verified by the
broker against those whom the log names, and the request is read again from the record: one that was
refused or withdrawn, or whose client is under a hold by now, is not carried out with signatures
that were kept.

Source:
    docs of the design: security, section 1.7.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any

from domain import client, erasure
from domain.confidentiality import Class, KeyPurpose
from domain.erasure import Status
from domain.errors import RecordUnavailable, WrongState
from domain.legal_gate import EXEMPT
from domain.ports import Destruction, Shredded
from domain.values import FreeText
from infrastructure.broker.line import Line
from infrastructure.broker.protocol import Ask, owner_in
from infrastructure.broker.releases import Peer
from infrastructure.broker.watch import Watch
from infrastructure.custodians.shredder import RecordShredder
from infrastructure.record import Record

Forget = Callable[[Destruction, Collection[bytes]], None]


class RemoteShredder:
    """The domain's ``Shredder`` where the keys are with the broker.

    ``local`` reads what the log says; ``forget`` takes away the rows that this process keeps.
    """

    def __init__(self, line: Line, local: RecordShredder, forget: Forget) -> None:
        self._line = line
        self._local = local
        self._forget = forget

    def statement(self, what: Destruction) -> str:
        """What a custodian signs."""
        (text,) = self._line.ask(Ask.SHRED_STATEMENT, _sent(what))
        return str(text)

    async def destroy(self, what: Destruction, approvals: bytes) -> Shredded:
        """Destroy it, durably."""
        return await asyncio.to_thread(self.destroy_now, what, approvals)

    def destroy_now(self, what: Destruction, approvals: bytes) -> Shredded:
        """Destroy it, durably; see ``RecordShredder.destroy_now``."""
        self._line.ask(Ask.SHRED, _sent(what), approvals)
        self._forget(what, self._local.keys_of(what.request))
        done = self._local.carried_out(what.request)
        if done is None:
            raise RecordUnavailable
        return done

    def carried_out(self, request: str) -> Shredded | None:
        """What a request has destroyed; ``None`` where it has not."""
        return self._local.carried_out(request)


class Destroying:
    """Answers what is asked for a destruction."""

    def __init__(self, record: Record, shredder: RecordShredder, watch: Watch) -> None:
        self._record = record
        self._shredder = shredder
        self._watch = watch

    def statement(self, peer: Peer, what: list[Any]) -> list[Any]:
        """What a custodian signs."""
        self._watch.count(peer, "shred statements")
        return [self._shredder.statement(_received(what))]

    def destroy(self, peer: Peer, what: list[Any], approvals: bytes) -> list[Any]:
        """Destroy what two custodians have signed."""
        self._watch.count(peer, "shreds")
        wanted = _received(what)
        if not self._stands(wanted.request):
            msg = "The request is not one that two custodians have approved and nothing holds up"
            raise WrongState(msg)
        self._shredder.destroy_now(wanted, approvals)
        return []

    def _stands(self, request: str) -> bool:
        """Whether the record still says that this is to be destroyed, or that it was."""
        state, _ = self._record.frame(request, erasure.fold)
        if state is None:
            return False
        if state.status is Status.COMPLETED:
            return True
        return state.status is Status.APPROVED and (
            state.ground in EXEMPT or not any(map(self._is_held, state.target.clients))
        )

    def _is_held(self, client_id: str) -> bool:
        frame, _ = self._record.frame(client_id, client.fold)
        return frame is not None and bool(frame.holds)


def _sent(what: Destruction) -> list[Any]:
    return [
        what.request,
        what.reason,
        [[int(each.kind), each.id] for each in what.owners],
        [int(each) for each in what.purposes],
        [int(each) for each in what.classes],
        [each.sealed for each in what.texts if each.sealed is not None],
        what.year,
        [[int(each.kind), each.id] for each in what.spared],
    ]


def _received(what: Sequence[Any]) -> Destruction:
    request, reason, owners, purposes, classes, texts, year, spared = what
    return Destruction(
        request=request,
        reason=reason,
        owners=tuple(map(owner_in, owners)),
        purposes=tuple(map(KeyPurpose, purposes)),
        classes=tuple(map(Class, classes)),
        texts=tuple(FreeText(sealed=each) for each in texts),
        year=year,
        spared=tuple(map(owner_in, spared)),
    )
