"""Attacks 9, 59 and 68 to 72: on generations and epochs of keys, and on those who change them.

Source:
    docs of the design: security, sections 1.6, 1.7 and 7.
"""

from __future__ import annotations

import signal
from contextlib import closing
from unittest.mock import patch

from api.compose.erasing import shredder_of
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from domain.errors import Refusal
from infrastructure.custodians.rotating import rotate
from infrastructure.errors import Broken, KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.vault import rotation
from infrastructure.vault.keyrows import DESTROYED, SELECT_ITEM, SELECT_KEY, StoredItem, stored_key
from infrastructure.vault.rotation import items_secret, open_secret
from infrastructure.verify import verify_folder
from tests.redteam.erasing import (
    ALL_OF_ANNA,
    custodians,
    gone,
    readable,
    signed,
    with_both,
)
from tests.redteam.harness import ACCEPTED, HELD, Site, attack, code_of, holds
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
            "all of it or nothing": gone(folder, ink.ANNA) if logged else readable(folder, ink.ANNA),
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

    def opens_key(generation: int, stored) -> bool:
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
