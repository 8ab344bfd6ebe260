"""The log on the command line: signed, exported, handed to a client, found broken, recovered."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from api.compose import opened
from domain.values import ActorId, ActorKind
from tests.api.cli.support import BROKEN, GOOD, UNUSABLE, Ended, descriptor, keyed, powiernik
from tests.support.clinic import PASSPHRASE, Founded

PASSWORD = "an officer's own long password"
Verify = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def checkpointer(data: Path, tmp_path: Path) -> Path:
    """A checkpointer that has signed what there is."""
    place = tmp_path / "checkpointer"
    with descriptor(PASSPHRASE) as number:
        words = ("checkpoint", "init", place, "--data", data, "--passphrase-fd", number)
        assert powiernik(*words).code == GOOD
    assert signed(data, place).code == GOOD
    return place


@pytest.fixture
def officer(data: Path, founded: Founded, tmp_path: Path) -> Path:
    """The compliance officer has a password of her own, in a file."""
    with opened(data, PASSPHRASE) as clinic:
        actor = ActorId(founded.people.officer)
        secret = clinic.accounts.add("officer", ActorKind.STAFF, actor)
        clinic.accounts.change_password("officer", secret, PASSWORD, clinic.clock.now())
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    return file


def signed(data: Path, place: Path) -> Ended:
    return powiernik("checkpoint", "run", place, "--data", data, "--once")


def keyed_group(command: str, data: Path, *words: object) -> Ended:
    """A command of ``checkpoint`` that needs the passphrase."""
    with descriptor(PASSPHRASE) as number:
        return powiernik("checkpoint", command, "--data", data, "--passphrase-fd", number, *words)


def offline(*words: object) -> subprocess.CompletedProcess[str]:
    """The offline verifier, as a process of its own."""
    command = [sys.executable, "-m", "infrastructure.ledger", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def altered(data: Path, statement: str) -> None:
    with closing(sqlite3.connect(data / "record.db", isolation_level=None)) as db:
        for trigger in ("record_is_append_only_1", "record_is_append_only_2", "log_only_grows"):
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        db.execute(statement)


def test_a_log_is_exported_and_verified_by_somebody_without_keys(
    data: Path, checkpointer: Path, tmp_path: Path
) -> None:
    exported = powiernik("log", "export", tmp_path / "log", "--data", data, "--json")
    assert exported.json()["signed"]
    assert exported.json()["added"] == exported.json()["size"]
    memory = ("--memory", tmp_path / "memory")
    found = offline(tmp_path / "log", "--policy", data / "trust.policy", *memory)
    assert found.returncode == GOOD, found.stdout
    again = powiernik("log", "export", tmp_path / "log", "--data", data, "--json")
    assert again.json()["added"] == 0


def test_a_log_without_a_checkpoint_is_exported_and_said_to_prove_nothing(
    data: Path, tmp_path: Path
) -> None:
    exported = powiernik("log", "export", tmp_path / "log", "--data", data)
    assert exported.code == GOOD
    assert "no signed checkpoint" in exported.out


def test_witnesses_are_named_by_the_lines_that_they_print(data: Path, tmp_path: Path) -> None:
    place = tmp_path / "checkpointer"
    with descriptor(PASSPHRASE) as number:
        powiernik("checkpoint", "init", place, "--data", data, "--passphrase-fd", number)
    lines = []
    for number in (1, 2):
        witness = tmp_path / f"w{number}"
        powiernik("witness", "init", witness, "--name", f"witness.example/w{number}")
        url = f"http://127.0.0.1:{number}"
        lines.append(tmp_path / f"w{number}.lines")
        lines[-1].write_text(powiernik("witness", "keys", witness, "--url", url).out)
    named = keyed_group("trust", data, *lines, "--quorum", 2)
    assert named.code == GOOD, named.said
    policy = (data / "trust.policy").read_text()
    assert policy.count("\nwitness ") >= 2
    assert "\nquorum quorum\n" in policy
    # Nobody answers: it is signed, it is told, and it is not published as if it were cosigned.
    run = signed(data, place)
    assert run.code == BROKEN
    assert "quorum missing" in run.out
    assert keyed_group("trust", data, *lines, "--quorum", 3).code == UNUSABLE


def test_a_client_is_handed_what_proves_her_log_whole(
    data: Path, founded: Founded, checkpointer: Path, officer: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.json"
    client = founded.people.client
    running = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "api.cli",
            *("checkpoint", "run", str(checkpointer), "--data", str(data), "--interval", "0.5"),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        found = keyed(
            "access-report",
            data,
            *(client, "--as", "officer", "--password-file", officer, "--bundle", bundle),
            *("--wait", "30", "--json"),
        )
    finally:
        running.terminate()
        running.wait(timeout=30)
    assert found.code == GOOD, found.said
    assert found.json()["entries"] >= 1
    verdict = offline(bundle, "--policy", data / "trust.policy")
    assert verdict.returncode == GOOD, verdict.stdout
    assert "AUDIT_READ" in verdict.stdout
    assert PASSWORD not in found.said
    assert bundle.stat().st_mode & 0o077 == 0


def test_a_report_without_a_bundle_lists_who_looked(
    data: Path, founded: Founded, officer: Path
) -> None:
    client = founded.people.client
    words = (client, "--as", "officer", "--password-file", officer, "--json")
    found = keyed("access-report", data, *words)
    assert found.code == GOOD, found.said
    lines = [json.loads(each) for each in found.out.splitlines()]
    assert lines[0]["did"] == "AUDIT_READ"


def test_a_report_needs_somebody_who_may_read_the_log(
    data: Path, founded: Founded, officer: Path
) -> None:
    client = founded.people.client
    wrong = officer.with_name("wrong")
    wrong.write_text("a guess")
    for name, password in (("officer", wrong), ("nobody", officer)):
        found = keyed("access-report", data, client, "--as", name, "--password-file", password)
        assert found.code == UNUSABLE
    unknown = "0" * 32
    words = (unknown, "--as", "officer", "--password-file", officer)
    assert keyed("access-report", data, *words).code == UNUSABLE


def test_a_bundle_without_a_checkpointer_is_refused_with_a_sentence(
    data: Path, founded: Founded, officer: Path, tmp_path: Path
) -> None:
    words = ("--as", "officer", "--password-file", officer, "--bundle", tmp_path / "b", "--wait", 0)
    found = keyed("access-report", data, founded.people.client, *words)
    assert found.code == UNUSABLE
    assert "trust policy" in found.err
    assert not (tmp_path / "b").exists()


def test_an_altered_row_is_not_signed_and_not_exported(
    data: Path, checkpointer: Path, tmp_path: Path
) -> None:
    altered(data, "UPDATE record SET record = CAST(record || x'00' AS BLOB) WHERE pos = 5")
    assert powiernik("log", "export", tmp_path / "log", "--data", data).code == BROKEN
    (checkpointer / "memory.db").unlink()
    assert "E-LEAF" in keyed("verify", data).err


def test_what_is_new_is_verified_from_a_memory(data: Path, tmp_path: Path) -> None:
    memory = ("--memory", tmp_path / "memory", "--json")
    first = keyed("verify", data, *memory).json()
    assert (first["since"], first["events"] > 0) == (0, True)
    second = keyed("verify", data, *memory).json()
    assert (second["since"], second["contents"]) == (first["events"], 0)
    altered(data, "UPDATE log_head SET size = size - 1, range = zeroblob(32)")
    assert keyed("verify", data, *memory).code == BROKEN


def test_a_record_put_back_does_not_start_until_two_have_approved(
    data: Path, tmp_path: Path
) -> None:
    old = Path(shutil.copytree(data, tmp_path / "old"))
    assert keyed("access-report", data, "0" * 32, "--as", "x", "--password-file", "/dev/null").code
    with opened(data, PASSPHRASE) as clinic:
        clinic.follower("something happens")
    for each in data.glob("record.db*"):
        each.unlink()
    for each in old.glob("record.db*"):
        shutil.copy(each, data)
    refused = keyed("rebuild", data)
    assert refused.code == BROKEN
    assert "E-ROLLBACK" in refused.err
    second = tmp_path / "second"
    second.write_text(PASSPHRASE)
    words = ("--second-passphrase-file", second, "--origin", "clinic.example/2", "--reason", "disk")
    alone = keyed("recover", data, *words)
    assert alone.code == UNUSABLE
    assert "Two custodians" in alone.err


def test_nothing_broken_is_said_so(data: Path) -> None:
    found = powiernik("incidents", "--data", data)
    assert (found.code, found.out) == (GOOD, "Nothing was found broken.\n")


def test_an_incident_is_listed_and_settled_once_everything_verifies(data: Path) -> None:
    with opened(data, PASSPHRASE) as clinic:
        clinic.folder.guard.report("E-ROOT", stream=None, position=3)
    listed = powiernik("incidents", "--data", data)
    assert listed.code == BROKEN
    assert "E-ROOT at position 3: open" in listed.out
    with descriptor(PASSPHRASE) as number:
        words = ("settle", 1, "--data", data, "--passphrase-fd", number, "--json")
        settled = powiernik("incidents", *words)
    assert settled.code == GOOD, settled.said
    assert powiernik("incidents", "--data", data).code == GOOD


def test_a_checkpointer_that_runs_ends_cleanly(data: Path, checkpointer: Path) -> None:
    running = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "api.cli",
            *("checkpoint", "run", str(checkpointer), "--data", str(data), "--interval", "0.2"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline().startswith("signing ")
    running.terminate()
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (GOOD, "", "")


def test_a_checkpointer_runs_beside_the_server_and_ends_with_it(
    data: Path, checkpointer: Path, tmp_path: Path
) -> None:
    shutil.rmtree(data / "log")
    secret = tmp_path / "credential"
    secret.write_text(PASSPHRASE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ("serve", "--data", data, "--port", port, "--passphrase-file", secret)
    running = subprocess.Popen(
        [sys.executable, "-m", "api.cli", *map(str, words), "--checkpointer", str(checkpointer)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(300):
            if (data / "log" / "checkpoint").exists():
                break
            time.sleep(0.1)
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert (data / "log" / "checkpoint").exists()
    assert running.returncode == GOOD
    # Its lock is free again: nobody was left behind.
    assert signed(data, checkpointer).code == GOOD
