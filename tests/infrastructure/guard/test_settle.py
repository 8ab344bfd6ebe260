"""Settling: what verifies again is opened for writing, and looks that waited are entered, all once.

The spool is tried here as well, as far as it is about looks that must not be lost on their way.
"""

from __future__ import annotations

import os
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from domain.errors import IntegrityIncident
from domain.values import ActorId, Circumstances
from infrastructure.anchor.checkpointer import create
from infrastructure.errors import Broken, FolderRefused
from infrastructure.folder import OpenFolder
from infrastructure.guard.scrubber import open_scrubber
from infrastructure.guard.settle import enter_spooled, settle
from infrastructure.guard.spool import Spool
from infrastructure.ledger.errors import LogBroken
from tests.support import ink
from tests.support.damage import (
    LOOKS,
    NOTE,
    altered,
    cut,
    flipped,
    place_of,
    poison,
    publish,
    put,
    rewritten,
    tile,
    told,
    whole,
)


@pytest.fixture
def halted(folder: OpenFolder) -> OpenFolder:
    """A clinic whose log was found broken, and is good again."""
    folder.guard.report("E-ROOT", stream=None, position=3)
    return folder


def scrubbed(folder: OpenFolder) -> None:
    with closing(open_scrubber(folder)) as scrubber:
        whole(scrubber)


def looked(folder: OpenFolder, times: int = 1, who: Circumstances = ink.WHO) -> None:
    for _ in range(times):
        folder.record.append_now((ink.looked(ink.ANNA),), who)


def looks(folder: OpenFolder) -> int:
    return folder.store.version(bytes.fromhex(LOOKS))


# What verifies again


def test_a_stream_is_opened_once_its_record_is_good_again(folder: OpenFolder) -> None:
    before = flipped(folder, place_of(folder, NOTE))
    scrubbed(folder)
    for _ in range(2):
        with pytest.raises((LogBroken, Broken)):
            settle(folder, 1)
        with pytest.raises(IntegrityIncident):
            folder.record.append_now((ink.revised(ink.ANNA, 2),), ink.WHO)
    put(folder, place_of(folder, NOTE), "record", before)
    assert settle(folder, 1) == 0
    folder.record.append_now((ink.revised(ink.ANNA, 2),), ink.WHO)
    scrubbed(folder)
    assert len(told(folder)) == 1


def test_one_incident_is_not_settled_while_something_else_is_broken(folder: OpenFolder) -> None:
    before = flipped(folder, place_of(folder, NOTE))
    scrubbed(folder)
    flipped(folder, place_of(folder, LOOKS))
    put(folder, place_of(folder, NOTE), "record", before)
    with pytest.raises(LogBroken, match="E-LEAF"):
        settle(folder, 1)
    assert folder.guard.incidents.frozen(NOTE) == 1


def test_a_rewrite_of_one_content_with_the_append_key_is_not_settled(folder: OpenFolder) -> None:
    """Every law of the log holds again, and still nobody can open it."""
    place = place_of(folder, NOTE)
    flipped(folder, place)
    scrubbed(folder)
    rewritten(folder, lambda row: row, start=place)
    folder.pin.reset(folder.store.standing().size, folder.store.standing().range_bytes)
    with pytest.raises(Broken, match="E-AEAD"):
        settle(folder, 1)


def test_a_log_that_is_smaller_than_its_pinned_head_is_not_settled(halted: OpenFolder) -> None:
    cut(halted, 2)
    with pytest.raises(LogBroken, match="E-ROLLBACK"):
        settle(halted, 1)
    assert halted.guard.incidents.halted() is not None


def test_a_log_is_not_settled_while_what_is_published_is_not_its_own(
    folder: OpenFolder, tmp_path: Path
) -> None:
    vkey = create(tmp_path / "checkpointer", folder.vault.lineage, folder.append_key)
    folder.layout.policy.write_text(f"log {vkey}\nquorum none\n")
    publish(tmp_path / "checkpointer", folder.layout)
    poison(tile(folder))
    with pytest.raises(LogBroken, match="E-ROOT"):
        scrubbed(folder)
    with pytest.raises(LogBroken, match="E-ROOT"):
        settle(folder, 1)
    poison(tile(folder))
    settle(folder, 1)
    scrubbed(folder)
    assert len(told(folder)) == 1


def test_nothing_that_was_remembered_of_a_broken_log_is_relied_upon(folder: OpenFolder) -> None:
    """A rewrite that nobody could see was verified; then the right rows were put back."""
    rows = folder.store.rows(0, 1000)
    range_bytes = folder.store.standing().range_bytes
    rewritten(folder, lambda row: row._replace(record=row.record), start=0)
    place = place_of(folder, LOOKS, 3)
    rewritten(
        folder,
        lambda row: row._replace(record=(row.record or b"")[:-1] + b"x"),
        start=place,
    )
    scrubbed(folder)
    for row in rows[place:]:
        altered(
            folder,
            "UPDATE record SET record = ?, leaf = ?, auth = ? WHERE pos = ?",
            *(row.record, row.leaf, row.auth, row.position),
        )
    altered(folder, "UPDATE log_head SET range = ?", range_bytes)
    with pytest.raises(LogBroken):
        scrubbed(folder)
    settle(folder, 1)
    scrubbed(folder)
    assert len(told(folder)) == 1


@pytest.mark.parametrize("number", [0, 2, -1])
def test_an_incident_that_there_is_not_is_not_settled(halted: OpenFolder, number: int) -> None:
    with pytest.raises(FolderRefused, match="no incident of this number"):
        settle(halted, number)


def test_progress_is_told(halted: OpenFolder) -> None:
    seen: list[tuple[int, int]] = []
    size = halted.store.standing().size
    settle(halted, 1, progress=lambda now, of: seen.append((now, of)))
    assert seen[-1] == (size, size)


def test_an_incident_of_the_log_stands_in_it_once_it_is_settled(halted: OpenFolder) -> None:
    size = halted.store.standing().size
    settle(halted, 1)
    (row,) = halted.store.rows(size, 5)
    assert (row.record or b"")[5] == 0x48
    settle(halted, 1)
    assert halted.store.standing().size == size + 1


# Looks that waited


def test_spooled_looks_are_entered_when_the_last_incident_of_the_log_is_settled(
    halted: OpenFolder,
) -> None:
    halted.guard.report("E-FORK", stream=None, position=4)
    before = looks(halted)
    looked(halted, 3)
    assert settle(halted, 1) == 0
    assert looks(halted) == before
    assert settle(halted, 2) == 3
    assert looks(halted) == before + 3
    assert not halted.layout.spool.exists()
    assert settle(halted, 2) == 0


def test_looks_of_a_second_incident_are_entered_as_well(halted: OpenFolder) -> None:
    """They begin in the same places of a new file, and are other looks."""
    before = looks(halted)
    for number in (1, 2, 3):
        looked(halted, 2)
        assert settle(halted, number) == 2
        halted.guard.report("E-ROOT", stream=None, position=3)
    assert looks(halted) == before + 6


def test_looks_at_what_is_still_frozen_wait_on_and_the_others_do_not(halted: OpenFolder) -> None:
    halted.guard.report("E-LEAF", stream=bytes.fromhex(LOOKS), position=12)
    other = ink.looked(ink.BASIA).stream
    before = looks(halted), halted.store.version(bytes.fromhex(other))
    looked(halted, 2)
    halted.record.append_now((ink.looked(ink.BASIA),), ink.WHO)
    looked(halted)
    assert settle(halted, 1) == 1
    assert (looks(halted), halted.store.version(bytes.fromhex(other))) == (
        before[0],
        before[1] + 1,
    )
    # While that stream is frozen, looks in it are spooled behind those.
    looked(halted)
    assert settle(halted, 2) == 4
    assert (looks(halted), halted.store.version(bytes.fromhex(other))) == (
        before[0] + 4,
        before[1] + 1,
    )
    assert not halted.layout.spool.exists()


def test_settling_that_was_cut_short_is_done_again(halted: OpenFolder) -> None:
    looked(halted, 2)
    kept = halted.layout.spool.read_bytes()
    before = looks(halted)
    halted.guard.incidents.settle(1, halted.clock.now())
    assert settle(halted, 1) == 2
    halted.layout.spool.write_bytes(kept)
    assert enter_spooled(halted) == 0
    assert looks(halted) == before + 2
    assert not halted.layout.spool.exists()


def test_an_altered_spool_is_not_taken_for_an_empty_one(halted: OpenFolder) -> None:
    looked(halted)
    poison(halted.layout.spool)
    with pytest.raises(Broken, match="E-AEAD"):
        settle(halted, 1)
    assert halted.layout.spool.exists()


def test_a_look_behind_a_torn_one_is_not_lost(halted: OpenFolder) -> None:
    before = looks(halted)
    looked(halted, 2)
    torn = halted.layout.spool.read_bytes()[:-5]
    halted.layout.spool.write_bytes(torn)
    looked(halted)
    assert settle(halted, 1) == 2
    assert looks(halted) == before + 2
    (kept,) = halted.layout.folder.glob("spool.torn-*")
    assert kept.read_bytes() == torn


@pytest.mark.parametrize("left", [1, 3, 4, 200])
def test_a_spool_that_ends_torn_is_entered_up_to_there(halted: OpenFolder, left: int) -> None:
    looked(halted)
    whole_ones = halted.layout.spool.stat().st_size
    looked(halted)
    os.truncate(halted.layout.spool, whole_ones + left)
    assert settle(halted, 1) == 1
    assert not halted.layout.spool.exists()
    assert len(list(halted.layout.folder.glob("spool.torn-*"))) == 1


def test_a_list_of_very_many_clients_is_spooled_whole(halted: OpenFolder) -> None:
    many = tuple(ink.looked(ink.ANNA) for _ in range(4000))
    halted.spool.append(many, ink.WHO, halted.clock.now())
    assert halted.layout.spool.stat().st_size > 1024 * 1024
    found: list[object] = []
    assert halted.spool.replay(lambda writes, *_: found.append(writes)) == 4000


def test_looks_of_several_processes_and_threads_all_stand_in_the_spool(halted: OpenFolder) -> None:
    spools = [halted.spool, another(halted), another(halted)]

    def spool(number: int) -> None:
        for _ in range(10):
            spools[number % 3].append((ink.looked(ink.ANNA),), ink.WHO, halted.clock.now())

    threads = [threading.Thread(target=spool, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    names: set[str] = set()
    assert halted.spool.replay(lambda _w, _who, command, _at: names.add(command.id)) == 60
    assert len(names) == 60


def another(folder: OpenFolder) -> Spool:
    """The spool as another process of the clinic has it."""
    found = Spool(folder.layout.spool, bytes(32), folder.genesis.log_id)
    found._cipher = folder.spool._cipher
    return found


def test_a_look_that_comes_while_others_are_entered_waits_for_the_next_time(
    halted: OpenFolder,
) -> None:
    looked(halted, 2)
    seen = 0

    def enter(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 1:
            another(halted).append((ink.looked(ink.BASIA),), ink.WHO, halted.clock.now())

    assert halted.spool.replay(enter) == 2
    names: list[str] = []
    assert halted.spool.replay(lambda _w, _who, command, _at: names.append(command.id)) == 3
    assert not halted.layout.spool.exists()


def test_looks_of_different_people_are_entered_as_theirs(halted: OpenFolder) -> None:
    other = replace(ink.WHO, actor=replace(ink.WHO.actor, id=ActorId(ink.an_id("another"))))
    looked(halted)
    looked(halted, who=other)
    assert settle(halted, 1) == 2
    found = halted.record.read(LOOKS)[-2:]
    assert [each.who for each in found] == [ink.WHO, other]
