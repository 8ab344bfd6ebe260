"""Verification of what is new in a log: an audit, its lifecycle and a memory, for one batch.

- `RowVerification` goes over rows with their records, `EntryVerification` over bare entries with
  the control records among them; both hold them to the same laws and remember the same.
- With a memory it begins where that stands, and asks it only for the streams and keys it meets.
  Without one it begins at the first entry.
- An entry counts only once every law has passed it. So whatever is refused, what was counted in is
  the good beginning of the batch.
- Nothing is remembered before `save`. Whoever has a signed checkpoint to compare with does that
  first: rows that keep every law may still be somebody's rewrite.

Source:
    docs of the design: security, sections 2.4 and 2.8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from infrastructure.ledger.chain import AuditState, Chain, FindHead, Link
from infrastructure.ledger.check import Audit, Row
from infrastructure.ledger.control import (
    FIRST_CONTROL_KIND,
    Control,
    Recovery,
    log_id_of,
    parse_control,
)
from infrastructure.ledger.entries import EntryAudit
from infrastructure.ledger.errors import (
    CanonicalRefused,
    ControlRefused,
    LogBroken,
    MemoryOvertaken,
    MemoryRefused,
)
from infrastructure.ledger.lifecycle import Lifecycle, News
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.policy_key import NamedKey


class Verification:
    """What the verification of rows and that of bare entries share; one is spent by its `save`."""

    def __init__(self, audit: Chain, memory: Memory | None) -> None:
        self._audit = audit
        self._memory = memory
        self._since = audit.size
        # Of the first entries of a log there is nothing to ask anybody.
        self._lifecycle = Lifecycle(memory if self._since else None)

    @property
    def size(self) -> int:
        """How many entries of the log were found good: the position the next one must have."""
        return self._audit.size

    def root(self) -> bytes:
        """The root over the entries found good."""
        return self._audit.root()

    def state(self) -> AuditState:
        """Where the audit stands."""
        return self._audit.state()

    def news(self) -> News:
        """What the entries of this batch have taught: keys, access logs, the last MAPHEAD."""
        return self._lifecycle.news()

    def named_keys(self) -> list[NamedKey]:
        """The keys that the log names under its present name, up to the last good entry."""
        news = self.news()
        past = self._memory.named_keys() if self._memory and news.origin is None else ()
        known = {each.vkey: each for each in past}
        return list((known | dict(news.named_keys)).values())

    def finish(self, size: int, range_bytes: bytes) -> None:
        """Compare what was counted in with the stored head of the log.

        Raises:
            LogBroken: E-ROOT, the head is not that of these entries.
        """
        self._audit.finish(size, range_bytes)

    def save(self, notes: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """Remember what was found good, and notes with it, in one durable transaction.

        After a refusal that is the good beginning of the batch, so that the next verification
        comes to the bad entry at once.

        Raises:
            MemoryOvertaken: the memory has moved since this verification began; begin anew.
            MemoryRefused: there is no memory, or it cannot be written.
        """
        if self._memory is None:
            msg = "There is no memory to save in."
            raise MemoryRefused(msg)
        self._memory.advance(self._since, self._audit.state(), self.news(), notes)

    def _count_in(self, link: Link, record: bytes | None) -> None:
        control = None
        if record is not None and link.kind >= FIRST_CONTROL_KIND:
            control = _parse(link, record)
        if isinstance(control, Recovery):
            self._lifecycle.feed(link, control, self._audit.root())
            self._rename(link, control)
        else:
            self._lifecycle.feed(link, control)
        self._audit.admit(link)

    def _rename(self, link: Link, recovery: Recovery) -> None:
        """Go on under the log's new name, if it is this log that was recovered."""
        if log_id_of(recovery.old_origin) != self._audit.log_id:
            expected = "the recovery of this log"
            raise LogBroken("E-ROLLBACK", link.position, link.stream_id, expected, "another's")
        self._audit.rename(log_id_of(recovery.origin))

    def _require_standing(self) -> None:
        """Tell a broken log from a memory that moved on while heads were being looked up in it."""
        if self._memory is not None and self._memory.standing().size != self._since:
            msg = "The memory has been advanced by another process."
            raise MemoryOvertaken(msg) from None


class RowVerification(Verification):
    """Verifies the next rows of a log, with their records.

    Example:
        verification = RowVerification(log_id, append_key=key, memory=memory)
        verification.extend(rows)
        verification.save()
    """

    def __init__(
        self, log_id: bytes, *, append_key: bytes | None = None, memory: Memory | None = None
    ) -> None:
        """Begin where the memory stands; without the append key, tags are not checked.

        Raises:
            EntryRefused: the log id is not 16 bytes.
            MemoryRefused: the memory is one of another log, or damaged.
        """
        state, find_head = _begin(log_id, memory)
        audit = Audit(log_id, append_key=append_key, state=state, find_head=find_head)
        super().__init__(audit, memory)
        self._rows = audit

    @property
    def entry(self) -> bytes:
        """The entry of the row that was verified last: what stands in the public log for it."""
        return self._rows.entry

    def extend(self, rows: Iterable[Row]) -> None:
        """Feed rows until one is bad.

        Raises:
            LogBroken: the first bad row; those before it stay counted.
            MemoryOvertaken: the memory has moved since this verification began.
        """
        for row in rows:
            self.feed(row)

    def feed(self, row: Row) -> Link:
        """Verify the next row and count it in.

        Raises:
            LogBroken: the row is not as it was written, or breaks a law of the log.
            MemoryOvertaken: the memory has moved since this verification began.
        """
        try:
            link = self._rows.check(row)
            self._count_in(link, row.record)
        except LogBroken:
            self._require_standing()
            raise
        return link


class EntryVerification(Verification):
    """Verifies the next bare entries of a log; control records must be shown with theirs.

    Example:
        verification = EntryVerification(log_id_of(origin), memory=memory)
        verification.extend(zip(entries, records, strict=True))
        assert verification.root() == checkpoint.root
        verification.save({"checkpoint": note})
    """

    def __init__(self, log_id: bytes, *, memory: Memory | None = None) -> None:
        """Begin where the memory stands.

        Raises:
            EntryRefused: the log id is not 16 bytes.
            MemoryRefused: the memory is one of another log, or damaged.
        """
        state, find_head = _begin(log_id, memory)
        audit = EntryAudit(log_id, state=state, find_head=find_head)
        super().__init__(audit, memory)
        self._check = audit.check

    def extend(self, entries: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Feed entries, each with its record or ``None``, until one is bad.

        Raises:
            LogBroken: the first bad entry; those before it stay counted.
            MemoryOvertaken: the memory has moved since this verification began.
        """
        for entry, record in entries:
            self.feed(entry, record)

    def feed(self, entry: bytes, record: bytes | None = None) -> None:
        """Verify the next entry, with its record where that is shown, and count it in.

        Raises:
            LogBroken: the entry is not as it was written, or breaks a law of the log.
            MemoryOvertaken: the memory has moved since this verification began.
        """
        try:
            self._count_in(self._check(entry, record), record)
        except LogBroken:
            self._require_standing()
            raise


def _begin(log_id: bytes, memory: Memory | None) -> tuple[AuditState | None, FindHead | None]:
    if memory is None:
        return None, None
    standing = memory.standing()
    if standing.log_id != log_id:
        msg = "The memory is one of another log."
        raise MemoryRefused(msg)
    return standing.state(), memory.head if standing.size else None


def _parse(link: Link, record: bytes) -> Control:
    try:
        return parse_control(record)
    except (CanonicalRefused, ControlRefused) as refused:
        expected, found = "a control record", str(refused)
        raise LogBroken(refused.code, link.position, link.stream_id, expected, found) from refused
