"""``powiernik broker``, ``powiernik follow``: the keys in a process of their own."""

from __future__ import annotations

import signal
import sys
from dataclasses import fields
from pathlib import Path
from queue import SimpleQueue

import click

from api import compose
from api.cli import options
from api.cli.output import json_line, tell
from api.cli.passphrase import Passphrase, passphrase_options
from api.compose import broker as brokers

_MOST = 1_000_000
_socket = click.option(
    "--socket",
    type=click.Path(path_type=Path),
    required=True,
    help="Where it listens: a Unix socket in a folder that nobody else may write to.",
)


def _quotas(
    _context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]
) -> brokers.Quotas:
    """Quotas as they are given; what is not given stays as it is."""
    known = {each.name for each in fields(brokers.Quotas)}
    found = {}
    for each in value:
        name, _, number = each.partition("=")
        if name not in known or not number.isdecimal() or not 0 < int(number) <= _MOST:
            msg = f"is NAME=NUMBER with one of {', '.join(sorted(known))}."
            raise click.BadParameter(msg)
        found[name] = int(number)
    return brokers.Quotas(**found)


@click.group("broker", invoke_without_command=True)
@options.data
@passphrase_options
@click.option("--socket", type=click.Path(path_type=Path), default=None, help="Where it listens.")
@click.option(
    "--allow-uid", type=int, multiple=True, help="This user of the host may ask; may be repeated."
)
@click.option(
    "--follower-uid",
    type=int,
    multiple=True,
    help="Only these may follow; without one, whoever may ask.",
)
@click.option(
    "--quota",
    multiple=True,
    callback=_quotas,
    metavar="NAME=NUMBER",
    help="Different clients in an hour: reads (60) and writes (60) of one person, lists (400) in"
    " which they stand; together (1500) of all people; lookups (200) of identifiers.",
)
def group(
    data: Path,
    passphrase: Passphrase,
    socket: Path | None,
    allow_uid: tuple[int, ...],
    follower_uid: tuple[int, ...],
    quota: brokers.Quotas,
) -> None:
    """Hold the keys of a data folder, and give what the log accounts for.

    It is the only process that opens custody; 'powiernik serve --broker SOCKET' needs no
    passphrase.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    if socket is None:
        msg = "Where is it to listen? (--socket)"
        raise click.UsageError(msg)
    guarded = brokers.guard_memory()
    with brokers.broker(
        data,
        passphrase.ask(),
        socket,
        allowed=(*allow_uid, *follower_uid),
        followers=follower_uid or None,
        quotas=quota,
    ):
        for what, done in guarded.items():
            if not done:
                click.echo(f"This host does not let the broker be {what}.", err=True)
        click.echo("The broker listens.", err=True)
        _until_ended()


@group.command()
@_socket
@options.as_json
def reconcile(socket: Path, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """Compare everything that was released with the log, now."""
    found = brokers.reconcile(socket)
    tell(found, as_json=as_json)
    sys.exit(options.BROKEN if brokers.alarms(socket) else 0)


@group.command()
@_socket
def alarms(socket: Path) -> None:
    """The alarms that nobody has settled, a line of JSON each."""
    found = brokers.alarms(socket)
    for each in found:
        click.echo(json_line(each))
    sys.exit(options.BROKEN if found else 0)


@group.command()
@_socket
@click.argument("number", type=click.IntRange(min=1))
def settle(socket: Path, number: int) -> None:
    """Say that an alarm has been looked into."""
    if not brokers.settle(socket, number):
        msg = "There is no such open alarm."
        raise click.UsageError(msg)


@click.command()
@options.data
@click.option(
    "--broker",
    type=click.Path(path_type=Path),
    required=True,
    help="The socket of the broker that has the keys.",
)
def follow(data: Path, broker: Path) -> None:
    """Keep projections up to date, in a process that answers nobody."""
    brokers.guard_memory()
    with compose.opened_behind(data, broker) as clinic:
        clinic.start_following()
        click.echo("Following.", err=True)
        _until_ended()


def _until_ended() -> None:
    # A queue, since an event that is set while it begins to wait waits for itself for ever.
    ended: SimpleQueue[None] = SimpleQueue()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _number, _frame: ended.put(None))
    ended.get()
