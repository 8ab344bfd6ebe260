"""How a passphrase comes in: a prompt, a descriptor or a credential file; never an argument."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

SHORTEST = 12

second_passphrase = click.option(
    "--second-passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="The other custodian's; without it, she is asked.",
)


class Passphrase:
    """Where the passphrase of a data folder is to be had."""

    def __init__(self, descriptor: int | None, file: Path | None) -> None:
        self._descriptor = descriptor
        self._file = file

    def ask(self, *, fresh: bool = False) -> str:
        """The passphrase; a fresh one is asked for twice and must have a length.

        Raises:
            click.UsageError: There is none, or it is too short, or it is no text.
        """
        try:
            found = self._read(fresh=fresh)
            found.encode()
        except UnicodeError:
            # The message of the cause holds what was read.
            msg = "The passphrase is not UTF-8 text."
            raise click.UsageError(msg) from None
        if fresh and len(found) < SHORTEST:
            msg = f"A passphrase has at least {SHORTEST} characters; six random words are good."
            raise click.UsageError(msg)
        return found

    def _read(self, *, fresh: bool) -> str:
        if self._descriptor is not None:
            with os.fdopen(self._descriptor, "r", encoding="utf-8") as stream:
                return stream.readline().rstrip("\n")
        if self._file is not None:
            return self._file.read_text(encoding="utf-8").rstrip("\n")
        if sys.stdin.isatty():
            return str(
                click.prompt("Passphrase", hide_input=True, confirmation_prompt=fresh, err=True)
            )
        msg = "No passphrase: use a terminal, --passphrase-fd or --passphrase-file."
        raise click.UsageError(msg)


def passphrase_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command ask for the passphrase: it is handed where that is to be had."""

    @wraps(command)
    def asking(passphrase_fd: int | None, passphrase_file: Path | None, **others: Any) -> Any:
        return command(passphrase=Passphrase(passphrase_fd, passphrase_file), **others)

    found: Callable[..., Any] = asking
    for option in (
        click.option(
            "--passphrase-fd", type=int, default=None, help="Read it from this file descriptor."
        ),
        click.option(
            "--passphrase-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            default=None,
            help="Read it from this credential file.",
        ),
    ):
        found = option(found)
    return found
