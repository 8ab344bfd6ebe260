"""Attacks 45 to 57 and 64: on checkpoints, witnesses, policies, proofs, and a client's bundle.

The attacker is the operator, who has every key of the clinic, or somebody on the way to whoever
verifies. What tells is held outside the clinic: a witness's memory, an auditor's, a client's.
The bundle of attack 64 is in `bundles`.
"""

from __future__ import annotations

import shutil
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

from cryptography.x509 import Certificate

from infrastructure.anchor import checkpointer as checkpointing, witness as witnessing
from infrastructure.anchor.gather import Gathered, Reply, gather
from infrastructure.anchor.proofs import Proofs
from infrastructure.anchor.timestamp import Anchor, request, verify as verify_stamp
from infrastructure.anchor.witness import (
    MAX_PROOF_LINES,
    Answer,
    Standing,
    Submission,
    Witness,
)
from infrastructure.ledger.checkpoint import Checkpoint, cosigned as cosign
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from infrastructure.ledger.note import (
    COSIGNATURE_ED25519,
    ED25519,
    MAX_SIGNATURES,
    Note,
    SignatureLine,
    Signer,
    Verifier,
    read_base64,
    write_base64,
)
from infrastructure.ledger.proof import TlogProof
from infrastructure.ledger.tiles import MOST_CHECKPOINT_BYTES, TileFolder, TileWriter
from infrastructure.ledger.trust import Trust
from infrastructure.verify import WHAT_IT_CANNOT_SEE
from tests.redteam import bundles
from tests.redteam.harness import ACCEPTED, HELD, Site, agreed, attack, code_of, holds, quickly
from tests.redteam.sites import (
    Auditor,
    Branch,
    asked_at_the_start,
    branch_of,
    exported,
    log_key,
    looked,
    rewritten,
    signed_anew,
    witnesses_at_hand,
)
from tests.support.authority import DAY, NOW, SIGNING, Authority, Identity, issue

__all__ = ("bundles", "untouched")

QUORUM = 2
HOURS = 24
PAUSE = 0.02
PATIENCE = 2.0
MOST_MS = 100
"""Milliseconds in which the worst of notes is refused; the limits on it come first."""
LOOKALIKES = ("-", "--", "\u2013", "\u2015", "\u2012", "\u2e3a", "")
"""What could be taken for the em dash that begins a signature line."""
LOW_ORDER = tuple(
    bytes.fromhex(each)
    for each in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        # The same points once more, in encodings that no honest key has.
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)
"""Every point of small order on the curve of Ed25519, in every encoding."""


def watched(site: Site) -> Auditor:
    """Set up a checkpointer and two witnesses, both needed; and an auditor who holds the policy."""
    site.anchor(witnesses=2, needed=QUORUM)
    return Auditor(site, site.trust())


def untouched(site: Site) -> str:
    """The control of all that follows: a clinic that nobody has touched is found good."""
    with witnesses_at_hand(site):
        auditor = watched(site)
        found = [auditor.judge_now("first"), asked_at_the_start(site)]
        site.clock.move(minutes=10)
        with closing(site.open()) as folder:
            receipt = looked(site, folder, "a look").signed[-1]
            note = site.published()
            trusted = (site.signing(), code_of(lambda: site.trust().require(note)))
            found += [*trusted, asked_at_the_start(site), auditor.judge_now("second")]
        found.append(auditor.holds(receipt, exported(site, "second")))
        tsa = authority()
        token = tsa.stamps.reply(request(note))
        found.append(code_of(lambda: verify_stamp(token, note, tsa.roots, at=NOW)))
        found += [read_as_a_note(site, note), bundles.untouched(site, auditor)]
    return agreed(*found)


# Logs that were rewound, rewritten, or shown differently


@attack(45, "the whole folder put back, its own valid old checkpoint too", "E-ROLLBACK", "E-FORK")
def folder_rewound(site: Site) -> str:
    """The folder alone cannot tell. The checkpointer can, witnesses, an auditor and a receipt."""
    with witnesses_at_hand(site):
        auditor = watched(site)
        old, old_memory = site.copy("old"), site.place / "old memory"
        shutil.copytree(site.checkpointing, old_memory)
        with closing(site.open()) as folder:
            receipts = [looked(site, folder, f"lost {number}").signed[-1] for number in range(5)]
        site.checkpoint()
        seen = [auditor.judge_now("seen"), auditor.holds(receipts[0], exported(site, "seen"))]
        site.put_back(old)
        alone = [site.opening(), site.verifying(), site.verifying(with_keys=False)]
        found = [site.signing(), asked_at_the_start(site), auditor.judge_now("rewound")]
        # The operator puts the checkpointer's memory back as well: witnesses have seen more.
        shutil.rmtree(site.checkpointing)
        shutil.copytree(old_memory, site.checkpointing)
        site.live(2)
        found += [site.signing(), asked_at_the_start(site)]
        # And when the log has grown past what they have seen, it is another log.
        site.clock.move(hours=1)
        site.live(9)
        found.append(site.signing())
        grown = signed_anew(site, "grown")
        # Whoever asks for no witness, but remembers, is not taken in.
        lax = replace(auditor, trust=without_witnesses(site))
        found += [lax.judge(grown), lax.holds(receipts[0], grown)]
    limits = {
        "seen before": agreed(*seen) == ACCEPTED,
        "the folder alone": agreed(*alone) == ACCEPTED,
        "and it says so": "the whole folder was put back" in WHAT_IT_CANNOT_SEE,
    }
    return agreed(*found, *({holds(limits)} - {HELD}))


def without_witnesses(site: Site) -> Trust:
    """The policy of somebody who believes the log's own key and asks for no witness."""
    return Trust.parse(f"log {log_key(site).verifier.vkey()}\nquorum none\n".encode())


@attack(46, "a rewritten log signed again by the operator, without witnesses", "E-QUORUM")
def rewritten_and_signed(site: Site) -> str:
    with witnesses_at_hand(site):
        auditor = watched(site)
        rewritten(site)
        again = signed_anew(site, "again")
        # Signature and tiles are good: with a policy that asks for no witness, it is taken.
        unwitnessed = Auditor(site, without_witnesses(site)).judge(again, remembers=False)
        proof = inclusion_from(again, 9)
        found = agreed(
            auditor.judge(again),
            code_of(lambda: auditor.trust.require(TileFolder(again).read_checkpoint())),
            code_of(lambda: proof.verify(leaf_of(again, 9), auditor.trust)),
        )
    return found if unwitnessed == ACCEPTED else agreed(found, f"badly signed ({unwitnessed})")


def inclusion_from(public: Path, position: int) -> TlogProof:
    """The proof of an entry out of a published log."""
    folder = TileFolder(public)
    note = folder.read_checkpoint()
    size = Checkpoint.parse(Note.parse(note).text).size
    return TlogProof(position, inclusion_proof(folder.subtrees(size), position, size), note)


def leaf_of(public: Path, position: int) -> bytes:
    """A leaf out of a published log."""
    size = Checkpoint.parse(Note.parse(TileFolder(public).read_checkpoint()).text).size
    return TileFolder(public).subtrees(size)(0, position)


@attack(47, "a witness's name with another key", "E-QUORUM")
def forged_witness(site: Site) -> str:
    with witnesses_at_hand(site):
        auditor = watched(site)
        rewritten(site)
        public = signed_anew(site, "forged")
        note = Note.parse(TileFolder(public).read_checkpoint())
        for witness in site.witnesses.values():
            for verifier in witness.verifiers:
                forged = Signer.generate(verifier.name, verifier.algorithm)
                note = note.with_signatures(cosign(note, forged, time_s(site)))
        publish(public, note.encode())
        shown = code_of(lambda: site.trust().require(note.encode()))
        return agreed(auditor.judge(public), shown)


def time_s(site: Site) -> int:
    """The clinic's time, in seconds."""
    return int(site.clock.at.timestamp())


def publish(public: Path, note: bytes) -> None:
    """Put a note in the place of a checkpoint."""
    with TileWriter(public) as tiles:
        tiles.write_checkpoint(note)


@attack(48, "a cosignature replayed from another checkpoint", "E-AUTH")
def replayed_cosignature(site: Site) -> str:
    """Each line of each witness on its own, under the log's own good signature."""
    with witnesses_at_hand(site):
        auditor = watched(site)
        old = Note.parse(site.published())
        rewritten(site)
        public = signed_anew(site, "replayed")
        note = Note.parse(TileFolder(public).read_checkpoint())
        lines = [line for line in old.signatures if line.name != site.origin]
        found = {code_of(lambda: auditor.trust.judge(note.with_signatures(*lines).encode()))}
        for line in lines:
            publish(public, note.with_signatures(line).encode())
            found.add(auditor.judge(public))
    return agreed(*found) if len(lines) >= QUORUM else "nothing replayed"


@attack(49, "a split view: two signed heads of one size", "E-FORK")
def split_view(site: Site) -> str:
    """Witnesses refuse the second and keep both; so does whoever has seen the first."""
    with witnesses_at_hand(site):
        watched(site)
        gossip = Auditor(site, without_witnesses(site))
        first = exported(site, "first")
        seen = gossip.judge(first)
        size = len(site.rows())
        one = TileFolder(first).read_checkpoint()
        rewritten(site)
        second = signed_anew(site, "second")
        other = TileFolder(second).read_checkpoint()
        branch = branch_of(site)
        told = asked(site, branch, size)
        found = [*told.failures.values(), gossip.judge(second), asked_at_the_start_of(site, second)]
        statuses = {
            each.add_checkpoint(branch.body(old, new), time_s(site)).status
            for each in site.witnesses.values()
            for old, new in ((size, size), (size - 1, size))
        }
        with closing(Memory(gossip.memory)) as memory:
            evidence = {memory.note(f"evidence/{digest(each)}") for each in (one, other)}
    kept = [
        (Note.parse(each.cosigned).text, Note.parse(each.conflicting).text)
        for witness in site.witnesses.values()
        for each in witness.evidence()
    ]
    both = (Note.parse(one).text, Note.parse(other).text)
    claims = {
        "seen before": seen == ACCEPTED,
        "no cosignature": not told.lines and statuses == {409},
        "both kept by each witness": kept == [both] * QUORUM,
        "both kept by who was shown both": evidence == {one, other},
    }
    return agreed(*found, *({holds(claims)} - {HELD}))


def digest(note: bytes) -> str:
    """Under what a memory keeps a note as evidence."""
    return sha256(note).hexdigest()[:16]


def asked(site: Site, branch: Branch, size: int) -> Gathered:
    """What the witnesses answer to the head of a branch."""
    note = branch.note(size).encode()
    return gather(note, site.trust(), {}, branch.prove, seconds=5, fetch=site.fetch)


def asked_at_the_start_of(site: Site, public: Path) -> str:
    """What witnesses tell a clinic that has published another log."""
    shutil.rmtree(site.layout.log)
    shutil.copytree(public, site.layout.log)
    return asked_at_the_start(site)


@attack(50, "two checkpoints handed in at the same moment, of two branches", "E-FORK")
def raced(site: Site) -> str:
    """To one witness in two processes; only one branch is ever cosigned, and goes on."""
    with witnesses_at_hand(site):
        watched(site)
        begun = len(site.rows())
        site.live(12)
        one = branch_of(site)
        branches = [one, one.other(begun + 1)]
        # As a second process would have it: it shares the file and nothing else.
        (name, witness), *_ = site.witnesses.items()
        twin = Witness(site.place / name)
        site.keep(twin)

        def hand_in(at: Witness, branch: Branch, size: int) -> tuple[Branch, int, int]:
            return branch, size, at.add_checkpoint(branch.body(begun, size), time_s(site)).status

        sizes = range(begun + 2, begun + 10, 2)
        with patch.object(witnessing, "refusal_of", slowly(witnessing.refusal_of)):
            answers = at_once(
                [
                    partial(hand_in, at, branch, size)
                    for at in (witness, twin)
                    for branch in branches
                    for size in sizes
                ]
            )
        good = [(branch, size) for branch, size, status in answers if status == 200]
        winner = good[0][0] if good else one
        latest = Checkpoint.parse(Note.parse(witness.latest(site.origin) or b"").text)
        loser = next(each for each in branches if each is not winner)
        late = asked(site, loser, len(loser.leaves))
        found = late.failures[f"{name}.example"]
    claims = {
        "one branch": len({id(branch) for branch, _ in good}) == 1,
        "one of one size": len(good) == len({size for _, size in good}) == 1,
        "as answered": latest == winner.checkpoint(good[0][1]) if good else False,
        "all others refused": {status for _, _, status in answers} == {200, 409},
    }
    return agreed(found, *({holds(claims)} - {HELD}))


def slowly(judge: Callable[..., Answer | None]) -> Callable[..., Answer | None]:
    """The same, with a pause between looking and writing, in which everybody else looks too."""

    def judged(standing: Standing, submission: Submission) -> Answer | None:
        found = judge(standing, submission)
        time.sleep(PAUSE)
        return found

    return judged


def at_once(calls: list[Callable[[], tuple[Branch, int, int]]]) -> list[tuple[Branch, int, int]]:
    """Make calls in threads that begin together."""
    together = threading.Barrier(len(calls))
    found: list[tuple[Branch, int, int]] = []

    def make(call: Callable[[], tuple[Branch, int, int]]) -> None:
        together.wait()
        found.append(call())

    threads = [threading.Thread(target=make, args=(each,)) for each in calls]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return found


# Notes, policies, signatures


@attack(51, "malformed notes", "E-PARSE")
def malformed_notes(site: Site) -> str:
    with witnesses_at_hand(site):
        watched(site)
        note = site.published()
        bent = bent_notes(note)
        assert note not in bent
        return agreed(*(read_as_a_note(site, each) for each in bent))


def read_as_a_note(site: Site, data: bytes) -> str:
    """What a note is to whoever verifies it, to a witness, and to the clinic that finds it."""
    trust, body = site.trust(), b"old 0\n\n" + data
    good = site.published()
    publish(site.layout.log, data[:MOST_CHECKPOINT_BYTES])
    found = agreed(
        quickly(lambda: trust.judge(data), ms=MOST_MS),
        quickly(lambda: Submission.parse(body), ms=MOST_MS),
        site.verifying(with_keys=False),
    )
    publish(site.layout.log, good)
    return found


def bent_notes(note: bytes) -> list[bytes]:
    """A good note in every form that it must not have."""
    text, _, lines = note.partition(b"\n\n")
    origin, size, root = text.split(b"\n")
    line = lines.split(b"\n")[0] + b"\n"
    signature = line.split(b" ")[2]

    def head(*rows: bytes) -> bytes:
        return b"\n".join(rows) + b"\n\n" + lines

    def told(size: bytes) -> bytes:
        return head(origin, size, root)

    def signed(line: bytes) -> bytes:
        return text + b"\n\n" + line

    arabic = "".join(chr(0x0660 + int(digit)) for digit in size.decode()).encode()
    return [
        note.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + note,
        told(b"0" + size),
        told(b"+" + size),
        told(b" " + size),
        told(size + b" "),
        told(size[:1] + b"_" + size[1:]),
        told(arabic),
        told(b"0x1d"),
        told(b"-1"),
        told(str(2**63).encode()),
        told(b"9" * 100_000),
        told(b""),
        head(origin, size),
        head(origin, size, root, b"an extension"),
        head(origin, size, root, b""),
        head(b"", size, root),
        head(origin, size, root[:-2] + b"B="),
        head(origin, size, root.rstrip(b"=")),
        head(origin, size, root + b" "),
        head(origin, size, b64encode(bytes(31))),
        head(origin + b"\0", size, root),
        head(origin + b"\x7f", size, root),
        head(origin + b"\xc0\x80", size, root),
        note.replace(b"\n\n", b"\n\n\n"),
        note.replace(b"\n\n", b"\n"),
        note[:-1],
        note + b"\n",
        signed(b""),
        *(signed(line.replace("\u2014".encode(), each.encode())) for each in LOOKALIKES),
        signed(line.replace(b" ", b"  ")),
        signed(line.replace(signature, signature[:10] + b" " + signature[10:])),
        signed(line.replace(signature, signature[:-4] + b"====")),
        signed(line.replace(signature, b"AAAA")),
        signed(line * (MAX_SIGNATURES + 1)),
        signed(line * 100_000),
        b"",
        b"\n" * 100_000,
    ]


@attack(52, "one key listed as two witnesses", "E-PARSE")
def one_key_twice(site: Site) -> str:
    """Under two names, as two algorithms, through a group, and a log that witnesses itself."""
    with witnesses_at_hand(site):
        watched(site)
    first, *_ = (each.verifiers[0] for each in site.witnesses.values())
    log = log_key(site).verifier
    renamed = Verifier("another.example", first.algorithm, first.public)
    own = Verifier("own.example", COSIGNATURE_ED25519, log.public)
    as_log = Verifier("third.example", ED25519, first.public)
    one, two = f"witness w1 {first.vkey()}", "group both 2 w1 w2\nquorum both"
    return agreed(
        *(
            code_of(partial(Trust.parse, f"log {log.vkey()}\n{lines}\n".encode()))
            for lines in (
                f"{one}\nwitness w2 {first.vkey()}\n{two}",
                f"{one}\nwitness w2 {renamed.vkey()}\n{two}",
                f"{one}\nwitness w1 {renamed.vkey()}\n{two}",
                f"{one}\nlog {as_log.vkey()}\nquorum w1",
                f"{one}\nwitness w2 {own.vkey()}\n{two}",
                f"{one}\ngroup both 2 w1 w1\nquorum both",
                f"{one}\ngroup a 1 w1\ngroup b 1 w1\ngroup both 2 a b\nquorum both",
                f"{one}\ngroup a 1 b\ngroup b 1 a\nquorum a",
                f"{one}\ngroup a 1 a\nquorum a",
                f"{one}\nquorum w2",
                f"{one}\nquorum w1\nquorum none",
            )
        )
    )


@attack(53, "keys of low order in a policy", "E-PARSE")
def low_order_keys(site: Site) -> str:
    """As a log, as a witness, and as the log that a witness is told to believe."""
    site.anchor(witnesses=1, needed=1)
    good, believes = log_key(site).verifier.vkey(), site.witnesses["w1"].trust
    found = set()
    for public in LOW_ORDER:
        log, witness = (unchecked_vkey(each, public) for each in (ED25519, COSIGNATURE_ED25519))
        as_log = f"log {log}\nquorum none\n"
        as_witness = f"log {good}\nwitness w {witness}\nquorum w\n"
        found |= {code_of(partial(Trust.parse, each.encode())) for each in (as_log, as_witness)}
        found.add(code_of(partial(believes, log)))
    return agreed(*found)


def unchecked_vkey(algorithm: int, public: bytes) -> str:
    """A verifier key, written by somebody who does not look at what he writes."""
    key = bytes([algorithm]) + public
    key_id = sha256(b"low.example\n" + key).digest()[:4]
    return f"low.example+{key_id.hex()}+{write_base64(key)}"


@attack(54, "signatures presented as another type", "E-AUTH", "E-KEYSTATE", "E-PARSE")
def type_confusion(site: Site) -> str:
    """A cosignature as the log's signature, a plain signature as a cosignature, keys retyped."""
    with witnesses_at_hand(site):
        auditor = watched(site)
        text, now, log = Note.parse(site.published()).text, time_s(site), log_key(site)
        # The log's own key, in the hands of somebody who takes it for a witness's.
        seed = read_base64(log.encode().split("+", 4)[4])[1:]
        as_witness = Signer(site.origin, COSIGNATURE_ED25519, seed)
        cosignature, plain = as_witness.sign(text.encode(), now), log.sign(text.encode())
        witness = next(iter(site.witnesses.values())).verifiers[0]
        by_witness = partial(SignatureLine, witness.name, witness.key_id)
        notes = [
            (cosignature,),
            (SignatureLine(site.origin, log.verifier.key_id, cosignature.blob),),
            (SignatureLine(site.origin, log.verifier.key_id, cosignature.blob[8:]),),
            (SignatureLine(site.origin, as_witness.verifier.key_id, plain.blob),),
            (plain, by_witness(plain.blob)),
            (plain, by_witness(cosignature.blob)),
            (plain, by_witness(now.to_bytes(8, "big") + plain.blob)),
        ]
        public = signed_anew(site, "confused")
        found = set()
        for lines in notes:
            note = Note(text, lines).encode()
            publish(public, note)
            found |= {code_of(partial(auditor.trust.judge, note)), auditor.judge(public)}
    vkey = log.verifier.vkey()
    policies = (
        f"log {as_witness.verifier.vkey()}\nquorum none\n",
        f"log {retyped(log.verifier)}\nquorum none\n",
        f"log {vkey}\nwitness w {unchecked_vkey(ED25519, witness.public)}\nquorum w\n",
    )
    return agreed(*found, *(code_of(partial(Trust.parse, each.encode())) for each in policies))


def retyped(verifier: Verifier) -> str:
    """A log's key, said to be a witness's under the id that it has."""
    key = bytes([COSIGNATURE_ED25519]) + verifier.public
    return f"{verifier.name}+{verifier.key_id.hex()}+{write_base64(key)}"


# Time stamps, proofs, silence


@dataclass(frozen=True, slots=True)
class Authorities:
    """An authority for time stamps, its signer, and the root that one trusts."""

    root: Identity
    signer: Identity

    @property
    def stamps(self) -> Authority:
        """The authority at work."""
        return Authority(self.signer, (self.signer.der,))

    @property
    def roots(self) -> tuple[Certificate, ...]:
        """What is trusted."""
        return (self.root.certificate,)


def authority() -> Authorities:
    """An authority that is good."""
    root = issue("Root of the red team", ca=True)
    return Authorities(root, issue("Stamps of the red team", root))


@attack(55, "time stamps of another imprint, of expired or injected certificates", "E-TIME")
def bad_time_stamps(site: Site) -> str:
    site.anchor()
    note = site.published()
    site.live(1)
    site.checkpoint()
    other = site.published()
    tsa, query = authority(), request(note)
    root, good = tsa.root, tsa.stamps

    def signed_by(signer: Identity, *shown: Identity, **bent: object) -> bytes:
        certificates = tuple(each.der for each in (signer, *shown))
        return good.but(signer=signer, shown=certificates, **bent).reply(query)

    expired = issue("Expired", root, since=NOW - 30 * DAY, until=NOW - DAY)
    stranger_root = issue("Root of a stranger", ca=True)
    stranger = issue("A stranger", stranger_root)
    namesake = issue("Root of the red team", ca=True)
    tokens = (
        good.reply(request(other)),
        good.but(imprint=sha256(other).digest()).reply(query),
        good.but(algorithm="2.16.840.1.101.3.4.2.3").reply(query),
        signed_by(expired),
        signed_by(tsa.signer, stranger),
        signed_by(stranger, stranger_root),
        signed_by(issue("A namesake's", namesake), namesake),
        signed_by(issue("Signs code", root, usage=SIGNING)),
        signed_by(tsa.signer, time=NOW + DAY),
        good.but(granted=False, status=2).reply(query),
        good.reply(query)[:-1],
        good.reply(query) + b"\0",
        b"",
    )
    anchor = Anchor.of(note, good.reply(query))
    return agreed(
        *(code_of(partial(verify_stamp, each, note, tsa.roots, at=NOW)) for each in tokens),
        code_of(lambda: verify_stamp(anchor.token, note, tsa.roots, nonce=1)),
        code_of(lambda: anchor.verify(other, tsa.roots)),
        code_of(lambda: replace(anchor, size=anchor.size + 1).verify(note, tsa.roots)),
        code_of(lambda: anchor.verify(note, ())),
    )


@attack(56, "proofs too long, in the wrong order, from size 0", "E-ROOT", "E-PARSE")
def bad_proofs(site: Site) -> str:
    """To whoever verifies that a tree or a leaf is in another, and to a witness."""
    with witnesses_at_hand(site):
        watched(site)
        old = len(site.rows())
        site.live(9)
        branch, witness = branch_of(site), site.witnesses["w1"]
        head, before = branch.checkpoint(len(branch.leaves)), branch.checkpoint(old)
        new, root, leaf = head.size, head.root, branch.leaves[9]
        proof, path = branch.prove(old, new), inclusion_proof(branch.leaves, 9, new)
        consistent = partial(verify_consistency, old, new, before.root, root)
        from_nothing = partial(verify_consistency, 0, new, EMPTY_ROOT, root)
        included = partial(verify_inclusion, 9, new, leaf, root=root)
        bent = bent_proofs(proof)
        found = {code_of(partial(consistent, each)) for each in bent}
        found |= {code_of(partial(from_nothing, each)) for each in (*bent, proof)}
        found.add(code_of(lambda: verify_consistency(new, old, root, before.root, proof)))
        found |= {code_of(partial(included, proof=each)) for each in bent_proofs(path)}
        found.add(code_of(lambda: verify_inclusion(new, new, leaf, path, root)))
        found.add(code_of(lambda: TlogProof(9, path * MAX_PROOF_LINES, b"a note\n")))
        bodies = (Submission(old, each, branch.note(new), head).encode() for each in bent)
        statuses = [witness.add_checkpoint(each, time_s(site)).status for each in bodies]
        latest = Checkpoint.parse(Note.parse(witness.latest(site.origin) or b"").text)
    claims = {
        "no witness took it": set(statuses) == {400, 422} and latest == before,
        "nor is one made from size 0": made_from_nothing(site) == "validation",
    }
    return agreed(*found, *({holds(claims)} - {HELD}))


def bent_proofs(proof: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """A good proof in every form that it must not have."""
    zeros = bytes(HASH_SIZE)
    return [
        (),
        proof[:-1],
        proof[1:],
        (*proof, zeros),
        (zeros, *proof),
        proof[::-1],
        (proof[1], proof[0], *proof[2:]),
        (proof[0][::-1], *proof[1:]),
        proof * 2,
        (*proof, *[zeros] * (MAX_PROOF_LINES - len(proof))),
        (*proof, *[zeros] * (MAX_PROOF_LINES + 1 - len(proof))),
        (*proof, *[zeros] * 500),
    ]


def made_from_nothing(site: Site) -> str:
    """What the clinic says to whoever asks for a proof from size 0."""
    with closing(site.open()) as folder:
        proofs = Proofs(TileFolder(site.layout.log), site.trust(), folder.store, folder.guard)
        return code_of(lambda: proofs.consistency(0, 9))


@attack(
    57,
    "witnesses unreachable for a day",
    "E-WITNESS-DOWN",
    later="the banner in the user interface comes with the user interface",
)
def witnesses_unreachable(site: Site) -> str:
    """Everything is recorded and signed meanwhile; when they are back, the quorum is met again."""
    with witnesses_at_hand(site):
        auditor = watched(site)
        begun, good = len(site.rows()), site.published()
        away, site.witnesses = site.witnesses, {}
        steps = []
        for hour in range(HOURS):
            site.clock.move(hours=1)
            with closing(site.open()) as folder:
                looked(site, folder, f"hour {hour}")
            steps.append(site.checkpoint())
        meanwhile = [site.opening(), site.verifying(), auditor.judge_now("meanwhile")]
        unmoved = site.published() == good
        unhindered = recorded_while_one_hangs(site)
        site.witnesses = away
        back = site.checkpoint()
        after = auditor.judge_now("after")
    claims = {
        "recorded": len(site.rows()) == begun + HOURS + 1,
        "signed": [each.size for each in steps] == list(range(begun + 1, begun + HOURS + 1)),
        "told": not any(each.quorum for each in steps),
        "what was published stays good": unmoved and agreed(*meanwhile) == ACCEPTED,
        "no write waits": unhindered,
        "met again": back.quorum and back.size == begun + HOURS + 1 and after == ACCEPTED,
    }
    failures = [code for each in steps for code in each.failures.values()]
    return agreed(*failures, *({holds(claims)} - {HELD}))


def recorded_while_one_hangs(site: Site) -> bool:
    """Whether a look is recorded while the checkpointer waits, and waits no longer than it may."""
    asking, release = threading.Event(), threading.Event()

    def hang(url: str, body: bytes, deadline: float) -> Reply:
        del url, body, deadline
        asking.set()
        release.wait()
        raise TimeoutError

    quorums: list[bool] = []
    with (
        closing(site.open()) as folder,
        patch.object(site, "fetch", hang),
        patch.object(checkpointing, "WITNESS_SECONDS", PATIENCE),
    ):
        thread = threading.Thread(target=lambda: quorums.append(site.checkpoint().quorum))
        thread.start()
        asking.wait()
        looked(site, folder, "while one hangs")
        still_waiting = thread.is_alive()
        thread.join()
        release.set()
    return still_waiting and quorums == [False]
