"""Attacks 58 to 63: on keys, on what should be gone, on access without its entry.

Shredding, rewrapping and search come with a later issue; what of these attacks exists without them
is run.

Source:
    docs of the design: security, section 7, 58 to 63.
"""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from api.compose import compose
from domain.confidentiality import Class, Owner
from domain.events.access import AccessRecorded
from domain.events.note import NoteDrafted
from domain.ports import Write
from domain.values import ClientId, FreeText, Receipt
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault import custody
from infrastructure.vault.custody import LIGHT, SLOT_SIZE, create as create_keyfile, unlock
from infrastructure.vault.keystore import ACTIVE, PENDING
from tests.redteam.harness import (
    ACCEPTED,
    HELD,
    ROOT,
    Site,
    agreed,
    attack,
    code_of,
    holds,
    quickly,
    waits,
)
from tests.support import ink
from tests.support.leaks import search, unsealed_copy

NOTE, OTHERS_NOTE = ink.an_id(f"note {ink.ANNA}"), ink.an_id(f"note {ink.BASIA}")
LOOKS = ink.an_id(f"access {ink.ANNA}")
CLARA = ClientId(ink.an_id("Clara"))


@attack(
    58,
    "a key store put back from a backup, without the key-encryption key that wrapped it",
    "refused",
    "E-AEAD",
    later="a key store put back after a SHRED: nothing is shredded yet",
)
def without_the_key_encryption_key(site: Site) -> str:
    backup = site.copy("backup")
    key_id = site.event(NOTE).key_id
    with closing(site.open()) as folder:
        stored = folder.keys.key(key_id)
    assert stored is not None
    assert stored.wrapped is not None
    site.live()
    # The key-encryption key was destroyed; another took its place, under the same passphrase.
    site.layout.keyfile.unlink()
    another = create_keyfile(site.layout.keyfile, [site.passphrases[0]], cost=LIGHT)
    site.put_back(backup, "keys.db")
    context = stored.place.context(stored_log_id(site), another.generation)
    return agreed(
        site.verifying(),
        code_of(lambda: another.unwrap(stored.wrapped or b"", context)),
    )


def stored_log_id(site: Site) -> bytes:
    """The log's id, as the first row carries it."""
    return site.rows()[0].stream_id


DYING = """
import os, signal, sys
from pathlib import Path
from infrastructure.folder import open_folder
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.keystore import KeyStore
from tests.redteam.harness import PASSPHRASES, Hands
from tests.redteam.keys_and_access import CLARA
from tests.support import ink

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def die_after(real):
    def call(*arguments):
        real(*arguments)
        die()
    return call

folder = open_folder(Path(sys.argv[1]), PASSPHRASES[0], clock=Hands())
where = sys.argv[2]
if where == "before the key store":
    KeyStore.add_keys = die
elif where == "after the key store":
    KeyStore.add_keys = die_after(KeyStore.add_keys)
elif where == "after the item keys":
    KeyStore.add_items = die_after(KeyStore.add_items)
elif where == "before the log":
    SqliteStore.commit = die
elif where == "inside the log's transaction":
    SqliteStore._write = die_after(SqliteStore._write)
elif where == "after the log":
    SqliteStore.commit = die_after(SqliteStore.commit)
folder.record.append_now((ink.registered(CLARA), ink.opened(CLARA), ink.drafted(CLARA)), ink.WHO)
"""
STEPS = {
    "before the key store": False,
    "after the key store": False,
    "after the item keys": False,
    "before the log": False,
    "inside the log's transaction": False,
    "after the log": True,
}
"""Where a process is killed that makes keys, and whether what it wrote has to be there."""


@attack(
    59,
    "killed in each step of making keys: nothing half made, nothing lost, each key opens",
    HELD,
    later="killed in each step of shredding and rewrapping: neither exists yet",
)
def killed_while_making_keys(site: Site) -> str:
    claims = {}
    before = site.copy("before")
    for where, written in STEPS.items():
        site.put_back(before)
        killed = killed_at(site, where)
        claims[f"killed {where}"] = killed
        claims[f"whole when killed {where}"] = site.verifying() == ACCEPTED
        with closing(site.open()) as folder:
            there = bool(folder.store.version(bytes.fromhex(CLARA)))
            claims[f"as acknowledged when killed {where}"] = there is written
            if not there:
                folder.record.append_now(all_of_clara(), ink.WHO)
        claims[f"gone on when killed {where}"] = all(
            site.reading(stream) == ACCEPTED for stream in (CLARA, ink.an_id(f"note {CLARA}"))
        )
        claims[f"whole again when killed {where}"] = site.verifying() == ACCEPTED
        claims[f"one key each when killed {where}"] = one_live_key_each(site)
    return holds(claims)


def all_of_clara() -> tuple[Write, ...]:
    """A client of whom there are no keys yet."""
    return ink.registered(CLARA), ink.opened(CLARA), ink.drafted(CLARA)


def killed_at(site: Site, where: str) -> bool:
    """Whether a process that writes about a new client was killed where it had to be."""
    run = subprocess.run(
        [sys.executable, "-c", DYING, str(site.path), where], cwd=ROOT, check=False, timeout=60
    )
    return run.returncode == -signal.SIGKILL


def one_live_key_each(site: Site) -> bool:
    """Whether every key that sealed something opens, and each subject has one in each epoch."""
    with closing(site.open()) as folder:
        used = {row.key_id for row in folder.store.rows(0, 10_000)} - {bytes(16)}
        opened = [folder.vault.keyring.for_opening(each).place for each in used]
        states = {each: folder.keys.key(each) for each in used}
    places = {(each.subject_tag, each.label, each.epoch) for each in opened}
    live = all(each is not None and each.state in (PENDING, ACTIVE) for each in states.values())
    return live and len(places) == len(used)


@attack(
    60,
    "what is sealed searched for in every file of the clinic and its helpers",
    HELD,
    later="the same after a client was shredded: nothing is shredded yet",
)
def searched_everywhere(site: Site) -> str:
    site.anchor(witnesses=1, needed=1)
    with closing(compose(site.open())) as clinic:
        clinic.catch_up()
        folder = clinic.folder
        site.scrubbed(folder)
        # Something is broken: a look goes into the spool, evidence is kept.
        folder.guard.report("E-ROOT", stream=None, position=1)
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
        names = {ink.CANARY, "note", "clinical"} - {"note", "clinical"}
        events = {"client.identified", "note.drafted", "access.recorded"}
        sealed = search([site.place], names, events, [ink.CANARY])
        copy = site.place.with_name(f"{site.place.name}-unsealed")
        unsealed_copy(folder, copy)
        clear = search([copy], names, events, [ink.CANARY])
        copy.unlink()
    kinds = {each.name for each in site.path.iterdir()}
    return holds(
        {
            "nothing in any file": sealed.nothing,
            "a search that would find it": clear.names.found == len(names),
            "a spool, evidence, tiles, views, a scrubber's memory": {
                "spool",
                "evidence",
                "log",
                "scrub.db",
            }
            <= kinds
            and any(each.startswith("views-") for each in kinds),
        }
    )
