"""Puts a case pack together: the words of the chosen items, without what tells who it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from api.compose import Clinic
from domain import aliases
from domain.confidentiality import Class
from domain.errors import Invalid, Sealed
from domain.events.case_pack import PackAlias
from domain.ports import Opening
from domain.pseudonyms import Known, Person, band, letters, pseudonymised
from domain.use_cases.case_packs import Prepared
from domain.values import ClientId, FreeText, ItemId, Section
from projections.case_lines import CaseState
from projections.chart.queries import ChartItem
from projections.chart.work_lines import as_it_stands
from projections.name_cards import Card

PEOPLE = "people"
_LEAST_WEEKS, _MOST_WEEKS = 3, 104
"""Between how many weeks dates move into the past: whole weeks, so that Mondays stay Mondays."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a therapist wants to bring, and what has to be hidden beside what is known."""

    supervision: ItemId
    items: tuple[ItemId, ...]
    hide: tuple[str, ...] = field(default=(), repr=False)
    identified: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: str
    written_on: date
    texts: tuple[FreeText, ...]


def prepare(
    clinic: Clinic, case_id: str, chosen: Chosen, opening: Opening, reader: str, chance: int
) -> Prepared:
    """The pack that a recorded look at the chart allows to make; ``chance`` is a large number.

    Raises:
        Invalid: One of the items is not there, has no words, or is not for supervision.
    """
    state = clinic.views.case_states.of(case_id, opening)
    if state is None:
        raise Invalid("items", "has one that is not there")
    cards = _cards(clinic, state, opening)
    now = clinic.clock.now()
    known, told = _known(state, cards, chosen, now, chance)
    pieces = _pieces(clinic, state, opening, reader)
    sections = [_section(pieces, each, opening, known, chosen) for each in chosen.items]
    people = _people(known, cards, now.date(), identified=chosen.identified)
    return Prepared(
        supervision=chosen.supervision,
        items=chosen.items,
        sections=(Section(PEOPLE, FreeText(people)), *sections),
        known=known,
        aliases=told,
        identified=chosen.identified,
    )


def _cards(clinic: Clinic, state: CaseState, opening: Opening) -> dict[str, Card]:
    everyone = dict.fromkeys((*state.clients, *(each.client for each in state.members)))
    found = {}
    for each in everyone:
        try:
            card = clinic.views.name_cards.of(each, opening)
        except Sealed:
            card = None
        if card is not None:
            found[each] = card
    return found


def _known(
    state: CaseState, cards: dict[str, Card], chosen: Chosen, now: datetime, chance: int
) -> tuple[Known, tuple[PackAlias, ...]]:
    tokens = {each.client: each.alias for each in state.members}
    people, places, told = [], list[str](), []
    for number, (client, card) in enumerate(cards.items()):
        born = date.fromisoformat(card.birth_date) if card.birth_date else None
        names = (card.given_name, card.family_name)
        people.append(Person(letters(number), names, born, tokens.get(client)))
        told.append(PackAlias(letters(number), ClientId(client)))
        places += _places(card)
    for card in cards.values():
        for each in card.representatives:
            names = (each.given_name, each.family_name)
            people.append(Person(letters(len(people)), names))
            places += [each.address[0], each.address[2]] if each.address else []
    weeks = _LEAST_WEEKS + chance % (_MOST_WEEKS - _LEAST_WEEKS + 1)
    known = Known(
        people=tuple(people),
        places=(*places, *chosen.hide),
        offset=timedelta() if chosen.identified else -timedelta(weeks=weeks),
        today=now.date(),
    )
    return known, tuple(told)


def _places(card: Card) -> Iterator[str]:
    if card.address is not None:
        street, _, city, _ = card.address
        yield from (street, city)
    if card.identity_document:
        yield card.identity_document


def _pieces(clinic: Clinic, state: CaseState, opening: Opening, reader: str) -> dict[str, _Piece]:
    """What there is to bring: the signed notes that the reader may read, and what the chart holds.

    Answer sheets are for whoever knows the test, and no part of it (class H); nor is a recording,
    or a document that is another's word or a court's.
    """
    notes = {
        each.id: _Piece("note", each.occurred_at.date(), each.words)
        for each in state.notes
        if each.status != "draft" and each.readable_by(reader)
    }
    items = {
        each.id: _Piece(each.kind, each.occurred_at.date(), tuple(_texts(_says(each))))
        for each in clinic.views.chart.items(state.id, opening)
        if each.content["under"][3] != Class.TEST_DATA
        and each.content.get("class") not in (Class.THIRD_PARTY, Class.LEGAL, Class.RECORDING)
    }
    return {**items, **notes}


def _says(item: ChartItem) -> Any:
    """What an item says now."""
    if "steps" in item.content and "begun" in item.content:
        return as_it_stands(item)
    return {name: value for name, value in item.content.items() if name != "under"}


def _texts(value: Any) -> Iterator[FreeText]:
    """The closed texts in what an item says; of what was said one after another, the last."""
    if isinstance(value, bytes):
        yield FreeText(sealed=value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (list, tuple)):
        if any(isinstance(each, bytes) for each in value) or _are_sections(value):
            for each in value:
                yield from _texts(each)
        else:
            said = [texts for each in value if (texts := list(_texts(each)))]
            yield from said[-1] if said else ()


def _are_sections(value: list[Any] | tuple[Any, ...]) -> bool:
    return bool(value) and all(
        isinstance(each, list)
        and len(each) == 2  # noqa: PLR2004 - a code and its words
        and isinstance(each[0], str)
        and isinstance(each[1], bytes)
        for each in value
    )


def _section(
    pieces: dict[str, _Piece], item: ItemId, opening: Opening, known: Known, chosen: Chosen
) -> Section:
    piece = pieces.get(item)
    if piece is None or not piece.texts:
        raise Invalid("items", "has one that is not there, or has no words to bring")
    words = "\n\n".join(_opened(piece.texts, opening))
    if not words:
        raise Invalid("items", "has one that is not there, or has no words to bring")
    day = piece.written_on + known.offset
    shown = _named(words, known) if chosen.identified else _hidden(words, known, piece.written_on)
    return Section(piece.kind, FreeText(f"{day.isoformat()}\n{shown}"))


def _opened(texts: Iterable[FreeText], opening: Opening) -> Iterator[str]:
    for each in texts:
        try:
            yield opening.words(each)
        except Sealed:
            continue


def _hidden(words: str, known: Known, written_on: date) -> str:
    return pseudonymised(words, known, written_on)


def _named(words: str, known: Known) -> str:
    """A joint case's text with names, where everybody has consented to that."""
    names: dict[str, str | None] = {
        each.token: " ".join(each.names) for each in known.people if each.token
    }
    return aliases.resolve(words, names)


def _people(known: Known, cards: dict[str, Card], today: date, *, identified: bool) -> str:
    """Who is spoken of: letters and spans of ages, or names where everybody has consented."""
    lines = []
    for each in known.people[: len(cards)]:
        age = f", {band(each.born, today)}" if each.born else ""
        lines.append(f"{' '.join(each.names) if identified else f'[{each.alias}]'}{age}")
    return "\n".join(lines)
