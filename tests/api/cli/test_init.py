"""``powiernik init``: a fresh folder, its first administrator, two secrets shown once."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.compose import opened
from domain.values import ActorId, ActorKind, Role
from infrastructure.vault import custody
from infrastructure.vault.custody import Keyfile
from infrastructure.vault.keystore import KeyStore
from tests.api.cli.support import GOOD, UNUSABLE, Ended, keyed, powiernik

PASSPHRASE = "six random words are good"
NAMES = ("--admin", "ada", "--given-name", "Ada", "--family-name", "Nowak")


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyfile that costs as little as one may; what it costs in service is custody's test."""

    def light(path: Path, passphrases: list[str], **_: object) -> Keyfile:
        return custody.create(path, passphrases, cost=custody.LIGHT)

    monkeypatch.setattr("infrastructure.founding.create_keyfile", light)


def init(data: Path, *words: object, passphrase: str = PASSPHRASE) -> Ended:
    return keyed("init", data, *(words or NAMES), passphrase=passphrase)


def test_makes_a_clinic_whose_administrator_can_sign_in(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    ended = init(data, *NAMES, "--origin", "clinic.example/log/1", "--json")
    assert ended.code == GOOD, ended.err
    told = ended.json()
    assert set(told) == {"origin", "administrator", "one_time_password", "recovery_passphrase"}
    assert (told["origin"], told["administrator"]) == ("clinic.example/log/1", "ada")
    assert oct(data.stat().st_mode)[-3:] == "700"
    for passphrase in (PASSPHRASE, told["recovery_passphrase"]):
        with opened(data, passphrase) as clinic:
            now = clinic.clock.now()
            _, holder = clinic.accounts.sign_in("ada", told["one_time_password"], now)
            assert holder.must_change
            actor = clinic.desk.actor(ActorKind.STAFF, ActorId(holder.actor))
            assert actor.roles == (Role.ADMINISTRATOR,)
    # Shown once and kept nowhere.
    for file in data.iterdir():
        for secret in ("one_time_password", "recovery_passphrase"):
            assert told[secret].encode() not in file.read_bytes(), file.name
        assert PASSPHRASE.encode() not in file.read_bytes(), file.name
    again = init(data, *NAMES, "--json")
    assert (again.code, again.out) == (UNUSABLE, "")
    assert again.err == "The data folder is not empty.\n"
    assert keyed("verify", data, passphrase=PASSPHRASE).code == GOOD


def test_tells_people_where_the_recovery_passphrase_belongs(tmp_path: Path) -> None:
    empty = tmp_path / "data"
    empty.mkdir()
    ended = init(empty)
    assert ended.code == GOOD, ended.err
    secrets = [line.split()[-1] for line in ended.out.splitlines() if "pass" in line.split()[0]]
    assert all(ended.out.count(each) == 1 for each in secrets)
    assert "Both secrets are shown this once." in ended.out
    assert PASSPHRASE not in ended.said


def test_leaves_a_folder_alone_that_holds_anything(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    ended = init(tmp_path)
    assert (ended.code, ended.err) == (UNUSABLE, "The data folder is not empty.\n")
    assert [each.name for each in tmp_path.iterdir()] == ["letters.txt"]


@pytest.mark.parametrize("passphrase", ["", "short", "elevenchars"])
def test_refuses_a_short_passphrase_before_anything_is_made(
    tmp_path: Path, passphrase: str
) -> None:
    ended = init(tmp_path / "data", passphrase=passphrase)
    assert ended.code == UNUSABLE
    assert "at least 12 characters" in ended.err
    assert not passphrase or passphrase not in ended.said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--admin", "--given-name", "--family-name", "--origin"])
@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "bell\a", "\udcff", "x" * 101])
def test_refuses_a_name_that_is_none_before_anything_is_made(
    tmp_path: Path, option: str, name: str
) -> None:
    words = {**dict(zip(NAMES[::2], NAMES[1::2], strict=True)), option: name}
    flat = [word for pair in words.items() for word in pair]
    ended = init(tmp_path / "data", *flat)
    assert ended.code == UNUSABLE
    assert "is one line of 1 to 100 characters" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_needs_its_names(tmp_path: Path) -> None:
    ended = init(tmp_path / "data", "--admin", "ada")
    assert ended.code == UNUSABLE
    assert "Missing option '--given-name'" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_leaves_nothing_behind_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device", "/secret/path")

    monkeypatch.setattr(KeyStore, "create", fails)
    ended = init(tmp_path / "data")
    assert (ended.code, ended.err) == (UNUSABLE, "Stopped: OSError.\n")
    assert list(tmp_path.iterdir()) == []


def test_help_shows_every_command_and_needs_no_folder() -> None:
    ended = powiernik("--help")
    assert ended.code == GOOD
    for command in ("init", "serve", "demo", "rebuild", "verify", "status", "reset-password"):
        assert f"\n  {command} " in ended.out
    assert powiernik("--version").code == GOOD
