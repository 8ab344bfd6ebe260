"""Finds words in a text and cuts out the lines around them; nothing of it is kept anywhere.

Source:
    docs of the design: security, section 3.4.
"""

from functools import lru_cache

from domain.identifying import folded

AROUND = 40
"""Characters that are shown on each side of what was found."""
MOST_EXTRACTS = 3


def extracts(text: str, sought: str) -> tuple[str, ...]:
    """The places in a text where words stand, however they are spelt as to case and marks."""
    wanted = " ".join(folded(sought).split())
    # Most texts do not have them, and this is the quick way to know.
    if not wanted or wanted not in " ".join(folded(text).split()):
        return ()
    plain, places = _folded_with_places(text)
    found: list[str] = []
    start = 0
    while len(found) < MOST_EXTRACTS:
        at = plain.find(wanted, start)
        if at < 0:
            break
        first, last = places[at], places[at + len(wanted) - 1]
        end = min(len(text), last + 1 + AROUND)
        found.append(_cut(text, max(0, first - AROUND), end))
        # What has been shown already is not shown again.
        start = next(
            (each for each in range(at + 1, len(plain)) if places[each] >= end), len(plain)
        )
    return tuple(found)


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text with single blanks, and for each letter of it its place in the text."""
    plain: list[str] = []
    places: list[int] = []
    for place, each in enumerate(text):
        letters = " " if each.isspace() else _folded_letter(each)
        if letters == " " and plain[-1:] == [" "]:
            continue
        plain += letters
        places += [place] * len(letters)
    return "".join(plain), places


_folded_letter = lru_cache(maxsize=1000)(folded)


def _cut(text: str, start: int, end: int) -> str:
    piece = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{piece}{'…' if end < len(text) else ''}"
