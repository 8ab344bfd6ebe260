"""The peer: the ``eventsourcing`` library as its documentation shows it, with its stock cipher.

Aggregates of its own kind, its JSON transcoder, its SQLite recorder (write-ahead log, fsync on each
commit), and the faster of its two ciphers: the one on ``cryptography``, thirteen times as fast as
the one on ``pycryptodome`` when both were measured. Events hold what ours hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.cryptography import AESCipher
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.sqlite import SQLiteDatastore, SQLiteTrackingRecorder
from eventsourcing.utils import get_topic

from domain.events import Event
from domain.ports import Write
from domain.values import Circumstances, FreeText

Facts = dict[str, Any]
NAME = "eventsourcing, its cipher"


class Stream(Aggregate):
    """What one of our streams is there: a record that facts are added to."""

    class Added(Aggregate.Event):
        """Something happened to an item."""

        name: str
        item: str
        fact: Facts
        who: Facts

    items: dict[str, Facts]

    def __init__(self) -> None:
        self.items = {}

    @event(Added)
    def add(self, name: str, item: str, fact: Facts, who: Facts) -> None:
        """Something happened to an item."""
        self.items[item] = {**self.items.get(item, {}), "name": name, **fact}


class Peer(Application[UUID]):
    """An application that keeps streams."""

    name = "peer"

    def __init__(self, path: Path) -> None:
        super().__init__(
            {
                "PERSISTENCE_MODULE": "eventsourcing.sqlite",
                "SQLITE_DBNAME": str(path),
                "CIPHER_TOPIC": get_topic(AESCipher),
                "CIPHER_KEY": AESCipher.create_key(32),
            }
        )

    def keep(self, writes: Iterable[Write], who: Circumstances, *, together: int = 10) -> int:
        """Save the events of our writes in streams of its own, so many a save."""
        stream, circumstances, count = Stream(), facts(who), 0
        for write in writes:
            for each in write.events:
                stream.add(each.NAME, write.stream, facts(each), circumstances)
                count += 1
                if len(stream.pending_events) >= together:
                    self.save(stream)
        self.save(stream)
        return count


def facts(of: Event | Circumstances) -> Facts:
    """What an object says, as JSON can hold it."""
    return {
        each.name: _plain(getattr(of, each.name))
        for each in fields(of)
        if getattr(of, each.name) not in (None, ())
    }


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case date() | datetime():
            return value.isoformat()
        case FreeText():
            return value.words
        case tuple():
            return [_plain(each) for each in value]
        case str() | int() | bool() | None:
            return value
        case _:
            return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}


class Seen(SQLiteTrackingRecorder):
    """The library's way to a read model on SQLite: a row and its tracking in one transaction."""

    def __init__(self, datastore: SQLiteDatastore) -> None:
        super().__init__(datastore)
        self.create_table_statements.append(
            "CREATE TABLE IF NOT EXISTS seen(item TEXT PRIMARY KEY, name TEXT, facts TEXT)"
        )

    def see(self, tracking: Tracking, item: str, name: str, facts: str) -> None:
        """Write one event's row."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute("INSERT OR REPLACE INTO seen VALUES(?, ?, ?)", (item, name, facts))
