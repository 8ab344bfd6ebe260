"""What a person is found by: each identifier in one form, however it was typed.

A form is stored as a keyed fingerprint, so it must be the same for ever: the rules are these few
lines and tables of the standard library that do not change with the years (IDNA of 2003), and not
those of a library that learns new numbering plans with every release.

Source:
    docs of the design: security, sections 3.1 and 3.2.
"""

import re
import unicodedata
from datetime import date
from enum import StrEnum

_PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
_POLAND = "48"
_AND = "|"
_NATIONAL = 9
_SHORTEST_NUMBER, _LONGEST_NUMBER = 8, 15
_LONGEST_LOCAL, _LONGEST_DOMAIN = 64, 253
_BETWEEN_DIGITS = re.compile(r"[\s\-\u2010-\u2015\u2212./()]")
_NOT_IN_A_NAME = re.compile(r"[\W\d_]+")
_NOT_DECOMPOSED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe"})
"""Letters whose stroke is part of them, so that decomposing leaves it there."""


class Identifier(StrEnum):
    """What tells one person from all others, or nearly. Stored in fingerprints: never rename."""

    PESEL = "pesel"
    PHONE = "phone"
    EMAIL = "email"
    NAME_AND_BIRTH = "name-birth"


def normal(identifier: Identifier, typed: str) -> str | None:
    """An identifier in its one form; ``None`` for what is not one."""
    match identifier:
        case Identifier.PESEL:
            return pesel(typed)
        case Identifier.PHONE:
            return phone(typed)
        case Identifier.EMAIL:
            return email(typed)
        case Identifier.NAME_AND_BIRTH:
            name, _, born = typed.rpartition(_AND)
            try:
                return named_and_born(name, "", date.fromisoformat(born))
            except ValueError:
                return None


def pesel(typed: str) -> str | None:
    """Eleven digits with the right check digit."""
    digits = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", typed))
    return digits if valid_pesel(digits) else None


def valid_pesel(number: str) -> bool:
    """Whether it is eleven digits with the right check digit (Population Records Act, art. 15)."""
    if len(number) != len(_PESEL_WEIGHTS) or not (number.isascii() and number.isdigit()):
        return False
    digits = (int(digit) for digit in number)
    weighed = zip(_PESEL_WEIGHTS, digits, strict=True)
    return sum(weight * digit for weight, digit in weighed) % 10 == 0


def phone(typed: str) -> str | None:
    """A number with its country in front, as E.164 has it; without one it is a Polish number."""
    number = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", typed))
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if not number.startswith("+"):
        has_country = len(number) == len(_POLAND) + _NATIONAL and number.startswith(_POLAND)
        number = f"+{number}" if has_country else f"+{_POLAND}{number}"
    digits = number[1:]
    if not (digits.isascii() and digits.isdigit()) or digits.startswith("0"):
        return None
    if digits.startswith(_POLAND):
        # Some still write the trunk's zero, which was dropped in 2005.
        digits = _POLAND + digits.removeprefix(_POLAND).removeprefix("0")
        return f"+{digits}" if len(digits) == len(_POLAND) + _NATIONAL else None
    return f"+{digits}" if _SHORTEST_NUMBER <= len(digits) <= _LONGEST_NUMBER else None


def email(typed: str) -> str | None:
    """An address in lower case, its domain as the name system knows it (RFC 3490)."""
    local, _, domain = unicodedata.normalize("NFKC", typed).strip().rpartition("@")
    local = unicodedata.normalize("NFKC", local.lower())
    if not 0 < len(local) <= _LONGEST_LOCAL or not local.isprintable() or re.search(r"\s|@", local):
        return None
    if not 0 < len(domain) <= _LONGEST_DOMAIN:
        return None
    try:
        ascii_domain = domain.removesuffix(".").encode("idna").decode().lower()
    except UnicodeError:
        return None
    return f"{local}@{ascii_domain}" if _is_a_domain(ascii_domain) else None


def _is_a_domain(domain: str) -> bool:
    return all(re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", each) for each in domain.split("."))


def named_and_born(given_name: str, family_name: str, born: date) -> str | None:
    """A name, its parts in any order, with the day of birth; ``None`` for no name."""
    parts = sorted(name_parts(f"{given_name} {family_name}"))
    return f"{' '.join(parts)}{_AND}{born.isoformat()}" if parts else None


def folded(words: str) -> str:
    """Words without case and without marks: what remains of them on a foreign keyboard."""
    words = words.casefold()
    while not words.isascii():
        apart = unicodedata.normalize("NFKD", words)
        bare = "".join([each for each in apart if not unicodedata.combining(each)])
        # What was decomposed may have a case again.
        folded_once_more = bare.casefold().translate(_NOT_DECOMPOSED)
        if folded_once_more == words:
            break
        words = folded_once_more
    return words


def name_parts(name: str) -> tuple[str, ...]:
    """The parts of a name, folded; those of a double-barrelled one apart."""
    return tuple(each for each in _NOT_IN_A_NAME.split(folded(name)) if each)
