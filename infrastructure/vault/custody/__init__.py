"""Custody: who holds the key-encryption keys. Everything else in the vault asks through the port.

The map of this room:

- ``port``: what every custody can do.
- ``choose``: opens whichever a data folder has; ``settings``: how its ``custody.conf`` says so.
- ``keyfile``: keys in memory, opened from a file with passphrases; ``opening``: what a passphrase
  opens of it; ``slots``: the file's layout.
- ``token``: keys in a token that speaks PKCS#11; ``session``: the login, shared in a process;
  ``objects``: what is asked of the token.
- ``transit``: keys in Vault or OpenBao; ``http``: the requests to it.
- ``kms``: keys in AWS KMS.
- ``durable``: files that hold keys are replaced whole, by one writer at a time; ``naming``: names.
"""

from infrastructure.vault.custody.choose import making_custody, open_custody
from infrastructure.vault.custody.keyfile import (
    MOST_PEOPLE,
    Keyfile,
    Person,
    create,
    unlock,
)
from infrastructure.vault.custody.opening import MOST_SLOTS
from infrastructure.vault.custody.port import Custody
from infrastructure.vault.custody.settings import (
    KmsSettings,
    Settings,
    TokenSettings,
    TransitSettings,
    read_settings,
    settings_from,
)
from infrastructure.vault.custody.slots import LIGHT, SLOT_SIZE, Cost

__all__ = [
    "LIGHT",
    "MOST_PEOPLE",
    "MOST_SLOTS",
    "SLOT_SIZE",
    "Cost",
    "Custody",
    "Keyfile",
    "KmsSettings",
    "Person",
    "Settings",
    "TokenSettings",
    "TransitSettings",
    "create",
    "making_custody",
    "open_custody",
    "read_settings",
    "settings_from",
    "unlock",
]
