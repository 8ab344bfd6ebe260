"""A case as its care team sees it: the lines that rows of case state say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.rows import Content
from domain.values import FreeText
from projections import joint
from projections.joint import Member, Part, Roster
from projections.times import from_ms


@dataclass(frozen=True, slots=True)
class Problem:
    """A presenting problem, with a diagnosis or without."""

    words: FreeText
    stated_by: str
    stated_at: datetime
    diagnosis: tuple[str, str, str] | None


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session of the case; ``present`` says by alias who of several people was there."""

    id: str
    version: int
    therapist: str
    starts_at: datetime
    ends_at: datetime
    room: str
    status: str
    present: tuple[tuple[str, bool], ...] = ()


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
    parts: tuple[Part, ...] = ()


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
    members: tuple[Member, ...] = ()
    """Of a joint case, everybody who ever took part."""
    aliases: tuple[str, ...] = ()
    """Of a joint case, every alias that it ever gave."""

    def roster(self) -> Roster:
        """By what aliases the case speaks of people."""
        return Roster(self.aliases, self.members)


def case_state(
    case_id: str,
    content: Content,
    items: Mapping[str, Content],
    aliases: Mapping[str, str],
    *,
    is_open: bool,
) -> CaseState:
    """The case that its content and its items say, with the aliases that are known by client."""
    sessions = [
        _session_line(key, item, items.values())
        for key, item in items.items()
        if item["item"] == "session"
    ]
    notes = [note_line(key, item, items) for key, item in items.items() if item["item"] == "note"]
    roster = joint.roster(content, aliases)
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
        members=roster.members,
        aliases=roster.aliases,
    )


def _problem(content: Content) -> Problem:
    diagnosis = content["diagnosis"]
    return Problem(
        words=FreeText(sealed=content["words"]),
        stated_by=content["by"],
        stated_at=from_ms(content["at"]),
        diagnosis=None if diagnosis is None else (diagnosis[0], diagnosis[1], diagnosis[2]),
    )


def _session_line(session_id: str, content: Content, items: Iterable[Content]) -> SessionLine:
    return SessionLine(
        id=session_id,
        version=content["version"],
        therapist=content["therapist"],
        starts_at=from_ms(content["starts"]),
        ends_at=from_ms(content["ends"]),
        room=content["room"],
        status=content["status"],
        present=joint.present_at(session_id, items),
    )


def note_line(note_id: str, content: Content, items: Mapping[str, Content]) -> NoteLine:
    """The note that its content says, with the parts that are among the items."""
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
        parts=joint.parts(content, items),
    )


def _signature(content: list[Any]) -> Signature:
    practitioner, title, standing, at = content
    return Signature(practitioner, title, (standing[0], standing[1], standing[2]), from_ms(at))
