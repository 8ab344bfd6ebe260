"""The whole list of attacks, and how one of them is run: on a clinic made for it alone."""

from __future__ import annotations

import logging
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

# Each of them enters its attacks into the list.
from tests.redteam import (
    altered_keys,
    broker,
    brought_back,
    checkpoints,
    ended_keys,
    finding,
    keys_and_access,
    log_layer,
    record_layer,
    replaced_keys,
    rotations,
    shredded,
    shreds,
)
from tests.redteam.harness import ATTACKS, NUMBERS, PREFIX, WAITING, Attack, Site, Waiting
from tests.support import ink

LAYERS = (
    record_layer,
    log_layer,
    checkpoints,
    keys_and_access,
    finding,
    broker,
    replaced_keys,
    ended_keys,
    altered_keys,
    rotations,
    shredded,
    shreds,
    brought_back,
)


@dataclass(frozen=True, slots=True)
class Result:
    """How an attack went: the code under which it was found, and where it went astray, the trace.

    An error that nobody thought of is no detection.
    """

    attack: Attack
    found: str
    seconds: float
    trace: str = ""

    @property
    def good(self) -> bool:
        """Whether it was found, and under the code that it has to be found under."""
        return self.attack.met(self.found)


def attacks(only: frozenset[int] = frozenset(NUMBERS)) -> list[Attack]:
    """The attacks that are run, in their order."""
    return [ATTACKS[number] for number in sorted(only & ATTACKS.keys())]


def waiting(only: frozenset[int] = frozenset(NUMBERS)) -> list[Waiting]:
    """What waits for a later issue, whole attacks and parts of some, in their order."""
    parts = {
        each.number: Waiting(each.number, "in part", each.later)
        for each in ATTACKS.values()
        if each.later
    }
    every = {**parts, **WAITING}
    return [every[number] for number in sorted(only & every.keys())]


def run(attack: Attack) -> Result:
    """Run an attack on a fresh clinic."""
    begun, trace = time.perf_counter(), ""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as place, _listening() as told:
        try:
            with closing(Site(Path(place))) as site:
                found = attack.run(site)
        except Exception as error:  # noqa: BLE001 - told as what it is: no detection
            found, trace = f"stray {type(error).__name__}", traceback.format_exc()
        if any(ink.CANARY in each for each in told):
            found = "plaintext in the journal"
    return Result(attack, found, time.perf_counter() - begun, trace)


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What goes to the journal while an attack is run; an alarm is no news here."""
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(handler.format(record))  # type: ignore[method-assign]
    journal = logging.getLogger()
    journal.addHandler(handler)
    try:
        yield told
    finally:
        journal.removeHandler(handler)
