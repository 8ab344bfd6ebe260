"""Attacks 23 to 44: on the log as it lies in the database, and while it is being written.

The attacker is the database's administrator: he may write whatever he likes into the file, and has
not the key by which writers' rows are told from others. Where he is somebody else, it is said.
Attacks 37, 38, 39 and 43 are in `writing`.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import msgpack

from domain.errors import IntegrityIncident
from infrastructure.anchor.proofs import Proofs
from infrastructure.control import recovery_line
from infrastructure.ledger.check import Row
from infrastructure.ledger.control import ControlKind, Recovery, log_id_of, recovery_stream
from infrastructure.ledger.key_control import CONTROL_KEY
from infrastructure.ledger.merkle import HASH_SIZE, CompactRange, leaf_hash
from infrastructure.ledger.note import ED25519, Note, Signer
from infrastructure.ledger.tiles import TileFolder, TileWriter, tile_path
from tests.redteam import writing
from tests.redteam.harness import (
    ACCEPTED,
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
    Branch,
    cosigned,
    cut_off,
    everywhere,
    exported,
    log_key,
    looked,
    rewritten,
    scrubbing_anew,
    witnesses_at_hand,
)
from tests.support import ink

__all__ = ("untouched", "writing")


def untouched(site: Site) -> str:
    """The control of all that follows: a clinic that nobody has touched is found good."""
    with witnesses_at_hand(site):
        site.anchor(witnesses=2, needed=2)
        site.live(3)
        found = [site.opening(), everywhere(site), at_work(site, lambda: None)]
        with closing(site.open()) as folder:
            proofs = Proofs(TileFolder(site.layout.log), site.trust(), folder.store, folder.guard)
            found.append(code_of(lambda: proofs.inclusion(9, with_entry=True)))
        auditor = Auditor(site, site.trust())
        found.append(auditor.judge_now("first"))
        site.clock.move(minutes=30)
        site.live(2)
        return agreed(*found, site.signing(), auditor.judge_now("second"))


def at_work(site: Site, damage: Callable[[], object], before: int = 3) -> str:
    """What a clinic finds that is at work meanwhile: by a later write, at its next start, or then.

    It writes often enough for what it remembers of its head to be no older than the damage.
    """
    with closing(site.open()) as folder:
        for number in range(before):
            looked(site, folder, f"before {number}")
        damage()
        writes = (partial(looked, site, folder, f"after {number}") for number in range(6))
        found = {code_of(each) for each in writes} - {ACCEPTED}
        if IntegrityIncident.code in found:
            found.remove(IntegrityIncident.code)
            found |= {each.code for each in folder.guard.incidents.open()}
    return agreed(*(found or {site.opening(), site.verifying()} - {ACCEPTED})) or ACCEPTED


def noticed(found: str, *beside: str) -> str:
    """What was found, if something was found beside as well, whatever it is called there."""
    return agreed(found, ACCEPTED) if ACCEPTED in beside else found


# Rows that are gone, moved or altered


@attack(23, "a row deleted from the middle", "E-GAP")
def middle_row_deleted(site: Site) -> str:
    row = site.event(ink.looked(ink.ANNA).stream)
    site.damage("DELETE FROM record WHERE pos = ?", (row.position,))
    with closing(site.open(pinned=False)) as folder:
        reading = code_of(lambda: folder.record.read(row.stream_id.hex()))
    return agreed(everywhere(site), reading)


@attack(24, "the newest rows deleted before a witness saw them, with the head mended", "E-ROLLBACK")
def tail_deleted(site: Site) -> str:
    site.anchor(witnesses=2, needed=2)
    good = site.copy("good")
    site.live(4)
    idle = at_work(site, lambda: cut_off(site, 2), before=0)
    site.put_back(good)
    busy = at_work(site, lambda: cut_off(site, 2))
    site.put_back(good)
    site.live(4)
    cut_off(site, 3)
    found = agreed(idle, busy, site.opening(), site.verifying())
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
    """Two looks at two clients change places, as they are and mended; then the whole log."""
    with closing(site.open()) as folder:
        for client in (ink.ANNA, ink.BASIA):
            site.clock.move(minutes=1)
            folder.record.append_now((ink.looked(client),), ink.WHO)
    forgery = Forgery(site)
    good = list(forgery.rows)
    first, second = good[-2:]
    forgery.rows[-2:] = second, first
    forgery.renumber()
    forgery.write()
    found = [everywhere(site)]
    for row in (first, second):
        forgery.change(row.position, tx_first=row.position, time_ms=row.time_ms)
    forgery.write()
    found.append(everywhere(site))
    forgery.rows = [good[0], *reversed(good[1:])]
    forgery.renumber()
    forgery.write()
    return agreed(*found, everywhere(site))


@attack(27, "a leaf edited", "E-LEAF")
def leaf_edited(site: Site) -> str:
    row = site.event(start=8)
    site.damage("UPDATE record SET leaf = zeroblob(32) WHERE pos = ?", (row.position,))
    found = agreed(site.verifying(), site.verifying(with_keys=False), site.signing())
    return noticed(found, scrubbing_anew(site))


@attack(28, "size or range of the head edited", "E-ROOT", "E-ROLLBACK")
def head_edited(site: Site) -> str:
    """A head below what was signed is told as a log that has shrunk."""
    size, range_bytes = standing(site)
    good = site.copy("good")
    zeros = "UPDATE log_head SET range = zeroblob(length(range))"
    found = {at_work(site, lambda: site.damage(zeros))}
    site.put_back(good)
    for column, value in (
        ("range", bytes(len(range_bytes))),
        ("range", b""),
        ("size", size + 1),
        ("size", size - 1),
        ("size", 0),
    ):
        site.damage(f"UPDATE log_head SET {column} = ?", (value,))  # noqa: S608 - our own names
        found.add(agreed(site.opening(), everywhere(site)))
        site.damage("UPDATE log_head SET size = ?, range = ?", (size, range_bytes))
    return agreed(*found)


def standing(site: Site) -> tuple[int, bytes]:
    """Size and range of the head as they lie in the database."""
    with site.sql() as db:
        size, range_bytes = db.execute("SELECT size, range FROM log_head").fetchone()
        return size, range_bytes


@attack(29, "a log rewritten consistently, with every key there is", "E-ROOT", "E-FORK", "E-LEAF")
def rewritten_consistently(site: Site) -> str:
    """Only what was signed before can tell; a row that goes on from there has the wrong leaf."""
    alone = site.copy("alone")
    site.anchor(witnesses=2, needed=2)
    rewritten(site)
    found = agreed(everywhere(site), code_of(lambda: exported(site, "exported")))
    site.layout.incidents.unlink()
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
    with witnesses_at_hand(site):
        site.anchor(witnesses=2, needed=2)
        site.live(1)
        auditor = Auditor(site, site.trust())
        auditors = auditor.judge(linear_fake(site))
    forgery = Forgery(site)
    place = forgery.index(lambda row: row.prev_pos not in (None, 0, 3))
    forgery.change(place, prev_pos=3)
    forgery.refold(start=place)
    forgery.write()
    found = agreed(site.verifying(), site.verifying(with_keys=False), scrubbing_anew(site))
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
    untouched_copy = site.copy("untouched")
    forgery = Forgery(site)
    place = len(forgery.rows) - 1
    forgery.change(place, time_ms=forgery.rows[place - 1].time_ms - 1)
    forgery.write()
    altered = everywhere(site)
    forgery.refold(start=place)
    forgery.write()
    consistent = everywhere(site)
    shutil.rmtree(site.checkpointing)
    site.put_back(untouched_copy)
    return agreed(altered, consistent, writers_clock_turned_back(site))


def writers_clock_turned_back(site: Site) -> str:
    """The clinic writes as if it were an hour earlier than when the witnesses cosigned last."""
    with witnesses_at_hand(site):
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
    header = (
        b"PSR\x01\x01\x01\0\0"
        + log_id_of(site.origin)
        + bytes(16)
        + stream
        + (1).to_bytes(8, "big")
    )
    garbage.add(Row(0, stream, 1, bytes(16), None, 0, 0, b"", b"", header + bytes(600)))
    found = [added(site, garbage, len(good)), scrubbing_anew(site)]
    old = Forgery(site)
    old.rows = list(good)
    last = good[-1]
    older = good[last.prev_pos or 0]
    version, before = last.version + 1, last.position
    old.add(last._replace(version=version, prev_pos=before, record=older.record))
    found += [added(site, old, len(good)), scrubbing_anew(site)]
    with closing(site.open(pinned=False)) as folder:
        reading = code_of(lambda: folder.record.read(last.stream_id.hex()))
    return agreed(*found, *(() if reading == "E-BIND" else (f"read ({reading})",)))


def added(site: Site, forgery: Forgery, start: int) -> str:
    """What is found of rows that were added with all that suits them but a writer's tag."""
    forgery.refold(start=start)
    forgery.write()
    return agreed(site.verifying(), site.signing())


def control_records_forged(site: Site) -> str:
    """Attack 36 without approvals; ``shreds`` has the whole of it.

    By whoever has no key; and a RECOVERY that no custodian has signed, by the operator too.
    """
    good, append_key = site.rows(), site.append_key()
    key_id, forged = b"a key of my own.", Forgery(site)
    found = set()
    for kind, stream, record in (
        (ControlKind.KEY, key_id, plain(site, ControlKind.KEY, key_id, key_made(key_id))),
        (ControlKind.SHRED, key_id, plain(site, ControlKind.SHRED, key_id, [key_id])),
        (ControlKind.RECOVERY, recovery_stream(log_id_of(site.origin)), recovery(site, good)),
    ):
        assert record[5] == kind
        forged.rows = list(good)
        forged.add(Row(0, stream, 1, CONTROL_KEY, None, 0, 0, b"", b"", record))
        found.add(added(site, forged, len(good)))
    # Of these the last one needs no key to be seen through, and a writer's tag does not help it.
    found.add(site.verifying(with_keys=False))
    forged.refold(append_key, start=len(good))
    forged.write()
    return agreed(*found, site.verifying(with_keys=False), site.signing())


def plain(site: Site, kind: ControlKind, stream: bytes, payload: object) -> bytes:
    """A control record as it has to look."""
    header = b"PSR\x01" + bytes([0, kind, 0, 0]) + log_id_of(site.origin) + CONTROL_KEY + stream
    packed: bytes = msgpack.packb(payload)
    return header + (1).to_bytes(8, "big") + bytes(16) + packed


def key_made(key_id: bytes) -> list[object]:
    """What the making of a key says."""
    return ["create", key_id, b"somebody's tag..", 1, 2, 0, b"its check value."]


def recovery(site: Site, rows: list[Row]) -> bytes:
    """A recovery that everything in it speaks for, but that strangers have approved."""
    tree = CompactRange()
    tree.extend(row.leaf for row in rows)
    said = Recovery(
        origin="redteam.example/log/2",
        old_origin=site.origin,
        restored_size=len(rows),
        root=tree.root(),
        lost_to=len(rows) + 1,
        reason="a disk",
        checkpoint=b"",
        approvals=b"",
    )
    text = said.statement()
    strangers = [Signer.generate(f"custodian-{each}", ED25519) for each in (1, 2)]
    approvals = Note(text, tuple(each.sign(text.encode()) for each in strangers)).encode()
    line = recovery_line(log_id_of(site.origin), replace(said, approvals=approvals))
    ((_, made),) = line.records
    return made(1)


# What lies beside the rows


@attack(40, "a tile of the published log poisoned", "E-ROOT")
def tile_poisoned(site: Site) -> str:
    """Nobody is handed a proof that goes by it, and nothing is signed on top of it."""
    site.anchor(witnesses=2, needed=2)
    size = len(site.rows())
    tile = site.layout.log / tile_path(0, 0, size)
    whole = tile.read_bytes()
    poisoned = bytearray(whole)
    poisoned[9 * HASH_SIZE] ^= 1
    tile.write_bytes(poisoned)
    with closing(site.open()) as folder:
        proofs = Proofs(TileFolder(site.layout.log), site.trust(), folder.store, folder.guard)
        refused = {
            code_of(lambda: proofs.inclusion(8, with_entry=True)),
            code_of(lambda: proofs.inclusion(12, with_entry=False)),
            code_of(lambda: proofs.consistency(8, size)),
        }
        found = [each.code for each in folder.guard.incidents.open()]
        refused.add(code_of(lambda: folder.guard.incidents.must_accept(["any stream"])))
    found.append(scrubbing_anew(site))
    site.layout.incidents.unlink()
    site.live(1)
    signing = site.signing()
    tile.write_bytes(whole)
    claims = {
        "no proof, and read-only": refused == {"integrity-incident"},
        "nothing signed": signing != ACCEPTED,
        "signed when it is whole again": site.signing() == ACCEPTED,
    }
    return agreed(*found, *({holds(claims)} - {HELD}))


@attack(
    41,
    "the database swapped under a running clinic",
    "E-ROLLBACK",
    "E-FORK",
    "E-ROOT",
    "E-GAP",
    "E-PARSE",
)
def swapped_while_running(site: Site) -> str:
    """For an older copy, with and without its write-ahead log, in place, and for another branch."""
    site.anchor()
    old = site.copy("old")
    site.live(8)
    good = site.copy("good")
    site.put_back(old)
    site.clock.move(minutes=1)
    site.live(9)
    fork = site.copy("fork")
    whole, alone = ("record.db", "record.db-wal", "record.db-shm"), ("record.db",)
    found = set()
    for swap in (
        partial(renamed, site, old, *whole),
        partial(renamed, site, fork, *whole),
        partial(renamed, site, old, *alone),
        partial(shutil.copyfile, old / "record.db", site.path / "record.db"),
    ):
        site.put_back(good)
        found.add(at_work(site, swap))
    # The last one is a file that is neither the one nor the other: nobody can go on from it.
    return agreed(*found, site.signing(), scrubbing_anew(site))


def renamed(site: Site, copy: Path, *names: str) -> None:
    """Put files of a copy in the places of those in use, which live on without a name."""
    for name in names:
        (site.path / name).unlink(missing_ok=True)
        if (copy / name).exists():
            swapped = Path(shutil.copy(copy / name, site.place / "swapped"))
            swapped.replace(site.path / name)


@attack(42, "the write-ahead log removed, and an old one put back", "E-ROLLBACK")
def write_ahead_log_removed(site: Site) -> str:
    """After a crash, when what was acknowledged last stands nowhere else."""
    with closing(site.open()) as folder:
        for number in range(4):
            looked(site, folder, f"first {number}")
        early = (site.path / "record.db-wal").read_bytes()
        for number in range(4):
            looked(site, folder, f"then {number}")
        crashed = site.copy("crashed")
    site.put_back(crashed)
    whole = site.opening()
    found = set()
    for remains in (None, early):
        site.put_back(crashed)
        (site.path / "record.db-shm").unlink(missing_ok=True)
        log = site.path / "record.db-wal"
        log.unlink()
        if remains is not None:
            log.write_bytes(remains)
        found |= {site.opening(), site.verifying()}
    return agreed(*found) if whole == ACCEPTED else f"crashed ({whole})"


@attack(44, "a record altered after the triggers were dropped", "E-LEAF")
def record_altered(site: Site) -> str:
    """A bit, the length, all of it; while there are triggers, nothing can be altered at all."""
    good = site.rows()
    row = site.event(start=8)
    record = row.record or b""
    other = next(each.record for each in good[row.position + 1 :] if each.key_id != CONTROL_KEY)
    altered: tuple[bytes | None, ...] = (
        record[:300] + bytes([record[300] ^ 1]) + record[301:],
        record[:-1],
        record + b"\0",
        b"",
        None,
        other,
    )
    found = {stopped(site)}
    for each in altered:
        site.damage("UPDATE record SET record = ? WHERE pos = ?", (each, row.position))
        found.add(everywhere(site))
    return agreed(*found - {HELD})


def stopped(site: Site) -> str:
    """Whether the triggers stop whoever has not dropped them."""
    with closing(sqlite3.connect(site.path / "record.db", isolation_level=None)) as db:
        for statement in ("UPDATE record SET record = x''", "DELETE FROM record"):
            try:
                db.execute(statement)
            except sqlite3.IntegrityError:
                continue
            return ACCEPTED
    return HELD
