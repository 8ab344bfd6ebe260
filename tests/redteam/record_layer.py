"""Attacks 1 to 22: on single records, by whoever administers the database and by key holders.

Most of them are made twice. Without the append key verification stops at the leaf, before it looks
at the record, and only whoever reads meets the record itself. With the append key the log is made
to suit, and then both must find it.

Source:
    docs of the design: security, section 7, 1 to 22.
"""

from __future__ import annotations

import hmac
import json
import math
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from hashlib import sha512
from statistics import median

import msgpack
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.confidentiality import Class, KeyPurpose, Label
from infrastructure.folder import OpenFolder, open_with
from infrastructure.guard.recovery import recover
from infrastructure.ledger.check import Row
from infrastructure.stores.contract import LoggedEvent
from infrastructure.vault import envelope
from infrastructure.vault.custody import LIGHT, create as create_keyfile
from infrastructure.vault.envelope import HEADER_SIZE, Kind, open_record, padded_size, seal
from infrastructure.vault.keyrows import DESTROYED
from infrastructure.vault.keys import KeyPlace, SubjectKey
from infrastructure.verify import verify_folder, verify_log
from tests.api.http.support import open_office
from tests.redteam.harness import (
    ACCEPTED,
    HELD,
    Forgery,
    Site,
    agreed,
    attack,
    code_of,
    holds,
    in_the_hands_of_its_administrator,
    python,
    quickly,
)
from tests.support import ink
from tests.support.clinic import found as found_clinic

NOTE, OTHERS_NOTE = ink.an_id(f"note {ink.ANNA}"), ink.an_id(f"note {ink.BASIA}")
LOOKS = ink.an_id(f"access {ink.ANNA}")
CHUNK = 16 * 1024


def found_in(site: Site, forgery: Forgery, *streams: str) -> str:
    """The codes of what was put in by the administrator, and then by somebody with the append key.

    Of the administrator's, verification is only asked to refuse it, since it stops at the leaf.
    """
    forgery.write(head=False)
    codes = [site.reading(stream) for stream in streams]
    codes += [
        ACCEPTED for with_keys in (True, False) if site.verifying(with_keys=with_keys) == ACCEPTED
    ]
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
    least = HEADER_SIZE + envelope.SALT_AND_COMMITMENT + envelope.TAG_SIZE
    kept = site.event(NOTE).record or b""
    for change in (
        kept[:-1],
        kept[:-16],
        kept[:least],
        kept + b"\0",
        kept + kept[-16:],
        kept + bytes(CHUNK + 16),
    ):
        forgery = Forgery(site)
        row = row_of(forgery, NOTE)
        forgery.change(row.position, record=change)
        codes.append(found_in(site, forgery, NOTE))
        forgery.change(row.position, record=kept)
        forgery.refold(site.append_key())
        forgery.write()
    return agreed(*codes)


@attack(6, "a record under another client's key", "E-BIND", "E-AEAD")
def another_clients_key(site: Site) -> str:
    forgery = Forgery(site)
    # Anna's key was there when Basia's note was written: the order of things tells nothing.
    row, other = row_of(forgery, OTHERS_NOTE), row_of(forgery, NOTE)
    forgery.change(row.position, key_id=other.key_id)
    in_the_column = found_in(site, forgery, OTHERS_NOTE)
    record = replaced(forgery.record(row.position), 24, other.key_id)
    forgery.change(row.position, record=record)
    return agreed(in_the_column, found_in(site, forgery, OTHERS_NOTE))


@attack(7, "two clients' wrapped keys swapped, and wrapped anew", "E-AEAD", "E-KCV")
def swapped_keys(site: Site) -> str:
    one, two = site.event(NOTE).key_id, site.event(OTHERS_NOTE).key_id
    folder = site.open()
    mine, theirs = (folder.keys.key(each) for each in (one, two))
    assert mine is not None
    assert theirs is not None
    assert mine.wrapped is not None
    assert theirs.wrapped is not None
    log_id = folder.genesis.log_id
    swap = "UPDATE subject_key SET wrapped = ? WHERE key_id = ?"
    site.damage(swap, (theirs.wrapped, one), file="keys.db")
    site.damage(swap, (mine.wrapped, two), file="keys.db")
    swapped = [site.verifying(), site.reading(NOTE), site.reading(OTHERS_NOTE)]
    secret = site.custody.unwrap(1, theirs.wrapped, theirs.place.context(log_id, 1))
    anew = site.custody.wrap(1, secret, mine.place.context(log_id, 1))
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
    site.damage(update, (attackers.wrap(1, bytes(32), context), key_id), file="keys.db")
    return agreed(site.verifying(), site.reading(NOTE))


def reactivated_key(site: Site) -> str:
    """Attack 9 on a destroyed key; ``altered_keys`` has the whole of it."""
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


@attack(12, "a record of another log under the same keys", "E-BIND")
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
    "a look presented as an event: another subkey",
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
    "events deleted under a process that folded them",
    "E-GAP",
    "E-CHAIN",
    later="a stale snapshot: there are no snapshots yet",
)
def deleted_under_a_fold(site: Site) -> str:
    folder = site.open()
    folder.record.frame(ink.an_id(f"case {ink.ANNA}"), tuple)
    folder.record.read(NOTE)
    # It has gone over all of them before: only going over everything again can tell.
    assert site.scrubbed(folder) == ACCEPTED
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
    return agreed(*deleted, site.scrubbing())


def closed_up(forgery: Forgery) -> None:
    """Give every row the place that it has now that one is missing, and let the links follow."""
    moved = {row.position: place for place, row in enumerate(forgery.rows)}

    def place(old: int) -> int:
        return moved.get(old, moved.get(old + 1, old))

    forgery.rows = [
        row._replace(
            position=moved[row.position],
            tx_first=place(row.tx_first),
            prev_pos=None if row.prev_pos is None else place(row.prev_pos),
        )
        for row in forgery.rows
    ]


@attack(15, "a ciphertext made to open under two keys", "E-AEAD")
def invisible_salamander(site: Site) -> str:
    forgery = Forgery(site)
    row, other = row_of(forgery, OTHERS_NOTE), row_of(forgery, NOTE)
    with closing(site.open(pinned=False)) as folder:
        keys = key_of(folder, row), key_of(folder, other)
    kept = forgery.record(row.position)
    headers = [replaced(kept, 24, key.key_id)[:HEADER_SIZE] for key in keys]
    salt = bytes(24)
    derived = [derived_for(key, salt, header) for key, header in zip(keys, headers, strict=True)]
    plain = (b"\x01" + (507).to_bytes(4, "big")).ljust(512, b"?")
    sealed = salamander(derived[0][:2], derived[1][:2], plain)
    body = salt + derived[0][2] + sealed
    # It is one: both keys open it, and the first of them opens the whole record.
    for key, nonce, _ in derived:
        AESGCM(key).decrypt(nonce, sealed, b"")
    place = (Kind.EVENT, kept[8:24], row.stream_id, row.version)
    assert len(open_record(keys[0], *place, headers[0] + body)) == 507
    forgery.change(row.position, key_id=keys[1].key_id, record=headers[1] + body)
    return found_in(site, forgery, OTHERS_NOTE)


def derived_for(key: SubjectKey, salt: bytes, header: bytes) -> tuple[bytes, bytes, bytes]:
    """The AES key, the nonce and the commitment of a record.

    Source:
        C2SP chunked-encryption; RFC 5869, section 2.3.
    """
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + header
    first = hmac.digest(key.record, info + b"\x01", sha512)
    found = first + hmac.digest(key.record, first + info + b"\x02", sha512)
    return found[:32], found[32:44], found[44:76]


def salamander(one: tuple[bytes, bytes], two: tuple[bytes, bytes], plain: bytes) -> bytes:
    """A ciphertext with its tag that AES-GCM opens under two keys, each with its nonce.

    Under the first it is the plaintext, but for its last block but one: that one is chosen so that
    both tags are the same.

    Source:
        Dodis, Grubbs, Ristenpart and Woodage, Fast Message Franking, CRYPTO 2018, section 3.
    """
    sealed = AESGCM(one[0]).encrypt(one[1], plain, b"")[: len(plain)]
    blocks = [
        int.from_bytes(sealed[start : start + 16], "big") for start in range(0, len(sealed), 16)
    ]
    free = len(blocks) - 2
    blocks[free] = 0
    length = len(sealed) * 8
    tags, powers = [], []
    for key, nonce in (one, two):
        # Single blocks: what GCM itself is made of.
        block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - see above
        hashed = int.from_bytes(block.update(bytes(16)), "big")
        mask = int.from_bytes(block.update(nonce + b"\0\0\0\1"), "big")
        tag = 0
        for each in (*blocks, length):
            tag = multiplied(tag ^ each, hashed)
        tags.append(tag ^ mask)
        # The free block, the one behind it and the lengths: it is multiplied three times.
        powers.append(multiplied(multiplied(hashed, hashed), hashed))
    blocks[free] = multiplied(tags[0] ^ tags[1], inverse(powers[0] ^ powers[1]))
    tag = tags[0] ^ multiplied(blocks[free], powers[0])
    return b"".join(each.to_bytes(16, "big") for each in (*blocks, tag))


def multiplied(one: int, two: int) -> int:
    """The product in the field of GCM, whose bits run the other way.

    Source:
        NIST SP 800-38D, algorithm 1.
    """
    product = 0
    for bit in range(127, -1, -1):
        if two >> bit & 1:
            product ^= one
        one = one >> 1 ^ (0xE1 << 120 if one & 1 else 0)
    return product


def inverse(value: int) -> int:
    """The inverse in the field of GCM: the power 2^128 - 2."""
    found, power = 1 << 127, value
    for _ in range(127):
        power = multiplied(power, power)
        found = multiplied(found, power)
    return found


STUCK = """
import os, secrets, sys
os.urandom = secrets.token_bytes = lambda size=32: bytes(size)
from domain.confidentiality import Class, KeyPurpose, Label
from infrastructure.vault.envelope import Kind, seal
from infrastructure.vault.keys import KeyPlace, SubjectKey
place = KeyPlace(bytes(16), bytes(16), Label(KeyPurpose.CLINICAL, Class.CLINICAL), 1)
key = SubjectKey(place, bytes(32))
for text in sys.argv[1:]:
    print(seal(key, Kind.EVENT, bytes(16), bytes(16), 1, text.encode()).hex())
"""


@attack(16, "random source stuck: same salt, another key, nonce", HELD)
def stuck_random_source(site: Site) -> str:
    del site
    one, again, other = (
        bytes.fromhex(each) for each in python(STUCK, "one", "one", "other").split()
    )
    place = KeyPlace(bytes(16), bytes(16), Label(KeyPurpose.CLINICAL, Class.CLINICAL), 1)
    key, salt = SubjectKey(place, bytes(32)), bytes(24)
    # The library draws the salt from elsewhere; as if that were stuck as well:
    ours, theirs = (derived_for(key, salt, each[:HEADER_SIZE]) for each in (one, other))
    return holds(
        {
            "a stuck source": one[:HEADER_SIZE] == again[:HEADER_SIZE],
            "another hedge": one[64:HEADER_SIZE] != other[64:HEADER_SIZE],
            "another key": ours[0] != theirs[0],
            "another nonce": ours[1] != theirs[1],
            "another salt": len({each[80:104] for each in (one, again, other)}) == 3,
        }
    )


@attack(17, "a restored copy goes on with another text", "E-FORK")
def gone_on_otherwise(site: Site) -> str:
    site.anchor(witnesses=1, needed=1)
    old = site.copy("old")
    first = revised(site, "what was written first")
    site.checkpoint()
    now = site.copy("now")
    site.put_back(old)
    second = revised(site, "what was written instead")
    assert (first.stream_id, first.version) == (second.stream_id, second.version)
    one, two = first.record or b"", second.record or b""
    # Another salt and another hedge: neither key nor nonce came twice.
    assert one[64:104] != two[64:104]
    assert first.key_id == second.key_id
    # The whole folder was put back: the checkpointer remembers. The record alone: the pinned head.
    checkpointer = site.signing()
    site.put_back(now, "head.pin", "log")
    assert site.verifying() != ACCEPTED
    return agreed(checkpointer, site.opening(), site.scrubbing())


def revised(site: Site, words: str) -> Row:
    """A third version of Anna's note."""
    with closing(site.open()) as folder:
        folder.record.append_now((ink.revised(ink.ANNA, 2, words=words),), ink.WHO)
        return folder.store.stream(bytes.fromhex(NOTE))[-1]


@attack(18, "a key holder's padding: not zero, long, short", "E-PARSE")
def malformed_padding(site: Site) -> str:
    folder = site.open(pinned=False)
    forgery = Forgery(site)
    row = row_of(forgery, NOTE)
    payload = open_in_place(folder, row)
    size = 5 + len(payload)
    begun = b"\x01" + len(payload).to_bytes(4, "big") + payload
    good = begun.ljust(padded_size(size), b"\0")
    assert len(good) > size
    codes = []
    for plain in (
        good[:-1] + b"\1",
        good[:size] + b"\1" + good[size + 1 :],
        good + b"\0",
        good + bytes(512),
        good[:-1],
        good[:size],
        b"\x01" + len(good).to_bytes(4, "big") + good[5:],
        b"\x01" + (2**32 - 1).to_bytes(4, "big") + good[5:],
        b"\x00" + good[1:],
        b"\x02" + good[1:],
        good[:4],
        b"",
    ):
        forgery.change(row.position, record=sealed_by_hand(folder, row, plain))
        codes.append(found_in(site, forgery, NOTE))
    forgery.change(row.position, record=sealed_by_hand(folder, row, good))
    forgery.refold(site.append_key())
    forgery.write()
    # Sealed by the same hand with good padding, it opens.
    assert site.reading(NOTE) == ACCEPTED
    return agreed(*codes)


def sealed_by_hand(folder: OpenFolder, row: Row, plain: bytes) -> bytes:
    """A record with any plaintext, in the place of another."""
    key = key_of(folder, row)
    place = (folder.genesis.log_id, key.key_id, row.stream_id, row.version)
    return envelope._encrypt(key.record, key.hedge, Kind.EVENT, place, plain)


@attack(19, "a key holder's msgpack, in 10 ms each", "E-PARSE", "E-LIMIT")
def hostile_payloads(site: Site) -> str:
    return agreed(*(code for _, code in judged_payloads(site, hostile)))


def hostile(payload: bytes) -> Iterator[tuple[str, bytes]]:
    """What can be done to a payload, by name."""
    for name, first in {"array": 0xDD, "map": 0xDF, "bin": 0xC6, "str": 0xDB, "ext": 0xC9}.items():
        yield f"{name} of 2^32 - 1", bytes([first]) + b"\xff" * 4
        yield f"{name} of 2^32 - 1 inside", payload[:-1] + bytes([first]) + b"\xff" * 4
    yield "100,000 arrays in one another", b"\x91" * 100_000 + b"\xc0"
    yield "100,000 maps in one another", b"\x81\x00" * 100_000 + b"\xc0"
    whole = msgpack.unpackb(payload, strict_map_key=False)
    size = len(whole)
    assert payload[0] == 0x80 + size
    yield "a key twice", bytes([0x81 + size]) + payload[1:] + b"\x00" + msgpack.packb(whole[0])
    yield "a key in a long form", payload[:1] + b"\xcc" + payload[1:]
    yield "a map in a long form", b"\xde\0" + bytes([size]) + payload[1:]
    yield "a trailing byte", payload + b"\xc0"
    yield "cut short", payload[:-1]
    yield "nothing", b""
    yield "another order", msgpack.packb(dict(reversed(whole.items())))
    yield "an unknown key", msgpack.packb({**whole, 99: None})
    yield "a key of true", bytes([0x80 + size]) + b"\xc3" + payload[2:]
    for name, value in {
        "an extension": msgpack.ExtType(1, b"1"),
        "a time stamp": msgpack.Timestamp(1, 0),
        "a whole float": 1.0,
        "not a number": math.nan,
        "infinity": math.inf,
        "2^64 - 1": 2**64 - 1,
        "nil": None,
    }.items():
        # Where an instant stands; and as the event's version.
        yield f"{name} as an instant", msgpack.packb({**whole, 2: value})
        yield f"{name} as a version", msgpack.packb({**whole, 1: value})
        yield f"{name} as a state", msgpack.packb({**whole, 4: value})


def judged_payloads(
    site: Site, make: Callable[[bytes], Iterator[tuple[str, bytes]]]
) -> Iterator[tuple[str, str]]:
    """How each payload is found that a key holder puts into a record, by reading and verifying."""
    folder = site.open(pinned=False)
    forgery = Forgery(site)
    row = row_of(forgery, NOTE)
    place = (Kind.EVENT, folder.genesis.log_id, row.stream_id, row.version)
    key = key_of(folder, row)
    for name, payload in make(open_in_place(folder, row)):
        forgery.change(row.position, record=seal(key, *place, payload))
        forgery.refold(folder.append_key)
        forgery.write()
        reading = quickly(lambda: folder.record.read(NOTE))
        yield name, agreed(reading, code_of(lambda: verify_folder(folder)))


@attack(20, "a record of 64 MiB, 65,535 empty arrays in one", "E-LIMIT")
def too_large(site: Site) -> str:
    def arrays(payload: bytes) -> Iterator[tuple[str, bytes]]:
        whole = msgpack.unpackb(payload, strict_map_key=False)
        yield "65,535 empty arrays", msgpack.packb({**whole, 4: {0: [[]] * 65_535}})

    codes = [code for _, code in judged_payloads(site, arrays)]
    forgery = Forgery(site)
    row = row_of(forgery, NOTE)
    large = forgery.record(row.position).ljust(64 * 1024 * 1024, b"\0")
    forgery.change(row.position, record=large)
    codes += [found_in(site, forgery, NOTE), site.verifying(with_keys=False)]
    with closing(site.open(pinned=False)) as folder:
        (loaded, *_) = folder.store.stream(bytes.fromhex(NOTE))
        mapper = folder.record.mapper
        # Once it is here, it is refused at sight: neither decrypted nor copied.
        codes.append(quickly(lambda: mapper.open(loaded), ms=50))
        tracemalloc.start()
        codes.append(code_of(lambda: mapper.open(loaded)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return agreed(*codes) if most < 1024 * 1024 else f"made {most} bytes of it"


@attack(21, "a topic column of os:system: nothing is imported", HELD)
def topics(site: Site) -> str:
    folder = site.open()
    before = folder.record.read(NOTE)
    with site.sql() as db:
        db.execute("ALTER TABLE record ADD COLUMN topic TEXT NOT NULL DEFAULT 'this:d'")
        db.execute("UPDATE record SET topic = 'os:system' WHERE version > 1")
    row = site.event(NOTE)
    named = LoggedEvent(NOTE, 1, topic="this:d", state=row.record or b"", id=1, row=row)

    def another_name(payload: bytes) -> Iterator[tuple[str, bytes]]:
        whole = msgpack.unpackb(payload, strict_map_key=False)
        for name in ("this:d", "os:system", "antigravity"):
            yield name, msgpack.packb({**whole, 0: name})

    claims = {
        "read as before": folder.record.read(NOTE) == before,
        "verified as before": site.verifying() == ACCEPTED,
        "ignored by the library": folder.record.mapper.to_domain_event(named) == before[0],
    }
    with site.sql() as db:
        db.execute("ALTER TABLE record DROP COLUMN topic")
    codes = {code for _, code in judged_payloads(site, another_name)}
    claims["refused as a name"] = codes == {"E-PARSE"}
    claims["imported by nobody"] = not {"this", "antigravity"} & sys.modules.keys()
    return holds(claims)


@attack(22, "padding, seal, commitment: one answer, within 50 us", HELD)
def uniform_errors(site: Site) -> str:
    return agreed(uniform_times(site), uniform_answers(site))


def uniform_times(site: Site, *, rounds: int = 400) -> str:
    """Whether the three refusals take equally long; they come in turn, and the median counts."""
    folder = site.open(pinned=False)
    row = site.event(NOTE)
    records = broken_in_three_ways(folder, row)
    times: dict[str, list[float]] = {name: [] for name in records}
    codes = set()
    for _ in range(rounds):
        for name, record in records.items():
            broken = row._replace(record=record)
            begun = time.perf_counter()
            codes.add(code_of(partial(folder.record.mapper.open, broken)))
            times[name].append(time.perf_counter() - begun)
    assert codes == {"E-AEAD", "E-PARSE"}
    medians = [median(each) * 1e6 for each in times.values()]
    apart = max(medians) - min(medians)
    return HELD if apart <= 50 else f"{apart:.0f} us apart"


def broken_in_three_ways(folder: OpenFolder, row: Row) -> dict[str, bytes]:
    """A record whose padding, seal or commitment is not good; the first is a key holder's."""
    good = row.record or b""
    payload = open_in_place(folder, row)
    begun = b"\x01" + len(payload).to_bytes(4, "big") + payload
    padded = begun.ljust(padded_size(len(begun)), b"\1")
    return {
        "padding": sealed_by_hand(folder, row, padded),
        "seal": good[:-1] + bytes([good[-1] ^ 1]),
        "commitment": replaced(good, 104, bytes([good[104] ^ 1])),
    }


def uniform_answers(site: Site) -> str:
    """Whether somebody who asks over HTTP is told the same, whatever is broken."""
    founded = found_clinic(site.place / "founded")
    told = set()
    with open_office(founded, site.place / "office") as office:
        clinic = office.clinic
        case = clinic.open_case()
        notes = [clinic.draft_note(case, f"The note of number {number}.") for number in range(3)]
        anna = office.staff(office.people.anna)
        folder = clinic.clinic.folder
        for number, note in enumerate(notes):
            (row,) = folder.store.stream(bytes.fromhex(note))
            path = f"/v1/cases/{case}/notes/{note}"
            office.settle()
            assert anna.get(path).status_code == 200
            record = list(broken_in_three_ways(folder, row).values())[number]
            with in_the_hands_of_its_administrator(site.place / "office" / "record.db") as db:
                update = "UPDATE record SET record = ? WHERE pos = ?"
                db.execute(update, (record, row.position))
            answer = anna.get(path)
            body = {name: text for name, text in answer.json().items() if name != "trace_id"}
            told.add((answer.status_code, json.dumps(body, sort_keys=True)))
    return HELD if len(told) == 1 else f"{len(told)} different answers"


def open_in_place(folder: OpenFolder, row: Row) -> bytes:
    """The payload of a record, in the hands of a key holder."""
    place = (Kind.EVENT, folder.genesis.log_id, row.stream_id, row.version)
    return open_record(key_of(folder, row), *place, row.record or b"")
