"""Vectors that others wrote: of all encodings of a value, the canonical one alone is read.

Source:
    ../shared/vectors/README.md: kawanet/msgpack-test-suite, MIT.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgpack
import pytest

from infrastructure.ledger.canonical import decode
from infrastructure.ledger.errors import CanonicalRefused

pytestmark = pytest.mark.shared


def value_of(case: dict[str, Any]) -> Any:
    """The value that a case is about; of floats and timestamps, a value that is never read."""
    match case:
        case {"binary": str() as digits}:
            return unhex(digits)
        case {"bignum": str() as number}:
            return int(number)
        case {"ext": [int() as code, str() as digits]}:
            return msgpack.ExtType(code, unhex(digits)) if code >= 0 else None
        case {"timestamp": _}:
            return None
    (value,) = (value for name, value in case.items() if name != "msgpack")
    return value


def unhex(digits: str) -> bytes:
    return bytes.fromhex(digits.replace("-", " "))


def read(data: bytes) -> Any:
    """What is read, or the class of the refusal."""
    try:
        return decode(data)
    except CanonicalRefused:
        return CanonicalRefused


def test_exactly_the_canonical_encoding_of_each_value_is_read(shared: Path) -> None:
    path = shared / "vectors" / "msgpack" / "msgpack-test-suite.json"
    groups = json.loads(path.read_text())
    cases = [case for group in groups.values() for case in group]
    accepted = 0
    for case in cases:
        value = value_of(case)
        # A float is written in one form by the package, and read here in none.
        canonical = None if type(value) is float else msgpack.packb(value)
        for data in map(unhex, case["msgpack"]):
            found = read(data)
            assert found == (value if data == canonical else CanonicalRefused), case
            accepted += data == canonical
    floats_and_timestamps = 2 + 19
    assert accepted == len(cases) - floats_and_timestamps == 64
