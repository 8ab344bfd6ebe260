"""Attacks 59, 71 and 72: on those who change keys, while they are at it.

Source:
    docs of the design: security, sections 1.6, 1.7 and 7.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import patch

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.compose.erasing import shredder_of
from infrastructure.custodians.rotating import renew, rotate
from infrastructure.errors import Broken, KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.vault import rotation
from infrastructure.vault.keyrows import (
    DESTROYED,
    SELECT_ITEM,
    SELECT_KEY,
    StoredItem,
    StoredKey,
    stored_key,
)
from infrastructure.vault.rotation import items_secret, open_secret
from infrastructure.verify import verify_folder
from tests.redteam.erasing import (
    ALL_OF_ANNA,
    custodians,
    erase,
    gone,
    readable,
    signed,
    with_both,
)
from tests.redteam.harness import ACCEPTED, HELD, ROOT, Site, attack, code_of, holds
from tests.redteam.keys_and_access import killed_while_making_keys
from tests.redteam.killing import ROTATE, SHRED, Killing
from tests.support import ink

LEAST_STEPS = 15


@attack(59, "killed in each step of making keys, shredding, rotating", HELD)
def killed_in_each_step(site: Site) -> str:
    begun = site.copy("begun")
    claims = {"while making keys": killed_while_making_keys(site) == HELD}
    site.put_back(begun)
    with closing(site.open()) as folder:
        approvals = signed(shredder_of(folder).statement(ALL_OF_ANNA), custodians(site))
    with patch.object(rotation, "HEARD_SECONDS", 0.0):
        for act in (SHRED, ROTATE):
            site.put_back(begun)
            with Killing(site.path, site.passphrases, approvals) as killing:
                step = 0
                while True:
                    died, where = killing.at(act, step)
                    if died != signal.SIGKILL:
                        break
                    judged = left_by(site, act, approvals)
                    claims |= {
                        f"{each} ({act}, step {step}, {where})": true
                        for each, true in judged.items()
                    }
                    site.put_back(begun)
                    step += 1
                claims[f"outlived at last ({act})"] = died == 0 and step >= LEAST_STEPS
                claims |= left_by(site, act, approvals)
    return holds(claims)


def left_by(site: Site, act: str, approvals: bytes) -> dict[str, bool]:
    """What somebody leaves who was killed, and that another goes on from there."""
    with_both(site)
    with closing(site.open()) as folder:
        shredder = shredder_of(folder)
        logged = shredder.carried_out(ALL_OF_ANNA.request) is not None
        claims = {
            "all of it or nothing": gone(folder, ink.ANNA)
            if logged
            else readable(folder, ink.ANNA),
            "the others whole": readable(folder, ink.BASIA),
            "good": code_of(lambda: verify_folder(folder)) == ACCEPTED,
            "one generation each": one_generation_each(folder),
            "no false alarm": folder.guard.incidents.all() == [],
            "can be written to": code_of(lambda: ink_once_more(folder)) == ACCEPTED,
        }
        if act == SHRED:
            shredder.destroy_now(ALL_OF_ANNA, approvals)
            claims["gone on with"] = gone(folder, ink.ANNA)
        else:
            again = rotate(folder, shredder)
            claims["gone on with"] = folder.custody.generations == (again.after,)
            claims["nothing lost"] = readable(folder, ink.ANNA)
        claims["the others whole at last"] = readable(folder, ink.BASIA)
        claims["one generation each at last"] = one_generation_each(folder)
        claims["good at last"] = code_of(lambda: verify_folder(folder)) == ACCEPTED
    return claims


def ink_once_more(folder: OpenFolder) -> None:
    """Somebody goes on writing."""
    folder.record.append_now((ink.drafted(ink.BASIA, name="once more"),), ink.WHO)


def one_generation_each(folder: OpenFolder) -> bool:
    """Whether each key and item key opens under exactly one generation that is alive."""
    keys = [stored_key(row) for row in folder.keys.rows(SELECT_KEY)]
    items = [StoredItem(*row) for row in folder.keys.rows(SELECT_ITEM)]
    live = folder.custody.generations
    log_id = folder.genesis.log_id

    def opens_key(generation: int, stored: StoredKey) -> bool:
        context = stored.place.context(log_id, generation)
        try:
            folder.custody.unwrap(generation, stored.wrapped or b"", context)
        except (Broken, KeyGone):
            return False
        return True

    def opens_item(generation: int, stored: StoredItem) -> bool:
        secret = open_secret(folder.keys, folder.custody, log_id, items_secret(generation))
        if secret is None:
            return False
        try:
            AESGCM(secret).decrypt(
                stored.wrapped[:12], stored.wrapped[12:], stored.item_id + stored.owner_key
            )
        except InvalidTag:
            return False
        return True

    return all(
        sum(opens_key(each, stored) for each in live) == 1
        for stored in keys
        if stored.state != DESTROYED
    ) and all(sum(opens_item(each, stored) for each in live) == 1 for stored in items)


# 71: the bell


@attack(71, "the bell cut short, deleted, replaced under a running process", HELD)
def silenced_bell(site: Site) -> str:
    """One process destroys, another has hers open; no one dies of it, and she hears it."""
    begun, both = site.copy("begun"), custodians(site)
    claims = {}
    for how, silence in SILENCING.items():
        with closing(site.open()) as destroying, reader(site) as asked:
            claims[f"reads before ({how})"] = asked() == READ
            silence(site.layout.bell)
            claims[f"reads still ({how})"] = asked() == READ
            silence(site.layout.bell)
            erase(destroying, both)
            claims[f"reads nothing after ({how})"] = asked() == SEALED
            silence(site.layout.bell)
            claims[f"nothing after that ({how})"] = asked() == SEALED
            # A retired key is heard of as well.
            before = {row.key_id for row in site.rows()}
            folder_b = site.open()
            folder_b.record.append_now((ink.drafted(ink.BASIA, name="warm"),), ink.WHO)
            silence(site.layout.bell)
            renew(destroying, ink.owner(ink.BASIA))
            folder_b.record.append_now((ink.drafted(ink.BASIA, name="later"),), ink.WHO)
            folder_b.close()
            claims[f"nothing under a retired key ({how})"] = site.rows()[-1].key_id not in before
            claims[f"good ({how})"] = code_of(lambda: verify_folder(destroying)) == ACCEPTED
        site.put_back(begun)
    return holds(claims)


def _deleted(bell: Path) -> None:
    bell.unlink(missing_ok=True)


def _replaced(bell: Path) -> None:
    other = bell.with_suffix(".other")
    other.write_bytes(bytes(8))
    other.rename(bell)


SILENCING: dict[str, Callable[[Path], object]] = {
    "cut short": lambda bell: os.truncate(bell, 0),
    "half cut": lambda bell: os.truncate(bell, 3),
    "deleted": _deleted,
    "replaced": _replaced,
    "begun anew": lambda bell: bell.write_bytes(b""),
}
READ, SEALED = "read", "sealed"
READING = """
import sys
from pathlib import Path
from infrastructure.folder import open_folder
from tests.redteam.erasing import readable
from tests.redteam.harness import PASSPHRASES, Hands
from tests.support import ink

folder = open_folder(Path(sys.argv[1]), PASSPHRASES[0], clock=Hands())
print(flush=True)
for _ in sys.stdin:
    print("read" if readable(folder, ink.ANNA) else "sealed", flush=True)
folder.close()
"""


@contextmanager
def reader(site: Site) -> Iterator[Callable[[], str]]:
    """Another process that has the clinic open: asked, it says whether Anna's note reads."""
    with subprocess.Popen(
        [sys.executable, "-c", READING, str(site.path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        going, told = process.stdin, process.stdout
        told.readline()

        def ask() -> str:
            try:
                going.write("\n")
                going.flush()
            except BrokenPipeError:
                return "died"
            return told.readline().strip() or "died"

        yield ask


# 72: two at once


@attack(72, "two rotations at once, and without the lock between them", HELD)
def two_rotations(site: Site) -> str:
    begun = site.copy("begun")
    claims = {}
    for how in ("as it is", "the lock deleted", "one after the other's start"):
        codes = together(site, how)
        claims[f"one is done, the other or both ({how}): {codes}"] = "0" in codes and set(
            codes
        ) <= {"0", "refused"}
        if how == "as it is":
            claims["the other is refused or comes after it"] = len(codes) == PEOPLE
        with_both(site)
        with closing(site.open()) as folder:
            claims[f"one generation ({how})"] = len(folder.custody.generations) == 1
            claims[f"under exactly one each ({how})"] = one_generation_each(folder)
            whole = readable(folder, ink.ANNA) and readable(folder, ink.BASIA)
            claims[f"nothing lost ({how})"] = whole
            claims[f"not left half done ({how})"] = folder.keys.rotating() is None
            claims[f"good ({how})"] = code_of(lambda: verify_folder(folder)) == ACCEPTED
        claims[f"the log good without keys ({how})"] = site.verifying(with_keys=False) == ACCEPTED
        site.put_back(begun)
    return holds(claims)


PEOPLE = 2
ROTATING = """
import sys, time
from contextlib import closing
from pathlib import Path
from infrastructure.errors import FolderRefused
from infrastructure.folder import open_with
from infrastructure.vault import rotation
from infrastructure.custodians.rotating import rotate
from infrastructure.vault.custody import unlock
from api.compose.erasing import shredder_of
from tests.redteam.harness import PASSPHRASES, Hands

path, wait = Path(sys.argv[1]), float(sys.argv[2])
rotation.BATCH = 3
custody = unlock(path / "kek.key", PASSPHRASES[0])
custody.open_also(PASSPHRASES[1])
with closing(open_with(path, custody, clock=Hands())) as folder:
    print(flush=True)
    sys.stdin.readline()
    time.sleep(wait)
    try:
        rotate(folder, shredder_of(folder), lambda _now, _of: time.sleep(0.02))
        print(0)
    except FolderRefused:
        print("refused")
"""


def together(site: Site, how: str) -> list[str]:
    """What becomes of two processes that rotate at the same moment."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ROTATING, str(site.path), wait],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for wait in ("0", "0.1" if how.startswith("one") else "0")
    ]
    for each in running:
        assert each.stdout is not None
        each.stdout.readline()
    for each in running:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
        if how == "the lock deleted":
            time.sleep(0.05)
            (site.path / "rotation.lock").unlink(missing_ok=True)
    return [(each.communicate(timeout=120)[0].strip() or "failed") for each in running]
