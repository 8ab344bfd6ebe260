"""What nobody has to believe: the log is signed, and a client's report is proved whole.

A checkpointer stands beside the clinic, with a memory of its own. Then somebody with all rights on
the database alters one byte of a copy, and is found.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from rich.console import Console

from api.compose import ledger
from api.demo import show
from api.demo.looks import Play
from domain.use_cases import compliance

WAIT_SECONDS = 30.0
_BREATH_SECONDS = 0.05


async def prove(play: Play, console: Console, client: str, scratch: Path) -> None:
    """Sign the log, hand a client her bundle, verify it as a stranger would, and be attacked.

    Raises:
        LedgerError: The log is not what was written.
    """
    folder = play.clinic.folder
    ledger.create_checkpointer(folder, scratch / "key")
    act = compliance.look_at_access_log(play.desk, play.who(client), play.client(client))
    opening = await play.see("review", act)
    collected = ledger.collect(folder, opening, play.client(client))
    bundle = await asyncio.to_thread(_bundle, play, collected, scratch)
    policy = folder.layout.policy.read_bytes()
    verdict = ledger.verify_bundle(bundle, policy)
    good = sum(claim.good for claim in verdict.claims)
    show.line(
        console,
        f"{play.people[client].name} takes home who looked, every one of"
        f" {ledger.counted(bundle).entries} entries: {good} of {len(verdict.claims)} claims proved"
        " without the clinic and without a key.",
    )
    found = await asyncio.to_thread(_attacked, folder.layout.folder, scratch / "attacked")
    show.line(console, f"One byte altered in a copy, behind the program's back, is {found}.")


def _bundle(play: Play, collected: ledger.Collected, scratch: Path) -> bytes:
    folder = play.clinic.folder
    done = threading.Event()

    def sign() -> None:
        path = folder.layout.folder
        with ledger.checkpointer(path, scratch / "key") as checkpointer:
            while not done.wait(_BREATH_SECONDS):
                checkpointer.step()

    signing = threading.Thread(target=sign, name="checkpointer")
    signing.start()
    try:
        return ledger.bundle(folder, collected, {}, play.clinic.clock.now(), WAIT_SECONDS)
    finally:
        done.set()
        signing.join()


def _attacked(folder: Path, copy: Path) -> str:
    shutil.copytree(folder, copy)
    with closing(sqlite3.connect(copy / "record.db", isolation_level=None)) as db:
        db.execute("DROP TRIGGER record_is_append_only_1")
        ((middle,),) = db.execute("SELECT max(pos) / 2 FROM record")
        db.execute(
            "UPDATE record SET record = CAST(substr(record, 1, length(record) - 1) || x'00'"
            " AS BLOB) WHERE pos = ?",
            (middle,),
        )
    try:
        ledger.verify_structure(copy)
    except ledger.LedgerError as error:
        return f"found at position {middle}, {error.code}"
    finally:
        shutil.rmtree(copy)
    return "not found"
