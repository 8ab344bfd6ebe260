"""A log asks its witnesses: good ones are heard, and no bad one costs more than its time."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.http.witness import create_witness_app
from infrastructure.anchor.gather import MAX_ANSWER_SIZE, Gathered, Reply, gather, post
from infrastructure.anchor.witness import Submission, Witness, policy_lines
from infrastructure.ledger.checkpoint import cosigned
from infrastructure.ledger.errors import NoteRefused, TileRefused
from infrastructure.ledger.note import COSIGNATURE_ED25519, Note, Signer, has_ml_dsa
from infrastructure.ledger.trust import Trust
from tests.support.witnesses import (
    NOW,
    ORIGIN,
    PATIENCE,
    Hostile,
    Stage,
    WitnessedLog,
    answering,
    free_port,
    serving,
    serving_witness,
    stranger,
)

LOG = WitnessedLog()
NOTE = LOG.note(9)
KEYS = 2 if has_ml_dsa() else 1
SECONDS = 5.0
SHORT = 0.8
"""For those who never answer."""
SLACK = 1.5
GOOD_NAME, BAD_NAME = "good.example/w", "bad.example/w"
BAD = Signer(BAD_NAME, COSIGNATURE_ED25519, b"\x42" * 32)
OTHER = Signer("third.example/w", COSIGNATURE_ED25519, b"\x43" * 32)
HEAD = b"HTTP/1.1 200 OK\r\n"
Act = Callable[[socket.socket], None]
Good = tuple[Witness, str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Good]:
    """An honest witness and its URL; it has followed the log to 9 leaves."""
    folder = tmp_path_factory.mktemp("served") / "witness"
    with serving_witness(folder, LOG, GOOD_NAME) as found:
        found[0].add_checkpoint(LOG.body(0, 9), int(time.time()))
        yield found


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Stage, str]]:
    with serving(empty := Stage()) as port:
        yield empty, f"http://127.0.0.1:{port}"


@pytest.fixture
def fresh(stage: tuple[Stage, str], tmp_path: Path) -> Iterator[Good]:
    """An honest witness of the test's own, that has cosigned nothing."""
    with closing(Witness.create(tmp_path / "witness", GOOD_NAME)) as witness:
        witness.trust(LOG.vkey)
        stage[0].app = create_witness_app(witness)
        yield witness, stage[1]


@pytest.fixture
def hostile() -> Iterator[Callable[[Act], Hostile]]:
    """Servers that do what they are told, closed after the test."""
    with ExitStack() as opened:

        def open_one(act: Act) -> Hostile:
            server = Hostile(act)
            opened.callback(server.close)
            return server

        yield open_one


def policy(*lines: str, quorum: str = "none") -> Trust:
    text = "".join(f"{line}\n" for line in (f"log {LOG.vkey}", *lines, f"quorum {quorum}"))
    return Trust.parse(text.encode())


def line_of(signer: Signer, url: str) -> str:
    return f"witness {signer.name} {signer.verifier.vkey()} {url}"


def bad(url: str) -> Trust:
    return policy(line_of(BAD, url))


def ask(
    trust: Trust,
    sizes: dict[str, int] | None = None,
    note: Note = NOTE,
    seconds: float = SECONDS,
) -> Gathered:
    return gather(note.encode(), trust, {} if sizes is None else sizes, LOG.prove, seconds=seconds)


def cosignature(signer: Signer = BAD, size: int = 9, time_s: int | None = None) -> bytes:
    at = int(time.time()) if time_s is None else time_s
    return cosigned(LOG.checkpoint(size), signer, at).encode()


# Good witnesses


def test_what_good_witnesses_give_makes_the_quorum(fresh: Good, tmp_path: Path) -> None:
    first, url = fresh
    with serving_witness(tmp_path / "second", LOG, "second.example/w") as (second, other):
        lines = (*policy_lines(first.verifiers, url), *policy_lines(second.verifiers, other))
        names = ["good.example/w", "good.example/w-pq", "second.example/w", "second.example/w-pq"]
        if KEYS == 1:
            names = names[::2]
        groups = ("good.example/w-any", "second.example/w-any") if KEYS == 2 else names
        trust = policy(*lines, f"group both all {' '.join(groups)}", quorum="both")
        sizes: dict[str, int] = {}
        for size in (4, 9, 9, 10):
            note = LOG.note(size)
            found = ask(trust, sizes, note)
            assert not found.failures
            whole = note.with_signatures(*found.lines)
            judged = trust.require(whole.encode(), now_s=int(time.time()))
            assert list(judged.witnesses) == names
            assert [line.name for line in found.lines] == [
                each.verifier.name for each in trust.witnesses
            ]
            assert sizes == dict.fromkeys(names, size)


def test_a_witness_with_two_keys_is_asked_once(hostile: Callable[[Act], Hostile]) -> None:
    both = cosignature(BAD) + cosignature(OTHER)
    server = hostile(answering("200 OK", both))
    trust = policy(line_of(BAD, server.url), line_of(OTHER, server.url))
    found = ask(trust)
    assert len(server.requests) == 1
    assert len(found.lines) == 2
    assert not found.failures


def test_a_witness_without_a_url_is_not_asked_and_does_not_fail() -> None:
    trust = policy(f"witness w {BAD.verifier.vkey()}")
    assert ask(trust) == Gathered((), {})


@pytest.mark.parametrize("remembered", [None, 3, 9, 1000])
def test_whatever_size_is_remembered_the_witness_says_where_it_stands(
    fresh: Good, remembered: int | None
) -> None:
    witness, url = fresh
    witness.add_checkpoint(LOG.body(0, 5), NOW - 10_000_000)
    trust = policy(*policy_lines(witness.verifiers, url))
    names = [each.name for each in trust.witnesses]
    sizes = {} if remembered is None else dict.fromkeys(names, remembered)
    found = ask(trust, sizes)
    assert len(found.lines) == KEYS
    assert not found.failures
    assert sizes == dict.fromkeys(names, 9)


def test_the_request_carries_no_cosignatures_and_only_the_proof(
    hostile: Callable[[Act], Hostile],
) -> None:
    server = hostile(answering("200 OK", cosignature()))
    crowded = NOTE.with_signatures(stranger(1), cosigned(LOG.checkpoint(9), OTHER, NOW))
    assert len(ask(bad(server.url), {BAD_NAME: 4}, crowded).lines) == 1
    [request] = server.requests
    assert request.body == LOG.body(4, 9)


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_path_of_a_url_is_what_the_request_goes_below(
    hostile: Callable[[Act], Hostile], slash: str
) -> None:
    server = hostile(answering("200 OK", cosignature()))
    assert ask(bad(f"{server.url}/prefix/w1{slash}")).lines
    [request] = server.requests
    assert request.head.startswith(b"POST /prefix/w1/add-checkpoint HTTP/1.1\r\n")


def test_a_witness_over_tls_must_have_a_certificate_that_is_trusted(
    tmp_path: Path,
) -> None:
    certificate, key = self_signed(tmp_path)
    with (
        closing(Witness.create(tmp_path / "witness", GOOD_NAME)) as witness,
        serving(create_witness_app(witness), certificate=certificate, key=key) as port,
    ):
        witness.trust(LOG.vkey)
        trust = policy(*policy_lines(witness.verifiers, f"https://127.0.0.1:{port}"))
        assert set(ask(trust).failures.values()) == {"E-WITNESS-DOWN"}
        assert witness.latest(ORIGIN) is None
        trusting = partial(post, context=ssl.create_default_context(cafile=certificate))
        found = gather(NOTE.encode(), trust, {}, LOG.prove, seconds=SECONDS, fetch=trusting)
        assert len(found.lines) == KEYS


# What a witness says against the log


def test_a_tree_that_the_witness_has_seen_otherwise_is_a_fork(fresh: Good) -> None:
    witness, url = fresh
    witness.add_checkpoint(LOG.body(0, 9, "other", 3), NOW)
    trust = policy(*policy_lines(witness.verifiers, url))
    for remembered in (0, 9):
        sizes = dict.fromkeys((each.name for each in trust.witnesses), remembered)
        found = ask(trust, sizes)
        assert not found.lines
        assert set(found.failures.values()) == {"E-FORK"}
        assert set(sizes.values()) == {remembered}
    assert len(witness.evidence()) == 1


def test_a_tree_that_does_not_continue_the_one_of_the_witness_is_a_fork(fresh: Good) -> None:
    witness, url = fresh
    witness.add_checkpoint(LOG.body(0, 6, "other", 3), NOW)
    found = ask(policy(*policy_lines(witness.verifiers, url)))
    assert set(found.failures.values()) == {"E-FORK"}


def test_a_witness_that_has_seen_a_larger_tree_tells_of_a_rollback(fresh: Good) -> None:
    witness, url = fresh
    witness.add_checkpoint(LOG.body(0, 12), NOW)
    trust = policy(*policy_lines(witness.verifiers, url))
    for sizes in ({}, {GOOD_NAME: 12}):
        found = ask(trust, sizes)
        assert not found.lines
        assert set(found.failures.values()) == {"E-ROLLBACK"}


def test_a_log_that_a_witness_does_not_know_is_told_so(tmp_path: Path) -> None:
    with serving_witness(tmp_path / "w", WitnessedLog("other.example"), GOOD_NAME) as (own, url):
        trust = policy(*policy_lines(own.verifiers, url))
        assert set(ask(trust).failures.values()) == {"E-AUTH"}
        own.trust(WitnessedLog(ORIGIN, b"\x07" * 32).vkey)
        assert set(ask(trust).failures.values()) == {"E-AUTH"}


# Bad witnesses


def conflict(size: object, kind: str = "text/x.tlog.size", end: str = "\n") -> Act:
    return answering("409 Conflict", f"{size}{end}".encode(), f"Content-Type: {kind}")


def raw(*pieces: bytes) -> Act:
    def act(connected: socket.socket) -> None:
        for piece in pieces:
            connected.sendall(piece)

    return act


def endless(begun: bytes, piece: bytes, pause: float = 0.0) -> Act:
    """Send something, and then something over and over, as long as somebody listens."""

    def act(connected: socket.socket) -> None:
        connected.sendall(begun)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            connected.sendall(piece)
            time.sleep(pause)

    return act


def one_after_the_other(*acts: Act) -> Act:
    left = iter(acts)

    def act(connected: socket.socket) -> None:
        next(left)(connected)

    return act


def silent(connected: socket.socket) -> None:
    while connected.recv(65536):
        pass


def reset(connected: socket.socket) -> None:
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def late(connected: socket.socket) -> None:
    time.sleep(SHORT + 0.1)
    answering("200 OK", cosignature())(connected)


TEXT = NOTE.text.encode()
BROKEN_LINE = cosigned(LOG.checkpoint(8), BAD, NOW).encode()
ANSWERS: dict[str, tuple[str, Act]] = {
    "an error": ("E-WITNESS-DOWN", answering("500 Internal Server Error", b"sorry")),
    "busy": ("E-WITNESS-DOWN", answering("503 Service Unavailable")),
    "no content": ("E-WITNESS-DOWN", answering("204 No Content")),
    "a request that is not taken": ("E-PARSE", answering("400 Bad Request")),
    "a proof that is not taken": ("E-FORK", answering("422 Unprocessable Entity")),
    "a key that is not known": ("E-AUTH", answering("403 Forbidden")),
    "an empty answer": ("E-PARSE", answering("200 OK")),
    "a page": ("E-PARSE", answering("200 OK", b"<html>hello</html>\n")),
    "bytes": ("E-PARSE", answering("200 OK", bytes(range(256)))),
    "a line without its end": ("E-PARSE", answering("200 OK", cosignature()[:-1])),
    "a blank line after": ("E-PARSE", answering("200 OK", cosignature() + b"\n")),
    "a whole note": ("E-PARSE", answering("200 OK", TEXT + b"\n" + cosignature())),
    "too many lines": ("E-PARSE", answering("200 OK", cosignature() * 65)),
    "somebody else's line": ("E-AUTH", answering("200 OK", cosignature(OTHER))),
    "a stranger's line": ("E-AUTH", answering("200 OK", stranger(1).encode())),
    "its line twice": ("E-AUTH", answering("200 OK", cosignature() * 2)),
    "a line over another tree": ("E-AUTH", answering("200 OK", BROKEN_LINE)),
    "a good line and a bad one": ("E-AUTH", answering("200 OK", cosignature() + BROKEN_LINE)),
    "a time that has not come": (
        "E-TIME",
        answering("200 OK", cosignature(time_s=int(time.time()) + 4000)),
    ),
    "a time far off": ("E-TIME", answering("200 OK", cosignature(time_s=2**63 - 1))),
    "no time": ("E-TIME", answering("200 OK", cosignature(time_s=0))),
    "a size without its end": ("E-PARSE", conflict(5, end="")),
    "a size and more": ("E-PARSE", conflict(5, end="\n\n")),
    "a size with a sign": ("E-PARSE", conflict("+5")),
    "a size in other digits": ("E-PARSE", conflict("\u0665")),
    "a negative size": ("E-PARSE", conflict("-1")),
    "a size of many digits": ("E-PARSE", conflict("9" * 5000)),
    "no size": ("E-PARSE", conflict("")),
    "the size that it was asked with": ("E-PARSE", conflict(0)),
    "a larger size": ("E-ROLLBACK", conflict(10)),
    "the largest size": ("E-ROLLBACK", conflict(2**63 - 1)),
    "the same conflict for ever": ("E-PARSE", conflict(5)),
    "no answer": ("E-WITNESS-DOWN", raw()),
    "a reset": ("E-WITNESS-DOWN", reset),
    "nonsense": ("E-WITNESS-DOWN", raw(b"\x16\x03\x01nonsense\r\n\r\n")),
    "half a head": ("E-PARSE", raw(HEAD + b"Content-")),
    "half a body": (
        "E-WITNESS-DOWN",
        raw(HEAD + b"Content-Length: 300\r\n\r\n" + cosignature()[:50]),
    ),
    "half a chunk": (
        "E-WITNESS-DOWN",
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n50\r\nabc"),
    ),
    "a chunk of no size": (
        "E-WITNESS-DOWN",
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
    ),
    "a length that is none": ("E-PARSE", raw(HEAD + b"Content-Length: -7\r\n\r\n")),
    "an endless body": ("E-WITNESS-DOWN", endless(HEAD + b"\r\n", b"x" * 4096)),
    "an endless head": ("E-WITNESS-DOWN", endless(HEAD, b"X-More: " + b"x" * 500 + b"\r\n")),
    "an endless line": ("E-WITNESS-DOWN", endless(b"", b"x" * 4096)),
    "endless chunks": (
        "E-WITNESS-DOWN",
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 500),
    ),
    "going on for ever": ("E-WITNESS-DOWN", endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 9)),
    "too long a body": (
        "E-WITNESS-DOWN",
        answering("200 OK", cosignature() + b"x" * MAX_ANSWER_SIZE),
    ),
}
SLOW: dict[str, Act] = {
    "silence": silent,
    "a late answer": late,
    "a dripping head": endless(HEAD, b"x", 0.05),
    "a dripping body": endless(HEAD + b"Content-Length: 60000\r\n\r\n", b"x", 0.05),
    "dripping chunks": endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.05),
    "going on for ever, slowly": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),
}


def with_a_good_one(served: Good, url: str) -> Trust:
    witness, good = served
    return policy(line_of(BAD, url), *policy_lines(witness.verifiers, good))


@pytest.mark.parametrize(("code", "act"), ANSWERS.values(), ids=ANSWERS.keys())
def test_a_bad_answer_is_told_as_a_code_and_the_good_ones_count(
    served: Good, hostile: Callable[[Act], Hostile], code: str, act: Act
) -> None:
    server = hostile(act)
    sizes: dict[str, int] = {}
    begun = time.monotonic()
    found = ask(with_a_good_one(served, server.url), sizes)
    assert time.monotonic() - begun < SECONDS / 2
    assert found.failures == {BAD_NAME: code}
    assert {line.name for line in found.lines} == {GOOD_NAME}
    assert len(found.lines) == KEYS
    assert BAD_NAME not in sizes
    assert len(server.requests) <= 2


def test_any_number_who_are_slow_are_left_behind_in_time(
    served: Good, hostile: Callable[[Act], Hostile]
) -> None:
    witness, good = served
    slow = [
        Signer(f"slow.example/{number}", COSIGNATURE_ED25519, bytes([number]) * 32)
        for number in range(100, 100 + 3 * len(SLOW))
    ]
    acts = [*SLOW.values()] * 3
    lines = [line_of(each, hostile(act).url) for each, act in zip(slow, acts, strict=True)]
    begun = time.monotonic()
    found = ask(policy(*lines, *policy_lines(witness.verifiers, good)), seconds=SHORT)
    assert time.monotonic() - begun < SHORT + SLACK
    assert found.failures == {each.name: "E-WITNESS-DOWN" for each in slow}
    assert len(found.lines) == KEYS


@pytest.mark.parametrize("act", SLOW.values(), ids=SLOW.keys())
def test_a_connection_to_who_is_slow_does_not_outlive_its_deadline(
    hostile: Callable[[Act], Hostile], act: Act
) -> None:
    server = hostile(act)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        post(server.url, b"", begun + 0.15)
    assert time.monotonic() - begun < 0.15 + SLACK


def test_a_fetch_that_never_ends_does_not_hold_the_log_up(served: Good) -> None:
    never = threading.Event()
    ended: list[str] = []

    def fetch(url: str, body: bytes, deadline: float) -> Reply:
        if "bad" in url:
            never.wait()
            ended.append(url)
        return post(url, body, deadline)

    trust = with_a_good_one(served, "http://bad.invalid")
    begun = time.monotonic()
    found = gather(NOTE.encode(), trust, {}, LOG.prove, seconds=SHORT, fetch=fetch)
    assert time.monotonic() - begun < SHORT + SLACK
    assert (found.failures, len(found.lines)) == ({BAD_NAME: "E-WITNESS-DOWN"}, KEYS)
    assert not ended
    never.set()


def test_conflicts_with_ever_other_sizes_end_after_the_second(
    hostile: Callable[[Act], Hostile],
) -> None:
    server = hostile(one_after_the_other(*(conflict(size) for size in range(1, 9))))
    assert ask(bad(server.url)).failures == {BAD_NAME: "E-WITNESS-DOWN"}
    assert [Submission.parse(each.body).old for each in server.requests] == [0, 1]


def test_a_redirect_is_not_followed(hostile: Callable[[Act], Hostile]) -> None:
    target = hostile(answering("200 OK", cosignature()))
    for status in ("301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Moved"):
        server = hostile(answering(status, b"", f"Location: {target.url}/add-checkpoint"))
        assert ask(bad(server.url)).failures == {BAD_NAME: "E-WITNESS-DOWN"}
        assert len(server.requests) == 1
    assert not target.requests


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}",
        "https://127.0.0.1:{port}",
        "http://[::1",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://w\u00e4tness..example/\u00e4",
        "http://" + "x" * 300 + ".example",
    ],
)
def test_a_url_where_nobody_can_be_asked_is_a_witness_that_is_down(url: str) -> None:
    trust = bad(url.format(port=free_port()))
    assert ask(trust).failures == {BAD_NAME: "E-WITNESS-DOWN"}


@pytest.mark.parametrize("end", ["/?a=b", "/#a", "?a"])
def test_a_url_that_is_no_prefix_is_not_asked(hostile: Callable[[Act], Hostile], end: str) -> None:
    server = hostile(answering("200 OK", cosignature()))
    assert ask(bad(server.url + end)).failures == {BAD_NAME: "E-WITNESS-DOWN"}
    assert not server.requests


def test_a_size_of_the_wrong_type_is_not_believed(hostile: Callable[[Act], Hostile]) -> None:
    wrong, good = conflict(5, "text/plain"), answering("200 OK", cosignature())
    server = hostile(one_after_the_other(wrong, good))
    assert ask(bad(server.url)).failures == {BAD_NAME: "E-PARSE"}
    assert len(server.requests) == 1


def test_one_of_two_keys_that_fails_does_not_take_the_other_with_it(
    hostile: Callable[[Act], Hostile],
) -> None:
    server = hostile(answering("200 OK", BROKEN_LINE + cosignature(OTHER)))
    trust = policy(line_of(BAD, server.url), line_of(OTHER, server.url))
    sizes: dict[str, int] = {}
    found = ask(trust, sizes)
    assert found.failures == {BAD_NAME: "E-AUTH"}
    assert [line.name for line in found.lines] == [OTHER.name]
    assert sizes == {OTHER.name: 9}


def test_a_bad_line_for_another_witness_does_not_spoil_its_good_one(
    hostile: Callable[[Act], Hostile],
) -> None:
    spoilt = cosigned(LOG.checkpoint(8), OTHER, NOW).encode()
    spoiling = hostile(answering("200 OK", spoilt + cosignature(BAD)))
    honest = hostile(answering("200 OK", cosignature(OTHER)))
    trust = policy(line_of(BAD, spoiling.url), line_of(OTHER, honest.url))
    found = ask(trust)
    judged = trust.judge(NOTE.with_signatures(*found.lines).encode(), now_s=int(time.time()))
    assert set(judged.witnesses) == {BAD_NAME, OTHER.name}


# The log's own part


def test_a_tree_that_cannot_prove_itself_is_told_as_what_it_is(
    served: Good, hostile: Callable[[Act], Hostile]
) -> None:
    def cannot(old: int, new: int) -> Sequence[bytes]:
        raise TileRefused("tile", expected="a tile", found="none")

    server = hostile(answering("200 OK", cosignature()))
    trust = with_a_good_one(served, server.url)
    found = gather(NOTE.encode(), trust, {BAD_NAME: 4}, cannot, seconds=SECONDS)
    assert found.failures == {BAD_NAME: "E-PARSE"}
    assert len(found.lines) == KEYS
    assert not server.requests


def test_proofs_are_made_in_the_thread_that_asks(hostile: Callable[[Act], Hostile]) -> None:
    makers: list[tuple[int, int, threading.Thread]] = []
    server = hostile(one_after_the_other(conflict(7), answering("200 OK", cosignature())))

    def prove(old: int, new: int) -> Sequence[bytes]:
        makers.append((old, new, threading.current_thread()))
        return LOG.prove(old, new)

    found = gather(NOTE.encode(), bad(server.url), {BAD_NAME: 4}, prove, seconds=SECONDS)
    assert len(found.lines) == 1
    this = threading.current_thread()
    assert makers == [(4, 9, this), (7, 9, this)]


def test_what_is_no_checkpoint_of_a_log_is_not_sent() -> None:
    unsigned = Note(NOTE.text, (stranger(1),))
    for note in (b"nonsense", unsigned.encode()):
        with pytest.raises(NoteRefused):
            gather(note, policy(), {}, LOG.prove, seconds=SECONDS)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for the loopback that nobody has signed but its own key, and the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "tls.pem", folder / "tls.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    secret.write_bytes(key.private_bytes(*form, serialization.NoEncryption()))
    return certificate, secret
