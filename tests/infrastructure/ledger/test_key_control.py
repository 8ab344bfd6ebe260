"""What the log says of keys: read strictly, approved by two, and binding on what comes after."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.control import ControlKind, parse_control
from infrastructure.ledger.errors import CanonicalRefused, ControlRefused, LogBroken
from infrastructure.ledger.key_control import (
    MOST_SHREDDED,
    BackupLeft,
    GenerationDestroyed,
    KeyRetired,
    KeysRewrapped,
    Shred,
    ShredFinal,
    custody_stream,
    retire_stream,
    shred_statement,
    shred_stream,
)
from infrastructure.ledger.note import ED25519, Note, Signer
from infrastructure.ledger.verification import RowVerification
from tests.support.logs import LOG_ID, NO_KEY, WrittenLog, header, name

KEY, OTHER, REQUEST = name(1, "key"), name(2, "key"), name(1, "request")
BACKUP = [name(1, "backup"), 1, 1_700_000_000_000]
SHRED = ["shred", REQUEST, [KEY], [OTHER], "retention-expired", 1, [BACKUP], b"approved"]
FINAL = ["final", REQUEST, 1, b"evidence"]
REWRAP = ["rewrap", 1, 2, 100, b"d" * 32]
DESTROYED = ["destroyed", 1, b"evidence"]
CUSTODIANS = [Signer(f"custodian/{number}", ED25519, bytes([number]) * 32) for number in (1, 2, 3)]


def record(kind: int, stream: bytes, payload: object, version: int = 1) -> bytes:
    return header(kind, NO_KEY, stream, version) + msgpack.packb(payload)


def refused(data: bytes) -> str:
    with pytest.raises((ControlRefused, CanonicalRefused)) as caught:
        parse_control(data)
    return caught.value.code


def test_each_of_them_says_what_was_written() -> None:
    custody, shreds = custody_stream(LOG_ID), shred_stream(LOG_ID)
    assert parse_control(record(0x41, retire_stream(KEY), ["retire", KEY])) == KeyRetired(KEY)
    assert parse_control(record(0x41, custody, REWRAP)) == KeysRewrapped(1, 2, 100, b"d" * 32)
    assert parse_control(record(0x41, custody, DESTROYED)) == GenerationDestroyed(1, b"evidence")
    assert parse_control(record(0x43, shreds, FINAL)) == ShredFinal(REQUEST, 1, b"evidence")
    assert parse_control(record(0x43, shreds, SHRED)) == Shred(
        LOG_ID,
        REQUEST,
        (KEY,),
        (OTHER,),
        "retention-expired",
        1,
        (BackupLeft(*BACKUP),),  # type: ignore[arg-type]
        b"approved",
    )


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (0x41, ["retire", KEY]),
        (0x41, REWRAP),
        (0x41, DESTROYED),
        (0x43, SHRED),
        (0x43, FINAL),
    ],
)
def test_none_of_them_stands_anywhere_else(kind: int, payload: list[Any]) -> None:
    assert refused(record(kind, name(9, "stream"), payload)) == "E-BIND"


@pytest.mark.parametrize(
    "payload",
    [
        [*SHRED[:1], REQUEST[1:], *SHRED[2:]],
        [*SHRED[:2], [], [], *SHRED[4:]],
        [*SHRED[:2], [KEY, KEY], *SHRED[3:]],
        [*SHRED[:2], [KEY], [KEY], *SHRED[4:]],
        [*SHRED[:2], [KEY[1:]], *SHRED[3:]],
        [*SHRED[:2], [b""] * (MOST_SHREDDED + 1), *SHRED[3:]],
        [*SHRED[:4], "because", *SHRED[5:]],
        [*SHRED[:5], 0, *SHRED[6:]],
        [*SHRED[:6], [[1, 2, 3]], SHRED[7]],
        [*SHRED[:7], "text"],
        SHRED[:7],
        [*SHRED, 1],
        ["shredded", *SHRED[1:]],
        ["final", REQUEST, True, b""],
        ["final", REQUEST, 1, b"e" * 5000],
    ],
)
def test_a_destruction_of_another_shape_is_refused(payload: list[Any]) -> None:
    assert refused(record(0x43, shred_stream(LOG_ID), payload)) == "E-PARSE"


@given(st.recursive(st.binary() | st.integers(-5, 5) | st.text(), st.lists, max_leaves=20))
def test_whatever_stands_there_is_read_or_refused(payload: object) -> None:
    for kind, stream in ((0x41, custody_stream(LOG_ID)), (0x43, shred_stream(LOG_ID))):
        assert refused(record(kind, stream, payload)) in ("E-PARSE", "E-LIMIT", "E-BIND")


# What it means for what comes after


class Destroying(WrittenLog):
    """A log that names custodians, makes a key, seals something, and destroys."""

    def __init__(self, custodians: int = 3) -> None:
        super().__init__()
        for each in CUSTODIANS[:custodians]:
            self.name_custodian(each)
        self.key(KEY, name(1, "subject"))
        self.event(name(1, "stream"), KEY)

    def name_custodian(self, signer: Signer, *approvals: bytes) -> None:
        """Name a custodian, with what two others have signed."""
        payload = ["custodian", signer.verifier.vkey(), *approvals]
        self.control(ControlKind.POLICY, name(0, "policy"), payload)

    def shred(self, signers: list[Signer], ids: tuple[bytes, ...] = (KEY,), **bent: Any) -> None:
        """Destroy keys, as these have signed; ``bent`` is what the record says otherwise."""
        shred = Shred(LOG_ID, REQUEST, ids, (), "art-51", 1)
        text = bent.pop("text", None) or shred_statement([shred])
        approvals = Note(text, tuple(each.sign(text.encode()) for each in signers)).encode()
        said = {"request": REQUEST, "reason": "art-51"} | bent
        payload = ["shred", said["request"], list(ids), [], said["reason"], 1, [], approvals]
        self.control(ControlKind.SHRED, shred_stream(LOG_ID), payload)


def broken(log: WrittenLog) -> str:
    with pytest.raises(LogBroken) as caught:
        RowVerification(LOG_ID).extend(log.rows)
    return caught.value.code


def test_two_custodians_destroy_and_the_log_still_verifies() -> None:
    log = Destroying()
    log.shred(CUSTODIANS[:2])
    rows = RowVerification(LOG_ID)
    rows.extend(log.rows)
    assert rows.size == log.size


def test_nothing_is_sealed_under_a_key_that_was_destroyed() -> None:
    log = Destroying()
    log.shred(CUSTODIANS[:2])
    log.event(name(1, "stream"), KEY)
    assert broken(log) == "E-KEYSTATE"


def test_nothing_is_sealed_under_a_key_that_was_retired() -> None:
    log = Destroying()
    log.control(ControlKind.KEY, retire_stream(KEY), ["retire", KEY])
    log.event(name(1, "stream"), KEY)
    assert broken(log) == "E-KEYSTATE"


def test_a_key_that_was_never_made_is_neither_retired_nor_destroyed() -> None:
    log = Destroying()
    log.control(ControlKind.KEY, retire_stream(OTHER), ["retire", OTHER])
    assert broken(log) == "E-KEYSTATE"
    log = Destroying()
    log.shred(CUSTODIANS[:2], (OTHER,))
    assert broken(log) == "E-KEYSTATE"


@pytest.mark.parametrize(
    "bent",
    [
        {"request": name(2, "request")},
        {"reason": "wrong-client"},
        {"text": "powiernik/1/shred\nsomething else\n"},
    ],
)
def test_a_destruction_that_was_not_signed_as_it_stands_is_refused(bent: dict[str, Any]) -> None:
    log = Destroying()
    log.shred(CUSTODIANS[:2], **bent)
    assert broken(log) == "E-AUTH"


@pytest.mark.parametrize(
    "signers", [CUSTODIANS[:1], [CUSTODIANS[0], CUSTODIANS[0]], [CUSTODIANS[0], CUSTODIANS[2]]]
)
def test_one_custodian_and_somebody_else_destroy_nothing(signers: list[Signer]) -> None:
    log = Destroying(custodians=2)
    log.shred(signers)
    assert broken(log) == "E-AUTH"


def test_whoever_is_named_later_two_have_approved() -> None:
    third = CUSTODIANS[2]
    text = f"powiernik/1/custodian\n{third.verifier.vkey()}\n"

    def approved(signers: list[Signer]) -> bytes:
        return Note(text, tuple(each.sign(text.encode()) for each in signers)).encode()

    log = Destroying(custodians=2)
    log.name_custodian(third, approved(CUSTODIANS[:2]))
    log.shred([CUSTODIANS[0], third])
    rows = RowVerification(LOG_ID)
    rows.extend(log.rows)
    for approvals in ((), (approved(CUSTODIANS[:1]),), (approved([CUSTODIANS[0], third]),)):
        log = Destroying(custodians=2)
        log.name_custodian(third, *approvals)
        assert broken(log) == "E-AUTH"


def test_several_records_of_one_request_are_signed_together() -> None:
    log = Destroying()
    log.key(OTHER, name(2, "subject"))
    shreds = [Shred(LOG_ID, REQUEST, (each,), (), "art-51", 1) for each in (KEY, OTHER)]
    text = shred_statement(shreds)
    for each in (KEY, OTHER):
        log.shred(CUSTODIANS[:2], (each,), text=text)
    rows = RowVerification(LOG_ID)
    rows.extend(log.rows)
    assert rows.size == log.size
