"""Kills a writing process at random moments, over and over, and judges what it leaves."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from tests.support.judge import Judge, followed_and_rebuilt
from tests.support.writers import Stable, Told, found

SOONEST, LATEST = 0.002, 0.060
"""Seconds between a writer's birth, or its first own act, and its death; every tenth lives longer,
by as much again nine times."""
EARLY = 100
"""So many kills are followed by verifying the folder before anything has been settled."""


def killed_over_and_over(path: Path, kills: int, *, every: int = 50, seed: int = 1) -> str:
    """The figures of so many kills; all that may not be is asserted on the way."""
    custody, chance, told = found(path), Random(seed), Told()
    judge = Judge(path, custody)
    began, before = time.monotonic(), 0
    with Stable(path) as stable:
        for number in range(1, kills + 1):
            seconds = chance.uniform(SOONEST, LATEST) * (10 if number % 10 == 0 else 1)
            told.take(stable.run(number, seconds, told.unsettled(), kill=True))
            if number % every == 0:
                judge.look(told)
                judge.must_be_content(told)
            if number <= EARLY and number % max(1, every // 5) == 0:
                judge.thorough()
        before = len(told.acknowledged)
        open_commands = len(told.unsettled())
        told.take(stable.run(kills + 1, 0.2, told.unsettled(), kill=False))
    judge.look(told)
    judge.must_be_content(told)
    assert not judge.settled(told)
    killing = time.monotonic() - began
    verified = judge.thorough()
    views = followed_and_rebuilt(path, custody)
    views.must_be_equal()
    tried_again = sum(each.repeated for each in told.acknowledged.values())
    unheard = len(judge.jobs.keys() - told.acknowledged.keys())
    return (
        f"{kills} kills, {before} acknowledged, {judge}, 0 gaps, log verified"
        f" ({verified.size} records, {verified.keys} keys, {verified.opened} opened);"
        f" lost acknowledgements: {tried_again} commands tried again were there already,"
        f" {open_commands} settled at the end, {unheard} looks were there unheard;"
        f" {views.projections} projections of {views.rows} rows: {views.different} differ rebuilt;"
        f" {killing:.0f} s, {time.monotonic() - began - killing:.0f} s to verify"
    )
