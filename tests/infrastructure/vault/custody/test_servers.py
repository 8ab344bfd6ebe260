"""Keys with a server: it may be away, refuse, say nonsense, or not do what it says.

The servers are stand-ins (tests/support/keyservers.py); no real one was ever asked.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infrastructure.errors import Broken, CustodyUnavailable, FolderRefused, WrongPassphrase
from infrastructure.vault.custody import (
    Custody,
    KmsSettings,
    TransitSettings,
    making_custody,
    open_custody,
)
from infrastructure.vault.custody.http import Server
from tests.infrastructure.vault.custody.conftest import Place
from tests.support.keyservers import CREDENTIALS, TOKEN, KmsService, TransitEngine, served

CONTEXT = b"PSW\x01" + bytes(range(60))
SECRET = bytes(range(32))
Unavailable = Callable[[], AbstractContextManager[object]]

on_transit = pytest.mark.parametrize("place", ["transit"], indirect=True)
on_kms = pytest.mark.parametrize("place", ["kms"], indirect=True)
on_servers = pytest.mark.parametrize("place", ["transit", "kms"], indirect=True)


# Away


@on_servers
def test_a_server_that_is_away_is_asked_again_later(
    custody: Custody, place: Place, unavailable: Unavailable
) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    place.behind.away = True
    for call in (
        lambda: custody.wrap(1, SECRET, CONTEXT),
        lambda: custody.unwrap(1, wrapped, CONTEXT),
        lambda: custody.mac("names", b"Zofia"),
        custody.rotate,
        lambda: custody.destroy(0),
        lambda: custody.adopt(2, b""),
        place.open,
    ):
        with unavailable():
            call()
    place.behind.away = False
    assert custody.unwrap(1, wrapped, CONTEXT) == SECRET
    assert custody.rotate() == 2


def test_nobody_at_the_address_is_a_server_that_is_away(
    tmp_path: Path, unavailable: Unavailable
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    for settings, secret in (
        (TransitSettings(address, "clinic"), TOKEN),
        (KmsSettings("eu-central-1", "clinic", endpoint=address), CREDENTIALS),
    ):
        with unavailable(), making_custody(tmp_path, settings, secret):
            pass
    assert list(tmp_path.iterdir()) == []


@contextmanager
def saying(*answers: bytes) -> Iterator[str]:
    """A server that says this to whoever connects, each time the next, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    return head.encode() + body


NONSENSE = [
    b"",
    b"nonsense\r\n\r\n",
    answer(b"no json"),
    answer(b"[1, 2]"),
    answer(b'{"data": 5}'),
    answer(b'{"data": {"ciphertext": 5}}'),
    answer(b'{"data": {"ciphertext": "vault:v2:AAAA"}}'),
    answer(b'{"data": {"ciphertext": "vault:v1:AAAA"}}'),
    answer(b'{"data": {"ciphertext": "vault:v1:???"}}'),
    answer(b"[" * 60_000),
    answer(b" " * 70_000),
    answer(b"", "302 Found", "Location: http://127.0.0.1:1/\r\n"),
    answer(b"{}", "500 Internal Server Error"),
    answer(b"{}", "403 Forbidden"),
    answer(b'{"data": {"ciphertext": "vault:v1:AAAA"}}', more="X: " + "y" * 70_000 + "\r\n"),
]


@pytest.mark.parametrize("said", NONSENSE, ids=range(len(NONSENSE)))
@on_transit
def test_nonsense_is_not_taken_for_a_wrapped_key(
    custody: Custody, said: bytes, unavailable: Unavailable
) -> None:
    custody.close()
    with saying(said) as address:
        custody._server = Server(address, {})  # type: ignore[attr-defined]
        with unavailable():
            custody.wrap(1, SECRET, CONTEXT)
        custody.close()


def test_a_connection_that_the_server_has_closed_is_opened_again() -> None:
    # The first answer invites to keep the connection, and hangs up all the same.
    kept = b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a":1}'
    with saying(kept, kept) as address, closing(Server(address, {})) as server:
        assert server.get("/").body == {"a": 1}
        assert server.get("/").body == {"a": 1}


def test_what_must_not_happen_twice_is_said_once() -> None:
    kept = b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a":1}'
    with saying(kept, b"", kept) as address, closing(Server(address, {})) as server:
        assert server.get("/").status == 200
        with pytest.raises(CustodyUnavailable):
            server.post("/rotate", {}, again=False)


@pytest.mark.parametrize(
    "url",
    ["http://keys.example:8200", "http://192.0.2.7", "ftp://127.0.0.1", "https://", "http://[::"],
)
def test_beyond_loopback_a_server_is_asked_over_tls_alone(url: str) -> None:
    with pytest.raises(FolderRefused) as caught:
        Server(url, {})
    assert "key server" in str(caught.value)


def test_certificates_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(FolderRefused, match="certificates") as caught:
        Server("https://keys.example", {}, authority=str(tmp_path / "missing.pem"))
    assert str(tmp_path) not in str(caught.value)


# Refused


def test_a_server_that_leaves_the_context_aside_is_refused(tmp_path: Path) -> None:
    engine = TransitEngine()
    engine.deaf = True
    with served(engine) as address:
        settings = TransitSettings(address, "clinic")
        with (
            pytest.raises(FolderRefused, match="does not bind"),
            making_custody(tmp_path, settings, TOKEN),
        ):
            pass
        assert engine.keys == {}
        engine.deaf = False
        with making_custody(tmp_path, settings, TOKEN):
            pass
        engine.deaf = True
        with pytest.raises(FolderRefused, match="does not bind"):
            open_custody(tmp_path, TOKEN)


@pytest.mark.parametrize(
    ("name", "value"),
    [("exportable", True), ("type", "rsa-4096"), ("auto_rotate_period", 3600)],
)
@on_transit
def test_a_key_that_can_leave_the_server_is_refused(place: Place, name: str, value: object) -> None:
    setattr(place.behind.keys["clinic"], name, value)
    with pytest.raises(FolderRefused, match="another type, can leave it, or rotates by itself"):
        place.open()


@on_kms
def test_a_key_that_was_brought_to_the_service_is_refused(custody: Custody, place: Place) -> None:
    custody.rotate()
    next(iter(place.behind.keys.values())).origin = "EXTERNAL"
    with pytest.raises(FolderRefused, match="not made by it"):
        place.open()


@on_kms
def test_a_disabled_key_may_come_back(
    custody: Custody, place: Place, unavailable: Unavailable
) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    (key,) = place.behind.keys.values()
    key.state = "Disabled"
    with unavailable():
        custody.unwrap(1, wrapped, CONTEXT)
    key.state = "Enabled"
    assert custody.unwrap(1, wrapped, CONTEXT) == SECRET


@on_servers
def test_keys_that_are_gone_altogether_are_told(place: Place) -> None:
    place.behind.keys.clear()
    if isinstance(place.behind, KmsService):
        place.behind.aliases.clear()
    with pytest.raises(FolderRefused, match="no key of this name"):
        place.open()


# What they are told, and what they say


@on_kms
def test_the_service_is_told_the_context_of_each_use(custody: Custody, place: Place) -> None:
    custody.unwrap(1, custody.wrap(1, SECRET, CONTEXT), CONTEXT)
    told = [said for operation, said in place.behind.asked if operation in ("Encrypt", "Decrypt")]
    assert [each["EncryptionContext"] for each in told[-2:]] == [{"powiernik": CONTEXT.hex()}] * 2


@on_kms
def test_the_day_of_the_deletion_is_in_the_evidence(custody: Custody, place: Place) -> None:
    custody.rotate()
    said = custody.destroy(1).decode()
    found = re.search(r"deleted for good at (\S+)Z$", said)
    assert found is not None
    final = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    assert abs(final - datetime.now(UTC) - timedelta(days=7)) < timedelta(minutes=1)
    assert custody.destroy(1).decode() == said
    # Later the service has deleted it, and its alias with it.
    place.behind.aliases = {
        alias: key for alias, key in place.behind.aliases.items() if not alias.endswith("-1")
    }
    assert custody.destroy(1) == b"kms: generation 1 destroyed, no key of it is left"


@on_transit
def test_a_trimmed_version_is_deleted_on_the_server_and_lives_in_its_backup(
    custody: Custody, place: Place
) -> None:
    wrapped = custody.wrap(1, SECRET, CONTEXT)
    backup = place.behind.backup()
    custody.rotate()
    said = custody.destroy(1).decode()
    assert set(place.behind.keys["clinic"].versions) == {2}
    assert "versions before 2 deleted, newest 2, request " in said
    # What docs/custody.md warns of: the server's own backup brings the version back.
    place.behind.keys = backup
    assert place.open().unwrap(1, wrapped, CONTEXT) == SECRET


@on_transit
def test_a_version_that_does_not_open_any_more_but_was_not_deleted_is_deleted(
    custody: Custody, place: Place
) -> None:
    custody.rotate()
    # The server dies between the two requests.
    key = place.behind.keys["clinic"]
    key.min_decryption_version = key.min_encryption_version = 2
    assert place.open().generations == (2,)
    assert "versions before 2 deleted" in custody.destroy(1).decode()
    assert set(key.versions) == {2}


@on_servers
def test_another_clinic_with_the_same_server_has_other_keys(place: Place, tmp_path: Path) -> None:
    wrapped = place.open().wrap(1, SECRET, CONTEXT)
    other = tmp_path / "other"
    other.mkdir()
    settings: TransitSettings | KmsSettings
    if isinstance(place.settings, TransitSettings):
        settings = TransitSettings(place.settings.url, "another")
    else:
        endpoint = getattr(place.settings, "endpoint", "")
        settings = KmsSettings("eu-central-1", "another", endpoint=endpoint)
    with (
        making_custody(other, settings, place.secret) as custody,
        pytest.raises(Broken, match="E-AEAD"),
    ):
        custody.unwrap(1, wrapped, CONTEXT)


@on_transit
def test_the_token_is_sent_and_shown_nowhere(custody: Custody, place: Place) -> None:
    assert TOKEN not in f"{custody!r} {vars(custody)!r} {place!r}"
    assert TOKEN not in json.dumps(place.behind.asked)
    with pytest.raises(WrongPassphrase) as caught:
        open_custody(place.folder, TOKEN + "x")
    assert TOKEN not in str(caught.value)
