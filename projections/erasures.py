"""Erasures: the requests with where they stand, whom they are about, and who the custodians are.

Pseudonymous ids, times and coarse codes; on what ground something goes stands in the request alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.confidentiality import FRAME, KeyPurpose
from domain.erasure import APPROVALS
from domain.events.erasure import (
    ErasureApproved,
    ErasureCompleted,
    ErasureRefused,
    ErasureRequested,
    ErasureScope,
    RefusalGround,
)
from domain.events.practitioner import CustodianAppointed
from domain.ports import Recorded
from domain.rows import Content, Table, Under, Value, ViewStore
from projections.projection import Rows
from projections.times import from_ms, to_ms

REQUESTS = Table(
    "requests",
    key=("erasure_id",),
    clear=("requester_id", "scope", "status", "requested_ms", "settled_ms"),
)
ABOUT = Table("about", key=("client_id", "erasure_id"))
CUSTODIANS = Table("custodians", key=("practitioner_id",), clear=("number",))


@dataclass(frozen=True, slots=True)
class ErasureLine:
    """A request in the list."""

    id: str
    requester: str
    scope: str
    status: str
    requested_at: datetime
    settled_at: datetime | None
    clients: tuple[str, ...]


class ErasuresProjection:
    """How events change the list."""

    name = "erasures-1"
    tables = (REQUESTS, ABOUT, CUSTODIANS)
    purposes = frozenset({KeyPurpose.RELATIONSHIP})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        at = to_ms(recorded.recorded_at)
        match recorded.event:
            case ErasureRequested() as event:
                clear: dict[str, Value] = {
                    "requester_id": event.requester,
                    "scope": event.scope.value,
                    "status": "requested",
                    "requested_ms": at,
                    "settled_ms": None,
                }
                content: Content = {"clients": list(event.clients), "statement": "", "signed": 0}
                _put(recorded, rows, event.erasure, clear, content)
                for client in event.clients:
                    key = (client, event.erasure)
                    rows.put(ABOUT, key, {}, {}, _under(recorded), recorded.position)
            case ErasureApproved() as event:
                found = rows.get(REQUESTS, (event.erasure,))
                if found is not None:
                    _approved(recorded, rows, event, *found)
            case ErasureRefused() as event:
                withdrawn = event.ground is RefusalGround.WITHDRAWN
                _settle(recorded, rows, event.erasure, "withdrawn" if withdrawn else "refused")
            case ErasureCompleted() as event:
                _settle(recorded, rows, event.erasure, "completed")
            case CustodianAppointed() as event:
                number: dict[str, Value] = {"number": event.number}
                whose = (event.practitioner,)
                rows.put(CUSTODIANS, whose, number, {}, _under(recorded), recorded.position)
            case _:
                pass


def _approved(
    recorded: Recorded,
    rows: Rows,
    event: ErasureApproved,
    clear: dict[str, Value],
    content: Content,
) -> None:
    given = content["signed"] if content["statement"] == event.statement else 0
    content["statement"], content["signed"] = event.statement, given + 1
    clear["status"] = "approved" if content["signed"] >= APPROVALS else "requested"
    _put(recorded, rows, event.erasure, clear, content)


def _settle(recorded: Recorded, rows: Rows, erasure_id: str, status: str) -> None:
    found = rows.get(REQUESTS, (erasure_id,))
    if found is not None:
        clear = {**found[0], "status": status, "settled_ms": to_ms(recorded.recorded_at)}
        _put(recorded, rows, erasure_id, clear, found[1])


def _put(
    recorded: Recorded, rows: Rows, erasure_id: str, clear: dict[str, Value], content: Content
) -> None:
    rows.put(REQUESTS, (erasure_id,), clear, content, _under(recorded), recorded.position)


def _under(recorded: Recorded) -> Under:
    return Under(recorded.owner, FRAME, recorded.recorded_at)


class Erasures:
    """The queries of the list; nothing is opened."""

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def all(self, requester: str | None = None) -> list[ErasureLine]:
        """Every request, or those of one person, the newest first."""
        about: dict[str, tuple[str, ...]] = {}
        for row in self._store.every(ABOUT):
            client, erasure_id = (str(each) for each in row.key)
            about[erasure_id] = (*about.get(erasure_id, ()), client)
        lines = []
        for row in self._store.every(REQUESTS):
            who, scope, status, requested, settled = row.clear
            if requester not in (None, who):
                continue
            lines.append(
                ErasureLine(
                    id=str(row.key[0]),
                    requester=str(who),
                    scope=str(scope),
                    status=str(status),
                    requested_at=from_ms(int(requested or 0)),
                    settled_at=None if settled is None else from_ms(int(settled)),
                    clients=about.get(str(row.key[0]), ()),
                )
            )
        return sorted(lines, key=lambda each: (each.requested_at, each.id), reverse=True)

    def erased(self, client: str) -> bool:
        """Whether a client's record has been destroyed."""
        whole = (ErasureScope.CLIENT.value, ErasureScope.PURPOSE.value)
        for row in self._store.select(ABOUT, {"client_id": client}, limit=_MOST):
            request = self._store.load(REQUESTS, (row.key[1],))
            scope, status = (None, None) if request is None else request.clear[1:3]
            if scope in whole and status == "completed":
                return True
        return False

    def custodians(self) -> dict[int, str]:
        """Who holds which custodian's key, by its number; the newest appointment counts."""
        rows = sorted(self._store.every(CUSTODIANS), key=lambda row: row.position)
        return {int(row.clear[0] or 0): str(row.key[0]) for row in rows}


_MOST = 100_000
