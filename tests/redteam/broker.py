"""Attack 63: access without its entry, in one process and against a broker of its own.

Whoever attacks here has a worker: what it knows, its place on the socket, the record's file.

Source:
    docs of the design: security, section 7, 63.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from api.compose import broker as brokers
from domain.confidentiality import OwnerKind
from domain.values import ClientId
from domain.wording import texts_of
from infrastructure.broker.line import Line
from infrastructure.broker.protocol import Ask
from infrastructure.broker.reconcile import WITHIN_MS
from infrastructure.broker.worker import open_through
from infrastructure.folder import OpenFolder
from tests.redteam.harness import ACCEPTED, HELD, ROOT, Site, agreed, attack, code_of, holds
from tests.redteam.keys_and_access import NOTE, look, opened_without_an_entry
from tests.support import ink

REFUSED = "record-unavailable"
_CLINICAL = 1
DYING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from infrastructure.broker.worker import open_through
from tests.redteam.harness import Hands
from tests.support import ink
folder = open_through(Path(sys.argv[1]), Path(sys.argv[2]), clock=Hands())
mapper = folder.record.mapper
rows = folder.store.stream(bytes.fromhex(sys.argv[3]))
content = [mapper.sealed(row) for row in rows if mapper.purpose(row) == 1]
reader = folder.vault.broker.folding(replace(ink.WHO, request="a look into it"))
print(len(reader.records(content)), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@attack(63, "opened without an entry, killed, rolled back", HELD, "E-ROLLBACK")
def opened_past_the_log(site: Site) -> str:
    return agreed(opened_without_an_entry(site), asked_of_a_broker(site))


def asked_of_a_broker(site: Site) -> str:
    """What a worker that was broken into is given, and what the broker's book says of it."""
    socket = site.place / "run" / "broker.sock"
    with closing(site.open()) as inside, brokers.serving(inside, socket):
        with worker(site, socket) as (folder, line):
            claims = refused_by_the_broker(site, folder, line)
            claims |= missed_by_the_log(site, socket, folder)
        claims |= rolled_back(site, socket)
        book = refusals(site)
    expected = {"no-entry", "other-actor", "other-client", "entry-used", "stale", "not-in-entry"}
    claims["every refusal written down"] = expected <= book
    return holds(claims)


def refused_by_the_broker(site: Site, folder: OpenFolder, line: Line) -> dict[str, bool]:
    """Asks for content in every way that is not a fresh look of one's own at one's own client."""
    key_id = site.event(NOTE).key_id
    broker = folder.vault.broker
    # The words stay closed in what a command reads.
    (event,) = folder.record._read(NOTE, None, broker.folding(ink.WHO))[:1]
    (text,) = texts_of(event.event)

    def redeems(client: ClientId, *, actor: str = ink.THERAPIST, back: int = 0) -> None:
        receipt = look(folder, client)
        owners = [[int(OwnerKind.CLIENT), ink.ANNA]]
        claim = [actor, ink.WHO.request]
        line.ask(Ask.REDEEM, claim, [[receipt.last - back, owners]])

    late = look(folder, ink.ANNA)
    site.clock.move(seconds=31)
    used = look(folder, ink.ANNA)
    opening = broker.open(used)
    tried: dict[str, Callable[[], object]] = {
        "the key itself": partial(line.ask, Ask.POLICY_KEY, key_id),
        "without an entry": partial(redeems, ink.ANNA, back=-10_000_000),
        "with another client's look": partial(redeems, ink.BASIA),
        "with somebody else's look": partial(redeems, ink.ANNA, actor=ink.an_id("another")),
        "with a look from before": partial(broker.open, late),
        "with a look that was used": partial(broker.open, used),
    }
    claims = {f"refused: {name}": code_of(call) == REFUSED for name, call in tried.items()}
    claims["what was recorded opens"] = opening.words(text) == ink.CANARY
    others = broker.open(look(folder, ink.BASIA))
    claims["refused: another's words"] = code_of(lambda: others.words(text)) == "not-found"
    return claims


def missed_by_the_log(site: Site, socket: Path, folder: OpenFolder) -> dict[str, bool]:
    """A process takes what a command needs and dies; then one does as if it would write."""
    words = [str(site.path), str(socket), NOTE]
    run = subprocess.run(
        [sys.executable, "-c", DYING, *words],
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    claims = {
        "killed behind the opening": run.returncode == -signal.SIGKILL,
        "it was given something": int(run.stdout or 0) > 0,
    }
    brokers.reconcile(socket)
    site.clock.move(seconds=WITHIN_MS / 1000 + 1)
    # Somebody else's events in the same request are not those that are missed.
    folder.record.append_now((ink.looked(ink.BASIA),), ink.WHO)
    claims["missed by the log"] = brokers.reconcile(socket)["releases without an entry"] == 1
    claims["alarmed"] = "release-without-entry" in alarms(socket)
    return claims


def rolled_back(site: Site, socket: Path) -> dict[str, bool]:
    """A look is redeemed, and then taken out of the record again."""
    with worker(site, socket) as (folder, _):
        receipt = look(folder, ink.ANNA)
        opened = code_of(lambda: folder.vault.broker.open(receipt))
    site.damage("DELETE FROM record WHERE pos >= ?", (receipt.last,))
    found = brokers.reconcile(socket)
    return {
        "opened against it": opened == ACCEPTED,
        "an entry that is gone is missed": found.get("entries gone") == 1,
        "and alarmed": "entry-gone" in alarms(socket),
    }


@contextmanager
def worker(site: Site, socket: Path) -> Iterator[tuple[OpenFolder, Line]]:
    """What a worker opens, and a connection of its own."""
    line = Line(socket)
    with closing(open_through(site.path, socket, clock=site.clock)) as folder:
        yield folder, line
    line.close()


def alarms(socket: Path) -> set[object]:
    """The codes of the alarms that are open."""
    return {each["code"] for each in brokers.alarms(socket)}


def refusals(site: Site) -> set[str]:
    """The codes under which something was refused, as the book has them."""
    with closing(sqlite3.connect(site.path / "releases.db")) as book:
        return {code for (code,) in book.execute("SELECT DISTINCT code FROM refusal")}
