"""Row ``reads``: GET /v1/cases/{id} at 64 connections, from a process of its own.

The ways to serve it run side by side, each in its own process with a clinic of its own, and
only one of them is loaded at a time. Projections stand still meanwhile, as where another process
follows; the last line has the follower in the server's process.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Bench, Finding, Goal, Series, interleaved
from benchmarks.world import File, World, make
from domain.values import ActorId, ActorKind

CONNECTIONS = 64
CLIENTS = 50
EVENTS = 5
_NAME, _PASSWORD = "maria", "three words and a year 1984"  # a clinic that lives for a minute
WAYS = {
    "recorded": "recorded",
    "unrecorded": "unrecorded",
    "alone": "alone",
    "followed": "recorded",
    "broker": "broker",
}


def reads(bench: Bench) -> Iterator[Finding]:
    """Answers a second, recorded beside unrecorded and beside a commit for each."""
    home = bench.folder / "reads"
    token, files = _clinic(home)
    servers = {}
    for way, how in WAYS.items():
        place = bench.folder / way
        shutil.copytree(home, place)
        servers[way] = Server(how, place, follow=way == "followed")
    requests = [_request(file, token) for file in files]
    try:
        for each in servers.values():
            each.wait()
        sides = [
            lambda port=each.port: asyncio.run(load(port, requests, bench.seconds))
            for each in servers.values()
        ]
        found = dict(zip(servers, interleaved(bench.rounds, *sides), strict=True))
    finally:
        for each in servers.values():
            each.stop()
    series = {way: Series("answers/s", values) for way, values in found.items()}
    work = f"recorded read over HTTP, {CONNECTIONS} connections"
    one, none, alone = series["recorded"], series["unrecorded"], series["alone"]
    yield Finding("reads", work, one, Goal(least=0.8), "the same unrecorded", none)
    yield Finding("reads", work, one, Goal(least=2.5), "the same, a commit each", alone)
    followed = "the same, with the follower in the server's process"
    yield Finding("reads", followed, series["followed"], None, "the same unrecorded", none)
    beyond = "the same, with the keys in a broker's process"
    yield Finding("reads", beyond, series["broker"], None, "the keys in the server's own", one)


def _clinic(home: Path) -> tuple[str, list[File]]:
    """A clinic with a therapist's caseload, and her token."""
    world = World()
    clinic = make(home)
    files = [world.file() for _ in range(CLIENTS)]
    writes = [each for file in files for each in world.long_case(file, EVENTS)]
    clinic.folder.record.append_now((world.founding(), *writes), world.who)
    clinic.catch_up()
    accounts, now = clinic.accounts, clinic.clock.now()
    first = accounts.add(_NAME, ActorKind.STAFF, ActorId(world.therapist))
    accounts.change_password(_NAME, first, _PASSWORD, now)
    token, _ = accounts.sign_in(_NAME, _PASSWORD, now)
    clinic.close()
    return token, files


class Server:
    """A server in a process of its own."""

    def __init__(self, way: str, folder: Path, *, follow: bool) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
            self.port: int = listening.getsockname()[1]
            call = [sys.executable, "-m", "benchmarks.server", way, str(folder)]
            call += [str(listening.fileno()), *(["follow"] if follow else [])]
            self._process = subprocess.Popen(call, pass_fds=[listening.fileno()])

    def wait(self) -> None:
        """Until it answers."""
        for _ in range(300):
            assert self._process.poll() is None, "the server has ended"
            with socket.create_connection(("127.0.0.1", self.port)) as there:
                there.settimeout(30)
                there.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                if there.recv(9) == b"HTTP/1.1 ":
                    return
            time.sleep(0.1)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


class Asker(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, requests: list[bytes], turn: int, until: float) -> None:
        self.answers = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._turn = turn
        self._until = until
        self._missing = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Count whole answers; they are small and come in one or two pieces."""
        if not self._missing:
            head, _, body = data.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), data[:300]
            _, _, length = head.lower().partition(b"content-length: ")
            self._missing = int(length.split(b"\r\n", 1)[0]) - len(body)
        else:
            self._missing -= len(data)
        if not self._missing:
            self.answers += 1
            self._ask()

    def connection_lost(self, _: Exception | None) -> None:
        """Nothing more comes."""
        if not self.done.done():
            self.done.set_result(None)

    def _ask(self) -> None:
        assert self._transport is not None
        if time.perf_counter() >= self._until:
            self._transport.close()
            return
        self._turn += 1
        self._transport.write(self._requests[self._turn % len(self._requests)])


async def load(port: int, requests: list[bytes], seconds: float) -> float:
    """Answers a second over all connections."""
    begun = time.perf_counter()
    loop = asyncio.get_running_loop()
    askers: list[Asker] = []
    for number in range(CONNECTIONS):

        def ask(turn: int = number) -> Asker:
            return Asker(requests, turn, begun + seconds)

        _, asker = await loop.create_connection(ask, "127.0.0.1", port)
        askers.append(asker)
    await asyncio.gather(*(each.done for each in askers))
    return sum(each.answers for each in askers) / (time.perf_counter() - begun)


def _request(file: File, token: str) -> bytes:
    lines = [
        f"GET /v1/cases/{file.case} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        "Purpose-Of-Use: TREAT",
        "",
        "",
    ]
    return "\r\n".join(lines).encode()
