"""While the key of a log or of a witness is replaced, and after it, whoever verifies goes on.

An auditor and a client hold the old policy, the new one, or one with both keys; a thief holds a key
that was retired, or makes one up. Everything is asked on the command line, as they would.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from infrastructure.ledger import __main__ as command
from infrastructure.ledger.checkpoint import Checkpoint, cosigned, signed
from infrastructure.ledger.control import ControlKind
from infrastructure.ledger.merkle import inclusion_proof
from infrastructure.ledger.note import COSIGNATURE_ED25519, ED25519, Signer
from infrastructure.ledger.policy_key import policy_stream
from infrastructure.ledger.proof import TlogProof
from infrastructure.ledger.receipt import AppendReceipt, receipt_signer
from tests.support.logs import LOG_ID, ORIGIN, name
from tests.support.shown import COSIGNED_S, ShownLog

OLD, NEW, MADE_UP = (Signer(ORIGIN, ED25519, bytes([number]) * 32) for number in (1, 2, 3))
W1_OLD, W1_NEW, W2 = (
    Signer(f"witness.example/{who}", COSIGNATURE_ED25519, bytes([number]) * 32)
    for who, number in (("w1", 4), ("w1", 5), ("w2", 6))
)
WITNESSED = (W1_OLD, W1_NEW, W2)
RECEIPTS = receipt_signer(ORIGIN, b"\x07" * 32)
GOOD, BAD = 0, 1


def policy(logs: Iterable[Signer], witnesses: Iterable[Signer]) -> bytes:
    """A policy that asks for both witnesses, of whom each has one key, or an old and a new one."""
    lines = [f"log {each.verifier.vkey()}" for each in logs]
    keys: dict[str, list[str]] = {}
    for number, each in enumerate(witnesses):
        lines.append(f"witness k{number} {each.verifier.vkey()}")
        keys.setdefault(each.name, []).append(f"k{number}")
    for who, mine in keys.items():
        lines.append(f"group {who} any {' '.join(mine)}")
    lines += [f"group all all {' '.join(keys)}", "quorum all", ""]
    return "\n".join(lines).encode()


POLICIES = {
    "old": policy([OLD], [W1_OLD, W2]),
    "both": policy([OLD, NEW], [W1_OLD, W1_NEW, W2]),
    "new": policy([NEW], [W1_NEW, W2]),
}


class Stage(NamedTuple):
    """How far the log had come, and who signed and cosigned it there."""

    size: int
    signers: tuple[Signer, ...]
    witnesses: tuple[Signer, ...]


def grown(log: ShownLog, number: int) -> None:
    """Work of a while: a client who asks at the end who has looked."""
    for _ in range(number):
        log.event(name(0, "stream"), name(0, "key"))
        log.look(0)
    log.audited(0)


def named(log: ShownLog, act: str, *signers: Signer) -> None:
    for each in signers:
        kind = "log-key" if each.name == ORIGIN else "witness-key"
        log.control(ControlKind.POLICY, policy_stream(LOG_ID), [kind, each.verifier.vkey(), act])


def a_life() -> tuple[ShownLog, dict[str, Stage]]:
    """A log whose key, and that of a witness, is replaced."""
    log, stages = ShownLog(), {}
    named(log, "begin", OLD, W1_OLD, W2)
    log.client(0)
    log.key(name(0, "key"), name(0, "subject"))
    grown(log, 5)
    stages["before"] = Stage(log.size, (OLD,), (W1_OLD, W2))
    named(log, "begin", NEW, W1_NEW)
    grown(log, 6)
    stages["overlap"] = Stage(log.size, (OLD, NEW), WITNESSED)
    named(log, "end", OLD, W1_OLD)
    grown(log, 4)
    stages["after"] = Stage(log.size, (NEW,), (W1_NEW, W2))
    return log, stages


LOG, STAGES = a_life()


def note(log: ShownLog, stage: Stage) -> bytes:
    head = signed(Checkpoint(ORIGIN, stage.size, log.root(stage.size)), *stage.signers)
    lines = (cosigned(head, each, COSIGNED_S) for each in stage.witnesses)
    return head.with_signatures(*lines).encode()


class Ended(NamedTuple):
    """How the verifier ended, and what it said."""

    code: int
    told: dict[str, Any]

    @property
    def bad(self) -> dict[str, str]:
        """The claims that were judged bad, each with its code."""
        return {each["name"]: each["code"] for each in self.told["claims"] if each["code"]}


Verify = Callable[..., Ended]


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """The verifier, with one of the policies, or with any."""

    def verifying(subject: Path, which: str | bytes, *words: object) -> Ended:
        file = tmp_path / "policy"
        file.write_bytes(POLICIES[which] if isinstance(which, str) else which)
        arguments = [str(subject), "--policy", str(file), "--json", *map(str, words)]
        code = command.main(arguments)
        return Ended(code, json.loads(capsys.readouterr().out))

    return verifying


@pytest.fixture
def shown(tmp_path: Path) -> Callable[..., Path]:
    """The log as it was exported at a stage, or one of another kind."""

    def exporting(
        stage: str | Stage, *, log: ShownLog = LOG, of: bytes | None = None, to: str = ""
    ) -> Path:
        at = STAGES[stage] if isinstance(stage, str) else stage
        target = tmp_path / (to or f"log {at.size}")
        return log.export(target, at.size, note(log, at) if of is None else of)

    return exporting


# While it is replaced


@pytest.mark.parametrize("which", POLICIES)
def test_in_the_overlap_a_log_verifies_with_every_policy(
    verify: Verify, shown: Callable[..., Path], which: str, tmp_path: Path
) -> None:
    for memory in ((), ("--memory", tmp_path / "memory")):
        ended = verify(shown("overlap"), which, *memory)
        assert (ended.code, ended.bad) == (GOOD, {})


@pytest.mark.parametrize("which", POLICIES)
def test_in_the_overlap_bundles_proofs_and_receipts_verify_with_every_policy(
    verify: Verify, shown: Callable[..., Path], which: str, tmp_path: Path
) -> None:
    stage = STAGES["overlap"]
    head = note(LOG, stage)
    heads = [row.position for row in LOG.rows if LOG._is_map_head(row.record)]
    at = max(each for each in heads if each < stage.size)
    young = ShownLog()
    young.rows, young.entries = LOG.rows[: stage.size], LOG.entries[: stage.size]
    young.access_logs, young.kept = LOG.access_logs, LOG.kept
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(young.bundle(0, at=at, note=head).encode())
    assert verify(bundle, which, "--memory", tmp_path / "memory").bad == {}
    leaves = [row.leaf for row in LOG.rows[: stage.size]]
    proof = tmp_path / "proof"
    hashes = inclusion_proof(leaves, 9, stage.size)
    proof.write_bytes(TlogProof(9, hashes, head, LOG.entries[9]).encode())
    assert verify(proof, which).code == GOOD
    row = LOG.rows[9]
    promise = AppendReceipt(ORIGIN, 9, row.leaf, row.time_ms).signed(RECEIPTS)
    receipt = tmp_path / "receipt"
    receipt.write_bytes(promise.encode())
    words = ("--receipt-key", RECEIPTS.verifier.vkey(), "--log", shown("overlap"))
    assert verify(receipt, which, *words).code == GOOD


@pytest.mark.parametrize("change", ["overlap", "after"])
def test_whoever_takes_the_new_policy_at_any_time_of_the_overlap_goes_on_with_her_memory(
    verify: Verify, shown: Callable[..., Path], tmp_path: Path, change: str
) -> None:
    memory = ("--memory", tmp_path / "memory")
    which = "old"
    for stage in STAGES:
        if stage == change:
            which = "new"
        ended = verify(shown(stage), which, *memory)
        assert (ended.code, ended.bad) == (GOOD, {})
        # And once more over what is known, with nothing new in it.
        assert verify(shown(stage), which, *memory).code == GOOD


# After it


def test_after_the_overlap_the_old_policy_says_what_to_do_and_accuses_nobody(
    verify: Verify, shown: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = tmp_path / "memory"
    assert verify(shown("overlap"), "old", "--memory", memory).code == GOOD
    before = memory.read_bytes()
    ended = verify(shown("after"), "old", "--memory", memory)
    assert (ended.code, ended.bad) == (BAD, {"checkpoint": "E-KEYSTATE"})
    assert memory.read_bytes() == before
    # What a person reads.
    file = tmp_path / "policy"
    words = [str(shown("after")), "--policy", str(file), "--memory", str(memory)]
    assert command.main(words) == BAD
    said = capsys.readouterr().out
    assert "may have been replaced" in said
    assert "Get the present policy by another way" in said
    assert "zasady zaufania inną drogą" in said
    assert OLD.verifier.key_id.hex() in said
    assert "E-FORK" not in said
    # With the policy of now, or with one that lists both, the same memory goes on.
    for which in ("both", "new"):
        assert verify(shown("after"), which, "--memory", memory).code == GOOD


def test_a_client_with_the_old_policy_is_told_the_same_of_her_bundle(
    verify: Verify, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(LOG.bundle(0, note=note(LOG, STAGES["after"])).encode())
    assert verify(bundle, "old").bad == {"checkpoint": "E-KEYSTATE"}
    command.main([str(bundle), "--policy", str(tmp_path / "policy")])
    said = capsys.readouterr().out
    assert "Klucz mógł zostać wymieniony" in said
    assert "nie wiadomo, czy ten wykaz jest pełny" in said
    assert verify(bundle, "new").code == GOOD


@pytest.mark.parametrize("stage", ["before", "overlap"])
def test_what_was_signed_before_stays_good_with_the_policy_of_its_time(
    verify: Verify, shown: Callable[..., Path], stage: str
) -> None:
    for which in ("old", "both"):
        assert verify(shown(stage), which).code == GOOD


# Thieves


def forked(end: bool) -> tuple[ShownLog, int]:
    """The same log, but somebody's look is missing; with the end of the old key, or without."""
    log = ShownLog()
    named(log, "begin", OLD, W1_OLD, W2)
    log.client(0)
    log.key(name(0, "key"), name(0, "subject"))
    grown(log, 5)
    named(log, "begin", NEW, W1_NEW)
    grown(log, 5)
    if end:
        named(log, "end", OLD, W1_OLD)
    grown(log, 5)
    return log, log.size


def test_a_retired_key_signs_no_fork_for_whoever_has_the_present_policy(
    verify: Verify, shown: Callable[..., Path]
) -> None:
    for end in (False, True):
        log, size = forked(end)
        stolen = Stage(size, (OLD,), (W1_NEW, W2))
        ended = verify(shown(stolen, log=log, to=f"fork {end}"), "new")
        assert ended.bad == {"checkpoint": "E-KEYSTATE"}


def test_a_retired_key_signs_nothing_over_its_own_end_even_for_the_old_policy(
    verify: Verify, shown: Callable[..., Path]
) -> None:
    """Whoever still believes the old keys reads in the log itself that they have ended."""
    log, size = forked(end=True)
    for signers, witnesses in (((OLD,), (W1_OLD, W2)), ((OLD, MADE_UP), (W1_OLD, W2))):
        at = Stage(size, signers, witnesses)
        ended = verify(shown(at, log=log, to=f"fork of {len(signers)}"), "old")
        assert ended.bad == {"keys": "E-KEYSTATE"}
    # The honest log is judged alike: what a retired key signs is worth nothing.
    honest = Stage(LOG.size, (OLD,), (W1_OLD, W2))
    assert verify(shown(honest, to="honest"), "old").bad == {"keys": "E-KEYSTATE"}


def test_a_retired_witness_key_completes_no_quorum(
    verify: Verify, shown: Callable[..., Path]
) -> None:
    stolen = Stage(LOG.size, (NEW,), (W1_OLD, W2))
    ended = verify(shown(stolen), policy([NEW], [W1_OLD, W2]))
    assert ended.bad == {"keys": "E-KEYSTATE"}
    assert "k1" in next(each["found"] for each in ended.told["claims"] if each["code"])


def test_a_retired_key_signs_no_fork_for_whoever_has_seen_the_log_before(
    verify: Verify, shown: Callable[..., Path], tmp_path: Path
) -> None:
    memory = ("--memory", tmp_path / "memory")
    assert verify(shown("overlap"), "both", *memory).code == GOOD
    log, size = forked(end=False)
    ended = verify(shown(Stage(size, (OLD,), (W1_OLD, W2)), log=log, to="fork"), "both", *memory)
    assert ended.bad == {"remembered": "E-FORK"}


def test_a_key_that_the_log_does_not_name_signs_nothing_even_if_a_policy_lists_it(
    verify: Verify, shown: Callable[..., Path]
) -> None:
    """Somebody has put a key of her own into the clinic's policy, and no record into its log."""
    for stage in ("before", "overlap", "after"):
        at = STAGES[stage]._replace(signers=(MADE_UP,))
        listing = policy([OLD, NEW, MADE_UP], [W1_OLD, W1_NEW, W2])
        ended = verify(shown(at, to=f"made up {stage}"), listing)
        assert ended.bad == {"keys": "E-KEYSTATE"}


def test_a_log_that_names_no_keys_verifies_as_ever(
    verify: Verify, shown: Callable[..., Path]
) -> None:
    log = ShownLog()
    log.client(0)
    log.key(name(0, "key"), name(0, "subject"))
    grown(log, 3)
    at = Stage(log.size, (OLD,), (W1_OLD, W2))
    assert verify(shown(at, log=log), "old").code == GOOD
