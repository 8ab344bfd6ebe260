"""One life on two clinics: one whose record lies in SQLite, one whose record lies in memory.

Both begin as copies of the same data folder, under the same clock, with identifiers drawn from the
same seed, and every command that is done is given a second time under the same id. What differs is
the store of the record alone; keys, attachments and rows are as in service in both.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import count, groupby
from pathlib import Path
from random import Random
from typing import Any

import pytest

from domain.confidentiality import KeyPurpose
from domain.errors import Refusal
from domain.events.attachment import AttachmentSealed
from domain.ports import Recorded
from domain.rows import Place
from domain.values import Circumstances, FreeText, PurposeOfUse, Receipt, RequestId
from infrastructure import folder as data_folder
from infrastructure.folder import OpenFolder
from infrastructure.ledger.check import Row
from infrastructure.stores.contract import Line, Submission
from infrastructure.stores.memory import MemoryStore
from infrastructure.stores.sqlite import SqliteStore
from projections.follower import Followed
from tests.support.clinic import Founded, Result, SmallClinic, small_clinic
from tests.support.opened import words
from tests.support.rows import follower

_MOST = 100_000


class Seeded:
    """Identifiers that are the same each time."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)

    def new(self) -> str:
        """The next one."""
        return self._chance.randbytes(16).hex()


@dataclass(frozen=True, slots=True)
class Twice(SmallClinic):
    """A clinic where whoever has done something tries it again at once."""

    outcomes: list[tuple[Any, ...]] = field(default_factory=list)
    """What everybody was told, one thing after another: a receipt, or why not."""
    requests: Iterator[int] = field(default_factory=lambda: count(1))

    def who(self, actor_id: str, purpose: PurposeOfUse | None = None) -> Circumstances:
        """A request with a number of this clinic's own."""
        # A slotted dataclass is made anew, and ``super()`` would ask the one before.
        found = SmallClinic.who(self, actor_id, purpose)
        return replace(found, request=RequestId(f"request-{next(self.requests)}"))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a use case to its end, and its command once more: the answer is the same."""
        name, again = _again(work)
        try:
            result = SmallClinic.run(self, work)
        except Refusal as refused:
            self.outcomes.append((name, type(refused), str(refused)))
            if again is not None:
                with pytest.raises(type(refused), match=f"^{re.escape(str(refused))}$"):
                    SmallClinic.run(self, again())
            raise
        receipt = _receipt_in(result)
        self.outcomes.append((name, *_told(receipt)))
        if receipt is not None and again is not None:
            self._repeat(again, receipt)
        return result

    def _repeat(self, again: Callable[[], Coroutine[Any, Any, Any]], first: Receipt) -> None:
        before = self.last_position()
        second = _receipt_in(SmallClinic.run(self, again()))
        assert second is not None
        assert self.last_position() == before
        assert _told(second) == _told(first)
        # What changed nothing leaves nothing to repeat.
        assert second.repeated == bool(first.leaves)


@contextmanager
def on_disk(founded: Founded, folder: Path) -> Iterator[Twice]:
    """A copy of the founded clinic as it is in service."""
    with small_clinic(founded, folder) as opened:
        yield _twice(opened)


@contextmanager
def in_memory(founded: Founded, folder: Path) -> Iterator[Twice]:
    """A copy of the founded clinic that goes on in memory."""
    with pytest.MonkeyPatch.context() as exchanged:
        exchanged.setattr(data_folder, "SqliteStore", _remembered)
        with small_clinic(founded, folder) as opened:
            assert isinstance(opened.clinic.folder.store, MemoryStore)
            yield _twice(opened)


def told(clinic: SmallClinic) -> list[Recorded]:
    """Every event of the record with its words open, and all that is known of its writing."""
    folder = clinic.clinic.folder
    events, _ = folder.record.follow(-1, _MOST, frozenset(KeyPurpose))
    return [_open(folder, each) for each in events]


def shown(clinic: SmallClinic, followed: list[Followed]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of projections with its content and its words open, by projection and table."""
    opening, folder = follower(clinic)._opening, clinic.clinic.folder
    found = {}
    for each in followed:
        name = each.projection.name
        for table in each.projection.tables:
            found[f"{name}/{table.name}"] = [
                (
                    row.key,
                    row.clear,
                    row.position,
                    row.subject,
                    _open(
                        folder,
                        opening.cell(row.cell, Place(name, table.name, row.key, row.position)),
                    ),
                )
                for row in each.store.every(table)
            ]
    return found


def _twice(opened: SmallClinic) -> Twice:
    opened.clinic.desk = replace(opened.clinic.desk, identifiers=Seeded(4711))
    return Twice(opened.clinic, opened.people, opened.clock, opened.runner)


def _again(
    work: Coroutine[Any, Any, Any],
) -> tuple[str, Callable[[], Coroutine[Any, Any, Any]] | None]:
    """The name of a use case that has not begun, and how to call it once more."""
    called: dict[str, Any] = inspect.getcoroutinelocals(work)
    name: str = work.__name__  # type: ignore[attr-defined]  # a coroutine has one
    if "command" not in called:
        return name, None
    module = sys.modules[work.cr_frame.f_globals["__name__"]]  # type: ignore[attr-defined]  # as above
    use_case = getattr(module, name)
    signature = inspect.signature(use_case)
    bound = signature.bind_partial()
    bound.arguments.update({each: called[each] for each in signature.parameters})
    return name, lambda: use_case(*bound.args, **bound.kwargs)


def _receipt_in(result: object) -> Receipt | None:
    found = result if isinstance(result, tuple) else (result,)
    return next((each for each in found if isinstance(each, Receipt)), None)


def _told(receipt: Receipt | None) -> tuple[Any, ...]:
    """What a receipt says, but for what hangs on keys."""
    if receipt is None:
        return ()
    place = (receipt.first, receipt.last, receipt.recorded_at)
    return (*place, receipt.versions, len(receipt.leaves), receipt.reply)


def _open(folder: OpenFolder, value: Any) -> Any:
    """The same with every text in it open; what a seal of random keys says is left out."""
    match value:
        case AttachmentSealed():
            return replace(value, seal="")
        case FreeText(sealed=bytes()):
            return FreeText(words(folder, value))
        case bytes():
            return words(folder, FreeText(sealed=value))
        case tuple() | list():
            return [_open(folder, each) for each in value]
        case dict():
            return {name: _open(folder, each) for name, each in value.items() if name != "seal"}
        case _ if is_dataclass(value) and not isinstance(value, type):
            parts = {each.name: _open(folder, getattr(value, each.name)) for each in fields(value)}
            return replace(value, **parts)
        case _:
            return value


def _remembered(
    path: Path, append_key: bytes, now_ms: Callable[[], int], **_: object
) -> MemoryStore:
    """A store in memory that begins as the one in the file ended."""
    file = SqliteStore(path, append_key, now_ms)
    rows, replies = file.rows(0, _MOST), iter(file.replies(b"", _MOST))
    written = [list(each) for _, each in groupby(rows, lambda row: row.tx_first)]
    past = [each[0].time_ms for each in written]
    store = MemoryStore(append_key, lambda: past.pop(0) if past else now_ms())
    for together in written:
        tag, reply = next(replies, (None, b""))
        store.commit([Submission(tuple(map(_line, together)), tag, _as_it_was(reply))])
    assert store.standing() == file.standing()
    file.close()
    return store


def _line(row: Row) -> Line:
    return Line(row.stream_id, ((row.key_id, _as_it_was(row.record)),), after=row.version - 1)


def _as_it_was(record: bytes | None) -> Callable[[object], bytes]:
    assert record is not None
    return lambda _: record
