"""What is asked of a token: to find, make and use keys that never leave it.

Source:
    OASIS PKCS #11 specification, version 3.1; the wrapped forms: docs of the design, security, 1.2.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import Any, Protocol, cast

from pkcs11 import (
    Attribute,
    GCMParams,
    KeyType,
    Mechanism,
    MechanismFlag,
    ObjectClass,
    Session,
)

from infrastructure.errors import Broken, FolderRefused
from infrastructure.vault.keys import KEY_SIZE

NONCE_SIZE = 12
TAG_SIZE = 16
_BITS = 256
_INSIDE = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}


class SecretKey(Protocol):
    """What the library hands out for a secret key, as far as it is used here."""

    @property
    def label(self) -> str: ...

    def __getitem__(self, attribute: Attribute) -> Any: ...

    def encrypt(self, data: bytes, **how: Any) -> bytes: ...

    def decrypt(self, data: bytes, **how: Any) -> bytes: ...

    def sign(self, data: bytes, **how: Any) -> bytes: ...

    def wrap_key(self, key: Any, **how: Any) -> bytes: ...

    def unwrap_key(self, kind: ObjectClass, key_type: KeyType, data: bytes, **how: Any) -> Any: ...

    def destroy(self) -> None: ...


def knows_gcm(session: Session) -> bool:
    """Whether the token does AES-GCM."""
    return Mechanism.AES_GCM in session.token.slot.get_mechanisms()


def find(session: Session, label: str) -> list[SecretKey]:
    """The keys with a label."""
    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label}
    return cast("list[SecretKey]", list(session.get_objects(wanted)))


def wrapping_keys(session: Session) -> list[SecretKey]:
    """The AES keys in the token."""
    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES}
    return cast("list[SecretKey]", list(session.get_objects(wanted)))


def must_stay(key: SecretKey) -> None:
    """Refuse a key that the token would give away, or that was not made in it.

    Raises:
        FolderRefused: It is one.
    """
    if key[Attribute.EXTRACTABLE] or not (
        key[Attribute.SENSITIVE] and key[Attribute.NEVER_EXTRACTABLE] and key[Attribute.LOCAL]
    ):
        raise FolderRefused("A key in the token was not made there, or can leave it.")


def encrypts(key: SecretKey) -> bool:
    """Whether a key was made to encrypt; otherwise it was made to wrap."""
    return bool(key[Attribute.ENCRYPT])


def make_wrapping_key(session: Session, label: str, *, gcm: bool) -> None:
    """Make an AES-256 key in the token, for good."""
    uses = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
    if not gcm:
        uses = MechanismFlag.WRAP | MechanismFlag.UNWRAP
    made = session.generate_key(
        KeyType.AES,
        _BITS,
        label=label,
        id=label.encode(),
        store=True,
        capabilities=uses,
        template=_INSIDE,
    )
    key = cast("SecretKey", made)
    must_stay(key)


def make_mac_key(session: Session, label: str) -> SecretKey:
    """Make a key for HMAC-SHA-256 in the token, for good."""
    made = session.generate_key(
        KeyType.GENERIC_SECRET,
        _BITS,
        label=label,
        id=label.encode(),
        store=True,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
        mechanism=Mechanism.GENERIC_SECRET_KEY_GEN,
        template=_INSIDE,
    )
    key = cast("SecretKey", made)
    must_stay(key)
    return key


def mac(key: SecretKey, data: bytes) -> bytes:
    """HMAC-SHA-256 in the token."""
    return bytes(key.sign(data, mechanism=Mechanism.SHA256_HMAC))


def encrypt(key: SecretKey, secret: bytes, context: bytes) -> bytes:
    """AES-256-GCM in the token: nonce, ciphertext, tag."""
    nonce = secrets.token_bytes(NONCE_SIZE)
    how = GCMParams(nonce, context, TAG_SIZE * 8)
    return nonce + bytes(key.encrypt(secret, mechanism=Mechanism.AES_GCM, mechanism_param=how))


def decrypt(key: SecretKey, wrapped: bytes, context: bytes) -> bytes:
    """What was encrypted in this context; tokens refuse the rest with errors of their own."""
    how = GCMParams(wrapped[:NONCE_SIZE], context, TAG_SIZE * 8)
    found = key.decrypt(wrapped[NONCE_SIZE:], mechanism=Mechanism.AES_GCM, mechanism_param=how)
    return bytes(found)


def key_wrap(session: Session, key: SecretKey, secret: bytes, context: bytes) -> bytes:
    """RFC 5649 in the token over the secret and the context's hash."""
    carried = session.create_object(
        {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
            Attribute.VALUE: secret + sha256(context).digest(),
            Attribute.TOKEN: False,
            Attribute.SENSITIVE: False,
            Attribute.EXTRACTABLE: True,
        }
    )
    try:
        return bytes(key.wrap_key(carried, mechanism=Mechanism.AES_KEY_WRAP_PAD))
    finally:
        carried.destroy()


def key_unwrap(key: SecretKey, wrapped: bytes, context: bytes) -> bytes:
    """What was wrapped with this context.

    Raises:
        Broken: E-AEAD, it was wrapped with another one.
    """
    carried = key.unwrap_key(
        ObjectClass.SECRET_KEY,
        KeyType.GENERIC_SECRET,
        wrapped,
        mechanism=Mechanism.AES_KEY_WRAP_PAD,
        store=False,
        template={Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True},
    )
    try:
        value = bytes(carried[Attribute.VALUE])
    finally:
        carried.destroy()
    if not hmac.compare_digest(value[KEY_SIZE:], sha256(context).digest()):
        raise Broken("E-AEAD", "a wrapped key does not open in its place")
    return value[:KEY_SIZE]
