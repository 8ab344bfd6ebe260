"""Attacks 37, 38, 39 and 43: on the log while it is being written; nobody's work may be half there.

What is found is `HELD`: nothing is refused here, everything stands as it was acknowledged.
"""

from __future__ import annotations

import signal
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

from domain.errors import RecordUnavailable, Stale
from infrastructure.folder import OpenFolder
from infrastructure.ledger.check import Row
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.verify import verify_folder
from tests.redteam.dying import COMMITTED, FULL, PINNED, Dying, append, look_at_both
from tests.redteam.harness import ACCEPTED, HELD, Site, attack, code_of, holds
from tests.redteam.sites import everywhere
from tests.support import ink

LEAST_STATEMENTS = 10
"""An append of several streams has more statements than that, and each of them is died before."""
WRITERS = 50
SPARE_PAGES = 4
BOTH = 2
"""Rows of a look at both clients."""


@attack(37, "killed between the statements of an append", HELD)
def killed_while_writing(site: Site) -> str:
    """Before each statement in turn, until one writer outlives them all; it is a retry."""
    before, deaths, nothing_half = len(site.rows()), 0, True
    with Dying(site.path, site.passphrases[0]) as dying:
        while (died := dying.write("killed", deaths)) == signal.SIGKILL:
            deaths += 1
            unchanged = len(site.rows()) == before
            nothing_half = nothing_half and unchanged and good(site)
    after = site.rows()
    return holds(
        {
            "killed": deaths >= LEAST_STATEMENTS and died == 0,
            "nothing half there": nothing_half,
            "one transaction": {row.tx_first for row in after[before:]} == {before},
            "written once": times_registered(site, "killed") == 1,
            "dense": dense(after),
            "good": good(site) and everywhere(site) == ACCEPTED,
        }
    )


@attack(38, "killed between the commit and the receipt", HELD)
def killed_before_the_receipt(site: Site) -> str:
    """Tried again under the same command, it is there already, and the receipt is of what is."""
    claims = {}
    for dies in (COMMITTED, PINNED):
        before = len(site.rows())
        with Dying(site.path, site.passphrases[0]) as dying:
            claims[f"killed when {dies}"] = dying.write(dies, dies) == signal.SIGKILL
        rows = site.rows()
        claims[f"there when {dies}"] = len(rows) > before and good(site)
        with closing(site.open()) as folder:
            receipts = [append(folder, dies) for _ in range(2)]
            mixed_up = code_of(lambda: append(folder, dies, "other words"))  # noqa: B023 - at once
        for each in receipts:
            leaves = tuple(row.leaf for row in rows[each.first : each.last + 1])
            of_it = each.repeated and each.first >= before and each.leaves == leaves
            claims[f"receipt when {dies}"] = of_it and bool(leaves) and each == receipts[0]
        claims[f"nothing new when {dies}"] = site.rows() == rows
        claims[f"no mix-up when {dies}"] = mixed_up == "idempotency-mismatch"
    return holds({**claims, "good": good(site) and everywhere(site) == ACCEPTED})


@attack(39, "fifty writers who all try again, through two stores", HELD)
def fifty_writers(site: Site) -> str:
    """Each looks, and revises one and the same note as soon as nobody was faster."""
    begun = len(site.rows())
    folders = [site.open(), site.open()]
    together = threading.Barrier(WRITERS)
    positions: list[int] = []
    troubles: list[str] = []

    def write(number: int) -> None:
        folder = folders[number % len(folders)]
        together.wait()
        try:
            positions.append(folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO).last)
            positions.append(revise(folder))
        except Exception as error:  # noqa: BLE001 - told by the thread that started this one
            troubles.append(type(error).__name__)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for folder in folders:
        folder.close()
    rows = site.rows()
    return holds(
        {
            "no trouble": not troubles,
            "dense": dense(rows),
            "each written once": sorted(positions) == list(range(begun, begun + 2 * WRITERS)),
            "nothing else": len(rows) == begun + 2 * WRITERS,
            "good": good(site) and everywhere(site) == ACCEPTED,
        }
    )


@attack(43, "the disk full in the middle of a commit", HELD)
def disk_full(site: Site) -> str:
    """By a limit of SQLite's own, and by one of the kernel's; each time it has room again later."""
    begun = len(site.rows())
    with closing(site.open()) as folder:
        written, refused = until_it_is_full(site, folder)
        half = len(site.rows()) - begun - written * BOTH
        store_of(folder).execute("PRAGMA max_page_count = 1000000")
        look_at_both(folder, "again")
    between = len(site.rows())
    with Dying(site.path, site.passphrases[0]) as dying:
        died = dying.write("full", FULL)
    rows = site.rows()
    pairs = {row.tx_first: row.position for row in rows[begun:]}
    return holds(
        {
            "refused": refused and died == 0,
            "nothing half there": half == 0,
            "goes on": between == begun + (written + 1) * BOTH < len(rows),
            "whole transactions": all(last == first + 1 for first, last in pairs.items()),
            "dense": dense(rows),
            "good": good(site) and everywhere(site) == ACCEPTED,
        }
    )


def until_it_is_full(site: Site, folder: OpenFolder) -> tuple[int, bool]:
    """Look until the database may not grow any more: how often it could, and whether it ended."""
    store = store_of(folder)
    (pages,) = store.execute("PRAGMA page_count").fetchone()
    store.execute(f"PRAGMA max_page_count = {pages + SPARE_PAGES}")
    for number in range(1000):
        try:
            look_at_both(folder, f"full {number}")
        except RecordUnavailable:
            return number, site.rows()[-1].position + 1 == folder.store.standing().size
    return 1000, False


def store_of(folder: OpenFolder) -> sqlite3.Connection:
    """The connection that writes the record."""
    assert isinstance(folder.store, SqliteStore)
    return folder.store._writer


def revise(folder: OpenFolder) -> int:
    """Revise Anna's note after whatever it is now, again and again; the position at last."""
    note = ink.revised(ink.ANNA, 0)
    while True:
        version = folder.store.version(bytes.fromhex(note.stream))
        try:
            return folder.record.append_now((replace(note, after=version),), ink.WHO).last
        except Stale:
            continue


def good(site: Site) -> bool:
    """Whether the clinic opens and verifies, with every content."""
    if site.opening() != ACCEPTED:
        return False
    with closing(site.open()) as folder:
        return code_of(lambda: verify_folder(folder)) == ACCEPTED


def dense(rows: list[Row]) -> bool:
    """Whether positions leave no gap."""
    return [row.position for row in rows] == list(range(len(rows)))


def times_registered(site: Site, name: str) -> int:
    """How often the client of an append was registered."""
    with closing(site.open()) as folder:
        found = folder.record.read(ink.an_id(name))
    return sum(type(each.event).__name__ == "ClientRegistered" for each in found)
