"""Attacks 36, 58 and 67: on destroying itself. What nobody approved is destroyed nowhere, what was
destroyed never comes back.

Whoever attacks has the files (a DBA), or the key of the writers as well, or one custodian's key.

Source:
    docs of the design: security, sections 1.7 and 7.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from api.compose.erasing import shredder_of
from domain.confidentiality import Owner, OwnerKind
from domain.events.note import NoteDrafted
from domain.ports import Destruction
from infrastructure.backup.restore import Wanted, restore
from infrastructure.control import custodian_line, key_line, retire_line, shred_line
from infrastructure.custodians.appointing import appoint
from infrastructure.custodians.rotating import rotate
from infrastructure.folder import OpenFolder
from infrastructure.ledger.check import Row
from infrastructure.ledger.control import Custodian
from infrastructure.ledger.key_control import Shred, shred_statement
from infrastructure.ledger.note import ED25519, Signer
from infrastructure.stores.contract import Line
from infrastructure.vault.custody import unlock
from tests.redteam.erasing import (
    ALL_OF_ANNA,
    REQUEST,
    custodians,
    destroyed,
    enter,
    erase,
    gone,
    incidents,
    keys_of,
    readable,
    signed,
    with_both,
)
from tests.redteam.harness import (
    ACCEPTED,
    CONTROL_KEY,
    HELD,
    Forgery,
    Site,
    agreed,
    attack,
    code_of,
    holds,
)
from tests.redteam.keys_and_access import without_the_key_encryption_key
from tests.redteam.log_layer import added, control_records_forged
from tests.support import ink
from tests.support.backups import Trio

ALL_OF_BASIA = Destruction(
    REQUEST, "retention-expired", owners=(Owner(OwnerKind.CLIENT, ink.BASIA),)
)
Lines = tuple[Line, ...]


# 36: records of the log that nobody may write


@attack(36, "control records forged: KEY, SHRED, RECOVERY, custodian", "E-AUTH")
def forged_controls(site: Site) -> str:
    """By whoever has the files; and by a writer of ours whom no two custodians have heard of."""
    good = site.copy("good")
    found = [control_records_forged(site)]
    site.put_back(good)
    both = custodians(site)
    with closing(site.open()) as folder:
        without_a_key = list(by_the_dba(folder, both))
        with_the_key = list(by_a_writer(folder, both))
        named = list(namings(both))
        before = destroyed(site)
    for lines in without_a_key:
        forgery = Forgery(site)
        start = len(forgery.rows)
        for line in lines:
            forgery.add(row_of(line, forgery))
        found += [added(site, forgery, start), site.verifying(with_keys=False)]
        site.put_back(good)
    for lines in [*with_the_key, *named]:
        with closing(site.open()) as folder:
            enter(folder, *lines)
            # Whoever opens it destroys what the log says, so that it is asked first.
            found.append(site.verifying(with_keys=False))
            if lines not in named:
                found += [site.opening(), site.verifying()]
        if destroyed(site) != before:
            found.append("destroyed")
        site.put_back(good)
    return agreed(*found)


def by_the_dba(folder: OpenFolder, both: list[Signer]) -> Iterator[Lines]:
    """Rows that suit the log in everything but a writer's tag, approved or not."""
    wanted = shred_of(folder, keys_of(folder, ink.BASIA))
    yield (shred_line(approved(wanted, both)),)
    yield (shred_line(wanted),)
    log_id, (key_id, *_) = folder.vault.log_id, keys_of(folder, ink.ANNA)
    yield (retire_line(log_id, key_id),)
    key = folder.vault.keyring.for_opening(key_id)
    yield (key_line(log_id, key),)
    yield (custodian_line(log_id, stranger().verifier.vkey()),)


def by_a_writer(folder: OpenFolder, both: list[Signer]) -> Iterator[Lines]:
    """A SHRED that a writer with the append key has written, each without what it needs."""
    annas, basias = (keys_of(folder, each) for each in (ink.ANNA, ink.BASIA))
    hers, another = shred_of(folder, annas), shred_of(folder, basias)
    approvals = approved(hers, both).approvals
    strangers = [stranger(), stranger()]
    for forged in (
        another,
        approved(another, both[:1]),
        approved(another, [both[0], both[0]]),
        approved(another, [both[0], strangers[0]]),
        approved(another, strangers),
        replace(another, approvals=approvals),
        replace(hers, keys=annas + basias, approvals=approvals),
        replace(hers, keys=annas + basias[:1], approvals=approvals),
        replace(hers, keys=annas[:-1] + basias[:1], approvals=approvals),
        replace(hers, keys=annas[:-1], items=annas[-1:], approvals=approvals),
        replace(hers, request=bytes(16), approvals=approvals),
        replace(hers, reason="art-51", approvals=approvals),
        replace(hers, approvals=approved(replace(hers, log_id=bytes(16)), both).approvals),
    ):
        yield (shred_line(forged),)
    # They named themselves, or each other, or one of the clinic named them alone.
    themselves = [each.verifier.vkey() for each in strangers]
    by_strangers = shred_line(approved(another, strangers))
    for signers in ([], strangers, [both[0], strangers[0]], [both[0], both[0]]):
        naming = (named(folder.vault.log_id, each, signers) for each in themselves)
        yield (*naming, by_strangers)


def namings(both: list[Signer]) -> Iterator[Lines]:
    """The naming of a custodian alone: nothing is destroyed yet, the log's laws say no."""
    somebody, other = stranger(), stranger()
    log_id = bytes.fromhex(LOG_ID)
    for signers in ([], both[:1], [both[0], both[0]], [both[0], somebody], [somebody, other]):
        yield (named(log_id, somebody.verifier.vkey(), signers),)


def named(log_id: bytes, vkey: str, by: list[Signer]) -> Line:
    """The naming of a custodian, as these have signed it."""
    return custodian_line(log_id, vkey, signed(Custodian(vkey).statement(), by) if by else b"")
