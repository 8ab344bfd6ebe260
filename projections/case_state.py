"""Case state: what a case is now, or was at any past position.

One row for the case, one for each session and note in it. Words stay sealed under their item keys
inside the rows, so that one item made unreadable is unreadable here too. Process notes stand
elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.confidentiality import ADMINISTRATIVE, CLINICAL, KeyPurpose, Label, label_for
from domain.events.case import (
    CaseClosed,
    CaseEvent,
    CaseOpened,
    CaseProblemStated,
    CaseReopened,
    CaseTeamJoined,
    CaseTeamLeft,
    CaseTransferred,
)
from domain.events.note import (
    NoteAmended,
    NoteCountersigned,
    NoteDrafted,
    NoteEvent,
    NoteMarkedErroneous,
    NoteRevised,
    NoteSigned,
)
from domain.events.session import (
    SessionCancelled,
    SessionHeld,
    SessionMissed,
    SessionScheduled,
)
from domain.ports import Opening, Recorded
from domain.rows import Content, Place, StoredRow, Table, Under, ViewStore
from domain.values import FreeText, Registration
from projections.projection import Rows
from projections.times import from_ms, to_ms
from projections.workspace import PlainRows

CASES = Table("cases", key=("case_id",), clear=("open",))
ITEMS = Table("items", key=("case_id", "item_id"), clear=())


@dataclass(frozen=True, slots=True)
class Problem:
    """A presenting problem, with a diagnosis or without."""

    words: FreeText
    stated_by: str
    stated_at: datetime
    diagnosis: tuple[str, str, str] | None


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session of the case."""

    id: str
    version: int
    therapist: str
    starts_at: datetime
    ends_at: datetime
    room: str
    status: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Who put her name to a note, as the entry must show it (REC-02)."""

    practitioner: str
    title: str
    registration: tuple[str, str | None, str | None]
    at: datetime


@dataclass(frozen=True, slots=True)
class Amendment:
    """What was added to a note, by whom and why."""

    author: str
    at: datetime
    reason: FreeText
    text: FreeText


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note of the case; ``texts`` holds its words as drafted and revised, the last one valid."""

    id: str
    version: int
    kind: str
    author: str
    status: str
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    session: str | None
    texts: tuple[FreeText, ...]
    signature: Signature | None
    countersignatures: tuple[Signature, ...]
    amendments: tuple[Amendment, ...]
    erroneous_because: FreeText | None


@dataclass(frozen=True, slots=True)
class CaseState:
    """A case as its care team sees it."""

    id: str
    version: int
    open: bool
    clients: tuple[str, ...]
    format: str
    school: str
    therapist: str
    team: tuple[str, ...]
    opened_at: datetime
    outcome: str | None
    problems: tuple[Problem, ...]
    sessions: tuple[SessionLine, ...]
    notes: tuple[NoteLine, ...]


class CaseStateProjection:
    """How events change the rows of case state."""

    name = "case_state-1"
    tables = (CASES, ITEMS)
    purposes = frozenset({KeyPurpose.RELATIONSHIP, KeyPurpose.CLINICAL, KeyPurpose.CASE})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        match recorded.event:
            case CaseOpened() as event:
                _put_case(recorded, rows, event.case, _opened(recorded, event), is_open=True)
            case (
                CaseProblemStated()
                | CaseTeamJoined()
                | CaseTeamLeft()
                | CaseTransferred()
                | CaseClosed()
                | CaseReopened()
            ) as event:
                found = rows.get(CASES, (event.case,))
                if found is not None:
                    clear, content = found
                    still_open = _change_case(content, recorded, event, is_open=bool(clear["open"]))
                    _put_case(recorded, rows, event.case, content, is_open=still_open)
            case SessionScheduled() as event:
                _put_item(recorded, rows, (event.case, event.session), _scheduled(event))
            case SessionHeld() | SessionCancelled() | SessionMissed() as event:
                found = rows.get(ITEMS, (event.case, event.session))
                if found is not None:
                    _settle(found[1], event)
                    _put_item(recorded, rows, (event.case, event.session), found[1])
            case NoteDrafted() as event:
                _put_item(recorded, rows, (event.case, event.note), _drafted(recorded, event))
            case (
                NoteRevised()
                | NoteSigned()
                | NoteAmended()
                | NoteCountersigned()
                | NoteMarkedErroneous()
            ) as event:
                found = rows.get(ITEMS, (event.case, event.note))
                if found is not None:
                    _change_note(found[1], recorded, event)
                    _put_item(recorded, rows, (event.case, event.note), found[1])
            case _:
                pass


class CaseStates:
    """The queries of case state; every one needs an opening that a recorded access gave."""

    def __init__(
        self, view: str, store: ViewStore, read: Callable[[str, int], Iterable[Recorded]]
    ) -> None:
        self._view = view
        self._store = store
        self._read = read

    def of(self, case_id: str, opening: Opening) -> CaseState | None:
        """The case as it is now."""
        stored = self._store.load(CASES, (case_id,))
        if stored is None:
            return None
        items = self._store.select(ITEMS, {"case_id": case_id}, limit=_MOST_ITEMS)
        return _case_state(
            case_id,
            self._open(CASES, stored, opening),
            [(str(row.key[1]), self._open(ITEMS, row, opening)) for row in items],
            is_open=bool(stored.clear[0]),
        )

    def note(self, case_id: str, note_id: str, opening: Opening) -> NoteLine | None:
        """One note of the case."""
        stored = self._store.load(ITEMS, (case_id, note_id))
        if stored is None:
            return None
        content = self._open(ITEMS, stored, opening)
        return _note_line(note_id, content) if content["item"] == "note" else None

    def as_of(self, case_id: str, position: int, opening: Opening) -> CaseState | None:
        """The case as it was when the log had reached a position, folded from its events.

        Raises:
            NotThere: The opening does not cover the case.
        """
        stored = self._store.load(CASES, (case_id,))
        if stored is None:
            return None
        self._open(CASES, stored, opening)
        items = self._store.select(ITEMS, {"case_id": case_id}, limit=_MOST_ITEMS)
        streams = [case_id, *(str(row.key[1]) for row in items)]
        events = [each for stream in streams for each in self._read(stream, position)]
        rows, projection = PlainRows(), CaseStateProjection()
        for each in sorted(events, key=lambda each: each.position):
            projection.apply(each, rows)
        found = rows.get(CASES, (case_id,))
        if found is None:
            return None
        clear, content = found
        past = [(str(key[1]), item) for key, item in rows.items(ITEMS)]
        return _case_state(case_id, content, past, is_open=bool(clear["open"]))

    def _open(self, table: Table, row: StoredRow, opening: Opening) -> Content:
        return opening.cell(row.cell, Place(self._view, table.name, row.key, row.position))


_MOST_ITEMS = 100_000


def _put_case(
    recorded: Recorded, rows: Rows, case_id: str, content: Content, *, is_open: bool
) -> None:
    content["version"] = recorded.version
    under = Under(recorded.owner, label_for(CLINICAL, recorded.owner), recorded.recorded_at)
    rows.put(CASES, (case_id,), {"open": int(is_open)}, content, under, recorded.position)


def _put_item(recorded: Recorded, rows: Rows, key: tuple[str, str], content: Content) -> None:
    content["version"] = recorded.version
    label: Label = ADMINISTRATIVE if content["item"] == "session" else CLINICAL
    under = Under(recorded.owner, label_for(label, recorded.owner), recorded.recorded_at)
    rows.put(ITEMS, key, {}, content, under, recorded.position)


def _opened(recorded: Recorded, event: CaseOpened) -> Content:
    return {
        "clients": list(event.clients),
        "format": event.format.value,
        "school": event.school.value,
        "therapist": event.therapist,
        "team": [event.therapist],
        "opened": to_ms(recorded.recorded_at),
        "outcome": None,
        "problems": [],
    }


def _change_case(content: Content, recorded: Recorded, event: CaseEvent, *, is_open: bool) -> bool:
    """Change a case's content; whether the case is open after it."""
    match event:
        case CaseProblemStated():
            content["problems"].append(_stated(recorded, event))
        case CaseTeamJoined():
            content["team"].append(event.practitioner)
        case CaseTeamLeft():
            content["team"].remove(event.practitioner)
        case CaseTransferred():
            content["therapist"] = event.therapist
            moved = (event.previous, event.therapist)
            others = [each for each in content["team"] if each not in moved]
            content["team"] = [*others, event.therapist]
        case CaseClosed():
            content["outcome"] = event.outcome.value
            return False
        case CaseReopened():
            content["outcome"] = None
            return True
        case CaseOpened():
            pass
    return is_open


def _stated(recorded: Recorded, event: CaseProblemStated) -> Content:
    diagnosis = event.diagnosis
    return {
        "words": event.words.sealed,
        "by": recorded.who.actor.id,
        "at": to_ms(recorded.recorded_at),
        "diagnosis": diagnosis and [diagnosis.coding.value, diagnosis.code, diagnosis.title],
    }


def _scheduled(event: SessionScheduled) -> Content:
    return {
        "item": "session",
        "therapist": event.therapist,
        "starts": to_ms(event.starts_at),
        "ends": to_ms(event.ends_at),
        "room": event.room,
        "status": "scheduled",
    }


def _settle(content: Content, event: SessionHeld | SessionCancelled | SessionMissed) -> None:
    match event:
        case SessionHeld():
            content["status"] = "held"
            content["starts"], content["ends"] = to_ms(event.started_at), to_ms(event.ended_at)
        case SessionCancelled():
            content["status"] = f"cancelled-by-{event.by.value}"
        case SessionMissed():
            content["status"] = "no-show"


def _drafted(recorded: Recorded, event: NoteDrafted) -> Content:
    return {
        "item": "note",
        "kind": event.kind.value,
        "author": event.author,
        "status": "draft",
        "occurred": to_ms(event.occurred_at),
        "recorded": to_ms(recorded.recorded_at),
        "late": event.late,
        "session": event.session,
        "texts": [event.text.sealed],
        "signature": None,
        "countersignatures": [],
        "amendments": [],
        "erroneous": None,
    }


def _change_note(content: Content, recorded: Recorded, event: NoteEvent) -> None:
    at = to_ms(recorded.recorded_at)
    match event:
        case NoteRevised():
            content["texts"].append(event.text.sealed)
        case NoteSigned():
            content["status"] = "signed"
            content["signature"] = _signed(event.author, event.title, event.registration, at)
        case NoteCountersigned():
            content["countersignatures"].append(
                _signed(event.practitioner, event.title, event.registration, at)
            )
        case NoteAmended():
            content["amendments"].append([event.author, at, event.reason.sealed, event.text.sealed])
        case NoteMarkedErroneous():
            content["status"] = "erroneous"
            content["erroneous"] = event.reason.sealed
        case NoteDrafted():
            pass


def _signed(practitioner: str, title: str, registration: Registration, at: int) -> list[Any]:
    standing = [registration.kind.value, registration.number, registration.issuer]
    return [practitioner, title, standing, at]


def _case_state(
    case_id: str, content: Content, items: Iterable[tuple[str, Content]], *, is_open: bool
) -> CaseState:
    known = list(items)
    sessions = [_session_line(key, item) for key, item in known if item["item"] == "session"]
    notes = [_note_line(key, item) for key, item in known if item["item"] == "note"]
    return CaseState(
        id=case_id,
        version=content["version"],
        open=is_open,
        clients=tuple(content["clients"]),
        format=content["format"],
        school=content["school"],
        therapist=content["therapist"],
        team=tuple(content["team"]),
        opened_at=from_ms(content["opened"]),
        outcome=content["outcome"],
        problems=tuple(_problem(each) for each in content["problems"]),
        sessions=tuple(sorted(sessions, key=lambda each: (each.starts_at, each.id))),
        notes=tuple(sorted(notes, key=lambda each: (each.occurred_at, each.id))),
    )


def _problem(content: Content) -> Problem:
    diagnosis = content["diagnosis"]
    return Problem(
        words=FreeText(sealed=content["words"]),
        stated_by=content["by"],
        stated_at=from_ms(content["at"]),
        diagnosis=None if diagnosis is None else (diagnosis[0], diagnosis[1], diagnosis[2]),
    )


def _session_line(session_id: str, content: Content) -> SessionLine:
    return SessionLine(
        id=session_id,
        version=content["version"],
        therapist=content["therapist"],
        starts_at=from_ms(content["starts"]),
        ends_at=from_ms(content["ends"]),
        room=content["room"],
        status=content["status"],
    )


def _note_line(note_id: str, content: Content) -> NoteLine:
    signature, erroneous = content["signature"], content["erroneous"]
    return NoteLine(
        id=note_id,
        version=content["version"],
        kind=content["kind"],
        author=content["author"],
        status=content["status"],
        occurred_at=from_ms(content["occurred"]),
        recorded_at=from_ms(content["recorded"]),
        late=content["late"],
        session=content["session"],
        texts=tuple(FreeText(sealed=each) for each in content["texts"]),
        signature=None if signature is None else _signature(signature),
        countersignatures=tuple(_signature(each) for each in content["countersignatures"]),
        amendments=tuple(
            Amendment(author, from_ms(at), FreeText(sealed=reason), FreeText(sealed=text))
            for author, at, reason, text in content["amendments"]
        ),
        erroneous_because=None if erroneous is None else FreeText(sealed=erroneous),
    )


def _signature(content: list[Any]) -> Signature:
    practitioner, title, standing, at = content
    return Signature(practitioner, title, (standing[0], standing[1], standing[2]), from_ms(at))
