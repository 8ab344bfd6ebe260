"""Who can open a backup key.

Custody wraps it under the present generation, bound to the backup and the set. When that generation
is destroyed, a **keys** set cannot be opened by anybody any more, which is what makes a destroyed
key stay destroyed. A record set and an accounts set hold no key: they are kept for longer than a
generation lasts, so their backup key is wrapped a second time under a secret that lies in the key
store and is rewrapped with it.

Source:
    docs of the design: security, section 1.7 ("Main DB backups hold ciphertext only, keep as long
    as wanted").
"""

from __future__ import annotations

import secrets

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from infrastructure.backup.manifest import BackupSet, Head
from infrastructure.errors import Broken, FolderRefused, KeyGone
from infrastructure.vault.custody import Custody
from infrastructure.vault.keys import KEY_SIZE
from infrastructure.vault.keystore import KeyStore
from infrastructure.vault.rotation import open_secret, secret_context

_TRIES = 4
SECRET = "backup"  # noqa: S105 - the name of a secret
"""The name of the key store's secret that outlives a generation."""


def context(log_id: bytes, backup: str, kind: BackupSet) -> bytes:
    """What a backup key is bound to."""
    return b"powiernik/1/backup\0" + log_id + bytes.fromhex(backup) + bytes([kind.value])


def lasting_secret(keys: KeyStore, custody: Custody, log_id: bytes) -> bytes | None:
    """The key store's own secret for backups; ``None`` before the first one was made."""
    return open_secret(keys, custody, log_id, SECRET)


def make_lasting_secret(keys: KeyStore, custody: Custody, log_id: bytes) -> bytes:
    """The same, made where there is none yet."""
    for _ in range(_TRIES):
        known = lasting_secret(keys, custody, log_id)
        if known is not None:
            return known
        generation = keys.generation()
        fresh = secrets.token_bytes(KEY_SIZE)
        wrapped = custody.wrap(generation, fresh, secret_context(log_id, SECRET))
        # Where somebody has just rotated, or made one, it is not kept, and is read back instead.
        keys.add_secret(SECRET, generation, wrapped)
    raise Broken("E-KEYSTATE", "a secret that was just made is not there")


def wrap_lasting(lasting: bytes, key: bytes, bound: bytes) -> bytes:
    """A backup key under the key store's secret."""
    encryptor = Cobblestone256Encryptor(lasting, bound)
    return encryptor.update(key) + encryptor.finalize()


def open_backup_key(head: Head, custody: Custody, lasting: bytes | None) -> bytes:
    """The backup key of a set.

    Raises:
        FolderRefused: Its generation does not open here any more, and nothing else opens it.
        Broken: E-AEAD, custody or the key store is not the one that it was made with.
        CustodyUnavailable: Custody is away.
    """
    bound = context(head.log_id, head.backup, head.kind)
    if head.generation in custody.generations:
        try:
            return custody.unwrap(head.generation, head.wrapped, bound)
        except KeyGone:
            pass
        except Broken:
            if lasting is None or not head.lasting:
                raise Broken("E-AEAD", "a backup that this custody did not make") from None
    if lasting is None or not head.lasting:
        msg = (
            f"The {head.kind.word} backup was made under generation {head.generation} of the"
            " key-encryption key, which is not here: it was destroyed, or another keyfile or token"
            " is needed."
        )
        raise FolderRefused(msg)
    return _unwrap_lasting(lasting, head.lasting, bound)


def _unwrap_lasting(lasting: bytes, wrapped: bytes, bound: bytes) -> bytes:
    decryptor = Cobblestone256Decryptor(lasting, bound)
    try:
        key = decryptor.update(wrapped) + decryptor.finalize()
    except (InvalidTag, ValueError):
        raise Broken("E-AEAD", "a backup that this key store did not make") from None
    if len(key) != KEY_SIZE:
        raise Broken("E-PARSE", "a backup key of the wrong length")
    return key
