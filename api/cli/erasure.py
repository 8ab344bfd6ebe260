"""``powiernik erasure``: what was destroyed, whether that is final, and what a crash left undone.

See docs/erasure.md.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from api import compose
from api.cli import options
from api.cli.output import tell
from api.cli.passphrase import Passphrase, passphrase_options
from api.compose import erasures


@click.group("erasure")
def group() -> None:
    """What was made unreadable for good, as the log says."""


@group.command("list")
@options.data
@options.as_json
def list_(data: Path, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """List what was destroyed; needs no passphrase, and says no name."""
    found = erasures.destroyed(data)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], default=str))
        return
    for each in found:
        gone = f"{each.keys} keys and {each.items} item keys at position {each.position}"
        click.echo(f"{each.request}  {each.reason}  {gone}; {_finality(each)}")
    if not found:
        click.echo("Nothing was destroyed.")


@group.command()
@options.data
@passphrase_options
@options.as_json
def finish(
    data: Path,
    passphrase: Passphrase,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Finish what a crash cut short: the keys are gone, and nobody was told yet.

    Nothing is destroyed that the log does not say was destroyed. The clinic may go on meanwhile.
    """
    with compose.opened(data, passphrase.ask()) as clinic:
        told = erasures.finish(clinic)
    if as_json:
        tell({"finished": told}, as_json=True)
    else:
        click.echo("\n".join(f"Finished: {each}" for each in told) or "Nothing was left undone.")


def _finality(each: erasures.Destroyed) -> str:
    if each.final:
        return "final"
    if each.older_backup_until is None:
        return "not final yet"
    return f"not final yet: a backup of keys may open it until {each.older_backup_until:%Y-%m-%d}"
