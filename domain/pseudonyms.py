"""Takes out of a text by what somebody could be told: names, numbers, addresses, places, dates.

Known names become letters in all their Polish cases, as far as a rule goes (``inflection``);
whatever looks like an e-mail address, a telephone, a PESEL or a postal code becomes a hole, be it
known or not; dates move by one constant number of days; a known date of birth becomes a span of
ages. What the rules miss, only the author sees: she reads the text before it leaves her (SUP-01).

A text is looked at in one Unicode form and without characters that nobody sees, and words and
digits are found where they touch each other, too: pasted texts have both.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

from domain.dates_in_text import PATTERN as DATES, moved
from domain.identifying import folded, name_parts
from domain.inflection import Forms, forms, is_form

NUMBER, EMAIL = "[#]", "[@]"
_BAND = 5
_FULL_YEAR = 365.2425
_SHORTEST_PART = 2
_RAISED = "²³¹¼-¾⁰-⁹₀-₉⅐-↉①-⒛⓪-⓿"
"""Numbers that a regular expression takes for letters."""
_LETTER = rf"[^\W\d_{_RAISED}]"
_WORD = rf"(?:{_LETTER}+|\d+)"
_GAP = r"[\s\-\u2010-\u2015\u2212./()_]"
_PIECES = re.compile(
    "|".join(
        (
            r"(?P<token>\{\{p[1-9][0-9]{0,5}\}\})",
            r"(?P<email>[\w.+%-]+@[\w-]+(?:\.[\w-]+)+)",
            DATES,
            rf"(?P<number>(?<!\d)\+?\d(?:{_GAP}{{0,2}}\d){{6,}}(?!\d))",
            r"(?P<postal>(?<!\d)\d{2}-\d{3}(?!\d))",
            rf"(?P<word>{_WORD})",
        )
    )
)
_BETWEEN = re.compile(r"[\s.,;:/\-\u2010-\u2015\u2212()\"„”«»'’_]{0,4}")
"""What may stand between two words of one name."""
_LOOSE = re.compile("[\u0300-\u036f\ufe00-\ufe0f]")
"""Marks that belong to no letter, and signs that choose how one looks: nobody misses them."""
_AGAIN = re.compile(r"(\[[A-Z][A-Z0-9/]*\])(?:\s+\1)+")
_STREET = frozenset({"ul", "ulica", "al", "aleja", "os", "osiedle", "pl", "plac", "street", "st"})
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who must not be told: by which letter she is called, her names, what tells her."""

    alias: str
    names: tuple[str, ...] = field(repr=False)
    born: date | None = field(default=None, repr=False)
    token: str | None = None
    """Her alias in a joint case, as its texts have it: ``p7``."""


@dataclass(frozen=True)
class Known:
    """Everything that is known to tell a client: people, addresses and places, and the day.

    ``places`` are phrases: streets, towns, employers, whatever the author lists. ``today`` is the
    day by which ages are counted, ``offset`` by how much dates move.
    """

    people: tuple[Person, ...]
    places: tuple[str, ...] = field(default=(), repr=False)
    offset: timedelta = timedelta()
    today: date = date.max

    @cached_property
    def names(self) -> tuple[tuple[Forms, str], ...]:
        """Each part of each name with the letter that stands for it; a shared one has several."""
        found: dict[str, list[str]] = {}
        for person in self.people:
            for part in (each for name in person.names for each in name_parts(plain(name))):
                aliases = found.setdefault(part, [])
                if len(part) >= _SHORTEST_PART and person.alias not in aliases:
                    aliases.append(person.alias)
        return tuple(
            (forms(part), f"[{'/'.join(aliases)}]") for part, aliases in found.items() if aliases
        )

    @cached_property
    def phrases(self) -> tuple[tuple[tuple[Forms, ...], str], ...]:
        """Each place as the words that it consists of, the longest first."""
        found: dict[tuple[str, ...], str] = {}
        for number, place in enumerate(dict.fromkeys(self.places), start=1):
            for words in _ways(place):
                found.setdefault(words, f"[X{number}]")
        told = [(tuple(map(forms, words)), shown) for words, shown in found.items()]
        return tuple(sorted(told, key=lambda each: -len(each[0])))

    @cached_property
    def tokens(self) -> dict[str, str]:
        """The letters of those who take part in a joint case, by the tokens of its texts."""
        return {f"{{{{{each.token}}}}}": f"[{each.alias}]" for each in self.people if each.token}

    @cached_property
    def births(self) -> dict[date, str]:
        """The spans of ages that stand for known dates of birth."""
        return {each.born: f"[{band(each.born, self.today)}]" for each in self.people if each.born}


def letters(number: int) -> str:
    """The letter of the person with this number, from 0; behind Z comes A2."""
    round_, place = divmod(number, len(_LETTERS))
    return _LETTERS[place] + (str(round_ + 1) if round_ else "")


def band(born: date, today: date) -> str:
    """Five years of age within which somebody is."""
    age = max(0, int((today - born).days / _FULL_YEAR))
    youngest = age - age % _BAND
    return f"{youngest}–{youngest + _BAND - 1}"


def plain(text: str) -> str:
    """A text composed (NFC), without characters of format (Cf) and marks that belong to nothing.

    Soft hyphens, spaces of no width and the like stand inside words that were pasted, and hide
    them from whoever searches.
    """
    if text.isascii():
        return text
    seen = "".join([each for each in text if unicodedata.category(each) != "Cf"])
    return _LOOSE.sub("", unicodedata.normalize("NFC", seen))


def pseudonymised(text: str, known: Known, written_on: date) -> str:
    """A text under other names and dates; ``written_on`` tells the year of dates without one."""
    text = plain(text)
    made: list[str] = []
    at = 0
    pieces = list(_PIECES.finditer(text))
    skip = 0
    for number, piece in enumerate(pieces):
        if number < skip:
            continue
        made.append(text[at : piece.start()])
        shown, skip = _shown(text, pieces, number, known, written_on)
        made.append(shown)
        at = pieces[skip - 1].end()
    made.append(text[at:])
    return _AGAIN.sub(r"\1", "".join(made))


def survivors(text: str, known: Known) -> tuple[str, ...]:
    """What still tells somebody in a text; nothing, where it may leave its author."""
    text = plain(text)
    pieces = list(_PIECES.finditer(text))
    return tuple(_surviving(text, pieces, known))


def _surviving(text: str, pieces: list[re.Match[str]], known: Known) -> Iterator[str]:
    for number, piece in enumerate(pieces):
        match piece.lastgroup:
            case "email" | "number" | "postal":
                yield piece[0]
            case "token":
                if piece[0] in known.tokens:
                    yield piece[0]
            case "word":
                if _named(text, pieces, number, known) is not None:
                    yield piece[0]
            case _:
                if _birth(piece, known) is not None:
                    yield piece[0]


def _shown(
    text: str, pieces: list[re.Match[str]], number: int, known: Known, written_on: date
) -> tuple[str, int]:
    """What stands in the place of a piece, and the number of the next one to look at."""
    piece, following = pieces[number], number + 1
    match piece.lastgroup:
        case "token":
            return known.tokens.get(piece[0], piece[0]), following
        case "email":
            return EMAIL, following
        case "number" | "postal":
            return NUMBER, following
        case "word":
            return _named(text, pieces, number, known) or (piece[0], following)
        case how:
            birth = _birth(piece, known)
            if birth is not None:
                return birth, following
            day = moved(piece[0], how or "", known.offset, written_on, known.births)
            return day, following


def _birth(piece: re.Match[str], known: Known) -> str | None:
    """The span of ages, where a date is a known date of birth."""
    if piece.lastgroup in ("month", "short"):
        return None
    told = moved(piece[0], piece.lastgroup or "", timedelta(), date(2000, 1, 1), ())
    return next((shown for day, shown in known.births.items() if day.isoformat() == told), None)


def _named(
    text: str, pieces: list[re.Match[str]], number: int, known: Known
) -> tuple[str, int] | None:
    """What stands for the place or the person whose name begins here, and where it ends."""
    for words, shown in known.phrases:
        if _stands_here(text, pieces, number, words):
            return shown, number + len(words)
    word = pieces[number][0]
    matching = [(each, shown) for each, shown in known.names if is_form(word, each)]
    # Of two names that are alike, the one that it is rather than the one that it resembles.
    exact = next((shown for each, shown in matching if word.casefold() == each.name), None)
    if matching:
        return exact or matching[0][1], number + 1
    return None


def _stands_here(
    text: str, pieces: list[re.Match[str]], number: int, words: tuple[Forms, ...]
) -> bool:
    found = pieces[number : number + len(words)]
    if len(found) < len(words) or any(each.lastgroup != "word" for each in found):
        return False
    gaps = (text[one.end() : other.start()] for one, other in pairwise(found))
    return all(_BETWEEN.fullmatch(each) for each in gaps) and all(
        is_form(piece[0], each) for piece, each in zip(found, words, strict=True)
    )


def _ways(place: str) -> Iterator[tuple[str, ...]]:
    """How a place may be named: whole, and a street without its number."""
    written = [found for each in plain(place).split() if (found := tuple(_words(each)))]
    whole = tuple(each for words in written for each in words)
    named = tuple(each for words in written if not any(map(str.isdigit, words)) for each in words)
    for words in dict.fromkeys((whole, named)):
        if words:
            yield words


def _words(written: str) -> Iterator[str]:
    """The words in a piece of a place; what says that it is a street is not part of its name."""
    for each in re.findall(_WORD, written):
        bare = folded(each)
        if bare not in _STREET and (len(bare) >= _SHORTEST_PART or bare.isdigit()):
            yield bare
