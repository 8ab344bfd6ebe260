"""``powiernik log``: the log for those who check it."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path

import click

from api.cli import options
from api.cli.output import progress, tell
from api.compose import ledger


@click.group("log")
def group() -> None:
    """Hand the log to auditors: entries and hashes, no content and no key."""


@group.command()
@options.data
@click.option(
    "--roots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The certificates of the time-stamp authority.",
)
@options.as_json
def timestamps(data: Path, roots: Path, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """By when each stamped checkpoint existed, as an authority states."""
    found = ledger.timestamps(data, roots)
    tell({str(size): stated for size, stated in found} or {"stamps": 0}, as_json=as_json)
    sys.exit(options.BROKEN if any(stated.startswith("E-") for _, stated in found) else 0)


@group.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@options.data
@options.as_json
def export(folder: Path, data: Path, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """Write the log into a folder, as far as it has been signed; into the same one, what is new."""
    begun = time.monotonic()
    with progress("export", quiet=as_json) as step:
        exported = ledger.export_log(data, folder, step)
    tell({**asdict(exported), "seconds": round(time.monotonic() - begun, 1)}, as_json=as_json)
    if not exported.signed and not as_json:
        click.echo("There is no signed checkpoint yet, so nobody can hold this against anything.")
