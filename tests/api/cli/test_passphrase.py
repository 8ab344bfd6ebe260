"""How the passphrase comes in: by a descriptor or a file; never as a word, never by the air."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from api.cli.main import cli
from tests.api.cli.support import GOOD, UNUSABLE, descriptor, keyed, powiernik
from tests.support.clinic import PASSPHRASE

NOBODY = click.Context(cli)
COMMANDS = {
    name: command
    for name in cli.list_commands(NOBODY)
    if (command := cli.get_command(NOBODY, name))
    and any(each.name == "passphrase_fd" for each in command.params)
}


def test_comes_in_by_a_descriptor(data: Path) -> None:
    assert keyed("verify", data, "--json").code == GOOD


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_comes_in_by_a_file(data: Path, tmp_path: Path, end: str) -> None:
    credential = tmp_path / "credential"
    credential.write_bytes((PASSPHRASE + end).encode())
    ended = powiernik("verify", "--data", data, "--passphrase-file", credential)
    assert ended.code == GOOD, ended.err
    assert PASSPHRASE not in ended.said


def test_never_comes_in_as_a_word_or_by_the_environment() -> None:
    assert set(COMMANDS) >= {"init", "serve", "rebuild", "verify", "reset-password", "recover"}
    for name, command in COMMANDS.items():
        options = [each for each in command.params if isinstance(each, click.Option)]
        assert not [each for each in options if each.envvar], name
        taken = {word for each in options for word in each.opts if "pass" in word}
        assert all(word.endswith(("-fd", "-file")) for word in taken), name
    assert "auto_envvar_prefix" not in cli.context_settings


@pytest.mark.parametrize("words", [("--passphrase", PASSPHRASE), (f"--passphrase={PASSPHRASE}",)])
def test_as_a_word_is_refused_and_not_repeated(data: Path, words: tuple[str, ...]) -> None:
    ended = powiernik("verify", "--data", data, *words)
    assert ended.code == UNUSABLE
    assert PASSPHRASE not in ended.said


def test_in_the_environment_opens_nothing_and_a_wrong_one_ends_in_a_sentence(
    data: Path, tmp_path: Path
) -> None:
    """The command in a process of its own, as it is installed."""
    names = ("PASSPHRASE", "POWIERNIK_PASSPHRASE", "POWIERNIK_VERIFY_PASSPHRASE_FILE")
    environment = {**os.environ, **dict.fromkeys(names, PASSPHRASE)}
    command = [sys.executable, "-m", "api.cli", "verify", "--data", str(data)]
    wrong = tmp_path / "wrong"
    wrong.write_text("not the passphrase")
    for words, sentence in (
        ((), "No passphrase: use a terminal, --passphrase-fd or --passphrase-file."),
        (("--passphrase-file", str(wrong)), "The passphrase does not open the keyfile."),
    ):
        ended = subprocess.run(
            [*command, *words],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=60,
        )
        assert (ended.returncode, ended.stdout) == (UNUSABLE, "")
        assert ended.stderr.strip().endswith(sentence)
        assert "Traceback" not in ended.stderr


# Those that need places first have tests of their own, in ``test_backup``.
@pytest.mark.parametrize(
    "command", sorted(set(COMMANDS) - {"init", "serve", "backup", "drill", "restore"})
)
def test_that_is_wrong_opens_nothing(data: Path, tmp_path: Path, command: str) -> None:
    other = tmp_path / "other"
    other.write_text("not the passphrase")
    words: dict[str, list[object]] = {
        "reset-password": ["ada"],
        "access-report": ["0" * 32, "--as", "ada", "--password-file", other],
        "recover": ["--second-passphrase-file", other, "--origin", "a.b/2", "--reason", "disk"],
        "broker": ["--socket", tmp_path / "socket"],
    }
    ended = keyed(command, data, *words.get(command, []), passphrase="not the passphrase")
    assert (ended.code, ended.out) == (UNUSABLE, "")
    assert ended.err == "The passphrase does not open the keyfile.\n"


def test_that_is_no_text_is_refused_without_a_word_of_it(data: Path, tmp_path: Path) -> None:
    credential = tmp_path / "credential"
    credential.write_bytes(b"\xff\xfeZbigniew")
    by_file = powiernik("verify", "--data", data, "--passphrase-file", credential)
    with descriptor(b"\xff\xfeZbigniew") as number:
        by_descriptor = powiernik("verify", "--data", data, "--passphrase-fd", number)
    for ended in (by_file, by_descriptor):
        assert ended.code == UNUSABLE
        assert ended.err.endswith("The passphrase is not UTF-8 text.\n")
        assert "Zbigniew" not in ended.said


def test_from_nowhere_ends_in_a_sentence(data: Path) -> None:
    ended = powiernik("verify", "--data", data, "--passphrase-fd", 987)
    assert (ended.code, ended.err) == (UNUSABLE, "Stopped: OSError.\n")
    ended = powiernik("verify", "--data", data, "--passphrase-file", data / "missing")
    assert ended.code == UNUSABLE
    assert "does not exist" in ended.err
