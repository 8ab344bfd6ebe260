"""Vectors that others wrote for the committing AEAD that seals records and wraps keys.

Source:
    ../shared/vectors/README.md: C2SP/wycheproof, Apache-2.0.
"""

from __future__ import annotations

import json
import zlib
from hashlib import sha512
from pathlib import Path
from typing import Any

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[dict[str, Any]]:
    file = shared / "vectors" / "aead" / "c2sp_chunked_encryption_aes_256_gcm.json"
    document = json.loads(file.read_text())
    return [case for group in document["testGroups"] for case in group["tests"]]


def opened(case: dict[str, Any], step: int) -> bytes:
    """The message of a case, with its ciphertext handed over in pieces."""
    key, context = bytes.fromhex(case["key"]), bytes.fromhex(case["ctx"])
    sealed = zlib.decompress(bytes.fromhex(case["ct"]))
    decryptor = Cobblestone256Decryptor(key, context)
    pieces = [
        decryptor.update(sealed[start : start + step]) for start in range(0, len(sealed), step)
    ]
    return b"".join(pieces) + decryptor.finalize()


@pytest.mark.parametrize("step", [1 << 30, 16 * 1024 + 16, 1000])
def test_valid_messages_open(cases: list[dict[str, Any]], step: int) -> None:
    valid = [case for case in cases if case["result"] == "valid"]
    assert valid
    for case in valid:
        message = opened(case, step)
        assert len(message) == case["msgLength"], case["comment"]
        assert sha512(message).hexdigest() == case["msgSha512"], case["comment"]


@pytest.mark.parametrize("step", [1 << 30, 16 * 1024 + 16, 1000])
def test_invalid_messages_do_not_open(cases: list[dict[str, Any]], step: int) -> None:
    invalid = [case for case in cases if case["result"] == "invalid"]
    assert invalid
    for case in invalid:
        with pytest.raises((InvalidTag, ValueError)):
            opened(case, step)
