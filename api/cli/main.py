"""``powiernik``: every command, and how each ends.

Exit codes: 0 all is well; 1 something was found broken or different; 2 the call or the folder
cannot be used.
"""

from __future__ import annotations

import resource
import sqlite3
import sys
from importlib import import_module

import click

from api import compose
from api.cli.memory import undumpable
from api.cli.options import BROKEN, UNUSABLE
from domain.errors import Refusal

WHERE = {
    "access-report": "report:access_report",
    "backup": "backup:group",
    "broker": "broker:group",
    "checkpoint": "checkpoint:group",
    "crisis-sheet": "crisis_sheet:group",
    "custodian": "custodian:group",
    "demo": "demonstration:demo",
    "drill": "backup:drill",
    "erasure": "erasure:group",
    "follow": "broker:follow",
    "incidents": "incidents:group",
    "init": "clinic:init",
    "keys": "keys:group",
    "log": "log:group",
    "rebuild": "clinic:rebuild",
    "recover": "incidents:recover",
    "reset-password": "clinic:reset_password",
    "restore": "backup:restore",
    "serve": "serving:serve",
    "status": "clinic:status",
    "verify": "clinic:verify",
    "witness": "witness:group",
}
"""In which module of this package a command is."""


class _Commands(click.Group):
    """Imports a command when it is asked for: a command waits for no other's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All their names."""
        del ctx  # they are the same wherever they are listed
        return sorted(WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, if there is one."""
        del ctx  # it is the same wherever it is asked for
        if cmd_name not in WHERE:
            return None
        module, name = WHERE[cmd_name].split(":")
        found: click.Command = getattr(import_module(f"api.cli.{module}"), name)
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="powiernik")
def cli() -> None:
    """The case record of a psychotherapy clinic: sealed, append-only, every look recorded."""


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
