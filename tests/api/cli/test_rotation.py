"""``powiernik keys rotate`` and ``renew``, ``powiernik custodian``, as an operator meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api import compose
from api.cli.main import cli
from api.compose import LIGHT
from domain.events.client import ClientRegistered
from infrastructure.folder import open_folder
from infrastructure.vault import rotation
from tests.support import ink

PASSPHRASES = ["the director's own words", "the words in the envelope"]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small clinic, and its passphrases in credential files."""
    monkeypatch.setattr(rotation, "HEARD_SECONDS", 0.1)
    folder = tmp_path / "data"
    compose.create(folder, PASSPHRASES, origin="clinic.example/log/1", cost=LIGHT)
    for number, each in enumerate(PASSPHRASES, start=1):
        (tmp_path / f"passphrase-{number}").write_text(f"{each}\n")
    with_client = open_folder(folder, PASSPHRASES[0])
    with_client.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    with_client.close()
    return folder


def run(data: Path, *arguments: str, passphrase: int = 1) -> Result:
    file = data.parent / f"passphrase-{passphrase}"
    return CliRunner().invoke(
        cli, [*arguments, "--data", str(data), "--passphrase-file", str(file)]
    )


def test_the_key_encryption_key_is_rotated_by_two_people(data: Path) -> None:
    other = str(data.parent / "passphrase-2")
    found = run(data, "keys", "rotate", "--other-passphrase-file", other, "--json")
    assert found.exit_code == 0, found.output
    said = json.loads(found.output)
    assert (said["from"], said["to"]) == (1, 2)
    assert said["keys"] >= 3
    for passphrase in PASSPHRASES:
        open_folder(data, passphrase).close()


def test_whose_passphrase_is_not_given_is_dropped_only_where_it_is_said(data: Path) -> None:
    first = str(data.parent / "passphrase-1")
    refused = run(data, "keys", "rotate", "--other-passphrase-file", first)
    assert isinstance(refused.exception, (compose.FolderRefused, compose.WrongPassphrase))
    found = run(data, "keys", "rotate", "--drop-others")
    assert found.exit_code == 0, found.output
    open_folder(data, PASSPHRASES[0]).close()
    with pytest.raises(compose.WrongPassphrase):
        open_folder(data, PASSPHRASES[1])


def test_a_clients_keys_are_renewed(data: Path) -> None:
    found = run(data, "keys", "renew", "--client", ink.ANNA, "--json")
    assert json.loads(found.output)["retired"] >= 1
    refused = run(data, "keys", "renew", "--client", ink.an_id("nobody"))
    assert isinstance(refused.exception, compose.FolderRefused)
    folder = open_folder(data, PASSPHRASES[0])
    events = [each.event for each in folder.record.read(ink.ANNA)]
    assert isinstance(events[0], ClientRegistered)
    folder.close()


def test_an_outsider_becomes_a_custodian_and_signs_what_she_is_shown(data: Path) -> None:
    key = data.parent / "outsider.key"
    secret = data.parent / "passphrase-1"
    arguments = ["custodian", "make", "--out", str(key), "--name", "clinic.example/ola"]
    made = CliRunner().invoke(cli, [*arguments, "--passphrase-file", str(secret)])
    assert made.exit_code == 0, made.output
    vkey = made.output.strip()
    other = str(data.parent / "passphrase-2")
    named = run(data, "custodian", "name", vkey, "--second-passphrase-file", other)
    assert named.exit_code == 0, named.output
    listed = json.loads(run(data, "custodian", "list", "--json").output)
    assert vkey in listed
    assert len(listed) == 3
    statement = data.parent / "statement"
    statement.write_text("powiernik/1/shred\nsomething\n")
    signed = run(data, "custodian", "sign", str(statement), "--key", str(key))
    assert signed.exit_code == 0, signed.output
    line = signed.stdout.strip().splitlines()[-1]
    assert line.startswith("— clinic.example/ola ")
    own = run(data, "custodian", "sign", str(statement), passphrase=2)
    assert "custodian-2" in own.stdout


def test_one_passphrase_alone_names_nobody(data: Path) -> None:
    first = str(data.parent / "passphrase-1")
    key = "clinic.example/ola+00000000+AAAA"
    refused = run(data, "custodian", "name", key, "--second-passphrase-file", first)
    assert isinstance(refused.exception, compose.FolderRefused)
