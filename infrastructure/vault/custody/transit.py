"""Keys in the transit engine of Vault or OpenBao: the server encrypts, and keeps a list of it.

A generation is a version of one key of the engine, which belongs to this clinic alone; a keyed
hash's key is a key of its own, ``<key>-mac-<name>``, that is never rotated. To destroy a generation
is to trim the versions up to it: the server deletes them for good, but a backup of its own storage
brings them back, so that its backups belong to the date from which an erasure is final.

A wrapped key is ``0x04`` and what stands after ``vault:v<generation>:``: nonce, secret, tag.

Source:
    HTTP API of the transit secrets engine: encrypt, decrypt (associated_data), rotate, config,
    trim, hmac. Tried against a stand-in that does as these pages say, never against a server.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any, NamedTuple

from infrastructure.errors import (
    Broken,
    CustodyUnavailable,
    FolderRefused,
    KeyGone,
    WrongPassphrase,
)
from infrastructure.vault.custody.durable import held
from infrastructure.vault.custody.http import Answer, Server
from infrastructure.vault.custody.naming import checked_name
from infrastructure.vault.custody.port import ATTESTED_DESTROY, AUDIT, MAC
from infrastructure.vault.custody.settings import TransitSettings
from infrastructure.vault.keys import KEY_SIZE

_FORM = b"\x04"
_SIZE = 1 + 12 + KEY_SIZE + 16
_TYPE = "aes256-gcm96"
_GOOD = (200, 204)
_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND = 400, 403, 404


class _Versions(NamedTuple):
    """Which versions of the key there are, and from which on they open."""

    oldest: int
    newest: int
    deleted_before: int


class Transit:
    """Custody in a transit engine."""

    capabilities = frozenset({MAC, AUDIT, ATTESTED_DESTROY})

    def __init__(self, settings: TransitSettings, folder: Path, token: str) -> None:
        """Use ``open_transit`` or ``create_transit``; ``folder`` is held while versions change."""
        headers = {"X-Vault-Token": token, "X-Vault-Request": "true"}
        if settings.namespace:
            headers["X-Vault-Namespace"] = settings.namespace
        self._server = Server(settings.url, headers, authority=settings.authority)
        self._root, self._key, self._folder = f"/v1/{settings.mount}", settings.key, folder
        self._versions = _Versions(1, 0, 0)
        self._macs: set[str] = set()

    def __repr__(self) -> str:
        return f"Transit(generations={self.generations})"

    @property
    def generation(self) -> int:
        """The newest version of the key, as far as is known here."""
        return self._versions.newest

    @property
    def generations(self) -> tuple[int, ...]:
        """The versions that open, as far as is known here."""
        return tuple(range(self._versions.oldest, self._versions.newest + 1))

    def wrap(self, generation: int, secret: bytes, context: bytes) -> bytes:
        """The secret, encrypted by the server under this version and bound to the context."""
        if len(secret) != KEY_SIZE:
            raise Broken("E-PARSE", "a secret of the wrong length")
        self._must_open(generation)
        said = {
            "plaintext": _base64(secret),
            "associated_data": _base64(context),
            "key_version": generation,
        }
        answer = self._server.post(f"{self._root}/encrypt/{self._key}", said)
        if answer.status == _BAD_REQUEST:
            self._refused(generation)
            raise CustodyUnavailable
        wrapped = _FORM + _after(f"vault:v{generation}:", _data(answer, "ciphertext"))
        if len(wrapped) != _SIZE:
            raise CustodyUnavailable
        return wrapped

    def unwrap(self, generation: int, wrapped: bytes, context: bytes) -> bytes:
        """The secret that was wrapped for this very context."""
        if len(wrapped) != _SIZE or wrapped[:1] != _FORM:
            raise Broken("E-PARSE", "a wrapped key of unknown form")
        self._must_open(generation)
        said = {
            "ciphertext": f"vault:v{generation}:{_base64(wrapped[1:])}",
            "associated_data": _base64(context),
        }
        answer = self._server.post(f"{self._root}/decrypt/{self._key}", said)
        if answer.status == _BAD_REQUEST:
            self._refused(generation)
            raise Broken("E-AEAD", "a wrapped key does not open in its place")
        secret = _after("", _data(answer, "plaintext"))
        if len(secret) != KEY_SIZE:
            raise Broken("E-PARSE", "a wrapped key of the wrong length")
        return secret

    def mac(self, name: str, data: bytes) -> bytes:
        """HMAC-SHA-256 by the server, under the first version of a key that is never rotated."""
        key = f"{self._key}-mac-{checked_name(name)}"
        if key not in self._macs:
            # Where it is there already, this changes nothing.
            _good(self._server.post(f"{self._root}/keys/{key}", {"type": _TYPE}))
            self._macs.add(key)
        said = {"input": _base64(data), "key_version": 1}
        answer = self._server.post(f"{self._root}/hmac/{key}/sha2-256", said)
        return _after("vault:v1:", _data(answer, "hmac"))

    def rotate(self) -> int:
        """A next version of the key."""
        with held(self._folder):
            self.look()
            if len(self.generations) == 1:
                _good(self._server.post(f"{self._root}/keys/{self._key}/rotate", {}, again=False))
                self.look()
        return self.generation

    def destroy(self, generation: int) -> bytes:
        """Have the server delete every version up to this one; what it says of them."""
        with held(self._folder):
            self.look()
            if generation >= self.generation:
                raise Broken("E-KEYSTATE", "the newest generation is never destroyed")
            request = ""
            if self._versions.deleted_before <= generation:
                request = self._trim(generation + 1)
                self.look()
        if self._versions.deleted_before <= generation:
            raise Broken("E-KEYSTATE", "the server did not delete the version")
        before, newest = self._versions.deleted_before, self._versions.newest
        said = f", request {request}" if request else ""
        return (
            f"transit: key {self._key}, generation {generation} destroyed,"
            f" versions before {before} deleted, newest {newest}{said}"
        ).encode()

    def adopt(self, generation: int, secret: bytes) -> None:
        """Look again at what the server has.

        Raises:
            Broken: E-KEYSTATE, the generation is not there.
        """
        self.look()
        if generation not in self.generations:
            raise Broken("E-KEYSTATE", "a generation that the server does not have")

    def export(self, generation: int) -> None:
        """Nothing: no key leaves the server."""

    def forget(self, generation: int) -> None:
        """Nothing: no key is in memory here."""

    def close(self) -> None:
        """Let go of the connections."""
        self._server.close()

    def look(self) -> None:
        """Read which versions there are.

        Raises:
            FolderRefused: There is no such key, or it is not one that stays where it is.
            WrongPassphrase: The server refuses the token.
            CustodyUnavailable: It does not answer.
        """
        answer = self._server.get(f"{self._root}/keys/{self._key}")
        if answer.status == _FORBIDDEN:
            raise WrongPassphrase("The key server refuses the token.")
        if answer.status == _NOT_FOUND:
            raise FolderRefused("The key server has no key of this name.")
        said = _fields(answer)
        if (
            said.get("type") != _TYPE
            or said.get("exportable") is not False
            or said.get("allow_plaintext_backup") is not False
            or said.get("derived") is not False
            or said.get("auto_rotate_period", 0) not in (0, "0", "0s")
        ):
            raise FolderRefused(
                "The key on the key server is of another type, can leave it, or rotates by itself."
            )
        deleted = _number(said, "min_available_version", default=0)
        oldest = max(1, deleted, _number(said, "min_decryption_version", default=1))
        self._versions = _Versions(oldest, _number(said, "latest_version"), deleted)

    def make(self) -> None:
        """Make the key, which must not be there.

        Raises:
            FolderRefused: It is.
        """
        found = self._server.get(f"{self._root}/keys/{self._key}").status
        if found == _FORBIDDEN:
            raise WrongPassphrase("The key server refuses the token.")
        if found != _NOT_FOUND:
            raise FolderRefused("The key server has a key of this name already.")
        said = {"type": _TYPE, "exportable": False, "allow_plaintext_backup": False}
        _good(self._server.post(f"{self._root}/keys/{self._key}", said))
        # Trimming asks for both to be set.
        self._from(1)
        self.look()

    def forsake(self) -> None:
        """Take the key away, for a folder whose making failed; the policy may not allow it."""
        _good(
            self._server.post(f"{self._root}/keys/{self._key}/config", {"deletion_allowed": True})
        )
        _good(self._server.delete(f"{self._root}/keys/{self._key}"))

    def _from(self, version: int) -> None:
        said = {"min_decryption_version": version, "min_encryption_version": version}
        _good(self._server.post(f"{self._root}/keys/{self._key}/config", said))

    def _trim(self, version: int) -> str:
        self._from(version)
        said = {"min_available_version": version}
        answer = self._server.post(f"{self._root}/keys/{self._key}/trim", said)
        _good(answer)
        request = answer.body.get("request_id")
        return request[:64] if isinstance(request, str) and request.isascii() else ""

    def _must_open(self, generation: int) -> None:
        if generation not in self.generations:
            self.look()
        if generation < self._versions.oldest:
            raise KeyGone
        if generation > self._versions.newest:
            raise Broken("E-KEYSTATE", "a generation that the server does not have")

    def _refused(self, generation: int) -> None:
        """After a refusal: it may be the version that has gone meanwhile."""
        self.look()
        self._must_open(generation)


def create_transit(settings: TransitSettings, folder: Path, token: str) -> Transit:
    """Make the clinic's key on the server.

    Raises:
        FolderRefused: It is there already.
        WrongPassphrase: The server refuses the token.
        CustodyUnavailable: It does not answer.
    """
    transit = Transit(settings, folder, token)
    try:
        transit.make()
    except BaseException:
        transit.close()
        raise
    return transit


def open_transit(settings: TransitSettings, folder: Path, token: str) -> Transit:
    """Use the clinic's key on the server.

    Raises:
        FolderRefused: It is not there, or is not one that stays there.
        WrongPassphrase: The server refuses the token.
        CustodyUnavailable: It does not answer.
    """
    transit = Transit(settings, folder, token)
    try:
        transit.look()
    except BaseException:
        transit.close()
        raise
    return transit


def _good(answer: Answer) -> None:
    if answer.status not in _GOOD:
        raise CustodyUnavailable


def _fields(answer: Answer) -> dict[str, Any]:
    _good(answer)
    found = answer.body.get("data")
    if not isinstance(found, dict):
        raise CustodyUnavailable
    return found


def _data(answer: Answer, name: str) -> str:
    found = _fields(answer).get(name)
    if not isinstance(found, str):
        raise CustodyUnavailable
    return found


def _number(said: dict[str, Any], name: str, *, default: int | None = None) -> int:
    found = said.get(name, default)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise CustodyUnavailable
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _after(prefix: str, text: str) -> bytes:
    if not text.startswith(prefix):
        raise CustodyUnavailable
    try:
        return base64.b64decode(text[len(prefix) :], validate=True)
    except (binascii.Error, ValueError):
        raise CustodyUnavailable from None
