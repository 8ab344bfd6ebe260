"""Under which law a clinic keeps its records: said at its founding, shown, read, backed up."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from api.compose import backup, opened
from domain.retention import Regime, Rules
from infrastructure.vault import custody
from infrastructure.vault.custody import Keyfile
from tests.api.cli.support import GOOD, UNUSABLE, Ended, keyed, powiernik
from tests.support.clinic import PASSPHRASE

NAMES = ("--admin", "ada", "--given-name", "Ada", "--family-name", "Nowak")


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyfile that costs as little as one may; what it costs in service is custody's test."""

    def light(path: Path, passphrases: list[str], **_: object) -> Keyfile:
        return custody.create(path, passphrases, cost=custody.LIGHT)

    monkeypatch.setattr("infrastructure.founding.create_keyfile", light)


def init(data: Path, *words: object) -> Ended:
    return keyed("init", data, *NAMES, *words)


def status(data: Path) -> dict[str, object]:
    return powiernik("status", "--data", data, "--json").json()


def test_a_psychologists_practice_says_so_once_and_for_all(tmp_path: Path) -> None:
    data = tmp_path / "data"
    ended = init(data, "--regime", "psychologist-practice", "--hipaa")
    assert ended.code == GOOD, ended.err
    assert (data / "clinic.conf").read_text() == "regime psychologist-practice\nhipaa yes\n"
    told = status(data)
    assert (told["regime"], told["hipaa"]) == ("psychologist-practice", True)
    with opened(data, PASSPHRASE) as clinic:
        clinic.catch_up()
        archive = asyncio.run(clinic.archive())
    assert archive.rules == Rules(Regime.PSYCHOLOGIST_PRACTICE, hipaa=True)


def test_without_a_word_records_are_kept_as_a_medical_entity_keeps_them(tmp_path: Path) -> None:
    assert init(tmp_path / "data").code == GOOD
    told = status(tmp_path / "data")
    assert (told["regime"], told["hipaa"]) == ("medical-entity", False)


def test_a_folder_from_before_keeps_as_a_medical_entity(data: Path) -> None:
    assert not (data / "clinic.conf").exists()
    assert status(data)["regime"] == "medical-entity"
    with opened(data, PASSPHRASE) as clinic:
        assert clinic.rules == Rules()


def test_another_law_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    assert init(tmp_path / "data", "--regime", "hospital").code == UNUSABLE
    assert list(tmp_path.iterdir()) == []


def test_nothing_opens_where_it_cannot_be_read_for_how_long_records_are_kept(data: Path) -> None:
    (data / "clinic.conf").write_text("regime none\nhipaa no\n")
    for ended in (powiernik("status", "--data", data), keyed("rebuild", data)):
        assert (ended.code, ended.out) == (UNUSABLE, "")
        assert "clinic.conf: regime is medical-entity or psychologist-practice." in ended.err


def test_a_backup_brings_it_back(data: Path, tmp_path: Path) -> None:
    (data / "clinic.conf").write_text("regime psychologist-practice\nhipaa yes\n")
    sets = {name: tmp_path / "sets" / name for name in ("record", "keys", "accounts")}
    with opened(data, PASSPHRASE) as clinic:
        backup.back_up(clinic, sets, timedelta(days=7))
    target = tmp_path / "restored"
    found = backup.Found(replaces=data, log=data)
    backup.restore(target, sets, PASSPHRASE, data / "kek.key", found)
    assert status(target)["regime"] == "psychologist-practice"
    assert status(target)["hipaa"] is True
