"""The ``eventsourcing`` library's own conformance suites, run against our recorders.

Application and NonInterleaving run through an adapter: they use topics, tiny states, versions from
nought and ids as UUIDs, where our stores hold sealed records, versions from 1 and no topics
(architecture.md, fine print 8). Tracking runs as it is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never
from uuid import UUID

import pytest
from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    StoredEvent,
    TrackingRecorder,
)

from infrastructure.stores.contract import RecordStore
from infrastructure.stores.memory import MemoryStore
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.stores.views_sqlite import SqliteViews
from tests.support.conformance import SUITES

if TYPE_CHECKING:
    from eventsourcing.tests.persistence import (
        ApplicationRecorderTestCase,
        NonInterleavingNotificationIDsBaseCase,
        TrackingRecorderTestCase,
    )
else:
    # They are abstract, so that pytest does not run them as they stand.
    ApplicationRecorderTestCase = SUITES.ApplicationRecorderTestCase
    NonInterleavingNotificationIDsBaseCase = SUITES.NonInterleavingNotificationIDsBaseCase
    TrackingRecorderTestCase = SUITES.TrackingRecorderTestCase

HEADER = b"PSR\x01\x01\x01\0\0".ljust(80, b"\0")


@pytest.fixture(autouse=True)
def _quiet(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """The suites print their timings."""
    yield
    capsys.readouterr()


class Adapter(ApplicationRecorder):
    """Packs a topic and a state into something that looks like a record."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        return self._store.insert_events([_packed(each) for each in stored_events], **kwargs)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        between = (None if each is None else each + 1 for each in (gt, lte))
        gt, lte = between
        found = self._store.select_events(originator_id, gt=gt, lte=lte, desc=desc, limit=limit)
        return [_unpacked(each) for each in found]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        found = self._store.select_notifications(
            start, 10**6 if topics else limit, stop, inclusive_of_start=inclusive_of_start
        )
        unpacked = [_unpacked(each) for each in found]
        return [each for each in unpacked if not topics or each.topic in topics][:limit]

    def max_notification_id(self) -> int | None:
        return self._store.max_notification_id()

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Never:
        self._store.subscribe(gt, topics)


def _packed(event: StoredEvent) -> StoredEvent:
    return StoredEvent(
        originator_id=event.originator_id,
        originator_version=event.originator_version + 1,
        topic="",
        state=HEADER + event.topic.encode() + b"\0" + event.state,
    )


def _unpacked(event: StoredEvent) -> Notification:
    assert isinstance(event, Notification)
    topic, _, state = event.state[len(HEADER) :].partition(b"\0")
    return Notification(
        originator_id=UUID(str(event.originator_id)),
        originator_version=event.originator_version - 1,
        topic=topic.decode(),
        state=state,
        id=event.id,
    )


class _OnSqlite:
    """A recorder on a file that is taken away after the test."""

    def create_recorder(self) -> ApplicationRecorder:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)  # type: ignore[attr-defined]  # a mixin of unittest's
        path = Path(folder.name) / "record.db"
        SqliteStore.create(path)
        store = SqliteStore(path, b"key", lambda: 0)
        self.addCleanup(store.close)  # type: ignore[attr-defined]  # a mixin of unittest's
        return Adapter(store)


class _InMemory:
    def create_recorder(self) -> ApplicationRecorder:
        return Adapter(MemoryStore(b"key", lambda: 0))


class TestSqliteIsAnApplicationRecorder(_OnSqlite, ApplicationRecorderTestCase):
    INITIAL_VERSION = 0


class TestMemoryIsAnApplicationRecorder(_InMemory, ApplicationRecorderTestCase):
    INITIAL_VERSION = 0


class TestSqliteDoesNotInterleave(_OnSqlite, NonInterleavingNotificationIDsBaseCase):
    INITIAL_VERSION = 0


class TestMemoryDoesNotInterleave(_InMemory, NonInterleavingNotificationIDsBaseCase):
    INITIAL_VERSION = 0


class TestSqliteViewsAreATrackingRecorder(TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        views = SqliteViews(Path(folder.name) / "views.db", ())
        self.addCleanup(views.close)
        return views
