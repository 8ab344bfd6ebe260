"""While something is broken: looks go on against a durable entry, and nothing else is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import IntegrityIncident
from domain.events.access import AccessRecorded
from domain.values import Command
from infrastructure.errors import Broken
from infrastructure.folder import OpenFolder
from tests.support import ink

Open = Callable[..., OpenFolder]


@pytest.fixture
def halted(open_: Open, old_clinic: Path) -> OpenFolder:
    """A clinic whose log was found broken."""
    folder = open_(old_clinic)
    folder.guard.report("E-ROOT", stream=None, position=3)
    return folder


def looks(folder: OpenFolder) -> list[AccessRecorded]:
    stream = ink.looked(ink.ANNA).stream
    found = [each.event for each in folder.record.read(stream)]
    return [each for each in found if isinstance(each, AccessRecorded)]


def settle(folder: OpenFolder) -> int:
    folder.guard.incidents.settle(1, folder.clock.now())
    append = folder.record.append_now
    return folder.spool.replay(
        lambda writes, who, command, at: append(writes, who, command=command, occurred_at=at)
    )


def test_nothing_clinical_is_written_into_a_broken_log(halted: OpenFolder) -> None:
    size = halted.store.standing().size
    with pytest.raises(IntegrityIncident, match="Incident 1"):
        halted.record.append_now((ink.drafted(ink.ANNA, "another note"),), ink.WHO)
    assert halted.store.standing().size == size


def test_a_look_is_spooled_and_opens_what_it_names(halted: OpenFolder) -> None:
    size = halted.store.standing().size
    receipt = halted.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    assert halted.store.standing().size == size
    assert (halted.layout.spool).stat().st_size > 0
    assert halted.vault.broker.open(receipt) is not None


def test_spooled_looks_stand_in_the_record_once_it_is_settled(halted: OpenFolder) -> None:
    before = len(looks(halted))
    for _ in range(3):
        halted.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    assert settle(halted) == 3
    assert len(looks(halted)) == before + 3
    assert not halted.layout.spool.exists()
    assert halted.record.read(ink.looked(ink.ANNA).stream)[-1].who == ink.WHO


def test_a_spool_that_is_replayed_twice_is_entered_once(halted: OpenFolder) -> None:
    before = len(looks(halted))
    halted.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    kept = halted.layout.spool.read_bytes()
    settle(halted)
    halted.layout.spool.write_bytes(kept)
    append = halted.record.append_now
    halted.spool.replay(
        lambda writes, who, command, at: append(writes, who, command=command, occurred_at=at)
    )
    assert len(looks(halted)) == before + 1


def test_a_torn_frame_is_left_out_and_an_altered_one_refused(halted: OpenFolder) -> None:
    for _ in range(2):
        halted.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    whole = halted.layout.spool.read_bytes()
    seen: list[Command] = []
    halted.layout.spool.write_bytes(whole[:-5])
    assert halted.spool.replay(lambda _w, _who, command, _at: seen.append(command)) == 1
    halted.layout.spool.write_bytes(whole[:-5] + bytes(5))
    with pytest.raises(Broken, match="E-AEAD"):
        halted.spool.replay(lambda _w, _who, command, _at: seen.append(command))


def test_the_spool_tells_nobody_who_looked(halted: OpenFolder) -> None:
    halted.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
    data = halted.layout.spool.read_bytes()
    assert bytes.fromhex(ink.THERAPIST) not in data
    assert b"access" not in data


def test_an_altered_record_freezes_its_stream_and_the_rest_goes_on(
    open_: Open, old_clinic: Path
) -> None:
    folder = open_(old_clinic)
    note = ink.drafted(ink.ANNA).stream
    folder.guard.report("E-AEAD", stream=bytes.fromhex(note), position=9)
    with pytest.raises(IntegrityIncident):
        folder.record.append_now((ink.revised(ink.ANNA, 2),), ink.WHO)
    folder.record.append_now((ink.drafted(ink.ANNA, "another note"),), ink.WHO)


def test_evidence_of_a_broken_log_is_kept_with_its_hashes(halted: OpenFolder) -> None:
    place = halted.layout.folder / "evidence" / "1"
    sums = (place / "SHA256SUMS").read_text().splitlines()
    assert {each.split()[1] for each in sums} >= {"record.db", "head.pin"}


def test_an_incident_of_one_stream_stands_in_the_log(open_: Open, old_clinic: Path) -> None:
    folder = open_(old_clinic)
    size = folder.store.standing().size
    folder.guard.report("E-AEAD", stream=bytes(16), position=2)
    (row,) = folder.store.rows(size, 5)
    assert (row.record or b"")[5] == 0x48
    folder.guard.report("E-AEAD", stream=bytes(16), position=2)
    assert folder.store.standing().size == size + 1
