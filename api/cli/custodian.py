"""``powiernik custodian``: those whose two signatures approve what no single person may decide."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import BinaryIO

import click

from api.cli import options
from api.cli.custody_options import custody_secret, secret_in
from api.cli.passphrase import Passphrase, passphrase_options, second_passphrase

_MOST_STATEMENT = 64 * 1024


@click.group("custodian")
def group() -> None:
    """Make a custodian's key, name her in the log, sign what would be destroyed."""


@group.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file for her key; her verifier key stands beside it.",
)
@click.option("--name", required=True, help="The key's name, as clinic.example/custodian-anna.")
@passphrase_options
def make(out: Path, name: str, passphrase: Passphrase) -> None:
    """Make a key on a machine of one's own; prints the verifier key for whoever names her."""
    from api.compose import custodians

    secret = passphrase.ask(fresh=True)
    try:
        click.echo(custodians.make(out, name, secret))
    except FileExistsError:
        click.echo("There is a file already where the key should be made.", err=True)
        sys.exit(options.UNUSABLE)


@group.command()
@click.argument("vkey")
@options.data
@passphrase_options
@second_passphrase
@custody_secret
def name(
    vkey: str,
    data: Path,
    passphrase: Passphrase,
    second_passphrase_file: Path | None,
    custody_secret_file: Path | None,
) -> None:
    """Name another custodian in the log, as the holders of two passphrases approve."""
    from api.compose import custodians

    passphrases = [passphrase.ask(), Passphrase(None, second_passphrase_file).ask()]
    custodians.name(data, passphrases, vkey, secret=secret_in(custody_secret_file))
    click.echo("Named.")


@group.command("list")
@options.data
@passphrase_options
@options.as_json
def list_(
    data: Path,
    passphrase: Passphrase,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """The verifier keys of everybody who is a custodian."""
    from api.compose import custodians

    found = custodians.named(data, passphrase.ask())
    click.echo(json.dumps(found) if as_json else "\n".join(found))


@group.command()
@click.argument("statement", type=click.File("rb"))
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="The custodian's own key; without it, that of the data folder.",
)
@options.data
@passphrase_options
def sign(statement: BinaryIO, key: Path | None, data: Path, passphrase: Passphrase) -> None:
    """Sign the statement of an erasure; prints the line with which it is approved."""
    from api.compose import custodians

    text = statement.read(_MOST_STATEMENT + 1)
    if len(text) > _MOST_STATEMENT:
        msg = "The statement is too long to be one."
        raise click.UsageError(msg)
    try:
        said = text.decode()
    except UnicodeDecodeError:
        msg = "The statement is not UTF-8 text."
        raise click.UsageError(msg) from None
    click.echo(said, err=True)
    click.echo(custodians.sign(said, passphrase.ask(), key=key, data=data))
