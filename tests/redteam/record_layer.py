"""Attacks 1 to 22: on single records, by whoever administers the database and by key holders.

Most of them are made twice. Without the append key verification stops at the leaf, before it looks
at the record, and only whoever reads meets the record itself. With the append key the log is made to
suit, and then both must find it.

Source:
    docs of the design: security, section 7, 1 to 22.
"""

from __future__ import annotations

import hmac
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha512
from statistics import median

import msgpack
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.folder import OpenFolder, open_with
from infrastructure.guard.recovery import recover
from infrastructure.ledger.check import Row
from infrastructure.stores.contract import LoggedEvent
from infrastructure.vault import envelope
from infrastructure.vault.custody import LIGHT, create as create_keyfile
from infrastructure.vault.envelope import HEADER_SIZE, Kind, open_record, padded_size, seal
from infrastructure.vault.keys import SubjectKey
from infrastructure.vault.keystore import DESTROYED
from infrastructure.verify import verify_folder, verify_log
from tests.api.http.support import open_office
from tests.redteam.harness import (
    ACCEPTED,
    CONTROL_KEY,
    Forgery,
    Site,
    agreed,
    attack,
    code_of,
    holds,
    python,
    quickly,
)
from tests.support import ink
from tests.support.clinic import SmallClinic, found as found_clinic

NOTE, OTHERS_NOTE = ink.an_id(f"note {ink.ANNA}"), ink.an_id(f"note {ink.BASIA}")
LOOKS = ink.an_id(f"access {ink.ANNA}")
CHUNK = 16 * 1024


def found_in(site: Site, forgery: Forgery, *streams: str) -> str:
    """The codes of what was put in by the administrator, and then by somebody with the append key.

    Of the administrator's, verification is only asked to refuse it, since it stops at the leaf.
    """
    forgery.write(head=False)
    codes = [site.reading(stream) for stream in streams]
    codes += [ACCEPTED for with_keys in (True, False) if site.verifying(with_keys=with_keys) == ACCEPTED]
    forgery.refold(site.append_key())
    forgery.write()
    codes.append(site.verifying())
    codes += [site.reading(stream) for stream in streams]
    return agreed(*codes)


def row_of(forgery: Forgery, stream: str, version: int = 1) -> Row:
    """The row of a stream's event."""
    wanted = (bytes.fromhex(stream), version)
    return next(row for row in forgery.rows if (row.stream_id, row.version) == wanted)


def key_of(folder: OpenFolder, row: Row) -> SubjectKey:
    """The key of a row, in the hands of a key holder."""
    return folder.vault.keyring.for_opening(row.key_id)


def replaced(record: bytes, start: int, data: bytes) -> bytes:
    """A record in which some bytes are others."""
    return record[:start] + data + record[start + len(data) :]


@attack(1, "1,328 single bits of a record flipped", "E-PARSE", "E-BIND", "E-AEAD")
def flipped_bits(site: Site) -> str:
    row = site.event(NOTE)
    record = row.record or b""
    sure = (HEADER_SIZE + envelope.SALT_AND_COMMITMENT) * 8
    rest = len(record) * 8 - sure
    bits = [*range(sure), *(sure + number * rest // 240 for number in range(240))]
    folder, codes = site.open(), set()
    update = "UPDATE record SET record = ? WHERE pos = ?"
    with site.sql() as db:
        for bit in bits:
            flipped = bytearray(record)
            flipped[bit // 8] ^= 1 << bit % 8
            db.execute(update, (bytes(flipped), row.position))
            codes.add(code_of(lambda: folder.record.read(NOTE)))
            if code_of(lambda: verify_log(folder.store, folder.genesis)) == ACCEPTED:
                codes.add(ACCEPTED)
        db.execute(update, (record, row.position))
    assert len(bits) == 1328
    # Undone, it reads again: it was the flips that were refused.
    assert code_of(lambda: folder.record.read(NOTE)) == ACCEPTED
    return agreed(*codes)


@attack(2, "records of two clients swapped", "E-BIND")
def swapped_clients(site: Site) -> str:
    forgery = Forgery(site)
    one, two = row_of(forgery, NOTE), row_of(forgery, OTHERS_NOTE)
    forgery.change(one.position, record=two.record)
    forgery.change(two.position, record=one.record)
    return found_in(site, forgery, NOTE, OTHERS_NOTE)


@attack(3, "two versions of one stream swapped", "E-BIND")
def swapped_versions(site: Site) -> str:
    forgery = Forgery(site)
    one, two = row_of(forgery, NOTE, 1), row_of(forgery, NOTE, 2)
    forgery.change(one.position, record=two.record)
    forgery.change(two.position, record=one.record)
    return found_in(site, forgery, NOTE)


@attack(4, "an old record replayed as a new version", "E-BIND")
def replayed_record(site: Site) -> str:
    forgery = Forgery(site)
    old, last = row_of(forgery, NOTE, 1), row_of(forgery, NOTE, 2)
    forgery.add(last._replace(version=3, prev_pos=last.position, record=old.record))
    return found_in(site, forgery, NOTE)


@attack(5, "a record cut short, and made longer", "E-AEAD")
def cut_record(site: Site) -> str:
    codes = []
    for change in (
        lambda record: record[:-1],
        lambda record: record[:-16],
        lambda record: record[: HEADER_SIZE + envelope.SALT_AND_COMMITMENT + envelope.TAG_SIZE],
        lambda record: record + b"\0",
        lambda record: record + record[-16:],
        lambda record: record + bytes(CHUNK + 16),
    ):
        forgery = Forgery(site)
        row = row_of(forgery, NOTE)
        kept = forgery.record(row.position)
        forgery.change(row.position, record=change(kept))
        codes.append(found_in(site, forgery, NOTE))
        forgery.change(row.position, record=kept)
        forgery.refold(site.append_key())
        forgery.write()
    return agreed(*codes)


@attack(6, "a record under another client's key, in the column and in its header", "E-BIND", "E-AEAD")
def another_clients_key(site: Site) -> str:
    forgery = Forgery(site)
    # Anna's key was there when Basia's note was written: the order of things tells nothing.
    row, other = row_of(forgery, OTHERS_NOTE), row_of(forgery, NOTE)
    forgery.change(row.position, key_id=other.key_id)
    in_the_column = found_in(site, forgery, OTHERS_NOTE)
    record = replaced(forgery.record(row.position), 24, other.key_id)
    forgery.change(row.position, record=record)
    return agreed(in_the_column, found_in(site, forgery, OTHERS_NOTE))


@attack(7, "wrapped keys of two clients swapped; by a key holder, wrapped anew", "E-AEAD", "E-KCV")
def swapped_keys(site: Site) -> str:
    one, two = site.event(NOTE).key_id, site.event(OTHERS_NOTE).key_id
    folder = site.open()
    mine, theirs = (folder.keys.key(each) for each in (one, two))
    assert mine is not None and theirs is not None
    assert mine.wrapped is not None and theirs.wrapped is not None
    log_id = folder.genesis.log_id
    swap = "UPDATE subject_key SET wrapped = ? WHERE key_id = ?"
    site.damage(swap, (theirs.wrapped, one), file="keys.db")
    site.damage(swap, (mine.wrapped, two), file="keys.db")
    swapped = [site.verifying(), site.reading(NOTE), site.reading(OTHERS_NOTE)]
    secret = site.custody.unwrap(theirs.wrapped, theirs.place.context(log_id, 1))
    anew = site.custody.wrap(secret, mine.place.context(log_id, 1))
    site.damage(swap, (anew, one), file="keys.db")
    site.damage(swap, (theirs.wrapped, two), file="keys.db")
    assert set(swapped) == {"E-AEAD"}
    wrapped_anew = [site.verifying(), site.reading(NOTE)]
    assert set(wrapped_anew) == {"E-KCV"}
    return agreed(*swapped, *wrapped_anew)


@attack(8, "a key replaced by one that the attacker has wrapped", "E-AEAD")
def attackers_key(site: Site) -> str:
    key_id = site.event(NOTE).key_id
    folder = site.open()
    stored = folder.keys.key(key_id)
    assert stored is not None
    attackers = create_keyfile(site.place / "attackers.key", ["the attacker's"], cost=LIGHT)
    context = stored.place.context(folder.genesis.log_id, attackers.generation)
    update = "UPDATE subject_key SET wrapped = ? WHERE key_id = ?"
    site.damage(update, (attackers.wrap(bytes(32), context), key_id), file="keys.db")
    return agreed(site.verifying(), site.reading(NOTE))


@attack(
    9,
    "the bytes of a destroyed key put back beside its state, or its state beside no bytes",
    "E-KEYSTATE",
    later="a retired epoch: nothing retires a key before shredding comes",
)
def reactivated_key(site: Site) -> str:
    key_id = site.event(NOTE).key_id
    site.damage(
        "UPDATE subject_key SET state = ? WHERE key_id = ?", (DESTROYED, key_id), file="keys.db"
    )
    put_back = [site.verifying(), site.reading(NOTE)]
    site.damage(
        "UPDATE subject_key SET state = 1, wrapped = NULL WHERE key_id = ?",
        (key_id,),
        file="keys.db",
    )
    return agreed(*put_back, site.verifying(), site.reading(NOTE))


@attack(10, "suite byte 0x00, 0x02, 0xFF, and a plaintext body", "E-PARSE")
def downgraded_suite(site: Site) -> str:
    codes = []
    for suite in (b"\x00", b"\x02", b"\xff"):
        forgery = Forgery(site)
        row = row_of(forgery, NOTE)
        kept = forgery.record(row.position)
        forgery.change(row.position, record=replaced(kept, 4, suite))
        codes.append(found_in(site, forgery, NOTE))
        with closing(site.open(pinned=False)) as folder:
            payload = open_in_place(folder, row._replace(record=kept))
        plain = replaced(kept, 4, suite)[:HEADER_SIZE] + payload
        forgery.change(row.position, record=plain)
        codes.append(found_in(site, forgery, NOTE))
        forgery.change(row.position, record=kept)
        forgery.refold(site.append_key())
        forgery.write()
    return agreed(*codes)


@attack(11, "flags that are not zero", "E-PARSE")
def flags(site: Site) -> str:
    codes = []
    for number in range(16):
        forgery = Forgery(site)
        row = row_of(forgery, NOTE)
        kept = forgery.record(row.position)
        forgery.change(row.position, record=replaced(kept, 6, (1 << number).to_bytes(2, "big")))
        codes.append(found_in(site, forgery, NOTE))
        forgery.change(row.position, record=kept)
        forgery.refold(site.append_key())
        forgery.write()
    return agreed(*codes)


@attack(12, "a record of a clinic of another name that has the same keys", "E-BIND")
def transplanted(site: Site) -> str:
    # A copy that went on under another name: its keys are ours, its log id is not.
    old = site.copy("old")
    site.live()
    staging = site.copy("staging")
    site.put_back(old)
    for name in ("record.db", "record.db-wal"):
        (staging / name).unlink(missing_ok=True)
    (staging / "record.db").write_bytes((old / "record.db").read_bytes())
    recover(staging, list(site.passphrases), origin="staging.example/log/1", reason="A test.")
    with closing(open_with(staging, site.custody, clock=site.clock)) as folder:
        folder.record.append_now((ink.revised(ink.ANNA, 2, words="from staging"),), ink.WHO)
        foreign = folder.store.stream(bytes.fromhex(NOTE))[-1]
        assert code_of(lambda: folder.record.read(NOTE)) == ACCEPTED
    forgery = Forgery(site)
    before = row_of(forgery, NOTE, 2)
    assert (foreign.key_id, foreign.version) == (before.key_id, 3)
    forgery.add(foreign._replace(prev_pos=before.position))
    return found_in(site, forgery, NOTE)


@attack(
    13,
    "a look presented as an event of the case record: another kind's subkey",
    "E-AEAD",
    later="a snapshot presented as an event: there are no snapshots yet",
)
def another_kind(site: Site) -> str:
    forgery = Forgery(site)
    row = row_of(forgery, LOOKS, 2)
    record = forgery.record(row.position)
    assert record[5] == Kind.ENTRY
    forgery.change(row.position, record=replaced(record, 5, bytes([Kind.EVENT])))
    return found_in(site, forgery, LOOKS)


@attack(
    14,
    "events deleted under a process that remembers their fold, by the scrubber",
    "E-GAP",
    "E-CHAIN",
    later="a stale snapshot: there are no snapshots yet",
)
def deleted_under_a_fold(site: Site) -> str:
    folder = site.open()
    folder.record.frame(ink.an_id(f"case {ink.ANNA}"), tuple)
    folder.record.read(NOTE)
    row = site.event(NOTE)
    site.damage("DELETE FROM record WHERE pos = ?", (row.position,))
    deleted = [site.scrubbed(folder), site.reading(NOTE)]
    folder.close()
    (site.path / "incidents").unlink()
    (site.path / "scrub.db").unlink()
    forgery = Forgery(site)
    closed_up(forgery)
    forgery.refold(site.append_key())
    forgery.write()
    print(deleted)
    return agreed(*deleted, site.scrubbing())


def closed_up(forgery: Forgery) -> None:
    """Give every row the place that it has now that one is missing, and let the links follow."""
    moved = {row.position: place for place, row in enumerate(forgery.rows)}

    def place(old: int | None) -> int | None:
        return old if old is None else moved.get(old, moved.get(old + 1, old))

    forgery.rows = [
        row._replace(
            position=moved[row.position],
            tx_first=place(row.tx_first),
            prev_pos=place(row.prev_pos),
        )
        for row in forgery.rows
    ]


def open_in_place(folder: OpenFolder, row: Row) -> bytes:
    """The payload of a record, in the hands of a key holder."""
    place = (Kind.EVENT, folder.genesis.log_id, row.stream_id, row.version)
    return open_record(key_of(folder, row), *place, row.record or b"")
