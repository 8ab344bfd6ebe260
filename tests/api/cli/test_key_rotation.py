"""Keys of a log and of its witness are replaced on the command line, while both are at work."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.note import Note
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Judged, Trust
from tests.api.cli.support import BROKEN, GOOD, UNUSABLE, Ended, descriptor, powiernik
from tests.support.clinic import PASSPHRASE
from tests.support.witnesses import free_port

NAME = "witness.example/w1"
PATIENCE = 60.0


class Site(NamedTuple):
    """A clinic, its checkpointer and its witness, at work each in a process of its own."""

    data: Path
    place: Path
    witness: Path
    lines: Path
    url: str

    def keyed(self, command: str, *words: object) -> Ended:
        """A command of ``checkpoint`` that needs the passphrase."""
        with descriptor(PASSPHRASE) as number:
            secret = ("--passphrase-fd", number)
            return powiernik("checkpoint", command, *words, "--data", self.data, *secret)

    def policy(self, to: Path) -> Path:
        """A copy of the policy as it is handed out now."""
        to.write_bytes((self.data / "trust.policy").read_bytes())
        return to

    def exported(self, to: Path) -> Path:
        assert powiernik("log", "export", to, "--data", self.data).code == GOOD
        return to

    def wait_until(self, good: Callable[[Judged], bool]) -> Judged:
        """What is published, once it has its quorum and is as it should be."""
        until = time.monotonic() + PATIENCE
        while True:
            trust = Trust.parse((self.data / "trust.policy").read_bytes())
            try:
                judged = trust.require(TileFolder(self.data / "log").read_checkpoint())
            except LedgerError:
                pass
            else:
                if good(judged):
                    return judged
            assert time.monotonic() < until
            time.sleep(0.1)


@contextmanager
def running(*words: object) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a process of its own, until the end of the block; it has to end well."""
    command = [sys.executable, "-m", "api.cli", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.terminate()
            _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (GOOD, b"")


@pytest.fixture
def site(data: Path, tmp_path: Path) -> Iterator[Site]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    found = Site(data, tmp_path / "checkpointer", tmp_path / "w1", tmp_path / "w1.lines", url)
    log_key = found.keyed("init", found.place, "--json").json()["log_key"]
    powiernik("witness", "init", found.witness, "--name", NAME)
    powiernik("witness", "log-key", "add", found.witness, log_key)
    found.lines.write_text(powiernik("witness", "keys", found.witness, "--url", url).out)
    assert found.keyed("trust", found.lines, "--quorum", 1).code == GOOD
    with (
        running("witness", "serve", found.witness, "--port", port),
        running("checkpoint", "run", found.place, "--data", data, "--interval", "0.3"),
    ):
        found.wait_until(lambda _: True)
        yield found


def offline(*words: object) -> subprocess.CompletedProcess[str]:
    """The offline verifier, as a process of its own."""
    command = [sys.executable, "-m", "infrastructure.ledger", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def signing_keys(site: Site) -> set[str]:
    """The ids of the keys of the log under what is published, whoever knows them."""
    note = Note.parse(TileFolder(site.data / "log").read_checkpoint())
    origin = note.text.partition("\n")[0]
    return {line.key_id.hex() for line in note.signatures if line.name == origin}


def test_the_key_of_a_log_is_replaced_beside_what_is_at_work(site: Site, tmp_path: Path) -> None:
    before = site.policy(tmp_path / "old.policy")
    memory = ("--memory", tmp_path / "memory")
    early = site.keyed("retire-key", site.place)
    assert (early.code, "No key is being replaced" in early.err) == (UNUSABLE, True)
    began = site.keyed("rotate-key", site.place, "--json")
    assert began.code == GOOD, began.said
    old, new = began.json()["old_key"], began.json()["new_key"]
    assert site.keyed("rotate-key", site.place, "--json").json() == began.json()
    added = powiernik("witness", "log-key", "add", site.witness, new, "--json")
    assert added.json()["keys"] == 2
    both = site.policy(tmp_path / "both.policy")
    site.wait_until(lambda judged: len(judged.logs) == 2)
    overlap = site.exported(tmp_path / "overlap")
    for policy in (before, both):
        found = offline(overlap, "--policy", policy, *memory)
        assert found.returncode == GOOD, found.stdout
    # The record of the new key has to be under a checkpoint that both have signed.
    until = time.monotonic() + PATIENCE
    while (ended := site.keyed("retire-key", site.place, "--json")).code != GOOD:
        assert "both signatures" in ended.err
        assert time.monotonic() < until
        time.sleep(0.3)
    assert (ended.json()["ended_key"], ended.json()["log_key"]) == (old, new)
    after = site.policy(tmp_path / "new.policy")
    # The record of the end is under a checkpoint that the new key has signed, and nobody else.
    site.wait_until(lambda _: signing_keys(site) == {new.split("+")[1]})
    last = site.exported(tmp_path / "last")
    told = offline(last, "--policy", before, *memory)
    assert told.returncode == BROKEN
    assert "E-KEYSTATE" in told.stdout
    assert "Get the present policy" in told.stdout
    for policy in (both, after):
        found = offline(last, "--policy", policy, *memory)
        assert found.returncode == GOOD, found.stdout
    removed = powiernik("witness", "log-key", "remove", site.witness, old, "--at-once", "--json")
    assert removed.json()["keys"] == 1
    assert powiernik("witness", "log-key", "remove", site.witness, new).code == UNUSABLE
    assert powiernik("witness", "log-key", "remove", site.witness, old).code == UNUSABLE


def test_the_keys_of_a_witness_are_replaced_beside_what_is_at_work(site: Site) -> None:
    url = ("--url", site.url)
    refused = powiernik("witness", "retire-key", site.witness, *url)
    assert (refused.code, "No key is being replaced" in refused.err) == (UNUSABLE, True)
    old = powiernik("witness", "keys", site.witness, "--json").json()["vkeys"]
    began = powiernik("witness", "rotate-key", site.witness, *url)
    assert began.code == GOOD, began.said
    assert powiernik("witness", "keys", site.witness, *url).out == began.out
    site.lines.write_text(began.out)
    named = site.keyed("trust", site.lines, "--quorum", 1)
    assert named.code == GOOD, named.said
    site.wait_until(lambda judged: len(judged.witnesses) == 2 * len(old))
    ended = powiernik("witness", "retire-key", site.witness, *url)
    assert ended.code == GOOD, ended.said
    site.lines.write_text(ended.out)
    assert site.keyed("trust", site.lines, "--quorum", 1).code == GOOD
    left = powiernik("witness", "keys", site.witness, "--json").json()["vkeys"]
    assert not set(left) & set(old)
    judged = site.wait_until(lambda judged: len(judged.witnesses) == len(old))
    assert judged.quorum
    assert httpx2.get(f"{site.url}/healthz", trust_env=False).status_code == 200


def test_a_command_that_cannot_be_followed_changes_nothing(site: Site, tmp_path: Path) -> None:
    before = (site.data / "trust.policy").read_bytes()
    for place in (tmp_path / "nowhere", site.data):
        for command in ("rotate-key", "retire-key"):
            refused = site.keyed(command, place)
            assert (refused.code, refused.out) == (UNUSABLE, "")
            assert str(tmp_path) not in refused.err
    for command in ("rotate-key", "retire-key"):
        assert powiernik("witness", command, tmp_path / "nowhere").code == UNUSABLE
    assert powiernik("witness", "log-key", "add", site.witness, "nonsense").code == UNUSABLE
    assert powiernik("witness", "log-key", "remove", site.witness, "nonsense").code == UNUSABLE
    assert (site.data / "trust.policy").read_bytes() == before
