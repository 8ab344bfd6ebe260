"""What a log asks of its witnesses: their cosignatures, within a bounded time, and nothing else.

- Each URL of the policy is asked once, in a thread of its own, however many keys it has.
- A witness that says it stands at another size is asked once more with that size, and never again.
- Everything from a witness is bounded in time and in bytes, redirects are not followed, and no
  witness, whatever it answers, makes this raise or take longer than it was given.
- Only a cosignature by a key of that very witness, over this very checkpoint, with a time that has
  come, is handed on: one bad line would spoil the note for everybody who verifies it.

What is missing is told as a code for each witness, by its name in the policy:

```
E-WITNESS-DOWN  no answer in time, or one that is none: an error, a redirect, 409 again and again
E-PARSE         an answer that is not of the form it must have, or our request was not of theirs
E-AUTH          the log or its key is unknown there; or no good cosignature of this key was given
E-TIME          a cosignature without a time, or of a time that has not come
E-ROLLBACK      the witness says that it has cosigned a larger tree than this one
E-FORK          the witness says that it has cosigned a tree that this one does not continue
```

The last two are what a witness says and prove nothing: they are a reason to look, and to alarm.

Source:
    C2SP tlog-witness; docs of the design: security, section 2.5.
"""

from __future__ import annotations

import io
import ssl
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from http.client import HTTPConnection, HTTPSConnection
from queue import Empty, SimpleQueue
from socket import socket
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from infrastructure.anchor.witness import SIZE_TYPE, TEXT_TYPE, Submission
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import Code, LedgerError, NoteRefused, SignatureRefused
from infrastructure.ledger.note import Note, SignatureLine, parse_signature_lines, read_decimal
from infrastructure.ledger.trust import Trust, Witness

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_ANSWER_SIZE = 64 * 1024
"""Bytes of an answer, its head among them."""
SKEW_S = 300
"""How far the clock of a witness may be ahead of ours; as whoever judges the note allows."""

_CODES: Mapping[int, Code] = {400: "E-PARSE", 403: "E-AUTH", 404: "E-AUTH", 422: "E-FORK"}
_CONFLICT = 409
_GOOD = 200
_PORTS = {"http": 80, "https": 443}

Prove: TypeAlias = Callable[[int, int], Sequence[bytes]]
"""`prove(old, new)`: that the tree of `old` leaves, from 1 below `new`, begins that of `new`."""


class Reply(NamedTuple):
    """What came back over HTTP."""

    status: int
    content_type: str
    body: bytes


Fetch: TypeAlias = Callable[[str, bytes, float], Reply]
"""`fetch(url, body, deadline)`: see `post`."""


class Gathered(NamedTuple):
    """Good cosignatures, in the order of the policy, and a code for each that is missing."""

    lines: tuple[SignatureLine, ...]
    failures: Mapping[str, str]


def post(
    url: str, body: bytes | None, deadline: float, *, context: ssl.SSLContext | None = None
) -> Reply:
    """Post a body to a URL, or get it without one; read the answer by a deadline.

    The deadline is one of the monotonic clock.

    Raises:
        OSError, HTTPException, ValueError: there is no answer in time, or none that can be read.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("URL: expected http or https, a host and a path")
    port = parts.port or _PORTS[parts.scheme]
    seconds = _left_until(deadline)
    connection = (
        HTTPConnection(parts.hostname, port, timeout=seconds)
        if parts.scheme == "http"
        else HTTPSConnection(parts.hostname, port, timeout=seconds, context=context)
    )
    connection.connect()
    connected: socket = connection.sock
    with connected:
        connection.sock = _Bounded(connected, deadline)
        headers = {"Content-Type": TEXT_TYPE, "Connection": "close"}
        connection.request("GET" if body is None else "POST", parts.path, body, headers)
        response = connection.getresponse()
        kind = response.getheader("Content-Type", "").partition(";")[0].strip().lower()
        return Reply(response.status, kind, response.read())


def gather(
    note: bytes,
    trust: Trust,
    sizes: MutableMapping[str, int],
    prove: Prove,
    *,
    seconds: float,
    fetch: Fetch = post,
) -> Gathered:
    """Ask the witnesses of a policy that have a URL to cosign a checkpoint that its log has signed.

    `sizes` holds the size that each witness last cosigned, by its name in the policy, and is
    brought up to date; it may be empty, which costs a question more. `prove` is called in this
    thread.

    Raises:
        NoteRefused: the note is not that of a checkpoint, or its log has not signed it.
    """
    parsed = Note.parse(note)
    checkpoint = Checkpoint.parse(parsed.text)
    # Cosignatures that are there already say nothing to a witness, and there may be many.
    own = tuple(line for line in parsed.signatures if line.name == checkpoint.origin)
    gathering = _Gathering(Note(parsed.text, own), sizes, prove, fetch, time.monotonic() + seconds)
    for url, witnesses in _by_url(trust).items():
        known = max(sizes.get(each.name, 0) for each in witnesses)
        gathering.ask(_Question(url, witnesses, min(known, checkpoint.size)))
    gathering.take_all()
    names = (each.name for each in trust.witnesses)
    lines = tuple(gathering.lines[name] for name in names if name in gathering.lines)
    return Gathered(lines, gathering.failures)


class _Question(NamedTuple):
    """What one URL is asked: to cosign what continues the tree of `old` leaves."""

    url: str
    witnesses: tuple[Witness, ...]
    old: int
    repeated: bool = False


class _Failed(Exception):
    """Nothing good comes from a witness, or from one of its keys."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class _Gathering:
    """One checkpoint on its way round the witnesses."""

    __slots__ = (
        "_checkpoint",
        "_deadline",
        "_fetch",
        "_note",
        "_open",
        "_prove",
        "_replies",
        "_sizes",
        "failures",
        "lines",
    )

    def __init__(
        self,
        note: Note,
        sizes: MutableMapping[str, int],
        prove: Prove,
        fetch: Fetch,
        deadline: float,
    ) -> None:
        self.lines: dict[str, SignatureLine] = {}
        self.failures: dict[str, str] = {}
        self._note = note
        self._checkpoint = Checkpoint.parse(note.text)
        self._sizes = sizes
        self._prove = prove
        self._fetch = fetch
        self._deadline = deadline
        self._open: dict[str, _Question] = {}
        self._replies = SimpleQueue[tuple[str, Reply | None]]()

    def ask(self, question: _Question) -> None:
        """Begin to ask; the reply comes into the queue, or is waited for in vain."""
        old, new = question.old, self._checkpoint.size
        try:
            proof = tuple(self._prove(old, new)) if 0 < old < new else ()
        except LedgerError as error:
            self._fail(question, error.code)
            return
        body = Submission(old, proof, self._note, self._checkpoint).encode()
        arguments = (self._fetch, question.url, body, self._deadline, self._replies)
        self._open[question.url] = question
        Thread(target=_fetch_into, args=arguments, name="witness", daemon=True).start()

    def take_all(self) -> None:
        """Take the replies as they come, until there are none to come or the time is over."""
        while self._open:
            try:
                url, reply = self._replies.get(timeout=max(0.0, self._deadline - time.monotonic()))
            except Empty:
                break
            question = self._open.pop(url)
            try:
                self._take(question, reply)
            except _Failed as failed:
                self._fail(question, failed.code)
        for question in self._open.values():
            self._fail(question, "E-WITNESS-DOWN")

    def _take(self, question: _Question, reply: Reply | None) -> None:
        if reply is None:
            raise _Failed("E-WITNESS-DOWN")
        if reply.status == _CONFLICT:
            old = _conflicting_size(reply, question.old, self._checkpoint.size)
            if question.repeated:
                raise _Failed("E-WITNESS-DOWN")
            self.ask(question._replace(old=old, repeated=True))
            return
        if reply.status != _GOOD:
            raise _Failed(_CODES.get(reply.status, "E-WITNESS-DOWN"))
        lines = _read_lines(reply.body)
        for witness in question.witnesses:
            try:
                line = _cosignature(lines, witness, self._note.text)
            except _Failed as failed:
                self.failures[witness.name] = failed.code
            else:
                self.lines[witness.name] = line
                self._sizes[witness.name] = self._checkpoint.size

    def _fail(self, question: _Question, code: str) -> None:
        self.failures.update((witness.name, code) for witness in question.witnesses)


def _by_url(trust: Trust) -> dict[str, tuple[Witness, ...]]:
    found = dict[str, tuple[Witness, ...]]()
    for witness in trust.witnesses:
        if witness.url is not None:
            found[witness.url] = (*found.get(witness.url, ()), witness)
    return found


def _fetch_into(
    fetch: Fetch,
    url: str,
    body: bytes,
    deadline: float,
    replies: SimpleQueue[tuple[str, Reply | None]],
) -> None:
    try:
        reply = fetch(f"{url.rstrip('/')}/add-checkpoint", body, deadline)
    except Exception:  # noqa: BLE001 - whatever is wrong with a witness, the log goes on
        replies.put((url, None))
    else:
        replies.put((url, reply))


def _conflicting_size(reply: Reply, old: int, new: int) -> int:
    """Read the size at which a witness says that it stands, and that one could go on from."""
    try:
        text = reply.body.decode("ascii")
        found = read_decimal(text.removesuffix("\n"))
    except (NoteRefused, UnicodeDecodeError) as error:
        raise _Failed("E-PARSE") from error
    if reply.content_type != SIZE_TYPE or not text.endswith("\n"):
        raise _Failed("E-PARSE")
    if found > new:
        raise _Failed("E-ROLLBACK")
    if found == old:
        # At this very size there is nothing to disagree about but the root.
        raise _Failed("E-FORK" if old == new else "E-PARSE")
    return found


def _read_lines(body: bytes) -> tuple[SignatureLine, ...]:
    try:
        return parse_signature_lines(body)
    except NoteRefused as error:
        raise _Failed("E-PARSE") from error


def _cosignature(lines: Sequence[SignatureLine], witness: Witness, text: str) -> SignatureLine:
    """Find the one good line of a witness's key among lines of any keys."""
    key = witness.verifier
    found = [line for line in lines if (line.name, line.key_id) == (key.name, key.key_id)]
    if len(found) != 1:
        raise _Failed("E-AUTH")
    try:
        time_s = key.verify(text.encode(), found[0].blob)
    except SignatureRefused as error:
        raise _Failed("E-AUTH") from error
    if not time_s or time_s > time.time() + SKEW_S:
        raise _Failed("E-TIME")
    return found[0]


class _Bounded:
    """A connected socket, as `http.client` uses one, that ends at a deadline and after some bytes.

    A timeout of the socket alone begins anew with every byte that drips in.
    """

    def __init__(self, connected: socket, deadline: float) -> None:
        self._connected = connected
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._connected.settimeout(_left_until(self._deadline))
        self._connected.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._connected, self._deadline))

    def close(self) -> None:
        """Leave it open: it is closed where it was opened, when the answer has been read."""


class _Incoming(io.RawIOBase):
    """The bytes that come in over a socket, by a deadline and not too many."""

    def __init__(self, connected: socket, deadline: float) -> None:
        self._connected = connected
        self._deadline = deadline
        self._left = MAX_ANSWER_SIZE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._connected.settimeout(_left_until(self._deadline))
        count = self._connected.recv_into(buffer)
        self._left -= count
        if self._left < 0:
            raise OSError("answer: expected fewer bytes")
        return count


def _left_until(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("answer: expected one in time")
    return left
