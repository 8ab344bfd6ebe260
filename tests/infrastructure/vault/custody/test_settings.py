"""``custody.conf``: what it says is understood whole, or refused whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from infrastructure.errors import FolderRefused
from infrastructure.vault.custody import (
    KmsSettings,
    Settings,
    TokenSettings,
    TransitSettings,
    open_custody,
    read_settings,
    settings_from,
)
from infrastructure.vault.custody.settings import parse, text_of, write_settings

GOOD: dict[str, Settings] = {
    "token": TokenSettings("/usr/lib/softhsm/libsofthsm2.so", "the clinic's token"),
    "named": TokenSettings("/opt/a module.so", "clinic", name="clinic-2", form="key-wrap"),
    "transit": TransitSettings("https://keys.example:8200", "clinic"),
    "mounted": TransitSettings(
        "https://keys.example/vault", "clinic", "a/b", namespace="n/s", authority="/etc/ca.pem"
    ),
    "kms": KmsSettings("eu-central-1", "clinic"),
    "slow": KmsSettings("eu-central-1", "clinic", days="30", endpoint="https://kms.example"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_was_written_is_read(tmp_path: Path, name: str) -> None:
    settings = GOOD[name]
    write_settings(tmp_path, settings)
    assert read_settings(tmp_path) == settings == parse(text_of(settings))
    assert (tmp_path / "custody.conf").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_settings(tmp_path, settings)


def test_without_the_file_there_is_a_keyfile(tmp_path: Path) -> None:
    assert read_settings(tmp_path) is None


TOKEN = "provider pkcs11\nmodule /m.so\ntoken t\n"
TRANSIT = "provider transit\nurl https://keys.example\nkey clinic\n"
KMS = "provider kms\nregion eu-central-1\nkey clinic\n"
BAD = {
    "nothing": "",
    "no provider": "module /m.so\ntoken t\n",
    "an unknown provider": "provider azure\nkey clinic\n",
    "an unknown word": TOKEN + "pin 1234\n",
    "another provider's word": TOKEN + "url https://keys.example\n",
    "the same word twice": TOKEN + "token u\n",
    "two providers": TOKEN + "provider kms\n",
    "a word without a value": TOKEN + "name\n",
    "an empty value": TOKEN + "name \n",
    "two spaces": "provider pkcs11\nmodule  /m.so\ntoken t\n",
    "a space at the end": "provider pkcs11\nmodule /m.so\ntoken t \n",
    "an empty line": "provider pkcs11\n\nmodule /m.so\ntoken t\n",
    "a comment": "# ours\n" + TOKEN,
    "a missing word": "provider pkcs11\nmodule /m.so\n",
    "a module by its name": "provider pkcs11\nmodule m.so\ntoken t\n",
    "a form that is none": TOKEN + "form rsa\n",
    "a name that is none": TOKEN + "name Clinic 2\n",
    "a control character": TOKEN.replace("token t", "token \x07"),
    "a value that is too long": TOKEN.replace("token t", "token " + "t" * 513),
    "an address that is none": TRANSIT.replace("https://keys.example", "keys.example"),
    "an address with a question": TRANSIT.replace("keys.example", "keys.example/?x=1"),
    "an address with a name": TRANSIT.replace("keys.example", "me@keys.example"),
    "a key that is a path": TRANSIT.replace("key clinic", "key ../clinic"),
    "a mount that is a way up": TRANSIT + "mount ../transit\n",
    "six days": KMS + "days 6\n",
    "thirty-one days": KMS + "days 31\n",
    "days in words": KMS + "days seven\n",
    "an endpoint that is none": KMS + "endpoint kms\n",
    "a region that is none": KMS.replace("eu-central-1", "EU central"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_understood_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "custody.conf").write_text(BAD[name])
    with pytest.raises(FolderRefused, match=r"^custody\.conf: ") as caught:
        open_custody(tmp_path, "whatever")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"provider pkcs11\x00\n", b"x" * 5000])
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "custody.conf").write_bytes(data)
    with pytest.raises(FolderRefused, match=r"custody\.conf"):
        read_settings(tmp_path)


def test_a_file_that_cannot_be_read_is_no_keyfile(tmp_path: Path) -> None:
    # Fail closed: whoever puts something in its way does not get the keyfile asked instead.
    (tmp_path / "custody.conf").mkdir()
    with pytest.raises(FolderRefused, match="cannot be read"):
        open_custody(tmp_path, "whatever")


@given(st.text(max_size=200))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        settings = parse(text)
    except FolderRefused:
        return
    assert parse(text_of(settings)) == settings


@given(st.dictionaries(st.sampled_from(["module", "token", "name", "form", "url"]), st.text()))
def test_any_words_are_understood_or_refused(words: dict[str, str]) -> None:
    try:
        settings = settings_from("pkcs11", words)
    except FolderRefused:
        return
    assert parse(text_of(settings)) == settings


@pytest.mark.parametrize(
    ("name", "module", "extra"), [("token", "pkcs11", "hsm"), ("kms", "boto3", "kms")]
)
def test_what_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str, extra: str
) -> None:
    write_settings(tmp_path, GOOD[name])
    for each in [each for each in sys.modules if each.startswith("infrastructure.vault.custody.")]:
        if each.rpartition(".")[2] in ("token", "session", "objects", "kms"):
            monkeypatch.delitem(sys.modules, each)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FolderRefused, match=f"the extra '{extra}'"):
        open_custody(tmp_path, "1234")
