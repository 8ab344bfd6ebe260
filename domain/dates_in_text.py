"""Dates as people write them in a text, found and moved by so many days."""

import re
from collections.abc import Collection
from datetime import date, timedelta

_MONTHS = (
    r"stycz(?:eń|nia|niu|niem)|jan(?:uary|\.)?",
    r"lut(?:y|ego|ym|emu)|feb(?:ruary|\.)?",
    r"mar(?:zec|ca|cu|cem|ch|\.)",
    r"kwie(?:cień|tnia|tniu|tniem)|apr(?:il|\.)?",
    r"maj(?:a|u|em)?|may",
    r"czerw(?:iec|ca|cu|cem)|jun(?:e|\.)?",
    r"lip(?:iec|ca|cu|cem)|jul(?:y|\.)?",
    r"sierp(?:ień|nia|niu|niem)|aug(?:ust|\.)?",
    r"wrze(?:sień|śnia|śniu|śniem)|sep(?:tember|t?\.)?",
    r"październik(?:a|u|iem)?|oct(?:ober|\.)?",
    r"listopad(?:a|zie|em)?|nov(?:ember|\.)?",
    r"grud(?:zień|nia|niu|niem)|dec(?:ember|\.)?",
)
_ANY_MONTH = "|".join(f"(?:{each})" for each in _MONTHS)
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_BEFORE_DIGITS, _BEFORE_WORDS = r"(?<!\d)", r"(?<![^\W\d_])"
_END = r"(?![^\W\d_])"
"""A date may touch what is no date: only digits join digits, and letters letters."""
_ONE_OR_TWO = r"\d{1,2}"
_DAY = rf"{_BEFORE_DIGITS}{_ONE_OR_TWO}"
_DAY_ALONE = rf"{_ONE_OR_TWO}(?:st|nd|rd|th)?(?![^\W_])"
_NUMERAL = "XII|XI|IX|X|VIII|VII|VI|IV|V|III|II|I"
_YEAR_BEHIND = r"(?:,?\s*\d{4}(?!\d))?"
PATTERN = "|".join(
    (
        rf"(?P<iso>{_BEFORE_DIGITS}\d{{4}}-{_ONE_OR_TWO}-{_ONE_OR_TWO}(?!\d))",
        rf"(?P<dmy>{_DAY}\s?[./-]\s?{_ONE_OR_TWO}\s?[./-]\s?(?:\d{{4}}|\d{{2}})(?!\d))",
        rf"(?P<roman>{_DAY}[. ]\s?(?:{_NUMERAL})[. ]\s?\d{{4}}(?!\d))",
        rf"(?P<words>{_DAY}\.?(?:st|nd|rd|th)?\s*(?:of\s+)?(?i:{_ANY_MONTH}){_END}{_YEAR_BEHIND})",
        rf"(?P<english>{_BEFORE_WORDS}(?i:{_ANY_MONTH})\s*{_DAY_ALONE}{_YEAR_BEHIND})",
        rf"(?P<month>{_BEFORE_WORDS}(?i:{_ANY_MONTH})\s*\d{{4}}(?!\d))",
        r"(?P<short>\b\d{1,2}\.(?:0[1-9]|1[0-2])(?![\d]|\.\d))",
    )
)
"""Groups named after how a date is written; to be compiled together with what else is sought."""
_CENTURY = 100
_TWENTIETH = 70
_NUMBERS = re.compile(r"\d+")
_YEAR = 1000
_MIDDLE = 15


def moved(written: str, how: str, by: timedelta, around: date, avoid: Collection[date]) -> str:
    """A date as it is shown when it lies so many days off, in digits; one that is none is a hole.

    ``around`` says the year of one without; a day that is to be ``avoid``-ed is shown by its month.
    """
    day = _read(written, how, around)
    if day is None:
        return "[–]"
    try:
        shown = day + by
    except OverflowError:
        return "[–]"
    if how == "month" or shown in avoid:
        return f"{shown:%m.%Y}"
    with_year = how in ("iso", "dmy", "roman") or any(
        int(each) >= _YEAR for each in _NUMBERS.findall(written)
    )
    return shown.isoformat() if with_year else f"{shown:%d.%m}"


def _read(written: str, how: str, around: date) -> date | None:
    numbers = [int(each) for each in _NUMBERS.findall(written)]
    try:
        match how:
            case "iso":
                return date(*numbers)
            case "dmy":
                day, month, year = numbers
                return date(_full(year), month, day)
            case "roman":
                (numeral,) = re.findall(r"[IVX]+", written)
                return date(numbers[1], _ROMAN.index(numeral) + 1, numbers[0])
            case "month":
                return date(numbers[0], _month(written), _MIDDLE)
            case "short":
                return date(around.year, numbers[1], numbers[0])
            case _:
                year = numbers[1] if len(numbers) > 1 else around.year
                return date(year, _month(written), numbers[0])
    except ValueError:
        return None


def _full(year: int) -> int:
    if year >= _CENTURY:
        return year
    return year + (1900 if year >= _TWENTIETH else 2000)


def _month(written: str) -> int:
    for number, names in enumerate(_MONTHS, start=1):
        if re.search(rf"{_BEFORE_WORDS}(?i:{names}){_END}", written):
            return number
    raise ValueError
