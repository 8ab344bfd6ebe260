"""Trust policies: nobody counts twice, and no checkpoint passes without its log and its quorum."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from hashlib import sha256
from time import perf_counter

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, strategies as st

from infrastructure.ledger.checkpoint import Checkpoint, cosigned, signed
from infrastructure.ledger.errors import (
    LedgerError,
    NoteRefused,
    PolicyRefused,
    QuorumMissing,
    SignatureRefused,
    TimeRefused,
)
from infrastructure.ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA_44,
    ED25519,
    Note,
    SignatureLine,
    Signer,
    Verifier,
    has_ml_dsa,
)
from infrastructure.ledger.trust import Trust

ORIGIN = "clinic.example/log"
CHECKPOINT = Checkpoint(ORIGIN, 7, b"R" * 32)
LATER = Checkpoint(ORIGIN, 8, b"S" * 32)
NOW = 1_700_000_000

LOG = Signer(ORIGIN, ED25519, b"\x01" * 32)
NEW_LOG = Signer(ORIGIN, ED25519, b"\x02" * 32)
OTHER_LOG = Signer("other.example/log", ED25519, b"\x03" * 32)
W1, W2, W3 = (
    Signer(f"witness.example/w{number}", COSIGNATURE_ED25519, bytes([0x10 + number]) * 32)
    for number in (1, 2, 3)
)
WITNESSES = "".join(
    f"witness w{number} {signer.verifier.vkey()}\n" for number, signer in enumerate((W1, W2, W3), 1)
)
PLAIN = f"log {LOG.verifier.vkey()}\n{WITNESSES}"
TWO_OF_THREE = PLAIN + "group g 2 w1 w2 w3\nquorum g\n"

needs_ml_dsa = pytest.mark.skipif(not has_ml_dsa(), reason="this build has no ML-DSA")


def policy(text: str) -> Trust:
    return Trust.parse(text.encode())


def note_by(*witnesses: Signer, time_s: int = NOW, checkpoint: Checkpoint = CHECKPOINT) -> bytes:
    lines = [cosigned(checkpoint, witness, time_s) for witness in witnesses]
    return signed(checkpoint, LOG).with_signatures(*lines).encode()


def one_of_many(number: int) -> Signer:
    seed = b"one of many witnesses, number " + number.to_bytes(2, "big")
    return Signer(f"many.example/{number}", COSIGNATURE_ED25519, seed)


def vkey(number: int) -> str:
    return one_of_many(number).verifier.vkey()


NINE = "".join(f"witness w{n} {vkey(n)}\n" for n in range(1, 10))


def test_a_checkpoint_that_enough_witnesses_cosigned_passes() -> None:
    judged = policy(TWO_OF_THREE).require(note_by(W3, W1))
    assert judged.checkpoint == CHECKPOINT
    assert judged.log == LOG.verifier
    assert judged.witnesses == {"w1": NOW, "w3": NOW}
    assert judged.quorum


@pytest.mark.parametrize(
    ("present", "found"), [((), "found none"), ((W2,), "found w2")], ids=["nobody", "one"]
)
def test_too_few_witnesses_are_told_by_name(present: tuple[Signer, ...], found: str) -> None:
    trust = policy(TWO_OF_THREE)
    judged = trust.judge(note_by(*present))
    assert judged.checkpoint == CHECKPOINT
    assert not judged.quorum
    with pytest.raises(QuorumMissing) as missing:
        trust.require(note_by(*present))
    assert missing.value.code == "E-QUORUM"
    assert missing.value.expected == "2 of (w1, w2, w3)"
    assert found in str(missing.value)


def test_without_a_quorum_the_signature_of_the_log_is_enough_and_needed() -> None:
    trust = policy(PLAIN + "quorum none\n")
    assert trust.require(note_by()).witnesses == {}
    assert trust.require(note_by(W2)).witnesses == {"w2": NOW}
    alone = Note(CHECKPOINT.text(), (cosigned(CHECKPOINT, W1, NOW),)).encode()
    with pytest.raises(SignatureRefused, match="of its log"):
        trust.judge(alone)


def test_a_single_witness_may_be_the_quorum() -> None:
    trust = policy(PLAIN + "quorum w2\n")
    assert trust.require(note_by(W2)).quorum
    with pytest.raises(QuorumMissing, match="expected w2, found w1, w3"):
        trust.require(note_by(W1, W3))


def test_groups_of_groups_are_counted_as_the_specification_says() -> None:
    keys = "".join(f"witness {name} {vkey(n)}\n" for n, name in enumerate("ABCDEF", 1))
    trust = policy(
        f"log {LOG.verifier.vkey()}\n{keys}"
        "group X 2 A B C\ngroup Y any D E F\ngroup both all X Y\nquorum both\n"
    )
    signers = {name: one_of_many(number) for number, name in enumerate("ABCDEF", 1)}

    def met(names: str) -> bool:
        return trust.judge(note_by(*(signers[name] for name in names))).quorum

    assert [met(names) for names in ("ABD", "BCF", "ABCDEF")] == [True] * 3
    assert [met(names) for names in ("ABC", "AD", "DEF", "ADEF", "")] == [False] * 5
    with pytest.raises(QuorumMissing, match=r"2 of \(2 of \(A, B, C\), 1 of \(D, E, F\)\)"):
        trust.require(note_by())


@given(
    st.sets(st.integers(1, 9)),
    st.lists(st.integers(1, 3), min_size=3, max_size=3),
    st.integers(1, 3),
)
def test_a_quorum_is_met_exactly_if_every_threshold_is(
    present: set[int], thresholds: list[int], top: int
) -> None:
    """Nine witnesses in three groups of three, counted once more by hand."""
    groups = "".join(
        f"group g{g} {thresholds[g]} w{3 * g + 1} w{3 * g + 2} w{3 * g + 3}\n" for g in range(3)
    )
    log = f"log {LOG.verifier.vkey()}\n"
    trust = policy(f"{log}{NINE}{groups}group top {top} g0 g1 g2\nquorum top\n")
    judged = trust.judge(note_by(*(one_of_many(n) for n in present)))
    full = [sum(3 * g + n in present for n in (1, 2, 3)) >= thresholds[g] for g in range(3)]
    assert judged.quorum is (sum(full) >= top)


def test_no_flipped_bit_of_a_note_passes_with_another_checkpoint() -> None:
    trust = policy(PLAIN + "group g 1 w1 w2\nquorum g\n")
    note = note_by(W1)
    passed = 0
    for bit in range(len(note) * 8):
        altered = bytearray(note)
        altered[bit // 8] ^= 1 << (bit % 8)
        with suppress(LedgerError):
            assert trust.judge(bytes(altered)).checkpoint == CHECKPOINT
            passed += 1
            with pytest.raises(QuorumMissing):
                trust.require(bytes(altered))
    # A witness whose name or key id was altered is a stranger; nothing else is let pass.
    assert 0 < passed < 8 * (len(W1.name) + 8)


def test_a_cosignature_replayed_from_another_checkpoint_refuses_the_note() -> None:
    replayed = signed(LATER, LOG).with_signatures(cosigned(CHECKPOINT, W1, NOW))
    with pytest.raises(SignatureRefused, match="w1"):
        policy(TWO_OF_THREE).judge(replayed.encode())


def test_a_signature_replayed_from_another_checkpoint_refuses_the_note() -> None:
    replayed = Note(LATER.text(), signed(CHECKPOINT, LOG).signatures)
    with pytest.raises(SignatureRefused):
        policy(PLAIN + "quorum none\n").judge(replayed.encode())


def test_a_forged_witness_of_the_same_name_does_not_count() -> None:
    forged = Signer.generate(W1.name, COSIGNATURE_ED25519)
    trust = policy(TWO_OF_THREE)
    assert trust.judge(note_by(forged, W2)).witnesses == {"w2": NOW}
    with pytest.raises(QuorumMissing):
        trust.require(note_by(forged, W2))


def test_a_forged_line_under_the_id_of_a_witness_refuses_the_note() -> None:
    forged = Signer.generate(W1.name, COSIGNATURE_ED25519)
    blob = cosigned(CHECKPOINT, forged, NOW).blob
    line = SignatureLine(W1.name, W1.verifier.key_id, blob)
    note = signed(CHECKPOINT, LOG).with_signatures(line)
    with pytest.raises(SignatureRefused):
        policy(TWO_OF_THREE).judge(note.encode())


def test_a_witness_that_cosigned_twice_refuses_the_note() -> None:
    twice = (cosigned(CHECKPOINT, W1, NOW), cosigned(CHECKPOINT, W1, NOW + 1))
    note = Note(CHECKPOINT.text(), (*signed(CHECKPOINT, LOG).signatures, *twice))
    with pytest.raises(SignatureRefused, match="one signature"):
        policy(TWO_OF_THREE).judge(note.encode())


def test_a_cosignature_by_the_key_of_the_log_is_no_signature_of_the_log() -> None:
    timed = Signer(ORIGIN, COSIGNATURE_ED25519, b"\x01" * 32)
    assert timed.verifier.public == LOG.verifier.public
    line = cosigned(CHECKPOINT, timed, NOW)
    trust = policy(TWO_OF_THREE)
    with pytest.raises(SignatureRefused):
        trust.judge(Note(CHECKPOINT.text(), (line,)).encode())
    posing = SignatureLine(ORIGIN, LOG.verifier.key_id, line.blob)
    with pytest.raises(SignatureRefused):
        trust.judge(Note(CHECKPOINT.text(), (posing,)).encode())


def test_a_log_does_not_sign_for_another_origin() -> None:
    trust = policy(PLAIN + f"log {OTHER_LOG.verifier.vkey()}\nquorum none\n")
    text = CHECKPOINT.text()
    note = Note(text, (OTHER_LOG.sign(text.encode()),))
    with pytest.raises(SignatureRefused):
        trust.judge(note.encode())
    assert trust.judge(note_by()).log == LOG.verifier


def test_a_checkpoint_of_an_unknown_log_is_refused() -> None:
    checkpoint = Checkpoint(OTHER_LOG.name, 7, b"R" * 32)
    note = signed(checkpoint, OTHER_LOG).with_signatures(cosigned(checkpoint, W1, NOW))
    for text in (PLAIN + "quorum none\n", "quorum none\n"):
        with pytest.raises(SignatureRefused, match="known log"):
            policy(text).judge(note.encode())


def test_while_a_key_of_a_log_is_replaced_either_key_is_enough() -> None:
    both = policy(PLAIN + f"log {NEW_LOG.verifier.vkey()}\nquorum none\n")
    assert len(both.logs) == 2
    assert both.judge(signed(CHECKPOINT, LOG).encode()).log == LOG.verifier
    assert both.judge(signed(CHECKPOINT, NEW_LOG).encode()).log == NEW_LOG.verifier
    assert both.judge(signed(CHECKPOINT, NEW_LOG, LOG).encode()).log == LOG.verifier
    only_new = policy(f"log {NEW_LOG.verifier.vkey()}\nquorum none\n")
    assert only_new.judge(signed(CHECKPOINT, LOG, NEW_LOG).encode()).log == NEW_LOG.verifier
    spoilt = SignatureLine(ORIGIN, LOG.verifier.key_id, bytes(64))
    with pytest.raises(SignatureRefused):
        both.judge(signed(CHECKPOINT, NEW_LOG).with_signatures(spoilt).encode())


def test_a_cosignature_from_the_future_is_refused_if_the_time_is_known() -> None:
    trust = policy(TWO_OF_THREE)
    note = note_by(W1, W2, time_s=NOW + 301)
    with pytest.raises(TimeRefused) as refused:
        trust.judge(note, now_s=NOW)
    assert refused.value.code == "E-TIME"
    assert trust.require(note, now_s=NOW + 1).quorum
    assert trust.require(note, now_s=NOW, skew_s=301).quorum
    assert trust.require(note).quorum
    with pytest.raises(TimeRefused):
        trust.require(note, now_s=NOW + 300, skew_s=0)


def test_a_cosignature_without_a_time_is_not_counted() -> None:
    judged = policy(TWO_OF_THREE).judge(note_by(W1, W2, time_s=0))
    assert judged.witnesses == {}
    assert not judged.quorum


@pytest.mark.parametrize(
    "text",
    ["hello\n", f"{CHECKPOINT.text()}extension\n", f"{CHECKPOINT.text()}\n", f"{ORIGIN}\n07\nA\n"],
)
def test_a_signed_note_that_is_no_checkpoint_is_refused(text: str) -> None:
    note = Note(text, (LOG.sign(text.encode()),))
    with pytest.raises(NoteRefused):
        policy(TWO_OF_THREE).judge(note.encode())


@needs_ml_dsa
def test_a_witness_may_have_an_ml_dsa_key() -> None:
    quantum = Signer("witness.example/pq", COSIGNATURE_ML_DSA_44, b"\x04" * 32)
    trust = policy(f"{PLAIN}witness pq {quantum.verifier.vkey()}\ngroup g all w1 pq\nquorum g\n")
    note = note_by(W1, quantum)
    assert trust.require(note).witnesses == {"w1": NOW, "pq": NOW}
    replayed = signed(LATER, LOG).with_signatures(*Note.parse(note).signatures[2:])
    with pytest.raises(SignatureRefused):
        trust.judge(replayed.encode())


def test_a_build_without_ml_dsa_misses_the_quorum_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(data: bytes) -> None:
        raise UnsupportedAlgorithm("ML-DSA-44 is not supported by this backend.")

    quantum = Verifier("witness.example/pq", COSIGNATURE_ML_DSA_44, bytes(1312))
    monkeypatch.setattr(MLDSA44PrivateKey, "from_seed_bytes", refuse)
    has_ml_dsa.cache_clear()
    try:
        trust = policy(f"{PLAIN}witness pq {quantum.vkey()}\ngroup g all w1 pq\nquorum g\n")
        line = SignatureLine(quantum.name, quantum.key_id, bytes(8 + 2420))
        note = Note.parse(note_by(W1)).with_signatures(line).encode()
        assert trust.judge(note).witnesses == {"w1": NOW}
        with pytest.raises(QuorumMissing, match="no ML-DSA here for pq"):
            trust.require(note)
    finally:
        has_ml_dsa.cache_clear()


def test_a_policy_is_read_with_its_urls_comments_and_white_space() -> None:
    trust = policy(
        "# whom we believe\n\n \t \n"
        f"\tlog  {LOG.verifier.vkey()}\thttps://clinic.example/log/ \n"
        f"  # witnesses\nwitness w1 {W1.verifier.vkey()} http://localhost:7382\n"
        f"witness #2 {W2.verifier.vkey()}\n"
        "quorum w1\n"
        f"witness w3 {W3.verifier.vkey()}\n"
    )
    assert trust.logs == ((LOG.verifier, "https://clinic.example/log/"),)
    assert [(each.name, each.url) for each in trust.witnesses] == [
        ("w1", "http://localhost:7382"),
        ("#2", None),
        ("w3", None),
    ]
    assert trust.quorum == "w1"


def test_names_are_octets_and_different_octets_are_different_names() -> None:
    kelvin, latin = b"\xe2\x84\xaa", b"\xff"
    keys = [signer.verifier.vkey().encode() for signer in (W1, W2, W3)]
    log = b"log " + LOG.verifier.vkey().encode() + b"\n"
    named = zip((b"K", kelvin, latin), keys, strict=True)
    lines = b"".join(b"witness %b %b\n" % pair for pair in named)
    trust = Trust.parse(log + lines + b"quorum \xff\n")
    assert trust.require(note_by(W3)).quorum
    assert len(trust.judge(note_by(W1, W2, W3)).witnesses) == 3
    with pytest.raises(QuorumMissing) as missing:
        trust.require(note_by(W1, W2))
    # Whatever the octets are, the message can be printed anywhere.
    assert str(missing.value).encode()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        pytest.param("", "quorum line", id="no quorum"),
        pytest.param("quorum none\nquorum none\n", "one quorum", id="two quorums"),
        pytest.param("quorum w9\n", "on a line before", id="unknown quorum"),
        pytest.param("quorum\n", "expected a log", id="quorum of nothing"),
        pytest.param("quorum w1 w2\n", "expected a log", id="quorum of two"),
        pytest.param("quorum g\ngroup g any w1\n", "on a line before", id="quorum before group"),
        pytest.param("group g any g\nquorum g\n", "on lines before", id="group of itself"),
        pytest.param("group a any b\ngroup b any a\nquorum a\n", "on lines before", id="loop"),
        pytest.param("group g any w1 w1\nquorum g\n", "members once", id="member twice"),
        pytest.param(
            "group a any w1\ngroup b any w1\nquorum b\n", "members once", id="member of two groups"
        ),
        pytest.param("group g any none\nquorum g\n", "on lines before", id="none as a member"),
        pytest.param("group none any w1\nquorum none\n", "not taken", id="group named none"),
        pytest.param("group w1 any w2\nquorum w1\n", "not taken", id="name of a witness"),
        pytest.param("group g any w1\ngroup g any w2\nquorum g\n", "not taken", id="same name"),
        pytest.param("group g any\nquorum g\n", "expected a log", id="group of nobody"),
        pytest.param("group g 0 w1\nquorum g\n", "from 1 to 1", id="none of one"),
        pytest.param("group g 2 w1\nquorum g\n", "from 1 to 1", id="two of one"),
        pytest.param("group g 01 w1\nquorum g\n", "from 1 to 1", id="leading zero"),
        pytest.param("group g +1 w1\nquorum g\n", "from 1 to 1", id="sign"),
        pytest.param("group g -1 w1\nquorum g\n", "from 1 to 1", id="negative"),
        pytest.param("group g 1_0 w1\nquorum g\n", "from 1 to 1", id="underscore"),
        pytest.param("group g \u0661 w1\nquorum g\n", "from 1 to 1", id="Arabic digit"),
        pytest.param("group g ALL w1\nquorum g\n", "from 1 to 1", id="capitals"),
        pytest.param("Quorum none\n", "expected a log", id="capital letter"),
        pytest.param("witnesses w4\nquorum none\n", "expected a log", id="unknown word"),
        pytest.param("quorum none # comment\n", "expected a log", id="comment behind"),
    ],
)
def test_a_policy_that_does_not_hold_together_is_refused(lines: str, reason: str) -> None:
    with pytest.raises(PolicyRefused, match=reason):
        policy(PLAIN + lines)


def test_the_line_that_is_wrong_is_named_by_its_number_only() -> None:
    with pytest.raises(PolicyRefused) as refused:
        policy("# a comment\n\nsecret of somebody\nquorum none\n")
    assert "line 3" in str(refused.value)
    assert "somebody" not in str(refused.value)


def raw_vkey(name: str, algorithm: int, public: bytes) -> str:
    """The text of a key that no `Verifier` would hold."""
    encoded = bytes([algorithm]) + public
    key_id = sha256(f"{name}\n".encode() + encoded).hexdigest()[:8]
    return f"{name}+{key_id}+{b64encode(encoded).decode()}"


def renamed(signer: Signer, name: str, algorithm: int) -> str:
    return raw_vkey(name, algorithm, signer.verifier.public)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(f"log {LOG.verifier.vkey()}", "no other line", id="log twice"),
        pytest.param(
            f"log {renamed(LOG, 'renamed.example', ED25519)}", "no other line", id="log renamed"
        ),
        pytest.param(f"witness w4 {W1.verifier.vkey()}", "no other line", id="witness twice"),
        pytest.param(
            f"witness w4 {renamed(W1, 'renamed.example', COSIGNATURE_ED25519)}",
            "no other line",
            id="witness renamed",
        ),
        pytest.param(
            f"witness w4 {renamed(LOG, 'w.example', COSIGNATURE_ED25519)}",
            "no other line",
            id="log as witness",
        ),
        pytest.param(
            f"log {renamed(W1, 'log.example', ED25519)}", "no other line", id="witness as log"
        ),
        pytest.param(f"witness w1 {vkey(9)}", "not taken", id="another key under a name"),
        pytest.param(f"witness none {vkey(9)}", "not taken", id="witness named none"),
        pytest.param(f"log {vkey(9)}", "another type", id="key of a witness for a log"),
        pytest.param(
            f"witness w4 {OTHER_LOG.verifier.vkey()}",
            "another type",
            id="key of a log for a witness",
        ),
        pytest.param(
            f"log {raw_vkey('pq.example', COSIGNATURE_ML_DSA_44, bytes(1312))}",
            "another type",
            id="ML-DSA for a log",
        ),
        pytest.param(
            f"witness w4 {raw_vkey('w', 2, bytes(32))}", "known algorithm", id="unknown algorithm"
        ),
        pytest.param(
            f"witness w4 {raw_vkey('w', COSIGNATURE_ED25519, bytes(32))}", "prime order", id="zeros"
        ),
        pytest.param(
            f"log {raw_vkey('w', ED25519, bytes([1]) + bytes(31))}", "prime order", id="neutral"
        ),
        pytest.param(f"witness w4 {vkey(9).replace('+', '+0', 1)}", "key id", id="key id too long"),
        pytest.param("log", "expected a log", id="log without a key"),
        pytest.param("witness w4", "expected a log", id="witness without a key"),
        pytest.param("witness w4 x+00000000+!", "base64", id="no base64"),
        pytest.param("witness w4 \u017c+00000000+AAAA", "known algorithm", id="wide name, no key"),
        pytest.param(f"witness w4 {vkey(9)} ftp://w.example/", "http", id="other scheme"),
        pytest.param(f"witness w4 {vkey(9)} HTTP://w.example/", "http", id="capital scheme"),
        pytest.param(f"witness w4 {vkey(9)} w.example", "http", id="no scheme"),
        pytest.param(f"witness w4 {vkey(9)} https://", "http", id="no host"),
        pytest.param(f"witness w4 {vkey(9)} https:///path", "http", id="path for a host"),
        pytest.param(f"witness w4 {vkey(9)} https://a:b@w.example/", "http", id="user in the URL"),
        pytest.param(f"witness w4 {vkey(9)} https://a/ https://b/", "one URL", id="two URLs"),
    ],
)
def test_a_line_with_a_key_that_may_not_stand_there_is_refused(line: str, reason: str) -> None:
    with pytest.raises(PolicyRefused, match=reason):
        policy(f"{PLAIN}{line}\nquorum none\n")


def test_two_keys_with_one_name_and_one_id_are_refused() -> None:
    # A hundred thousand tries found these two: a line of one could be taken for the other's.
    one, other = (
        Verifier("w.example", COSIGNATURE_ML_DSA_44, number.to_bytes(4, "big") + bytes(1308))
        for number in (99382, 104616)
    )
    assert one.key_id == other.key_id
    with pytest.raises(PolicyRefused, match="name and key id"):
        policy(f"{PLAIN}witness a {one.vkey()}\nwitness b {other.vkey()}\nquorum none\n")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"quorum none", id="no newline at the end"),
        pytest.param(b"quorum none\r\n", id="CRLF"),
        pytest.param(b"quorum\x0bnone\n", id="vertical tab"),
        pytest.param(b"quorum\x0cnone\n", id="form feed"),
        pytest.param(b"#\x00\nquorum none\n", id="NUL in a comment"),
        pytest.param(b"#\x7f\nquorum none\n", id="DEL in a comment"),
        pytest.param(b"\xef\xbb\xbfquorum none\n", id="BOM"),
        pytest.param(b"quorum\xc2\xa0none\n", id="no-break space"),
        pytest.param("quorum none\n".encode("utf-16"), id="UTF-16"),
    ],
)
def test_a_policy_in_other_octets_is_refused(data: bytes) -> None:
    with pytest.raises(PolicyRefused):
        Trust.parse(data)


def test_policies_up_to_the_limits_are_read_and_beyond_them_refused() -> None:
    keys = [vkey(number) for number in range(1, 66)]
    witnesses = [f"witness w{number} {key}\n" for number, key in enumerate(keys)]
    logs = [
        f"log {Signer('many.example', ED25519, bytes([n]) * 32).verifier.vkey()}\n"
        for n in range(100, 165)
    ]
    groups = [f"group g{number} any w{number}\n" for number in range(65)]
    members = " ".join(f"w{number}" for number in range(64))
    full = "".join((*witnesses[:64], *logs[:64], *groups[:64]))
    assert len(policy(f"{full}quorum none\n").groups) == 64
    assert policy(f"{''.join(witnesses[:64])}group g 64 {members}\nquorum g\n").quorum == "g"
    for beyond in (
        "".join(witnesses) + "quorum none\n",
        "".join(logs) + "quorum none\n",
        "".join((*witnesses[:64], *groups[:64])) + "group h any g1\nquorum none\n",
        "".join(witnesses[:64]) + f"group h any {members} w64\nquorum none\n",
    ):
        with pytest.raises(PolicyRefused, match="at most 64"):
            policy(beyond)


def test_a_policy_has_at_most_64_kibibytes_and_1000_lines() -> None:
    end = b"quorum none\n"
    assert Trust.parse(b"#" * (64 * 1024 - len(end) - 1) + b"\n" + end).quorum is None
    assert Trust.parse(b"\n" * 999 + end).quorum is None
    with pytest.raises(PolicyRefused, match="bytes"):
        Trust.parse(b"#" * (64 * 1024 - len(end)) + b"\n" + end)
    with pytest.raises(PolicyRefused, match="lines"):
        Trust.parse(b"\n" * 1000 + end)


def test_a_hostile_policy_costs_little() -> None:
    deep = "".join(f"group g{n} any {f'g{n - 1}' if n else 'w1'}\n" for n in range(64))
    trust = policy(f"{PLAIN}{deep}quorum g63\n")
    begun = perf_counter()
    assert trust.require(note_by(W1)).quorum
    with pytest.raises(QuorumMissing):
        trust.require(note_by())
    with pytest.raises(PolicyRefused):
        Trust.parse(b"group g 1" + b" x" * 30_000 + b"\n")
    with pytest.raises(PolicyRefused):
        Trust.parse(b"witness w " + b"A" * 60_000 + b"\n")
    assert perf_counter() - begun < 0.5


@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [
                    "log",
                    "witness",
                    "group",
                    "quorum",
                    "none",
                    "any",
                    "all",
                    "1",
                    "2",
                    "g",
                    "h",
                    "w1",
                ]
            )
            | st.text(max_size=5)
        ).map(" ".join),
        max_size=8,
    )
)
def test_any_other_text_is_refused_or_read_and_nothing_else(lines: list[str]) -> None:
    with suppress(PolicyRefused):
        assert Trust.parse((PLAIN + "\n".join(lines) + "\n").encode()).witnesses


@given(st.data())
def test_any_octet_put_into_a_policy_is_refused_or_read_and_nothing_else(
    data: st.DataObject,
) -> None:
    text = TWO_OF_THREE.encode()
    place = data.draw(st.integers(0, len(text) - 1))
    octet = data.draw(st.integers(0, 255))
    altered = text[:place] + bytes([octet]) + text[place + 1 :]
    with suppress(PolicyRefused):
        Trust.parse(altered)
        assert octet in b"\t\n" or 0x20 <= octet <= 0x7E or octet >= 0x80
