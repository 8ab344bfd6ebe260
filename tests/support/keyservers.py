"""Stand-ins for servers that hold keys: the transit engine of Vault and OpenBao, and AWS KMS.

They do as the documented HTTP APIs say, as far as custody asks anything of them: real encryption
with associated data, versions and their minima, states of keys, and the errors. They are no servers
of those makers, and nothing here was ever tried against one.
"""

from __future__ import annotations

import base64
import copy
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "a token of the key server"
CREDENTIALS = "AKIDEXAMPLE:a secret of the key service"

Said = tuple[int, dict[str, Any]]


class Refused(Exception):
    """The server says no."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(*errors)
        self.status = status


@dataclass
class Version:
    """A version of a key."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    hmac_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    made: int = field(default_factory=lambda: int(time.time()))


@dataclass
class TransitKey:
    """A named key of the transit engine."""

    type: str
    versions: dict[int, Version] = field(default_factory=lambda: {1: Version()})
    min_decryption_version: int = 1
    min_encryption_version: int = 0
    min_available_version: int = 0
    deletion_allowed: bool = False
    exportable: bool = False
    auto_rotate_period: int = 0

    @property
    def latest(self) -> int:
        return max(self.versions)

    def shown(self, name: str) -> dict[str, Any]:
        """What reading the key tells."""
        return {
            "name": name,
            "type": self.type,
            "derived": False,
            "exportable": self.exportable,
            "allow_plaintext_backup": False,
            "deletion_allowed": self.deletion_allowed,
            "auto_rotate_period": self.auto_rotate_period,
            "keys": {str(each): version.made for each, version in self.versions.items()},
            "latest_version": self.latest,
            "min_available_version": self.min_available_version,
            "min_decryption_version": self.min_decryption_version,
            "min_encryption_version": self.min_encryption_version,
            "supports_encryption": True,
            "supports_decryption": True,
        }


class TransitEngine:
    """The engine's state and what it does; ``away`` seals it, ``deaf`` ignores associated data."""

    def __init__(self) -> None:
        self.keys: dict[str, TransitKey] = {}
        self.away = False
        self.deaf = False
        self.asked: list[str] = []
        self.lock = threading.Lock()

    def backup(self) -> dict[str, TransitKey]:
        """The storage as a backup of the server holds it."""
        return copy.deepcopy(self.keys)

    def said(self, method: str, path: str, headers: Any, body: dict[str, Any]) -> Said:
        with self.lock:
            self.asked.append(f"{method} {path}")
            try:
                if self.away:
                    raise Refused(503, "Vault is sealed")
                if headers.get("X-Vault-Token") != TOKEN:
                    raise Refused(403, "permission denied")
                found = re.fullmatch(r"/v1/transit/([a-z]+)/([a-z0-9-]+)(?:/([a-z0-9-]+))?", path)
                if found is None:
                    raise Refused(404)
                data = self._route(method, found[1], found[2], found[3] or "", body)
            except Refused as refused:
                return refused.status, {"errors": list(refused.args)}
            return 200, {"request_id": secrets.token_hex(8), "data": data}

    def _route(
        self, method: str, verb: str, name: str, rest: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        key = self.keys.get(name)
        if (method, verb, rest) == ("POST", "keys", ""):
            if key is None:
                key = self.keys[name] = TransitKey(body.get("type", "aes256-gcm96"))
            return key.shown(name)
        if key is None:
            raise Refused(404 if method == "GET" else 400, *([] if method == "GET" else ["no key"]))
        deeds: dict[str, Callable[[], dict[str, Any] | None]] = {
            "GET keys/": lambda: key.shown(name),
            "DELETE keys/": lambda: self._delete(name),
            "POST keys/rotate": lambda: key.versions.update({key.latest + 1: Version()}),
            "POST keys/config": lambda: self._config(key, body),
            "POST keys/trim": lambda: self._trim(key, body["min_available_version"]),
            "POST encrypt/": lambda: self._encrypt(key, body),
            "POST decrypt/": lambda: self._decrypt(key, body),
            "POST hmac/sha2-256": lambda: self._hmac(key, body),
        }
        deed = deeds.get(f"{method} {verb}/{rest}")
        if deed is None:
            raise Refused(405)
        return deed() or key.shown(name)

    def _delete(self, name: str) -> None:
        if not self.keys[name].deletion_allowed:
            raise Refused(400, "deletion is not allowed for this key")
        del self.keys[name]

    def _hmac(self, key: TransitKey, body: dict[str, Any]) -> dict[str, Any]:
        version = body.get("key_version") or key.latest
        data = base64.b64decode(body["input"])
        digest = hmac.digest(key.versions[version].hmac_key, data, "sha256")
        return {"hmac": f"vault:v{version}:{base64.b64encode(digest).decode()}"}

    def _config(self, key: TransitKey, body: dict[str, Any]) -> None:
        decryption = body.get("min_decryption_version", key.min_decryption_version)
        encryption = body.get("min_encryption_version", key.min_encryption_version)
        if max(decryption, encryption) > key.latest:
            raise Refused(400, "cannot set min version, latest key version is less")
        if 0 < encryption < decryption:
            raise Refused(
                400, "min encryption version must not be less than min decryption version"
            )
        if key.min_available_version > min(decryption, encryption):
            raise Refused(400, "min version should not be less than min available version")
        key.min_decryption_version, key.min_encryption_version = decryption, encryption
        key.deletion_allowed = body.get("deletion_allowed", key.deletion_allowed)

    def _trim(self, key: TransitKey, version: int) -> None:
        if version < key.min_available_version:
            raise Refused(400, "minimum available version cannot be decremented")
        if not 0 < version <= min(key.min_encryption_version, key.min_decryption_version):
            raise Refused(400, "minimum available version cannot be greater than the others")
        key.min_available_version = version
        key.versions = {each: kept for each, kept in key.versions.items() if each >= version}

    def _aad(self, body: dict[str, Any]) -> bytes:
        return b"" if self.deaf else base64.b64decode(body.get("associated_data", ""))

    def _encrypt(self, key: TransitKey, body: dict[str, Any]) -> dict[str, Any]:
        version = body.get("key_version") or key.latest
        if version < key.min_encryption_version or version not in key.versions:
            raise Refused(400, "requested version for encryption is less than the minimum")
        nonce, plain = secrets.token_bytes(12), base64.b64decode(body["plaintext"])
        sealed = nonce + AESGCM(key.versions[version].key).encrypt(nonce, plain, self._aad(body))
        return {
            "ciphertext": f"vault:v{version}:{base64.b64encode(sealed).decode()}",
            "key_version": version,
        }

    def _decrypt(self, key: TransitKey, body: dict[str, Any]) -> dict[str, Any]:
        found = re.fullmatch(r"vault:v([0-9]+):(.+)", body["ciphertext"])
        if found is None:
            raise Refused(400, "invalid ciphertext: no prefix")
        version, data = int(found[1]), base64.b64decode(found[2])
        if version < key.min_decryption_version:
            raise Refused(400, "ciphertext or signature version is disallowed by policy (too old)")
        if version not in key.versions:
            raise Refused(400, "invalid ciphertext: version is too new")
        try:
            plain = AESGCM(key.versions[version].key).decrypt(data[:12], data[12:], self._aad(body))
        except InvalidTag:
            raise Refused(400, "invalid ciphertext: unable to decrypt") from None
        return {"plaintext": base64.b64encode(plain).decode()}


@dataclass
class KmsKey:
    """A key of AWS KMS."""

    id: str
    spec: str
    state: str = "Enabled"
    origin: str = "AWS_KMS"
    final: float | None = None
    material: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def arn(self) -> str:
        return f"arn:aws:kms:eu-central-1:111122223333:key/{self.id}"

    def shown(self) -> dict[str, Any]:
        """What describing the key tells."""
        said = {
            "KeyId": self.id,
            "Arn": self.arn,
            "KeyState": self.state,
            "KeySpec": self.spec,
            "Origin": self.origin,
            "KeyManager": "CUSTOMER",
            "Enabled": self.state == "Enabled",
        }
        return said if self.final is None else said | {"DeletionDate": self.final}


class KmsService:
    """The service's state and what it does; ``away`` lets it fail."""

    def __init__(self) -> None:
        self.keys: dict[str, KmsKey] = {}
        self.aliases: dict[str, str] = {}
        self.away = False
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.lock = threading.Lock()

    def said(self, _method: str, _path: str, headers: Any, body: dict[str, Any]) -> Said:
        operation = headers.get("X-Amz-Target", "").removeprefix("TrentService.")
        with self.lock:
            self.asked.append((operation, body))
            try:
                if self.away:
                    raise Refused(500, "KMSInternalException")
                credential = f"Credential={CREDENTIALS.partition(':')[0]}/"
                if credential not in headers.get("Authorization", ""):
                    raise Refused(400, "UnrecognizedClientException")
                return 200, self._route(operation, body)
            except Refused as refused:
                return refused.status, {"__type": refused.args[0], "message": "no"}

    def _key(self, name: str) -> KmsKey:
        name = self.aliases.get(name, name).rpartition("/")[2]
        if name not in self.keys:
            raise Refused(400, "NotFoundException")
        return self.keys[name]

    def _usable(self, name: str) -> KmsKey:
        found = self._key(name)
        if found.state == "Disabled":
            raise Refused(400, "DisabledException")
        if found.state != "Enabled":
            raise Refused(400, "KMSInvalidStateException")
        return found

    def _route(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        deed = {
            "CreateKey": self._create,
            "CreateAlias": self._name,
            "ListAliases": self._list,
            "DescribeKey": lambda body: {"KeyMetadata": self._key(body["KeyId"]).shown()},
            "ScheduleKeyDeletion": self._schedule,
            "Encrypt": self._encrypt,
            "Decrypt": self._decrypt,
            "GenerateMac": self._mac,
        }.get(operation)
        if deed is None:
            raise Refused(400, "UnknownOperationException")
        return deed(body)

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        key = KmsKey(secrets.token_hex(8), body["KeySpec"])
        self.keys[key.id] = key
        return {"KeyMetadata": key.shown()}

    def _name(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["AliasName"] in self.aliases:
            raise Refused(400, "AlreadyExistsException")
        self.aliases[body["AliasName"]] = body["TargetKeyId"]
        return {}

    def _mac(self, body: dict[str, Any]) -> dict[str, Any]:
        key = self._usable(body["KeyId"])
        if key.spec != "HMAC_256":
            raise Refused(400, "InvalidKeyUsageException")
        digest = hmac.digest(key.material, base64.b64decode(body["Message"]), "sha256")
        return {"Mac": base64.b64encode(digest).decode(), "KeyId": key.arn}

    def _list(self, body: dict[str, Any]) -> dict[str, Any]:
        # Two at a time, so that there are pages.
        names = sorted([*self.aliases, "alias/aws/ebs", "alias/another-clinic-kek-1"])
        at = int(body.get("Marker", 0))
        page = [{"AliasName": each} for each in names[at : at + 2]]
        for each in page:
            if each["AliasName"] in self.aliases:
                each["TargetKeyId"] = self.aliases[each["AliasName"]]
        more = at + 2 < len(names)
        return {"Aliases": page, "Truncated": more} | ({"NextMarker": str(at + 2)} if more else {})

    def _schedule(self, body: dict[str, Any]) -> dict[str, Any]:
        key = self._key(body["KeyId"])
        if key.state == "PendingDeletion":
            raise Refused(400, "KMSInvalidStateException")
        key.state = "PendingDeletion"
        key.final = time.time() + 86400 * body.get("PendingWindowInDays", 30)
        return {"KeyId": key.arn, "DeletionDate": key.final, "KeyState": key.state}

    def _encrypt(self, body: dict[str, Any]) -> dict[str, Any]:
        key = self._usable(body["KeyId"])
        context = json.dumps(body.get("EncryptionContext", {}), sort_keys=True).encode()
        nonce, plain = secrets.token_bytes(12), base64.b64decode(body["Plaintext"])
        sealed = AESGCM(key.material).encrypt(nonce, plain, context)
        blob = bytes([len(key.id)]) + key.id.encode() + nonce + sealed
        return {"CiphertextBlob": base64.b64encode(blob).decode(), "KeyId": key.arn}

    def _decrypt(self, body: dict[str, Any]) -> dict[str, Any]:
        blob = base64.b64decode(body["CiphertextBlob"])
        name, rest = blob[1 : 1 + blob[0]].decode("latin-1"), blob[1 + blob[0] :]
        if name not in self.keys:
            raise Refused(400, "InvalidCiphertextException")
        key = self._usable(body.get("KeyId", name))
        if key.id != name:
            raise Refused(400, "IncorrectKeyException")
        context = json.dumps(body.get("EncryptionContext", {}), sort_keys=True).encode()
        try:
            plain = AESGCM(key.material).decrypt(rest[:12], rest[12:], context)
        except InvalidTag:
            raise Refused(400, "InvalidCiphertextException") from None
        return {"Plaintext": base64.b64encode(plain).decode(), "KeyId": key.arn}


@contextmanager
def served(engine: TransitEngine | KmsService) -> Iterator[str]:
    """The engine on loopback; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, said = engine.said(
                self.command, self.path, self.headers, json.loads(data) if data else {}
            )
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
