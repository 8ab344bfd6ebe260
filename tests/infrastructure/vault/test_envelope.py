"""The envelope: a record opens whole, in its own place, under its own key, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from domain.confidentiality import CLINICAL
from infrastructure.errors import Broken
from infrastructure.vault import envelope
from infrastructure.vault.envelope import (
    HEADER_SIZE,
    MOST_PAYLOAD,
    SALT_AND_COMMITMENT,
    TAG_SIZE,
    Kind,
    control,
    open_control,
    open_field,
    open_record,
    padded_size,
    seal,
    seal_field,
)
from infrastructure.vault.keys import KeyPlace, SubjectKey, derive

LOG, STREAM, ITEM = b"the log's own id", b"the stream's id!", b"the item's own i"
PLACE = KeyPlace(b"the key's own id", b"the subject's tg", CLINICAL, 1)
KEY = SubjectKey(PLACE, bytes(range(32)))
PAYLOAD = b"what the client said"
CHUNK = 16 * 1024


def sealed(payload: bytes = PAYLOAD, **changes: Any) -> bytes:
    given_ = {"key": KEY, "kind": Kind.EVENT, "log_id": LOG, "stream_id": STREAM, "version": 7}
    return seal(**{**given_, "payload": payload, **changes})


def opened(record: bytes, **changes: Any) -> bytes:
    given_ = {"key": KEY, "kind": Kind.EVENT, "log_id": LOG, "stream_id": STREAM, "version": 7}
    return open_record(**{**given_, "record": record, **changes})


def refused(record: bytes, **changes: Any) -> str:
    with pytest.raises(Broken) as caught:
        opened(record, **changes)
    assert "client" not in str(caught.value)
    return caught.value.code


# SPEC: security.md 1.3, the record byte by byte.


def test_a_record_is_laid_out_as_the_format_says() -> None:
    record = sealed()
    assert record[0:4] == b"PSR\x01"
    assert record[4] == 1
    assert record[5] == 1
    assert record[6:8] == b"\0\0"
    assert record[8:24] == LOG
    assert record[24:40] == PLACE.key_id
    assert record[40:56] == STREAM
    assert record[56:64] == (7).to_bytes(8, "big")
    assert (HEADER_SIZE, SALT_AND_COMMITMENT, TAG_SIZE) == (80, 24 + 32, 16)
    assert len(record) == 664


def test_the_first_64_bytes_never_change() -> None:
    expected = (
        "5053520101010000"
        "746865206c6f672773206f776e206964"
        "746865206b65792773206f776e206964"
        "7468652073747265616d277320696421"
        "0000000000000007"
    )
    assert sealed()[:64].hex() == expected


def test_a_control_record_is_in_clear_in_the_same_place() -> None:
    record = control(Kind.KEY, LOG, STREAM, 1, b"payload")
    assert record.hex() == (
        "5053520100410000"
        "746865206c6f672773206f776e206964"
        + "00" * 16
        + "7468652073747265616d277320696421"
        + "0000000000000001"
        + "00" * 16
        + b"payload".hex()
    )
    assert open_control(Kind.KEY, LOG, STREAM, 1, record) == b"payload"


@pytest.mark.parametrize("where", range(HEADER_SIZE))
def test_a_control_record_out_of_its_place_is_refused(where: int) -> None:
    record = bytearray(control(Kind.KEY, LOG, STREAM, 1, b"payload"))
    record[where] ^= 1
    with pytest.raises(Broken, match="E-BIND"):
        open_control(Kind.KEY, LOG, STREAM, 1, bytes(record))


def test_the_subkeys_never_change() -> None:
    """HKDF-Expand-SHA-512 with info "powiernik/1/" and the label (RFC 5869)."""
    assert derive(bytes(range(32)), "rec").hex() == DERIVED["rec"]
    assert derive(bytes(range(32)), "kcv").hex() == DERIVED["kcv"]
    assert KEY.check_value.hex() == DERIVED["kcv"][:32]


DERIVED = {
    "rec": "2fc069af8fa2a000ab64bb739a7f85d7062dd7f9313243687cc0aa833042fb94",
    "kcv": "7a3e801717f78e81daae6d53db484ec2d29c6af1e907ee09b8d3e7d8f11eb2a5",
}


# SPEC: the record that this program sealed on its first day opens for ever.
FIRST = (
    "5053520101010000746865206c6f672773206f776e206964746865206b65792773206f776e20696474686520"
    "73747265616d27732069642100000000000000072fe89789a12c927c923444d29b5ba6972eca0688b619dd79"
    "43a9c7677079f4b4db282c77b6a7345d0dc3e7a83af22d634fb73463c72f85562265bdc92a5ffbc7c8821ccd"
    "0950966239ee1216419bca96d713600907f9d052d6c6d02fa16f398468eedc3bfec320bbe0f20875dd4263ba"
    "adbff5277fc86dbe0cbfd31f73d90357457e1856dbfe3e4d4ac75771fe9615975790ba81513bcd42afc2e1cd"
    "16dd4a8f217eb99cf84afdf0b9e1630cbafd6f6d86369f486c24b30ed79a6d0acc579312fef28ebce3ef9b20"
    "0664d0a85c49295198c261e98d949cd7f81aefb4d3b31be9b08645902ee87597da3504e3751234859c4b9176"
    "ede9716d6f47ef2550d62719e4d4dd6ead46dfd263718fb503bba51bde362ccffaf11e5bd7f28f7170b8d5dd"
    "bae4764ede7a351eb3a4277de0f07f0f6198baad345bc3e585ec023b520e998e0ac6ec76a9ab2ca7f87d2875"
    "ac812cdc49e8af37db5b9aabb128f6bf64d9aa84c19e8660f741cbeeaa93cb906669d4ac9ed04fc130049dd9"
    "24dcf74976199f476b0287ee37c36813c1f65bcd7bc7b429c7808c1b1d7bd912ac1329ced0a82ee299f30cf4"
    "40235c23d49d8a3248a864189d03260ab0ad81092b071087c47734581043cb21ea9e45d77d229ad19591b320"
    "9d1cdf346b63138a9712830cdd08f4db2a94687ba85e44ec6fbeb8a5084ff4558582b51176dc9e47ab05184f"
    "10114c510558df6f050937a015dc960e3c7d0068aa049b08ccca48c0c90a162ce90b083f2d9cd7e6b2b65f0c"
    "d2ed466c5b80c54763eae9dd46f6c39c88f45e1f7ff2e09df6bea86f9bd65c726ff3441f58484f28b05894e4"
    "30392785"
)


def test_a_record_of_the_first_day_opens() -> None:
    assert opened(bytes.fromhex(FIRST)) == PAYLOAD


# Sizes


@pytest.mark.parametrize(
    ("size", "padded"),
    [
        (0, 512),
        (1, 512),
        (511, 512),
        (512, 512),
        (513, 544),
        (544, 544),
        (545, 576),
        (1000, 1024),
        (1024, 1024),
        (1025, 1088),
        (2049, 2176),
        (4000, 4096),
        (4097, 4352),
        (9001, 9216),
        (65_536, 65_536),
        (65_537, 67_584),
        (1_000_000, 1_015_808),
        (1_048_581, 1_081_344),
    ],
)
def test_sizes_are_padded_by_padme_over_a_floor(size: int, padded: int) -> None:
    assert padded_size(size) == padded


@given(size=st.integers(512, 2**24))
def test_padding_costs_at_most_an_eighth_and_is_settled(size: int) -> None:
    padded = padded_size(size)
    assert size <= padded <= size * 1.12
    assert padded_size(padded) == padded
    assert padded_size(size + 1) >= padded


@settings(max_examples=50)
@given(payload=st.binary(max_size=3000))
def test_any_payload_comes_back_as_it_was(payload: bytes) -> None:
    record = sealed(payload)
    assert opened(record) == payload
    assert len(record) == 152 + padded_size(5 + len(payload))


@pytest.mark.parametrize(
    "size", [0, 507, 508, CHUNK - 5, CHUNK - 4, CHUNK * 3, MOST_PAYLOAD - 1, MOST_PAYLOAD]
)
def test_payloads_at_the_edges_come_back_as_they_were(size: int) -> None:
    payload = os.urandom(size)
    record = sealed(payload)
    assert opened(record) == payload
    padded = padded_size(5 + size)
    assert len(record) == 152 + padded + 16 * (padded // CHUNK)


def test_a_payload_over_the_limit_is_not_sealed() -> None:
    with pytest.raises(Broken, match="E-LIMIT"):
        sealed(bytes(MOST_PAYLOAD + 1))


def test_a_record_over_the_limit_is_refused_before_it_is_opened() -> None:
    assert refused(sealed() + bytes(16 * 2**20)) == "E-LIMIT"


# Attacks of security.md 7: 1 to 6, 10 to 13, 15, 16, 18


def test_any_flipped_bit_is_refused() -> None:
    record = sealed()
    codes = set()
    for bit in range(len(record) * 8):
        altered = bytearray(record)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Broken) as caught:
            opened(bytes(altered))
        codes.add(caught.value.code)
    assert codes == {"E-PARSE", "E-BIND", "E-AEAD"}


ELSEWHERE: dict[str, dict[str, Any]] = {
    "another stream": {"stream_id": b"another stream's"},
    "another version": {"version": 8},
    "another log": {"log_id": b"another log's id"},
    "another key": {
        "key": SubjectKey(KeyPlace(b"another key's id", b"t" * 16, CLINICAL, 1), bytes(32))
    },
}


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_a_record_is_refused_in_any_other_place(elsewhere: str) -> None:
    record = sealed()
    assert refused(record, **ELSEWHERE[elsewhere]) == "E-BIND"
    # Nor does a header that says the other place help.
    header = sealed(**ELSEWHERE[elsewhere])[:64]
    assert refused(header + record[64:], **ELSEWHERE[elsewhere]) == "E-AEAD"


def test_a_record_commits_to_its_key() -> None:
    stranger = SubjectKey(PLACE, bytes(32))
    assert refused(sealed(), key=stranger) == "E-AEAD"


def test_a_record_of_another_kind_is_refused() -> None:
    assert refused(sealed(), kind=Kind.FIELD) == "E-PARSE"
    forged = bytearray(sealed())
    forged[5] = Kind.FIELD
    assert refused(bytes(forged)) == "E-PARSE"
    assert refused(bytes(forged), kind=Kind.FIELD) == "E-AEAD"


@pytest.mark.parametrize("suite", [0x00, 0x02, 0xFF])
def test_another_suite_is_refused(suite: int) -> None:
    forged = bytearray(sealed())
    forged[4] = suite
    assert refused(bytes(forged)) == "E-PARSE"


@pytest.mark.parametrize("size", [0, 1, 79, 80, 151, 152, 600, 663])
def test_a_truncated_record_is_refused(size: int) -> None:
    assert refused(sealed()[:size]) in {"E-PARSE", "E-AEAD"}


@pytest.mark.parametrize("more", [b"\0", b"\0" * 16, b"\0" * 664, b"x" * CHUNK])
def test_an_extended_record_is_refused(more: bytes) -> None:
    assert refused(sealed() + more) == "E-AEAD"
    long = sealed(bytes(CHUNK * 2))
    assert refused(long + more) == "E-AEAD"
    assert refused(long + long[-(CHUNK + 16) :]) == "E-AEAD"


def sealed_plain(plain: bytes) -> bytes:
    """A record as a holder of the key could make it, whatever its plaintext."""
    place = (LOG, PLACE.key_id, STREAM, 7)
    return envelope._encrypt(KEY.record, KEY.hedge, Kind.EVENT, place, plain)


def inner(size: int, *, form: int = 1) -> bytes:
    return bytes([form]) + size.to_bytes(4, "big")


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"\x01",
        inner(0)[:4],
        inner(0),
        inner(0).ljust(511, b"\0"),
        inner(0).ljust(513, b"\0"),
        inner(0).ljust(544, b"\0"),
        inner(508).ljust(512, b"\0"),
        inner(2**32 - 1).ljust(512, b"\0"),
        inner(0, form=0).ljust(512, b"\0"),
        inner(0, form=2).ljust(512, b"\0"),
        inner(0).ljust(511, b"\0") + b"\x01",
        (inner(3) + b"abcd").ljust(512, b"\0"),
    ],
)
def test_padding_that_is_not_ours_is_refused(plain: bytes) -> None:
    assert refused(sealed_plain(plain)) == "E-PARSE"


def test_two_seals_of_the_same_words_have_nothing_in_common() -> None:
    first, second = sealed(), sealed()
    assert first[:64] == second[:64]
    for span in (slice(64, 80), slice(80, 104), slice(104, 136), slice(136, 664)):
        assert first[span] != second[span]


def test_a_stuck_source_of_randomness_repeats_no_key_for_other_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The hedge: the context differs, and with it key, nonce and commitment (attack 16)."""
    monkeypatch.setattr("infrastructure.vault.envelope.os.urandom", bytes)
    first, second = sealed(b"one text"), sealed(b"another")
    assert first[64:80] != second[64:80]
    assert first[104:136] != second[104:136]
    assert first[136:] != second[136:]
    # What remains is that the same words in the same place are seen to be the same.
    assert sealed(b"one text")[64:80] == first[64:80]
    assert sealed(b"one text", version=8)[64:80] != first[64:80]
    assert opened(first) == b"one text"


# Sealed fields


def field(words: str = "słowa", **changes: Any) -> bytes:
    given_: dict[str, Any] = {
        "item_key": bytes(32),
        "item_id": ITEM,
        "log_id": LOG,
        "stream_id": STREAM,
        "version": 7,
        "number": 3,
        "words": words,
    }
    return seal_field(**{**given_, **changes})


@given(words=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_text_comes_back_as_it_was(words: str) -> None:
    found = field(words)
    assert open_field(bytes(32), {LOG}, found) == (3, words)
    assert len(found) == 152 + 1 + len(words.encode())
    assert envelope.field_place(found) == (ITEM, STREAM, 7)


def test_any_flipped_bit_of_a_text_is_refused() -> None:
    found = field()
    for bit in range(len(found) * 8):
        altered = bytearray(found)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Broken, match=r"E-(PARSE|BIND|AEAD)"):
            open_field(bytes(32), {LOG}, bytes(altered))


REFUSED_FIELDS: dict[str, Callable[[], tuple[bytes, set[bytes], bytes]]] = {
    "another key": lambda: (b"\1" * 32, {LOG}, field()),
    "another log": lambda: (bytes(32), {b"another log's id"}, field()),
    "nothing": lambda: (bytes(32), {LOG}, b""),
    "too short": lambda: (bytes(32), {LOG}, field()[:151]),
    "truncated": lambda: (bytes(32), {LOG}, field()[:-1]),
    "extended": lambda: (bytes(32), {LOG}, field() + b"x"),
    "an event": lambda: (bytes(32), {LOG}, sealed()),
}


@pytest.mark.parametrize("case", REFUSED_FIELDS)
def test_a_text_that_is_not_whole_in_its_place_is_refused(case: str) -> None:
    with pytest.raises(Broken):
        open_field(*REFUSED_FIELDS[case]())


@pytest.mark.parametrize("plain", [b"", b"\x03\xff\xfe"])
def test_a_text_without_words_is_our_own_error(plain: bytes) -> None:
    place = (LOG, ITEM, STREAM, 7)
    keys = derive(bytes(32), "field"), derive(bytes(32), "hedge")
    forged = envelope._encrypt(*keys, Kind.FIELD, place, plain)
    with pytest.raises(Broken, match="E-PARSE") as caught:
        open_field(bytes(32), {LOG}, forged)
    assert caught.value.__suppress_context__


def test_a_text_over_the_limit_is_not_sealed() -> None:
    with pytest.raises(Broken, match="E-LIMIT"):
        field("x" * MOST_PAYLOAD)


# Wrapped keys: security.md 1.2


def test_a_wrapped_key_is_bound_to_64_bytes_of_context() -> None:
    place = KeyPlace(b"k" * 16, b"t" * 16, CLINICAL, 2026)
    assert place.context(LOG, 3).hex() == (
        "5053570101010200" + LOG.hex() + b"t".hex() * 16 + b"k".hex() * 16 + "000007ea" + "00000003"
    )
    assert len(place.context(LOG, 3)) == 64
