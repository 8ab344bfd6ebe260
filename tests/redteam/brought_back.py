"""Attack 58: what was destroyed is brought back, by whoever has a copy of the key store of before.

Source:
    docs of the design: security, sections 1.7 and 7, 58.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from api.compose.erasing import shredder_of
from infrastructure.backup.restore import Wanted, restore
from infrastructure.custodians.rotating import rotate
from infrastructure.guard.incidents import Incidents
from infrastructure.vault.custody import unlock
from infrastructure.verify import verify_folder
from tests.redteam.erasing import (
    custodians,
    erase,
    gone,
    readable,
    with_both,
)
from tests.redteam.harness import (
    ACCEPTED,
    HELD,
    Site,
    agreed,
    attack,
    code_of,
    holds,
)
from tests.redteam.keys_and_access import without_the_key_encryption_key
from tests.support import ink
from tests.support.backups import Trio


@attack(58, "destroyed keys brought back: by hand, as a file, from a backup", HELD)
def brought_back(site: Site) -> str:
    """A key store of before, whole or row by row, before the rotation and after it; and backups."""
    begun = site.copy("begun")
    claims = {"opens nothing without its KEK": without_the_key_encryption_key(site) in NOTHING}
    site.put_back(begun)
    both = custodians(site)
    with_both(site)
    yesterday, trio = site.copy("yesterday"), Trio(site.place / "sets")
    with closing(site.open()) as folder:
        trio.made(folder)
        erase(folder, both)
        after_the_shred = site.copy("after")
    claims |= put_back_now(site, yesterday, "before the rotation")
    claims |= brought_back_while_open(site, yesterday)
    claims |= from_a_backup(site, trio, yesterday)
    site.put_back(after_the_shred)
    with_both(site)
    with closing(site.open()) as folder:
        rotate(folder, shredder_of(folder))
    rotated = site.copy("rotated")
    # Under the new key-encryption key alone nothing of yesterday opens.
    site.put_back(yesterday, "keys.db")
    codes = agreed(site.opening(), site.verifying())
    claims["yesterday's keys under the new KEK"] = codes == "refused"
    site.put_back(rotated)
    rows_put_back(site, yesterday, items=False)
    claims |= found_again(site, "their rows after the rotation")
    site.put_back(rotated)
    rows_put_back(site, yesterday)
    claims["item keys of yesterday's generation"] = site.verifying() == "E-KEYSTATE"
    # Whoever kept the keyfile as well opens what is left, and that is not what was destroyed.
    site.put_back(rotated)
    site.put_back(yesterday, "keys.db", "kek.key")
    with_both(site)
    claims |= found_again(site, "the keyfile too")
    site.put_back(rotated)
    with_both(site)
    claims |= too_late(site, trio)
    return holds(claims)


NOTHING = {"E-AEAD, refused", "E-AEAD", "refused"}


def put_back_now(site: Site, yesterday: Path, when: str) -> dict[str, bool]:
    """Yesterday's key store, whole and row by row, under today's log."""
    good = site.copy("good")
    site.put_back(yesterday, "keys.db")
    claims = found_again(site, f"a key store {when}")
    site.put_back(good)
    rows_put_back(site, yesterday)
    claims |= found_again(site, f"rows {when}")
    site.put_back(good)
    return claims


def rows_put_back(site: Site, yesterday: Path, *, items: bool = True) -> None:
    """Put the rows of keys back that were destroyed, and of item keys those of everybody."""
    with site.sql("keys.db") as db:
        db.execute("ATTACH ? AS old", (str(yesterday / "keys.db"),))
        changed = db.execute(
            "REPLACE INTO main.subject_key SELECT * FROM old.subject_key WHERE key_id IN"
            " (SELECT key_id FROM main.subject_key WHERE wrapped IS NULL)"
        ).rowcount
        if items:
            db.execute("REPLACE INTO main.item_key SELECT * FROM old.item_key")
        assert changed > 0, "the attack hit nothing"


def found_again(site: Site, how: str) -> dict[str, bool]:
    """What holds when the clinic is opened next: destroyed again, and somebody is told."""
    before = len(incidents_of(site))
    opens = site.opening()
    return {
        f"opens, {how}": opens == ACCEPTED,
        f"an incident, {how}": "E-KEYSTATE" in incidents_of(site)[before:],
        f"gone again, {how}": is_gone(site),
    }


def incidents_of(site: Site) -> list[str]:
    """The codes that were written down, read without opening the clinic."""
    return [each.code for each in Incidents(site.layout.incidents).all()]


def is_gone(site: Site) -> bool:
    """Whether Anna's content is gone and Basia's is whole."""
    with closing(site.open(pinned=False)) as folder:
        return gone(folder, ink.ANNA) and readable(folder, ink.BASIA)


def brought_back_while_open(site: Site, yesterday: Path) -> dict[str, bool]:
    """Rows put back under a process that goes on, which would not open the folder anew."""
    good = site.copy("running")
    with closing(site.open()) as folder:
        rows_put_back(site, yesterday)
        claims = {"nothing read by a process that goes on": not readable(folder, ink.ANNA)}
        folder.bell.ring()
        claims["nor after a ring"] = not readable(folder, ink.ANNA)
        told = code_of(lambda: verify_folder(folder))
        claims["found by it when it verifies"] = told == "E-KEYSTATE"
    site.put_back(good)
    return claims


def from_a_backup(site: Site, trio: Trio, yesterday: Path) -> dict[str, bool]:
    """Sets of before the destruction, restored with the newer log and without it."""
    claims = {}
    target = site.place / "restored"
    wanted = Wanted(trio.places, log=site.path, accept_unreadable=True)
    restore(target, unlock(yesterday / "kek.key", site.passphrases[0]), wanted)
    live, site.path = site.path, target
    shutil.copy(yesterday / "kek.key", target)
    claims["gone in what was restored with the newer log"] = is_gone(site)
    site.path = live
    shutil.rmtree(target)
    return claims


def too_late(site: Site, trio: Trio) -> dict[str, bool]:
    """The same sets after the rotation, with the key-encryption key that there is now."""
    wanted = Wanted(trio.places, log=site.path, accept_unreadable=True)
    code = code_of(lambda: restore(site.place / "late", site.custody, wanted))
    return {"sets open nothing after the rotation": code == "refused"}
