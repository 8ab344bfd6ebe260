"""What each request is answered: the broker without its socket.

Whatever is refused is written down and raises an alarm; the asker hears one word.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from domain.errors import Invalid, RecordUnavailable, Sealed, WrongState
from infrastructure.broker.admission import Denied
from infrastructure.broker.destroying import Destroying
from infrastructure.broker.giving import Giving
from infrastructure.broker.looking import Looking
from infrastructure.broker.protocol import Ask, Outcome, Reply
from infrastructure.broker.quotas import Quotas, QuotaSpent
from infrastructure.broker.reconcile import Reconciler
from infrastructure.broker.releases import Asker, EntryUsed, Peer, Releases
from infrastructure.broker.watch import Watch
from infrastructure.custodians.shredder import RecordShredder
from infrastructure.errors import Broken, CustodyUnavailable, KeyGone, WrongKeyStore
from infrastructure.folder import OpenFolder
from infrastructure.vault.fingerprints import fingerprints
from infrastructure.vault.items import ItemKeys
from infrastructure.vault.keyring import KEPT_SECONDS, Keyring

TEND_SECONDS = 5
_NOBODY = Asker("", "")

logger = logging.getLogger("powiernik")


class Service:
    """Answers requests for one data folder."""

    def __init__(
        self,
        folder: OpenFolder,
        handed_out: Mapping[str, bytes],
        releases: Releases,
        quotas: Quotas,
        shredder: RecordShredder,
        *,
        followers: frozenset[int] | None = None,
    ) -> None:
        """``followers`` are the users of the host that may have a standing grant; or everybody.

        Raises:
            WrongKeyStore: This process has no custody.
        """
        keyring, items = folder.vault.keyring, folder.vault.items
        if not isinstance(keyring, Keyring) or not isinstance(items, ItemKeys):
            msg = "A broker needs the custody; this process has none."
            raise WrongKeyStore(msg)
        self._keyring = keyring
        self._releases = releases
        self._forgotten = time.monotonic()
        keyed = fingerprints(folder.custody, folder.index_key)
        self.watch = watch = Watch(folder, releases, quotas)
        self._giving = Giving(folder.vault.lineage, handed_out, keyring, items, keyed, watch)
        self._looking = Looking(folder, keyring, items, keyed, watch, followers)
        self.reconciler = Reconciler(folder, releases, watch.alarm)
        giving, looking = self._giving, self._looking
        destroying = Destroying(folder.record, shredder, watch)
        self._answers: dict[Ask, Callable[..., list[Any]]] = {
            Ask.HELLO: giving.hello,
            Ask.TAGS: giving.tags,
            Ask.PLACE: giving.place,
            Ask.POLICY_KEY: giving.policy_key,
            Ask.MAKE: giving.make,
            Ask.MAKE_ITEMS: giving.make_items,
            Ask.RETIRE: giving.retire,
            Ask.FOLD: giving.fold,
            Ask.SEAL_CHUNK: giving.seal_chunk,
            Ask.FOLD_CHUNKS: giving.fold_chunks,
            Ask.CHUNKS: looking.chunks,
            Ask.REDEEM: looking.redeem,
            Ask.STANDING: looking.standing,
            Ask.RECORDS: looking.records,
            Ask.CELLS: looking.cells,
            Ask.WORDS: looking.words,
            Ask.ENTRY_KEYS: looking.entry_keys,
            Ask.SEAL_CELLS: looking.seal_cells,
            Ask.FINGERPRINT: self._fingerprint,
            Ask.SHRED_STATEMENT: destroying.statement,
            Ask.SHRED: destroying.destroy,
            Ask.STATE: self._state,
            Ask.RECONCILE: self._reconcile,
            Ask.SETTLE: self._settle,
        }

    def answer(self, peer: Peer, ask: Ask, fields: list[Any]) -> Reply:
        """The reply to a request; what went wrong is a word, never a cause."""
        try:
            return [Outcome.DONE, *self._answers[ask](peer, *fields)]
        except Denied as denied:
            asker = _asker_in(fields)
            self.watch.refused(peer, asker, denied.code, denied.subject, denied.position)
            return [Outcome.NOT_THERE if denied.code == "not-in-entry" else Outcome.REFUSED]
        except EntryUsed:
            self.watch.refused(peer, _asker_in(fields), "entry-used")
            return [Outcome.REFUSED]
        except QuotaSpent as spent:
            self.watch.refused(peer, _asker_in(fields), spent.code)
            return [Outcome.REFUSED]
        except (KeyGone, Sealed):
            return [Outcome.GONE]
        except Broken as broken:
            return [Outcome.BROKEN, broken.code]
        except Invalid as refused:
            reason = str(refused).removeprefix(f"{refused.field}: ").removesuffix(".")
            return [Outcome.INVALID, refused.field, reason]
        except WrongState as refused:
            return [Outcome.WRONG_STATE, str(refused).removesuffix(".")]
        except (RecordUnavailable, CustodyUnavailable):
            return [Outcome.UNAVAILABLE]
        except Exception as error:  # noqa: BLE001 - a cause could carry content; the asker waits
            logger.error("the broker could not answer: %s", type(error).__name__)  # noqa: TRY400 - the same
            return [Outcome.UNAVAILABLE]

    def tend(self) -> None:
        """What has to be done every few seconds: counts, the log, keys and grants that are old."""
        self.watch.flush()
        self._giving.forget()
        self._looking.forget()
        if time.monotonic() - self._forgotten > KEPT_SECONDS:
            self._keyring.forget()
            self._forgotten = time.monotonic()
        self.reconciler.run(self.watch.now_ms())

    def _fingerprint(self, peer: Peer, field: str, value: str, grant: bytes | None) -> list[Any]:
        if grant is None:
            return self._giving.fingerprint(peer, field, value)
        return self._looking.fingerprint(peer, field, value, grant)

    def _state(self, _peer: Peer) -> list[Any]:
        alarms = self._releases.alarms()
        return [[each.number, each.code, each.actor, each.count] for each in alarms]

    def _reconcile(self, peer: Peer) -> list[Any]:
        _must_be_ours(peer)
        found = self.reconciler.run(self.watch.now_ms(), again=True)
        return [[name, count] for name, count in {**self._releases.counts(), **found}.items()]

    def _settle(self, peer: Peer, number: int) -> list[Any]:
        _must_be_ours(peer)
        return [self._releases.settle(number, self.watch.now_ms())]


def _must_be_ours(peer: Peer) -> None:
    if peer.uid not in (0, os.getuid()):
        raise Denied("no-operator")


def _asker_in(fields: Iterable[Any]) -> Asker:
    """Who asked, where the request says so."""
    for each in fields:
        if type(each) is list and len(each) == 2 and all(type(part) is str for part in each):  # noqa: PLR2004 - a claim
            return Asker(*each)
    return _NOBODY
