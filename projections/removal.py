"""Notes that come and go otherwise than by being written: misfiled ones, and erased ones.

What is left of a note that went is its tombstone: whose it was, of what kind, when; no words.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from domain.case import owner_of
from domain.confidentiality import CLINICAL, Owner, label_for
from domain.errors import Sealed
from domain.events.erasure import ErasureCompleted, ErasureScope
from domain.events.note import NoteMoved, NoteReceived
from domain.ports import Recorded
from domain.rows import Content, Table, Under
from domain.values import CaseId, ClientId, Format
from projections import note_rows
from projections.projection import Rows
from projections.times import to_ms

MOVED, ERASED = "moved", "erased"


def apply(recorded: Recorded, rows: Rows, cases: Table, items: Table) -> None:
    """Let an event change a note's row among the ``items`` of one of the ``cases``."""
    match recorded.event:
        case NoteReceived() as event:
            content = _received(recorded, event)
            _put(recorded, rows, items, (event.case, event.note), content, recorded.owner)
        case NoteMoved() as event:
            found = rows.get(items, (event.case, event.note))
            if found is not None:
                _take_away(found[1], MOVED)
                found[1]["version"] = recorded.version
                key = (event.case, event.note)
                _put(recorded, rows, items, key, found[1], recorded.owner)
        case ErasureCompleted(scope=ErasureScope.ITEM, text_version=None) as event:
            if event.case is not None and event.item is not None:
                _erased(recorded, rows, (cases, items), (event.case, event.item))
        case _:
            pass


def stay_gone(past: Mapping[str, Content], now: Mapping[str, Content]) -> None:
    """What was taken away since is gone from the past as well."""
    for item_id, content in past.items():
        status = now.get(item_id, {}).get("status")
        if status in (MOVED, ERASED):
            _take_away(content, status)


def _erased(
    recorded: Recorded, rows: Rows, tables: tuple[Table, Table], key: tuple[str, str]
) -> None:
    """Leave a tombstone; the event is the clinic's, the row lies under the case's key as before."""
    cases, items = tables
    with suppress(Sealed):
        case, found = rows.get(cases, (key[0],)), rows.get(items, key)
        if case is None or found is None or found[1]["item"] != "note":
            return
        if found[1]["status"] != MOVED:
            _take_away(found[1], ERASED)
        clients = tuple(ClientId(each) for each in case[1]["clients"])
        owner = owner_of(CaseId(key[0]), clients, Format(case[1]["format"]))
        _put(recorded, rows, items, key, found[1], owner)


def _received(recorded: Recorded, event: NoteReceived) -> Content:
    standing = event.registration
    signed = [standing.kind.value, standing.number, standing.issuer]
    return {
        **note_rows.said(event),
        "item": "note",
        "version": recorded.version,
        "kind": event.kind.value,
        "author": event.author,
        "status": "signed",
        "occurred": to_ms(event.occurred_at),
        "recorded": to_ms(event.written_at),
        "late": event.late,
        "session": None,
        "expires": None,
        "co_signer": None,
        "awaits": None,
        "signature": [event.author, event.title, signed, to_ms(event.signed_at), event.name],
        "countersignatures": [],
        "amendments": [],
        "erroneous": None,
        "parts": [],
    }


def _take_away(content: Content, status: str) -> None:
    content["status"] = status
    content["texts"], content["amendments"], content["parts"] = [], [], []
    content["sections"], content["third_party"] = [], None
    content["erroneous"] = None


def _put(
    recorded: Recorded,
    rows: Rows,
    items: Table,
    key: tuple[str, str],
    content: Content,
    owner: Owner,
) -> None:
    under = Under(owner, label_for(CLINICAL, owner), recorded.recorded_at)
    rows.put(items, key, {}, content, under, recorded.position)
