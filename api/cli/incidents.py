"""``powiernik incidents`` and ``recover``: what was found broken, and how it is dealt with."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from api.cli import options
from api.cli.custody_options import custody_secret, secret_in
from api.cli.output import progress, tell
from api.cli.passphrase import Passphrase, passphrase_options, second_passphrase
from api.compose import ledger


@click.group("incidents", invoke_without_command=True)
@click.pass_context
@options.data
@options.as_json
def group(context: click.Context, data: Path, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List what was found broken; needs no passphrase."""
    if context.invoked_subcommand is not None:
        return
    found = ledger.incidents(data)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found]))
    for each in found if not as_json else ():
        place = "" if each.position is None else f" at position {each.position}"
        state = (
            f"settled {each.settled}" if each.settled else f"open, its {each.scope} is read-only"
        )
        click.echo(f"{each.number}  {each.at}  {each.code}{place}: {state}")
    if not found and not as_json:
        click.echo("Nothing was found broken.")
    sys.exit(options.BROKEN if any(each.settled is None for each in found) else 0)


@group.command()
@click.argument("number", type=int)
@options.data
@passphrase_options
@options.as_json
def settle(
    number: int,
    data: Path,
    passphrase: Passphrase,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Close an incident, once everything verifies again; looks that were spooled are entered."""
    secret = passphrase.ask()
    with progress("verify", quiet=as_json) as step:
        looks = ledger.settle(data, secret, number, step)
    tell({"settled": number, "looks_entered": looks}, as_json=as_json)


@click.command()
@options.data
@passphrase_options
@second_passphrase
@custody_secret
@click.option("--origin", required=True, help="The new name of the log, as clinic.example/log/2.")
@click.option("--reason", required=True, help="Why, in a few words; it stands in the log for ever.")
@options.as_json
def recover(
    data: Path,
    passphrase: Passphrase,
    second_passphrase_file: Path | None,
    custody_secret_file: Path | None,
    origin: str,
    reason: str,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Go on with a record that was put back to an earlier state; two custodians approve."""
    passphrases = [passphrase.ask(), Passphrase(None, second_passphrase_file).ask()]
    secret = secret_in(custody_secret_file)
    with progress("verify", quiet=as_json) as step:
        recovered = ledger.recover(
            data, passphrases, origin=origin, reason=reason, secret=secret, progress=step
        )
    tell(asdict(recovered), as_json=as_json)
    if not as_json:
        click.echo("Next: 'powiernik checkpoint init' with a new folder, the witnesses, 'rebuild'.")
