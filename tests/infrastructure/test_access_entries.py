"""Entries of a client's access log: each under a key of its own, neutral in what she is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgpack
import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag

from domain.confidentiality import Class
from domain.events.access import AccessRecorded
from infrastructure import codec
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder
from infrastructure.ledger.check import Row
from infrastructure.vault.envelope import HEADER_SIZE, Kind, entry_key
from tests.support import ink

Open = Callable[[Path], OpenFolder]


def entries(folder: OpenFolder) -> list[Row]:
    return [row for row in folder.store.rows(0, 1000) if (row.record or b"")[5] == Kind.ENTRY]


def key_of(folder: OpenFolder, row: Row) -> bytes:
    key = folder.vault.keyring.for_opening(row.key_id)
    return entry_key(key, folder.vault.log_id, row.stream_id, row.version)


def opened(row: Row, key: bytes) -> bytes:
    """What a stranger reads of an entry with nothing but its own key."""
    record = row.record or b""
    decryptor = Cobblestone256Decryptor(key, record[:HEADER_SIZE])
    plain = decryptor.update(record[HEADER_SIZE:]) + decryptor.finalize()
    return plain[5 : 5 + int.from_bytes(plain[1:5], "big")]


def looked_at_process_note(folder: OpenFolder) -> Row:
    who = replace(ink.WHO, rule="clinician.author", network_address="192.0.2.7")
    folder.record.append_now((ink.looked(ink.ANNA, Class.PROCESS_NOTE),), who)
    return entries(folder)[-1]


def test_a_look_is_stored_as_an_entry_and_comes_back_whole(folder: OpenFolder) -> None:
    row = looked_at_process_note(folder)
    found = folder.record.mapper.open(row)
    assert isinstance(found.event, AccessRecorded)
    assert found.event.classes == (Class.PROCESS_NOTE,)
    assert found.who.rule == "clinician.author"
    assert found.who.actor.roles == ink.WHO.actor.roles
    assert found.who.network_address == "192.0.2.7"


def test_a_stranger_with_its_key_reads_neutral_words_and_no_address(folder: OpenFolder) -> None:
    row = looked_at_process_note(folder)
    payload = codec.unpack(opened(row, key_of(folder, row)))
    assert payload[codec.NAME] == "access.recorded"
    assert payload[codec.ACTOR].hex() == ink.WHO.actor.id
    kind, roles, _, _, _, rule, _, session, address, application = payload[codec.WHO]
    assert (kind, roles, session, address, application) == (ink.WHO.actor.kind, [], "", "", "")
    assert rule == "clinician.care"
    assert int(Class.PROCESS_NOTE) not in payload[codec.STATE].values()
    assert [int(Class.CLINICAL)] in payload[codec.STATE].values()


def test_the_key_of_an_entry_opens_no_other(open_: Open, old_clinic: Path) -> None:
    folder = open_(old_clinic)
    rows = entries(folder)
    assert len(rows) >= 4
    for row in rows:
        key = key_of(folder, row)
        assert opened(row, key)
        for other in rows:
            if other.position != row.position:
                with pytest.raises(InvalidTag):
                    opened(other, key)


def test_what_was_withheld_belongs_to_the_subjects_key(folder: OpenFolder) -> None:
    row = looked_at_process_note(folder)
    payload = opened(row, key_of(folder, row))
    raw = codec.unpack(payload)
    raw[codec.WITHHELD] = bytes(40)
    with pytest.raises(Broken, match="E-PARSE"):
        codec.decode(msgpack.packb(raw), lambda _: b"\x80")
    with pytest.raises(Broken, match="E-PARSE"):
        codec.decode(payload)


def test_every_look_and_denial_of_a_client_is_an_entry(open_: Open, old_clinic: Path) -> None:
    folder = open_(old_clinic)
    streams = {row.stream_id for row in entries(folder)}
    for row in folder.store.rows(0, 1000):
        if row.stream_id in streams:
            assert (row.record or b"")[5] == Kind.ENTRY


def test_what_is_withheld_has_one_length_whatever_was_looked_at(folder: OpenFolder) -> None:
    sizes = set()
    for rule in ("clinician.author", "clinician.care-team", "x"):
        for cls in (Class.PROCESS_NOTE, Class.CLINICAL):
            who = replace(ink.WHO, rule=rule)
            folder.record.append_now((ink.looked(ink.ANNA, cls),), who)
            row = entries(folder)[-1]
            payload = codec.unpack(opened(row, key_of(folder, row)))
            sizes.add(len(payload[codec.WITHHELD]))
    assert len(sizes) == 1
