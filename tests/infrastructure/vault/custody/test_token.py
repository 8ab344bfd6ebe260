"""Keys in a token, on SoftHSM: they never leave it, it may go away and come back, it is shared."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infrastructure import folder as data_folder, founding
from infrastructure.accounts import Accounts
from infrastructure.control import logged_keys
from infrastructure.errors import (
    Broken,
    CustodyUnavailable,
    FolderRefused,
    KeyGone,
    WrongPassphrase,
)
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault import rotation
from infrastructure.vault.custody import (
    LIGHT,
    Custody,
    TokenSettings,
    making_custody,
    open_custody,
)
from infrastructure.vault.custody.settings import write_settings
from infrastructure.vault.keystore import KeyStore
from infrastructure.verify import verify_folder
from tests.infrastructure.conftest import Hands
from tests.infrastructure.vault.custody.conftest import Place
from tests.support import ink, softhsm

pkcs11 = pytest.importorskip("pkcs11")
pytestmark = [
    pytest.mark.skipif(softhsm.why_not() is not None, reason=str(softhsm.why_not())),
    pytest.mark.parametrize("place", ["token", "token without GCM"], indirect=True),
]

CONTEXT = b"PSW\x01" + bytes(60)
SECRET = bytes(range(32))
Unavailable = Callable[[], AbstractContextManager[object]]


def session(custody: Any, work: Callable[[Any], Any]) -> Any:
    """Do something in the session as somebody who has the PIN."""
    return custody._login.run(work)


def objects(custody: Any, label: str) -> list[Any]:
    wanted = {pkcs11.Attribute.LABEL: f"{custody._prefix}{label}"}
    return list(session(custody, lambda opened: list(opened.get_objects(wanted))))


# Nothing leaves it


@pytest.mark.parametrize("label", ["kek-1", "mac-names"])
def test_a_key_was_made_inside_and_cannot_be_asked_for(custody: Custody, label: str) -> None:
    custody.mac("names", b"Zofia")
    (key,) = objects(custody, label)
    for attribute, value in (
        (pkcs11.Attribute.SENSITIVE, True),
        (pkcs11.Attribute.EXTRACTABLE, False),
        (pkcs11.Attribute.NEVER_EXTRACTABLE, True),
        (pkcs11.Attribute.LOCAL, True),
        (pkcs11.Attribute.PRIVATE, True),
        (pkcs11.Attribute.TOKEN, True),
    ):
        assert key[attribute] is value
    with pytest.raises(pkcs11.AttributeSensitive):
        key[pkcs11.Attribute.VALUE]


def test_a_key_that_was_put_into_the_token_is_refused(custody: Custody, place: Place) -> None:
    # Somebody with the PIN, who knows the key, would have it used from the next rotation on.
    planted = {
        pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
        pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES,
        pkcs11.Attribute.VALUE: SECRET,
        pkcs11.Attribute.TOKEN: True,
        pkcs11.Attribute.SENSITIVE: True,
        pkcs11.Attribute.EXTRACTABLE: False,
        pkcs11.Attribute.ENCRYPT: True,
        pkcs11.Attribute.LABEL: f"{custody._prefix}kek-2",  # type: ignore[attr-defined]
    }
    session(custody, lambda opened: opened.create_object(planted))
    with pytest.raises(FolderRefused, match="not made there"):
        custody.adopt(2, b"")
    with pytest.raises(FolderRefused, match="not made there"):
        place.open()
    with pytest.raises(FolderRefused, match="not made there"):
        custody.rotate()


def test_two_keys_of_one_generation_are_refused(custody: Custody, place: Place) -> None:
    (key,) = objects(custody, "kek-1")
    key.copy({pkcs11.Attribute.ID: b"another"})
    with pytest.raises(Broken, match="E-KEYSTATE"):
        place.open()


def test_what_the_token_says_of_a_destruction_is_handed_on(custody: Custody, place: Place) -> None:
    custody.rotate()
    said = custody.destroy(1).decode()
    assert said.startswith(f"pkcs11: token {softhsm.LABEL} serial ")
    assert said.endswith("generation 1 destroyed, objects of it 0, left 2")
    assert objects(custody, "kek-1") == []


def test_clinics_in_one_token_do_not_open_each_others_keys(custody: Custody, place: Place) -> None:
    other = place.folder / "other"
    other.mkdir()
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    hashed = custody.mac("names", b"Zofia")
    settings = place.behind.settings(form=getattr(place.settings, "form", ""))
    with making_custody(other, settings, place.secret) as theirs:
        with pytest.raises(Broken, match="E-AEAD"):
            theirs.unwrap(1, wrapped, CONTEXT)
        assert theirs.mac("names", b"Zofia") != hashed
        theirs.rotate()
        theirs.destroy(1)
    assert custody.unwrap(1, wrapped, CONTEXT) == SECRET


# It goes away and comes back


def finalized(_custody: Any, place: Place) -> None:
    """Another part of the program ends its work with the module."""
    pkcs11.lib(place.behind.module).finalize()


def session_closed(custody: Any, _place: Place) -> None:
    custody._login._session.close()


def logged_out(custody: Any, _place: Place) -> None:
    """Whoever else uses the token in this process closes a session, which logs everybody out."""
    other = custody._login._session.token.open(rw=True)
    other.close()
    custody._login._session.token.open(rw=True)
    custody._login._session.close()


# The library's own searches end with a complaint when there is nothing left to search.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. 'pkcs11:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("gone", [finalized, session_closed, logged_out])
def test_a_token_that_was_let_go_of_is_logged_in_to_again(
    custody: Custody, place: Place, unavailable: Unavailable, gone: Callable[..., None]
) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    for call in (
        lambda: custody.unwrap(1, wrapped, CONTEXT),
        lambda: custody.wrap(1, SECRET, CONTEXT),
        lambda: custody.mac("names", b"Zofia"),
        custody.rotate,
        lambda: custody.destroy(1),
    ):
        gone(custody, place)
        with unavailable():
            call()
        call()


@pytest.fixture
def taken_out(place: Place) -> Iterator[Callable[[], None]]:
    """Take the token out of its slot; it is put back again after the test, or by a second call."""
    there = place.behind.folder / "tokens"
    away = place.behind.folder / "taken out"

    def move() -> None:
        if away.exists():
            there.rmdir()
            away.rename(there)
        else:
            there.rename(away)
            there.mkdir()

    yield move
    if away.exists():
        move()


def test_a_token_that_was_taken_out_is_used_again_when_it_is_back(
    custody: Custody, place: Place, unavailable: Unavailable, taken_out: Callable[[], None]
) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    taken_out()
    for _ in range(2):
        with unavailable():
            custody.unwrap(1, wrapped, CONTEXT)
        with unavailable():
            custody.wrap(1, SECRET, CONTEXT)
        with unavailable():
            custody.mac("names", b"Zofia")
        with unavailable():
            custody.rotate()
        with unavailable():
            custody.destroy(1)
        with unavailable():
            place.open()
    taken_out()
    assert custody.unwrap(1, wrapped, CONTEXT) == SECRET
    assert place.open().generations == (1,)


def test_another_process_destroys_and_this_one_notices(custody: Custody, place: Place) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    program = (
        "import sys; from pathlib import Path\n"
        "from infrastructure.vault.custody import open_custody\n"
        "custody = open_custody(Path(sys.argv[1]), sys.stdin.readline().strip())\n"
        "custody.rotate(); custody.destroy(1); custody.close()\n"
    )
    command = [sys.executable, "-c", program, str(place.folder)]
    subprocess.run(command, input=place.secret, text=True, check=True)
    with pytest.raises(KeyGone):
        custody.unwrap(1, wrapped, CONTEXT)
    assert custody.generations == (2,)
    assert len(custody.wrap(2, SECRET, CONTEXT)) in (61, 73)


def test_whoever_looks_for_another_token_does_not_disturb(custody: Custody, place: Place) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    other = place.folder / "other"
    other.mkdir()
    text = (place.folder / "custody.conf").read_text()
    (other / "custody.conf").write_text(text.replace(softhsm.LABEL, "nobody's token"))
    for _ in range(2):
        with pytest.raises(CustodyUnavailable):
            open_custody(other, place.secret)
        assert custody.unwrap(1, wrapped, CONTEXT) == SECRET


# Getting in


def test_the_last_one_out_logs_out(custody: Custody, place: Place) -> None:
    second = place.open()
    place.opened.remove(second)
    second.close()
    # The session is shared: who is still there is not disturbed.
    assert custody.unwrap(1, custody.wrap(1, SECRET, CONTEXT), CONTEXT) == SECRET


def test_a_token_without_the_clinics_keys_is_refused(place: Place) -> None:
    assert place.settings is not None
    text = (place.folder / "custody.conf").read_text()
    (place.folder / "custody.conf").write_text(text.replace("name clinic-", "name nobody-"))
    with pytest.raises(FolderRefused, match="no key of this clinic"):
        open_custody(place.folder, place.secret)


def test_a_module_that_is_none_is_refused(place: Place, tmp_path: Path) -> None:
    none = tmp_path / "none.so"
    none.write_text("no module")
    text = (place.folder / "custody.conf").read_text()
    for module in (none, tmp_path / "missing.so"):
        changed = text.replace(place.behind.module, str(module))
        (place.folder / "custody.conf").write_text(changed)
        with pytest.raises(FolderRefused, match="cannot be loaded") as caught:
            open_custody(place.folder, place.secret)
        assert str(tmp_path) not in str(caught.value)


def test_a_token_that_is_not_there_may_come(place: Place) -> None:
    text = (place.folder / "custody.conf").read_text()
    (place.folder / "custody.conf").write_text(text.replace(softhsm.LABEL, "nobody's token"))
    with pytest.raises(CustodyUnavailable):
        open_custody(place.folder, place.secret)


# A whole data folder


@pytest.fixture
def clinic(place: Place, tmp_path: Path) -> Path:
    """A data folder whose keys are in the token."""
    path = tmp_path / "clinic"
    settings = place.behind.settings(form=getattr(place.settings, "form", ""))
    founding.create(
        path, ["words of one", "of two"], cost=LIGHT, custody=settings, secret=place.secret
    )
    return path


def test_a_folder_lives_in_a_token(clinic: Path, place: Place) -> None:
    assert not (clinic / "kek.key").exists()
    assert (clinic / "custody.conf").stat().st_mode & 0o777 == 0o600
    for passphrase in ("words of one", place.secret + "0"):
        with pytest.raises(WrongPassphrase):
            data_folder.open_folder(clinic, passphrase)
    with closing(data_folder.open_folder(clinic, place.secret)) as folder:
        folder.record.append_now((ink.registered(ink.ANNA), ink.opened(ink.ANNA)), ink.WHO)
        folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
        assert verify_folder(folder).opened > 0
    for each in clinic.iterdir():
        assert each.is_dir() or place.secret.encode() not in each.read_bytes()


def test_a_folder_in_a_token_is_rotated(clinic: Path, place: Place) -> None:
    with closing(data_folder.open_folder(clinic, place.secret)) as folder:
        folder.record.append_now((ink.registered(ink.ANNA), ink.opened(ink.ANNA)), ink.WHO)
        folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
        said: list[tuple[int, bytes]] = []
        log = rotation.Log(
            check_value=lambda key_id: _check_value(folder, key_id),
            rewrapped=lambda *_: None,
            destroyed=lambda generation, evidence: said.append((generation, evidence)),
        )
        log_id = folder.genesis.log_id
        rotation.rotate(folder.keys, folder.custody, log_id, log, folder.bell)
        ((generation, evidence),) = said
        assert generation == 1
        assert evidence.startswith(b"pkcs11: token")
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    with closing(data_folder.open_folder(clinic, place.secret)) as folder:
        assert folder.custody.generations == (2,)
        assert verify_folder(folder).opened > 0


def _check_value(folder: data_folder.OpenFolder, key_id: bytes) -> bytes | None:
    logged = logged_keys(folder.store, folder.vault.lineage.at, folder.append_key)(key_id)
    return None if logged is None else logged.check_value


class Killed(Exception):
    """The machine stops here."""


@pytest.mark.parametrize(
    ("where", "name"),
    [(KeyStore, "create"), (SqliteStore, "commit"), (Accounts, "create"), (Path, "rename")],
)
def test_a_folder_that_is_not_made_leaves_no_keys_in_the_token(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: object, name: str
) -> None:
    settings = place.behind.settings(form=getattr(place.settings, "form", ""))

    def killing(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(where, name, killing)
        with pytest.raises(Killed):
            founding.create(
                tmp_path / "clinic", ["a"], cost=LIGHT, custody=settings, secret=place.secret
            )
    assert not (tmp_path / "clinic").exists()
    # The name is free again.
    founding.create(tmp_path / "clinic", ["a"], cost=LIGHT, custody=settings, secret=place.secret)


def test_a_token_that_goes_away_makes_the_record_unavailable_and_loses_nothing(
    clinic: Path, place: Place, taken_out: Callable[[], None]
) -> None:
    hands = Hands()
    with closing(data_folder.open_folder(clinic, place.secret, clock=hands)) as folder:
        folder.record.append_now((ink.registered(ink.ANNA), ink.opened(ink.ANNA)), ink.WHO)
        size = folder.store.standing().size
        folder.vault.keyring.forget()
        taken_out()
        with pytest.raises(CustodyUnavailable):
            folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
        assert folder.store.standing().size == size
        taken_out()
        folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
        assert verify_folder(folder).opened > 0


def test_a_copied_folder_says_nothing_without_the_token(
    clinic: Path, place: Place, tmp_path: Path
) -> None:
    stolen = tmp_path / "stolen"
    shutil.copytree(clinic, stolen)
    elsewhere = tmp_path / "another machine"
    elsewhere.mkdir()
    program = (
        "import sys; from pathlib import Path\n"
        "from infrastructure.errors import CustodyUnavailable\n"
        "from infrastructure.folder import open_folder\n"
        "try: open_folder(Path(sys.argv[1]), sys.stdin.readline().strip())\n"
        "except CustodyUnavailable: print('away')\n"
    )
    (elsewhere / "softhsm2.conf").write_text(f"directories.tokendir = {elsewhere}\n")
    environment = {**os.environ, "SOFTHSM2_CONF": str(elsewhere / "softhsm2.conf")}
    ended = subprocess.run(
        [sys.executable, "-c", program, str(stolen)],
        input=place.secret,
        text=True,
        check=True,
        capture_output=True,
        env=environment,
    )
    assert ended.stdout == "away\n"


def test_the_form_is_that_of_the_key_not_of_the_settings(custody: Custody, place: Place) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    now = "gcm" if getattr(place.settings, "form", "") else "key-wrap"
    assert isinstance(place.settings, TokenSettings)
    settings = replace(place.settings, form=now)
    (place.folder / "custody.conf").unlink()
    write_settings(place.folder, settings)
    again = place.open()
    assert again.unwrap(1, wrapped, CONTEXT) == SECRET
    assert again.wrap(1, SECRET, CONTEXT)[0] == wrapped[0]
    again.rotate()
    changed = again.wrap(2, SECRET, CONTEXT)
    assert {wrapped[0], changed[0]} == {2, 3}
    assert again.unwrap(2, changed, CONTEXT) == SECRET
