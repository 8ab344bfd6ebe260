"""Opens whichever custody a data folder has, and makes one where there is none.

What speaks to tokens and to AWS is optional: it is imported when a folder asks for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from infrastructure.errors import Broken, FolderRefused
from infrastructure.vault.custody.keyfile import unlock
from infrastructure.vault.custody.port import Custody
from infrastructure.vault.custody.settings import (
    KmsSettings,
    Settings,
    TokenSettings,
    TransitSettings,
    read_settings,
    write_settings,
)
from infrastructure.vault.keys import KEY_SIZE

KEYFILE = "kek.key"
_HERE, _ELSEWHERE = b"powiernik/1/probe/here", b"powiernik/1/probe/elsewhere"


class Made(Custody, Protocol):
    """A custody that was just made elsewhere, and can be taken back while nothing depends on it."""

    def forsake(self) -> None:
        """Destroy every key that was made."""
        ...


def open_custody(folder: Path, secret: str) -> Custody:
    """The custody of a data folder, opened with a passphrase, a PIN, a token or credentials.

    Raises:
        WrongKeyStore: Its keyfile is missing or damaged.
        WrongPassphrase: The secret opens nothing.
        FolderRefused: ``custody.conf`` is not one; its provider lacks the keys, or what speaks to
            it is not installed.
        CustodyUnavailable: The provider does not answer.
        Broken: E-LIMIT, the keyfile asks for a cost that is not allowed.
    """
    settings = read_settings(folder)
    if settings is None:
        return unlock(folder / KEYFILE, secret)
    found = _open(settings, folder, secret)
    try:
        _must_bind(found)
    except BaseException:
        found.close()
        raise
    return found


@contextlib.contextmanager
def making_custody(folder: Path, settings: Settings, secret: str) -> Iterator[Custody]:
    """Make the first generation with a provider, for as long as a folder is made that needs it.

    Which one it is gets written down. Where the making of the folder fails, the keys are destroyed
    again, as well as the provider allows.

    Raises:
        As ``open_custody``; FolderRefused as well where keys of that name are there already.
    """
    settings.check()
    made = _create(settings, folder, secret)
    try:
        _must_bind(made)
        write_settings(folder, settings)
        yield made
    except BaseException:
        with contextlib.suppress(Exception):
            made.forsake()
        raise
    finally:
        made.close()


def _open(settings: Settings, folder: Path, secret: str) -> Custody:
    with _optional(settings.provider):
        match settings:
            case TokenSettings():
                from infrastructure.vault.custody.token import open_token  # noqa: PLC0415 - optional

                return open_token(settings, folder, secret)
            case TransitSettings():
                from infrastructure.vault.custody.transit import (  # noqa: PLC0415 - seldom needed
                    open_transit,
                )

                return open_transit(settings, folder, secret)
            case KmsSettings():
                from infrastructure.vault.custody.kms import open_kms  # noqa: PLC0415 - optional

                return open_kms(settings, folder, secret)


def _create(settings: Settings, folder: Path, secret: str) -> Made:
    with _optional(settings.provider):
        match settings:
            case TokenSettings():
                from infrastructure.vault.custody.token import (  # noqa: PLC0415 - optional
                    create_token,
                )

                return create_token(settings, folder, secret)
            case TransitSettings():
                from infrastructure.vault.custody.transit import (  # noqa: PLC0415 - seldom needed
                    create_transit,
                )

                return create_transit(settings, folder, secret)
            case KmsSettings():
                from infrastructure.vault.custody.kms import create_kms  # noqa: PLC0415 - optional

                return create_kms(settings, folder, secret)


@contextlib.contextmanager
def _optional(provider: str) -> Iterator[None]:
    try:
        yield
    except ImportError:
        extra = {"pkcs11": "hsm"}.get(provider, provider)
        raise FolderRefused(
            f"This custody needs more than is installed: the extra '{extra}'."
        ) from None


def _must_bind(custody: Custody) -> None:
    """Refuse a provider that wraps, but does not bind what it wraps to its context.

    An old server, or a token with a way of its own, may take the context and leave it aside.
    """
    probe = bytes(KEY_SIZE)
    generation = custody.generation
    wrapped = custody.wrap(generation, probe, _HERE)
    bound = custody.unwrap(generation, wrapped, _HERE) == probe
    try:
        custody.unwrap(generation, wrapped, _ELSEWHERE)
    except Broken:
        if bound:
            return
    raise FolderRefused("The provider of custody does not bind a wrapped key to its context.")
