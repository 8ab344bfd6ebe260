"""``powiernik keys``: who can open the keys, what hangs on them, whether all of it is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infrastructure.vault.custody import LIGHT, unlock
from tests.api.cli.support import BROKEN, GOOD, UNUSABLE, Ended, descriptor, powiernik
from tests.support import softhsm
from tests.support.clinic import PASSPHRASE, Founded, small_clinic
from tests.support.keyservers import CREDENTIALS, TOKEN, KmsService, TransitEngine, served

NEW = "a third one's own words"
NAMES = ("--admin", "ada", "--given-name", "Ada", "--family-name", "Nowak")
in_a_keyfile = softhsm.about_the_keyfile


def keys(verb: str, data: Path, *words: object, secret: str | None = None) -> Ended:
    given = secret or (softhsm.token().pin if softhsm.asked_for() else PASSPHRASE)
    with descriptor(given) as number:
        return powiernik("keys", verb, *words, "--data", data, "--passphrase-fd", number)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A file with a new passphrase."""
    path = tmp_path / "new passphrase"
    path.write_text(f"{NEW}\n")
    return path


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot that costs as little as one may; what it costs in service is custody's test."""
    monkeypatch.setattr("infrastructure.vault.custody.keyfile.Cost", lambda: LIGHT)


# Showing


@in_a_keyfile
def test_show_tells_who_can_open_what(data: Path) -> None:
    found = keys("show", data, "--json").json()
    assert (found["provider"], found["generations"], found["capabilities"]) == ("keyfile", [1], [])
    (person,) = found["people"]
    assert person["open"] is True
    assert person["generations"] == [1]
    assert person["cost"] == {"memory_kib": 65536, "passes": 3, "lanes": 4}
    counted = {each["purpose"]: each["keys"] for each in found["keys"]}
    assert counted["clinical"] >= 1
    assert {each["generation"] for each in found["keys"]} == {1}
    said = keys("show", data).out
    assert "passphrase 1  opens generation 1, a try costs 64 MiB, 3 passes, given just now" in said
    assert "clinical under generation 1" in said


def test_show_needs_what_opens_the_folder(data: Path) -> None:
    ended = keys("show", data, secret="somebody else's words")
    assert (ended.code, ended.out) == (UNUSABLE, "")
    assert ended.err in (
        "The passphrase does not open the keyfile.\n",
        "The token refuses the PIN.\n",
    )


# Adding and removing


@in_a_keyfile
def test_a_third_passphrase_opens_the_folder(data: Path, new: Path) -> None:
    ended = keys("add", data, "--new-passphrase-file", new, "--json")
    assert (ended.code, ended.json()) == (GOOD, {"added": 2})
    assert keys("check", data, secret=NEW).code == GOOD
    assert NEW not in ended.said
    again = keys("add", data, "--new-passphrase-file", new)
    assert (again.code, again.err) == (UNUSABLE, "The keyfile has this passphrase already.\n")


@in_a_keyfile
def test_a_passphrase_is_taken_away_and_told_what_that_means(data: Path, new: Path) -> None:
    keys("add", data, "--new-passphrase-file", new)
    refused = keys("remove", data, 1)
    assert refused.code == UNUSABLE
    assert refused.err == "One passphrase alone would be left; that has to be said.\n"
    ended = keys("remove", data, 1, "--leave-one")
    assert ended.code == GOOD
    assert "rotate the keys now" in ended.out
    assert keys("show", data).code == UNUSABLE
    assert keys("show", data, secret=NEW).code == GOOD
    last = keys("remove", data, 1, "--leave-one", secret=NEW)
    assert (last.code, last.err) == (UNUSABLE, "The last passphrase is never taken away.\n")


@in_a_keyfile
def test_a_short_new_passphrase_changes_nothing(data: Path, new: Path) -> None:
    before = (data / "kek.key").read_bytes()
    new.write_text("too short\n")
    ended = keys("add", data, "--new-passphrase-file", new)
    assert ended.code == UNUSABLE
    assert "at least 12 characters" in ended.err
    assert (data / "kek.key").read_bytes() == before
    assert unlock(data / "kek.key", PASSPHRASE).generations == (1,)


# Checking


@pytest.fixture
def written(founded: Founded, tmp_path: Path) -> Path:
    """A data folder with a note in it."""
    with small_clinic(founded, tmp_path / "written") as clinic:
        clinic.draft_note(clinic.open_case())
    return tmp_path / "written"


def test_check_opens_every_key(written: Path) -> None:
    data = written
    ended = keys("check", data, "--json")
    assert ended.code == GOOD, ended.err
    found = ended.json()
    shown = keys("show", data, "--json").json()
    assert found["wrong"] == 0
    assert found["named"] == []
    assert found["keys"] + found["pending"] == sum(each["keys"] for each in shown["keys"])
    assert found["items"] == sum(shown["items"].values()) >= 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE subject_key SET wrapped = randomblob(length(wrapped))", "E-"),
        ("UPDATE subject_key SET wrapped = x'01'", "E-"),
        ("UPDATE subject_key SET epoch = epoch + 7", "E-AEAD"),
        ("UPDATE subject_key SET wrapped = NULL, state = 3", "E-KEYSTATE"),
        ("UPDATE subject_key SET wrapped = NULL", "E-KEYSTATE"),
        ("UPDATE item_key SET wrapped = randomblob(length(wrapped))", "E-AEAD"),
        ("UPDATE item_key SET owner_key = randomblob(16)", "E-KEYSTATE"),
    ],
)
def test_check_says_what_is_wrong_with_which_key(written: Path, change: str, code: str) -> None:
    data = written
    table, column = ("item_key", "item_id") if "item_key" in change else ("subject_key", "key_id")
    with closing(sqlite3.connect(data / "keys.db")) as db, db:
        (row,) = db.execute(f"SELECT {column} FROM {table} LIMIT 1 OFFSET 2")  # noqa: S608 - ours
        db.execute(f"{change} WHERE {column} = ?", row)
    ended = keys("check", data, "--json")
    assert ended.code == BROKEN, ended.err
    found = ended.json()
    assert found["wrong"] == len(found["named"]) >= 1
    named = {each["key"]: each["what"] for each in found["named"]}
    assert named[row[0].hex()].startswith(code)
    told = keys("check", data)
    assert row[0].hex() in told.err


# Elsewhere than in a keyfile


def _token(_stack: Path) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    soft = softhsm.token()
    settings = soft.settings()
    words = ("--module", soft.module, "--token", soft.label, "--name", settings.name)
    yield ("--custody", "pkcs11", *words), soft.pin, soft


def _transit(_stack: Path) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    engine = TransitEngine()
    with served(engine) as url:
        yield ("--custody", "transit", "--url", url, "--key", "clinic"), TOKEN, engine


@pytest.fixture(params=["pkcs11", "transit"])
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Options that name a custody, what opens it, and what stands behind it."""
    if request.param == "pkcs11" and softhsm.why_not():
        pytest.skip(str(softhsm.why_not()))
    yield from {"pkcs11": _token, "transit": _transit}[request.param](tmp_path)


def init(data: Path, secret: str, *words: str) -> Ended:
    with descriptor(secret) as number:
        return powiernik("init", "--data", data, "--passphrase-fd", number, *NAMES, *words)


def test_a_clinic_is_founded_and_verified_with_its_keys_elsewhere(
    tmp_path: Path, elsewhere: tuple[tuple[str, ...], str, Any]
) -> None:
    words, secret, _ = elsewhere
    data = tmp_path / "data"
    ended = init(data, secret, *words, "--json")
    assert ended.code == GOOD, ended.err
    told = ended.json()
    assert told["custodian_passphrase"] != told["recovery_passphrase"]
    assert not (data / "kek.key").exists()
    assert {each.name for each in data.glob("custodian-*")} == {
        "custodian-1.key",
        "custodian-2.key",
    }
    for file in data.iterdir():
        assert file.is_dir() or secret.encode() not in file.read_bytes(), file.name
    for verb in ("show", "check"):
        assert keys(verb, data, secret=secret).code == GOOD
    with descriptor(secret) as number:
        verified = powiernik("verify", "--data", data, "--passphrase-fd", number)
    assert verified.code == GOOD, verified.err
    # The custodians' passphrases approve, and open no keys.
    for each in ("custodian_passphrase", "recovery_passphrase"):
        assert keys("show", data, secret=told[each]).code == UNUSABLE
    # Whose passphrases they are is nothing that a token knows of.
    new = tmp_path / "new"
    new.write_text(f"{NEW}\n")
    for refused in (
        keys("add", data, "--new-passphrase-file", new, secret=secret),
        keys("remove", data, 1, secret=secret),
    ):
        assert refused.code == UNUSABLE
        assert refused.err == "The keys of this folder are not in a keyfile.\n"


def test_two_custodians_approve_where_neither_opens_the_keys(
    tmp_path: Path, elsewhere: tuple[tuple[str, ...], str, Any]
) -> None:
    words, secret, _ = elsewhere
    data = tmp_path / "data"
    told = init(data, secret, *words, "--json").json()
    files = {"pin": secret, "new": NEW}
    files |= {each: told[f"{each}_passphrase"] for each in ("custodian", "recovery")}
    for name, text in files.items():
        (tmp_path / name).write_text(f"{text}\n")
    named = ("--name", "clinic.example/custodian-anna", "--out", tmp_path / "anna.key")
    made = powiernik("custodian", "make", *named, "--passphrase-file", tmp_path / "new")
    assert made.code == GOOD, made.err
    first = ("--passphrase-file", tmp_path / "custodian")
    second = ("--second-passphrase-file", tmp_path / "recovery")
    naming = ("custodian", "name", made.out.strip(), "--data", data, *first, *second)
    assert powiernik(*naming).code == UNUSABLE
    ended = powiernik(*naming, "--custody-secret-file", tmp_path / "pin")
    assert ended.code == GOOD, ended.err
    assert keys("check", data, secret=secret).code == GOOD


def test_a_clinic_is_not_founded_over_the_keys_of_another(
    tmp_path: Path, elsewhere: tuple[tuple[str, ...], str, Any]
) -> None:
    words, secret, _ = elsewhere
    assert init(tmp_path / "data", secret, *words).code == GOOD
    again = init(tmp_path / "more", secret, *words)
    assert again.code == UNUSABLE
    assert "already" in again.err
    assert not (tmp_path / "more").exists()
    assert keys("check", tmp_path / "data", secret=secret).code == GOOD


def test_a_wrong_secret_founds_nothing(
    tmp_path: Path, elsewhere: tuple[tuple[str, ...], str, Any]
) -> None:
    words, secret, _ = elsewhere
    ended = init(tmp_path / "data", secret + "0", *words)
    assert ended.code == UNUSABLE
    assert "refuses the" in ended.err
    assert secret not in ended.said
    assert not (tmp_path / "data").exists()


def test_a_server_that_is_away_is_told_in_a_sentence(tmp_path: Path) -> None:
    engine = TransitEngine()
    with served(engine) as url:
        words = ("--custody", "transit", "--url", url, "--key", "clinic")
        assert init(tmp_path / "data", TOKEN, *words).code == GOOD
        engine.away = True
        ended = keys("show", tmp_path / "data", secret=TOKEN)
    assert (ended.code, ended.out) == (UNUSABLE, "")
    assert ended.err == "The key-encryption key cannot be reached at the moment.\n"


def test_a_clinic_lives_in_a_key_service(tmp_path: Path) -> None:
    service = KmsService()
    with served(service) as url:
        # The endpoint is written down by hand: there is but one service, and this is a stand-in.
        words = ("--custody", "kms", "--region", "eu-central-1", "--key", "clinic")
        ended = init(tmp_path / "data", CREDENTIALS, *words, "--endpoint", url)
        assert ended.code == GOOD, ended.err
        found = keys("show", tmp_path / "data", "--json", secret=CREDENTIALS).json()
    assert found["provider"] == "kms"
    assert found["capabilities"] == ["attested-destroy", "audit", "hsm", "mac"]


@pytest.mark.parametrize(
    "words",
    [
        ("--module", "/m.so"),
        ("--custody", "pkcs11"),
        ("--custody", "pkcs11", "--module", "m.so", "--token", "t"),
        ("--custody", "pkcs11", "--module", "/m.so", "--token", "t", "--url", "https://k.example"),
        ("--custody", "transit", "--url", "http://keys.example", "--key", "clinic"),
        ("--custody", "kms", "--region", "eu", "--key", "clinic", "--days", "3"),
        ("--custody", "azure"),
    ],
)
def test_half_a_custody_is_refused_before_anything_is_made(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    ended = init(tmp_path / "data", "123456", *words)
    assert ended.code == UNUSABLE
    assert list(tmp_path.iterdir()) == []
