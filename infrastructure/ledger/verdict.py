"""Claims and their verdicts: what was expected, what was found, and what could not be judged.

A check returns or raises, as everything in the ledger does; `Claims.judge` turns that into a claim.
What it returned is handed on as an `Outcome`. Whoever asks one for its value when there is none, is
not judged: so a claim needs no list of those that it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from infrastructure.ledger.errors import LedgerError, LogBroken, MemoryRefused, Mismatch

NOT_JUDGED = "not judged"

_T = TypeVar("_T")
_D = TypeVar("_D")
Check: TypeAlias = Callable[[], tuple[str, _T]]
"""Returns what was found, to tell, and what was made of it; raises if it is refused."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that was claimed; of a bad one `code` says how it is bad, if it was judged."""

    name: str
    good: bool
    expected: str
    found: str
    code: str = ""

    def line(self) -> str:
        """Return the claim on one line."""
        verdict = "GOOD" if self.good else "BAD "
        code = f" ({self.code})" if self.code else ""
        return f"{verdict}  {self.name}: expected {self.expected}, found {self.found}{code}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one subject; `shown` is what it says, and `lines` the same to read."""

    subject: str
    claims: tuple[Claim, ...]
    shown: Mapping[str, object]
    lines: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether every claim is good."""
        return all(claim.good for claim in self.claims)

    def codes(self) -> tuple[str, ...]:
        """Return the codes of the bad claims that were judged, in order."""
        return tuple(claim.code for claim in self.claims if claim.code)


class NotJudged(Exception):
    """What a check rests on was refused."""


class Outcome(Generic[_T]):
    """What a check gave, for those that rest on it."""

    __slots__ = ("_given",)

    def __init__(self, *given: _T) -> None:
        self._given = given

    @property
    def value(self) -> _T:
        """What was given.

        Raises:
            NotJudged: nothing was, because it was refused.
        """
        if not self._given:
            raise NotJudged
        return self._given[0]

    def otherwise(self, default: _D) -> _T | _D:
        """Return what was given, or something instead."""
        return self._given[0] if self._given else default


class Claims:
    """Claims in the order in which they are judged; `expected` says what each of them means."""

    def __init__(self, expected: Mapping[str, str]) -> None:
        self._expected = expected
        self._made: list[Claim] = []

    @property
    def good(self) -> bool:
        return all(claim.good for claim in self._made)

    @property
    def last_code(self) -> str:
        return self._made[-1].code

    def judge(self, name: str, check: Check[_T]) -> Outcome[_T]:
        """Judge a claim by a check that returns or raises."""
        expected = self._expected[name]
        try:
            found, value = check()
        except MemoryRefused:
            raise
        except NotJudged:
            self._made.append(Claim(name, False, expected, NOT_JUDGED))
            return Outcome()
        except LedgerError as refused:
            self._made.append(_bad(name, expected, refused))
            return Outcome()
        self._made.append(Claim(name, True, expected, found))
        return Outcome(value)

    def all(self) -> tuple[Claim, ...]:
        return tuple(self._made)


def given(make: Callable[[], _T]) -> Outcome[_T]:
    """Make something out of outcomes; there is none where one of them is missing."""
    try:
        return Outcome(make())
    except NotJudged:
        return Outcome()


def _bad(name: str, expected: str, refused: LedgerError) -> Claim:
    match refused:
        case LogBroken():
            wanted = f"at position {refused.position}: {refused.expected}"
            return Claim(name, False, wanted, refused.found, refused.code)
        case Mismatch():
            what = str(refused).partition(": expected ")[0]
            wanted = f"{what}: {refused.expected}"
            return Claim(name, False, wanted, refused.found, refused.code)
        case _:
            return Claim(name, False, expected, f"none ({refused})", refused.code)
