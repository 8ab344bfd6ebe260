"""What attacks on the log and on its checkpoints share: auditors, operators, and what both hold.

An auditor has an exported folder, her own copy of the policy and, if she came before, a memory. An
operator has every key of the clinic, that of the log too, and the whole program to use them with.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import urlsplit

import msgpack

from domain.values import Command, Receipt
from infrastructure.anchor import checkpointer as checkpointing, gather as gathering
from infrastructure.anchor.ask import must_reach_witnesses, root_of_tiles
from infrastructure.anchor.checkpointer import Checkpointer
from infrastructure.anchor.export import export
from infrastructure.anchor.gather import Reply
from infrastructure.anchor.witness import Submission
from infrastructure.folder import OpenFolder
from infrastructure.layout import structure
from infrastructure.ledger import offline
from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.merkle import CompactRange, consistency_proof
from infrastructure.ledger.note import Note, Signer
from infrastructure.ledger.remembered import Remembered
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verdict import Verdict
from infrastructure.lineage import named
from infrastructure.vault.envelope import Kind, open_record, seal
from tests.redteam import harness
from tests.redteam.harness import ACCEPTED, Forgery, Site, agreed, code_of
from tests.support import ink

SOMEBODY_ELSE = bytes.fromhex(ink.an_id("somebody who never looked"))
_ACTOR = 3
"""Where the payload of an event says who acted."""


@contextmanager
def witnesses_at_hand(site: Site) -> Iterator[None]:
    """Let witnesses have the clinic's clock, and answer here to whatever they are asked."""
    clock = SimpleNamespace(
        time=lambda: site.clock.now().timestamp(),
        monotonic=time.monotonic,
        perf_counter=time.perf_counter,
    )
    asked = partial(must_reach_witnesses, fetch=partial(_newest, site))
    with (
        patch.object(gathering, "time", clock),
        patch.object(harness, "time", clock),
        patch.object(checkpointing, "must_reach_witnesses", asked),
    ):
        yield


# Looking for it


def everywhere(site: Site) -> str:
    """What verification with keys and without, the checkpointer and the scrubber find."""
    return agreed(
        site.verifying(),
        site.verifying(with_keys=False),
        site.signing(),
        scrubbing_anew(site),
    )


def scrubbing_anew(site: Site) -> str:
    """A scrubber that begins at the first row, where no incident has been written down yet."""
    site.layout.incidents.unlink(missing_ok=True)
    site.layout.scrub.unlink(missing_ok=True)
    return site.scrubbing()


# Administrators of the database


def cut_off(site: Site, count: int) -> None:
    """Take the last rows away, and mend the head: all that the database's administrator can do."""
    forgery = Forgery(site)
    del forgery.rows[-count:]
    forgery.write()


# Auditors


@dataclass(frozen=True, slots=True)
class Auditor:
    """Somebody outside the clinic, who has its policy from elsewhere and remembers what she saw."""

    site: Site
    trust: Trust
    name: str = "auditor"

    @property
    def memory(self) -> Path:
        """Her memory: a file of hers."""
        return self.site.place / f"{self.name}.db"

    def judge(self, folder: Path, *, remembers: bool = True) -> str:
        """The code of the first claim of an exported log that is bad, at the clinic's time."""
        with Remembered(self.memory if remembers else None) as remembered:
            verdict = offline.verify_log(
                folder,
                self.trust,
                remembered=remembered,
                now_s=int(self.site.clock.at.timestamp()),
            )
        return first_code(verdict)

    def judge_now(self, name: str, *, remembers: bool = True) -> str:
        """The same of the log as the clinic exports it now."""
        return self.judge(exported(self.site, name), remembers=remembers)

    def holds(self, receipt: str, folder: Path) -> str:
        """What becomes of the promise in a receipt, in an exported log."""
        with closing(self.site.open(pinned=False)) as opened:
            key = opened.receipts
        found = offline.verify_receipt(
            receipt.encode(),
            key,
            log=(folder, self.trust),
            now_s=int(self.site.clock.at.timestamp()),
        )
        return first_code(found)


def first_code(verdict: Verdict) -> str:
    """The code under which a subject is refused first; `ACCEPTED` if every claim of it is good."""
    if verdict.good:
        return ACCEPTED
    codes = verdict.codes()
    return codes[0] if codes else "no code"


def exported(site: Site, name: str, note: bytes | None = None) -> Path:
    """The log as the clinic hands it out, as far as it is published, or under another note."""
    target, published = site.place / name, TileFolder(site.layout.log)
    if note is not None:
        target.mkdir()
        (target / "checkpoint").write_bytes(note)
        published = TileFolder(target)
    with closing(structure(site.layout.record)) as store:
        export(store, published, target)
    return target


# Operators


def rewritten(site: Site) -> int:
    """Somebody else has looked: one entry of an access log is rewritten with every key there is.

    Every leaf and tag behind it is made anew, the head and the pinned head too, and what the
    scrubber remembers is deleted. The position of the entry.
    """
    forgery = Forgery(site)
    row = next(each for each in forgery.rows if (each.record or b"")[5] == Kind.ENTRY)
    with closing(site.open(pinned=False)) as folder:
        key = folder.vault.keyring.for_opening(row.key_id)
        place = (Kind.ENTRY, folder.vault.lineage.at(row.position), row.stream_id, row.version)
        payload = open_record(key, *place, row.record or b"")
        said = msgpack.unpackb(payload, strict_map_key=False)
        said[_ACTOR] = SOMEBODY_ELSE
        forgery.change(row.position, record=seal(key, *place, msgpack.packb(said)))
        forgery.refold(folder.append_key, start=row.position)
        forgery.write()
        _pin_anew(folder)
    site.layout.scrub.unlink(missing_ok=True)
    return row.position


def _pin_anew(folder: OpenFolder) -> None:
    standing = folder.store.standing()
    folder.pin.reset(standing.size, standing.range_bytes)


def log_key(site: Site) -> Signer:
    """The key that signs the log's checkpoints."""
    return Signer.decode((site.checkpointing / "log.key").read_text())


def signed_anew(site: Site, name: str) -> Path:
    """The log as it lies there, signed by the program itself with the log's own key.

    The checkpointer is one of the operator's: it has the key, and remembers nothing. The folder.
    """
    place, public = site.place / f"{name} checkpointer", site.place / name
    checkpointing.create(place, named(site.origin), site.append_key())
    (place / "log.key").write_text(log_key(site).encode())
    trust = Trust.parse(f"log {log_key(site).verifier.vkey()}\nquorum none\n".encode())
    with (
        closing(structure(site.layout.record)) as store,
        closing(Checkpointer(place, store, public, trust)) as checkpointer,
    ):
        checkpointer.step()
    return public


class Branch:
    """A log's leaves, and whatever its own key signs of them."""

    def __init__(self, signer: Signer, leaves: list[bytes]) -> None:
        self.signer = signer
        self.leaves = leaves

    def other(self, fork: int) -> Branch:
        """A branch that goes on otherwise from a leaf on."""
        return Branch(self.signer, self.leaves[:fork] + [each[::-1] for each in self.leaves[fork:]])

    def checkpoint(self, size: int) -> Checkpoint:
        """The head of the first leaves."""
        tree = CompactRange()
        tree.extend(self.leaves[:size])
        return Checkpoint(self.signer.name, size, tree.root())

    def note(self, size: int) -> Note:
        """The head, signed."""
        return signed(self.checkpoint(size), self.signer)

    def prove(self, old: int, new: int) -> tuple[bytes, ...]:
        """That the tree of one size is the beginning of that of another."""
        return consistency_proof(self.leaves, old, new)

    def body(self, old: int, new: int) -> bytes:
        """What a witness is sent."""
        proof = self.prove(old, new) if 0 < old < new else ()
        return Submission(old, proof, self.note(new), self.checkpoint(new)).encode()


def cosigned(site: Site, branch: Branch, size: int) -> bytes:
    """The head of a branch with the cosignatures that the witnesses give it."""
    note = branch.note(size)
    found = gathering.gather(
        note.encode(), site.trust(), {}, branch.prove, seconds=5, fetch=site.fetch
    )
    return note.with_signatures(*found.lines).encode()


def asked_at_the_start(site: Site) -> str:
    """What the witnesses tell a clinic that asks them before it starts."""
    folder = TileFolder(site.layout.log)
    covered = Checkpoint.parse(Note.parse(folder.read_checkpoint()).text).size
    return code_of(
        lambda: must_reach_witnesses(
            site.trust(),
            site.origin,
            len(site.rows()),
            lambda size: root_of_tiles(folder, covered, size),
            seconds=5,
            fetch=partial(_newest, site),
        )
    )


def _newest(site: Site, url: str, body: bytes | None, deadline: float) -> Reply:
    """The newest checkpoint that a witness of this site has cosigned; another is not there."""
    assert body is None
    del deadline
    name = (urlsplit(url).hostname or "").removesuffix(".invalid")
    if name not in site.witnesses:
        raise ConnectionRefusedError
    note = site.witnesses[name].latest(site.origin)
    return Reply(404, "", b"") if note is None else Reply(200, "text/plain", note)


def branch_of(site: Site) -> Branch:
    """The log of a clinic, in the hands of whoever holds its key."""
    return Branch(log_key(site), [row.leaf for row in site.rows()])


def looked(site: Site, folder: OpenFolder, name: str) -> Receipt:
    """A look that is recorded under a command, with the receipt that its author's device keeps."""
    site.clock.move(seconds=1)
    named = Command(name, sha256(name.encode()).digest())
    return folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO, command=named)
