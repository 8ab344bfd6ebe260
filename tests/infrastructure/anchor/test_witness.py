"""A witness cosigns what continues a log, remembers it for good, and keeps what does not."""

from __future__ import annotations

import logging
import multiprocessing
import sqlite3
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from infrastructure.anchor.witness import (
    MAX_BODY_SIZE,
    MAX_EVIDENCE,
    SIZE_TYPE,
    Answer,
    Submission,
    Witness,
    policy_lines,
)
from infrastructure.errors import FolderRefused
from infrastructure.ledger.checkpoint import signed
from infrastructure.ledger.errors import KeyRefused, NoteRefused, PolicyRefused
from infrastructure.ledger.note import (
    COSIGNATURE_ED25519,
    Note,
    Signer,
    Verifier,
    has_ml_dsa,
    parse_signature_lines,
)
from infrastructure.ledger.trust import Judged, Trust
from tests.support.witnesses import NOW, ORIGIN, WitnessedLog, secret_of, stranger

NAME = "witness.example/w1"
LOG = WitnessedLog()
KEYS = 2 if has_ml_dsa() else 1
EXAMPLE = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\N{EM DASH} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/\
Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\N{EM DASH} example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+\
49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""
"""The request that the specification shows."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "witness"


@pytest.fixture
def witness(folder: Path) -> Iterator[Witness]:
    """A witness that knows the log, and has cosigned nothing."""
    with closing(Witness.create(folder, NAME)) as made:
        made.trust(LOG.vkey)
        yield made


def judged(witness: Witness, note: Note, answer: Answer) -> Judged:
    """What a clinic's policy makes of an answer, in which every key of the witness must count."""
    assert answer.status == 200
    keys = [each.name for each in policy_of(witness, "none").witnesses]
    everybody = f"group everybody all {' '.join(keys)}"
    lines = [*policy_lines(witness.verifiers)[:KEYS], everybody, "quorum everybody"]
    text = "".join(f"{line}\n" for line in (f"log {LOG.vkey}", *lines))
    whole = note.with_signatures(*parse_signature_lines(answer.body))
    return Trust.parse(text.encode()).require(whole.encode())


def policy_of(witness: Witness, quorum: str) -> Trust:
    lines = (*policy_lines(witness.verifiers), f"quorum {quorum}", "")
    return Trust.parse("\n".join(lines).encode())


def standing(witness: Witness) -> int:
    """The size at which a witness says that it stands."""
    answer = witness.add_checkpoint(LOG.body(200, 201), NOW)
    assert (answer.status, answer.content_type) == (409, SIZE_TYPE)
    return int(answer.body)


# The form of a request


def test_the_example_of_the_specification_is_read_and_written_alike() -> None:
    found = Submission.parse(EXAMPLE.encode())
    assert (found.old, found.checkpoint.size) == (20852014, 20852163)
    assert found.checkpoint.origin == "example.com/behind-the-sofa"
    assert found.proof[0] == b64decode("PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=")
    assert (len(found.proof), len(found.note.signatures)) == (4, 2)
    assert found.encode() == EXAMPLE.encode()


@given(
    old=st.integers(0, 2**63 - 1),
    proof=st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    size=st.integers(0, 20),
)
def test_what_is_written_is_read(old: int, proof: list[bytes], size: int) -> None:
    body = LOG.submission(old, tuple(proof), LOG.note(size))
    found = Submission.parse(body)
    assert (found.old, found.proof, found.note) == (old, tuple(proof), LOG.note(size))
    assert found.encode() == body


@given(st.binary(max_size=400) | st.binary(max_size=300).map(lambda end: b"old 0\n" + end))
def test_any_other_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(NoteRefused):
        Submission.parse(body)


GOOD = LOG.body(4, 7)
HASH = GOOD.split(b"\n")[1]
MALFORMED: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no old line": lambda body: body.partition(b"\n")[2],
    "a blank line first": lambda body: b"\n" + body,
    "a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "CRLF": lambda body: body.replace(b"\n", b"\r\n"),
    "CR after old": lambda body: body.replace(b"old 4", b"old 4\r"),
    "capitals": lambda body: body.replace(b"old", b"Old"),
    "two spaces": lambda body: body.replace(b"old 4", b"old  4"),
    "a tab": lambda body: body.replace(b"old 4", b"old\t4"),
    "a space at the end": lambda body: body.replace(b"old 4", b"old 4 "),
    "a zero first": lambda body: body.replace(b"old 4", b"old 04"),
    "a sign": lambda body: body.replace(b"old 4", b"old +4"),
    "a negative size": lambda body: body.replace(b"old 4", b"old -4"),
    "no number": lambda body: body.replace(b"old 4", b"old "),
    "a hexadecimal number": lambda body: body.replace(b"old 4", b"old 0x4"),
    "other digits": lambda body: body.replace(b"old 4", "old \u0664".encode()),
    "a number of 64 bits": lambda body: body.replace(b"old 4", b"old %d" % 2**63),
    "a number of many digits": lambda body: body.replace(b"old 4", b"old " + b"9" * 5000),
    "old twice": lambda body: b"old 4\n" + body,
    "a hash that is short": lambda body: body.replace(HASH, HASH[:40]),
    "a hash of 31 bytes": lambda body: body.replace(HASH, b"A" * 42 + b"=="),
    "a hash without padding": lambda body: body.replace(HASH, HASH[:-1]),
    "unused bits set": lambda body: body.replace(HASH, b"A" * 42 + b"B="),
    "another alphabet": lambda body: body.replace(HASH, b"-_" * 21 + b"A="),
    "64 lines of proof": lambda body: body.replace(HASH, b"\n".join([HASH] * 64)),
    "many lines of proof": lambda body: body.replace(HASH, b"\n".join([HASH] * 1000)),
    "no blank line": lambda body: body.replace(b"\n\n", b"\n", 1),
    "two blank lines": lambda body: body.replace(b"\n\n", b"\n\n\n", 1),
    "no newline at the end": lambda body: body[:-1],
    "a line after the end": lambda body: body + b"\n",
    "an extension line": lambda body: body.replace(
        LOG.note(7).text.encode(), LOG.note(7).text.encode() + b"an extension\n"
    ),
    "a size with a zero first": lambda body: body.replace(b"\n7\n", b"\n07\n"),
    "no UTF-8": lambda body: body.replace(b"\n7\n", b"\n\xff\n"),
    "too many bytes": lambda body: body.replace(
        b"\n\n", b"\n" + (HASH + b"\n") * (MAX_BODY_SIZE // len(HASH)) + b"\n", 1
    ),
}


@pytest.mark.parametrize("bend", MALFORMED.values(), ids=MALFORMED.keys())
def test_any_other_form_is_refused_with_400_and_changes_nothing(
    witness: Witness, bend: Callable[[bytes], bytes]
) -> None:
    assert witness.add_checkpoint(LOG.body(0, 4), NOW).status == 200
    bent = bend(GOOD)
    assert bent != GOOD
    assert witness.add_checkpoint(bent, NOW).status == 400
    assert witness.add_checkpoint(GOOD, NOW).status == 200


def test_a_body_is_read_up_to_its_limit_and_not_beyond() -> None:
    note = LOG.note(7)
    room = MAX_BODY_SIZE - len(LOG.submission(0, (), note.with_signatures(stranger(1))))
    # Base64 takes four bytes for three.
    line = stranger(1, "x" * (room * 3 // 4))
    body = LOG.submission(0, (), note.with_signatures(line))
    assert 0 <= MAX_BODY_SIZE - len(body) < 4
    assert Submission.parse(body).note.signatures[1] == line
    longer = LOG.submission(0, (), note.with_signatures(stranger(1, "x" * (room * 3 // 4 + 3))))
    with pytest.raises(NoteRefused, match="at most"):
        Submission.parse(longer)


def test_an_extension_line_is_refused_although_its_log_has_signed_it(witness: Witness) -> None:
    text = LOG.note(7).text + "an extension\n"
    note = Note(text, (LOG.signer.sign(text.encode()),))
    body = b"old 0\n\n" + note.encode()
    assert witness.add_checkpoint(body, NOW).status == 400


# What is cosigned


def test_the_first_checkpoint_of_a_log_is_cosigned_with_every_key(witness: Witness) -> None:
    answer = witness.add_checkpoint(LOG.body(0, 7), NOW)
    found = judged(witness, LOG.note(7), answer)
    assert found.checkpoint == LOG.checkpoint(7)
    assert set(found.witnesses.values()) == {NOW}
    assert len(found.witnesses) == KEYS == len(parse_signature_lines(answer.body))


def test_a_log_is_followed_from_size_to_size(witness: Witness) -> None:
    sizes = [0, 1, 2, 3, 7, 8, 64, 65, 100, 128, 150]
    for number, (old, new) in enumerate(pairwise(sizes)):
        answer = witness.add_checkpoint(LOG.body(old, new), NOW + number)
        assert set(judged(witness, LOG.note(new), answer).witnesses.values()) == {NOW + number}
    assert standing(witness) == 150


def test_the_empty_tree_is_cosigned_and_anything_continues_it(witness: Witness) -> None:
    for time_s in (NOW, NOW + 1):
        answer = witness.add_checkpoint(LOG.body(0, 0), time_s)
        assert judged(witness, LOG.note(0), answer).checkpoint.size == 0
    assert standing(witness) == 0
    assert witness.add_checkpoint(LOG.body(0, 5), NOW).status == 200
    assert witness.add_checkpoint(LOG.body(0, 0), NOW).status == 409


def test_the_same_checkpoint_again_gets_a_fresh_cosignature(witness: Witness) -> None:
    first = witness.add_checkpoint(LOG.body(0, 7), NOW)
    again = witness.add_checkpoint(LOG.body(7, 7), NOW + 60)
    assert set(judged(witness, LOG.note(7), first).witnesses.values()) == {NOW}
    assert set(judged(witness, LOG.note(7), again).witnesses.values()) == {NOW + 60}


def test_times_never_go_back_for_one_log_whatever_the_clock_does(
    witness: Witness, folder: Path
) -> None:
    other = WitnessedLog("other.example/log")
    witness.trust(other.vkey)
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    earlier = witness.add_checkpoint(LOG.body(7, 9), NOW - 5000)
    assert set(judged(witness, LOG.note(9), earlier).witnesses.values()) == {NOW}
    with closing(Witness(folder)) as reopened:
        again = reopened.add_checkpoint(LOG.body(9, 9), 1)
        assert set(judged(witness, LOG.note(9), again).witnesses.values()) == {NOW}
    # Another log's times are its own.
    line = parse_signature_lines(witness.add_checkpoint(other.body(0, 1), NOW - 5000).body)[0]
    assert witness.verifiers[0].verify(other.note(1).text.encode(), line.blob) == NOW - 5000


def test_while_a_key_is_replaced_the_old_the_new_and_both_are_good(witness: Witness) -> None:
    new = WitnessedLog(ORIGIN, b"\x02" * 32)
    assert witness.add_checkpoint(new.body(0, 1), NOW).status == 403
    witness.trust(new.vkey)
    assert len(witness.trusted(ORIGIN)) == 2
    assert witness.add_checkpoint(LOG.body(0, 1), NOW).status == 200
    assert witness.add_checkpoint(new.body(1, 2), NOW).status == 200
    both = signed(LOG.checkpoint(3), LOG.signer, new.signer)
    body = LOG.submission(2, LOG.prove(2, 3), both)
    assert witness.add_checkpoint(body, NOW).status == 200
    latest = witness.latest(ORIGIN)
    assert latest is not None
    assert len(Note.parse(latest).signatures) == 2 + KEYS


def test_the_newest_checkpoint_is_to_be_had_without_the_lines_of_strangers(
    witness: Witness,
) -> None:
    assert witness.latest(ORIGIN) is None
    assert witness.latest("unknown.example") is None
    note = LOG.note(7)
    crowded = note.with_signatures(*(stranger(number) for number in range(1, 60)))
    answer = witness.add_checkpoint(LOG.submission(0, (), crowded), NOW)
    expected = note.with_signatures(*parse_signature_lines(answer.body)).encode()
    assert witness.latest(ORIGIN) == expected
    # What is refused is never shown.
    witness.add_checkpoint(LOG.body(7, 9, "other", 3), NOW)
    assert witness.latest(ORIGIN) == expected


# What is refused


def test_a_log_that_is_not_known_gets_404(witness: Witness) -> None:
    other = WitnessedLog("other.example/log")
    assert witness.add_checkpoint(other.body(0, 7), NOW).status == 404
    # Not even with a signature of a key that is trusted for another log.
    borrowed = Note(other.note(7).text, (LOG.signer.sign(other.note(7).text.encode()),))
    assert witness.add_checkpoint(LOG.submission(0, (), borrowed), NOW).status == 404


def test_a_checkpoint_that_no_trusted_key_signed_gets_403(witness: Witness) -> None:
    namesake = WitnessedLog(ORIGIN, b"\x09" * 32)
    assert witness.add_checkpoint(namesake.body(0, 7), NOW).status == 403
    unsigned = Note(LOG.note(7).text, (stranger(1),))
    assert witness.add_checkpoint(LOG.submission(0, (), unsigned), NOW).status == 403


def test_a_trusted_key_that_does_not_verify_gets_403_whoever_signed_beside_it(
    witness: Witness,
) -> None:
    new = WitnessedLog(ORIGIN, b"\x02" * 32)
    witness.trust(new.vkey)
    borrowed = Note(LOG.note(7).text, LOG.note(8).signatures)
    assert witness.add_checkpoint(LOG.submission(0, (), borrowed), NOW).status == 403
    beside = LOG.note(7).with_signatures(*new.note(8).signatures)
    assert witness.add_checkpoint(LOG.submission(0, (), beside), NOW).status == 403


def test_a_cosignature_of_its_own_is_no_signature_of_a_log(witness: Witness) -> None:
    answer = witness.add_checkpoint(LOG.body(0, 7), NOW)
    alone = Note(LOG.note(7).text, parse_signature_lines(answer.body))
    assert witness.add_checkpoint(LOG.submission(7, (), alone), NOW).status == 403


def test_an_old_size_above_the_checkpoint_gets_400(witness: Witness) -> None:
    witness.add_checkpoint(LOG.body(0, 9), NOW)
    body = LOG.submission(9, (), LOG.note(7))
    assert witness.add_checkpoint(body, NOW).status == 400
    assert standing(witness) == 9


@pytest.mark.parametrize(("old", "new"), [(0, 7), (0, 12), (6, 12), (7, 8), (9, 12), (0, 9)])
def test_another_old_size_gets_409_and_the_size_that_was_cosigned(
    witness: Witness, old: int, new: int
) -> None:
    witness.add_checkpoint(LOG.body(0, 8), NOW)
    expected = Answer(409, "text/x.tlog.size", b"8\n")
    assert witness.add_checkpoint(LOG.body(old, new), NOW) == expected


def test_before_anything_was_cosigned_the_size_is_zero(witness: Witness) -> None:
    expected = Answer(409, "text/x.tlog.size", b"0\n")
    assert witness.add_checkpoint(LOG.body(3, 7), NOW) == expected


@pytest.mark.parametrize(
    "bend",
    [
        lambda _: (),
        lambda proof: proof[:-1],
        lambda proof: (*proof, b"x" * 32),
        lambda proof: proof[::-1],
        lambda proof: (b"x" * 32, *proof[1:]),
        lambda proof: proof * 12,
    ],
    ids=["none", "cut", "longer", "turned round", "another hash", "many"],
)
def test_a_proof_that_does_not_verify_gets_422(
    witness: Witness, bend: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]
) -> None:
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    body = LOG.submission(7, bend(LOG.prove(7, 13)), LOG.note(13))
    assert witness.add_checkpoint(body, NOW).status == 422
    assert standing(witness) == 7


def test_a_proof_where_none_can_be_gets_422(witness: Witness) -> None:
    padded = (b"x" * 32,)
    assert witness.add_checkpoint(LOG.submission(0, padded, LOG.note(7)), NOW).status == 422
    assert witness.add_checkpoint(LOG.submission(0, padded, LOG.note(0)), NOW).status == 422
    assert standing(witness) == 0
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    assert witness.add_checkpoint(LOG.submission(7, padded, LOG.note(7)), NOW).status == 422


def test_a_tree_that_went_on_otherwise_gets_422_with_any_proof_that_can_be_made(
    witness: Witness,
) -> None:
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    assert witness.add_checkpoint(LOG.body(7, 13, "other", 6), NOW).status == 422
    honest = LOG.submission(7, LOG.prove(7, 13), LOG.note(13, "other", 6))
    assert witness.add_checkpoint(honest, NOW).status == 422


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bit=st.integers(0, len(GOOD) * 8 - 1))
def test_any_flipped_bit_is_refused(witness: Witness, bit: int) -> None:
    if witness.latest(ORIGIN) is None:
        witness.add_checkpoint(LOG.body(0, 4), NOW)
    before = witness.latest(ORIGIN)
    flipped = bytearray(GOOD)
    flipped[bit // 8] ^= 1 << bit % 8
    answer = witness.add_checkpoint(bytes(flipped), NOW)
    assert answer.status in {400, 403, 404, 409, 422}
    assert witness.latest(ORIGIN) == before


# Forks


@pytest.mark.parametrize("old", [7, 0, 3], ids=["in form", "as if at first", "with an old size"])
def test_another_root_at_the_same_size_gets_409_and_is_kept_as_evidence(
    witness: Witness, caplog: pytest.LogCaptureFixture, old: int
) -> None:
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    body = LOG.body(old, 7, "other", 3)
    for _ in range(2):
        answer = witness.add_checkpoint(body, NOW + 5)
        assert answer == Answer(409, "text/x.tlog.size", b"7\n")
    [found] = witness.evidence()
    assert (found.origin, found.size, found.time_s) == (ORIGIN, 7, NOW + 5)
    # Both notes convince whoever knows the log's key.
    trust = Trust.parse(f"log {LOG.vkey}\nquorum none\n".encode())
    assert trust.require(found.cosigned).checkpoint == LOG.checkpoint(7)
    assert trust.require(found.conflicting).checkpoint == LOG.checkpoint(7, "other", 3)
    # Told once, with a code and without contents; and the first tree is gone on from.
    [told] = caplog.records
    assert told.levelno == logging.CRITICAL
    assert "E-FORK" in told.getMessage()
    assert ORIGIN not in told.getMessage()
    assert witness.add_checkpoint(LOG.body(7, 9), NOW + 6).status == 200


def test_a_fork_is_kept_even_where_the_request_was_not_in_order(witness: Witness) -> None:
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    note = LOG.note(7, "other", 3).with_signatures(stranger(1))
    assert witness.add_checkpoint(LOG.submission(8, (), note), NOW).status == 400
    [found] = witness.evidence()
    assert Note.parse(found.conflicting) == LOG.note(7, "other", 3)


def test_what_its_log_has_not_signed_is_no_evidence(witness: Witness) -> None:
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    namesake = WitnessedLog(ORIGIN, b"\x09" * 32)
    witness.add_checkpoint(namesake.body(7, 7, "other", 3), NOW)
    witness.add_checkpoint(LOG.body(7, 8, "other", 3), NOW)
    witness.add_checkpoint(LOG.body(0, 6), NOW)
    assert witness.evidence() == ()


def test_only_so_many_forks_of_a_log_are_kept(witness: Witness) -> None:
    witness.add_checkpoint(LOG.body(0, 2), NOW)
    for number in range(MAX_EVIDENCE + 3):
        answer = witness.add_checkpoint(LOG.body(2, 2, f"branch {number} ", 1), NOW)
        assert answer.status == 409
    assert len(witness.evidence()) == MAX_EVIDENCE


# One memory, many who ask


def raced(witnesses: list[Witness], threads: int, seed: int) -> list[tuple[int, int]]:
    """Have many submit at once whatever continues what they last saw; what was cosigned."""
    cosigned: list[tuple[int, int]] = []
    begin = threading.Barrier(threads)

    def submit(number: int) -> None:
        chance, old = Random(seed + number), 0
        witness = witnesses[number % len(witnesses)]
        begin.wait()
        for _ in range(6):
            new = min(old + chance.randint(1, 9), 150)
            answer = witness.add_checkpoint(LOG.body(old, new), NOW)
            if answer.status == 200:
                cosigned.append((old, new))
                old = new
            else:
                assert answer.status == 409
                old = int(answer.body)

    working = [threading.Thread(target=submit, args=(number,)) for number in range(threads)]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    return cosigned


def must_be_one_line(cosigned: list[tuple[int, int]], end: int) -> None:
    """Each tree was continued once, from nothing to the end: nothing was rolled back."""
    assert len(cosigned) > 1
    steps = sorted((old, new) for old, new in cosigned if old != new)
    assert [old for old, _ in steps] == [0, *(new for _, new in steps[:-1])]
    assert steps[-1][1] == end


@pytest.mark.parametrize("seed", range(3))
def test_of_many_who_submit_at_once_to_two_witnesses_on_one_file_none_rolls_back(
    witness: Witness, folder: Path, seed: int
) -> None:
    with closing(Witness(folder)) as second:
        cosigned = raced([witness, second], 8, seed)
        assert standing(second) == standing(witness)
        must_be_one_line(cosigned, standing(witness))


def test_of_n_and_n_plus_k_at_once_the_larger_is_never_undone(
    witness: Witness, folder: Path
) -> None:
    with closing(Witness(folder)) as second:
        for old in range(0, 60, 10):
            begin = threading.Barrier(2)
            answers: dict[int, Answer] = {}

            def submit(which: Witness, new: int, old: int = old) -> None:
                body = LOG.body(old, new)
                begin.wait()  # noqa: B023 - every turn has its own threads, which end in it
                answers[new] = which.add_checkpoint(body, NOW)  # noqa: B023 - the same

            racers = ((witness, old + 5), (second, old + 10))
            working = [threading.Thread(target=submit, args=each) for each in racers]
            for thread in working:
                thread.start()
            for thread in working:
                thread.join()
            assert sorted(answer.status for answer in answers.values()) == [200, 409]
            winner = next(new for new, answer in answers.items() if answer.status == 200)
            assert standing(witness) == winner
            if winner != old + 10:
                witness.add_checkpoint(LOG.body(winner, old + 10), NOW)


def test_processes_on_one_file_do_not_roll_back_either(witness: Witness, folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    found = context.SimpleQueue()

    def compete(seed: int) -> None:
        with closing(Witness(folder)) as own:
            found.put(raced([own], 2, seed))

    working = [context.Process(target=compete, args=(seed,)) for seed in range(3)]
    for process in working:
        process.start()
    cosigned = [each for _ in working for each in found.get()]
    for process in working:
        process.join()
        assert process.exitcode == 0
    must_be_one_line(cosigned, standing(witness))


# The folder


def test_what_was_cosigned_is_remembered(witness: Witness, folder: Path) -> None:
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    latest = witness.latest(ORIGIN)
    witness.close()
    with closing(Witness(folder)) as reopened:
        assert reopened.latest(ORIGIN) == latest
        assert reopened.verifiers == witness.verifiers
        assert standing(reopened) == 7


def test_everything_is_its_owners_alone(witness: Witness, folder: Path) -> None:
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = sorted(folder.iterdir())
    assert len(files) >= 1 + KEYS
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604])
@pytest.mark.parametrize("number", range(1 + KEYS))
def test_a_file_that_is_open_to_others_refuses_the_witness(
    witness: Witness, folder: Path, mode: int, number: int
) -> None:
    witness.close()
    names = ("witness.db", "ed25519.key", "ml-dsa-44.key")
    (folder / names[number]).chmod(mode)
    with pytest.raises(FolderRefused, match="open to others"):
        Witness(folder)


def other_key(folder: Path) -> None:
    other = Signer.generate(NAME, COSIGNATURE_ED25519)
    (folder / "ed25519.key").write_text(other.encode())


def log_key(folder: Path) -> None:
    (folder / "ed25519.key").write_text(LOG.signer.encode())


def sql(statement: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "witness.db")) as db:
            db.execute(statement)
            db.commit()

    return change


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "witness.db").unlink(), "lost its memory"),
        (lambda folder: (folder / "witness.db").write_bytes(b""), "no memory of a witness"),
        (lambda folder: (folder / "witness.db").write_bytes(b"no" * 4096), "damaged"),
        (sql("PRAGMA user_version = 2"), "does not know"),
        (sql("PRAGMA application_id = 7"), "no memory of a witness"),
        (lambda folder: (folder / "ed25519.key").unlink(), "made with"),
        (lambda folder: (folder / "ed25519.key").write_text("PRIVATE+KEY+nonsense"), "no key"),
        (lambda folder: (folder / "ed25519.key").write_bytes(b"\xff" * 4096), "no key"),
        (other_key, "made with"),
        (log_key, "another kind"),
        (sql("DELETE FROM signer WHERE vkey = (SELECT min(vkey) FROM signer)"), "made with"),
    ],
    ids=[
        *("no memory", "an empty file", "nonsense", "another version", "another program"),
        *("no key", "nonsense for a key", "bytes for a key", "another key", "a key of a log"),
        "a key too many",
    ],
)
def test_a_folder_that_is_not_as_it_was_left_is_refused(
    witness: Witness, folder: Path, spoil: Callable[[Path], None], told: str
) -> None:
    secret = secret_of(folder / "ed25519.key")
    witness.close()
    spoil(folder)
    with pytest.raises(FolderRefused, match=told) as refused:
        Witness(folder)
    assert secret not in str(refused.value)
    assert str(folder) not in str(refused.value)


def test_a_witness_is_not_made_where_there_is_something(folder: Path) -> None:
    folder.mkdir()
    (folder / "anything").touch()
    with pytest.raises(FolderRefused):
        Witness.create(folder, NAME)
    assert [each.name for each in folder.iterdir()] == ["anything"]


@pytest.mark.parametrize("name", ["", "two words", "a+b", "none", "x" * 256, "line\nfeed"])
def test_a_name_that_no_key_or_no_policy_can_have_makes_nothing(folder: Path, name: str) -> None:
    with pytest.raises((KeyRefused, PolicyRefused)):
        Witness.create(folder, name)
    assert not folder.exists()


def test_a_name_may_be_in_any_script(folder: Path) -> None:
    Witness.create(folder, "świadek.example/łódź").close()
    with closing(Witness(folder)) as witness:
        assert {each.name for each in witness.verifiers} == {"świadek.example/łódź"}


def test_nothing_that_is_shown_of_a_witness_is_secret(
    witness: Witness, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    witness.add_checkpoint(LOG.body(7, 7, "other", 3), NOW)
    shown = repr(witness) + repr(witness.__dict__) + repr(witness.verifiers) + caplog.text
    for file in folder.glob("*.key"):
        assert secret_of(file) not in shown


# Whom it believes


def test_the_same_key_may_be_trusted_again_and_counts_once(witness: Witness) -> None:
    assert witness.trust(LOG.vkey) == Verifier.parse(LOG.vkey)
    assert witness.trusted(ORIGIN) == (LOG.signer.verifier,)
    witness.add_checkpoint(LOG.body(0, 7), NOW)
    witness.trust(LOG.vkey)
    assert standing(witness) == 7


def test_a_key_that_is_no_logs_is_not_trusted(witness: Witness) -> None:
    cosigner = Signer.generate(ORIGIN, COSIGNATURE_ED25519).verifier.vkey()
    for vkey in ("", "nonsense", cosigner, LOG.vkey + "A", LOG.vkey.replace("1+", "2+")):
        with pytest.raises(KeyRefused):
            witness.trust(vkey)
    assert witness.trusted(ORIGIN) == (LOG.signer.verifier,)


def test_a_key_that_could_be_mistaken_for_a_trusted_one_is_not_trusted(witness: Witness) -> None:
    # Found by trying: two keys of this name whose ids of four bytes are the same.
    one, two = (
        WitnessedLog(ORIGIN, number.to_bytes(32, "big")).signer.verifier
        for number in (73440, 92439)
    )
    assert (one.key_id, one.public == two.public) == (two.key_id, False)
    witness.trust(one.vkey())
    with pytest.raises(KeyRefused, match="key id"):
        witness.trust(two.vkey())
    assert two not in witness.trusted(ORIGIN)


def test_a_key_that_is_trusted_by_another_process_is_known_at_once(
    witness: Witness, folder: Path
) -> None:
    other = WitnessedLog("other.example/log")
    with closing(Witness(folder)) as second:
        second.trust(other.vkey)
    assert witness.add_checkpoint(other.body(0, 3), NOW).status == 200


def test_two_logs_of_one_key_are_two_logs(witness: Witness) -> None:
    other = WitnessedLog("other.example/log")
    witness.trust(other.vkey)
    assert witness.add_checkpoint(LOG.body(0, 7), NOW).status == 200
    assert witness.add_checkpoint(other.body(0, 3), NOW).status == 200
    assert standing(witness) == 7


def test_the_lines_for_a_policy_name_every_key_and_one_is_enough(witness: Witness) -> None:
    lines = policy_lines(witness.verifiers, "https://witness.example/w1")
    found = Trust.parse("\n".join((*lines, "quorum none", "")).encode())
    assert [each.verifier for each in found.witnesses] == list(witness.verifiers)
    assert {each.url for each in found.witnesses} == {"https://witness.example/w1"}
    assert [each.name for each in found.witnesses] == [NAME, f"{NAME}-pq"][:KEYS]
    for group in found.groups:
        assert (group.name, group.threshold) == (f"{NAME}-any", 1)
    with pytest.raises(PolicyRefused):
        policy_lines(witness.verifiers, "ftp://witness.example")
