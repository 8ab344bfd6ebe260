"""Options that say who is to hold a new clinic's key-encryption keys, where it is not a keyfile."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from api import compose
from api.cli.passphrase import Passphrase

_WORDS = {
    "module": "pkcs11: the module that speaks to the token.",
    "token": "pkcs11: the token's label.",
    "name": "pkcs11: the clinic's name in a token that serves several.",
    "form": "pkcs11: key-wrap, for a token whose AES-GCM cannot be used.",
    "url": "transit: the server's address.",
    "mount": "transit: where the engine is mounted.",
    "namespace": "transit: the namespace.",
    "authority": "transit: a file of certificates to believe.",
    "region": "kms: the region.",
    "days": "kms: how long a key waits for its deletion, 7 to 30 days.",
    "endpoint": "kms: another address than the region's, as of a private endpoint.",
    "key": "transit, kms: the key's name, or how its aliases begin.",
}


custody_secret = click.option(
    "--custody-secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="PIN, token or credentials, where the keys are not in a keyfile.",
)


def secret_in(file: Path | None) -> str | None:
    """What opens a custody beside the custodians' passphrases; ``None`` for a keyfile."""
    return None if file is None else Passphrase(None, file).ask()


def custody_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command be told of a custody: it is handed the settings, or ``None`` for a keyfile."""

    @wraps(command)
    def told(custody: str | None, **others: Any) -> Any:
        words = {each: others.pop(f"custody_{each}") for each in _WORDS}
        given = {each: value for each, value in words.items() if value is not None}
        if custody is None and given:
            raise click.UsageError("Say --custody before what belongs to it.")
        settings = None if custody is None else compose.settings_from(custody, given)
        return command(custody=settings, **others)

    found: Callable[..., Any] = told
    for word, about in reversed(_WORDS.items()):
        found = click.option(f"--{word}", f"custody_{word}", default=None, help=about)(found)
    kinds = click.Choice(["pkcs11", "transit", "kms"])
    about = "Keep the key-encryption keys there instead of in a keyfile; its PIN, token or"
    about += " credentials take the passphrase's place."
    return click.option("--custody", type=kinds, default=None, help=about)(found)
