"""Processes of many threads that write to one file at the same time, and what they leave, judged.

Each thread goes round through three kinds of appends:

- *own*: to a stream of its own, after the version that it wrote last: never refused;
- *shared*: to one of a few streams that all threads of all processes write to, after the version
  that it has just read: refused when, and only when, another took that version meanwhile; then it
  reads again and tries again under the same command id;
- *both*: a command that the same thread of the other process gives too, in a stream where no
  version would stop it, now and then for a client whose keys neither process has yet.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from domain.confidentiality import Owner, OwnerKind
from domain.errors import Stale
from domain.events.client import ClientContactChanged
from domain.ports import Write
from domain.values import ClientId, Command
from infrastructure.folder import OpenFolder, open_with
from infrastructure.layout import Layout
from infrastructure.ledger.check import Audit
from infrastructure.mapper import CONTROL_KEY
from infrastructure.vault.custody import unlock
from infrastructure.verify import Verified, verify_folder
from tests.support.jobs import SLOTS, circumstances, ident, standing_client
from tests.support.writers import PASSPHRASE, ROOT, found

SHARED = 4
"""Streams that everybody writes to."""
NEW_CLIENT_EVERY = 25


@dataclass
class Report:
    """What the threads of one process were told: acknowledged appends, and refused ones."""

    acknowledged: list[tuple[str, int, bool]] = field(default_factory=list)
    """Name, position, and whether it had been written before."""
    refused: list[tuple[str, str, int, int]] = field(default_factory=list)
    """Name, stream, the version that it was to follow, and the one that the stream had."""
    wrong: list[str] = field(default_factory=list)


class _Rival:
    """One process."""

    def __init__(self, folder: OpenFolder, process: int) -> None:
        self.report = Report()
        self._folder = folder
        self._process = process

    def run(self, threads: int, seconds: float) -> None:
        until = time.monotonic() + seconds
        running = [threading.Thread(target=self._thread, args=(n, until)) for n in range(threads)]
        for each in running:
            each.start()
        for each in running:
            each.join()

    def _thread(self, thread: int, until: float) -> None:
        try:
            step = 0
            while time.monotonic() < until:
                self._own(thread, step)
                self._shared(thread, step)
                self._both(thread, step)
                step += 1
        except Exception as error:  # noqa: BLE001 - told, and the test fails
            self.report.wrong.append(repr(error))

    def _own(self, thread: int, step: int) -> None:
        name = f"own {self._process} {thread} {step}"
        self._append(name, thread, ident("own", self._process, thread), step)

    def _shared(self, thread: int, step: int) -> None:
        name = f"shared {self._process} {thread} {step}"
        stream = ident("shared", (thread + step) % SHARED)
        while True:
            version = self._folder.store.version(bytes.fromhex(stream))
            try:
                self._append(name, thread, stream, version)
            except Stale as refused:
                self.report.refused.append((name, stream, version, refused.current))
            else:
                return

    def _both(self, thread: int, step: int) -> None:
        name = f"both {thread} {step}"
        new = step % NEW_CLIENT_EVERY == 0
        client = ClientId(ident("new client", thread, step)) if new else None
        self._append(name, thread, ident("both", thread), None, client)

    def _append(
        self, name: str, thread: int, stream: str, after: int | None, client: ClientId | None = None
    ) -> None:
        slot = thread % SLOTS
        owner = client or standing_client(slot)
        write = Write(
            stream,
            (ClientContactChanged(email=name),),
            Owner(OwnerKind.CLIENT, owner),
            after,
            concerning=(owner,),
        )
        command = Command(name, sha256(name.encode()).digest())
        who = circumstances(slot, name)
        receipt = self._folder.record.append_now((write,), who, command=command)
        self.report.acknowledged.append((name, receipt.first, receipt.repeated))


def rivalry(path: Path, *, processes: int, threads: int, seconds: float) -> str:
    """The figures of so many processes and threads; all that may not be is asserted on the way."""
    custody = found(path)
    with closing(open_with(path, custody)) as folder:
        before = folder.store.standing().size
    began = time.monotonic()
    reports = _run(path, processes, threads, seconds)
    wrote = time.monotonic() - began
    with closing(open_with(path, custody)) as folder:
        judged = _judge(folder, reports)
        verified: Verified = verify_folder(folder)
    rate = (verified.size - before) / wrote
    return (
        f"{processes} processes of {threads} threads for {seconds:.0f} s: {judged}; positions 0 to"
        f" {verified.size - 1} dense, log verified, {rate:.0f} records a second"
    )


def _run(path: Path, processes: int, threads: int, seconds: float) -> list[Report]:
    command = [sys.executable, "-m", "tests.support.rivals", str(path)]
    running = [
        subprocess.Popen(
            [*command, str(number), str(threads), str(seconds)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "open\n"
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    told = [each.communicate()[0] for each in running]
    assert [each.returncode for each in running] == [0] * processes
    return [Report(**json.loads(each)) for each in told]


def _judge(folder: OpenFolder, reports: Sequence[Report]) -> str:
    """Compare what was told with what is there."""
    wrong = [each for report in reports for each in report.wrong]
    assert not wrong, wrong[:3]
    places, owners_of_versions, makings = _places(folder)
    acknowledged = [each for report in reports for each in report.acknowledged]
    names = {name for name, _, _ in acknowledged}
    lost = [name for name, position, _ in acknowledged if places.get(name) != [position]]
    twice = [name for name, found in places.items() if len(found) != 1]
    strangers = places.keys() - names
    assert not lost, lost[:3]
    assert not twice, twice[:3]
    assert not strangers, sorted(strangers)[:3]
    makings = +makings
    assert set(makings.values()) == {1}
    refused = [each for report in reports for each in report.refused]
    for name, stream, after, current in refused:
        # Somebody else's event stands where this one was to stand, and the stream was that long.
        assert current > after
        assert owners_of_versions[stream, after + 1] not in (None, name)
        assert owners_of_versions[stream, current] is not None
    assert not any(name.startswith("own") for name, *_ in refused)
    times = Counter(name for name, _, _ in acknowledged if name.startswith("both"))
    repeated = sum(again for _, _, again in acknowledged)
    from_both = sum(count == len(reports) for count in times.values())
    assert repeated == sum(count - 1 for count in times.values())
    return (
        f"{len(names)} events acknowledged, 0 lost, 0 twice; {len(refused)} appends refused, each"
        f" with another's event in its place, none of them to a stream of one's own;"
        f" {from_both} commands given by every process and written once;"
        f" {len(makings)} keys made, each once"
    )


def _places(
    folder: OpenFolder,
) -> tuple[dict[str, list[int]], dict[tuple[str, int], str | None], Counter[bytes]]:
    """Positions by name, names by stream and version, and how often each key's making stands."""
    places: dict[str, list[int]] = {}
    versions: dict[tuple[str, int], str | None] = {}
    makings: Counter[bytes] = Counter()
    audit, kinds = Audit(folder.genesis.log_id, append_key=folder.append_key), _KINDS
    while rows := folder.store.rows(audit.size, 5000):
        for row in rows:
            audit.feed(row)
            if row.key_id == CONTROL_KEY:
                makings[row.stream_id] += row.stream_id != folder.genesis.log_id
                continue
            name = folder.record.mapper.open(row).who.request
            if name.startswith(kinds):
                places.setdefault(name, []).append(row.position)
                versions[row.stream_id.hex(), row.version] = name
    return places, versions, makings


_KINDS = ("own ", "shared ", "both ")


def main(arguments: Sequence[str], tell: Callable[[str], None]) -> None:
    """``FOLDER NUMBER THREADS SECONDS``: write when told to go, then tell what was told."""
    path, number, threads, seconds = arguments
    custody = unlock(Layout(Path(path)).keyfile, PASSPHRASE)
    with closing(open_with(Path(path), custody)) as folder:
        rival = _Rival(folder, int(number))
        tell("open\n")
        sys.stdin.readline()
        rival.run(int(threads), float(seconds))
    report = rival.report
    tell(
        json.dumps(
            {
                "acknowledged": report.acknowledged,
                "refused": report.refused,
                "wrong": report.wrong,
            }
        )
    )


def _tell(words: str) -> None:
    sys.stdout.write(words)
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:], _tell)
