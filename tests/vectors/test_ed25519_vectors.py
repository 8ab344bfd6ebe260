"""Vectors that others wrote: Ed25519 keys that no honest generation gives, refused when read.

Source:
    ../shared/vectors/README.md: C2SP/CCTV, BSD-style.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from infrastructure.ledger.errors import KeyRefused, SignatureRefused
from infrastructure.ledger.note import COSIGNATURE_ED25519, ED25519, Verifier

pytestmark = pytest.mark.shared

# What is wrong with a key, in the words of the vectors.
FAULTS = {"low_order_A", "low_order_component_A", "non_canonical_A"}


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(
        (shared / "vectors" / "ed25519" / "edge_cases.json").read_text()
    )
    return loaded


def faults_of(case: dict[str, Any]) -> set[str]:
    return FAULTS & set(case["flags"] or [])


def refused(key: bytes, algorithm: int) -> bool:
    try:
        Verifier("w.example", algorithm, key)
    except KeyRefused:
        return True
    return False


@pytest.mark.parametrize("algorithm", [ED25519, COSIGNATURE_ED25519])
def test_a_key_is_refused_exactly_where_its_author_names_a_fault(
    cases: list[dict[str, Any]], algorithm: int
) -> None:
    faults = {case["key"]: bool(faults_of(case)) for case in cases}
    assert (len(faults), sum(faults.values())) == (22, 21)
    found = {key: refused(bytes.fromhex(key), algorithm) for key in faults}
    assert found == faults


def test_the_library_alone_would_verify_signatures_under_refused_keys(
    cases: list[dict[str, Any]],
) -> None:
    """Both under keys of low order and under sums with one: neither check can be left out."""
    verified = {"low order": 0, "mixed order": 0}
    for case in cases:
        if not faults_of(case):
            continue
        kind = "low order" if "low_order_A" in case["flags"] else "mixed order"
        with suppress(InvalidSignature):
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(case["key"]))
            key.verify(bytes.fromhex(case["sig"]), case["msg"].encode())
            verified[kind] += 1
    assert all(verified.values()), verified


def test_under_the_good_key_only_signatures_without_low_order_parts_verify(
    cases: list[dict[str, Any]],
) -> None:
    good = [case for case in cases if not faults_of(case)]
    assert len(good) == 19
    for case in good:
        verifier = Verifier("w.example", ED25519, bytes.fromhex(case["key"]))
        message, signature = case["msg"].encode(), bytes.fromhex(case["sig"])
        if {"low_order_residue", "non_canonical_R"} & set(case["flags"] or []):
            with pytest.raises(SignatureRefused):
                verifier.verify(message, signature)
        else:
            assert verifier.verify(message, signature) is None
