"""A case as its care team sees it: the lines that rows of case state say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any

from domain.rows import Content
from domain.values import FreeText, Section
from projections import joint, note_rows
from projections.joint import Member, Part, Roster
from projections.times import from_ms


@dataclass(frozen=True, slots=True)
class Problem:
    """A presenting problem as it was stated, with a diagnosis or without."""

    id: str
    words: FreeText
    stated_by: str
    stated_at: datetime
    diagnosis: tuple[str, str, str] | None


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session of the case; ``present`` says by alias who of several people was there.

    ``whereabouts`` is where the client is during a session at a distance; ``moved`` by whom it was
    moved, and from when. Of a cancelled one: ``notice_hours`` before it was told, and whether that
    was ``late`` by the contract.
    """

    id: str
    version: int
    therapist: str
    starts_at: datetime
    ends_at: datetime
    room: str | None
    status: str
    present: tuple[tuple[str, bool], ...] = ()
    place: str = "room"
    series: str | None = None
    whereabouts: FreeText | None = None
    moved: tuple[tuple[str, datetime], ...] = ()
    notice_hours: int | None = None
    late: bool | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """Who put her name to a note, as the entry must show it (REC-02)."""

    practitioner: str
    title: str
    registration: tuple[str, str | None, str | None]
    at: datetime
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """What was added to a note, by whom and why; ``scope`` names the sections that it is about."""

    author: str
    at: datetime
    reason: FreeText
    text: FreeText | None
    scope: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def words(self) -> tuple[FreeText, ...]:
        """What was added: a text, or sections."""
        return (*(() if self.text is None else (self.text,)), *_texts(self.sections))


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note of the case.

    ``texts`` holds a free note's words as drafted and revised, the last one valid; one after a
    ``template`` has ``sections``. ``readers`` are those to whom its words are open before they are
    the team's; ``None`` where they are.
    """

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
    template: str = "free"
    sections: tuple[Section, ...] = ()
    contact: tuple[str, str, str] | None = None
    third_party: FreeText | None = None
    expires_on: date | None = None
    co_signer: str | None = None
    readers: tuple[str, ...] | None = None

    def listed_for(self, reader: str) -> bool:
        """Whether the reader learns that it is there."""
        return note_rows.seen_by(self.status, self.author, reader)

    def readable_by(self, reader: str) -> bool:
        """Whether its words are the reader's to know."""
        return self.listed_for(reader) and (self.readers is None or reader in self.readers)

    @property
    def words(self) -> tuple[FreeText, ...]:
        """What it says, as it was drafted or revised last: a text, or sections."""
        return (*self.texts[-1:], *_texts(self.sections))

    def every_text(self) -> tuple[FreeText, ...]:
        """Everything that a reader of the note is shown; not the words of earlier drafts."""
        added = ((each.reason, *each.words) for each in self.amendments)
        named = (self.third_party, self.erroneous_because, *(each.text for each in self.parts))
        known = (each for each in named if each is not None)
        return (*self.words, *chain.from_iterable(added), *known)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a therapy ended, as far as it was said."""

    ending: str | None
    ended_by: str | None
    ended_on: date | None


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
    ended: Ended | None = None
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
        ended=_ended(content["ended"]),
        problems=tuple(_problem(each) for each in content["problems"]),
        sessions=tuple(sorted(sessions, key=lambda each: (each.starts_at, each.id))),
        notes=tuple(sorted(notes, key=lambda each: (each.occurred_at, each.id))),
        members=roster.members,
        aliases=roster.aliases,
    )


def _problem(content: Content) -> Problem:
    diagnosis = content["diagnosis"]
    return Problem(
        id=content["id"],
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
        place=content["place"],
        series=content["series"],
        whereabouts=None
        if content["whereabouts"] is None
        else FreeText(sealed=content["whereabouts"]),
        moved=tuple((by, from_ms(at)) for by, at in content["moved"]),
        notice_hours=content["notice_hours"],
        late=content["late"],
    )


def note_line(note_id: str, content: Content, items: Mapping[str, Content]) -> NoteLine:
    """The note that its content says, with the parts that are among the items."""
    signature, erroneous = content["signature"], content["erroneous"]
    contact, expires = content["contact"], content["expires"]
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
            Amendment(
                author,
                from_ms(at),
                FreeText(sealed=reason),
                _text(text),
                tuple(scope),
                _sections(added),
            )
            for author, at, reason, text, scope, added in content["amendments"]
        ),
        erroneous_because=None if erroneous is None else FreeText(sealed=erroneous),
        parts=joint.parts(content, items),
        template=content["template"],
        sections=_sections(content["sections"]),
        contact=contact and (contact[0], contact[1], contact[2]),
        third_party=_text(content["third_party"]),
        expires_on=expires and date.fromordinal(expires),
        co_signer=content["co_signer"],
        readers=None if content["awaits"] is None else (content["author"], content["awaits"]),
    )


def _text(sealed: bytes | None) -> FreeText | None:
    return None if sealed is None else FreeText(sealed=sealed)


def _sections(content: Iterable[tuple[str, bytes]]) -> tuple[Section, ...]:
    return tuple(Section(code, FreeText(sealed=sealed)) for code, sealed in content)


def _texts(sections: Iterable[Section]) -> tuple[FreeText, ...]:
    return tuple(each.text for each in sections)


def _signature(content: list[Any]) -> Signature:
    practitioner, title, standing, at, name = content
    registration = (standing[0], standing[1], standing[2])
    return Signature(practitioner, title, registration, from_ms(at), name)


def _ended(found: list[str | None] | None) -> Ended | None:
    if found is None:
        return None
    ending, ended_by, ended_on = found
    return Ended(ending, ended_by, None if ended_on is None else date.fromisoformat(ended_on))
