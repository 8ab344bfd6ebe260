"""The offline verifier: a good log passes, and each way in which one is not good is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from infrastructure.ledger import __main__ as command
from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.control import ControlKind, Recovery, log_id_of, recovery_stream
from infrastructure.ledger.errors import MemoryRefused
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.merkle import inclusion_proof, leaf_hash
from infrastructure.ledger.note import ED25519, Note, Signer
from infrastructure.ledger.offline import (
    BROKEN_PROMISE,
    verify_log,
    verify_proof,
    verify_receipt,
)
from infrastructure.ledger.proof import TlogProof
from infrastructure.ledger.receipt import AppendReceipt, receipt_signer
from infrastructure.ledger.remembered import SKEW_S, Remembered
from infrastructure.ledger.tiles import TILE_WIDTH, TileWriter, control_path, tile_path
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verdict import NOT_JUDGED, Verdict
from tests.support.logs import LOG_ID, ORIGIN, header, name
from tests.support.shown import (
    COSIGNED_S,
    LOG_KEY,
    NOW_S,
    POLICY,
    START_S,
    TRUST,
    UNWITNESSED,
    ShownLog,
    a_clinic,
    altered,
    flipped,
)

ROOT = Path(__file__).parents[3]


def a_log(size: int, *, first: str = "stream", custodians: Sequence[Signer] = ()) -> ShownLog:
    """A log of two clients with notes and looks, and a map head now and then."""
    log = ShownLog()
    for each in custodians:
        log.control(ControlKind.POLICY, name(0, "policy"), ["custodian", each.verifier.vkey()])
    for number in range(2):
        log.access_key(number)
        log.key(name(number, "key"), name(number, "subject"))
    log.event(name(0, first), name(0, "key"))
    while log.size < size:
        turn = log.size
        if turn % 50 == 0:
            log.map_head()
        elif turn % 3 == 0:
            log.access(turn % 2)
        else:
            log.event(name(turn % 7, "stream"), name(turn % 2, "key"))
    return log


EARLY, MIDDLE, LATE = 300, 700, 900
LOG = a_log(LATE)


def exported(path: Path, size: int = LATE, log: ShownLog = LOG, note: bytes | None = None) -> Path:
    return log.export(path, size, note)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return exported(tmp_path / "log")


def verdict_of(
    folder: Path,
    *,
    memory: Path | None = None,
    trust: Trust = TRUST,
    plain: bool = False,
    now_s: int = NOW_S,
) -> Verdict:
    with Remembered(memory) as remembered:
        return verify_log(folder, trust, remembered=remembered, now_s=now_s, plain=plain)


def bad_in(verdict: Verdict) -> dict[str, str]:
    """The bad claims that were judged, each with its code."""
    assert not verdict.good
    return {claim.name: claim.code for claim in verdict.claims if claim.code}


def found_of(verdict: Verdict, claim: str) -> str:
    return next(each.line() for each in verdict.claims if each.name == claim)


def not_judged_in(verdict: Verdict) -> list[str]:
    return [claim.name for claim in verdict.claims if claim.found == NOT_JUDGED]


# A log that is good.


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 513, LATE])
def test_every_claim_of_a_good_log_is_good(tmp_path: Path, size: int) -> None:
    verdict = verdict_of(exported(tmp_path / "log", size))
    assert verdict.good, [claim.line() for claim in verdict.claims]
    names = ["checkpoint", "entries", "tiles", "root", "origin", "keys", "times"]
    assert [claim.name for claim in verdict.claims] == names
    assert verdict.shown == {"origin": ORIGIN, "size": size}
    assert f"found {size} of them from position 0" in found_of(verdict, "entries")


def test_an_export_that_is_newer_than_its_checkpoint_is_verified_up_to_that(tmp_path: Path) -> None:
    folder = exported(tmp_path / "log", EARLY)
    exported(folder, LATE, note=LOG.note(EARLY))
    verdict = verdict_of(folder)
    assert verdict.good
    assert verdict.shown["size"] == EARLY


def test_a_log_of_many_levels_is_verified_and_every_poisoned_tile_is_named(tmp_path: Path) -> None:
    entries = [b"%d" % at for at in range(66_000)]
    leaves = [leaf_hash(entry) for entry in entries]
    with TileWriter(tmp_path) as writer:
        writer.extend(zip(entries, leaves, [None] * len(entries), strict=True))
        note = signed(Checkpoint(ORIGIN, writer.size, writer.root()), LOG_KEY)
        writer.write_checkpoint(note.encode())
    good = verdict_of(tmp_path, plain=True, trust=UNWITNESSED)
    assert good.good
    assert "found 261 of them" in found_of(good, "tiles")
    for path, told in (
        (tile_path(0, 200), "hash 255 of tile 200 of level 0"),
        (tile_path(0, 257, 208), "hash 207 of tile 257 of level 0"),
        (tile_path(1, 0), "hash 255 of tile 0 of level 1"),
        (tile_path(1, 1, 1), "hash 0 of tile 1 of level 1"),
        (tile_path(2, 0, 1), "hash 0 of tile 0 of level 2"),
    ):
        altered(tmp_path / path, flipped)
        verdict = verdict_of(tmp_path, plain=True, trust=UNWITNESSED)
        assert bad_in(verdict) == {"tiles": "E-LEAF" if "level 0" in told else "E-ROOT"}
        assert told in found_of(verdict, "tiles")
        altered(tmp_path / path, flipped)


# A log that is not.


def test_an_entry_that_was_altered_is_found_beside_the_tile_that_was_not(folder: Path) -> None:
    path = folder / tile_path("entries", 1)
    # The time of entry 500: no law is broken by one millisecond less.
    altered(path, lambda data: flipped(data, (500 - TILE_WIDTH + 1) * 154 - 9))
    verdict = verdict_of(folder)
    assert bad_in(verdict)["tiles"] == "E-LEAF"
    assert bad_in(verdict)["root"] == "E-ROOT"
    assert "hash 244 of tile 1 of level 0" in found_of(verdict, "tiles")


def test_a_hash_that_was_altered_is_found_beside_entries_that_were_not(folder: Path) -> None:
    altered(folder / tile_path(0, 2), lambda data: flipped(data, 0))
    verdict = verdict_of(folder)
    assert bad_in(verdict) == {"tiles": "E-LEAF"}
    assert "hash 0 of tile 2 of level 0" in found_of(verdict, "tiles")
    assert not not_judged_in(verdict)


def rewritten(change: dict[str, Any], at: int = 400) -> ShownLog:
    """A log whose keeper has broken a law at one entry, and made everything after it anew."""
    log = a_log(at)
    before = list(log.rows)
    log.event(name(1, "stream"), name(1, "key"))
    head = log.heads[name(1, "stream")]
    for field, value in change.items():
        entry = bytearray(log.entries[at])
        width = {"time_ms": slice(144, 152), "version": slice(32, 40)}[field]
        entry[width] = value.to_bytes(8, "big")
        log.entries[at] = bytes(entry)
    leaf = leaf_hash(log.entries[at])
    log.heads[name(1, "stream")] = head._replace(leaf=leaf)
    log.rows[at] = log.rows[at]._replace(leaf=leaf)
    log.event(name(0, "stream"), name(0, "key"))
    assert log.rows[:at] == before
    return log


@pytest.mark.parametrize(
    ("change", "code"),
    [({"time_ms": 1_600_000_000_000}, "E-TIME"), ({"version": 99}, "E-CHAIN")],
)
def test_a_law_that_the_keeper_broke_is_told_though_the_root_is_signed(
    tmp_path: Path, change: dict[str, int], code: str
) -> None:
    log = rewritten(change)
    verdict = verdict_of(exported(tmp_path / "log", log.size, log))
    assert bad_in(verdict) == {"entries": code}
    assert "position 400" in found_of(verdict, "entries")
    assert not_judged_in(verdict) == ["origin", "keys", "times"]


def test_a_control_record_that_is_withheld_is_told(folder: Path) -> None:
    (folder / control_path(0)).unlink()
    verdict = verdict_of(folder)
    assert bad_in(verdict) == {"entries": "E-PARSE"}
    assert "position 0" in found_of(verdict, "entries")


def test_a_control_record_that_was_altered_is_told(folder: Path) -> None:
    altered(folder / control_path(2), flipped)
    verdict = verdict_of(folder)
    assert bad_in(verdict) == {"entries": "E-LEAF"}
    altered(folder / control_path(2), lambda data: data[:-1])
    assert bad_in(verdict_of(folder)) == {"entries": "E-PARSE"}


def test_a_record_that_belongs_to_no_control_entry_is_told(folder: Path) -> None:
    sealed = next(row for row in LOG.rows if row.key_id != bytes(16))
    record = sealed.record or b""
    path = folder / control_path(0)
    extra = bytes([TILE_WIDTH - 1]) + len(record).to_bytes(4, "big") + record
    altered(path, lambda data: data + extra)
    assert bad_in(verdict_of(folder)) == {"entries": "E-LEAF"}


@pytest.mark.parametrize("lacking", [tile_path("entries", 1), tile_path("entries", 3, 132)])
def test_without_a_bundle_the_rest_is_not_judged(folder: Path, lacking: str) -> None:
    (folder / lacking).unlink()
    verdict = verdict_of(folder)
    assert bad_in(verdict) == {"entries": "E-PARSE"}
    assert not_judged_in(verdict) == ["tiles", "root", "origin", "keys", "times"]


@pytest.mark.parametrize("lacking", [tile_path(0, 1), tile_path(1, 0, 3)])
def test_a_tile_that_is_missing_is_told_and_the_rest_is_judged(folder: Path, lacking: str) -> None:
    (folder / lacking).unlink()
    verdict = verdict_of(folder)
    assert bad_in(verdict) == {"tiles": "E-PARSE"}
    assert not not_judged_in(verdict)


def test_a_root_over_other_entries_is_told(tmp_path: Path) -> None:
    note = a_log(LATE, first="other stream").note()
    verdict = verdict_of(exported(tmp_path / "log", note=note))
    assert bad_in(verdict) == {"root": "E-ROOT"}


def test_a_size_that_no_folder_can_have_ends_at_the_first_bundle(tmp_path: Path) -> None:
    note = signed(Checkpoint(ORIGIN, 2**62, bytes(32)), LOG_KEY).encode()
    folder = exported(tmp_path / "log", note=note)
    assert bad_in(verdict_of(folder, trust=UNWITNESSED)) == {"entries": "E-PARSE"}


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (b"", "E-PARSE"),
        (b"\xff" * 300_000, "E-PARSE"),
        (LOG.note(times_s=(COSIGNED_S,)), "E-QUORUM"),
        (LOG.note(times_s=(NOW_S + SKEW_S + 1, NOW_S)), "E-TIME"),
        (LOG.note(log_key=Signer(ORIGIN, ED25519, b"\x05" * 32)), "E-KEYSTATE"),
        (flipped(LOG.note(), 30), "E-PARSE"),
    ],
    ids=["empty", "long", "quorum", "future", "stranger", "altered"],
)
def test_a_checkpoint_that_is_not_believed_ends_it(tmp_path: Path, note: bytes, code: str) -> None:
    folder = exported(tmp_path / "log")
    (folder / "checkpoint").write_bytes(note)
    verdict = verdict_of(folder)
    assert set(bad_in(verdict)) == {"checkpoint"}
    assert bad_in(verdict)["checkpoint"] in (code, "E-AUTH")
    assert not_judged_in(verdict) == ["entries", "tiles", "root", "origin", "keys", "times"]
    assert not verdict.shown


def test_a_folder_without_a_checkpoint_is_bad(tmp_path: Path) -> None:
    assert bad_in(verdict_of(tmp_path)) == {"checkpoint": "E-PARSE"}


def test_a_log_that_is_signed_under_another_name_is_told(tmp_path: Path) -> None:
    origin = "other.example/log"
    other = Signer(origin, ED25519, bytes(32))
    note = signed(Checkpoint(origin, LATE, LOG.root()), other).encode()
    trust = Trust.parse(f"log {other.verifier.vkey()}\nquorum none\n".encode())
    folder = exported(tmp_path / "log", note=note)
    assert bad_in(verdict_of(folder, trust=trust)) == {"origin": "E-BIND"}


# Times.


def test_an_entry_from_the_future_of_its_witnesses_is_told(tmp_path: Path) -> None:
    times = (START_S - SKEW_S - 10, START_S - SKEW_S - 20)
    folder = exported(tmp_path / "log", note=LOG.note(times_s=times))
    assert bad_in(verdict_of(folder)) == {"times": "E-TIME"}
    folder = exported(tmp_path / "log", note=LOG.note(times_s=(times[0], START_S)))
    assert verdict_of(folder).good, "one witness that saw them in time is enough"


def test_without_witnesses_the_verifiers_own_clock_is_the_limit(folder: Path) -> None:
    assert verdict_of(folder, trust=UNWITNESSED).good
    early_s = START_S - SKEW_S - 10
    found = verdict_of(folder, trust=UNWITNESSED, now_s=early_s)
    assert bad_in(found) == {"times": "E-TIME"}


@pytest.mark.parametrize(("late_s", "good"), [(SKEW_S - 10, True), (SKEW_S + 10, False)])
def test_entries_that_are_dated_back_show_against_what_was_remembered(
    tmp_path: Path, late_s: int, *, good: bool
) -> None:
    memory, times_s = tmp_path / "memory.db", (START_S + late_s, START_S + late_s + 99)
    folder = exported(tmp_path / "log", EARLY, note=LOG.note(EARLY, times_s=times_s))
    assert verdict_of(folder, memory=memory, now_s=NOW_S + 900).good
    exported(folder, MIDDLE, note=LOG.note(MIDDLE, times_s=(NOW_S + 600,) * 2))
    verdict = verdict_of(folder, memory=memory, now_s=NOW_S + 900)
    assert verdict.good is good
    if not good:
        assert bad_in(verdict) == {"times": "E-TIME"}
        assert f"entry at position {EARLY}" in found_of(verdict, "times")


# A memory.


def remembered_size(memory: Path) -> int:
    with closing(Memory(memory)) as opened:
        return opened.standing().size


def evidence_in(memory: Path) -> list[bytes]:
    with closing(Memory(memory)) as opened:
        rows = opened._all("SELECT data FROM note WHERE name LIKE 'evidence/%' ORDER BY data")
    return [row[0] for row in rows]


@pytest.mark.parametrize("early", [1, 255, 256, EARLY, 512, MIDDLE])
def test_a_log_is_verified_from_where_it_was_left_and_old_files_are_not_read(
    tmp_path: Path, early: int
) -> None:
    memory, folder = tmp_path / "memory.db", tmp_path / "log"
    assert verdict_of(exported(folder, early), memory=memory).good
    exported(folder, LATE)
    for index in range(early // TILE_WIDTH):
        for path in (tile_path(0, index), tile_path("entries", index), control_path(index)):
            (folder / path).unlink(missing_ok=True)
    verdict = verdict_of(folder, memory=memory)
    assert verdict.good, [claim.line() for claim in verdict.claims]
    assert found_of(verdict, "entries").endswith(f"{LATE - early} of them from position {early}")
    assert remembered_size(memory) == LATE


def test_to_verify_the_same_log_again_is_good_and_finds_nothing_new(folder: Path) -> None:
    memory = folder.parent / "memory.db"
    for _ in range(2):
        assert verdict_of(folder, memory=memory).good
    again = verdict_of(folder, memory=memory)
    assert found_of(again, "entries").endswith(f"0 of them from position {LATE}")


def test_many_steps_remember_what_one_would_have(tmp_path: Path) -> None:
    steps, once = tmp_path / "steps.db", tmp_path / "once.db"
    folder = tmp_path / "log"
    for size in (5, 50, 51, 256, 400, LATE):
        assert verdict_of(exported(folder, size), memory=steps).good
    assert verdict_of(folder, memory=once).good
    with closing(Memory(steps)) as one, closing(Memory(once)) as other:
        assert one.standing() == other.standing()
        assert one.labels() == other.labels()
        assert one.logged_map() == other.logged_map()


def test_a_log_that_shrank_is_a_rollback_and_both_checkpoints_are_kept(tmp_path: Path) -> None:
    memory, folder = tmp_path / "memory.db", tmp_path / "log"
    assert verdict_of(exported(folder, MIDDLE), memory=memory).good
    shutil.rmtree(folder)
    verdict = verdict_of(exported(folder, EARLY), memory=memory)
    assert bad_in(verdict) == {"remembered": "E-ROLLBACK"}
    assert not_judged_in(verdict) == ["entries", "tiles", "root", "origin", "keys", "times"]
    assert evidence_in(memory) == sorted([LOG.note(EARLY), LOG.note(MIDDLE)])
    assert remembered_size(memory) == MIDDLE


FORKED = a_log(LATE, first="other stream")


@pytest.mark.parametrize("size", [MIDDLE, LATE])
def test_a_log_with_another_past_is_a_fork_and_both_checkpoints_are_kept(
    tmp_path: Path, size: int
) -> None:
    memory = tmp_path / "memory.db"
    assert verdict_of(exported(tmp_path / "log", MIDDLE), memory=memory).good
    forked = exported(tmp_path / "forked", size, FORKED)
    assert verdict_of(forked).good
    verdict = verdict_of(forked, memory=memory)
    assert bad_in(verdict) == {"remembered": "E-FORK"}
    assert evidence_in(memory) == sorted([LOG.note(MIDDLE), FORKED.note(size)])
    assert verdict_of(exported(tmp_path / "log", LATE), memory=memory).good


def test_tiles_that_were_altered_on_their_way_are_not_called_a_fork(tmp_path: Path) -> None:
    memory = tmp_path / "memory.db"
    folder = exported(tmp_path / "log", MIDDLE)
    assert verdict_of(folder, memory=memory).good
    exported(folder, LATE)
    altered(folder / tile_path(1, 0, 3), lambda data: flipped(data, 0))
    assert bad_in(verdict_of(folder, memory=memory)) == {"remembered": "E-ROOT"}
    assert evidence_in(memory) == []
    (folder / tile_path(1, 0, 3)).unlink()
    assert bad_in(verdict_of(folder, memory=memory)) == {"remembered": "E-PARSE"}


def test_what_is_bad_is_not_remembered(tmp_path: Path) -> None:
    memory, folder = tmp_path / "memory.db", exported(tmp_path / "log", MIDDLE)
    altered(folder / tile_path(0, 0), flipped)
    assert bad_in(verdict_of(folder, memory=memory)) == {"tiles": "E-LEAF"}
    assert not memory.exists()


def test_a_bundle_seen_in_between_counts_as_seen(tmp_path: Path) -> None:
    memory, folder = tmp_path / "memory.db", tmp_path / "log"
    log = a_clinic()
    exported(folder, 20, log)
    assert verdict_of(folder, memory=memory).good
    policy = tmp_path / "policy"
    policy.write_bytes(POLICY)
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(log.bundle(0).encode())
    asked = [str(bundle), "--policy", str(policy), "--memory", str(memory)]
    assert command.main(asked) == 0
    assert bad_in(verdict_of(folder, memory=memory)) == {"remembered": "E-ROLLBACK"}
    log.look(0)
    assert verdict_of(exported(folder, log.size, log), memory=memory).good
    assert remembered_size(memory) == log.size


def test_the_memory_of_another_log_or_of_plain_entries_is_no_verdict(
    tmp_path: Path, folder: Path
) -> None:
    memory = tmp_path / "memory.db"
    Memory.create(memory, "other.example/log").close()
    with pytest.raises(MemoryRefused):
        verdict_of(folder, memory=memory)
    with pytest.raises(MemoryRefused):
        verdict_of(folder, memory=tmp_path / "new.db", plain=True)


# A recovery.

NEW_ORIGIN = "clinic.example/log/2"
NEW_KEY = Signer(NEW_ORIGIN, ED25519, bytes(32))
NEW_TRUST = Trust.parse(f"log {NEW_KEY.verifier.vkey()}\nquorum none\n".encode())
CUSTODIANS = [Signer(f"custodian/{number}", ED25519, bytes([number]) * 32) for number in (1, 2)]


def recovered(signers: list[Signer]) -> ShownLog:
    """A log that goes on under a new name from where a backup ended."""
    log = a_log(EARLY, custodians=CUSTODIANS)
    size, new_id = log.size, log_id_of(NEW_ORIGIN)
    said = [NEW_ORIGIN, ORIGIN, size, log.root(), size + 9, "the disk", b""]
    text = Recovery(NEW_ORIGIN, ORIGIN, size, log.root(), size + 9, "the disk", b"", b"")
    statement = text.statement()
    lines = tuple(each.sign(statement.encode()) for each in signers)
    approvals = Note(statement, lines).encode()
    stream = recovery_stream(LOG_ID)
    head = header(ControlKind.RECOVERY, bytes(16), stream, 1, log_id=new_id)
    log.enter(ControlKind.RECOVERY, stream, bytes(16), head + msgpack.packb([*said, approvals]))
    key_id = name(9, "key")
    head = header(ControlKind.KEY, bytes(16), key_id, 1, log_id=new_id)
    made = ["create", key_id, name(9, "subject"), 1, 2, 0, bytes(16)]
    log.enter(ControlKind.KEY, key_id, bytes(16), head + msgpack.packb(made))
    log.event(name(9, "stream"), key_id)
    return log


def under_the_new_name(path: Path, log: ShownLog) -> Path:
    note = signed(Checkpoint(NEW_ORIGIN, log.size, log.root()), NEW_KEY)
    return exported(path, log.size, log, note.encode())


def test_a_log_that_was_recovered_is_verified_under_its_new_name(tmp_path: Path) -> None:
    memory, log = tmp_path / "memory.db", recovered(CUSTODIANS)
    folder = exported(tmp_path / "log", 200, log)
    assert verdict_of(folder, memory=memory).good
    under_the_new_name(folder, log)
    for remembering in (memory, memory, None):
        verdict = verdict_of(folder, memory=remembering, trust=NEW_TRUST)
        assert verdict.good, [claim.line() for claim in verdict.claims]
        assert verdict.shown["origin"] == NEW_ORIGIN


def test_a_log_that_was_recovered_is_not_to_be_signed_under_its_old_name(tmp_path: Path) -> None:
    log = recovered(CUSTODIANS)
    folder = exported(tmp_path / "log", log.size, log)
    assert bad_in(verdict_of(folder)) == {"origin": "E-BIND"}


def test_one_custodian_alone_recovers_nothing(tmp_path: Path) -> None:
    folder = under_the_new_name(tmp_path / "log", recovered(CUSTODIANS[:1]))
    assert bad_in(verdict_of(folder, trust=NEW_TRUST)) == {"entries": "E-AUTH"}


# A proof.


def a_proof(position: int = 17, size: int = LATE, entry: bytes | None = None) -> TlogProof:
    leaves = [row.leaf for row in LOG.rows]
    shown = LOG.entries[position] if entry is None else entry
    return TlogProof(position, inclusion_proof(leaves, position, size), LOG.note(size), shown)


def proved(data: bytes, *, plain: bool = False, trust: Trust = TRUST) -> Verdict:
    return verify_proof(data, trust, now_s=NOW_S, plain=plain)


@given(st.integers(1, LATE), st.integers(0))
@settings(max_examples=20)
def test_a_proof_of_an_entry_is_good(size: int, position: int) -> None:
    verdict = proved(a_proof(position % size, size).encode())
    assert verdict.good
    assert verdict.shown["position"] == position % size
    assert f"position: {position % size}" in verdict.lines


def test_a_proof_of_another_entry_or_place_is_bad() -> None:
    assert bad_in(proved(a_proof(17, entry=LOG.entries[18]).encode())) == {
        "entry": "E-GAP",
        "included": "E-ROOT",
    }
    assert bad_in(proved(a_proof(17, entry=flipped(LOG.entries[17])).encode())) == {
        "included": "E-ROOT"
    }
    assert bad_in(proved(a_proof(17, entry=b"one").encode())) == {
        "entry": "E-PARSE",
        "included": "E-ROOT",
    }


def test_a_proof_without_its_entry_or_form_is_not_judged_further() -> None:
    bare = TlogProof(17, a_proof().hashes, LOG.note())
    for data in (bare.encode(), b"c2sp.org/tlog-proof@v1\n", b""):
        verdict = proved(data)
        assert bad_in(verdict) == {"form": "E-PARSE"}
        assert not_judged_in(verdict) == ["checkpoint", "entry", "included"]


def test_a_proof_under_a_checkpoint_that_is_not_believed_is_bad() -> None:
    note = LOG.note(times_s=(COSIGNED_S,))
    weak = TlogProof(17, a_proof().hashes, note, LOG.entries[17])
    assert bad_in(proved(weak.encode())) == {"checkpoint": "E-QUORUM"}
    assert not_judged_in(proved(weak.encode())) == ["included"]


@given(st.integers(0), st.integers(1, 255))
def test_any_altered_byte_of_a_proof_is_refused(at: int, difference: int) -> None:
    data = bytearray(PROOF)
    data[at % len(data)] ^= difference
    assert not proved(bytes(data)).good


PROOF = a_proof().encode()


# A receipt.

RECEIPTS = receipt_signer(ORIGIN, b"\x09" * 32)


def a_receipt(position: int, leaf: bytes | None = None, time_ms: int | None = None) -> bytes:
    row = LOG.rows[position]
    promise = AppendReceipt(ORIGIN, position, leaf or row.leaf, time_ms or row.time_ms)
    return promise.signed(RECEIPTS).encode()


def held(data: bytes, folder: Path | None = None, trust: Trust = TRUST) -> Verdict:
    log = None if folder is None else (folder, trust)
    return verify_receipt(data, RECEIPTS.verifier, log=log, now_s=NOW_S + 5000)


def test_a_receipt_is_read_alone_or_held_against_the_log(folder: Path) -> None:
    alone = held(a_receipt(17))
    assert alone.good
    assert len(alone.claims) == 1
    kept = held(a_receipt(17), folder)
    assert kept.good
    assert f"it, at position 17 of {LATE}" in found_of(kept, "promise")
    assert "position: 17" in kept.lines


def test_a_log_with_another_leaf_there_is_proved_to_have_misbehaved(folder: Path) -> None:
    verdict = held(a_receipt(17, leaf=bytes(32)), folder)
    assert bad_in(verdict) == {"promise": "E-FORK"}
    assert verdict.lines[-1] == BROKEN_PROMISE


def test_tiles_that_were_altered_prove_nothing_about_a_promise(folder: Path) -> None:
    altered(folder / tile_path(0, 0), lambda data: flipped(data, 32 * 17))
    verdict = held(a_receipt(17), folder)
    assert bad_in(verdict) == {"promise": "E-ROOT"}
    assert BROKEN_PROMISE not in verdict.lines


@pytest.mark.parametrize(("after_s", "good"), [(590, True), (610, False)])
def test_an_entry_may_be_missing_for_ten_minutes(
    tmp_path: Path, after_s: int, *, good: bool
) -> None:
    times_s = (START_S + after_s, START_S + 4000)
    folder = exported(tmp_path / "log", EARLY, note=LOG.note(EARLY, times_s=times_s))
    verdict = held(a_receipt(MIDDLE), folder)
    assert verdict.good is good
    if good:
        assert "not yet" in found_of(verdict, "promise")
    else:
        assert bad_in(verdict) == {"promise": "E-ROLLBACK"}
        assert verdict.lines[-1] == BROKEN_PROMISE


def test_without_witnesses_nobody_can_say_that_an_entry_is_late(tmp_path: Path) -> None:
    folder = exported(tmp_path / "log", EARLY, note=LOG.note(EARLY, times_s=()))
    assert held(a_receipt(MIDDLE, time_ms=1), folder, UNWITNESSED).good


def test_a_receipt_of_a_stranger_or_of_another_log_is_bad(folder: Path) -> None:
    row = LOG.rows[17]
    stranger = receipt_signer(ORIGIN, b"\x08" * 32)
    promise = AppendReceipt(ORIGIN, 17, row.leaf, row.time_ms)
    verdict = held(promise.signed(stranger).encode(), folder)
    assert bad_in(verdict) == {"receipt": "E-AUTH"}
    assert not_judged_in(verdict) == ["promise"]
    origin = "other.example/log"
    other = receipt_signer(origin, b"\x09" * 32)
    data = AppendReceipt(origin, 17, row.leaf, row.time_ms).signed(other).encode()
    log = (folder, TRUST)
    found = verify_receipt(data, other.verifier, log=log, now_s=NOW_S)
    assert bad_in(found) == {"promise": "E-BIND"}


# The command line.


class Files:
    """A folder with everything that can be verified, and the command run on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "policy").write_bytes(POLICY)
        exported(path / "log")
        (path / "proof").write_bytes(PROOF)
        (path / "receipt").write_bytes(a_receipt(17))
        (path / "bundle").write_bytes(a_clinic().bundle(0).encode())

    def run(self, what: str, *more: str) -> int:
        return command.main([str(self.path / what), "--policy", str(self.path / "policy"), *more])


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


KEY = ("--receipt-key", RECEIPTS.verifier.vkey())


def test_each_subject_is_told_by_its_contents(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    for what, more in (("log", ()), ("proof", ()), ("receipt", KEY), ("bundle", ())):
        assert files.run(what, *more, "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["subject"], told["good"]) == (what, True)
        assert {tuple(each) for each in told["claims"]} == {
            ("name", "good", "expected", "found", "code")
        }


def test_claims_are_told_one_on_a_line(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert files.run("log") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines] == ["GOOD"] * 7 + ["All "]
    altered(files.path / "log" / tile_path(0, 1), flipped)
    assert files.run("log") == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines] == ["GOOD", "GOOD", "BAD ", *["GOOD"] * 4, "1 of"]
    assert lines[2].endswith("(E-LEAF)")


def test_a_receipt_is_held_against_a_log(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert files.run("receipt", *KEY, "--log", str(files.path / "log")) == 0
    assert capsys.readouterr().out.count("GOOD") == 3
    assert files.run("receipt") == 2
    assert "--receipt-key" in capsys.readouterr().err


def test_the_card_is_compared_and_the_memory_kept(files: Files) -> None:
    card = name(0, "access log").hex()
    memory = ("--memory", str(files.path / "memory.db"))
    assert files.run("bundle", "--access-log", card, *memory) == 0
    assert files.run("bundle", "--access-log", card[::-1], *memory) == 1
    assert files.run("bundle", *memory) == 0
    with pytest.raises(SystemExit) as caught:
        files.run("bundle", "--access-log", "zz")
    assert caught.value.code == 2


def test_what_cannot_be_used_is_2_and_names_no_path(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    path = files.path
    (path / "empty").touch()
    (path / "words").write_bytes(b"nothing of ours")
    os.mkfifo(path / "pipe")
    policy = ("--policy", str(path / "words"))
    missing = ("--policy", str(path / "none"))
    memory = ("--memory", str(path / "words"))
    tries = [
        ("none", ()),
        ("empty", ()),
        ("words", ()),
        ("pipe", ()),
        ("log", policy),
        ("log", missing),
        ("proof", policy),
        ("log", memory),
        ("bundle", memory),
        ("log", ("--memory", str(path / "no" / "memory.db"))),
        ("log", ("--plain", "--memory", str(path / "memory.db"))),
        ("receipt", ("--receipt-key", "none")),
    ]
    for what, more in tries:
        assert files.run(what, *more) == 2, (what, more)
        told = capsys.readouterr()
        assert told.out == ""
        assert "Cannot be used" in told.err
        assert str(path) not in told.err
    assert command.main([str(path / "log")]) == 2


def test_without_arguments_and_for_help_it_tells_how(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, code in (([], 2), (["--help"], 0)):
        with pytest.raises(SystemExit) as caught:
            command.main(arguments)
        assert caught.value.code == code
    assert "--policy" in capsys.readouterr().out


@given(st.binary(max_size=300), st.sampled_from([b"", b"{", b"powiernik/1/receipt\n", PROOF[:25]]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_bytes_make_it_raise(files: Files, data: bytes, begun: bytes) -> None:
    (files.path / "hostile").write_bytes(begun + data)
    assert files.run("hostile", *KEY) in (1, 2)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_no_damage_to_a_log_makes_it_raise_or_pass(folder: Path, data: st.DataObject) -> None:
    needed = [path for path in folder.rglob("*") if path.is_file()]
    path = data.draw(st.sampled_from(sorted(needed)))
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = data.draw(st.sampled_from([flipped(whole, at), whole[:at], whole + b"\0"]))
    path.write_bytes(damaged)
    try:
        assert not verdict_of(folder).good
    finally:
        path.write_bytes(whole)


def test_nothing_that_is_shown_can_play_with_a_terminal(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b[2J\x1b[1;1HGOOD\nGOOD\u202e\ud800"
    bundle = a_clinic().bundle(0, names={name(0, "actor").hex(): evil.replace("\ud800", "")})
    (files.path / "bundle").write_bytes(bundle.encode())
    assert files.run("bundle") == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert sum(line.startswith("GOOD") for line in told.splitlines()) == 8
    assert files.run("bundle", "--json") == 0
    assert "\x1b" not in capsys.readouterr().out


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "told"),
    [
        (StringIO(), "3 of 9 entries\n5 of 9 entries\n7 of 9 entries\n"),
        (Terminal(), "\r3 of 9 entries\r5 of 9 entries\r7 of 9 entries"),
    ],
    ids=["file", "terminal"],
)
def test_progress_is_told_no_more_than_once_in_a_second(stream: StringIO, told: str) -> None:
    at = [0.0]
    progress = command._progress(stream, lambda: at[0])
    for done, second in enumerate((0.4, 0.9, 1.0, 1.9, 2.5, 3.4, 3.5, 4.0), start=1):
        at[0] = second
        progress(done, 9)
    assert stream.getvalue() == told


def test_the_verifier_in_one_file_needs_nothing_of_the_project(files: Files) -> None:
    archive = files.path / "verify.pyz"
    make = ["/usr/bin/env", "make", "--silent", "verifier", f"VERIFIER={archive}"]
    subprocess.run(make, cwd=ROOT, check=True, timeout=60)
    asked = [str(files.path / "log"), "--policy", str(files.path / "policy"), "--json"]
    ran = subprocess.run(
        [sys.executable, "-I", str(archive), *asked],
        cwd=files.path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.stderr == ""
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["good"]
    altered(files.path / "log" / tile_path(0, 1), flipped)
    again = subprocess.run(
        [sys.executable, "-I", str(archive), *asked],
        cwd=files.path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (again.stderr, again.returncode) == ("", 1)
