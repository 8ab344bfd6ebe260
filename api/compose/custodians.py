"""Joins what custodians do: making a key, being named, signing what would be destroyed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from infrastructure.custodians import appointing, signing as custodians
from infrastructure.folder import OpenFolder, open_folder
from infrastructure.layout import Layout, read_genesis
from infrastructure.vault.custody import Cost


def make(path: Path, name: str, passphrase: str, *, cost: Cost | None = None) -> str:
    """Make the key of somebody who is to become a custodian; her verifier key.

    Raises:
        FileExistsError: There is something already.
        KeyRefused: It is no name for a key.
    """
    return custodians.make(path, name, passphrase, cost)


def name(data: Path, passphrases: list[str], vkey: str, *, secret: str | None = None) -> None:
    """Name another custodian, as the holders of two passphrases approve.

    ``secret`` opens the folder where its keys are not in a keyfile.

    Raises:
        FolderRefused, WrongPassphrase, WrongKeyStore: See ``infrastructure.custodians.appointing``.
    """
    with closing(open_folder(data, secret or passphrases[0])) as folder:
        approvers = custodians.signers(data, folder.genesis.origin, passphrases)
        appointing.appoint(folder, vkey, approvers)


def named(data: Path, passphrase: str) -> list[str]:
    """The verifier keys of everybody who is a custodian."""
    with closing(open_folder(data, passphrase)) as folder:
        return known(folder)


def known(folder: OpenFolder) -> list[str]:
    """The verifier keys of everybody whom the log of an open folder has named, in that order."""
    return appointing.custodians(folder)


def sign(statement: str, passphrase: str, *, key: Path | None, data: Path) -> str:
    """One line of a signed note over a statement, with a key of one's own or the data folder's.

    Raises:
        WrongPassphrase: It opens no key.
        WrongKeyStore: The key is damaged.
    """
    if key is not None:
        found = custodians.signer(key, passphrase)
    else:
        origin = read_genesis(Layout(data).record).origin
        (found,) = custodians.signers(data, origin, [passphrase])
    return found.sign(statement.encode()).encode().decode().rstrip("\n")
