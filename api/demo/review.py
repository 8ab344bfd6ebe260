"""What is looked at when the story is over: a case, the audit trail, one client's access log.

Everything is opened by a recorded look, and names are joined by that same look, as a reader over
HTTP would have them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from api.demo.looks import Play
from domain.aliases import resolve
from domain.ports import Opening
from domain.use_cases import compliance
from domain.values import ActorKind, ClientId, FreeText, ItemId
from projections.audit_trail import Filter
from projections.case_lines import CaseState, NoteLine
from projections.entries import Entry

TRAIL_LINES = 25
LOG_LINES = 500

Names = dict[str, str]
"""The names that a reader was shown, by the pseudonymous id of the person."""


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note with its words, as its reader sees it."""

    line: NoteLine
    words: str
    amendments: tuple[tuple[str, str], ...]
    erroneous_because: str | None
    parts: tuple[tuple[str, str], ...] = ()
    """Of a joint note, what concerns one member each, by alias."""


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case with its words and names."""

    state: CaseState
    problems: tuple[str, ...]
    notes: tuple[OpenedNote, ...]
    names: Names

    def named(self, words: str) -> str:
        """A text with the names of those whom it names."""
        known = dict[str, str | None].fromkeys(self.state.aliases)
        known |= {
            each.alias: self.names.get(each.client) for each in self.state.members if each.alias
        }
        return resolve(words, known)


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of a log, the newest first, with the names that go with them."""

    entries: tuple[Entry, ...]
    names: Names


async def open_case(play: Play, by: str, key: str) -> OpenedCase:
    """A case as somebody on its care team sees it."""
    state, opening = await play.look_at_case(by, key)
    staff = {state.therapist, *state.team, *(note.author for note in state.notes)}
    return OpenedCase(
        state=state,
        problems=tuple(opening.words(each.words) for each in state.problems),
        notes=tuple(_opened(note, opening) for note in state.notes),
        names=_cards(play, (*state.clients, *_former(state), *sorted(staff)), opening),
    )


def _former(state: CaseState) -> tuple[str, ...]:
    return tuple(each.client for each in state.members if each.left_at is not None)


def _said(words: tuple[FreeText, ...], opening: Opening) -> str:
    return "\n".join(opening.words(each) for each in words)


def _opened(note: NoteLine, opening: Opening) -> OpenedNote:
    because = note.erroneous_because
    return OpenedNote(
        line=note,
        words=_said(note.words, opening),
        amendments=tuple(
            (opening.words(each.reason), _said(each.words, opening)) for each in note.amendments
        ),
        erroneous_because=None if because is None else opening.words(because),
        parts=tuple((each.alias, opening.words(each.text)) for each in note.parts if each.text),
    )


async def read_audit_trail(play: Play, by: str, *, limit: int = TRAIL_LINES) -> Page:
    """The newest lines of the audit trail."""
    who = await compliance.admit_to_audit_trail(play.desk, play.who(by))
    await play.reach(play.last)
    trail = play.clinic.views.audit_trail
    lines = trail.lines(Filter(limit=limit))
    clients, staff = trail.concerning(lines)
    hits: dict[ClientId, tuple[ItemId, ...]] = {ClientId(each): () for each in clients}
    opening = await play.see("review", compliance.look_at_audit_trail(play.desk, who, hits, staff))
    return _page(play, trail.open(lines, opening), opening)


async def read_access_log(play: Play, by: str, client: str) -> Page:
    """One client's access log, this very look included."""
    act = compliance.look_at_access_log(play.desk, play.who(by), play.client(client))
    opening = await play.see("review", act)
    entries = play.clinic.views.access_log.of(play.client(client), opening, limit=LOG_LINES)
    return _page(play, entries, opening)


def _page(play: Play, entries: list[Entry], opening: Opening) -> Page:
    staff = dict.fromkeys(
        each.actor for each in entries if each.actor_kind == ActorKind.STAFF.value
    )
    return Page(tuple(entries), _cards(play, staff, opening))


def _cards(play: Play, people: Iterable[str], opening: Opening) -> Names:
    found = {each: play.clinic.views.name_cards.of(each, opening) for each in people}
    return {each: card.name for each, card in found.items() if card is not None}
