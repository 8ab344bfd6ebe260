"""A case pack as a page to print and to hand to a supervisor who has no account here.

The same pack and entry give the same page to the last byte, so that its hash on record fits every
copy. The page bears the id of its entry, and nothing that is not in the pack.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from html import escape

_LEGEND = (
    "Materiał superwizyjny. [A], [B]: osoby; [X1]: miejsca i nazwy; [#], [@]: numery i adresy."
    " Daty są przesunięte. · Supervision material. [A], [B]: people; [X1]: places and names;"
    " [#], [@]: numbers and addresses. Dates are shifted."
)
_SECRECY = (
    "Objęte tajemnicą zawodową; po superwizji do zniszczenia lub zwrotu. · Under professional"
    " secrecy; to be destroyed or returned after supervision."
)


def page(entry: str, recipient: str, sections: Iterable[tuple[str, str]]) -> str:
    """The page as HTML; words are shown as they stand, line by line."""
    parts = [
        f"<section><h2>{escape(code)}</h2><p>{_lines(words)}</p></section>"
        for code, words in sections
    ]
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="pl"><head><meta charset="utf-8"><title>Superwizja · Supervision</title>',
            "</head><body>",
            f"<p>{escape(_SECRECY)}</p>",
            f"<p>{escape(_LEGEND)}</p>",
            f"<p>Dla · For: {escape(recipient)}</p>",
            *parts,
            f"<footer><p>Wpis · Entry: {escape(entry)}</p></footer>",
            "</body></html>",
            "",
        )
    )


def digest(printed: str) -> str:
    """The SHA-256 of a page, in hexadecimal."""
    return sha256(printed.encode()).hexdigest()


def _lines(words: str) -> str:
    return "<br>".join(escape(each) for each in words.splitlines())
