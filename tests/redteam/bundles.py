"""Attack 64: on the bundle in which a client is shown who has looked at her record.

Whoever bends it is the clinic itself: the tree of hashes is proved anew for whatever is shown, so
that it never tells; only the chain of the entries, the map and what the client knows can.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from domain.confidentiality import Class
from domain.events.access import AccessKind
from domain.values import ClientId
from infrastructure import access_bundle
from infrastructure.control import map_head_line
from infrastructure.folder import OpenFolder
from infrastructure.guard.published import Published
from infrastructure.ledger import offline
from infrastructure.ledger.bundle import Bundle, ShownEntry
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.control import map_stream
from infrastructure.ledger.entry import ZERO_LEAF
from infrastructure.ledger.map import MapLabel, map_leaf
from infrastructure.ledger.merkle import CompactRange, leaf_hash
from infrastructure.ledger.multiproof import prove
from infrastructure.ledger.note import Note
from infrastructure.ledger.remembered import Remembered
from infrastructure.ledger.tiles import TileFolder
from infrastructure.stores.contract import Placed, Submission
from tests.redteam.harness import ACCEPTED, HELD, Site, agreed, holds
from tests.redteam.sites import (
    Auditor,
    branch_of,
    cosigned,
    everywhere,
    exported,
    witnesses_at_hand,
)
from tests.support import ink

LISTED = {"E-CHAIN", "E-MAP"}


def bundle_of(site: Site, client: ClientId, *, look: bool = True) -> Bundle:
    """The bundle that the clinic makes for a client, after the look by which it makes it."""
    with closing(site.open()) as folder, closing(site.scrubber(folder)) as scrubber:
        site.clock.move(seconds=1)
        kind = AccessKind.AUDIT_READ if look else AccessKind.READ
        write = ink.looked(client, Class.AUDIT_LOG, kind=kind)
        receipt = folder.record.append_now((write,), ink.WHO)
        collected = access_bundle.collect(folder, folder.vault.broker.open(receipt), write.stream)
        head = access_bundle.cover(scrubber, collected.last)
        site.checkpoint()
        published = Published(TileFolder(site.layout.log), site.trust())
        note = access_bundle.wait_for_checkpoint(published, head, 1)
        now = site.clock.now()
        data = access_bundle.assemble(folder, scrubber.memory, published, note, collected, {}, now)
    return Bundle.parse(data)


class Client:
    """A client with her card, her copy of the policy, and what she has seen before."""

    def __init__(self, site: Site, auditor: Auditor, client: ClientId) -> None:
        self._site = site
        self._trust = auditor.trust
        self._card = bytes.fromhex(ink.looked(client).stream)
        self._memory = site.place / f"{client}.db"

    def judge(self, bundle: Bundle, *, remembers: bool = False) -> str:
        """The codes of the claims of a bundle that are bad."""
        with Remembered(self._memory if remembers else None) as remembered:
            verdict = offline.verify_bundle(
                bundle.encode(),
                self._trust,
                remembered=remembered,
                now_s=int(self._site.clock.at.timestamp()),
                access_log=self._card,
            )
        return ACCEPTED if verdict.good else agreed(*verdict.codes()) or "no code"


def untouched(site: Site, auditor: Auditor) -> str:
    """The control: what the clinic shows is good, and good again after she has been looked at."""
    client = Client(site, auditor, ink.ANNA)
    first = client.judge(bundle_of(site, ink.ANNA), remembers=True)
    site.live(2)
    return agreed(first, client.judge(bundle_of(site, ink.ANNA), remembers=True))


def bent_bundles(site: Site) -> str:
    """A client's bundle with accesses removed, renumbered, another's, or as of long ago.

    Attack 64 before anything was shredded; ``shredded`` has the whole of it.
    """
    with witnesses_at_hand(site):
        site.anchor(witnesses=2, needed=2)
        auditor = Auditor(site, site.trust())
        client = Client(site, auditor, ink.ANNA)
        before = bundle_of(site, ink.ANNA, look=False)
        good = bundle_of(site, ink.ANNA)
        basias = bundle_of(site, ink.BASIA)
        assert client.judge(good, remembers=True) == ACCEPTED
        found = [client.judge(each) for each in shortened(site, good)]
        found += [listed(client.judge(each)) for each in renumbered(site, good)]
        found += [listed(client.judge(each)) for each in of_another(site, good, basias)]
        # As of before the look by which it was asked for; and of days ago, as if of today.
        found.append(client.judge(proved(site, before, site.published())))
        site.clock.move(hours=49)
        site.live(1)
        site.checkpoint()
        found.append(client.judge(proved(site, good, site.published())))
        newer = client.judge(bundle_of(site, ink.ANNA), remembers=True)
        again = client.judge(good, remembers=True)
        found.append(label_twice(site, auditor))
    claims = {
        "what is newer is good": newer == ACCEPTED,
        "what is older is told by her memory": again == "E-ROLLBACK",
    }
    return agreed(*found, *({holds(claims)} - {HELD}))


def proved(site: Site, bundle: Bundle, note: bytes | None = None, **changes: object) -> Bundle:
    """A bundle that shows something else, with the proof that all of it stands in the tree."""
    shown = replace(bundle, checkpoint=note or bundle.checkpoint, **changes)  # type: ignore[arg-type]  # its own fields
    size = Checkpoint.parse(Note.parse(shown.checkpoint).text).size
    positions = (shown.map_head.entry.position, *(each.entry.position for each in shown.entries))
    subtrees = TileFolder(site.layout.log).subtrees(size)
    return replace(shown, proof=prove(subtrees, sorted(positions), size))


def shortened(site: Site, good: Bundle) -> list[Bundle]:
    """Accesses removed: the first, one between, the last, with the count to suit; and disorder."""
    entries = good.entries
    last = entries[-2].entry
    lowered = replace(good.label, version=last.version, leaf=leaf_hash(last.pack()))
    return [
        proved(site, good, entries=entries[1:]),
        proved(site, good, entries=(*entries[:1], *entries[2:])),
        proved(site, good, entries=entries[:-1]),
        proved(site, good, entries=entries[:-1], label=lowered),
        proved(site, good, entries=()),
        proved(site, good, entries=(*entries[:1], entries[2], entries[1], *entries[3:])),
    ]


def renumbered(site: Site, good: Bundle) -> list[Bundle]:
    """One access removed and those behind it renumbered, with links and label to suit."""
    removed = relinked((*good.entries[:1], *good.entries[2:]))
    last = removed[-1].entry
    label = replace(good.label, version=last.version, leaf=leaf_hash(last.pack()))
    return [
        proved(site, good, entries=removed),
        proved(site, good, entries=removed, label=label),
    ]


def relinked(entries: Sequence[ShownEntry]) -> tuple[ShownEntry, ...]:
    """Entries whose versions and links are as if nothing stood between them."""
    leaf, position, shown = ZERO_LEAF, None, []
    for version, each in enumerate(entries, start=1):
        entry = replace(each.entry, version=version, prev_leaf=leaf, prev_pos=position)
        shown.append(replace(each, entry=entry))
        leaf, position = leaf_hash(entry.pack()), entry.position
    return tuple(shown)


def listed(codes: str) -> str:
    """The codes of the list among others: what is altered so much breaks more than that."""
    return agreed(*LISTED & set(codes.split(", "))) or codes


def of_another(site: Site, good: Bundle, basias: Bundle) -> list[Bundle]:
    """Another client's access log; under the name of hers; and one entry of it among hers."""
    mixed = (*good.entries[:1], basias.entries[0], *good.entries[2:])
    return [
        basias,
        replace(basias, access_log=good.access_log),
        proved(site, good, entries=mixed),
    ]


def label_twice(site: Site, auditor: Auditor) -> str:
    """A map head over a map that holds an access log twice, signed and cosigned by everybody.

    A client could be shown either place in it. Whoever makes the map anew from the log, finds it.
    """
    with closing(site.open()) as folder, closing(site.scrubber(folder)) as scrubber:
        while scrubber.step().behind:
            pass
        labels = scrubber.memory.labels()
        enter_map_head(folder, sorted([*labels, labels[0]]))
    branch = branch_of(site)
    public = exported(site, "with a label twice", cosigned(site, branch, len(branch.leaves)))
    return agreed(everywhere(site), auditor.judge(public, remembers=False))


def enter_map_head(folder: OpenFolder, labels: list[MapLabel]) -> None:
    """Write a map head over labels that nobody has looked at."""
    log_id, size = folder.vault.log_id, folder.store.standing().size
    tree = CompactRange()
    tree.extend(map_leaf(each) for each in labels)
    epoch = folder.store.version(map_stream(log_id)) + 1
    line = map_head_line(log_id, epoch, size, len(labels), tree.root())
    assert isinstance(folder.guard.enter(Submission((line,))), Placed)
