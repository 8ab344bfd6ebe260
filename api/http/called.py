"""What each person of a case is called: client or patient, in Polish and English."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from api.http.schemas.common import Told
from domain.errors import Sealed
from domain.events.client import PersonWord, Sex
from domain.person_word import Called, inflected, word_for
from domain.ports import Opening
from domain.values import School
from projections.name_cards import Card, NameCards


class CalledTold(Told):
    """The word for one person, and how it is said."""

    client: str
    word: PersonWord
    polish: str
    english: str


def called(
    clients: Iterable[str],
    school: School,
    settled: Called,
    cards: NameCards,
    opening: Opening | None,
) -> list[CalledTold]:
    """The words for these people: as they wish, as the clinic has settled, as the school does.

    Without an opening nobody's wish and nobody's sex is known.
    """
    return [_told(each, school, settled, _card(each, cards, opening)) for each in clients]


def _told(client: str, school: School, settled: Called, card: Card | None) -> CalledTold:
    wish = None if card is None or card.word is None else PersonWord(card.word)
    sex = Sex.UNSPECIFIED if card is None or card.sex is None else Sex(card.sex)
    word = word_for(school, settled, wish)
    return CalledTold(
        client=client,
        word=word,
        polish=inflected(word, "pl", sex=sex),
        english=inflected(word, "en", sex=sex),
    )


def _card(client: str, cards: NameCards, opening: Opening | None) -> Card | None:
    with suppress(Sealed):
        return None if opening is None else cards.of(client, opening)
    return None
