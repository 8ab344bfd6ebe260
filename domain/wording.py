"""Free text as somebody may write it: it says something, and is not too long."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from domain.errors import Invalid
from domain.values import FreeText, Section

LONGEST_TEXT = 200_000
"""Characters in one text."""


def worded(text: FreeText) -> FreeText:
    """The text, if it says something and is not too long.

    Raises:
        Invalid: It is empty or longer than ``LONGEST_TEXT`` characters.
    """
    words = text.words
    if words is None or not words.strip():
        raise Invalid("text", "is empty")
    if len(words) > LONGEST_TEXT:
        raise Invalid("text", "is too long")
    return text


def worded_sections(sections: Iterable[Section], known: Iterable[str]) -> tuple[Section, ...]:
    """The sections in the order in which they are known; what was left empty is left out.

    Raises:
        Invalid: One is unknown or stands twice, none says anything, or together they are too long.
    """
    said: dict[str, Section] = {}
    order = tuple(known)
    for each in sections:
        if each.code not in order:
            raise Invalid("sections", "has one that is not known here")
        if each.code in said:
            raise Invalid("sections", "has one twice")
        if each.text.words is not None and each.text.words.strip():
            said[each.code] = each
    if not said:
        raise Invalid("sections", "are empty")
    if sum(len(each.text.words or "") for each in said.values()) > LONGEST_TEXT:
        raise Invalid("sections", "are too long")
    return tuple(said[code] for code in order if code in said)


def texts_of(event: Any) -> Iterator[FreeText]:
    """Every text that stands in an event, in the order of its fields and of its sections."""
    for part in fields(event):
        value = getattr(event, part.name)
        if isinstance(value, FreeText):
            yield value
        elif isinstance(value, tuple):
            yield from (each.text for each in value if isinstance(each, Section))
