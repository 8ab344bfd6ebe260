"""A crisis sheet's file: it opens with its passphrase until its date, and with nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from infrastructure.errors import Broken, FolderRefused, WrongPassphrase
from infrastructure.vault.crisis_sheet import (
    BLOCK,
    Sealed,
    about_sheet,
    open_sheet,
    seal_sheet,
)
from infrastructure.vault.custody import LIGHT

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ABOUT = Sealed("5" * 32, NOW + timedelta(days=7))
PASSPHRASE = "six quiet geese walk over frozen lake"
WORDS = b"Call her sister."


@pytest.fixture(scope="module")
def sheet() -> bytes:
    return seal_sheet(WORDS, PASSPHRASE, ABOUT, cost=LIGHT)


def test_a_sheet_opens_until_its_last_moment_and_says_what_it_is(sheet: bytes) -> None:
    assert about_sheet(sheet) == ABOUT
    assert open_sheet(sheet, PASSPHRASE, ABOUT.valid_until).content == WORDS


def test_an_expired_sheet_refuses_to_open(sheet: bytes) -> None:
    with pytest.raises(FolderRefused, match="expired"):
        open_sheet(sheet, PASSPHRASE, ABOUT.valid_until + timedelta(milliseconds=1))


def test_a_wrong_passphrase_opens_nothing(sheet: bytes) -> None:
    with pytest.raises(WrongPassphrase):
        open_sheet(sheet, PASSPHRASE + " ", NOW)


@pytest.mark.parametrize("place", [12, 40, 52, 60, -1], ids=str)
def test_no_altered_byte_opens_and_no_later_date_does(sheet: bytes, place: int) -> None:
    altered = bytearray(sheet)
    altered[place] ^= 1
    with pytest.raises((WrongPassphrase, FolderRefused, Broken)):
        open_sheet(bytes(altered), PASSPHRASE, NOW)


@pytest.mark.parametrize(
    "data", [b"", b"PCS\x01", b"x" * 5000, b"PCS\x01" + b"\xff" * 60], ids=range(4)
)
def test_what_is_no_sheet_is_refused(data: bytes) -> None:
    with pytest.raises(FolderRefused):
        open_sheet(data, PASSPHRASE, NOW)


def test_a_cost_that_is_a_bomb_is_refused(sheet: bytes) -> None:
    # Memory stands in the mark, which begins behind the magic: 2^31 KiB.
    altered = sheet[:12] + b"\x80" + sheet[13:]
    with pytest.raises(Broken, match="E-LIMIT"):
        open_sheet(altered, PASSPHRASE, NOW)


def test_its_size_tells_little_of_how_much_there_is(sheet: bytes) -> None:
    longer = seal_sheet(WORDS * 100, PASSPHRASE, ABOUT, cost=LIGHT)
    assert len(longer) == len(sheet)
    assert len(sheet) < 2 * BLOCK


def test_too_much_is_refused_before_anybody_waits() -> None:
    with pytest.raises(FolderRefused):
        seal_sheet(b"x" * (16 * 1024 * 1024), PASSPHRASE, ABOUT, cost=LIGHT)
