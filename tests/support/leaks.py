"""Searches files, byte for byte, for what must not lie there in clear, and proves that it can.

Looked for are names, stored event names, and every run of three consecutive words of recorded texts
as it was written, from the first letter of the first to the last of the third. Letters A to Z match
in either case; everything else must be the very byte. What is shorter than ``SHORTEST`` bytes would
turn up in ciphertext by chance: a run is then searched with the word after it (or before it), a
name is left out, and both are counted, so that nothing is skipped in silence.

``unsealed_copy`` writes everything that the record holds into one file without its seals; the same
search must find there what it does not find in the folder.

Example:
    found = search([folder], names, VOCABULARY, texts)
    assert found.nothing, found
"""

from __future__ import annotations

import re
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from domain.wording import texts_of
from infrastructure.errors import KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.mapper import CONTROL_KEY
from infrastructure.vault.envelope import Kind, open_record
from tests.support.opened import words

SHORTEST = 6
"""Bytes: shorter ones are expected by chance in some tens of megabytes of ciphertext."""
_STEP = 8
_EXAMPLES = 20
_WORD = re.compile(r"\w+(?:['’-]\w+)*")


@dataclass(frozen=True, slots=True)
class Hits:
    """How many different things were searched for, and how many of them were found."""

    searched: int
    found: int

    def __str__(self) -> str:
        return f"{self.found} of {self.searched}"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; ``where`` holds some of it, ``too_short`` what it left out."""

    files: int
    size: int
    names: Hits
    events: Hits
    runs: Hits
    too_short: int
    where: tuple[tuple[Path, str], ...] = field(repr=False)

    @property
    def nothing(self) -> bool:
        """Whether nothing was found."""
        return not (self.names.found or self.events.found or self.runs.found)

    def __str__(self) -> str:
        return (
            f"{self.names} names, {self.events} event names, {self.runs} runs of three words"
            f" in {self.files} files of {self.size / 1e6:.1f} MB ({self.too_short} too short)"
        )


def search(
    places: Iterable[Path], names: Iterable[str], event_names: Iterable[str], texts: Iterable[str]
) -> Found:
    """Search files, and all files in folders, for names, event names and runs of three words."""
    wanted_runs, short_texts = _runs(texts)
    every_name = {_plain(each) for each in names}
    wanted_names = {each for each in every_name if len(each) >= SHORTEST}
    wanted_events = {_plain(each) for each in event_names}
    index = _Index(wanted_names | wanted_events | wanted_runs)
    files = size = 0
    found: dict[bytes, Path] = {}
    for path in _files(places):
        data = path.read_bytes()
        files, size = files + 1, size + len(data)
        for each in index.found_in(data.lower() + b"\0" + _plain(path.name)):
            found.setdefault(each, path)
    return Found(
        files,
        size,
        Hits(len(wanted_names), len(wanted_names & found.keys())),
        Hits(len(wanted_events), len(wanted_events & found.keys())),
        Hits(len(wanted_runs), len(wanted_runs & found.keys())),
        len(every_name - wanted_names) + short_texts,
        tuple((path, each.decode()) for each, path in list(found.items())[:_EXAMPLES]),
    )


def unsealed_copy(folder: OpenFolder, path: Path) -> list[str]:
    """Write every payload and every text of the record into one file in clear; the texts of it."""
    found = []
    with path.open("wb") as file:
        start = 0
        while rows := folder.store.rows(start, 5000):
            start = rows[-1].position + 1
            for row in rows:
                if row.key_id == CONTROL_KEY:
                    continue
                key = folder.vault.keyring.for_opening(row.key_id)
                place = (folder.vault.log_id, row.stream_id, row.version)
                record = row.record or b""
                file.write(open_record(key, Kind(record[5]), *place, record) + b"\n")
                event = folder.record.mapper.open(row).event
                assert event is not None
                for text in texts_of(event):
                    # One that was erased is nowhere, sealed or not.
                    with suppress(KeyGone):
                        found.append(words(folder, text))
                        file.write(found[-1].encode() + b"\n")
    return found


def _plain(words: str) -> bytes:
    return words.encode().lower()


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (each for each in inside if each.is_file())


def _runs(texts: Iterable[str]) -> tuple[set[bytes], int]:
    """The runs of all texts, and how many texts are too short to be told from chance."""
    found: set[bytes] = set()
    short = 0
    for text in texts:
        spans = [match.span() for match in _WORD.finditer(text)]
        for first in range(max(1, len(spans) - 2)):
            run = _run(text, spans, first, min(first + 3, len(spans)))
            if run is None:
                short += 1
            else:
                found.add(run)
    return found, short


def _run(text: str, spans: list[tuple[int, int]], first: int, end: int) -> bytes | None:
    """From the first letter of one word to the last of another, widened until it is long enough."""
    while spans:
        run = _plain(text[spans[first][0] : spans[end - 1][1]])
        if len(run) >= _STEP:
            return run
        if end < len(spans):
            end += 1
        elif first:
            first -= 1
        else:
            return run if len(run) >= SHORTEST else None
    return None


class _Index:
    """Many byte strings to be found in one pass: by their first eight bytes, read as a number.

    Data is read as an array of such numbers at each of eight offsets, and a set does the rest; the
    few strings that are shorter than eight bytes are looked for one by one.
    """

    def __init__(self, wanted: Iterable[bytes]) -> None:
        self._short: list[bytes] = []
        self._long: defaultdict[int, defaultdict[int, set[bytes]]]
        self._long = defaultdict(lambda: defaultdict(set))
        for each in wanted:
            if len(each) < _STEP:
                self._short.append(each)
            else:
                number = int.from_bytes(each[:_STEP], sys.byteorder)
                self._long[number][len(each)].add(each)
        self._numbers = frozenset(self._long)

    def found_in(self, data: bytes) -> set[bytes]:
        """Which of them are in the data."""
        found = {each for each in self._short if each in data}
        for offset in range(_STEP):
            numbers = array("Q")
            end = offset + (len(data) - offset) // _STEP * _STEP
            numbers.frombytes(data[offset:end])
            if self._numbers.isdisjoint(numbers):
                continue
            for place, number in enumerate(numbers):
                if number in self._numbers:
                    start = offset + place * _STEP
                    for length, wanted in self._long[number].items():
                        piece = data[start : start + length]
                        if piece in wanted:
                            found.add(piece)
        return found
