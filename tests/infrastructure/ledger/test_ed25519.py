"""Which Ed25519 keys may be relied on; keys as they stand in notes are in `test_note`."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, strategies as st

from infrastructure.ledger.ed25519 import require_prime_order
from infrastructure.ledger.errors import KeyRefused


def public_key(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


@given(st.binary(min_size=32, max_size=32))
def test_every_key_that_is_honestly_made_may_be_relied_on(seed: bytes) -> None:
    require_prime_order(public_key(seed))


@given(st.binary(min_size=32, max_size=32))
def test_the_negative_of_a_good_key_is_good_and_its_sum_with_order_two_is_not(seed: bytes) -> None:
    encoded = int.from_bytes(public_key(seed), "little")
    negative = encoded ^ (1 << 255)
    require_prime_order(negative.to_bytes(32, "little"))
    # Adding (0, -1) turns (x, y) into (-x, -y).
    y = 2**255 - 19 - (encoded & ~(1 << 255))
    shifted = y | (negative & (1 << 255))
    with pytest.raises(KeyRefused, match="prime order"):
        require_prime_order(shifted.to_bytes(32, "little"))


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(KeyRefused, match="32 bytes"):
        require_prime_order(public_key(bytes(32)).ljust(size, b"\x00")[:size])
