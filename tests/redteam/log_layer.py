"""Attacks 23 to 44: on the log as it lies in the database, and while it is being written.

The attacker is the database's administrator: he may write whatever he likes into the file, and has
not the key by which writers' rows are told from others. Where he is somebody else, it is said.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from domain.errors import IntegrityIncident, Stale
from infrastructure.anchor.proofs import Proofs
from infrastructure.control import control_stream
from infrastructure.folder import OpenFolder
from infrastructure.ledger.check import Row
from infrastructure.ledger.control import ControlKind, Recovery, recovery_stream
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.tiles import TileFolder, TileWriter
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.envelope import control
from tests.redteam.dying import COMMITTED, FULL, PINNED, Dying, append, command
from tests.redteam.harness import (
    ACCEPTED,
    CONTROL_KEY,
    HELD,
    Forgery,
    Site,
    agreed,
    attack,
    code_of,
    entry_of,
    holds,
)
from tests.redteam.sites import (
    Auditor,
    clinics_time,
    cut_off,
    exported,
    looked,
    rewritten,
    signed_anew,
)
from tests.support import ink

WRITERS = 50


def everywhere(site: Site) -> str:
    """What verification with keys and without, the scrubber and the checkpointer find."""
    return agreed(
        site.verifying(), site.verifying(with_keys=False), site.signing(), site.scrubbing()
    )


def seen(*codes: str) -> str:
    """`HELD` if something was found in each place, whatever it is called there."""
    return ACCEPTED if ACCEPTED in codes else HELD


def untouched(site: Site) -> str:
    """The control of all that follows: a clinic that nobody has touched is found good."""
    with clinics_time(site):
        site.anchor(witnesses=2, needed=2)
        site.live(3)
        found = agreed(site.opening(), everywhere(site), running(site, lambda: None))
        auditor = Auditor(site, site.trust())
        told = agreed(auditor.judge_now("first"))
        site.clock.move(minutes=10)
        site.live(2)
        return agreed(found, told, site.signing(), auditor.judge_now("second"))


# Rows that are gone, moved or altered


@attack(23, "a row deleted from the middle", "E-GAP")
def middle_row_deleted(site: Site) -> str:
    row = site.event(start=8)
    site.damage("DELETE FROM record WHERE pos = ?", (row.position,))
    with closing(site.open(pinned=False)) as folder:
        reading = code_of(lambda: folder.record.read(row.stream_id.hex()))
    return agreed(everywhere(site), reading)


@attack(24, "the newest rows deleted before a witness saw them, with the head mended", "E-ROLLBACK")
def tail_deleted(site: Site) -> str:
    site.anchor(witnesses=2, needed=2)
    good = site.copy("good")
    while_open = running(site, lambda: cut_off(site, 2))
    site.put_back(good)
    site.live(4)
    cut_off(site, 3)
    found = agreed(while_open, site.opening(), site.verifying())
    site.layout.head.unlink()
    return agreed(found, site.opening())


@attack(25, "rows deleted that witnesses have seen, with the head mended", "E-ROLLBACK", "E-ROOT")
def seen_tail_deleted(site: Site) -> str:
    old = site.copy("old")
    site.anchor(witnesses=2, needed=2)
    site.live(4)
    site.checkpoint()
    assert site.scrubbing() == ACCEPTED
    cut_off(site, 4)
    found = agreed(site.opening(), everywhere(site))
    # Whoever puts an old pinned head back as well is told by what was published.
    site.put_back(old, "head.pin")
    return agreed(found, site.opening(), everywhere(site))


@attack(26, "positions reordered", "E-LEAF", "E-TIME", "E-CHAIN")
def reordered(site: Site) -> str:
    """Two rows change places, on their own and with all that can be mended; then every row does."""
    forgery = Forgery(site)
    good = list(forgery.rows)
    first = forgery.index(lambda row: lone(row, good) and lone(good[row.position + 1], good))
    one, other = good[first], good[first + 1]
    forgery.rows[first : first + 2] = other, one
    forgery.renumber()
    forgery.write()
    plain = everywhere(site)
    for place in (first, first + 1):
        forgery.change(place, tx_first=place, time_ms=one.time_ms)
    forgery.write()
    mended = everywhere(site)
    forgery.rows = [good[0], *reversed(good[1:])]
    forgery.renumber()
    forgery.write()
    return agreed(plain, mended, everywhere(site))


def lone(row: Row, rows: list[Row]) -> bool:
    """Whether a row is a transaction of its own, with another one behind it."""
    after = rows[row.position + 1 : row.position + 2]
    return row.tx_first == row.position and bool(after) and after[0].tx_first == after[0].position


@attack(27, "a leaf edited", "E-LEAF")
def leaf_edited(site: Site) -> str:
    row = site.event(start=8)
    site.damage("UPDATE record SET leaf = zeroblob(32) WHERE pos = ?", (row.position,))
    found = agreed(site.verifying(), site.verifying(with_keys=False), site.signing())
    return found if seen(site.scrubbing()) == HELD else agreed(found, ACCEPTED)


@attack(28, "size or range of the head edited", "E-ROOT")
def head_edited(site: Site) -> str:
    (size, range_bytes) = standing(site)
    found = set()
    for column, value in (
        ("range", bytes(len(range_bytes))),
        ("range", b""),
        ("size", size + 1),
        ("size", size - 1),
        ("size", 0),
    ):
        site.damage(f"UPDATE log_head SET {column} = ?", (value,))  # noqa: S608 - our own names
        found.add(agreed(site.opening(), everywhere(site)))
        while_open = "UPDATE log_head SET size = ?, range = ?"
        site.damage(while_open, (size, range_bytes))
    zeros = "UPDATE log_head SET range = zeroblob(length(range))"
    return agreed(*found, running(site, lambda: site.damage(zeros)))


def standing(site: Site) -> tuple[int, bytes]:
    """Size and range of the head as they lie in the database."""
    with site.sql() as db:
        size, range_bytes = db.execute("SELECT size, range FROM log_head").fetchone()
        return size, range_bytes


@attack(29, "a log rewritten consistently, with every key of the clinic", "E-ROOT", "E-FORK")
def rewritten_consistently(site: Site) -> str:
    """Only what stands outside the log can tell: a published checkpoint, a witness, a receipt."""
    alone = site.copy("alone")
    site.anchor(witnesses=2, needed=2)
    rewritten(site)
    found = agreed(everywhere(site), code_of(lambda: exported(site, "exported")))
    site.live(1)
    found = agreed(found, site.signing())
    # The same without any checkpoint is taken for good: so it was consistent.
    site.put_back(alone)
    rewritten(site)
    unseen = agreed(site.opening(), site.verifying(), site.verifying(with_keys=False))
    return found if unseen == ACCEPTED else agreed(found, f"inconsistent ({unseen})")


@attack(30, "a version of a stream twice, without the unique index", "E-CHAIN")
def version_twice(site: Site) -> str:
    forgery = Forgery(site)
    good = list(forgery.rows)
    place = forgery.index(lambda row: row.key_id != CONTROL_KEY and row.version > 1)
    forgery.change(place, version=forgery.rows[place].version - 1)
    forgery.write(unique=False)
    altered = everywhere(site)
    forgery.rows = [*good, good[-1]._replace(position=len(good))]
    forgery.write(unique=False)
    return agreed(altered, everywhere(site))


@attack(31, "a version of a stream skipped", "E-CHAIN")
def version_skipped(site: Site) -> str:
    forgery = Forgery(site)
    last = len(forgery.rows) - 1
    forgery.change(last, version=forgery.rows[last].version + 1)
    forgery.write()
    altered = everywhere(site)
    forgery.refold(start=last)
    forgery.write()
    return agreed(altered, everywhere(site))


@attack(32, "a link to a leaf that is not in the tree", "E-CHAIN")
def linked_to_nothing(site: Site) -> str:
    """A row links elsewhere; and an operator signs an entry whose predecessor never was."""
    with clinics_time(site):
        site.anchor(witnesses=2, needed=2)
        site.live(1)
        auditor = Auditor(site, site.trust())
        auditors = auditor.judge(linear_fake(site))
    forgery = Forgery(site)
    place = forgery.index(lambda row: row.prev_pos not in (None, 0, 3))
    forgery.change(place, prev_pos=3)
    forgery.refold(start=place)
    forgery.write()
    found = agreed(site.verifying(), site.verifying(with_keys=False), site.scrubbing())
    return agreed(auditors, found)


def linear_fake(site: Site) -> Path:
    """A log whose last entry follows a leaf that stands nowhere, signed and cosigned.

    The witnesses do their work: it goes on from what they have seen.
    """
    rows = site.rows()
    fake = fake_entry(rows)
    public = site.place / "linear fake"
    shutil.copytree(site.layout.log, public)
    branch = Branch(log_key(site), [*(row.leaf for row in rows[:-1]), leaf_hash(fake)])
    with TileWriter(public) as tiles:
        tiles.extend([(fake, leaf_hash(fake), None)])
        tiles.write_checkpoint(cosigned(site, branch, len(rows)))
    return public


def fake_entry(rows: list[Row]) -> bytes:
    """The entry of the last row, as if the entry before it in its stream had been another."""
    last = rows[-1]
    before = rows[last.prev_pos or 0]
    return entry_of(last, before._replace(leaf=sha256(before.leaf).digest()))


@attack(33, "a transaction of several records split in two", "E-LEAF")
def transaction_split(site: Site) -> str:
    forgery = Forgery(site)
    place = forgery.index(lambda row: row.tx_first != row.position)
    for row in forgery.rows[place:]:
        if row.tx_first == forgery.rows[place - 1].tx_first:
            forgery.change(row.position, tx_first=place)
    forgery.write()
    return everywhere(site)


@attack(34, "a time dated back, in the database and by the writer's own clock", "E-TIME")
def dated_back(site: Site) -> str:
    forgery = Forgery(site)
    good = list(forgery.rows)
    place = len(good) - 1
    forgery.change(place, time_ms=good[place - 1].time_ms - 1)
    forgery.write()
    altered = everywhere(site)
    forgery.refold(start=place)
    forgery.write()
    consistent = everywhere(site)
    forgery.rows = good
    forgery.write()
    return agreed(altered, consistent, writers_clock_turned_back(site))


def writers_clock_turned_back(site: Site) -> str:
    """The clock of the clinic stands an hour behind when the witnesses cosign, and again later."""
    with clinics_time(site):
        site.clock.move(hours=1)
        site.anchor(witnesses=2, needed=2)
        auditor = Auditor(site, site.trust())
        assert auditor.judge_now("before") == ACCEPTED
        site.clock.move(minutes=-50)
        site.live(2)
        site.clock.move(minutes=50)
        assert site.signing() == ACCEPTED
        return auditor.judge_now("after")


# Rows that no writer wrote


@attack(35, "a row of garbage inserted, and an old record as a new version", "E-AUTH")
def inserted(site: Site) -> str:
    garbage = Forgery(site)
    good = list(garbage.rows)
    stream = b"nobody's stream."
    header = b"PSR\x01\x01\x01\0\0" + log_id(site) + bytes(16) + stream + (1).to_bytes(8, "big")
    garbage.add(Row(0, stream, 1, bytes(16), None, 0, 0, b"", b"", header + bytes(600)))
    found = [added(site, garbage, len(good))]
    old = Forgery(site)
    old.rows = list(good)
    last = good[-1]
    older = good[last.prev_pos or 0]
    version, before = last.version + 1, last.position
    old.add(last._replace(version=version, prev_pos=before, record=older.record))
    found.append(added(site, old, len(good)))
    with closing(site.open(pinned=False)) as folder:
        reading = code_of(lambda: folder.record.read(last.stream_id.hex()))
    return agreed(*found, *(() if reading == "E-BIND" else (f"read ({reading})",)))


def added(site: Site, forgery: Forgery, start: int) -> str:
    """What is found of rows that were added with all that suits them but a writer's tag."""
    forgery.refold(start=start)
    forgery.write()
    return agreed(site.verifying(), site.signing(), site.scrubbing())


@attack(
    36,
    "control records forged: KEY, SHRED, RECOVERY",
    "E-AUTH",
    later="that SHRED and REDACT carry approvals which verify comes with the records themselves",
)
def control_records_forged(site: Site) -> str:
    """By whoever has no key; and a RECOVERY that two custodians have not signed, by the operator."""
    good = site.rows()
    found = set()
    for kind, stream, payload in (
        (ControlKind.KEY, b"a key of my own.", key_made(b"a key of my own.")),
        (ControlKind.SHRED, b"a client's key..", [b"a client's key.."]),
        (ControlKind.RECOVERY, recovery_stream(log_id(site)), recovery_of(site, good)),
    ):
        new = log_id(site, NEW_NAME) if kind is ControlKind.RECOVERY else log_id(site)
        record = plain(kind, new, stream, payload)
        forgery = Forgery(site)
        forgery.rows = list(good)
        forgery.add(Row(0, stream, 1, CONTROL_KEY, None, 0, 0, b"", b"", record))
        found.add(added(site, forgery, len(good)))
    # The last one is the RECOVERY: it is refused without keys too, and with a writer's tag.
    found.add(site.verifying(with_keys=False))
    append_key = key_of_the_writers(site, good)
    forgery.refold(append_key, start=len(good))
    forgery.write()
    return agreed(*found, site.verifying(with_keys=False), site.signing())
