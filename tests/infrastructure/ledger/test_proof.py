"""A proof in one file: read only as it would be written, and believed only under a policy."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.errors import (
    LedgerError,
    NoteRefused,
    ProofRefused,
    ProofUnreadable,
    QuorumMissing,
    SignatureRefused,
)
from infrastructure.ledger.merkle import CompactRange, inclusion_proof, leaf_hash
from infrastructure.ledger.note import ED25519, Signer
from infrastructure.ledger.proof import MAX_HASHES, MAX_PROOF_SIZE, TlogProof
from infrastructure.ledger.trust import Trust

ORIGIN = "clinic.example/log"
LEAVES = tuple(leaf_hash(str(number).encode()) for number in range(300))
SIGNER = Signer.generate(ORIGIN, ED25519)
TRUST = Trust.parse(f"log {SIGNER.verifier.vkey()}\nquorum none\n".encode())


def root_at(size: int) -> bytes:
    tree = CompactRange()
    tree.extend(LEAVES[:size])
    return tree.root()


def proof_of(index: int, size: int) -> TlogProof:
    note = signed(Checkpoint(ORIGIN, size, root_at(size)), SIGNER).encode()
    return TlogProof(index, inclusion_proof(LEAVES, index, size), note, str(index).encode())


@st.composite
def proofs(draw: st.DrawFn) -> TlogProof:
    return TlogProof(
        draw(st.integers(0, 2**63 - 1)),
        tuple(draw(st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_HASHES))),
        draw(st.binary(min_size=1, max_size=600).filter(lambda data: b"\r" not in data)),
        draw(st.none() | st.binary(min_size=1, max_size=300)),
    )


@given(proofs())
def test_a_proof_is_read_as_it_was_written(proof: TlogProof) -> None:
    assert TlogProof.parse(proof.encode()) == proof


@given(st.integers(1, 300), st.integers(0))
def test_a_proof_verifies_for_its_leaf_under_its_log(size: int, index: int) -> None:
    index %= size
    proof = TlogProof.parse(proof_of(index, size).encode())
    assert proof.verify(leaf_hash(proof.extra or b""), TRUST).checkpoint.size == size
    proof.check(LEAVES[index], size, root_at(size))


@given(st.integers(1, 300), st.integers(0), st.integers(0), st.integers(0, 7))
def test_a_proof_with_a_flipped_bit_is_refused_or_shows_the_same(
    size: int, index: int, place: int, bit: int
) -> None:
    proof = proof_of(index % size, size)
    data = bytearray(proof.encode())
    data[place % len(data)] ^= 1 << bit
    try:
        altered = TlogProof.parse(bytes(data))
        altered.verify(LEAVES[index % size], TRUST)
    except LedgerError:
        return
    # Nothing authenticates the extra data, nor what a note says of keys that are unknown.
    assert (altered.index, altered.hashes) == (proof.index, proof.hashes)
    assert altered.checkpoint == proof.checkpoint
    assert altered.extra != proof.extra


def test_a_flipped_bit_in_extra_data_shows_in_the_hash_of_the_entry() -> None:
    proof = proof_of(3, 5)
    altered = TlogProof.parse(proof.encode().replace(b64encode(b"3"), b64encode(b"4")))
    assert altered.extra == b"4"
    with pytest.raises(ProofRefused):
        altered.verify(leaf_hash(altered.extra), TRUST)


def test_a_proof_of_another_leaf_or_tree_is_refused() -> None:
    proof = proof_of(3, 5)
    with pytest.raises(ProofRefused, match="root at size"):
        proof.verify(LEAVES[4], TRUST)
    with pytest.raises(ProofRefused):
        proof.check(LEAVES[3], 6, root_at(6))


def test_a_proof_under_an_unknown_log_or_without_witnesses_is_refused() -> None:
    proof = proof_of(3, 5)
    other = Signer.generate(ORIGIN, ED25519)
    unknown = Trust.parse(f"log {other.verifier.vkey()}\nquorum none\n".encode())
    with pytest.raises(SignatureRefused):
        proof.verify(LEAVES[3], unknown)
    witness = Signer.generate("w.example", 4)
    lines = (
        f"log {SIGNER.verifier.vkey()}",
        f"witness w {witness.verifier.vkey()}",
        "quorum w",
    )
    with pytest.raises(QuorumMissing):
        proof.verify(LEAVES[3], Trust.parse(("\n".join(lines) + "\n").encode()))
    with pytest.raises(NoteRefused):
        TlogProof(3, proof.hashes, b"no note").verify(LEAVES[3], TRUST)


HASH = b64encode(bytes(32)).decode()
GOOD = f"c2sp.org/tlog-proof@v1\nextra YWJj\nindex 7\n{HASH}\n{HASH}\n\nnote\n"


def test_the_form_is_that_of_the_specification() -> None:
    proof = TlogProof(7, (bytes(32), bytes(32)), b"note\n", b"abc")
    assert proof.encode() == GOOD.encode()
    assert TlogProof(0, (), b"note").encode() == b"c2sp.org/tlog-proof@v1\nindex 0\n\nnote"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("c2sp.org/tlog-proof@v1\n", ""),
        ("c2sp.org", "\ufeffc2sp.org"),
        ("c2sp.org", "\nc2sp.org"),
        ("extra YWJj\n", "extra\n"),
        ("extra YWJj\n", "extra \n"),
        ("extra YWJj\n", "extra YWJj\nextra YWJj\n"),
        ("extra YWJj\n", "note YWJj\n"),
        ("extra YWJj\n", "\n"),
        ("YWJj", "YWJj "),
        ("YWJj", "YW Jj"),
        ("YWJj", "YWI"),
        ("YWJj", "YWJ="),
        ("YWJj", "YR=="),
        ("YWJj", "YW-_"),
        ("index 7\n", ""),
        ("index 7", "Index 7"),
        ("index 7", "index  7"),
        ("index 7", "index 07"),
        ("index 7", "index +7"),
        ("index 7", "index -7"),
        ("index 7", "index 7 "),
        ("index 7", "index 1_0"),
        ("index 7", "index \u0667"),
        ("index 7", "index "),
        ("index 7", "index 9223372036854775808"),
        ("index 7", "index " + "9" * 5000),
        ("index 7\n", "index 7\nindex 7\n"),
        (HASH, HASH[:-1]),
        (HASH, HASH + " "),
        (HASH, HASH[:-2] + "B="),
        (HASH, b64encode(bytes(31)).decode()),
        (HASH, b64encode(bytes(33)).decode()),
        (HASH + "\n", (HASH + "\n") * 32),
        ("\n\nnote\n", ""),
        ("\n\nnote\n", "\n"),
        ("\n\nnote\n", "\n\n"),
        ("\n\nnote\n", "\nnote\n"),
        ("note\n", "note\r\n"),
        ("\n", "\r\n"),
        ("note\n", "n" * (256 * 1024 + 1)),
    ],
)
def test_a_text_in_any_other_form_is_refused(old: str, new: str) -> None:
    TlogProof.parse(GOOD.encode())
    altered = GOOD.replace(old, new)
    assert altered != GOOD
    with pytest.raises(ProofUnreadable) as refused:
        TlogProof.parse(altered.encode())
    assert refused.value.code == "E-PARSE"


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    for each in (data, GOOD.encode()[:40] + data, data + GOOD.encode()):
        try:
            read = TlogProof.parse(each)
        except ProofUnreadable:
            continue
        assert read.encode() == each


@pytest.mark.parametrize(
    ("index", "hashes", "checkpoint", "extra"),
    [
        (-1, (), b"note", None),
        (2**63, (), b"note", None),
        (0, (bytes(31),), b"note", None),
        (0, (bytes(32),) * 64, b"note", None),
        (0, (), b"", None),
        (0, (), b"no\rte", None),
        (0, (), bytes(256 * 1024 + 1), None),
        (0, (), b"note", b""),
        (0, (), b"note", bytes(MAX_PROOF_SIZE)),
    ],
)
def test_no_proof_is_made_that_could_not_be_read(
    index: int, hashes: tuple[bytes, ...], checkpoint: bytes, extra: bytes | None
) -> None:
    with pytest.raises(ProofUnreadable):
        TlogProof(index, hashes, checkpoint, extra)


def test_a_text_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(ProofUnreadable, match=re.escape(f"at most {MAX_PROOF_SIZE} bytes")):
        TlogProof.parse(b"\n" * (MAX_PROOF_SIZE + 1))
    longest = TlogProof(0, (), bytes(256 * 1024), bytes(3 * 60_000))
    assert TlogProof.parse(longest.encode()) == longest
