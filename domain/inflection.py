"""Whether a word is a form of a name: Polish declines names, and whoever writes misspells them.

A rule for stems and endings, not a dictionary: it finds the cases of most given names, surnames and
towns, adjectives among them. It knows no diminutives; whoever writes them names them. Where it errs
it takes a word for a name that is none: for hiding somebody that is the right side to err on.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from domain.identifying import folded
from domain.likeness import one_apart

_ENDINGS = (
    "",
    *("a", "e", "y", "i", "o", "u", "ie", "ia", "iu", "ii", "io", "ja", "ji", "je", "jo"),
    *("em", "om", "ow", "owi", "owie", "ami", "ach", "iem", "iom", "iow", "iami", "iach"),
    *("ego", "emu", "ej", "iego", "iemu", "iej", "im", "ym", "imi", "ymi", "ich", "ych"),
    *("owa", "owej", "owna", "owny", "ownie", "owie", "owski", "owska", "s", "es"),
)
_SOFT = (
    ("st", "sc"),
    ("zd", "zdz"),
    ("ch", "sz"),
    ("k", "c"),
    ("g", "dz"),
    ("h", "sz"),
    ("r", "rz"),
    ("d", "dz"),
    ("t", "c"),
)
"""How the end of a stem softens, once marks are folded away: *Sroka, Sroce; Kinga, Kindze*."""
_VOWELS = "aeiouy"
_FLEETING = re.compile(r"(.+?)i?e([bcdfghjklmnprstwz])")
"""*Marek, Marka; Niemiec, Niemca*."""
_SHORTEST_STEM = 2
_TELLING_STEM = 5
"""Forms of shorter stems are other words too often: they count with a capital alone."""
_SHORTEST_NAME = 3
_MISSPELT = 6
"""Letters of a name of which one may be wrong."""


class Forms(NamedTuple):
    """The forms of a name, folded: those that tell it however written, and those with a capital."""

    name: str
    always: frozenset[str]
    capital: frozenset[str]


@lru_cache(maxsize=2000)
def forms(name: str) -> Forms:
    """The forms of one word of a name, as ``identifying.folded`` has it."""
    if any(each.isdigit() for each in name):
        return Forms(name, frozenset({name}), frozenset())
    always: set[str] = set()
    capital = {name}
    for stem in _stems(name):
        made = {stem + ending for ending in _ENDINGS if len(stem + ending) > _SHORTEST_STEM}
        (always if len(stem) >= _TELLING_STEM else capital).update(made)
    if len(name) >= _SHORTEST_NAME:
        always.add(name)
    return Forms(name, frozenset(always), frozenset(capital))


def is_form(word: str, of: Forms) -> bool:
    """Whether a word, as it was written, is a form of a name, or that name misspelt."""
    plain, capital = folded(word), word[:1].isupper()
    if plain in of.always or (capital and plain in of.capital):
        return True
    return capital and len(of.name) >= _MISSPELT and one_apart(plain, of.name)


def _stems(name: str) -> Iterator[str]:
    for stem in dict.fromkeys(_plain_stems(name)):
        if len(stem) >= _SHORTEST_STEM:
            yield stem
            for hard, soft in _SOFT:
                if stem.endswith(hard):
                    yield stem.removesuffix(hard) + soft


def _plain_stems(name: str) -> Iterator[str]:
    if name[-1:] not in _VOWELS:
        yield name
        fleeting = _FLEETING.fullmatch(name)
        if fleeting:
            yield fleeting[1] + fleeting[2]
        return
    yield name[:-1]
    if name[-2:-1] in ("i", "j"):
        yield name[:-2]
