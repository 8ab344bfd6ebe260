"""Append receipts: signed by the clinic, for one place of one log, and for nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.errors import LedgerError, NoteRefused
from infrastructure.ledger.note import ED25519, Note, Signer
from infrastructure.ledger.receipt import AppendReceipt, receipt_signer

SIGNER = receipt_signer("clinic.example/log/1", bytes(range(32)))
RECEIPT = AppendReceipt("clinic.example/log/1", 7, bytes(range(32)), 1_790_000_000_000)


def refused(data: bytes) -> str:
    with pytest.raises(LedgerError) as caught:
        AppendReceipt.verified(data, SIGNER.verifier)
    return str(caught.value)


@given(
    position=st.integers(0, 2**63 - 1),
    leaf=st.binary(min_size=32, max_size=32),
    time_ms=st.integers(0, 2**63 - 1),
)
def test_a_receipt_says_what_was_signed(position: int, leaf: bytes, time_ms: int) -> None:
    receipt = AppendReceipt("clinic.example/log/1", position, leaf, time_ms)
    data = receipt.signed(SIGNER).encode()
    assert AppendReceipt.verified(data, SIGNER.verifier) == receipt


def test_no_flipped_bit_of_a_receipt_is_let_pass() -> None:
    data = RECEIPT.signed(SIGNER).encode()
    for bit in range(8 * len(data)):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        assert refused(bytes(altered))


def test_a_receipt_of_another_log_is_refused() -> None:
    other = receipt_signer("other.example/log", bytes(range(32)))
    data = AppendReceipt("other.example/log", 7, RECEIPT.leaf, 1).signed(other).encode()
    assert "found none" in refused(data)


def test_a_key_vouches_for_its_own_log_alone() -> None:
    data = AppendReceipt("other.example/log", 7, RECEIPT.leaf, 1).signed(SIGNER).encode()
    assert "its own log" in refused(data)


@pytest.mark.parametrize(
    "text",
    [
        "clinic.example/log/1\n7\nAAAA\n1\n",
        "powiernik/1/receipt\nclinic.example/log/1\n07\n" + "A" * 43 + "=\n1\n",
        "powiernik/1/receipt\nclinic.example/log/1\n7\nAAAA\n1\n",
        "powiernik/1/receipt\nclinic.example/log/1\n7\n" + "A" * 43 + "=\n1\nmore\n",
        "powiernik/1/receipt\nclinic.example/log/1\n7\n" + "A" * 43 + "=\n",
    ],
)
def test_a_signed_text_that_is_no_receipt_is_refused(text: str) -> None:
    note = Note(text, (SIGNER.sign(text.encode()),))
    with pytest.raises(NoteRefused):
        AppendReceipt.verified(note.encode(), SIGNER.verifier)


def test_the_logs_own_key_signs_no_receipts() -> None:
    log = Signer("clinic.example/log/1", ED25519, bytes(32))
    assert "found none" in refused(RECEIPT.signed(log).encode())
