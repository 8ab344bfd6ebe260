"""Custodians: those whose two signatures together approve what no single person may decide.

Each holder of a passphrase has a key of her own, locked with that passphrase and nothing else; the
log names her verifier key in a POLICY record at its beginning. So a recovery or an erasure needs
two people, and everybody who has the log can check that there were two.

Somebody may be named later, if two of them sign that: a colleague, or an outsider who makes her key
on a machine of her own and sees of a request nothing but its statement.

Source:
    docs of the design: security, sections 1.1 and 2.6.
"""

from __future__ import annotations

from pathlib import Path

from infrastructure.errors import WrongKeyStore, WrongPassphrase
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.note import ED25519, Signer, Verifier
from infrastructure.vault.custody import Cost, Keyfile, create as create_keyfile, unlock


def create(folder: Path, origin: str, passphrases: list[str], cost: Cost | None) -> list[str]:
    """Make a key for each passphrase; their verifier keys.

    Raises:
        FileExistsError: There are some already.
    """
    return [
        _signer(
            create_keyfile(_path(folder, number), [each], cost=cost), origin, number
        ).verifier.vkey()
        for number, each in enumerate(passphrases, start=1)
    ]


def make(path: Path, name: str, passphrase: str, cost: Cost | None = None) -> str:
    """Make the key of somebody who is to become a custodian; her verifier key, kept beside it.

    Raises:
        FileExistsError: There is something already.
        KeyRefused: It is no name for a key.
    """
    Signer(name, ED25519, bytes(32))
    keyfile = create_keyfile(path, [passphrase], cost=cost)
    vkey = Signer(name, ED25519, keyfile.signing_seed()).verifier.vkey()
    _beside(path).write_text(f"{vkey}\n")
    return vkey


def signer(path: Path, passphrase: str) -> Signer:
    """The key that was made here.

    Raises:
        WrongPassphrase: The passphrase does not open it.
        WrongKeyStore: It, or the verifier key beside it, is missing or damaged.
    """
    keyfile = unlock(path, passphrase)
    try:
        known = Verifier.parse(_beside(path).read_text().strip())
    except (OSError, UnicodeDecodeError, LedgerError):
        msg = "The verifier key beside the custodian's key is missing or damaged."
        raise WrongKeyStore(msg) from None
    found = Signer(known.name, ED25519, keyfile.signing_seed())
    if found.verifier.vkey() != known.vkey():
        msg = "The verifier key beside the custodian's key is another's."
        raise WrongKeyStore(msg)
    return found


def signers(folder: Path, origin: str, passphrases: list[str]) -> list[Signer]:
    """The keys that these passphrases open, each once.

    Raises:
        WrongPassphrase: A passphrase opens none.
        WrongKeyStore: A key is damaged.
    """
    found: dict[int, Signer] = {}
    for passphrase in passphrases:
        number, keyfile = _unlocked(folder, passphrase)
        found[number] = _signer(keyfile, origin, number)
    return list(found.values())


def _unlocked(folder: Path, passphrase: str) -> tuple[int, Keyfile]:
    refused: Exception = WrongPassphrase()
    number = 1
    while _path(folder, number).exists():
        try:
            return number, unlock(_path(folder, number), passphrase)
        except WrongPassphrase as error:
            refused = error
        number += 1
    raise refused


def _signer(keyfile: Keyfile, origin: str, number: int) -> Signer:
    return Signer(f"{origin}/custodian-{number}", ED25519, keyfile.signing_seed())


def _beside(path: Path) -> Path:
    return path.with_suffix(".vkey")


def _path(folder: Path, number: int) -> Path:
    return folder / f"custodian-{number}.key"
