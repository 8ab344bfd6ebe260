"""The witness over HTTP: what C2SP asks for, and bodies that are bounded while they are read."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from api.http.witness import create_witness_app
from infrastructure.anchor.witness import MAX_BODY_SIZE, Witness, origin_id
from infrastructure.ledger.note import parse_signature_lines
from tests.support.witnesses import ORIGIN, Stage, WitnessedLog, serving

LOG = WitnessedLog()
CHUNK = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
BEGUN = b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    with closing(Witness.create(tmp_path / "witness", "witness.example/w1")) as made:
        made.trust(LOG.vkey)
        yield made


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Stage, int]]:
    with serving(empty := Stage()) as number:
        yield empty, number


@pytest.fixture
def port(stage: tuple[Stage, int], witness: Witness) -> int:
    stage[0].app = create_witness_app(witness, body_seconds=0.3)
    return stage[1]


@pytest.fixture
def client(port: int) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as made:
        yield made


def said(port: int, *pieces: bytes) -> bytes:
    """Everything that the server says to some bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connected:
        for piece in pieces:
            connected.sendall(piece)
        found = b""
        while more := connected.recv(65536):
            found += more
        return found


def test_a_checkpoint_is_cosigned_over_one_connection_after_the_other(
    client: httpx2.Client, witness: Witness
) -> None:
    first = client.post("/add-checkpoint", content=LOG.body(0, 7))
    assert first.status_code == 200
    assert first.headers["content-type"] == "text/plain; charset=utf-8"
    assert first.text.startswith("\N{EM DASH} witness.example/w1 ")
    then = client.post("/add-checkpoint", content=LOG.body(7, 9))
    assert then.status_code == 200
    latest = witness.latest(ORIGIN)
    assert latest is not None
    assert latest.endswith(then.content)


def test_the_time_of_a_cosignature_is_now(client: httpx2.Client, witness: Witness) -> None:
    before = int(time.time())
    answer = client.post("/add-checkpoint", content=LOG.body(0, 7))
    line = parse_signature_lines(answer.content)[0]
    stated = witness.verifiers[0].verify(LOG.note(7).text.encode(), line.blob)
    assert stated is not None
    assert before <= stated <= time.time()


def test_a_conflict_is_answered_with_the_size_and_its_type(client: httpx2.Client) -> None:
    client.post("/add-checkpoint", content=LOG.body(0, 7))
    refused = client.post("/add-checkpoint", content=LOG.body(0, 9))
    assert (refused.status_code, refused.text) == (409, "7\n")
    assert refused.headers["content-type"] == "text/x.tlog.size"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"a secret of somebody", 400),
        (WitnessedLog("secret.example").body(0, 1), 404),
        (WitnessedLog(ORIGIN, b"\x07" * 32).body(0, 1), 403),
        (LOG.submission(0, (b"secret" + bytes(26),), LOG.note(1)), 422),
    ],
    ids=["400", "404", "403", "422"],
)
def test_a_refusal_is_plain_text_and_repeats_nothing(
    client: httpx2.Client, body: bytes, status: int
) -> None:
    refused = client.post("/add-checkpoint", content=body)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "text/plain; charset=utf-8"
    assert refused.headers["cache-control"] == "no-store"
    assert "secret" not in refused.text
    assert len(refused.content) < 100


def test_monitors_get_the_newest_checkpoint_by_the_hash_of_the_origin(
    client: httpx2.Client, witness: Witness
) -> None:
    path = f"/{origin_id(ORIGIN).hex()}/checkpoint"
    assert client.get(path).status_code == 404
    client.post("/add-checkpoint", content=LOG.body(0, 7))
    found = client.get(path)
    assert found.status_code == 200
    assert found.content == witness.latest(ORIGIN)
    assert found.headers["content-type"] == "text/plain; charset=utf-8"
    for other in (path.upper(), path[:-20] + "/checkpoint", f"/{ORIGIN}/checkpoint", path + "/"):
        assert client.get(other).status_code == 404


def test_it_says_that_it_lives_and_offers_nothing_else(client: httpx2.Client) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/").status_code == 404
    assert client.get("/docs").status_code == 404
    assert client.get("/add-checkpoint").status_code == 405
    assert client.post("/healthz").status_code == 405
    assert client.post("/add-checkpoint/", content=LOG.body(0, 7)).status_code == 404


def test_a_body_up_to_the_limit_is_read_and_a_longer_one_is_not(client: httpx2.Client) -> None:
    assert client.post("/add-checkpoint", content=b"x" * MAX_BODY_SIZE).status_code == 400
    longer = client.post("/add-checkpoint", content=b"x" * (MAX_BODY_SIZE + 1))
    assert longer.status_code == 413
    assert longer.headers["connection"] == "close"


def test_a_body_in_chunks_without_end_is_cut_off(port: int) -> None:
    chunks = MAX_BODY_SIZE // 0x1000 + 1
    found = said(port, BEGUN, b"Transfer-Encoding: chunked\r\n\r\n", CHUNK * chunks)
    assert found.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_comes_slowly_is_not_waited_for(port: int) -> None:
    begun = time.monotonic()
    found = said(port, BEGUN, b"Content-Length: 100\r\n\r\n", b"old 0")
    assert found.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 3


def test_who_leaves_in_the_middle_disturbs_nobody(port: int, client: httpx2.Client) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", port)) as connected:
            connected.sendall(BEGUN + b"Content-Length: 100\r\n\r\nold 0")
    assert client.post("/add-checkpoint", content=LOG.body(0, 7)).status_code == 200


def test_an_empty_body_and_one_without_a_length_are_refused(client: httpx2.Client) -> None:
    assert client.post("/add-checkpoint").status_code == 400
    assert client.post("/add-checkpoint", content=iter([b"old 0\n", b"\n"])).status_code == 400


def test_a_witness_that_fails_says_so_and_nothing_more(
    witness: Witness, client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    witness.close()
    refused = client.post("/add-checkpoint", content=LOG.body(0, 7))
    assert (refused.status_code, refused.text) == (500, "Internal Server Error")
    told = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert [each.getMessage() for each in told] == ["unexpected ProgrammingError"]
    assert ORIGIN not in caplog.text
