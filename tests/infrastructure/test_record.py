"""The record: what is appended is read back as it was, once, in order, by whom it concerns."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.confidentiality import ACCOUNTABILITY, ADMINISTRATIVE, CLINICAL, FRAME, KeyPurpose
from domain.errors import CommandMismatch, RecordUnavailable, Stale
from domain.events.client import ClientIdentified, ClientRegistered
from domain.events.note import NoteDrafted
from domain.ports import Write
from domain.values import ActorId, Command, FreeText
from domain.wording import texts_of
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder
from infrastructure.vault.envelope import MOST_PAYLOAD
from infrastructure.verify import verify_folder
from tests.infrastructure.conftest import Hands, Open
from tests.support import ink
from tests.support.opened import words

EVERYTHING = frozenset(KeyPurpose)

FOUNDED = 2
"""The last position of a record in which nothing has happened: whose it is, and its custodians."""


def events(found: Iterable[object]) -> tuple[object, ...]:
    return tuple(found)


def command(name: str = "one", digest: bytes = b"words") -> Command:
    return Command(name, digest)


# Appending and reading


def test_what_is_appended_is_read_back_as_it_was(folder: OpenFolder, hands: Hands) -> None:
    write = ink.registered(ink.ANNA)
    receipt = folder.record.append_now((write,), ink.WHO)
    found = folder.record.read(ink.ANNA)
    assert tuple(each.event for each in found) == write.events
    assert [each.version for each in found] == [1, 2]
    assert [each.position for each in found] == [receipt.first, receipt.last]
    assert [each.label for each in found] == [FRAME, ADMINISTRATIVE]
    for each in found:
        assert each.recorded_at == each.occurred_at == hands.at == receipt.recorded_at
        assert each.owner == write.owner
        assert each.concerning == (ink.ANNA,)
        assert each.who == ink.WHO
        assert each.stream == ink.ANNA


def test_a_text_comes_back_closed_and_opens_with_its_own_key(folder: OpenFolder) -> None:
    folder.record.append_now((ink.drafted(ink.ANNA, words="zażółć"),), ink.WHO)
    (found,) = folder.record.read(ink.drafted(ink.ANNA).stream)
    assert isinstance(found.event, NoteDrafted)
    (text,) = texts_of(found.event)
    assert text.words is None
    assert words(folder, text) == "zażółć"
    assert found.occurred_at == found.event.occurred_at


def test_a_receipt_names_versions_and_leaves_of_the_events_alone(folder: OpenFolder) -> None:
    receipt = folder.record.append_now((ink.registered(ink.ANNA), ink.opened(ink.ANNA)), ink.WHO)
    rows = folder.store.rows(receipt.first, 9)
    assert receipt.versions == (2, 1)
    assert receipt.leaves == tuple(row.leaf for row in rows)
    assert len(rows) == receipt.last - receipt.first + 1 == 3
    # The making of keys stands in front, in the same transaction.
    assert receipt.first > 1


def test_everything_of_an_append_happens_or_nothing(folder: OpenFolder) -> None:
    with pytest.raises(Stale) as caught:
        folder.record.append_now((ink.registered(ink.ANNA), ink.revised(ink.ANNA, 1)), ink.WHO)
    assert caught.value.current == 0
    assert folder.record.last_position() == FOUNDED
    assert folder.record.read(ink.ANNA) == []


def test_nothing_to_do_writes_nothing(folder: OpenFolder) -> None:
    empty = replace(ink.registered(ink.ANNA), events=())
    receipt = folder.record.append_now((empty,), ink.WHO, reply=[("client", ink.ANNA)])
    assert receipt.named("client") == ink.ANNA
    assert (receipt.first, receipt.last, receipt.leaves) == (FOUNDED, FOUNDED, ())
    assert folder.record.last_position() == FOUNDED


def test_many_readers_write_to_one_stream_without_asking_for_its_version(
    folder: OpenFolder,
) -> None:
    async def reading() -> None:
        await asyncio.gather(
            *(folder.record.append((ink.looked(ink.ANNA),), ink.WHO) for _ in range(40))
        )

    asyncio.run(reading())
    stream = ink.looked(ink.ANNA).stream
    assert [each.version for each in folder.record.read(stream)] == list(range(1, 41))
    verify_folder(folder)


def test_an_event_with_a_text_has_to_know_its_version(folder: OpenFolder) -> None:
    with pytest.raises(RecordUnavailable):
        folder.record.append_now((replace(ink.drafted(ink.ANNA), after=None),), ink.WHO)
    assert folder.record.last_position() == FOUNDED


def test_what_is_too_large_is_refused_and_hurts_nobody(folder: OpenFolder) -> None:
    large = ink.drafted(ink.ANNA, words="x" * MOST_PAYLOAD)
    with pytest.raises(Broken, match="E-LIMIT"):
        folder.record.append_now((large,), ink.WHO)
    almost = ink.drafted(ink.ANNA, words="x" * (MOST_PAYLOAD - 2000))
    folder.record.append_now((almost,), ink.WHO)
    (found,) = folder.record.read(almost.stream)
    assert isinstance(found.event, NoteDrafted)
    (text,) = texts_of(found.event)
    assert len(words(folder, text)) == MOST_PAYLOAD - 2000


def test_sizes_say_little(folder: OpenFolder) -> None:
    receipt = folder.record.append_now((ink.registered(ink.ANNA), ink.looked(ink.ANNA)), ink.WHO)
    rows = folder.store.rows(receipt.first, 9)
    assert {len(row.record or b"") for row in rows} == {664}


# Retries


def test_a_command_is_done_once(folder: OpenFolder) -> None:
    reply = [("client", ink.ANNA)]
    first = folder.record.append_now(
        (ink.registered(ink.ANNA),), ink.WHO, command=command(), reply=reply
    )
    size = folder.store.standing().size
    again = folder.record.append_now((ink.opened(ink.ANNA),), ink.WHO, command=command())
    assert folder.store.standing().size == size
    assert again == replace(first, repeated=True)
    assert again.named("client") == ink.ANNA
    assert folder.record.replay(ink.WHO, command()) == again


def test_a_command_that_was_not_done_has_no_receipt(folder: OpenFolder) -> None:
    assert folder.record.replay(ink.WHO, command()) is None


def test_an_id_that_was_used_for_other_words_is_a_mix_up(folder: OpenFolder) -> None:
    folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO, command=command())
    with pytest.raises(CommandMismatch):
        folder.record.replay(ink.WHO, command(digest=b"others"))
    with pytest.raises(CommandMismatch):
        folder.record.append_now((ink.opened(ink.ANNA),), ink.WHO, command=command(digest=b"x"))


def test_the_same_id_of_two_people_is_two_commands(folder: OpenFolder) -> None:
    folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO, command=command())
    other = replace(ink.WHO, actor=replace(ink.WHO.actor, id=ActorId(ink.an_id("other"))))
    assert folder.record.replay(other, command()) is None


def test_a_retried_look_gives_no_second_ticket(folder: OpenFolder) -> None:
    first = folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO, command=command())
    again = folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO, command=command())
    assert len(first.tickets) == 1
    assert again.tickets == ()


@pytest.mark.parametrize("what", ["reply", "tag"])
def test_a_kept_reply_is_bound_to_its_command(folder: OpenFolder, clinic: Path, what: str) -> None:
    folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO, command=command())
    folder.record.append_now((ink.registered(ink.BASIA),), ink.WHO, command=command("two"))
    db = sqlite3.connect(clinic / "record.db", isolation_level=None)
    db.execute("DROP TRIGGER command_is_append_only_1")
    if what == "reply":
        db.execute("UPDATE command SET reply = x'00'")
    else:
        (one, first), (two, second) = db.execute("SELECT tag, reply FROM command").fetchall()
        db.executemany("UPDATE command SET reply = ? WHERE tag = ?", [(second, one), (first, two)])
    db.close()
    with pytest.raises(Broken, match="E-AEAD"):
        folder.record.replay(ink.WHO, command())


def test_a_kept_reply_is_sealed(folder: OpenFolder, clinic: Path) -> None:
    folder.record.append_now(
        (ink.opened(ink.ANNA),), ink.WHO, command=command(), reply=[("name", ink.CANARY)]
    )
    folder.close()
    assert ink.CANARY.encode() not in (clinic / "record.db").read_bytes()


# Folding, following, time


def test_the_policy_reads_the_frame_alone(folder: OpenFolder) -> None:
    folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    (frame, version) = folder.record.frame(ink.ANNA, events)
    assert [type(each) for each in frame] == [ClientRegistered]
    assert version == 2
    (state, version) = folder.record.fold(ink.ANNA, events)
    assert [type(each) for each in state] == [ClientRegistered, ClientIdentified]
    assert version == 2
    assert folder.record.frame(ink.BASIA, events) == ((), 0)
    assert folder.record.fold(ink.BASIA, events) == ((), 0)


def test_a_follower_reads_the_purposes_that_it_asks_for(folder: OpenFolder) -> None:
    folder.record.append_now(
        (ink.registered(ink.ANNA), ink.drafted(ink.ANNA), ink.looked(ink.ANNA)), ink.WHO
    )
    last = folder.record.last_position()

    def read(*purposes: KeyPurpose, after: int = -1, limit: int = 99) -> tuple[list[str], int]:
        found, reached = folder.record.follow(after, limit, frozenset(purposes))
        return [each.event.NAME for each in found if each.event], reached

    assert read(*KeyPurpose) == (
        ["client.registered", "client.identified", "note.drafted", "access.recorded"],
        last,
    )
    assert read(KeyPurpose.ACCOUNTABILITY) == (["access.recorded"], last)
    assert read(KeyPurpose.INDEX) == ([], last)
    assert read(*KeyPurpose, after=last) == ([], last)
    assert read(*KeyPurpose, after=last - 1) == (["access.recorded"], last)
    assert read(*KeyPurpose, limit=2)[1] == 1


def test_a_follower_does_not_pass_over_a_hole(old_clinic: Path, open_: Open) -> None:
    folder = open_(old_clinic)
    db = sqlite3.connect(old_clinic / "record.db", isolation_level=None)
    db.execute("DROP TRIGGER record_is_append_only_2")
    db.execute("DELETE FROM record WHERE pos = 9")
    db.close()
    folder.record.follow(9, 99, EVERYTHING)
    for after in (-1, 5, 8):
        with pytest.raises(Broken, match="E-GAP"):
            folder.record.follow(after, 99, EVERYTHING)


def test_the_record_is_read_as_it_was(folder: OpenFolder, hands: Hands) -> None:
    folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
    then = hands.at
    hands.move(days=1)
    folder.record.append_now((ink.revised(ink.ANNA, 1),), ink.WHO)
    position = folder.record.position_at(then + timedelta(hours=1))
    stream = ink.drafted(ink.ANNA).stream
    assert [each.version for each in folder.record.read(stream, until=position)] == [1]
    assert len(folder.record.read(stream)) == 2
    assert folder.record.position_at(then - timedelta(hours=1)) == -1
    assert folder.record.position_at(hands.at) == folder.record.last_position()


def test_the_year_of_an_entry_chooses_its_key(folder: OpenFolder, hands: Hands) -> None:
    folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    hands.move(days=60)
    folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    stream = bytes.fromhex(ink.looked(ink.ANNA).stream)
    keys = [row.key_id for row in folder.store.stream(stream)]
    assert len(set(keys)) == 2
    assert [each.label for each in folder.record.read(stream.hex())] == [ACCOUNTABILITY] * 2


# What the database says is not believed


def test_a_topic_in_the_database_imports_nothing(folder: OpenFolder) -> None:
    """21: the library's own mapper would import whatever stands there."""
    folder.record.append_now((ink.registered(ink.ANNA),), ink.WHO)
    sys.modules.pop("this", None)
    for stored in folder.store.select_events(ink.ANNA):
        object.__setattr__(stored, "topic", "this:d")
        assert folder.record.mapper.to_domain_event(stored)
    assert "this" not in sys.modules


def test_an_event_under_its_owners_key_of_another_purpose_is_refused(folder: OpenFolder) -> None:
    write = ink.registered(ink.ANNA)
    folder.record.append_now((write, ink.drafted(ink.ANNA)), ink.WHO)
    row = folder.store.stream(bytes.fromhex(ink.ANNA))[0]
    keyring = folder.vault.keyring
    for label in (CLINICAL, ACCOUNTABILITY):
        keyring.make([(write.owner, label)], ink.NOW)
        key = keyring.for_sealing(write.owner, label, ink.NOW)
        assert key is not None
        moved = row._replace(key_id=key.key_id)
        with pytest.raises(Broken, match=r"E-(BIND|AEAD|KCV)"):
            folder.record.mapper.open(moved)


def test_a_closed_text_is_written_as_it_is(folder: OpenFolder) -> None:
    folder.record.append_now((ink.drafted(ink.ANNA),), ink.WHO)
    (first,) = folder.record.read(ink.drafted(ink.ANNA).stream)
    assert isinstance(first.event, NoteDrafted)
    copy = Write(
        ink.an_id("copy"), (first.event,), ink.owner(ink.ANNA), after=0, concerning=(ink.ANNA,)
    )
    folder.record.append_now((copy,), ink.WHO)
    (second,) = folder.record.read(copy.stream)
    assert isinstance(second.event, NoteDrafted)
    assert second.event.text == first.event.text != FreeText()
