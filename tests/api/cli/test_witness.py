"""``powiernik witness``: made, told whom to believe, served; and what it saw is to be had."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from infrastructure.anchor.gather import gather
from infrastructure.anchor.witness import Witness
from infrastructure.ledger.note import has_ml_dsa
from infrastructure.ledger.trust import Trust
from tests.api.cli.support import BROKEN, GOOD, UNUSABLE, powiernik
from tests.support.witnesses import NOW, ORIGIN, PATIENCE, WitnessedLog, free_port, secret_of

LOG = WitnessedLog()
NAME = "witness.example/w1"
KEYS = 2 if has_ml_dsa() else 1
LAST = f"{NAME}-any" if KEYS == 2 else NAME


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "witness"


@pytest.fixture
def made(folder: Path) -> Path:
    """The folder of a witness that knows a log."""
    with closing(Witness.create(folder, NAME)) as witness:
        witness.trust(LOG.vkey)
    return folder


def test_what_init_prints_is_what_a_policy_needs_and_no_secret(folder: Path) -> None:
    url = "https://witness.example"
    told = powiernik("witness", "init", folder, "--name", NAME, "--url", url)
    assert told.code == GOOD
    again = powiernik("witness", "keys", folder, "--url", url)
    assert again == told
    lines = powiernik("witness", "keys", folder, "--url", url, "--json").json()["policy"]
    assert "\n".join(lines) in told.out
    trust = Trust.parse("\n".join((*lines, f"quorum {LAST}", "")).encode())
    assert [each.url for each in trust.witnesses] == [url] * KEYS
    with closing(Witness(folder)) as witness:
        assert [each.verifier for each in trust.witnesses] == list(witness.verifiers)
    for file in folder.glob("*.key"):
        assert secret_of(file) not in told.said


def test_without_a_url_the_lines_have_none(made: Path) -> None:
    lines = powiernik("witness", "keys", made, "--json").json()["policy"]
    trust = Trust.parse("\n".join((*lines, "quorum none", "")).encode())
    assert [each.url for each in trust.witnesses] == [None] * KEYS


def test_a_witness_is_made_once(made: Path) -> None:
    before = powiernik("witness", "keys", made).out
    refused = powiernik("witness", "init", made, "--name", NAME)
    assert (refused.code, refused.out) == (UNUSABLE, "")
    assert "something in the folder" in refused.err
    assert powiernik("witness", "keys", made).out == before


@pytest.mark.parametrize("name", ["two words", "a+b", "none", ""])
def test_a_name_that_cannot_be_used_makes_nothing(folder: Path, name: str) -> None:
    refused = powiernik("witness", "init", folder, "--name", name)
    assert refused.code == UNUSABLE
    assert "expected" in refused.err
    assert not folder.exists()


def test_a_url_that_no_policy_can_have_is_refused(made: Path) -> None:
    refused = powiernik("witness", "keys", made, "--url", "ftp://witness.example")
    assert (refused.code, refused.out) == (UNUSABLE, "")


def test_a_log_is_believed_with_one_key_and_with_another(folder: Path) -> None:
    powiernik("witness", "init", folder, "--name", NAME)
    for number, log in enumerate((LOG, WitnessedLog(ORIGIN, b"\x02" * 32)), start=1):
        told = powiernik("witness", "trust", folder, log.vkey, "--json").json()
        assert told == {"origin": ORIGIN, "keys": number}
    assert powiernik("witness", "trust", folder, LOG.vkey).code == GOOD
    for vkey in ("nonsense", LOG.vkey[:-1]):
        refused = powiernik("witness", "trust", folder, vkey)
        assert (refused.code, refused.out) == (UNUSABLE, "")


def test_forks_are_printed_with_both_checkpoints_and_end_in_1(made: Path) -> None:
    none = powiernik("witness", "evidence", made)
    assert (none.code, none.out) == (GOOD, "Forks: 0.\n")
    with closing(Witness(made)) as witness:
        witness.add_checkpoint(LOG.body(0, 7), NOW)
        witness.add_checkpoint(LOG.body(7, 7, "other", 3), NOW)
        [kept] = witness.evidence()
    told = powiernik("witness", "evidence", made)
    assert told.code == BROKEN
    assert kept.cosigned.decode() in told.out
    assert kept.conflicting.decode() in told.out
    assert "2027-01-15T08:00:00+00:00" in told.out
    found = powiernik("witness", "evidence", made, "--json")
    assert found.code == BROKEN
    [fork] = json.loads(found.out)["forks"]
    assert (fork["origin"], fork["size"]) == (ORIGIN, 7)
    assert fork["conflicting"] == kept.conflicting.decode()


@pytest.mark.parametrize(
    "words", [("keys",), ("trust", LOG.vkey), ("evidence",), ("serve",)], ids=lambda each: each[0]
)
def test_a_folder_that_is_no_witness_or_open_to_others_is_unusable(
    made: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    command, *rest = words
    missing = powiernik("witness", command, tmp_path / "nowhere", *rest)
    (made / "ed25519.key").chmod(0o640)
    others = powiernik("witness", command, made, *rest)
    for refused, told in ((missing, "no witness here"), (others, "open to others")):
        assert (refused.code, refused.out) == (UNUSABLE, "")
        assert told in refused.err
        assert str(tmp_path) not in refused.err


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """What a server that never starts leaves behind in this process is put back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "witness.example"])  # noqa: S104 - refused
def test_beyond_loopback_needs_a_certificate(made: Path, host: str) -> None:
    ended = powiernik("witness", "serve", made, "--host", host)
    assert (ended.code, ended.out) == (UNUSABLE, "")
    assert "Beyond loopback a TLS certificate is needed" in ended.err


def test_on_a_port_that_is_taken_is_unusable_and_not_broken(made: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = powiernik("witness", "serve", made, "--port", taken.getsockname()[1])
    assert ended.code == UNUSABLE


def test_a_log_gets_its_quorum_from_a_witness_in_a_process_of_its_own(made: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    lines = powiernik("witness", "keys", made, "--url", url, "--json").json()["policy"]
    trust = Trust.parse("\n".join((f"log {LOG.vkey}", *lines, f"quorum {LAST}", "")).encode())
    command = [sys.executable, "-m", "api.cli", "witness", "serve", str(made), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            live = answer(f"{url}/healthz", process)
            assert live.text == "ok\n"
            assert "server" not in live.headers
            sizes: dict[str, int] = {}
            for size in (5, 9):
                note = LOG.note(size)
                found = gather(note.encode(), trust, sizes, LOG.prove, seconds=PATIENCE)
                whole = note.with_signatures(*found.lines).encode()
                assert len(trust.require(whole).witnesses) == KEYS
            forked = LOG.body(9, 9, "other", 3)
            assert httpx2.post(f"{url}/add-checkpoint", content=forked).status_code == 409
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, out) == (GOOD, b"")
    # A fork is told at once, without contents.
    assert err.count(b"E-FORK") == 1
    assert ORIGIN.encode() not in err
    assert len(err.splitlines()) == 1
    assert powiernik("witness", "evidence", made).code == BROKEN


def answer(url: str, process: subprocess.Popen[bytes]) -> httpx2.Response:
    """What is answered, once somebody answers."""
    until = time.monotonic() + 60
    while True:
        try:
            return httpx2.get(url, trust_env=False)
        except httpx2.TransportError:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.05)
