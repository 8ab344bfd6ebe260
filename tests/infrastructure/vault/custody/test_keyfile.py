"""Custody: the keyfile opens with each of its passphrases, and with nothing else."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest

from infrastructure.errors import Broken, WrongKeyStore, WrongPassphrase
from infrastructure.vault import custody
from infrastructure.vault.custody import LIGHT, MOST_PEOPLE, SLOT_SIZE, Cost, Keyfile, unlock
from infrastructure.vault.keys import derive
from tests.infrastructure.conftest import PASSPHRASES, Made

CONTEXT = b"the context of a wrapped key"
SECRET = bytes(range(32))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A keyfile in a folder of its own, wherever other clinics have their keys."""
    path = tmp_path_factory.mktemp("made")
    return Made(path, custody.create(path / "kek.key", PASSPHRASES, cost=LIGHT))


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Made:
    path = tmp_path_factory.mktemp("other")
    return Made(path, custody.create(path / "kek.key", PASSPHRASES[:1], cost=LIGHT))


@pytest.fixture
def keyfile(made: Made, tmp_path: Path) -> Path:
    path = tmp_path / "kek.key"
    path.write_bytes((made.path / "kek.key").read_bytes())
    return path


def refused_at_once(path: Path) -> Exception:
    """No guess is worked on, so it costs next to nothing; the second slot is taken away."""
    path.write_bytes(path.read_bytes()[:152])
    started = time.thread_time()
    with pytest.raises((Broken, WrongKeyStore)) as caught:
        unlock(path, PASSPHRASES[0])
    assert time.thread_time() - started < 0.01
    assert str(path) not in str(caught.value)
    assert PASSPHRASES[0] not in str(caught.value)
    return caught.value


def test_each_passphrase_opens_the_same_key(made: Made, keyfile: Path) -> None:
    wrapped = made.custody.wrap(1, SECRET, CONTEXT)
    assert unlock(keyfile, PASSPHRASES[1]).unwrap(1, wrapped, CONTEXT) == SECRET


def test_a_wrong_passphrase_opens_nothing(keyfile: Path) -> None:
    with pytest.raises(WrongPassphrase) as caught:
        unlock(keyfile, "another passphrase")
    assert "another" not in str(caught.value)


def test_two_keyfiles_have_two_keys(made: Made, other: Made) -> None:
    with pytest.raises(Broken, match="E-AEAD"):
        other.custody.unwrap(1, made.custody.wrap(1, SECRET, CONTEXT), CONTEXT)


# SPEC: slots of 152 B, at most 8: "PSK\x01" | kdf u8=1 | lanes u8 | t u16 | m_KiB u32 | salt 16
# | gen u32, then Cobblestone-256(KEK 32 || kek_id 16).


def test_a_slot_is_laid_out_as_the_format_says(keyfile: Path) -> None:
    data = keyfile.read_bytes()
    assert len(data) == 2 * SLOT_SIZE == 304
    for slot in (data[:152], data[152:]):
        assert slot[:4] == b"PSK\x01"
        assert struct.unpack(">BBHI", slot[4:12]) == (1, LIGHT.lanes, 3, 64 * 1024)
        assert struct.unpack(">I", slot[28:32]) == (1,)
    assert data[12:28] != data[164:180]


def test_the_usual_cost_is_256_mebibytes_in_three_passes() -> None:
    assert Cost() == Cost(memory_kib=256 * 1024, passes=3, lanes=4)
    Cost().check()
    LIGHT.check()


def with_cost(
    path: Path, slot: int, *, lanes: int = 4, passes: int = 3, memory: int = 65536
) -> None:
    data = bytearray(path.read_bytes())
    struct.pack_into(">BHI", data, slot * SLOT_SIZE + 5, lanes, passes, memory)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "cost",
    [
        {"memory": 8},
        {"memory": 0},
        {"memory": 64 * 1024 - 1},
        {"memory": 64 * 1024, "passes": 2},
        {"passes": 0},
        {"lanes": 0},
    ],
    ids=str,
)
def test_a_downgraded_cost_is_refused_at_once(keyfile: Path, cost: dict[str, int]) -> None:
    with_cost(keyfile, 0, **cost)
    assert "E-LIMIT" in str(refused_at_once(keyfile))


@pytest.mark.parametrize(
    "cost",
    [
        {"memory": 2**32 - 1},
        {"memory": 1024 * 1024 + 1},
        {"passes": 11},
        {"passes": 65535},
        {"lanes": 9},
        {"lanes": 255},
    ],
    ids=str,
)
def test_a_bomb_is_refused_at_once(keyfile: Path, cost: dict[str, int]) -> None:
    with_cost(keyfile, 0, **cost)
    assert "E-LIMIT" in str(refused_at_once(keyfile))


def test_a_bomb_in_the_second_slot_is_not_set_off(keyfile: Path) -> None:
    with_cost(keyfile, 1, memory=2**32 - 1)
    with pytest.raises(Broken, match="E-LIMIT"):
        unlock(keyfile, "another passphrase")


def test_a_damaged_slot_does_not_lock_the_other_passphrase_out(keyfile: Path) -> None:
    data = bytearray(keyfile.read_bytes())
    data[0] ^= 0x80
    keyfile.write_bytes(bytes(data))
    assert unlock(keyfile, PASSPHRASES[1]).generation == 1
    with pytest.raises(WrongKeyStore, match="damaged"):
        unlock(keyfile, PASSPHRASES[0])


@pytest.mark.parametrize("size", [0, 1, 4, 31, 151, 153, 303])
def test_a_truncated_keyfile_is_refused_at_once(keyfile: Path, size: int) -> None:
    keyfile.write_bytes(keyfile.read_bytes()[:size])
    with pytest.raises(WrongKeyStore, match="damaged"):
        unlock(keyfile, PASSPHRASES[0])


@pytest.mark.parametrize("slots", [9, 255])
def test_too_many_slots_are_refused_at_once(keyfile: Path, slots: int) -> None:
    keyfile.write_bytes(keyfile.read_bytes()[:152] * slots)
    with pytest.raises(WrongKeyStore, match="damaged"):
        unlock(keyfile, PASSPHRASES[0])


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4])
def test_a_slot_of_another_form_is_refused_at_once(keyfile: Path, place: int) -> None:
    data = bytearray(keyfile.read_bytes())
    data[place] ^= 0x80
    keyfile.write_bytes(bytes(data))
    assert "damaged" in str(refused_at_once(keyfile))


@pytest.mark.parametrize("place", [12, 31, 32, 60, 100, 151])
def test_an_altered_slot_does_not_open(keyfile: Path, place: int) -> None:
    data = bytearray(keyfile.read_bytes()[:152])
    data[place] ^= 1
    keyfile.write_bytes(bytes(data))
    with pytest.raises(WrongPassphrase):
        unlock(keyfile, PASSPHRASES[0])


def test_a_missing_keyfile_is_told_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(WrongKeyStore) as caught:
        unlock(tmp_path / "kek.key", PASSPHRASES[0])
    assert str(caught.value) == "The keyfile is missing."


def test_a_keyfile_is_never_overwritten(keyfile: Path) -> None:
    before = keyfile.read_bytes()
    with pytest.raises(FileExistsError):
        custody.create(keyfile, ["words"], cost=LIGHT)
    assert keyfile.read_bytes() == before


@pytest.mark.parametrize("count", [0, MOST_PEOPLE + 1])
def test_a_keyfile_that_would_not_open_is_not_made(tmp_path: Path, count: int) -> None:
    with pytest.raises(Broken, match="E-LIMIT"):
        custody.create(tmp_path / "kek.key", ["words"] * count, cost=LIGHT)
    assert not (tmp_path / "kek.key").exists()


def test_a_cheap_keyfile_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="E-LIMIT"):
        custody.create(tmp_path / "kek.key", ["words"], cost=Cost(memory_kib=1024))


def test_a_keyfile_is_its_owners_alone(made: Made) -> None:
    assert (made.path / "kek.key").stat().st_mode & 0o777 == 0o600


# Wrapping


def test_a_wrapped_key_opens_in_its_own_context_alone(made: Made) -> None:
    wrapped = made.custody.wrap(1, SECRET, CONTEXT)
    assert len(wrapped) == 105
    assert made.custody.unwrap(1, wrapped, CONTEXT) == SECRET
    for bad in (CONTEXT + b"x", b"", CONTEXT[:-1]):
        with pytest.raises(Broken, match="E-AEAD"):
            made.custody.unwrap(1, wrapped, bad)


def test_any_flipped_bit_of_a_wrapped_key_is_refused(made: Made) -> None:
    wrapped = made.custody.wrap(1, SECRET, CONTEXT)
    for bit in range(len(wrapped) * 8):
        altered = bytearray(wrapped)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Broken, match=r"E-(AEAD|PARSE)"):
            made.custody.unwrap(1, bytes(altered), CONTEXT)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_secret_of_another_length_is_refused(made: Made, size: int) -> None:
    with pytest.raises(Broken, match="E-PARSE"):
        made.custody.unwrap(1, made.custody.wrap(1, bytes(size), CONTEXT), CONTEXT)


def test_an_open_keyfile_does_not_show_its_key() -> None:
    opened = Keyfile(SECRET, 1)
    shown = f"{opened!r} {opened}"
    assert shown == "Keyfile(generation=1) Keyfile(generation=1)"
    assert derive(SECRET, "wrap").hex() not in shown
