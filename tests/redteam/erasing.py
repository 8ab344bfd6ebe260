"""What attacks on destroying share: a request, who signs it, and what is left of whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing

from api.compose.erasing import shredder_of
from domain.confidentiality import Owner, OwnerKind
from domain.errors import RecordUnavailable
from domain.events.note import NoteDrafted
from domain.ports import CONTENT, Destruction
from domain.values import ClientId, FreeText
from infrastructure.custodians.shredder import approvals_note
from infrastructure.custodians.signing import signers
from infrastructure.errors import KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.ledger.note import Signer
from infrastructure.stores.contract import Line, Placed, Submission
from infrastructure.vault.custody import unlock
from infrastructure.vault.keyrows import DESTROYED
from tests.redteam.harness import Site
from tests.support import ink
from tests.support.opened import words

REQUEST = ink.an_id("a request")
ALL_OF_ANNA = Destruction(REQUEST, "retention-expired", owners=(Owner(OwnerKind.CLIENT, ink.ANNA),))


def custodians(site: Site) -> list[Signer]:
    """The two custodians of the clinic, each with her key."""
    return signers(site.path, site.origin, list(site.passphrases))


def signed(text: str, by: Iterable[Signer]) -> bytes:
    """A statement with a line of each of these, however often one of them comes."""
    return approvals_note(text, [each.sign(text.encode()).encode().decode() for each in by])


def erase(folder: OpenFolder, by: Sequence[Signer], what: Destruction = ALL_OF_ANNA) -> OpenFolder:
    """Destroy it as the protocol has it."""
    shredder = shredder_of(folder)
    shredder.destroy_now(what, signed(shredder.statement(what), by))
    return folder


def keys_of(folder: OpenFolder, client: ClientId) -> tuple[bytes, ...]:
    """The keys of a client's content, as the key store has them."""
    tag = folder.vault.keyring.tag(ink.owner(client))
    found = (each for purpose in CONTENT for each in folder.keys.of_subject(tag, purpose))
    return tuple(sorted(each.place.key_id for each in found))


def text_of(folder: OpenFolder, client: ClientId) -> FreeText | None:
    """The text of a client's note, closed; none where not even the event opens."""
    event = folder.record.read(ink.drafted(client).stream)[0].event
    return event.text if isinstance(event, NoteDrafted) else None


def readable(folder: OpenFolder, client: ClientId) -> bool:
    """Whether a client's note opens, and the words in it."""
    text = text_of(folder, client)
    try:
        return text is not None and words(folder, text) == ink.CANARY
    except KeyGone:
        return False


def gone(folder: OpenFolder, client: ClientId) -> bool:
    """Whether nothing of a client's content opens, nor is anything left of her keys."""
    states = [folder.keys.key(each) for each in keys_of(folder, client)]
    left = [each for each in states if each is None or each.state != DESTROYED or each.wrapped]
    return not readable(folder, client) and bool(states) and not left


def destroyed(site: Site) -> int:
    """How many keys the key store has nothing left of."""
    with site.sql("keys.db") as db:
        (count,) = db.execute("SELECT count(*) FROM subject_key WHERE wrapped IS NULL").fetchone()
    return int(count)


def enter(folder: OpenFolder, *lines: Line) -> None:
    """Write into the log what no use case would: as a writer who has the append key."""
    if not isinstance(folder.committer.commit(Submission(lines)), Placed):
        raise RecordUnavailable


def with_both(site: Site) -> None:
    """Open the keyfile as it is now with both passphrases, as a rotation needs it."""
    site.custody = unlock(site.layout.keyfile, site.passphrases[0])
    site.custody.open_also(site.passphrases[1])


def incidents(site: Site) -> list[str]:
    """The codes of the incidents that were written down."""
    with closing(site.open(pinned=False)) as folder:
        return [each.code for each in folder.guard.incidents.all()]
