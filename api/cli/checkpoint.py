"""``powiernik checkpoint``: init, trust, run, rotate-key, retire-key: what signs the log.

It runs beside the server and never through it, under a user of its own where the host allows that.
"""

from __future__ import annotations

import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path

import click

from api import compose
from api.cli import options
from api.cli.output import progress, tell
from api.cli.passphrase import Passphrase, passphrase_options
from api.compose import ledger

INTERVAL_SECONDS = 60
MOST_WAITING = 1000
"""Entries after which a checkpoint is signed before its time has come."""
POLL_SECONDS = 1.0

_folder = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.group("checkpoint")
def group() -> None:
    """Sign the head of the log, and ask witnesses to cosign it."""


@group.command()
@_folder
@options.data
@passphrase_options
@options.as_json
def init(
    folder: Path,
    data: Path,
    passphrase: Passphrase,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Make a checkpointer: its key, its memory, and the policy of the data folder."""
    secret = passphrase.ask()
    with compose.opened(data, secret) as clinic:
        vkey = ledger.create_checkpointer(clinic.folder, folder)
    tell({"log_key": vkey, "policy": "trust.policy, with this log and no witness"}, as_json=as_json)


@group.command()
@click.argument("witnesses", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.data
@passphrase_options
@click.option("--quorum", type=click.IntRange(min=0), default=None, help="How many have to cosign.")
@click.option(
    "--at-once", is_flag=True, help="Let a key go that was stolen or lost: nothing is waited for."
)
@options.as_json
def trust(
    witnesses: tuple[Path, ...],
    data: Path,
    passphrase: Passphrase,
    quorum: int | None,
    at_once: bool,  # noqa: FBT001 - click hands it over so
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Name the witnesses: one file each, with the lines that 'powiernik witness keys' printed.

    The log says which of their keys begin and which end.
    """
    needed = len(witnesses) // 2 + 1 if quorum is None else quorum
    if needed > len(witnesses):
        msg = "The quorum cannot be larger than the number of witnesses."
        raise click.UsageError(msg)
    files = [each.read_bytes() for each in witnesses]
    with compose.opened(data, passphrase.ask()) as clinic:
        try:
            named = ledger.name_witnesses(clinic.folder, files, needed, at_once=at_once)
        except compose.PolicyRefused as refused:
            raise click.UsageError(str(refused)) from None
    tell({"witnesses": ", ".join(named) or "none", "quorum": needed}, as_json=as_json)


@group.command("rotate-key")
@_folder
@options.data
@passphrase_options
@options.as_json
def rotate_key(
    folder: Path,
    data: Path,
    passphrase: Passphrase,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Begin to replace the log's key: from now on the old and the new one sign.

    The checkpointer may be at work. Give the new key to the witnesses, and the policy to whoever
    verifies; then, weeks later, 'retire-key'. Cut short, it is asked again and goes on.
    """
    with compose.opened(data, passphrase.ask()) as clinic:
        found = ledger.rotate_log_key(clinic.folder, folder)
    tell({"old_key": found.old, "new_key": found.new, "policy": "lists both"}, as_json=as_json)


@group.command("retire-key")
@_folder
@options.data
@passphrase_options
@options.as_json
def retire_key(
    folder: Path,
    data: Path,
    passphrase: Passphrase,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """End the overlap: the log's old key signs no more, and is deleted.

    Whoever still has a policy without the new key needs the present one from here on.
    """
    with compose.opened(data, passphrase.ask()) as clinic:
        found = ledger.retire_log_key(clinic.folder, folder)
    told = {"ended_key": found.old, "log_key": found.new, "policy": "lists the new key alone"}
    tell(told, as_json=as_json)


@group.command()
@_folder
@options.data
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=INTERVAL_SECONDS,
    show_default=True,
    help="Seconds between checkpoints.",
)
@click.option(
    "--entries",
    type=click.IntRange(min=1),
    default=MOST_WAITING,
    show_default=True,
    help="Entries that are not waited for longer.",
)
@click.option("--timestamps", default=None, help="A time-stamp authority (RFC 3161), asked daily.")
@click.option(
    "--timestamp-roots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="The certificates by which it is believed.",
)
@click.option("--once", is_flag=True, help="Sign what there is, and end.")
def run(
    folder: Path,
    data: Path,
    interval: float,
    entries: int,
    timestamps: str | None,
    timestamp_roots: Path | None,
    once: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Sign checkpoints until it is told to end; a broken log is never signed, and ends it."""
    authority = ledger.time_authority(timestamps, timestamp_roots)
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        # From a thread: an event that is set while it begins to wait waits for itself for ever.
        signal.signal(each, lambda _number, _frame: threading.Thread(target=stop.set).start())
    with ledger.checkpointer(data, folder) as checkpointer:
        if once:
            with progress("checkpoint") as step:
                found = checkpointer.step(step)
            _say(found)
            _stamp(checkpointer, authority)
            sys.exit(0 if found.quorum else options.BROKEN)
        click.echo(f"signing {checkpointer.origin} every {interval:g} s")
        due = 0.0
        while not stop.is_set():
            if time.monotonic() >= due or checkpointer.waiting() >= entries:
                due = time.monotonic() + interval
                try:
                    found = checkpointer.step()
                except (OSError, sqlite3.OperationalError) as error:
                    # A full disk, a lock that never came free: the next time it may be better.
                    click.echo(f"no checkpoint: {type(error).__name__}", err=True)
                    continue
                if found.fresh or not found.quorum:
                    _say(found)
                _stamp(checkpointer, authority)
            stop.wait(min(POLL_SECONDS, interval))


def _stamp(checkpointer: ledger.Checkpointer, authority: ledger.TimeAuthority | None) -> None:
    """Once a day; an authority that does not answer stops nothing."""
    if authority is None:
        return
    try:
        size = checkpointer.stamp(authority, int(time.time()))
    except ledger.LedgerError as refused:
        click.echo(f"time stamp: {refused.code}")
    else:
        if size is not None:
            click.echo(f"time stamp: checkpoint {size}")


def _say(found: ledger.Anchored) -> None:
    """One line: a size and codes, nothing of what is in the log."""
    missing = ", ".join(f"{name} {code}" for name, code in sorted(found.failures.items()))
    quorum = "quorum met" if found.quorum else f"quorum missing ({missing or 'no answer'})"
    click.echo(f"checkpoint {found.size}: {quorum}")
