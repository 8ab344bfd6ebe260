"""Small logs that are witnessed, and servers on loopback: ours, and hostile ones by hand."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.witness import create_witness_app
from infrastructure.anchor.witness import Submission, Witness
from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.merkle import EMPTY_ROOT, CompactRange, consistency_proof, leaf_hash
from infrastructure.ledger.note import ED25519, Note, SignatureLine, Signer

ORIGIN = "clinic.example/log/1"
NOW = 1_800_000_000
PATIENCE = 10


@cache
def _tree(branch: str, fork: int, size: int) -> tuple[tuple[bytes, ...], bytes]:
    """Leaves and root; from the fork on, the leaves are those of the branch."""
    leaves = tuple(
        leaf_hash(f"{number if number < fork else branch + str(number)}".encode())
        for number in range(size)
    )
    grown = CompactRange()
    grown.extend(leaves)
    return leaves, grown.root() if size else EMPTY_ROOT


class WitnessedLog:
    """A log whose leaves are its numbers, and which may show another branch from some leaf on."""

    def __init__(self, origin: str = ORIGIN, seed: bytes = b"\x01" * 32) -> None:
        self.signer = Signer(origin, ED25519, seed)
        self.vkey = self.signer.verifier.vkey()

    def checkpoint(self, size: int, branch: str = "", fork: int = 0) -> Checkpoint:
        return Checkpoint(self.signer.name, size, _tree(branch, fork, size)[1])

    def note(self, size: int, branch: str = "", fork: int = 0) -> Note:
        return signed(self.checkpoint(size, branch, fork), self.signer)

    def prove(self, old: int, new: int, branch: str = "", fork: int = 0) -> tuple[bytes, ...]:
        return consistency_proof(_tree(branch, fork, new)[0], old, new)

    def body(self, old: int, new: int, branch: str = "", fork: int = 0) -> bytes:
        """A request: honest, or with the proof that the other branch would have."""
        proof = self.prove(old, new, branch, fork) if 0 < old < new else ()
        return self.submission(old, proof, self.note(new, branch, fork))

    def submission(self, old: int, proof: tuple[bytes, ...], note: Note) -> bytes:
        return Submission(old, proof, note, Checkpoint.parse(note.text)).encode()


def stranger(number: int, text: str = "") -> SignatureLine:
    """A line of a key that nobody knows."""
    blob = bytes([number]) * 64 + text.encode()
    return SignatureLine(f"stranger.example/{number}", bytes([number]) * 4, blob)


def secret_of(file: Path) -> str:
    """What is secret in a key file: what follows the first words, the name and the key id."""
    return file.read_text().strip().split("+", 4)[4]


def free_port() -> int:
    """A port of the loopback that is free at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number: int = found.getsockname()[1]
        return number


@contextmanager
def serving(app: ASGIApp, **how: Path) -> Iterator[int]:
    """An application on loopback, in a thread; its port."""
    config = uvicorn.Config(
        app,
        port=0,
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=1,
        ssl_certfile=how.get("certificate"),
        ssl_keyfile=str(how["key"]) if "key" in how else None,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + PATIENCE
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < until
        time.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


class Stage:
    """An application that is another one in each test: one server is enough for many of them."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@contextmanager
def serving_witness(folder: Path, log: WitnessedLog, name: str) -> Iterator[tuple[Witness, str]]:
    """A witness that knows a log, and its URL."""
    witness = Witness.create(folder, name)
    witness.trust(log.vkey)
    try:
        with serving(create_witness_app(witness)) as port:
            yield witness, f"http://127.0.0.1:{port}"
    finally:
        witness.close()


class Request(NamedTuple):
    """What a server by hand was asked."""

    head: bytes
    body: bytes


class Hostile:
    """A server by hand: it does what it is told with each connection, and counts them."""

    def __init__(self, act: Callable[[socket.socket], None]) -> None:
        self._act = act
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.requests: list[Request] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connected,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connected: socket.socket) -> None:
        connected.settimeout(PATIENCE)
        with connected:
            try:
                self.requests.append(_whole_request(connected))
                self._act(connected)
            except OSError:
                # Whoever asked has gone: it need not hear the rest.
                return


def _whole_request(connected: socket.socket) -> Request:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connected.recv(65536)
        if not more:
            raise ConnectionError
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    [length] = [
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    ]
    while len(body) < length:
        body += connected.recv(65536)
    return Request(head, body)


def answering(status: str, body: bytes = b"", *headers: str) -> Callable[[socket.socket], None]:
    """Answer once, in form."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return lambda connected: connected.sendall("\r\n".join(lines).encode() + body)
