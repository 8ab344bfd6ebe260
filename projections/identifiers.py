"""Identifiers: who has this PESEL, telephone or e-mail, and nothing that tells so to the database.

A row is a fingerprint and, sealed under the clinic's key, whose it is. Its own id is a fingerprint,
too, of the client and the field: whoever reads the table cannot tell which rows are one person's,
nor find her stream, and a rebuild still gives the same rows. What was corrected is replaced; what
is known no longer leaves a row without a fingerprint, which nothing finds.

Source:
    docs of the design: security, section 3.1; compliance KEY-05.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from domain.confidentiality import TENANT, KeyPurpose, Owner, OwnerKind
from domain.events.client import ClientContactChanged, ClientIdentified
from domain.identifying import Identifier, named_and_born, normal
from domain.ports import Opening, Recorded
from domain.rows import Content, Fingerprints, Place, StoredRow, Table, Under, ViewStore
from domain.values import ClientId
from projections.projection import Rows

FOUND_BY = Table("found_by", key=("row_id",), clear=("fingerprint",), indexes=(("fingerprint",),))
_ROW = "row"
_UNKNOWN, _NOBODYS = "", "nobody's"
_CLINIC = Owner(OwnerKind.CLINIC, "")
"""Its keys seal the rows; a row names no subject, which would name her."""
_STEP_NS = 500_000
"""An answer waits for the end of a step of so many nanoseconds, and up to another one."""
LEAST_OPENED = 4
"""So many cells are opened for every question, found or not."""
_MOST_HOLDERS = 20


class IdentifiersProjection:
    """How events change the index."""

    name = "identifiers-2"
    tables = (FOUND_BY,)
    purposes = frozenset({KeyPurpose.CLINICAL})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        match recorded.event:
            case ClientIdentified() as event:
                self._put(recorded, rows, Identifier.PESEL, event.pesel)
                name = named_and_born(event.given_name, event.family_name, event.birth_date)
                self._put(recorded, rows, Identifier.NAME_AND_BIRTH, name)
            case ClientContactChanged() as event:
                self._put(recorded, rows, Identifier.PHONE, event.phone)
                self._put(recorded, rows, Identifier.EMAIL, event.email)
            case _:
                pass

    @staticmethod
    def _put(recorded: Recorded, rows: Rows, field: Identifier, value: str | None) -> None:
        known = None if value is None else normal(field, value)
        key = (rows.fingerprint(_ROW, f"{recorded.stream}/{field}"),)
        if known is None and rows.get(FOUND_BY, key) is None:
            return
        fingerprint = _UNKNOWN if known is None else rows.fingerprint(field, known)
        content: Content = {} if known is None else {"client": recorded.stream}
        under = Under(_CLINIC, TENANT, recorded.recorded_at)
        clear = {"fingerprint": fingerprint}
        rows.put(FOUND_BY, key, clear, content, under, recorded.position)


class Identifiers:
    """The queries of the index. It hands out pseudonymous ids, and takes as long for nobody's."""

    def __init__(
        self,
        view: str,
        store: ViewStore,
        fingerprints: Fingerprints,
        opening: Callable[[], Opening],
    ) -> None:
        """``opening`` gives a standing grant, which opens whose row it is (fine print 6)."""
        self._view = view
        self._store = store
        self._fingerprints = fingerprints
        self._opening = opening

    def holders(self, identifier: Identifier, value: str) -> tuple[ClientId, ...]:
        """Whose identifier it is, in its one form."""
        begun = time.perf_counter_ns()
        found = self._holders(identifier, value)
        # What is left of a difference goes under in a whole step, and in a wait that nobody
        # foresees: with so few questions a day no average of it comes near.
        steps = (time.perf_counter_ns() - begun) // _STEP_NS + 1
        until = begun + steps * _STEP_NS + secrets.randbelow(_STEP_NS)
        time.sleep(max(0, until - time.perf_counter_ns()) / 1e9)
        return found

    def _holders(self, identifier: Identifier, value: str) -> tuple[ClientId, ...]:
        wanted = self._fingerprints.of(identifier, value).hex()
        others = self._store.select(FOUND_BY, {}, limit=LEAST_OPENED)
        found = self._with(wanted, _MOST_HOLDERS)
        # Somebody's and nobody's cost the same: one question that finds and one that does not, and
        # cells of others opened in the place of those that are not there, whose words are let go.
        padding = self._with(_NOBODYS if found or not others else str(others[0].clear[0]), 1)
        padding = (padding + others * LEAST_OPENED)[: max(0, LEAST_OPENED - len(found))]
        places = [self._place(row) for row in (*found, *padding)]
        sealed = [row.cell for row in (*found, *padding)]
        contents = self._opening().cells(zip(sealed, places, strict=True))[: len(found)]
        holders = [each.get("client") for each in contents if each is not None]
        return tuple(ClientId(each) for each in holders if each is not None)

    def known_by(self, client: ClientId) -> frozenset[str]:
        """The fingerprints of a client's identifiers; her rows are asked for, none is opened."""
        keys = [(self._fingerprints.of(_ROW, f"{client}/{each}").hex(),) for each in Identifier]
        rows = [self._store.load(FOUND_BY, key) for key in keys]
        return frozenset(str(row.clear[0]) for row in rows if row is not None) - {_UNKNOWN}

    def fingerprint(self, field: str, value: str) -> str:
        """What stands for a value."""
        return self._fingerprints.of(field, value).hex()

    def forget(self, client: ClientId) -> None:
        """Take a client's rows away for good, since her keys do not seal them."""
        keys = [(self._fingerprints.of(_ROW, f"{client}/{field}").hex(),) for field in Identifier]
        self._store.remove(FOUND_BY, keys)

    def _with(self, fingerprint: str, limit: int) -> list[StoredRow]:
        return self._store.select(FOUND_BY, {"fingerprint": fingerprint}, limit=limit)

    def _place(self, row: StoredRow) -> Place:
        return Place(self._view, FOUND_BY.name, row.key, row.position)
