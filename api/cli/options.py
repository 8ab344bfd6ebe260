"""Options that several commands take, and what they have in common: exit codes, limits."""

from __future__ import annotations

from pathlib import Path

import click

BROKEN, UNUSABLE = 1, 2
"""Exit codes: something was found broken or different; the call or the folder cannot be used."""
GRACE_SECONDS = 5
"""How long requests that are under way may take when a server ends."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")

data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="The data folder.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
