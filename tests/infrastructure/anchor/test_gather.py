"""A log asks its witnesses: good ones are heard, and no bad one costs more than its time."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from infrastructure.anchor.gather import Gathered, Reply, gather, post
from infrastructure.anchor.witness import Submission, Witness, policy_lines
from infrastructure.ledger.checkpoint import Checkpoint, cosigned
from infrastructure.ledger.note import COSIGNATURE_ED25519, Note, Signer, has_ml_dsa
from infrastructure.ledger.trust import Trust
from tests.support.witnesses import (
    NOW,
    Hostile,
    WitnessedLog,
    answering,
    serving_witness,
    stranger,
)

LOG = WitnessedLog()
NOTE = LOG.note(9)
KEYS = 2 if has_ml_dsa() else 1
SECONDS = 5.0
SHORT = 0.4
"""For those who never answer."""
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


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Good]:
    """An honest witness of the test's own, that has cosigned nothing."""
    with serving_witness(tmp_path / "witness", LOG, GOOD_NAME) as found:
        yield found


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


def test_without_a_remembered_size_the_witness_says_where_it_stands(fresh: Good) -> None:
    witness, url = fresh
    witness.add_checkpoint(LOG.body(0, 5), NOW - 10_000_000)
    trust = policy(*policy_lines(witness.verifiers, url))
    for remembered in (0, 3, 5, 9, 1000):
        with closing(Witness.create(fresh_folder(witness), GOOD_NAME)):
            pass
        sizes = dict.fromkeys((each.name for each in trust.witnesses), remembered)
        found = ask(trust, sizes)
        assert not found.failures
        assert set(sizes.values()) == {9}


def test_the_request_carries_no_cosignatures_and_only_the_proof(
    hostile: Callable[[Act], Hostile],
) -> None:
    server = hostile(answering("200 OK", cosignature()))
    crowded = NOTE.with_signatures(stranger(1), cosigned(LOG.checkpoint(9), OTHER, NOW))
    assert len(ask(bad(server.url), {BAD_NAME: 4}, crowded).lines) == 1
    [request] = server.requests
    assert Submission.parse(request) == Submission(
        4, LOG.prove(4, 9), NOTE, Checkpoint.parse(NOTE.text)
    )


def test_a_path_of_the_url_is_kept(hostile: Callable[[Act], Hostile]) -> None:
    paths: list[bytes] = []
    server = hostile(answering("200 OK", cosignature()))

    def noting(url: str, body: bytes, deadline: float) -> Reply:
        paths.append(url.encode())
        return post(url, body, deadline)

    trust = bad(f"{server.url}/prefix/w1/")
    assert gather(NOTE.encode(), trust, {}, LOG.prove, seconds=SECONDS, fetch=noting).lines
    assert paths == [f"{server.url}/prefix/w1/add-checkpoint".encode()]
