"""``powiernik crisis-sheet``: made at the clinic, opened without it, reported afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path
from unittest import mock

import pytest

from api.compose import opened
from domain.confidentiality import KeyPurpose
from domain.events.access import AccessRecorded
from domain.events.crisis_sheet import CrisisSheetUsed
from domain.use_cases import cases
from domain.use_cases.cases import NewCase
from domain.values import (
    ActorId,
    ActorKind,
    Circumstances,
    Format,
    PurposeOfUse,
    RequestId,
    School,
)
from tests.api.cli.support import GOOD, UNUSABLE, Ended, descriptor, powiernik
from tests.support.clinic import PASSPHRASE, Founded, command

PASSWORD = "a password of Anna's own"
OWN = "six quiet geese walk over frozen lake"


@pytest.fixture
def password(data: Path, founded: Founded, tmp_path: Path) -> Path:
    """Anna has a password of her own, in a file."""
    with opened(data, PASSPHRASE) as clinic:
        secret = clinic.accounts.add("anna", ActorKind.STAFF, ActorId(founded.people.anna))
        clinic.accounts.change_password("anna", secret, PASSWORD, clinic.clock.now())
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    return file


def of_clinic(what: str, sheet: Path, data: Path, password: Path, *words: object) -> Ended:
    with descriptor(PASSPHRASE) as number:
        own = ("--as", "anna", "--password-file", password, "--passphrase-fd", number)
        return powiernik("crisis-sheet", what, sheet, "--data", data, *own, *words)


def opened_sheet(sheet: Path, *words: object, passphrase: str = OWN) -> Ended:
    with descriptor(passphrase) as number:
        return powiernik("crisis-sheet", "open", sheet, "--passphrase-fd", number, *words)


def test_a_sheet_is_made_opened_offline_and_reported(
    data: Path, founded: Founded, password: Path, tmp_path: Path
) -> None:
    case = _a_case(data, founded)
    sheet, own = tmp_path / "anna.sheet", tmp_path / "own"
    own.write_text(OWN)
    made = of_clinic("make", sheet, data, password, "--sheet-passphrase-file", own)
    assert made.code == GOOD, made.said
    assert sheet.stat().st_mode & 0o077 == 0
    again = of_clinic("make", sheet, data, password, "--sheet-passphrase-file", own)
    assert again.code == UNUSABLE

    early = of_clinic("report", sheet, data, password, "--reason", "outage")
    assert early.code == UNUSABLE
    assert opened_sheet(sheet, passphrase="a guess").code == UNUSABLE
    assert opened_sheet(sheet, "--case", "0" * 32).code == UNUSABLE
    journal = sheet.with_name("anna.sheet.journal")
    assert not journal.exists()

    shown = opened_sheet(sheet)
    assert shown.code == GOOD, shown.said
    assert case in shown.out
    found = opened_sheet(sheet, "--case", case, "--json").json()
    assert [each["case"] for each in found["cases"]] == [case]
    lines = journal.read_text().splitlines()
    assert [line.split(" ")[2] for line in lines] == [case, case]

    with mock.patch("click.prompt", return_value="The line was down."):
        reported = of_clinic("report", sheet, data, password, "--reason", "outage")
    assert reported.code == GOOD, reported.said
    with opened(data, PASSPHRASE) as clinic:
        rows, _ = clinic.folder.record.follow(-1, 100_000, frozenset(KeyPurpose))
    used = [each for each in rows if isinstance(each.event, CrisisSheetUsed)]
    instants = [each.occurred_at for each in used]
    assert [each.isoformat() for each in instants] == [line.split(" ")[0] for line in lines]
    looks = [each for each in rows if isinstance(each.event, AccessRecorded)]
    assert [each.occurred_at for each in looks if each.occurred_at in instants] == instants


def test_a_journal_that_was_damaged_is_not_guessed_at(
    data: Path, founded: Founded, password: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "anna.sheet"
    sheet.write_bytes(b"whatever")
    sheet.with_name("anna.sheet.journal").write_text("yesterday, at home\n")
    damaged = of_clinic("report", sheet, data, password, "--reason", "outage")
    assert damaged.code == UNUSABLE
    assert "damaged" in damaged.err


def _a_case(data: Path, founded: Founded) -> str:
    """A case of Anna's."""
    with opened(data, PASSPHRASE) as clinic:
        who = Circumstances(
            actor=clinic.desk.actor(ActorKind.STAFF, ActorId(founded.people.anna)),
            purpose=PurposeOfUse.TREAT,
            request=RequestId("a test"),
        )
        new = NewCase((founded.people.client,), Format.INDIVIDUAL, School.SYSTEMIC)
        receipt = asyncio.run(cases.open_case(clinic.desk, who, new, command=command()))
    return receipt.named("case")
