"""Appointing a custodian after the log has begun: two who are custodians already sign for her.

Source:
    docs of the design: security, section 1.1; docs/formats/record.md.
"""

from __future__ import annotations

from domain.errors import RecordUnavailable
from infrastructure.control import custodian_line
from infrastructure.custodians.shreds import custodians_of
from infrastructure.errors import FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.ledger.control import Custodian
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.lifecycle import APPROVALS
from infrastructure.ledger.note import Note, Signer, Verifier
from infrastructure.stores.contract import Placed, Submission


def custodians(folder: OpenFolder) -> list[str]:
    """The verifier keys of everybody whose signature, with another's, approves."""
    found = custodians_of(folder.store, folder.vault.lineage, folder.append_key)
    return [each.vkey() for each in found]


def appoint(folder: OpenFolder, vkey: str, approvers: list[Signer]) -> None:
    """Name another custodian, as two have signed; naming her again changes nothing.

    Raises:
        FolderRefused: It is no verifier key, or two custodians whom the log names did not sign.
    """
    try:
        newcomer = Verifier.parse(vkey)
    except LedgerError:
        msg = "This is no verifier key."
        raise FolderRefused(msg) from None
    known = custodians_of(folder.store, folder.vault.lineage, folder.append_key)
    if newcomer in known:
        return
    if newcomer.public in {each.public for each in known}:
        msg = "This key is a custodian's already, under another name."
        raise FolderRefused(msg)
    text = Custodian(vkey).statement()
    # Whoever comes twice signs once.
    named = {each.verifier: each for each in approvers if each.verifier in known}
    lines = tuple(each.sign(text.encode()) for each in named.values())
    if len(lines) < APPROVALS:
        msg = "Two custodians whom the log names have to approve, each with her own passphrase."
        raise FolderRefused(msg)
    approvals = Note(text, lines).encode()
    line = custodian_line(folder.vault.log_id, vkey, approvals)
    if not isinstance(folder.guard.enter(Submission((line,))), Placed):
        raise RecordUnavailable
