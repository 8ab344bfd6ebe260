"""Case state: what a case is now, or was at any past position.

One row for the case, one for each session and note in it; of a joint case also one for each
member's alias, part and attendance (``projections.joint``). Words stay sealed under their item keys
inside the rows, so that one item made unreadable is unreadable here too; a row whose key is gone is
left out. Process notes stand elsewhere, and so does the rest of the case: ``projections.chart``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from domain.confidentiality import CLINICAL, KeyPurpose, label_for
from domain.events.case import (
    CaseAliasesDrawn,
    CaseCandidateNamed,
    CaseClosed,
    CaseEvent,
    CaseGroupFormed,
    CaseMemberJoined,
    CaseMemberLeft,
    CaseOpened,
    CaseProblemStated,
    CaseReopened,
    CaseTeamJoined,
    CaseTeamLeft,
    CaseTransferred,
)
from domain.ports import Opening, Recorded
from domain.rows import Content, Place, StoredRow, Table, Under, ViewStore
from projections import joint, note_rows, removal, session_rows
from projections.case_lines import CaseState, NoteLine, case_state, note_line
from projections.joint import MEMBERS, Roster
from projections.projection import Rows
from projections.times import to_ms
from projections.workspace import PlainRows

CASES = Table("cases", key=("case_id",), clear=("open",))
ITEMS = Table("items", key=("case_id", "item_id"), clear=())


class CaseStateProjection:
    """How events change the rows of case state."""

    name = "case_state-3"
    tables = (CASES, ITEMS, MEMBERS)
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
                | CaseMemberJoined()
                | CaseMemberLeft()
                | CaseAliasesDrawn()
                | CaseGroupFormed()
                | CaseCandidateNamed()
                | CaseClosed()
                | CaseReopened()
            ) as event:
                found = rows.get(CASES, (event.case,))
                if found is not None:
                    clear, content = found
                    still_open = _change_case(content, recorded, event, is_open=bool(clear["open"]))
                    _put_case(recorded, rows, event.case, content, is_open=still_open)
            case _:
                session_rows.apply(recorded, rows, ITEMS)
                _count(recorded, rows)
                note_rows.apply(recorded, rows, ITEMS)
                joint.apply(recorded, rows, ITEMS)
                removal.apply(recorded, rows, CASES, ITEMS)


class CaseStates:
    """The queries of case state; every one needs an opening that a recorded access gave."""

    def __init__(
        self,
        view: str,
        store: ViewStore,
        read: Callable[[str, int, Any], Iterable[Recorded]],
    ) -> None:
        """``read`` gives a stream's events up to a position, as far as an opening covers them."""
        self._view = view
        self._store = store
        self._read = read

    def of(self, case_id: str, opening: Opening) -> CaseState | None:
        """The case as it is now."""
        stored = self._store.load(CASES, (case_id,))
        if stored is None:
            return None
        return case_state(
            case_id,
            self._open(CASES, stored, opening),
            self._items(case_id, opening),
            self._aliases(case_id, opening),
            is_open=bool(stored.clear[0]),
        )

    def roster(self, case_id: str, opening: Opening) -> Roster | None:
        """By what aliases the case speaks of people; ``None`` where it is one person's."""
        stored = self._store.load(CASES, (case_id,))
        content = None if stored is None else self._open(CASES, stored, opening)
        if content is None or not content["members"]:
            return None
        return joint.roster(content, self._aliases(case_id, opening))

    def note(self, case_id: str, note_id: str, opening: Opening) -> NoteLine | None:
        """One note of the case."""
        stored = self._store.load(ITEMS, (case_id, note_id))
        if stored is None:
            return None
        content = self._open(ITEMS, stored, opening)
        if content["item"] != "note":
            return None
        own = (str(item) for _, item in content["parts"])
        return note_line(note_id, content, self._items(case_id, opening, own))

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
        events = [each for stream in streams for each in self._read(stream, position, opening)]
        rows, projection = PlainRows(), CaseStateProjection()
        for each in sorted(events, key=lambda each: each.position):
            projection.apply(each, rows)
        found = rows.get(CASES, (case_id,))
        if found is None:
            return None
        clear, content = found
        past = {str(key[1]): item for key, item in rows.items(ITEMS)}
        removal.stay_gone(past, self._opened(ITEMS, items, opening))
        # Nobody's alias ever changes: whoever has one now had it then.
        aliases = self._aliases(case_id, opening)
        return case_state(case_id, content, past, aliases, is_open=bool(clear["open"]))

    def contents(self, case_id: str, opening: Opening) -> dict[str, Content]:
        """What the rows of sessions and notes hold, by item; without those whose key is gone."""
        return self._items(case_id, opening)

    def _items(
        self, case_id: str, opening: Opening, wanted: Iterable[str] | None = None
    ) -> dict[str, Content]:
        """The items of a case, or some of them, by their ids; without those whose key is gone."""
        if wanted is None:
            rows = self._store.select(ITEMS, {"case_id": case_id}, limit=_MOST_ITEMS)
        else:
            loaded = (self._store.load(ITEMS, (case_id, each)) for each in wanted)
            rows = [row for row in loaded if row is not None]
        return self._opened(ITEMS, rows, opening)

    def _aliases(self, case_id: str, opening: Opening) -> dict[str, str]:
        """The aliases of a joint case by client; without those whose key is gone."""
        rows = self._store.select(MEMBERS, {"case_id": case_id}, limit=_MOST_ITEMS)
        found = self._opened(MEMBERS, rows, opening)
        return {client: content["alias"] for client, content in found.items()}

    def _opened(
        self, table: Table, rows: Iterable[StoredRow], opening: Opening
    ) -> dict[str, Content]:
        sealed = list(rows)
        places = (Place(self._view, table.name, row.key, row.position) for row in sealed)
        contents = opening.cells(zip((row.cell for row in sealed), places, strict=True))
        return {
            str(row.key[1]): content
            for row, content in zip(sealed, contents, strict=True)
            if content is not None
        }

    def _open(self, table: Table, row: StoredRow, opening: Opening) -> Content:
        return opening.cell(row.cell, Place(self._view, table.name, row.key, row.position))


_MOST_ITEMS = 100_000


def _put_case(
    recorded: Recorded, rows: Rows, case_id: str, content: Content, *, is_open: bool
) -> None:
    content["version"] = recorded.version
    under = Under(recorded.owner, label_for(CLINICAL, recorded.owner), recorded.recorded_at)
    rows.put(CASES, (case_id,), {"open": int(is_open)}, content, under, recorded.position)


def _count(recorded: Recorded, rows: Rows) -> None:
    """The case says the same; its version is that of its stream, which a change must follow."""
    if getattr(recorded.event, "case", None) != recorded.stream:
        return
    found = rows.get(CASES, (recorded.stream,))
    if found is not None:
        _put_case(recorded, rows, recorded.stream, found[1], is_open=bool(found[0]["open"]))


def _opened(recorded: Recorded, event: CaseOpened) -> Content:
    return {
        "clients": list(event.clients),
        "members": joint.begun(recorded, event),
        "aliases": [],
        "format": event.format.value,
        "school": event.school.value,
        "therapist": event.therapist,
        "team": [event.therapist],
        "opened": to_ms(recorded.recorded_at),
        "outcome": None,
        "ended": None,
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
        case CaseMemberJoined() | CaseMemberLeft():
            joint.change_members(content, recorded, event)
        case CaseAliasesDrawn():
            content["aliases"].extend(event.aliases)
        case CaseClosed():
            content["outcome"] = event.outcome.value
            content["ended"] = [
                event.ending and event.ending.value,
                event.ended_by and event.ended_by.value,
                event.ended_on and event.ended_on.isoformat(),
            ]
            return False
        case CaseReopened():
            content["outcome"] = content["ended"] = None
            return True
        case CaseOpened() | CaseGroupFormed() | CaseCandidateNamed():
            pass
    return is_open


def _stated(recorded: Recorded, event: CaseProblemStated) -> Content:
    diagnosis = event.diagnosis
    return {
        "id": event.problem,
        "words": event.words.sealed,
        "by": recorded.who.actor.id,
        "at": to_ms(recorded.recorded_at),
        "diagnosis": diagnosis and [diagnosis.coding.value, diagnosis.code, diagnosis.title],
    }
