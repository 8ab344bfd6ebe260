"""What a store of records is asked and answers; every store passes the same contract test.

A submission is atomic. Many of them may share one transaction of the store: one that is stale fails
alone, and the others go through with dense positions (architecture.md, decision 5).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Never

from eventsourcing.persistence import ApplicationRecorder, Notification

from infrastructure.ledger.check import Row

Seal = Callable[[int], bytes]
"""Gives the record for the version that it will have in its stream."""


@dataclass(frozen=True, slots=True)
class Line:
    """Records for one stream, each with the id of its key.

    ``after`` is the version that they must follow; ``None`` takes whatever is last, and then the
    records are sealed under the write lock. ``only_if_new`` drops the line where the stream exists.
    """

    stream_id: bytes
    records: tuple[tuple[bytes, Seal], ...]
    after: int | None = None
    only_if_new: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """Lines that are written together or not at all, once per ``tag``.

    ``reply`` gives what is kept under the tag for whoever tries again. ``stands`` is asked under
    the write lock: whether the keys that it was sealed under may still be used.
    """

    lines: tuple[Line, ...]
    tag: bytes | None = None
    reply: Callable[[Placed], bytes] | None = None
    stands: Callable[[], bool] | None = None


class Placed(NamedTuple):
    """Where a submission was written; ``versions`` per line, the last of each."""

    first: int
    last: int
    time_ms: int
    versions: tuple[int, ...]
    rows: tuple[Row, ...]


class Conflict(NamedTuple):
    """A stream has moved on; nothing of the submission was written."""

    stream_id: bytes
    current: int


class Repeated(NamedTuple):
    """The tag was used before; nothing was written again."""

    reply: bytes


class Outdated(NamedTuple):
    """It was sealed under keys that may no longer be used; nothing was written, seal it again."""


Outcome = Placed | Conflict | Repeated | Outdated


class Standing(NamedTuple):
    """How far the log is: its size, the compact range of that size, and its newest time."""

    size: int
    range_bytes: bytes
    time_ms: int


class RecordStore(ApplicationRecorder):
    """A store of records: a recorder of the ``eventsourcing`` library, and what we need beside."""

    @abstractmethod
    def commit(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Write submissions in one durable transaction; each has its own outcome."""

    @abstractmethod
    def rows(self, start: int, limit: int) -> list[Row]:
        """Rows in the order of the log, from a position on."""

    @abstractmethod
    def stream(self, stream_id: bytes, *, until: int | None = None) -> list[Row]:
        """The rows of one stream in order, up to a position."""

    @abstractmethod
    def version(self, stream_id: bytes) -> int:
        """The last version of a stream; 0 where there is none."""

    @abstractmethod
    def standing(self) -> Standing:
        """How far the log is."""

    @abstractmethod
    def reply(self, tag: bytes) -> bytes | None:
        """What was kept under a tag."""

    @abstractmethod
    def replies(self, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """Tags after one, in their order, each with what was kept under it."""

    @abstractmethod
    def position_at(self, time_ms: int) -> int:
        """The last position recorded at or before an instant; -1 where there is none."""

    @abstractmethod
    def close(self) -> None:
        """Give everything back."""

    def max_notification_id(self) -> int | None:
        """The size of the log, or ``None`` where it is empty; an id is a position plus one."""
        return self.standing().size or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Never:
        """Not offered: the follower in ``projections`` reads the log."""
        del gt, topics
        msg = "The follower reads the log; there are no subscriptions."
        raise NotImplementedError(msg)


@dataclass(frozen=True)
class LoggedEvent(Notification):
    """A stored event of the library, with its place in our log."""

    row: Row


TOPIC = "r"
"""The constant that stands where the library keeps an import path."""


def logged_event(row: Row) -> LoggedEvent:
    """A row as the library's recorders hand it on; its id is the position plus one."""
    return LoggedEvent(
        originator_id=row.stream_id.hex(),
        originator_version=row.version,
        topic=TOPIC,
        state=row.record or b"",
        id=row.position + 1,
        row=row,
    )
