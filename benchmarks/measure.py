"""What a benchmark finds, and how two things are measured beside one another.

Everything runs interleaved: one round of each side after the other, the order turning every round,
so that whatever else the machine does falls on both. Medians are compared, with their range beside.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Barrier, Thread


@dataclass(frozen=True, slots=True)
class Series:
    """One side's values, one for each round."""

    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)


@dataclass(frozen=True, slots=True)
class Goal:
    """What has to hold of the ratio of our median to the peer's, or of our median where alone."""

    least: float | None = None
    most: float | None = None

    def met(self, value: float) -> bool:
        """Whether it holds."""
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table: our way, and a peer's beside it where there is one."""

    row: str
    work: str
    ours: Series
    goal: Goal | None = None
    beside: str = ""
    peer: Series | None = None

    @property
    def ratio(self) -> float | None:
        """Our median over the peer's."""
        return None if self.peer is None else self.ours.median / self.peer.median

    @property
    def met(self) -> bool | None:
        """Whether the goal holds; ``None`` where there is none."""
        if self.goal is None:
            return None
        return self.goal.met(self.ours.median if self.ratio is None else self.ratio)


@dataclass(frozen=True, slots=True)
class Bench:
    """How much work to do, where to do it, and whom to tell."""

    folder: Path
    quick: bool
    say: Callable[[str], None] = field(repr=False)

    @property
    def rounds(self) -> int:
        """How often each side is measured."""
        return 3 if self.quick else 5

    @property
    def seconds(self) -> float:
        """How long one round of one side lasts, where it runs by the clock."""
        return 0.7 if self.quick else 1.5


def interleaved(rounds: int, *sides: Callable[[], float]) -> list[tuple[float, ...]]:
    """The values of each side; whoever goes first changes every round."""
    values: list[list[float]] = [[] for _ in sides]
    for number in range(rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for each in order:
            values[each].append(sides[each]())
    return [tuple(each) for each in values]


def rate(work: Callable[[], int]) -> float:
    """How many a second: the count that ``work`` returns by the time that it takes."""
    begun = time.perf_counter()
    count = work()
    return count / (time.perf_counter() - begun)


def rate_of_writers(writers: int, seconds: float, work: Callable[[int], None]) -> float:
    """How many calls of ``work`` a second so many threads finish; each is told its number."""
    counts = [0] * writers
    ends = 0.0
    start = Barrier(writers + 1)

    def run(number: int) -> None:
        start.wait()
        while time.perf_counter() < ends:
            work(number)
            counts[number] += 1

    threads = [Thread(target=run, args=(number,)) for number in range(writers)]
    for each in threads:
        each.start()
    begun = time.perf_counter()
    ends = begun + seconds
    start.wait()
    for each in threads:
        each.join()
    return sum(counts) / (time.perf_counter() - begun)
