"""Keys in AWS KMS, one for each generation, found by its alias: ``alias/<key>-kek-<generation>``.

Every use carries the context in hexadecimal as encryption context, so that the list that the cloud
keeps of uses names it: log, pseudonym of the subject, key, never a client. To destroy a generation
is to schedule the deletion of its key, which from then on opens nothing, and is deleted for good
after 7 to 30 days; whoever administers the account can take that back until then. So an erasure is
final on the day that the evidence tells.

A wrapped key is ``0x05`` and the service's ciphertext.

Source:
    AWS Key Management Service API 2014-11-01: Encrypt, Decrypt, GenerateMac, CreateKey,
    CreateAlias, ListAliases, DescribeKey, ScheduleKeyDeletion. Tried against a stand-in that does
    as these pages say, never against the service.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.errors import (
    Broken,
    CustodyUnavailable,
    FolderRefused,
    KeyGone,
    WrongPassphrase,
)
from infrastructure.vault.custody.durable import held
from infrastructure.vault.custody.naming import checked_name
from infrastructure.vault.custody.port import ATTESTED_DESTROY, AUDIT, HSM, MAC
from infrastructure.vault.custody.settings import KmsSettings
from infrastructure.vault.keys import KEY_SIZE

_FORM = b"\x05"
_LONGEST = 1 + 6144
_MOST_HASHED = 4096
_MOST_PAGES = 100
_ENABLED, _LEAVING = "Enabled", "PendingDeletion"
_OWN = ("AWS_KMS", "AWS_CLOUDHSM")
_NOT_OURS = ("InvalidCiphertextException", "IncorrectKeyException")
_NO_ENTRY = (
    "AccessDeniedException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "UnrecognizedClientException",
)


class _Key(NamedTuple):
    """A key of the service, and in which state it is."""

    id: str
    state: str
    final: datetime | None


class Kms:
    """Custody in AWS KMS."""

    capabilities = frozenset({HSM, MAC, AUDIT, ATTESTED_DESTROY})

    def __init__(self, settings: KmsSettings, folder: Path, credentials: str) -> None:
        """Use ``open_kms`` or ``create_kms``.

        Credentials are ``id:secret`` or ``id:secret:session``; none at all leave it to the SDK to
        find some, as it does on a machine that has a role.

        Raises:
            WrongPassphrase: They are of another form.
        """
        self._settings, self._folder = settings, folder
        found: list[str | None] = [*credentials.split(":", 2)] if credentials else [None, None]
        if len(found) < 2 or "" in found:  # noqa: PLR2004 - an id and a secret
            raise WrongPassphrase("Credentials are an id and a secret with a colon between.")
        self._client: Any = boto3.session.Session(
            aws_access_key_id=found[0],
            aws_secret_access_key=found[1],
            aws_session_token=found[2] if len(found) > 2 else None,  # noqa: PLR2004 - the third
            region_name=settings.region,
        ).client(
            "kms",
            endpoint_url=settings.endpoint or None,
            config=Config(
                connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 3}
            ),
        )
        self._keys: dict[int, _Key] = {}
        self._macs: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Kms(generations={self.generations})"

    @property
    def generation(self) -> int:
        """The newest generation, as far as is known here."""
        return max(self._keys)

    @property
    def generations(self) -> tuple[int, ...]:
        """The generations that open, as far as is known here."""
        return tuple(sorted(each for each, key in self._keys.items() if key.state != _LEAVING))

    def wrap(self, generation: int, secret: bytes, context: bytes) -> bytes:
        """The secret, encrypted by the service and bound to the context."""
        if len(secret) != KEY_SIZE:
            raise Broken("E-PARSE", "a secret of the wrong length")
        key = self._key(generation)
        with self._told(generation):
            found = self._client.encrypt(
                KeyId=key, Plaintext=secret, EncryptionContext=_context(context)
            )
        return _FORM + bytes(found["CiphertextBlob"])

    def unwrap(self, generation: int, wrapped: bytes, context: bytes) -> bytes:
        """The secret that was wrapped for this very context."""
        if wrapped[:1] != _FORM or not 1 < len(wrapped) <= _LONGEST:
            raise Broken("E-PARSE", "a wrapped key of unknown form")
        key = self._key(generation)
        with self._told(generation):
            found = self._client.decrypt(
                KeyId=key, CiphertextBlob=wrapped[1:], EncryptionContext=_context(context)
            )
        secret = bytes(found["Plaintext"])
        if len(secret) != KEY_SIZE:
            raise Broken("E-PARSE", "a wrapped key of the wrong length")
        return secret

    def mac(self, name: str, data: bytes) -> bytes:
        """HMAC-SHA-256 by the service.

        Raises:
            Broken: E-LIMIT, the service hashes 1 to 4096 bytes.
        """
        if not 1 <= len(data) <= _MOST_HASHED:
            raise Broken("E-LIMIT", "more than the service hashes at once, or nothing")
        alias = f"alias/{self._settings.key}-mac-{checked_name(name)}"
        with self._told():
            if alias not in self._macs:
                self._macs[alias] = self._mac_key(alias)
            found = self._client.generate_mac(
                KeyId=self._macs[alias], Message=data, MacAlgorithm="HMAC_SHA_256"
            )
        return bytes(found["Mac"])

    def rotate(self) -> int:
        """A next key, of its own, beside the present one."""
        with held(self._folder), self._told():
            self.look()
            if len(self.generations) == 1:
                self._make(self._alias(self.generation + 1), "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
                self.look()
        return self.generation

    def destroy(self, generation: int) -> bytes:
        """Schedule the deletion of a generation's key; when it will be final."""
        with held(self._folder), self._told():
            self.look()
            if not self._keys or generation >= self.generation:
                raise Broken("E-KEYSTATE", "the newest generation is never destroyed")
            key = self._keys.get(generation)
            if key is None:
                return f"kms: generation {generation} destroyed, no key of it is left".encode()
            if key.state != _LEAVING:
                days = int(self._settings.days)
                self._client.schedule_key_deletion(KeyId=key.id, PendingWindowInDays=days)
                self.look()
                key = self._keys[generation]
        if key.state != _LEAVING or key.final is None:
            raise Broken("E-KEYSTATE", "the service does not delete the key")
        return (
            f"kms: generation {generation} destroyed, key {key.id} opens nothing any more,"
            f" deleted for good at {key.final.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        ).encode()

    def adopt(self, generation: int, secret: bytes) -> None:
        """Look again at which keys there are.

        Raises:
            Broken: E-KEYSTATE, the generation is not there.
        """
        with self._told():
            self.look()
        if generation not in self.generations:
            raise Broken("E-KEYSTATE", "a generation that the service does not have")

    def export(self, generation: int) -> None:
        """Nothing: no key leaves the service."""

    def forget(self, generation: int) -> None:
        """Nothing: no key is in memory here."""

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def look(self) -> None:
        """Read which keys there are, and in which state.

        Raises:
            FolderRefused: One of them was not made by the service.
        """
        label = re.compile(rf"alias/{re.escape(self._settings.key)}-kek-([1-9][0-9]{{0,8}})")
        found = {}
        for alias, key in self._aliases():
            named = label.fullmatch(alias)
            if named is not None:
                found[int(named[1])] = self._state(key)
        self._keys = found

    def begin(self) -> None:
        """Look for the first time.

        Raises:
            FolderRefused: There is no key of this name.
        """
        with self._told(first=True):
            self.look()
        if not self._keys:
            raise FolderRefused("The key service has no key of this name.")

    def make_first(self) -> None:
        """Make the first generation.

        Raises:
            FolderRefused: There is one already.
        """
        with self._told(first=True):
            self.look()
            if self._keys:
                raise FolderRefused("The key service has a key of this name already.")
            self._make(self._alias(1), "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
            self.look()

    def forsake(self) -> None:
        """Schedule the deletion of every key, for a folder whose making failed."""
        with self._told():
            for each in self._keys.values():
                if each.state == _ENABLED:
                    self._client.schedule_key_deletion(KeyId=each.id, PendingWindowInDays=7)

    def _alias(self, generation: int) -> str:
        return f"alias/{self._settings.key}-kek-{generation}"

    def _aliases(self) -> Iterator[tuple[str, str]]:
        marker: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = self._client.list_aliases(Limit=100, **marker)
            for each in page["Aliases"]:
                if "TargetKeyId" in each:
                    yield each["AliasName"], each["TargetKeyId"]
            if not page.get("Truncated"):
                return
            marker = {"Marker": page["NextMarker"]}
        raise CustodyUnavailable

    def _state(self, key: str) -> _Key:
        said = self._client.describe_key(KeyId=key)["KeyMetadata"]
        if said.get("Origin") not in _OWN:
            raise FolderRefused("A key of the key service was not made by it.")
        return _Key(said["Arn"], said["KeyState"], said.get("DeletionDate"))

    def _make(self, alias: str, spec: str, usage: str) -> str:
        description = f"powiernik {alias.removeprefix('alias/')}"
        made = self._client.create_key(KeySpec=spec, KeyUsage=usage, Description=description)
        key = str(made["KeyMetadata"]["KeyId"])
        self._client.create_alias(AliasName=alias, TargetKeyId=key)
        return key

    def _mac_key(self, alias: str) -> str:
        with held(self._folder):
            known = dict(self._aliases()).get(alias)
            return known or self._make(alias, "HMAC_256", "GENERATE_VERIFY_MAC")

    def _key(self, generation: int) -> str:
        if generation not in self._keys:
            with self._told():
                self.look()
        key = self._keys.get(generation)
        if key is not None and key.state != _LEAVING:
            return key.id
        if key is not None or (self._keys and generation < self.generation):
            raise KeyGone
        raise Broken("E-KEYSTATE", "a generation that the service does not have")

    @contextlib.contextmanager
    def _told(self, generation: int | None = None, *, first: bool = False) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _NOT_OURS:
                raise Broken("E-AEAD", "a wrapped key does not open in its place") from None
            if first and code in _NO_ENTRY:
                raise WrongPassphrase("The key service refuses these credentials.") from None
            if generation is not None and code in ("KMSInvalidStateException", "NotFoundException"):
                # Another process may have destroyed it; what is known is looked for anew.
                self._keys.pop(generation, None)
                self._key(generation)
            raise CustodyUnavailable from None
        except (BotoCoreError, KeyError):
            raise CustodyUnavailable from None


def create_kms(settings: KmsSettings, folder: Path, credentials: str) -> Kms:
    """Make the clinic's first key in the service.

    Raises:
        FolderRefused: There is one of this name.
        WrongPassphrase: The service refuses the credentials.
        CustodyUnavailable: It does not answer.
    """
    kms = Kms(settings, folder, credentials)
    try:
        kms.make_first()
    except BaseException:
        kms.close()
        raise
    return kms


def open_kms(settings: KmsSettings, folder: Path, credentials: str) -> Kms:
    """Use the clinic's keys in the service.

    Raises:
        FolderRefused: There are none, or one was not made there.
        WrongPassphrase: The service refuses the credentials.
        CustodyUnavailable: It does not answer.
    """
    kms = Kms(settings, folder, credentials)
    try:
        kms.begin()
    except BaseException:
        kms.close()
        raise
    return kms


def _context(context: bytes) -> dict[str, str]:
    return {"powiernik": context.hex()}
