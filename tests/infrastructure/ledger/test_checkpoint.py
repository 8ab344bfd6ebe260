"""Checkpoints: three lines, written in one way, and signed by whom the first names."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.checkpoint import Checkpoint, cosigned, signed
from infrastructure.ledger.errors import NoteRefused, SignatureRefused
from infrastructure.ledger.merkle import EMPTY_ROOT
from infrastructure.ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA_44,
    ED25519,
    Note,
    Signer,
    has_ml_dsa,
)

ORIGIN = "clinic.example/log"
ROOT = b64encode(b"R" * 32).decode()
CHECKPOINT = Checkpoint(ORIGIN, 1287, b"R" * 32)
LOG = Signer(ORIGIN, ED25519, b"\x01" * 32)
WITNESS = Signer("witness.example/w1", COSIGNATURE_ED25519, b"\x03" * 32)

origins = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufeff"),
    min_size=1,
    max_size=60,
)
roots = st.binary(min_size=32, max_size=32)
checkpoints = st.builds(Checkpoint, origins, st.integers(1, 2**63 - 1), roots) | st.builds(
    Checkpoint, origins, st.just(0), st.just(EMPTY_ROOT)
)


@given(checkpoints)
def test_a_checkpoint_survives_its_text(checkpoint: Checkpoint) -> None:
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


@given(st.text(alphabet="o0123456789\nAR= +", max_size=20).map(lambda text: f"o\n{text}{ROOT}\n"))
def test_what_is_read_is_written_back_alike(text: str) -> None:
    with suppress(NoteRefused):
        assert Checkpoint.parse(text).text() == text


def test_a_checkpoint_has_three_lines() -> None:
    assert CHECKPOINT.text() == f"{ORIGIN}\n1287\n{ROOT}\n"
    assert Checkpoint(ORIGIN, 0, EMPTY_ROOT).text().startswith(f"{ORIGIN}\n0\n47DEQpj8HBSa")


@pytest.mark.parametrize(
    "size",
    [
        "",
        "+5",
        "-5",
        "0700",
        "00",
        "1_0",
        " 5",
        "5 ",
        "5\r",
        "\u0665",
        "\uff15",
        "5.0",
        "0x5",
        str(2**63),
        "9" * 5000,
    ],
)
def test_a_size_that_is_written_otherwise_is_refused(size: str) -> None:
    with pytest.raises(NoteRefused):
        Checkpoint.parse(f"{ORIGIN}\n{size}\n{ROOT}\n")


@pytest.mark.parametrize(
    "root",
    [
        "",
        ROOT[:-1],
        ROOT + "=",
        ROOT[:-2] + "J=",
        ROOT.replace("U", "-", 1),
        f" {ROOT}",
        b64encode(b"R" * 31).decode(),
        b64encode(b"R" * 33).decode(),
        (b"R" * 32).hex(),
    ],
)
def test_a_root_that_is_no_hash_or_written_otherwise_is_refused(root: str) -> None:
    with pytest.raises(NoteRefused):
        Checkpoint.parse(f"{ORIGIN}\n5\n{root}\n")


@pytest.mark.parametrize(
    "origin", ["", "a\rb", "a\x00", "a\x85", "\ufefforigin", "\ud800", "é" * 128]
)
def test_an_origin_without_name_or_with_control_characters_is_refused(origin: str) -> None:
    with pytest.raises(NoteRefused):
        Checkpoint.parse(f"{origin}\n5\n{ROOT}\n")
    with pytest.raises(NoteRefused):
        Checkpoint(origin, 5, b"R" * 32)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n\n",
        f"{ORIGIN}\n5\n{ROOT}",
        f"{ORIGIN}\n5\n{ROOT}\n\n",
        f"{ORIGIN}\n5\n{ROOT}\nextension\n",
        f"{ORIGIN}\n5\n\n{ROOT}\n",
        f"\n{ORIGIN}\n5\n{ROOT}\n",
        f"{ORIGIN}\r\n5\r\n{ROOT}\r\n",
        f"{ORIGIN}\n{ROOT}\n",
    ],
)
def test_a_text_of_more_or_fewer_lines_is_refused(text: str) -> None:
    with pytest.raises(NoteRefused):
        Checkpoint.parse(text)


@pytest.mark.parametrize("origin", ["a\nb", "a\n5\nAAAA"])
def test_an_origin_of_two_lines_is_refused(origin: str) -> None:
    with pytest.raises(NoteRefused):
        Checkpoint(origin, 5, b"R" * 32)


@pytest.mark.parametrize(
    ("size", "root"), [(-1, b"R" * 32), (2**63, b"R" * 32), (5, b""), (5, b"R" * 33)]
)
def test_a_size_or_root_out_of_bounds_is_refused(size: int, root: bytes) -> None:
    with pytest.raises(NoteRefused):
        Checkpoint(ORIGIN, size, root)


def test_the_empty_tree_has_no_other_root() -> None:
    with pytest.raises(NoteRefused, match="empty"):
        Checkpoint(ORIGIN, 0, b"R" * 32)


def test_a_log_signs_its_checkpoint() -> None:
    note = signed(CHECKPOINT, LOG)
    assert Checkpoint.parse(Note.parse(note.encode()).text) == CHECKPOINT
    assert note.verify([LOG.verifier]) == {LOG.verifier: None}


def test_while_a_key_is_replaced_both_keys_sign() -> None:
    new = Signer.generate(ORIGIN, ED25519)
    note = signed(CHECKPOINT, LOG, new)
    assert list(note.verify([new.verifier, LOG.verifier])) == [LOG.verifier, new.verifier]


def test_a_key_of_another_name_or_kind_does_not_sign_for_a_log() -> None:
    for signer in (
        Signer.generate("other.example/log", ED25519),
        Signer.generate(ORIGIN, COSIGNATURE_ED25519),
    ):
        with pytest.raises(SignatureRefused):
            signed(CHECKPOINT, signer)
    with pytest.raises(NoteRefused):
        signed(CHECKPOINT)


def test_a_witness_cosigns_a_checkpoint_and_its_note_alike() -> None:
    note = signed(CHECKPOINT, LOG)
    line = cosigned(note, WITNESS, 1_700_000_000)
    assert line == cosigned(CHECKPOINT, WITNESS, 1_700_000_000)
    verified = note.with_signatures(line).verify([LOG.verifier, WITNESS.verifier])
    assert verified == {LOG.verifier: None, WITNESS.verifier: 1_700_000_000}


@pytest.mark.skipif(not has_ml_dsa(), reason="this build has no ML-DSA")
def test_a_note_with_three_kinds_of_signature_is_as_large_as_was_measured() -> None:
    quantum = Signer("witness.example/pq", COSIGNATURE_ML_DSA_44, b"\x04" * 32)
    note = signed(CHECKPOINT, LOG).with_signatures(
        cosigned(CHECKPOINT, WITNESS, 1), cosigned(CHECKPOINT, quantum, 2)
    )
    assert 3500 < len(note.encode()) < 3700
    assert list(note.verify([quantum.verifier]).values()) == [2]


def test_a_log_does_not_cosign_and_nobody_cosigns_what_is_no_checkpoint() -> None:
    with pytest.raises(SignatureRefused):
        cosigned(CHECKPOINT, LOG, 1)
    with pytest.raises(NoteRefused):
        cosigned(Note("hello\n", (LOG.sign(b"hello\n"),)), WITNESS, 1)
