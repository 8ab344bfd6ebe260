"""Signed notes: one way to write each, and no signature that counts by mistake."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha512
from time import perf_counter
from typing import NoReturn

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from hypothesis import given, strategies as st

from infrastructure.ledger.errors import KeyRefused, NoteRefused, SignatureRefused
from infrastructure.ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA_44,
    ED25519,
    MAX_SIGNATURES,
    Note,
    SignatureLine,
    Signer,
    Verifier,
    has_ml_dsa,
    parse_signature_lines,
    read_base64,
    read_decimal,
)

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
SIGN = 1 << 255
SIZES = {ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_ML_DSA_44: 1312}

LOG = Signer("clinic.example/log", ED25519, b"\x01" * 32)
OTHER = Signer("other.example/log", ED25519, b"\x02" * 32)
WITNESS = Signer("witness.example/w1", COSIGNATURE_ED25519, b"\x03" * 32)
TEXT = f"clinic.example/log\n7\n{b64encode(b'R' * 32).decode()}\n"
NOTE = Note(TEXT, (LOG.sign(TEXT.encode()), WITNESS.sign(TEXT.encode(), 1_700_000_000)))

needs_ml_dsa = pytest.mark.skipif(not has_ml_dsa(), reason="this build has no ML-DSA")

names = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"], exclude_characters="+\ufeff"
    ),
    min_size=1,
    max_size=40,
)
texts = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=["Cc"],
        include_characters="\n",
        exclude_characters="\ufeff",
    ),
    max_size=80,
).map(lambda text: text + "\n")
lines = st.builds(
    SignatureLine, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=90)
)
notes = st.builds(Note, texts, st.lists(lines, min_size=1, max_size=4).map(tuple))


@pytest.fixture
def without_ml_dsa(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A build of `cryptography` that has the module and not the algorithm."""

    def refuse(data: bytes) -> NoReturn:
        raise UnsupportedAlgorithm("ML-DSA-44 is not supported by this backend.")

    has_ml_dsa.cache_clear()
    monkeypatch.setattr(MLDSA44PrivateKey, "from_seed_bytes", refuse)
    monkeypatch.setattr(MLDSA44PublicKey, "from_public_bytes", refuse)
    yield
    has_ml_dsa.cache_clear()


def flipped(data: bytes, bit: int) -> bytes:
    bit %= len(data) * 8
    return (int.from_bytes(data, "big") ^ (1 << bit)).to_bytes(len(data), "big")


@given(notes)
def test_a_note_survives_its_bytes(note: Note) -> None:
    assert Note.parse(note.encode()) == note


@given(st.binary(max_size=200) | st.text(alphabet="a\n— =A+", max_size=60).map(str.encode))
def test_what_is_read_is_written_back_alike(data: bytes) -> None:
    with suppress(NoteRefused):
        assert Note.parse(data).encode() == data


@given(notes, st.integers(0, 2**32))
def test_any_flipped_bit_of_a_note_is_refused_or_reads_otherwise(note: Note, bit: int) -> None:
    with suppress(NoteRefused):
        assert Note.parse(flipped(note.encode(), bit)) != note


@given(st.integers(0, len(NOTE.encode()) * 8 - 1))
def test_no_flipped_bit_leaves_another_text_under_a_signature(bit: int) -> None:
    with suppress(NoteRefused, SignatureRefused):
        note = Note.parse(flipped(NOTE.encode(), bit))
        note.verify([LOG.verifier, WITNESS.verifier])
        assert note.text == TEXT


def test_known_keys_are_verified_and_tell_the_times_of_their_cosignatures() -> None:
    verified = NOTE.verify([WITNESS.verifier, OTHER.verifier, LOG.verifier])
    assert verified == {LOG.verifier: None, WITNESS.verifier: 1_700_000_000}


def test_a_note_with_no_line_of_a_known_key_is_refused() -> None:
    with pytest.raises(SignatureRefused):
        NOTE.verify([OTHER.verifier])


def test_a_line_of_an_unknown_key_is_ignored_even_under_a_known_name_or_id() -> None:
    namesake = SignatureLine(LOG.name, b"\x00" * 4, b"nonsense")
    same_id = SignatureLine("another.example", LOG.verifier.key_id, b"nonsense")
    note = NOTE.with_signatures(namesake, same_id)
    assert note.verify([LOG.verifier]) == {LOG.verifier: None}


def test_a_known_key_that_does_not_verify_refuses_the_whole_note() -> None:
    spoilt = SignatureLine(WITNESS.name, WITNESS.verifier.key_id, bytes(72))
    note = Note(TEXT, (NOTE.signatures[0], spoilt))
    assert note.verify([LOG.verifier]) == {LOG.verifier: None}
    with pytest.raises(SignatureRefused):
        note.verify([LOG.verifier, WITNESS.verifier])


def test_two_lines_of_one_known_key_are_refused_and_of_an_unknown_one_ignored() -> None:
    again = WITNESS.sign(TEXT.encode(), 1_700_000_001)
    note = Note(TEXT, (*NOTE.signatures, again))
    assert note.verify([LOG.verifier]) == {LOG.verifier: None}
    with pytest.raises(SignatureRefused, match="one signature"):
        note.verify([LOG.verifier, WITNESS.verifier])


def test_two_keys_with_one_name_and_one_id_are_refused() -> None:
    # A hundred thousand tries found these two; the id is short and proves nothing.
    one, other = (
        Verifier("w.example", COSIGNATURE_ML_DSA_44, number.to_bytes(4, "big") + bytes(1308))
        for number in (99382, 104616)
    )
    assert one.key_id == other.key_id
    with pytest.raises(KeyRefused, match="no two"):
        NOTE.verify([LOG.verifier, one, other])


def test_a_new_line_of_a_key_takes_the_place_of_its_old_one() -> None:
    later = WITNESS.sign(TEXT.encode(), 1_700_000_009)
    note = NOTE.with_signatures(later)
    assert note.signatures == (NOTE.signatures[0], later)
    assert note.verify([WITNESS.verifier]) == {WITNESS.verifier: 1_700_000_009}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"\n", b"\r\n", id="CRLF"),
        pytest.param(b"clinic", b"\xef\xbb\xbfclinic", id="BOM"),
        pytest.param(b"clinic", b"clinic\x00", id="NUL"),
        pytest.param(b"clinic", b"clinic\t", id="tab"),
        pytest.param(b"clinic", b"clinic\x7f", id="DEL"),
        pytest.param(b"clinic", "clinic\x85".encode(), id="next line"),
        pytest.param(b"clinic", b"clin\xffic", id="not UTF-8"),
        pytest.param(b"clinic", b"clin\xed\xa0\x80ic", id="surrogate"),
        pytest.param("— ".encode(), "– ".encode(), id="en dash"),
        pytest.param("— ".encode(), "― ".encode(), id="horizontal bar"),
        pytest.param("— ".encode(), b"- ", id="hyphen"),
        pytest.param("— ".encode(), "—\u00a0".encode(), id="no-break space"),
        pytest.param("— ".encode(), "—".encode(), id="no space"),
        pytest.param("— ".encode(), "—  ".encode(), id="two spaces"),
        pytest.param("— ".encode(), " — ".encode(), id="space first"),
        pytest.param(b"witness.example/", b"witness+example/", id="plus in a name"),
        pytest.param(b"witness.example/", "witness\u2003example/".encode(), id="wide space"),
        pytest.param(b"\n\n", b"\n", id="no blank line"),
    ],
)
def test_a_note_that_is_written_otherwise_is_refused(old: bytes, new: bytes) -> None:
    data = NOTE.encode().replace(old, new)
    assert data != NOTE.encode()
    with pytest.raises(NoteRefused):
        Note.parse(data)


@pytest.mark.parametrize(
    "tail",
    [
        "\n",
        "stray\n",
        "— name\n",
        "— name \n",
        "— name AAAA\n",
        "— name AAAAAAA\n",
        "— name AAAAAB\n",
        "— name AAAAA===\n",
        "— name AAAAAA-_\n",
        "— name AAAAAAA= \n",
        "— name AAAA AAAA\n",
        "— name AAAAAAA=",
        "— name AAAAAAA=\n\n",
        "—  AAAAAAA=\n",
    ],
)
def test_a_note_with_a_stray_line_among_its_signatures_is_refused(tail: str) -> None:
    with pytest.raises(NoteRefused):
        Note.parse(NOTE.encode() + tail.encode())


@pytest.mark.parametrize("data", [b"", b"\n", b"\n\n", b"a\n", b"a\n\n", "— a AAAAAAA=\n".encode()])
def test_a_note_without_text_or_signatures_is_refused(data: bytes) -> None:
    with pytest.raises(NoteRefused):
        Note.parse(data)


def test_the_last_blank_line_divides_text_from_signatures() -> None:
    note = Note("one\n\ntwo\n\n", NOTE.signatures)
    assert Note.parse(note.encode()) == note


def test_unused_bits_before_the_padding_are_refused() -> None:
    line = NOTE.encode().decode().splitlines()[-2]
    assert line.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = line[:-2] + alphabet[alphabet.index(line[-2]) + 1] + "="
    assert b64decode(line.split()[-1]) == b64decode(twin.split()[-1])
    with pytest.raises(NoteRefused, match="canonical"):
        Note.parse(NOTE.encode().replace(line.encode(), twin.encode()))


def test_a_hundred_thousand_lines_are_refused_at_once() -> None:
    long_lines = NOTE.encode() + b"".join([NOTE.signatures[0].encode()] * 100_000)
    short_lines = NOTE.encode() + "— a AAAAAAA=\n".encode() * 15_000
    dense = b"a" + b"\n" * (256 * 1024 - 1)
    begun = perf_counter()
    for data in (long_lines, short_lines, dense):
        with pytest.raises(NoteRefused):
            Note.parse(data)
    assert perf_counter() - begun < 0.5


def test_a_note_has_at_most_64_signatures_and_256_kibibytes() -> None:
    line = NOTE.signatures[0]
    full = Note(TEXT, tuple(SignatureLine(f"n{n}", line.key_id, b"x") for n in range(64)))
    assert Note.parse(full.encode()) == full
    with pytest.raises(NoteRefused, match=f"1 to {MAX_SIGNATURES}"):
        full.with_signatures(line)
    with pytest.raises(NoteRefused, match="bytes"):
        Note("a" * 256 * 1024 + "\n", (line,))
    with pytest.raises(NoteRefused, match="UTF-8"):
        Note("\ud800\n", (line,))


def test_signature_lines_are_read_on_their_own_as_a_witness_sends_them() -> None:
    block = b"".join(line.encode() for line in NOTE.signatures)
    assert parse_signature_lines(block) == NOTE.signatures
    for bad in (b"", b"\n", block[:-1], block + b"\n", NOTE.encode(), block * 40):
        with pytest.raises(NoteRefused):
            parse_signature_lines(bad)


@given(st.binary(max_size=40))
def test_base64_is_read_in_one_way_only(data: bytes) -> None:
    assert read_base64(b64encode(data).decode()) == data


@pytest.mark.parametrize("text", ["AA", "AA=", "AB==", "AAB=", "A A=", "AA==\n", "_-==", "ĄA=="])
def test_base64_that_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(NoteRefused):
        read_base64(text)


@given(st.integers(0, 2**63 - 1))
def test_numbers_are_read_as_they_are_written(number: int) -> None:
    assert read_decimal(str(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+5",
        "-1",
        "0700",
        "00",
        "1_0",
        " 1",
        "1 ",
        "1\n",
        "\u0665",
        "1e3",
        "0x1",
        str(2**63),
        "9" * 99,
    ],
)
def test_numbers_that_are_written_otherwise_are_refused(text: str) -> None:
    with pytest.raises(NoteRefused):
        read_decimal(text)


@given(names, st.sampled_from([ED25519, COSIGNATURE_ED25519]), st.binary(min_size=32, max_size=32))
def test_keys_survive_their_text(name: str, algorithm: int, seed: bytes) -> None:
    signer = Signer(name, algorithm, seed)
    again = Signer.decode(signer.encode())
    assert again.verifier == signer.verifier == Verifier.parse(signer.verifier.vkey())
    assert again.encode() == signer.encode()


@needs_ml_dsa
def test_an_ml_dsa_key_survives_its_text() -> None:
    signer = Signer.generate("witness.example/pq", COSIGNATURE_ML_DSA_44)
    again = Signer.decode(signer.encode() + "\n")
    assert Verifier.parse(signer.verifier.vkey()) == again.verifier
    line = again.sign(TEXT.encode(), 5)
    assert signer.verifier.verify(TEXT.encode(), line.blob) == 5


def test_a_key_of_the_reference_implementation_has_the_same_text_with_us() -> None:
    # Source: the documentation of Go's golang.org/x/mod/sumdb/note.
    skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    signer = Signer.decode(skey)
    assert signer.encode() == skey
    expected = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert signer.verifier.vkey() == expected


def test_the_example_of_the_specification_verifies() -> None:
    # Source: C2SP signed-note, verifier keys.
    vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    signature = (
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
        "OBH3mFXmRKuwHjG1Yu72IneyaQM="
    )
    text = "This is an example message.\n"
    note = Note.parse(f"{text}\n— example.com/foo {signature}\n".encode())
    assert note.text == text
    verifier = Verifier.parse(vkey)
    assert verifier.vkey() == vkey
    assert note.verify([verifier]) == {verifier: None}


@pytest.mark.parametrize("signer", [LOG, WITNESS])
def test_every_piece_and_every_change_of_a_key_is_refused(signer: Signer) -> None:
    for text, parse in (
        (signer.verifier.vkey(), Verifier.parse),
        (signer.encode(), Signer.decode),
    ):
        pieces = [text[:end] for end in range(len(text))]
        pieces += [text[start:] for start in range(1, len(text))]
        changed = [
            text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
            for place in range(len(text))
        ]
        for bad in [*pieces, *changed, f" {text}", f"{text} ", f"{text}\n\n", text.upper()]:
            with pytest.raises(KeyRefused):
                parse(bad)


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x00", "\ud800", "a" * 256]
)
def test_a_key_without_a_proper_name_is_refused(name: str) -> None:
    with pytest.raises(KeyRefused):
        Verifier(name, ED25519, LOG.verifier.public)


@pytest.mark.parametrize("algorithm", [-1, 0, 2, 3, 5, 7, 0xFF, 0x101])
def test_a_key_of_another_algorithm_is_refused(algorithm: int) -> None:
    with pytest.raises(KeyRefused):
        Verifier("w", algorithm, LOG.verifier.public)
    with pytest.raises(KeyRefused):
        Signer("w", algorithm, bytes(32))


@pytest.mark.parametrize("algorithm", SIZES)
@pytest.mark.parametrize("more", [-1, 1])
def test_a_key_of_another_length_is_refused(algorithm: int, more: int) -> None:
    with pytest.raises(KeyRefused):
        Verifier("w", algorithm, bytes(SIZES[algorithm] + more))
    with pytest.raises(KeyRefused):
        Signer("w", algorithm, bytes(32 + more))


def test_a_key_of_endless_text_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(KeyRefused, match="name, key id and key"):
        Verifier.parse("a+00000000+" + "A" * 10_000_000)


@pytest.mark.parametrize("algorithm", [ED25519, COSIGNATURE_ED25519])
@pytest.mark.parametrize(
    "y",
    [
        pytest.param(1, id="neutral"),
        pytest.param(PRIME - 1, id="order 2"),
        pytest.param(0, id="order 4"),
        pytest.param(
            int.from_bytes(
                bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
                "little",
            ),
            id="order 8",
        ),
        pytest.param(
            int.from_bytes(
                bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
                "little",
            ),
            id="order 8, the other",
        ),
        pytest.param(PRIME, id="order 4, written otherwise"),
        pytest.param(PRIME + 1, id="neutral, written otherwise"),
        pytest.param(2, id="no point"),
    ],
)
@pytest.mark.parametrize("sign", [0, SIGN])
def test_a_key_that_is_no_point_or_of_low_order_is_refused(
    algorithm: int, y: int, sign: int
) -> None:
    with pytest.raises(KeyRefused):
        Verifier("w", algorithm, (y | sign).to_bytes(32, "little"))


@pytest.mark.parametrize("sign", [0, SIGN])
def test_every_second_encoding_of_a_point_is_refused(sign: int) -> None:
    for y in range(19):
        with pytest.raises(KeyRefused, match="second encoding"):
            Verifier("w", ED25519, (y + PRIME | sign).to_bytes(32, "little"))


def test_a_second_key_of_the_same_secret_is_refused() -> None:
    """The library verifies under a key to which the point of order 2 was added; we refuse it."""
    seed = b"\x05" * 32
    honest = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    encoded = int.from_bytes(honest, "little")
    # Adding (0, -1) turns (x, y) into (-x, -y).
    y, sign = encoded & ~SIGN, encoded & SIGN
    shifted = ((PRIME - y) | (sign ^ SIGN)).to_bytes(32, "little")
    for attempt in range(64):
        nonce = bytes([attempt]) * 32
        point = Ed25519PrivateKey.from_private_bytes(nonce).public_key().public_bytes_raw()
        hashed = int.from_bytes(sha512(point + shifted + TEXT.encode()).digest(), "little") % ORDER
        if hashed % 2:
            continue
        scalar = (scalar_of(nonce) + hashed * scalar_of(seed)) % ORDER
        signature = point + scalar.to_bytes(32, "little")
        Ed25519PublicKey.from_public_bytes(shifted).verify(signature, TEXT.encode())
        break
    else:
        pytest.fail("no even hash among 64")
    assert Verifier("w", ED25519, honest).public == honest
    with pytest.raises(KeyRefused, match="prime order"):
        Verifier("w", ED25519, shifted)


def scalar_of(seed: bytes) -> int:
    """The secret scalar of a seed (RFC 8032, section 5.1.5)."""
    half = int.from_bytes(sha512(seed).digest()[:32], "little")
    return half & ((1 << 254) - 8) | (1 << 254)


def test_a_cosignature_is_no_signature_and_neither_is_the_other() -> None:
    plain = Signer("same.example", ED25519, b"\x07" * 32)
    timed = Signer("same.example", COSIGNATURE_ED25519, b"\x07" * 32)
    assert plain.verifier.public == timed.verifier.public
    assert plain.verifier.key_id != timed.verifier.key_id
    text = TEXT.encode()
    for verifier, line in (
        (plain.verifier, timed.sign(text, 9)),
        (timed.verifier, plain.sign(text)),
    ):
        with pytest.raises(SignatureRefused):
            verifier.verify(text, line.blob)
        with pytest.raises(SignatureRefused):
            verifier.verify(text, line.blob[8:])
        with pytest.raises(SignatureRefused):
            verifier.verify(text, bytes(8) + line.blob)


@pytest.mark.parametrize("algorithm", [COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44])
def test_a_cosignature_binds_text_and_time(algorithm: int) -> None:
    if algorithm == COSIGNATURE_ML_DSA_44 and not has_ml_dsa():
        pytest.skip("this build has no ML-DSA")
    signer = Signer("witness.example/w", algorithm, b"\x09" * 32)
    blob = signer.sign(TEXT.encode(), 2**63 - 1).blob
    assert signer.verifier.verify(TEXT.encode(), blob) == 2**63 - 1
    for time in (b"", bytes(8), b"\xff" * 8, b"\x80" + bytes(7), blob[:7]):
        with pytest.raises(SignatureRefused):
            signer.verifier.verify(TEXT.encode(), time + blob[8:])
    for text in (
        TEXT.replace("7", "8", 1),
        TEXT.replace("clinic", "clinia"),
        TEXT + "more\n",
        "x\n",
    ):
        with pytest.raises(SignatureRefused):
            signer.verifier.verify(text.encode(), blob)
    for short in (b"", blob[:8], blob[:-1], blob + b"\x00"):
        with pytest.raises(SignatureRefused):
            signer.verifier.verify(TEXT.encode(), short)


@needs_ml_dsa
def test_an_ml_dsa_cosignature_signs_the_structure_of_the_specification() -> None:
    signer = Signer("w.example", COSIGNATURE_ML_DSA_44, b"\x0a" * 32)
    blob = signer.sign(TEXT.encode(), 1679315147).blob
    time, start, end = (number.to_bytes(8, "big") for number in (1679315147, 0, 7))
    named = b"subtree/v1\n\x00\x09w.example"
    message = named + time + b"\x12clinic.example/log" + start + end + b"R" * 32
    key = MLDSA44PublicKey.from_public_bytes(signer.verifier.public)
    key.verify(blob[8:], message)
    assert blob[:8] == time


@needs_ml_dsa
def test_an_ml_dsa_key_signs_nothing_but_checkpoints() -> None:
    signer = Signer("w.example", COSIGNATURE_ML_DSA_44, b"\x0a" * 32)
    for text in (b"x\n", TEXT.encode() + b"extension\n", b"\xff\n", TEXT.encode()[:-1]):
        with pytest.raises(SignatureRefused):
            signer.sign(text, 1)


def test_an_ed25519_cosignature_signs_the_lines_of_the_specification() -> None:
    blob = WITNESS.sign(TEXT.encode(), 1679315147).blob
    key = Ed25519PublicKey.from_public_bytes(WITNESS.verifier.public)
    key.verify(blob[8:], b"cosignature/v1\ntime 1679315147\n" + TEXT.encode())


@pytest.mark.parametrize("time_s", [None, -1, 2**63])
def test_a_cosignature_without_a_proper_time_is_not_made(time_s: int | None) -> None:
    with pytest.raises(SignatureRefused):
        WITNESS.sign(TEXT.encode(), time_s)


def test_a_signature_of_a_log_states_no_time() -> None:
    with pytest.raises(SignatureRefused):
        LOG.sign(TEXT.encode(), 1)


def test_a_secret_never_shows() -> None:
    seed = b"\x0b" * 32
    signer = Signer("clinic.example/log", ED25519, seed)
    assert (
        repr(signer) == str(signer) == f"<Signer clinic.example/log+{signer.verifier.key_id.hex()}>"
    )
    spoilt = signer.encode().replace("clinic", "clinia")
    with pytest.raises(KeyRefused) as refused:
        Signer.decode(spoilt)
    secret = b64encode(b"\x01" + seed).decode()
    assert secret in spoilt
    assert secret not in f"{refused.value!r} {refused.value.__cause__!r}"


@pytest.mark.usefixtures("without_ml_dsa")
def test_without_ml_dsa_its_keys_are_read_and_count_as_unknown() -> None:
    assert has_ml_dsa() is False
    verifier = Verifier("w.example", COSIGNATURE_ML_DSA_44, bytes(1312))
    assert Verifier.parse(verifier.vkey()) == verifier
    assert not verifier.usable
    with pytest.raises(SignatureRefused, match="ML-DSA"):
        verifier.verify(TEXT.encode(), bytes(8 + 2420))
    line = SignatureLine(verifier.name, verifier.key_id, bytes(8 + 2420))
    assert NOTE.with_signatures(line).verify([LOG.verifier, verifier]) == {LOG.verifier: None}
    with pytest.raises(KeyRefused, match="ML-DSA"):
        Signer.generate("w.example", COSIGNATURE_ML_DSA_44)
