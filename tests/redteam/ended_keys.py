"""Attacks 9 and 70: on keys of an epoch that has ended, by whoever has the key store or both keys.

Source:
    docs of the design: security, sections 1.6 and 7.
"""

from __future__ import annotations

from contextlib import closing

from infrastructure.custodians.rotating import renew
from infrastructure.stores.contract import Line
from infrastructure.vault.envelope import Kind, open_record, seal
from infrastructure.vault.keyrows import ACTIVE
from tests.redteam.erasing import (
    custodians,
    enter,
    erase,
    readable,
)
from tests.redteam.harness import ACCEPTED, HELD, Site, agreed, attack, holds
from tests.redteam.record_layer import reactivated_key
from tests.support import ink

NOTE = ink.drafted(ink.ANNA).stream
_LATER = "after the renewal"
LATER = ink.drafted(ink.ANNA, name=_LATER).stream


@attack(9, "a destroyed key re-activated, and a retired one", "E-KEYSTATE")
def reactivated(site: Site) -> str:
    """The retired one: its state changed, with the newer one taken away and without."""
    begun = site.copy("begun")
    found = [reactivated_key(site)]
    site.put_back(begun)
    old = renewed(site)
    claims: dict[str, bool] = {}
    good = site.copy("good")
    # Whatever its state says: as long as the log says that it was retired, nothing goes under it.
    site.damage("UPDATE subject_key SET state = ? WHERE key_id = ?", (ACTIVE, old), file="keys.db")
    claims |= nothing_under(site, old, "its state")
    site.put_back(good)
    with closing(site.open()) as folder:
        folder.record.append_now((ink.drafted(ink.ANNA, name=_LATER),), ink.WHO)
    (new,) = {row.key_id for row in site.rows() if row.stream_id.hex() == LATER}
    with site.sql("keys.db") as db:
        db.execute("DELETE FROM subject_key WHERE key_id = ?", (new,))
        db.execute("UPDATE subject_key SET state = ? WHERE key_id = ?", (ACTIVE, old))
    found += [site.verifying(), site.reading(LATER)]
    claims |= nothing_under(site, old, "the newer one gone")
    # The old one in the newer one's place, under its id and its epoch.
    site.put_back(good)
    with closing(site.open()) as folder:
        folder.record.append_now((ink.drafted(ink.ANNA, name=_LATER),), ink.WHO)
    (new,) = {row.key_id for row in site.rows() if row.stream_id.hex() == LATER}
    site.damage(
        "UPDATE subject_key SET wrapped = (SELECT wrapped FROM subject_key WHERE key_id = ?)"
        " WHERE key_id = ?",
        (old, new),
        file="keys.db",
    )
    claims["not in another's place"] = site.verifying() == site.reading(LATER) == "E-AEAD"
    return agreed(*found, *({holds(claims)} - {HELD}))


def renewed(site: Site) -> bytes:
    """Renew Anna's keys; the key that sealed her note, which is retired now."""
    key_id = site.event(NOTE).key_id
    with closing(site.open()) as folder:
        assert renew(folder, ink.owner(ink.ANNA)) > 0
    return key_id


def nothing_under(site: Site, key_id: bytes, how: str) -> dict[str, bool]:
    """Whether nothing new stands under a key when somebody goes on writing, and what was reads."""
    before = len(site.rows())
    with closing(site.open()) as folder:
        folder.record.append_now((ink.drafted(ink.ANNA, name=f"on {how}"),), ink.WHO)
        whole = readable(folder, ink.ANNA)
    return {
        f"nothing under it, {how}": key_id not in {row.key_id for row in site.rows()[before:]},
        f"what was reads, {how}": whole,
        f"the log whole, {how}": site.verifying(with_keys=False) == ACCEPTED,
    }


@attack(70, "written under a retired and a destroyed key, with the writers' key", "E-KEYSTATE")
def written_behind_its_end(site: Site) -> str:
    """By a writer who has kept both; the rows suit the log in everything else."""
    site.anchor()
    both, good = custodians(site), site.copy("good")
    found = []
    for ends in ("retired", "destroyed"):
        with closing(site.open()) as folder:
            row = site.event(NOTE)
            key = folder.vault.keyring.for_opening(row.key_id)
            place = (folder.vault.log_id, row.stream_id)
            payload = open_record(key, Kind.EVENT, *place, row.version, row.record or b"")
            if ends == "retired":
                renew(folder, ink.owner(ink.ANNA))
            else:
                erase(folder, both)
            line = Line(
                row.stream_id,
                ((key.key_id, lambda version: seal(key, Kind.EVENT, *place, version, payload)),),  # noqa: B023 - at once
            )
            enter(folder, line)
        found += [site.verifying(), site.verifying(with_keys=False), site.signing()]
        site.put_back(good)
    return agreed(*found)
