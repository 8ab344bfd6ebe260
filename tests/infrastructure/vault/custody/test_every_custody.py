"""What every custody does alike: the keyfile, the token, and the servers."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from infrastructure.errors import Broken, FolderRefused, KeyGone, WrongPassphrase
from infrastructure.vault.custody import (
    Custody,
    KmsSettings,
    Settings,
    TokenSettings,
    making_custody,
    open_custody,
)
from tests.infrastructure.vault.custody.conftest import ELSEWHERE, Place
from tests.support.keyservers import KmsService

CONTEXT = b"PSW\x01" + bytes(60)
SECRET = bytes(range(32))
WRAPPED = {
    "keyfile": (1, 105),
    "token": (2, 61),
    "token without GCM": (3, 73),
    "transit": (4, 61),
    "kms": (5, 78),
}


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["place"])


def test_a_wrapped_key_opens_in_its_own_context_alone(custody: Custody) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    assert custody.unwrap(1, wrapped, CONTEXT) == SECRET
    for bad in (CONTEXT[:-1] + b"\x01", CONTEXT + b"x", b"another", CONTEXT[:-1]):
        with pytest.raises(Broken, match="E-AEAD"):
            custody.unwrap(1, wrapped, bad)


def test_a_wrapped_key_has_the_form_that_is_written_down(custody: Custody, kind: str) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    assert (wrapped[0], len(wrapped)) == WRAPPED[kind]
    assert SECRET not in wrapped


def test_the_same_secret_is_wrapped_differently_each_time(custody: Custody, kind: str) -> None:
    found = {custody.wrap(1, SECRET, CONTEXT) for _ in range(3)}
    # RFC 5649 has no nonce: the one form without one, of secrets that are random.
    assert len(found) == (1 if kind == "token without GCM" else 3)


def test_an_altered_wrapped_key_is_refused(custody: Custody) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    for place in (*range(20), *range(20, len(wrapped), 7), len(wrapped) - 1):
        altered = bytearray(wrapped)
        altered[place] ^= 1 << place % 8
        with pytest.raises(Broken, match=r"E-(AEAD|PARSE)"):
            custody.unwrap(1, bytes(altered), CONTEXT)
    assert custody.unwrap(1, wrapped, CONTEXT) == SECRET


def test_what_is_no_wrapped_key_is_refused(custody: Custody) -> None:
    for form in (0, 1, 2, 3, 4, 5, 6, 255):
        for size in (0, 1, 40, 61, 73, 105, 7000):
            with pytest.raises(Broken, match=r"E-(AEAD|PARSE)"):
                custody.unwrap(1, bytes([form]) * size, CONTEXT)


def test_a_rotation_puts_the_next_key_beside_the_present_one(
    custody: Custody, place: Place
) -> None:
    before = custody.wrap(1, SECRET, CONTEXT)
    assert (custody.generation, custody.generations) == (1, (1,))
    assert custody.rotate() == 2
    assert (custody.generation, custody.generations) == (2, (1, 2))
    after = custody.wrap(2, SECRET, CONTEXT)
    again = place.open()
    assert again.generations == (1, 2)
    assert again.unwrap(1, before, CONTEXT) == again.unwrap(2, after, CONTEXT) == SECRET
    for generation, other in ((2, before), (1, after)):
        with pytest.raises(Broken, match="E-AEAD"):
            again.unwrap(generation, other, CONTEXT)


def test_a_rotation_that_was_cut_short_is_gone_on_with(custody: Custody, place: Place) -> None:
    assert custody.rotate() == custody.rotate() == place.open().rotate() == 2
    assert custody.generations == (1, 2)


def test_a_destroyed_generation_is_gone_and_said_to_be(custody: Custody, place: Place) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    custody.rotate()
    kept = custody.wrap(2, SECRET, CONTEXT)
    said = custody.destroy(1)
    assert b"generation 1 destroyed" in said
    assert len(said) <= 300
    for each in (custody, place.open()):
        assert each.generations == (2,)
        with pytest.raises(KeyGone):
            each.unwrap(1, wrapped, CONTEXT)
        with pytest.raises(KeyGone):
            each.wrap(1, SECRET, CONTEXT)
        assert each.unwrap(2, kept, CONTEXT) == SECRET
        assert b"generation 1 destroyed" in each.destroy(1)
    assert custody.rotate() == 3


def test_the_newest_generation_is_never_destroyed(custody: Custody) -> None:
    for generation in (1, 2, 9):
        with pytest.raises(Broken, match="E-KEYSTATE"):
            custody.destroy(generation)
    custody.rotate()
    with pytest.raises(Broken, match="E-KEYSTATE"):
        custody.destroy(2)
    assert custody.generations == (1, 2)


def test_a_generation_that_never_was_is_told_from_one_that_is_gone(custody: Custody) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    with pytest.raises(Broken, match="E-KEYSTATE"):
        custody.unwrap(2, wrapped, CONTEXT)
    with pytest.raises(Broken, match="E-KEYSTATE"):
        custody.wrap(2, SECRET, CONTEXT)
    with pytest.raises(KeyGone):
        custody.unwrap(0, wrapped, CONTEXT)


def test_who_was_open_all_along_follows_a_rotation_and_a_destruction(
    custody: Custody, place: Place
) -> None:
    late = place.open()
    before = late.wrap(1, SECRET, CONTEXT)
    custody.rotate()
    exported = custody.export(2)
    handed = b"" if exported is None else late.unwrap(1, custody.wrap(1, exported, b"h"), b"h")
    late.adopt(2, handed)
    assert late.generation == 2
    assert late.unwrap(2, custody.wrap(2, SECRET, CONTEXT), CONTEXT) == SECRET
    custody.destroy(1)
    # It hears of it (keys.bell), and asks again: then its own copy of the key is gone as well.
    late.destroy(1)
    with pytest.raises(KeyGone):
        late.unwrap(1, before, CONTEXT)


def test_a_key_that_is_elsewhere_never_comes_out(custody: Custody, kind: str) -> None:
    assert (custody.export(1) is None) == (kind in ELSEWHERE)


def test_a_keyed_hash_is_stable_and_secret(custody: Custody, place: Place) -> None:
    if "mac" not in custody.capabilities:
        pytest.skip("this custody computes none")
    first = custody.mac("names", b"Zofia")
    assert len(first) == 32
    assert custody.mac("names", b"Zosia") != first
    assert custody.mac("phones", b"Zofia") != first
    custody.rotate()
    custody.destroy(1)
    assert place.open().mac("names", b"Zofia") == custody.mac("names", b"Zofia") == first
    for name in ("", "Names", "a" * 64, "names/../kek", "names\0"):
        with pytest.raises(Broken, match="E-PARSE"):
            custody.mac(name, b"Zofia")


def test_eight_threads_wrap_and_unwrap_at_once(custody: Custody) -> None:
    wrong: list[object] = []
    custody.rotate()

    def work(number: int) -> None:
        try:
            for turn in range(20):
                generation = 1 + turn % 2
                secret = bytes([number, turn]) * 16
                wrapped = custody.wrap(generation, secret, CONTEXT)
                if custody.unwrap(generation, wrapped, CONTEXT) != secret:
                    wrong.append((number, turn))
                if turn % 7 == 0:
                    with pytest.raises(Broken):
                        custody.unwrap(generation, wrapped, b"elsewhere")
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test tells it
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []


def test_two_threads_that_rotate_at_once_make_one_next_key(custody: Custody, place: Place) -> None:
    others = [custody, place.open()]
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda each=each: found.append(each.rotate())) for each in others
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [2, 2]
    assert place.open().generations == (1, 2)


def test_nothing_secret_is_shown(custody: Custody, place: Place) -> None:
    shown = f"{custody!r} {custody} {vars(custody)!r}"
    for each in (place.secret, place.secret.partition(":")[2] or "-"):
        assert each == "-" or each not in shown


# Opening and making


def test_a_wrong_secret_opens_nothing(place: Place) -> None:
    wrongs = ["another secret altogether", place.secret[:-1] + "?", ""]
    if isinstance(place.settings, KmsSettings):
        # Without any, the SDK would look for some of its own.
        wrongs = ["no colon", ":", "AKIDANOTHER:a secret of the key service", "AKIDEXAMPLE:"]
    for wrong in wrongs:
        with pytest.raises(WrongPassphrase) as caught:
            open_custody(place.folder, wrong)
        assert place.secret not in str(caught.value)
        assert str(place.folder) not in str(caught.value)
    assert place.open().generations == (1,)


@pytest.mark.parametrize("place", ELSEWHERE, indirect=True)
def test_keys_are_not_made_over_keys(place: Place, tmp_path: Path) -> None:
    assert place.settings is not None
    wrapped = place.open().wrap(1, SECRET, CONTEXT)
    other = tmp_path / "other"
    other.mkdir()
    with (
        pytest.raises(FolderRefused, match="already"),
        making_custody(other, place.settings, place.secret),
    ):
        pass
    assert list(other.iterdir()) == []
    assert place.open().unwrap(1, wrapped, CONTEXT) == SECRET


@pytest.mark.parametrize("place", ELSEWHERE, indirect=True)
def test_keys_of_a_folder_that_was_not_made_are_taken_back(place: Place, tmp_path: Path) -> None:
    assert place.settings is not None
    settings: Settings
    if isinstance(place.settings, TokenSettings):
        settings = replace(place.settings, name=f"{place.settings.name}-never-made")
    else:
        settings = replace(place.settings, key="never-made")
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(KeyboardInterrupt), making_custody(other, settings, place.secret):
        raise KeyboardInterrupt
    if isinstance(place.behind, KmsService):
        states = [each.state for each in place.behind.keys.values()]
        assert states == ["Enabled", "PendingDeletion"]
        return
    (other / "custody.conf").unlink()
    with making_custody(other, settings, place.secret) as custody:
        assert custody.generations == (1,)
