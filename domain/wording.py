"""Free text as somebody may write it: it says something, and is not too long."""

from domain.errors import Invalid
from domain.values import FreeText

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
