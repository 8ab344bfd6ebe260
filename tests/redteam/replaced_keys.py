"""Attacks 65 and 66: with keys of a log that were retired, and with keys that it never named.

The attacker has stolen a key that was replaced since, or writes into the files of the clinic. What
tells is what the log says of its own keys, the witnesses, and whoever holds the present policy.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from infrastructure.anchor import rotation
from infrastructure.anchor.checkpointer import read_signers
from infrastructure.ledger.checkpoint import Checkpoint, cosigned as cosign, signed
from infrastructure.ledger.note import ED25519, Note, Signer
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from tests.redteam.checkpoints import QUORUM, publish, time_s
from tests.redteam.harness import ACCEPTED, Site, agreed, attack
from tests.redteam.sites import Auditor, Branch, exported, rewritten, witnesses_at_hand


def replaced(site: Site) -> Signer:
    """Replace the key of the log, overlap and all; the old key, as somebody has stolen it."""
    stolen, *_ = read_signers(site.checkpointing)
    with closing(site.open()) as folder:
        found = rotation.rotate(folder, site.checkpointing)
    for witness in site.witnesses.values():
        witness.trust(found.new)
    site.checkpoint()
    with closing(site.open()) as folder:
        rotation.retire(folder, site.checkpointing)
    site.live(2)
    site.checkpoint()
    for witness in site.witnesses.values():
        witness.distrust(found.old)
    return stolen


def listing(*logs: Signer) -> Trust:
    """The policy of somebody who believes these keys and asks for no witness."""
    lines = (f"log {each.verifier.vkey()}\n" for each in logs)
    return Trust.parse("".join((*lines, "quorum none\n")).encode())


def under(site: Site, public: Path, signer: Signer, name: str) -> Path:
    """A published log under the same head, signed by somebody else."""
    target = site.place / name
    shutil.copytree(public, target)
    head = Checkpoint.parse(Note.parse(TileFolder(public).read_checkpoint()).text)
    publish(target, signed(head, signer).encode())
    return target


@attack(65, "a fork signed by a key that was retired", "E-KEYSTATE", "E-FORK", "E-QUORUM")
def retired(site: Site) -> str:
    """Also with cosignatures of a retired witness key; and for whoever has an old policy still."""
    with witnesses_at_hand(site):
        site.anchor(witnesses=2, needed=QUORUM)
        old_policy = site.trust()
        stolen = replaced(site)
        auditor = Auditor(site, site.trust())
        seen = auditor.judge_now("honest")
        honest, size = exported(site, "seen"), len(site.rows())
        found = [
            # Her policy is of now; or it is old, and the log itself tells.
            auditor.judge(under(site, honest, stolen, "resigned")),
            Auditor(site, listing(stolen), "old").judge(site.place / "resigned", remembers=False),
        ]
        rewritten(site)
        forked = exported(site, "forked", signed(_head(site, size), stolen).encode())
        both = Auditor(site, listing(stolen, *read_signers(site.checkpointing)))
        shutil.copyfile(auditor.memory, both.memory.with_name("both.db"))
        found += [
            auditor.judge(forked),
            Auditor(site, both.trust, "both").judge(forked),
            Auditor(site, old_policy, "late").judge(forked),
        ]
        branch = Branch(stolen, [row.leaf for row in site.rows()])
        answers = {
            each.add_checkpoint(branch.body(old, size), time_s(site)).status
            for each in site.witnesses.values()
            for old in (0, size - 1, size)
        }
    if seen != ACCEPTED or answers != {403}:
        return f"not refused by witnesses ({seen}, {answers})"
    return agreed(*found)


def _head(site: Site, size: int) -> Checkpoint:
    signer = Signer.generate(site.origin, ED25519)
    return Branch(signer, [row.leaf for row in site.rows()]).checkpoint(size)


@attack(66, "a key made up, listed in the clinic's policy, without a record", "E-KEYSTATE")
def unnamed(site: Site) -> str:
    """Of the log, and of a witness that has ended: their signatures are good, and count nothing."""
    with witnesses_at_hand(site):
        site.anchor(witnesses=2, needed=QUORUM)
        replaced(site)
        made_up = Signer.generate(site.origin, ED25519)
        honest = exported(site, "honest")
        forged = under(site, honest, made_up, "forged")
        policy = listing(made_up, *read_signers(site.checkpointing))
        found = [Auditor(site, policy).judge(forged, remembers=False)]
        # In the clinic's own folder, before the scrubber comes.
        site.layout.policy.write_text(f"log {made_up.verifier.vkey()}\nquorum none\n")
        publish(site.layout.log, TileFolder(forged).read_checkpoint())
        found.append(site.scrubbing())
        note = Note.parse(TileFolder(forged).read_checkpoint())
        lines = [
            cosign(note, Signer.generate(each.name, each.algorithm), time_s(site))
            for witness in site.witnesses.values()
            for each in witness.verifiers
        ]
        publish(forged, note.with_signatures(*lines).encode())
        found.append(Auditor(site, policy).judge(forged, remembers=False))
    return agreed(*found)
