"""``powiernik``: every command, and how each ends.

Exit codes: 0 all is well; 1 something was found broken or different; 2 the call or the folder
cannot be used.
"""

from __future__ import annotations

import resource
import sqlite3
import sys

import click

from api import compose
from api.cli import (
    backup,
    broker,
    checkpoint,
    clinic,
    crisis_sheet,
    custodian,
    erasure,
    incidents,
    keys,
    log,
    report,
    rotation,
    witness,
)
from api.cli.memory import undumpable
from api.cli.options import BROKEN, UNUSABLE
from domain.errors import Refusal


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="powiernik")
def cli() -> None:
    """The case record of a psychotherapy clinic: sealed, append-only, every look recorded."""


for command in (
    clinic.init,
    clinic.serve,
    clinic.demo,
    clinic.rebuild,
    clinic.verify,
    clinic.status,
    clinic.reset_password,
    backup.group,
    backup.restore,
    backup.drill,
    broker.group,
    broker.follow,
    checkpoint.group,
    crisis_sheet.group,
    custodian.group,
    erasure.group,
    incidents.group,
    incidents.recover,
    keys.group,
    log.group,
    report.access_report,
    witness.group,
):
    cli.add_command(command)
for command in (rotation.rotate, rotation.renew):
    keys.group.add_command(command)


def main() -> None:
    """The entry point; what goes wrong ends in a sentence and an exit code, never a traceback."""
    # Memory holds keys: no core dump may keep them, no other process of this user read them.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    undumpable()
    try:
        cli()
    except (compose.LogBroken, compose.Broken) as error:
        click.echo(f"Broken: {error}", err=True)
        sys.exit(BROKEN)
    except compose.LedgerError as error:
        click.echo(f"Broken: {error.code}: {error}", err=True)
        sys.exit(BROKEN)
    except compose.CustodyUnavailable as error:
        click.echo(error.FOR_OPERATORS, err=True)
        sys.exit(UNUSABLE)
    except (
        compose.FolderRefused,
        compose.WrongKeyStore,
        compose.WrongPassphrase,
        compose.SignInRefused,
        compose.PasswordRefused,
        Refusal,
    ) as error:
        click.echo(str(error) or "Refused.", err=True)
        sys.exit(UNUSABLE)
    except sqlite3.DatabaseError as error:
        damaged = not isinstance(error, sqlite3.OperationalError)
        what = "Broken: a database of the folder is damaged" if damaged else "Stopped"
        click.echo(f"{what}: {type(error).__name__}.", err=True)
        sys.exit(BROKEN if damaged else UNUSABLE)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a traceback could show content
        click.echo(f"Stopped: {type(error).__name__}.", err=True)
        sys.exit(UNUSABLE)
