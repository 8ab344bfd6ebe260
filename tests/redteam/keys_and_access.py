"""Attacks 58 to 61 and 63: on keys, on what should be gone, on access without its entry.

Shredding, rewrapping and search come with a later issue; what of these attacks exists without them
is run.

Source:
    docs of the design: security, section 7, 58 to 63.
"""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial

from api.compose import compose
from domain.events import VOCABULARY
from domain.ports import Write
from domain.values import ClientId, FreeText, Receipt
from domain.wording import texts_of
from infrastructure.folder import OpenFolder
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.broker import Broker
from infrastructure.vault.custody import LIGHT, SLOT_SIZE, create as create_keyfile, unlock
from infrastructure.vault.keyrows import ACTIVE, PENDING
from tests.redteam.harness import (
    ACCEPTED,
    ROOT,
    Site,
    agreed,
    attack,
    code_of,
    holds,
    quickly,
)
from tests.support import ink
from tests.support.leaks import search, unsealed_copy

NOTE, OTHERS_NOTE = ink.an_id(f"note {ink.ANNA}"), ink.an_id(f"note {ink.BASIA}")
LOOKS = ink.an_id(f"access {ink.ANNA}")
CLARA = ClientId(ink.an_id("Clara"))


def without_the_key_encryption_key(site: Site) -> str:
    """Attack 58 before anything was destroyed; ``shreds`` has the whole of it."""
    backup = site.copy("backup")
    key_id = site.event(NOTE).key_id
    with closing(site.open()) as folder:
        stored = folder.keys.key(key_id)
    assert stored is not None
    assert stored.wrapped is not None
    site.live()
    # The key-encryption key was destroyed; another took its place, under the same passphrase.
    site.layout.keyfile.unlink()
    another = create_keyfile(site.layout.keyfile, [site.passphrases[0]], cost=LIGHT)
    site.put_back(backup, "keys.db")
    context = stored.place.context(stored_log_id(site), another.generation)
    return agreed(
        site.verifying(),
        code_of(lambda: another.unwrap(1, stored.wrapped or b"", context)),
    )


def stored_log_id(site: Site) -> bytes:
    """The log's id, as the first row carries it."""
    return site.rows()[0].stream_id


DYING = """
import os, signal, sys
from pathlib import Path
from infrastructure.folder import open_folder
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.keystore import KeyStore
from tests.redteam.harness import PASSPHRASES, Hands
from tests.redteam.keys_and_access import CLARA
from tests.support import ink

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def die_after(real):
    def call(*arguments):
        real(*arguments)
        die()
    return call

folder = open_folder(Path(sys.argv[1]), PASSPHRASES[0], clock=Hands())
where = sys.argv[2]
if where == "before the key store":
    KeyStore.add_keys = die
elif where == "after the key store":
    KeyStore.add_keys = die_after(KeyStore.add_keys)
elif where == "after the item keys":
    KeyStore.add_items = die_after(KeyStore.add_items)
elif where == "before the log":
    SqliteStore.commit = die
elif where == "inside the log's transaction":
    SqliteStore._write = die_after(SqliteStore._write)
elif where == "after the log":
    SqliteStore.commit = die_after(SqliteStore.commit)
folder.record.append_now((ink.registered(CLARA), ink.opened(CLARA), ink.drafted(CLARA)), ink.WHO)
"""
STEPS = {
    "before the key store": False,
    "after the key store": False,
    "after the item keys": False,
    "before the log": False,
    "inside the log's transaction": False,
    "after the log": True,
}
"""Where a process is killed that makes keys, and whether what it wrote has to be there."""


def killed_while_making_keys(site: Site) -> str:
    """Attack 59 while keys are made; ``rotations`` has the whole of it."""
    claims = {}
    before = site.copy("before")
    for where, written in STEPS.items():
        site.put_back(before)
        killed = killed_at(site, where)
        claims[f"killed {where}"] = killed
        claims[f"whole when killed {where}"] = site.verifying() == ACCEPTED
        with closing(site.open()) as folder:
            there = bool(folder.store.version(bytes.fromhex(CLARA)))
            claims[f"as acknowledged when killed {where}"] = there is written
            if not there:
                folder.record.append_now(all_of_clara(), ink.WHO)
        claims[f"gone on when killed {where}"] = all(
            site.reading(stream) == ACCEPTED for stream in (CLARA, ink.an_id(f"note {CLARA}"))
        )
        claims[f"whole again when killed {where}"] = site.verifying() == ACCEPTED
        claims[f"one key each when killed {where}"] = one_live_key_each(site)
    return holds(claims)


def all_of_clara() -> tuple[Write, ...]:
    """A client of whom there are no keys yet."""
    return ink.registered(CLARA), ink.opened(CLARA), ink.drafted(CLARA)


def killed_at(site: Site, where: str) -> bool:
    """Whether a process that writes about a new client was killed where it had to be."""
    run = subprocess.run(
        [sys.executable, "-c", DYING, str(site.path), where], cwd=ROOT, check=False, timeout=60
    )
    return run.returncode == -signal.SIGKILL


def one_live_key_each(site: Site) -> bool:
    """Whether every key that sealed something opens, and each subject has one in each epoch."""
    with closing(site.open()) as folder:
        used = {row.key_id for row in folder.store.rows(0, 10_000)} - {bytes(16)}
        opened = [folder.vault.keyring.for_opening(each).place for each in used]
        states = {each: folder.keys.key(each) for each in used}
    places = {(each.subject_tag, each.label, each.epoch) for each in opened}
    live = all(each is not None and each.state in (PENDING, ACTIVE) for each in states.values())
    return live and len(places) == len(used)


def searched_everywhere(site: Site) -> str:
    """Attack 60 before anything was shredded; ``shredded`` has the whole of it."""
    site.anchor(witnesses=1, needed=1)
    with closing(compose(site.open())) as clinic:
        clinic.catch_up()
        folder = clinic.folder
        site.scrubbed(folder)
        # Something is broken: a look goes into the spool, evidence is kept.
        folder.guard.report("E-ROOT", stream=None, position=1)
        folder.record.append_now((ink.looked(ink.ANNA),), ink.WHO)
        sealed = search([site.place], [ink.CANARY], VOCABULARY, [ink.CANARY])
        unsealed_copy(folder, site.place / "unsealed")
        clear = search([site.place / "unsealed"], [ink.CANARY], VOCABULARY, [ink.CANARY])
    kinds = {each.name for each in site.path.iterdir()}
    return holds(
        {
            "nothing in any file": sealed.nothing,
            "a search that would find it": bool(clear.names.found and clear.events.found),
            "a spool, evidence, tiles, views, a scrubber's memory": {
                "spool",
                "evidence",
                "log",
                "scrub.db",
            }
            <= kinds
            and any(each.startswith("views-") for each in kinds),
        }
    )


_SALT_SIZE = 16
_SLOT = struct.Struct(">4sBBHI")
"""Magic, key derivation, lanes, passes, memory in KiB: how a slot of a keyfile begins."""


@attack(
    61,
    "keyfile: bombs, downgrades, 255 slots, timing",
    "E-LIMIT",
    "refused",
)
def keyfiles(site: Site) -> str:
    path = site.layout.keyfile
    good = path.read_bytes()
    codes = []
    for cost in (
        {"memory": 8},
        {"memory": 64 * 1024 - 1},
        {"memory": 1024 * 1024 + 1},
        {"memory": 2**32 - 1},
        {"passes": 0},
        {"passes": 2},
        {"passes": 2**16 - 1},
        {"lanes": 0},
        {"lanes": 255},
    ):
        path.write_bytes(asking_for(good, **cost))
        codes.append(quickly(lambda: unlock(path, site.passphrases[0])))
        codes.append(site.verifying())
    assert set(codes) == {"E-LIMIT"}
    for data in (good[:SLOT_SIZE] * 255, good[:SLOT_SIZE] * 9, b"", good[:-1], bytes(len(good))):
        path.write_bytes(data)
        codes.append(quickly(lambda: unlock(path, site.passphrases[0])))
    # A slot that is a bomb does not lock out whoever has the other's passphrase.
    path.write_bytes(asking_for(good[:SLOT_SIZE], memory=2**32 - 1) + good[SLOT_SIZE:])
    assert code_of(lambda: unlock(path, site.passphrases[1])) == ACCEPTED
    # Under another generation than it was locked for, no slot opens.
    for generation in (0, 2, 2**32 - 1):
        path.write_bytes(of_generation(good, generation))
        codes += [code_of(lambda: unlock(path, site.passphrases[0])), site.verifying()]
    path.write_bytes(good)
    wrong = site.passphrases[1][:-1] + "?", "?" * len(site.passphrases[1])
    tries = [partial(code_of, partial(unlock, path, each)) for each in wrong]
    codes += [each() for each in tries]
    if not equally_long(*tries):
        codes.append("told apart by time")
    return agreed(*codes)


def asking_for(keyfile: bytes, **cost: int) -> bytes:
    """A keyfile all of whose slots ask for another cost."""
    changed = bytearray(keyfile)
    for start in range(0, len(keyfile), SLOT_SIZE):
        magic, kdf, lanes, passes, memory = _SLOT.unpack_from(keyfile, start)
        asked = {"lanes": lanes, "passes": passes, "memory": memory, **cost}
        _SLOT.pack_into(changed, start, magic, kdf, *asked.values())
    return bytes(changed)


def of_generation(keyfile: bytes, generation: int) -> bytes:
    """A keyfile all of whose slots say that they are of another generation."""
    changed = bytearray(keyfile)
    for start in range(0, len(keyfile), SLOT_SIZE):
        struct.pack_into(">I", changed, start + _SLOT.size + _SALT_SIZE, generation)
    return bytes(changed)


def equally_long(*calls: Callable[[], object]) -> bool:
    """Whether calls take equally long, within a quarter.

    Their work counts, and the least of it, since others disturb: a difference that is in the calls
    themselves is still there after many tries.
    """
    least = [float("inf")] * len(calls)
    for tries in range(1, 16):
        for number, call in enumerate(calls):
            begun = time.process_time()
            call()
            least[number] = min(least[number], time.process_time() - begun)
        if tries >= 3 and max(least) <= min(least) * 1.25:
            return True
    return False


LOOKING = """
import os, signal, sys
from pathlib import Path
from infrastructure.folder import open_folder
from tests.redteam.harness import PASSPHRASES, Hands
from tests.redteam.keys_and_access import looked_and_opened

print(looked_and_opened(open_folder(Path(sys.argv[1]), PASSPHRASES[0], clock=Hands())), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def opened_without_an_entry(site: Site) -> str:
    """Attack 63 in one process; ``broker`` has the whole of it."""
    site.anchor(witnesses=1, needed=1)
    before = site.copy("before")
    with closing(site.open()) as folder:
        claims = nothing_without_a_ticket(folder)
    looks = looks_of_anna(site)
    run = subprocess.run(
        [sys.executable, "-c", LOOKING, str(site.path)],
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    claims["killed behind the opening"] = run.returncode == -signal.SIGKILL
    claims["opened before"] = run.stdout.strip() == ink.CANARY
    claims["its entry is there"] = looks_of_anna(site) == looks + 1
    claims["whole"] = site.verifying() == ACCEPTED
    site.checkpoint()
    after = site.copy("after")
    site.put_back(before, "record.db")
    rolled_back = [site.opening(), site.verifying()]
    site.put_back(after)
    site.put_back(before)
    return agreed(holds(claims), *rolled_back, site.signing())


def nothing_without_a_ticket(folder: OpenFolder) -> dict[str, bool]:
    """What a worker tries who asks the broker for words and has recorded no look at them."""
    text, broker = text_of(folder, NOTE), folder.vault.broker
    assert isinstance(broker, Broker)
    receipt = look(folder, ink.ANNA)
    used = look(folder, ink.ANNA)
    broker.open(used)
    tried = {
        "no ticket": replace(receipt, tickets=()),
        "a made-up ticket": replace(receipt, tickets=(bytes(16),)),
        "a ticket used before": used,
        "a used one beside a fresh one": replace(receipt, tickets=receipt.tickets + used.tickets),
    }
    claims = {
        f"refused: {name}": code_of(partial(broker.open, each)) == "record-unavailable"
        for name, each in tried.items()
    }
    others = broker.open(look(folder, ink.BASIA))
    claims["refused: another client's look"] = code_of(lambda: others.words(text)) == "not-found"
    # The disk is full: the look is not in the log, so there is nothing to open with.
    held = len(broker._grants)
    assert isinstance(folder.store, SqliteStore)
    (pages,) = folder.store._writer.execute("PRAGMA page_count").fetchone()
    folder.store._writer.execute(f"PRAGMA max_page_count = {pages}")
    failed = [code_of(lambda: look(folder, ink.ANNA)) for _ in range(20)]
    claims["refused: a look that could not be written"] = failed[-1] == "record-unavailable"
    written = failed.count(ACCEPTED)
    claims["a ticket for each entry, and no other"] = len(broker._grants) == held + written
    return claims


def look(folder: OpenFolder, client: ClientId) -> Receipt:
    """Record a look at a client's notes."""
    return folder.record.append_now((ink.looked(client),), ink.WHO)


def text_of(folder: OpenFolder, note: str) -> FreeText:
    """The text of a note, as it was drafted, closed."""
    event = folder.record.read(note)[0].event
    (text,) = texts_of(event)
    return text


def looked_and_opened(folder: OpenFolder) -> str:
    """The words of Anna's note, opened against a look that was recorded."""
    text = text_of(folder, NOTE)
    return folder.vault.broker.open(look(folder, ink.ANNA)).words(text)


def looks_of_anna(site: Site) -> int:
    """How many looks at Anna's record are in the log."""
    return sum(row.stream_id.hex() == LOOKS for row in site.rows())
