"""The names that one log has had: a log that lost entries goes on under a new one.

Records below a recovery keep the log id under which they were written, and are accepted only there;
records above it carry the new one. Keys stay bound to the first id, which is the key store's.

Source:
    docs of the design: security, section 2.6.
"""

from __future__ import annotations

from dataclasses import dataclass

from infrastructure.control import Genesis, must_be_ours
from infrastructure.errors import Broken
from infrastructure.ledger.control import Recovery, log_id_of, parse_control, recovery_stream
from infrastructure.ledger.errors import LedgerError
from infrastructure.stores.contract import RecordStore


@dataclass(frozen=True, slots=True)
class Era:
    """The part of a log under one name, from a position on."""

    start: int
    origin: str
    log_id: bytes


class Lineage:
    """Every name of one log, the first one first."""

    def __init__(self, eras: tuple[Era, ...]) -> None:
        self.eras = eras
        self.first = eras[0].log_id
        self.origin = eras[-1].origin
        self.log_id = eras[-1].log_id
        self.ids = frozenset(each.log_id for each in eras)
        self._start = eras[-1].start

    def at(self, position: int) -> bytes:
        """The log id that the record at a position carries."""
        if position >= self._start:
            return self.log_id
        return next(each.log_id for each in reversed(self.eras) if position >= each.start)


def named(origin: str) -> Lineage:
    """The lineage of a log that has kept its first name."""
    return Lineage((Era(0, origin, log_id_of(origin)),))


def names_of(store: RecordStore, genesis: Genesis) -> list[bytes]:
    """The ids that a log says it has had, as far as can be told without a key.

    Raises:
        LedgerError: A recovery is none.
    """
    rows = store.stream(recovery_stream(genesis.log_id))
    found = (parse_control(row.record or b"") for row in rows)
    return [
        genesis.log_id,
        *(log_id_of(each.origin) for each in found if isinstance(each, Recovery)),
    ]


def lineage_of(store: RecordStore, genesis: Genesis, append_key: bytes) -> Lineage:
    """The names of a log, as its own records tell them.

    Raises:
        Broken: A recovery is not one that a writer of ours wrote.
    """
    eras = [Era(0, genesis.origin, genesis.log_id)]
    before = None
    for row in store.stream(recovery_stream(genesis.log_id)):
        must_be_ours(row, append_key, before)
        try:
            found = parse_control(row.record or b"")
        except LedgerError as refused:
            raise Broken(refused.code, "a recovery") from None
        if not isinstance(found, Recovery) or found.old_origin != eras[-1].origin:
            raise Broken("E-PARSE", "a recovery of another log")
        eras.append(Era(row.position, found.origin, log_id_of(found.origin)))
        before = row
    return Lineage(tuple(eras))
