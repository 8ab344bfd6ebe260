"""One witness counts once, however many keys it has: while a key is replaced it has old and new."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, strategies as st

from infrastructure.ledger.checkpoint import Checkpoint, cosigned, signed
from infrastructure.ledger.errors import PolicyRefused
from infrastructure.ledger.merkle import EMPTY_ROOT
from infrastructure.ledger.note import COSIGNATURE_ED25519, ED25519, Signer
from infrastructure.ledger.trust import Trust

LOG = Signer("clinic.example/log", ED25519, bytes(32))
CHECKPOINT = Checkpoint(LOG.name, 0, EMPTY_ROOT)
KEYS = {
    f"{who}{age}": Signer(f"witness.example/{who}", COSIGNATURE_ED25519, bytes([number]) * 32)
    for number, (who, age) in enumerate(
        ((who, age) for who in ("a", "b", "c") for age in ("old", "new")), start=1
    )
}
"""Of three witnesses the old key and the new one."""
LINES = "".join(
    (
        f"log {LOG.verifier.vkey()}\n",
        *(f"witness {name} {key.verifier.vkey()}\n" for name, key in KEYS.items()),
    )
)
ANY = "group a any aold anew\ngroup b any bold bnew\ngroup c any cold cnew\n"


def trust(groups: str, quorum: str) -> Trust:
    return Trust.parse(f"{LINES}{groups}quorum {quorum}\n".encode())


def is_met(policy: Trust, names: Sequence[str]) -> bool:
    note = signed(CHECKPOINT, LOG)
    lines = (cosigned(note, KEYS[name], 1) for name in names)
    return policy.judge(note.with_signatures(*lines).encode()).quorum


@pytest.mark.parametrize(
    "groups",
    [
        "group q 2 aold anew bold\n",
        "group q 2 aold bold cold anew\n",
        "group q all aold anew bold\n",
        "group left any aold bold\ngroup right any anew cold\ngroup q 2 left right\n",
        "group left any aold bold\ngroup right any anew cold\ngroup q all left right\n",
        "group left any aold bold\ngroup q 2 left anew cold\n",
        "group deep any aold bold\ngroup left all deep cold\ngroup q 2 left anew\n",
    ],
)
def test_a_policy_in_which_one_witness_could_count_twice_is_refused(groups: str) -> None:
    with pytest.raises(PolicyRefused, match="count once"):
        trust(groups, "q")


@pytest.mark.parametrize(
    "groups",
    [
        f"{ANY}group q 2 a b c\n",
        f"{ANY}group q all a b c\n",
        "group q any aold anew bold\n",
        # Both keys of one witness, which are still one witness.
        "group a all aold anew\ngroup q 2 a bold cold\n",
        "group q all aold anew\n",
    ],
)
def test_keys_that_stand_for_one_another_or_belong_together_are_good(groups: str) -> None:
    assert trust(groups, "q").quorum == "q"


@given(st.sets(st.sampled_from(sorted(KEYS))))
def test_a_quorum_counts_witnesses_and_not_keys(names: set[str]) -> None:
    policy = trust(f"{ANY}group q 2 a b c\n", "q")
    assert is_met(policy, sorted(names)) == (len({name[0] for name in names}) >= 2)


def test_whichever_key_cosigns_the_quorum_is_met_all_through_the_overlap() -> None:
    policy = trust(f"{ANY}group q all a b c\n", "q")
    for ages in (("old", "old", "old"), ("new", "old", "new"), ("new", "new", "new")):
        names = [f"{who}{age}" for who, age in zip("abc", ages, strict=True)]
        assert is_met(policy, names)
        assert not any(is_met(policy, some) for some in combinations(names, 2))
