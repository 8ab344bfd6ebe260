"""Vectors that others wrote: 143 proofs, and a whole log with checkpoints, tiles and bundles.

Source:
    ../shared/vectors/README.md: transparency-dev/merkle and transparency-dev/tessera, Apache-2.0.
"""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from infrastructure.ledger.errors import ProofRefused
from infrastructure.ledger.merkle import (
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

pytestmark = pytest.mark.shared

WORDS = (b"one", b"two", b"three", b"four", b"five", b"six", b"seven", b"eit", b"nain", b"ten")
LEAVES = tuple(leaf_hash(word) for word in WORDS)


def cases_of(shared: Path, kind: str) -> dict[str, dict[str, Any]]:
    every = json.loads((shared / "vectors" / "merkle" / "proofs.json").read_text())
    return {name: case for name, case in every.items() if name.startswith(kind)}


def hashes(encoded: list[str] | None) -> list[bytes]:
    return [b64decode(each) for each in encoded or []]


def verify_case(case: dict[str, Any]) -> None:
    proof = hashes(case["proof"])
    if "leafIdx" in case:
        leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
        verify_inclusion(case["leafIdx"], case["treeSize"], leaf, proof, root)
        return
    root1, root2 = b64decode(case["root1"]), b64decode(case["root2"])
    verify_consistency(case["size1"], case["size2"], root1, root2, proof)


def refused(case: dict[str, Any]) -> bool:
    try:
        verify_case(case)
    except ProofRefused:
        return True
    return False


@pytest.mark.parametrize(("kind", "count"), [("inclusion/", 76), ("consistency/", 67)])
def test_a_proof_is_refused_exactly_where_its_author_says(
    shared: Path, kind: str, count: int
) -> None:
    cases = cases_of(shared, kind)
    assert len(cases) == count
    wrong = [name for name, case in cases.items() if refused(case) is not case["wantErr"]]
    assert wrong == []


def stored_root(checkpoint: str, size: int) -> bytes:
    origin, stated, root, *_signatures = checkpoint.split("\n")
    assert (origin, stated) == ("example.com/log/testdata", str(size))
    return b64decode(root, validate=True)


def entries_of(bundle: bytes) -> list[bytes]:
    entries = []
    while bundle:
        end = 2 + int.from_bytes(bundle[:2], "big")
        assert end <= len(bundle)
        entries.append(bundle[2:end])
        bundle = bundle[end:]
    return entries


@pytest.mark.parametrize("size", range(11))
def test_every_checkpoint_has_the_root_over_its_entries(shared: Path, size: int) -> None:
    tree = CompactRange()
    tree.extend(LEAVES[:size])
    note = (shared / "vectors" / "tlog" / f"checkpoint.{size}").read_text()
    assert tree.root() == stored_root(note, size)


@pytest.mark.parametrize("size", range(1, 11))
def test_every_tile_and_bundle_holds_the_leaves_of_its_size(shared: Path, size: int) -> None:
    tile = shared / "vectors" / "tlog" / "tile"
    entries = entries_of((tile / "entries" / "000.p" / str(size)).read_bytes())
    assert entries == list(WORDS[:size])
    assert (tile / "0" / "000.p" / str(size)).read_bytes() == b"".join(LEAVES[:size])


def test_the_checkpoints_are_consistent_with_one_another(shared: Path) -> None:
    log = shared / "vectors" / "tlog"
    notes = [(log / f"checkpoint.{size}").read_text() for size in range(11)]
    roots = [stored_root(note, size) for size, note in enumerate(notes)]
    for size2 in range(1, 11):
        for index in range(size2):
            shown = inclusion_proof(LEAVES, index, size2)
            verify_inclusion(index, size2, LEAVES[index], shown, roots[size2])
            linked = consistency_proof(LEAVES, index + 1, size2)
            verify_consistency(index + 1, size2, roots[index + 1], roots[size2], linked)
