"""The clinic's own secrets in the key store: what is made once, and wrapped by custody."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from infrastructure.errors import Broken, KeyGone, WrongKeyStore
from infrastructure.vault.custody import (
    Custody,
)
from infrastructure.vault.keystore import KeyStore
from infrastructure.vault.rotation import open_secret, secret_context

SECRETS = ("append", "tag", "accounts", "commands", "receipts", "spool", "index")


def add_secrets(keys: KeyStore, custody: Custody, log_id: bytes, names: Iterable[str]) -> None:
    """Make these secrets, wrapped under the present generation."""
    generation = keys.generation()
    for name in names:
        wrapped = custody.wrap(generation, secrets.token_bytes(32), secret_context(log_id, name))
        keys.add_secret(name, generation, wrapped)


def read_secret(keys: KeyStore, custody: Custody, log_id: bytes, name: str) -> bytes:
    """One of them.

    Raises:
        WrongKeyStore: It is not there, or does not open here.
    """
    try:
        found = open_secret(keys, custody, log_id, name)
    except (Broken, KeyGone):
        msg = "The key store does not belong to this keyfile."
        raise WrongKeyStore(msg) from None
    if found is None:
        msg = "The key store is damaged."
        raise WrongKeyStore(msg)
    return found
