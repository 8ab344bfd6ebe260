"""Vectors that others wrote, as the offline verifier judges them: with `--plain`, their whole log.

Source:
    ../shared/vectors/README.md: transparency-dev/merkle and transparency-dev/tessera, Apache-2.0.
"""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from infrastructure.ledger import __main__ as command
from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.merkle import inclusion_proof, leaf_hash, verify_consistency
from infrastructure.ledger.note import ED25519, Signer
from infrastructure.ledger.offline import verify_log, verify_proof
from infrastructure.ledger.proof import TlogProof
from infrastructure.ledger.remembered import Remembered
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verdict import Verdict

pytestmark = pytest.mark.shared

NOW_S = 1_700_000_000
WORDS = (b"one", b"two", b"three", b"four", b"five", b"six", b"seven", b"eit", b"nain", b"ten")
POLICY = (
    b"log example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx\n"
    b"quorum none\n"
)
TRUST = Trust.parse(POLICY)
OUR_LOG = Signer("vectors.example", ED25519, bytes(32))
OUR_TRUST = Trust.parse(f"log {OUR_LOG.verifier.vkey()}\nquorum none\n".encode())


def cases_of(shared: Path, kind: str) -> dict[str, dict[str, Any]]:
    every = json.loads((shared / "vectors" / "merkle" / "proofs.json").read_text())
    return {name: case for name, case in every.items() if name.startswith(kind)}


def hashes(encoded: list[str] | None) -> tuple[bytes, ...]:
    return tuple(b64decode(each) for each in encoded or [])


def verify_inclusion_case(case: dict[str, Any]) -> None:
    """Judge a case as a proof in a file, under a checkpoint over its root that we have signed."""
    checkpoint = Checkpoint(OUR_LOG.name, case["treeSize"], b64decode(case["root"]))
    note = signed(checkpoint, OUR_LOG).encode()
    proof = TlogProof(case["leafIdx"], hashes(case["proof"]), note)
    TlogProof.parse(proof.encode()).verify(b64decode(case["leafHash"]), OUR_TRUST)


def verify_consistency_case(case: dict[str, Any]) -> None:
    root1, root2 = b64decode(case["root1"]), b64decode(case["root2"])
    verify_consistency(case["size1"], case["size2"], root1, root2, hashes(case["proof"]))


@pytest.mark.parametrize(("kind", "count"), [("inclusion/", 76), ("consistency/", 67)])
def test_a_proof_is_refused_exactly_where_its_author_says(
    shared: Path, kind: str, count: int
) -> None:
    verify = verify_inclusion_case if kind == "inclusion/" else verify_consistency_case
    cases = cases_of(shared, kind)
    assert len(cases) == count
    for name, case in cases.items():
        try:
            verify(case)
            refused = False
        except LedgerError:
            refused = True
        assert refused is case["wantErr"], name


def their_log(shared: Path, tmp_path: Path, size: int) -> Path:
    """Their log as a folder, with the checkpoint of one of its sizes."""
    theirs = shared / "vectors" / "tlog"
    folder = tmp_path / "log"
    shutil.copytree(theirs / "tile", folder / "tile")
    shutil.copy(theirs / f"checkpoint.{size}", folder / "checkpoint")
    return folder


def verdict_of(folder: Path, *, plain: bool = True) -> Verdict:
    with Remembered(None) as remembered:
        return verify_log(folder, TRUST, remembered=remembered, now_s=NOW_S, plain=plain)


@pytest.mark.parametrize("size", range(11))
def test_their_log_is_good_at_every_size_if_its_entries_are_taken_as_they_are(
    shared: Path, tmp_path: Path, size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = their_log(shared, tmp_path, size)
    verdict = verdict_of(folder)
    assert verdict.good, [claim.line() for claim in verdict.claims]
    assert [claim.name for claim in verdict.claims] == ["checkpoint", "entries", "tiles", "root"]
    assert verdict.shown == {"origin": "example.com/log/testdata", "size": size}
    policy = tmp_path / "policy"
    policy.write_bytes(POLICY)
    assert command.main([str(folder), "--policy", str(policy), "--plain"]) == 0
    assert capsys.readouterr().out.endswith("All 4 claims are good.\n")


@pytest.mark.parametrize("size", range(1, 11))
def test_their_words_are_no_entries_of_a_clinic(shared: Path, tmp_path: Path, size: int) -> None:
    verdict = verdict_of(their_log(shared, tmp_path, size), plain=False)
    assert verdict.codes() == ("E-PARSE",)
    assert [claim.name for claim in verdict.claims if claim.code] == ["entries"]


@pytest.mark.parametrize("size", range(1, 11))
def test_any_other_word_or_hash_in_their_log_is_told(
    shared: Path, tmp_path: Path, size: int
) -> None:
    folder = their_log(shared, tmp_path, size)
    for kind, bad in (("entries", ["tiles", "root"]), ("0", ["tiles"])):
        path = folder / "tile" / kind / "000.p" / str(size)
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        verdict = verdict_of(folder)
        assert [claim.name for claim in verdict.claims if not claim.good] == bad
        path.write_bytes(whole)


@pytest.mark.parametrize("size", range(1, 11))
def test_every_word_is_proved_under_their_checkpoint(shared: Path, size: int) -> None:
    note = (shared / "vectors" / "tlog" / f"checkpoint.{size}").read_bytes()
    leaves = [leaf_hash(word) for word in WORDS]
    for index, word in enumerate(WORDS[:size]):
        path = inclusion_proof(leaves, index, size)
        proof = TlogProof(index, path, note, word).encode()
        assert verify_proof(proof, TRUST, now_s=NOW_S, plain=True).good
        other = TlogProof(index, path, note, WORDS[index - 1] + b"!").encode()
        assert verify_proof(other, TRUST, now_s=NOW_S, plain=True).codes() == ("E-ROOT",)
        assert verify_proof(proof, TRUST, now_s=NOW_S).codes() == ("E-PARSE",)
