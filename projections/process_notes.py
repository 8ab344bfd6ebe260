"""Process notes: each author's own list, under her own key. No other projection knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.confidentiality import Class, KeyPurpose, Label, Owner, OwnerKind
from domain.events.process_note import ProcessNoteAmended, ProcessNoteWritten
from domain.ports import Opening, Recorded
from domain.rows import Content, Place, StoredRow, Table, Under, ViewStore
from domain.values import FreeText
from projections.projection import Rows
from projections.times import from_ms, to_ms

OWN = Table("own", key=("author_id", "case_id", "item_id"))
_LABEL = Label(KeyPurpose.STAFF, Class.PROCESS_NOTE)


@dataclass(frozen=True, slots=True)
class ProcessNoteLine:
    """A process note as its author finds it; the words are opened with her own key."""

    id: str
    version: int
    occurred_at: datetime
    recorded_at: datetime
    texts: tuple[FreeText, ...]
    kind: str
    answers: str | None
    session: str | None


class ProcessNotesProjection:
    """How events change an author's list."""

    name = "process_notes-2"
    tables = (OWN,)
    purposes = frozenset({KeyPurpose.CLINICAL, KeyPurpose.CASE})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        author = recorded.who.actor.id
        under = Under(Owner(OwnerKind.PRACTITIONER, author), _LABEL, recorded.recorded_at)
        match recorded.event:
            case ProcessNoteWritten() as event:
                content: Content = {
                    "version": recorded.version,
                    "occurred": to_ms(event.occurred_at),
                    "recorded": to_ms(recorded.recorded_at),
                    "texts": [event.text.sealed],
                    "kind": event.kind.value,
                    "answers": event.answers,
                    "session": event.session,
                }
                key = (author, event.case, event.note)
                rows.put(OWN, key, {}, content, under, recorded.position)
            case ProcessNoteAmended() as event:
                key = (author, event.case, event.note)
                found = rows.get(OWN, key)
                if found is not None:
                    content = found[1]
                    content["version"] = recorded.version
                    content["texts"].append(event.text.sealed)
                    rows.put(OWN, key, {}, content, under, recorded.position)
            case _:
                pass


class ProcessNotes:
    """The queries of an author's own process notes."""

    def __init__(self, view: str, store: ViewStore) -> None:
        self._view = view
        self._store = store

    def of(self, author: str, case_id: str, opening: Opening) -> list[ProcessNoteLine]:
        """The author's notes on a case."""
        rows = self._store.select(OWN, {"author_id": author, "case_id": case_id}, limit=_MOST)
        return [self._line(row, opening) for row in rows]

    def one(
        self, author: str, case_id: str, note_id: str, opening: Opening
    ) -> ProcessNoteLine | None:
        """One of the author's notes."""
        row = self._store.load(OWN, (author, case_id, note_id))
        return None if row is None else self._line(row, opening)

    def _line(self, row: StoredRow, opening: Opening) -> ProcessNoteLine:
        content = opening.cell(row.cell, Place(self._view, OWN.name, row.key, row.position))
        return ProcessNoteLine(
            id=str(row.key[2]),
            version=content["version"],
            occurred_at=from_ms(content["occurred"]),
            recorded_at=from_ms(content["recorded"]),
            texts=tuple(FreeText(sealed=each) for each in content["texts"]),
            kind=content["kind"],
            answers=content["answers"],
            session=content["session"],
        )


_MOST = 100_000
