"""What a log says of its own key and its witnesses' keys: named once, ended once, never again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgpack
import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.control import (
    ControlKind,
    Recovery,
    log_id_of,
    parse_control,
    recovery_stream,
)
from infrastructure.ledger.errors import ClaimRefused, ControlRefused, LogBroken
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA_44,
    ED25519,
    Note,
    Signer,
    Verifier,
    has_ml_dsa,
)
from infrastructure.ledger.policy_key import (
    NamedKey,
    PolicyKey,
    live,
    must_be_live,
    policy_stream,
)
from infrastructure.ledger.verification import EntryVerification, RowVerification
from tests.support.logs import APPEND_KEY, LOG_ID, NO_KEY, ORIGIN, WrittenLog, header, name

STREAM = policy_stream(LOG_ID)
LOG_KEYS = [Signer(ORIGIN, ED25519, bytes([number]) * 32).verifier for number in (1, 2, 3)]
WITNESS_KEYS = [
    Signer("witness.example/w1", COSIGNATURE_ED25519, bytes([number]) * 32).verifier
    for number in (4, 5)
]
NEW_ORIGIN = "clinic.example/log/2"
CUSTODIANS = [Signer(f"custodian/{number}", ED25519, bytes([number]) * 32) for number in (6, 7)]
NAMESAKES = [
    Signer(ORIGIN, ED25519, number.to_bytes(32, "big")).verifier for number in (73440, 92439)
]
"""Found by trying: two keys of one name whose ids of four bytes are the same."""


def record(payload: object, *, stream: bytes = STREAM) -> bytes:
    return header(ControlKind.POLICY, NO_KEY, stream, 1) + msgpack.packb(payload)


def said(log: WrittenLog, kind: str, key: Verifier, act: str) -> WrittenLog:
    log.control(ControlKind.POLICY, STREAM, [kind, key.vkey(), act])
    return log


def log_of(*acts: tuple[str, Verifier, str]) -> WrittenLog:
    log = WrittenLog()
    for each in acts:
        said(log, *each)
    return log


def begun(*keys: Verifier) -> list[tuple[str, Verifier, str]]:
    return [("log-key", key, "begin") for key in keys]


def refused(log: WrittenLog) -> tuple[str, str]:
    """How the last entry of a log is refused, over its rows and over its entries alike."""
    found = []
    for verification, items in (
        (RowVerification(LOG_ID, append_key=APPEND_KEY), log.rows),
        (EntryVerification(LOG_ID), log.shown()),
    ):
        with pytest.raises(LogBroken) as caught:
            verification.extend(items)  # type: ignore[arg-type]
        assert verification.size == log.size - 1 == caught.value.position
        found.append((caught.value.code, caught.value.found))
    assert found[0] == found[1]
    return found[0]


def verified(log: WrittenLog) -> dict[str, NamedKey]:
    verification = EntryVerification(LOG_ID)
    verification.extend(log.shown())
    return {each.vkey: each for each in verification.named_keys()}


# How it is written


@pytest.mark.parametrize("act", ["begin", "end"])
@pytest.mark.parametrize(
    ("kind", "key"), [("log-key", LOG_KEYS[0]), ("witness-key", WITNESS_KEYS[0])]
)
def test_a_key_is_read_as_it_was_named(kind: str, key: Verifier, act: str) -> None:
    assert parse_control(record([kind, key.vkey(), act])) == PolicyKey(
        kind,  # type: ignore[arg-type]
        key,
        act,  # type: ignore[arg-type]
    )


def test_a_witness_may_have_a_key_of_the_other_algorithm() -> None:
    if not has_ml_dsa():
        pytest.skip("this build of cryptography has no ML-DSA")
    key = Signer("witness.example/w1", COSIGNATURE_ML_DSA_44, bytes(32)).verifier
    found = parse_control(record(["witness-key", key.vkey(), "begin"]))
    assert isinstance(found, PolicyKey)
    assert found.verifier == key


@pytest.mark.parametrize(
    "payload",
    [
        ["log-key", LOG_KEYS[0].vkey()],
        ["log-key", LOG_KEYS[0].vkey(), "begin", 1],
        ["log-key", LOG_KEYS[0].vkey(), "Begin"],
        ["log-key", LOG_KEYS[0].vkey(), "stop"],
        ["log-key", LOG_KEYS[0].vkey(), None],
        ["log-key", LOG_KEYS[0].vkey().encode(), "begin"],
        ["log-key", LOG_KEYS[0].vkey() + "A", "begin"],
        ["log-key", "", "begin"],
        ["log-key", WITNESS_KEYS[0].vkey(), "begin"],
        ["witness-key", LOG_KEYS[0].vkey(), "begin"],
        ["receipt-key", LOG_KEYS[0].vkey(), "begin"],
        # A key of no prime order signs for anybody.
        ["log-key", f"{ORIGIN}+00000000+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "begin"],
    ],
)
def test_any_other_shape_is_refused(payload: list[object]) -> None:
    with pytest.raises(ControlRefused) as caught:
        parse_control(record(payload))
    assert caught.value.code == "E-PARSE"


def test_a_key_is_named_in_the_stream_of_the_policy_and_nowhere_else() -> None:
    with pytest.raises(ControlRefused) as caught:
        parse_control(record(["log-key", LOG_KEYS[0].vkey(), "begin"], stream=name(0, "stream")))
    assert caught.value.code == "E-BIND"


def test_a_log_names_no_key_of_another_log() -> None:
    other = Signer("other.example/log", ED25519, bytes(32)).verifier
    with pytest.raises(ControlRefused) as caught:
        parse_control(record(["log-key", other.vkey(), "begin"]))
    assert caught.value.code == "E-BIND"


@given(st.lists(st.text(max_size=20) | st.integers(0, 2**63) | st.binary(max_size=20), max_size=4))
def test_whatever_stands_there_is_read_or_refused(rest: list[object]) -> None:
    with pytest.raises(ControlRefused):
        parse_control(record(["log-key", *rest]))


# What it means


def test_a_key_begins_and_another_one_ends_it() -> None:
    old, new = LOG_KEYS[:2]
    log = log_of(*begun(old, new), ("log-key", old, "end"))
    found = verified(log)
    assert found[old.vkey()] == NamedKey("log-key", old.vkey(), 1, 3)
    assert found[new.vkey()] == NamedKey("log-key", new.vkey(), 2)
    assert live(found.values(), "log-key", ORIGIN) == {new.vkey()}


@pytest.mark.parametrize(
    "acts",
    [
        # Twice.
        [*begun(LOG_KEYS[0], LOG_KEYS[0])],
        # It was never named.
        [*begun(LOG_KEYS[0]), ("log-key", LOG_KEYS[1], "end")],
        [("witness-key", WITNESS_KEYS[0], "end")],
        # It has ended already.
        [
            *begun(*LOG_KEYS),
            ("log-key", LOG_KEYS[0], "end"),
            ("log-key", LOG_KEYS[0], "end"),
        ],
        # It comes back.
        [*begun(*LOG_KEYS[:2]), ("log-key", LOG_KEYS[0], "end"), *begun(LOG_KEYS[0])],
        # There would be none.
        [*begun(LOG_KEYS[0]), ("log-key", LOG_KEYS[0], "end")],
        # It could be taken for another one.
        [*begun(*NAMESAKES)],
    ],
    ids=["twice", "unnamed", "no witness", "ended twice", "back", "the last one", "a namesake"],
)
def test_what_a_key_cannot_do_is_refused(acts: list[tuple[str, Verifier, str]]) -> None:
    assert refused(log_of(*acts))[0] == "E-KEYSTATE"


def test_one_public_key_is_no_log_and_witness_at_once() -> None:
    shared = bytes([9]) * 32
    log_key = Signer(ORIGIN, ED25519, shared).verifier
    witness_key = Signer("witness.example/w9", COSIGNATURE_ED25519, shared).verifier
    log = log_of(*begun(log_key), ("witness-key", witness_key, "begin"))
    assert refused(log)[0] == "E-KEYSTATE"


def test_a_witness_may_end_without_another() -> None:
    key = WITNESS_KEYS[0]
    log = log_of(("witness-key", key, "begin"), ("witness-key", key, "end"))
    assert verified(log)[key.vkey()].ended == 2


@pytest.mark.parametrize("stop", range(1, 5))
def test_what_was_named_is_remembered(tmp_path: Path, stop: int) -> None:
    old, new = LOG_KEYS[:2]
    log = log_of(*begun(old), ("witness-key", WITNESS_KEYS[0], "begin"), *begun(new))
    said(log, "log-key", old, "end")
    with closing(Memory.create(tmp_path / "memory", ORIGIN)) as memory:
        for part in (log.shown()[:stop], log.shown()[stop:]):
            verification = EntryVerification(LOG_ID, memory=memory)
            verification.extend(part)
            verification.save()
        assert {each.vkey: each for each in memory.named_keys()} == verified(log)
        said(log, "log-key", new, "end")
        verification = EntryVerification(LOG_ID, memory=memory)
        with pytest.raises(LogBroken):
            verification.extend(log.shown()[-1:])


def recovered(log: WrittenLog) -> bytes:
    """Let a log go on under a new name, as its custodians have signed; its new id."""
    size, new_id = log.size, log_id_of(NEW_ORIGIN)
    said_of_it = [NEW_ORIGIN, ORIGIN, size, log.root(), size + 9, "the disk", b""]
    text = Recovery(NEW_ORIGIN, ORIGIN, size, log.root(), size + 9, "the disk", b"", b"")
    statement = text.statement()
    lines = tuple(each.sign(statement.encode()) for each in CUSTODIANS)
    stream = recovery_stream(LOG_ID)
    head = header(ControlKind.RECOVERY, NO_KEY, stream, 1, log_id=new_id)
    payload = msgpack.packb([*said_of_it, Note(statement, lines).encode()])
    log.enter(ControlKind.RECOVERY, stream, NO_KEY, head + payload)
    return new_id


@pytest.mark.parametrize("stop", [0, 3, 6])
def test_under_a_new_name_a_log_names_its_keys_anew(tmp_path: Path, stop: int) -> None:
    """The witnesses are the same, with the same keys; its own key is another one."""
    log = WrittenLog()
    for each in CUSTODIANS:
        log.control(ControlKind.POLICY, STREAM, ["custodian", each.verifier.vkey()])
    said(said(log, "log-key", LOG_KEYS[0], "begin"), "witness-key", WITNESS_KEYS[0], "begin")
    new_id = recovered(log)
    own = Signer(NEW_ORIGIN, ED25519, b"\x08" * 32).verifier
    for number, (kind, key) in enumerate(
        (("log-key", own), ("witness-key", WITNESS_KEYS[0])), start=1
    ):
        head = header(ControlKind.POLICY, NO_KEY, policy_stream(new_id), number, log_id=new_id)
        payload = msgpack.packb([kind, key.vkey(), "begin"])
        log.enter(ControlKind.POLICY, policy_stream(new_id), NO_KEY, head + payload)
    with closing(Memory.create(tmp_path / "memory", ORIGIN)) as memory:
        for part in (log.shown()[:stop], log.shown()[stop:]):
            verification = EntryVerification(memory.standing().log_id, memory=memory)
            verification.extend(part)
            found = verification.named_keys()
            verification.save()
            assert sorted(memory.named_keys()) == sorted(found)
        named = {each.vkey for each in memory.named_keys()}
    assert named == {own.vkey(), WITNESS_KEYS[0].vkey()}


def test_a_memory_of_before_goes_on_without_any_named_key(tmp_path: Path) -> None:
    Memory.create(tmp_path / "memory", ORIGIN).close()
    with closing(sqlite3.connect(tmp_path / "memory")) as db:
        db.executescript("DROP TABLE named_key; DROP TABLE closed_key; PRAGMA user_version = 1")
    with closing(Memory(tmp_path / "memory")) as memory:
        assert memory.named_keys() == []
        verification = EntryVerification(LOG_ID, memory=memory)
        verification.extend(log_of(*begun(LOG_KEYS[0])).shown())
        verification.save()
    with closing(Memory(tmp_path / "memory")) as memory:
        assert [each.vkey for each in memory.named_keys()] == [LOG_KEYS[0].vkey()]


# Who may sign


NAMED = [
    NamedKey("log-key", LOG_KEYS[0].vkey(), 1, 5),
    NamedKey("log-key", LOG_KEYS[1].vkey(), 4),
    NamedKey("witness-key", WITNESS_KEYS[0].vkey(), 2),
]


def test_one_of_the_keys_that_signed_must_be_named_and_not_ended() -> None:
    assert LOG_KEYS[1].key_id.hex() in must_be_live(LOG_KEYS[:2], NAMED, ORIGIN)
    for keys, told in ((LOG_KEYS[:1], "ended at 5"), (LOG_KEYS[2:], "does not name")):
        with pytest.raises(ClaimRefused) as caught:
            must_be_live(keys, NAMED, ORIGIN)
        assert caught.value.code == "E-KEYSTATE"
        assert told in caught.value.found


def test_a_log_that_names_no_key_of_its_own_says_nothing_against_any() -> None:
    for named in ([], NAMED[2:]):
        assert "names no key" in must_be_live(LOG_KEYS[:1], named, ORIGIN)
    assert "names no key" in must_be_live(LOG_KEYS[:1], NAMED, "clinic.example/log/2")
