"""Whether a code of a classification can be one: its form, not whether it exists.

ICD-10: a letter, two digits and, behind a point, one or two more (WHO, ICD-10 volume 2, 2.4.1).
ICD-11: four characters of which the second is a letter and the third a digit, never ``I`` or
``O``, with one or two behind a point; a cluster joins further stems by ``/`` and extension codes,
which begin with ``X``, by ``&`` (WHO, ICD-11 reference guide, 1.2.4.1 and 2.10).
"""

import re

from domain.errors import Invalid
from domain.events.case import Coding, Diagnosis
from domain.ports import CodeBook

_ICD_10 = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9]{1,2})?")
_SIGN = "[0-9A-HJ-NP-Z]"
_BEHIND = rf"(?:\.{_SIGN}{{1,2}})?"
_STEM = rf"[1-9A-HJ-NP-WYZ][A-HJ-NP-Z][0-9]{_SIGN}{_BEHIND}"
_EXTENSION = rf"X[A-HJ-NP-Z]{_SIGN}{{2,4}}{_BEHIND}"
_ICD_11 = re.compile(rf"{_STEM}(?:/{_STEM}|&{_EXTENSION})*")
_FORMS = {Coding.ICD_10: _ICD_10, Coding.ICD_11: _ICD_11}
_NAMES = {Coding.ICD_10: "ICD-10", Coding.ICD_11: "ICD-11"}


def well_formed(coding: Coding, code: str) -> bool:
    """Whether a code has the form of its classification."""
    return _FORMS[coding].fullmatch(code) is not None


def must_be_a_code(book: CodeBook, diagnosis: Diagnosis | None) -> None:
    """Refuse a code that has no such form, or that a book which knows them all does not know.

    Raises:
        Invalid: It is none.
    """
    if diagnosis is None:
        return
    coding, code = diagnosis.coding, diagnosis.code
    if not well_formed(coding, code):
        raise Invalid("code", f"is not written like a code of {_NAMES[coding]}")
    if coding is Coding.ICD_10 and book.complete and book.title(code) is None:
        raise Invalid("code", "is not in ICD-10")
