"""Fingerprints: the same for the same, and nothing to whoever has no key."""

from __future__ import annotations

import hmac
from hashlib import sha256

from hypothesis import given, strategies as st

from infrastructure.vault.fingerprints import SIZE, FromSecret, fingerprints
from infrastructure.vault.keys import derive

SECRET = bytes(range(32))
FIELDS = st.sampled_from(["pesel", "phone", "email", "row"])
VALUES = st.text(max_size=40)


class Device:
    """A custody that makes keyed hashes, as a token does; what else it can is not asked here."""

    capabilities = frozenset({"hsm", "mac"})

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []

    def mac(self, name: str, data: bytes) -> bytes:
        """HMAC under a key that never leaves."""
        self.asked.append((name, data))
        return hmac.digest(sha256(name.encode()).digest(), data, "sha256")


def test_a_fingerprint_is_an_hmac_under_a_key_of_its_field() -> None:
    """The bytes are stored: they never change (docs of the design: security, section 3.1)."""
    key = derive(SECRET, "idx/", b"pesel")
    expected = hmac.digest(key, b"powiernik/1/idx/pesel\x0044051401359", "sha256")[:16]
    assert FromSecret(SECRET).of("pesel", "44051401359") == expected
    assert expected.hex() == "0b57bf1959a21d770efbf2690c41eef1"


@given(FIELDS, VALUES, FIELDS, VALUES)
def test_only_the_same_value_of_the_same_field_has_the_same_fingerprint(
    field: str, value: str, other_field: str, other: str
) -> None:
    found = FromSecret(SECRET)
    same = (field, value) == (other_field, other)
    assert (found.of(field, value) == found.of(other_field, other)) is same
    assert len(found.of(field, value)) == SIZE


def test_another_clinic_has_other_fingerprints() -> None:
    assert FromSecret(SECRET).of("phone", "1") != FromSecret(bytes(32)).of("phone", "1")


def test_where_the_custody_can_its_keys_are_used_and_the_secret_is_not() -> None:
    device = Device()
    one = fingerprints(device, SECRET)  # type: ignore[arg-type]  # all that is asked of it
    other = fingerprints(device, bytes(32))  # type: ignore[arg-type]  # the same
    assert one.of("email", "a@example.org") == other.of("email", "a@example.org")
    assert device.asked[0] == ("index-email", b"powiernik/1/idx/email\0a@example.org")
    assert len(one.of("email", "a@example.org")) == SIZE


def test_neither_key_nor_secret_is_in_what_is_printed() -> None:
    found = FromSecret(SECRET)
    found.of("pesel", "44051401359")
    assert SECRET.hex() not in repr(found)
    assert "44051401359" not in repr(found)
