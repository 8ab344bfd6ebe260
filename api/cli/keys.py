"""``powiernik keys``: who can open the key-encryption keys, what hangs on them, is all of it whole.

See docs/custody.md.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from api.cli import options
from api.cli.output import progress, tell
from api.cli.passphrase import Passphrase, passphrase_options
from api.cli.rotation import renew, rotate


@click.group("keys")
def group() -> None:
    """Show, open to others, and check the keys of a data folder."""


@group.command()
@options.data
@passphrase_options
@options.as_json
def show(data: Path, passphrase: Passphrase, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Who holds the key-encryption keys, and how many keys hang on them."""
    from api.compose import custody

    found = custody.show(data, passphrase.ask())
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    click.echo(f"provider      {found.provider}")
    click.echo(f"generations   {', '.join(map(str, found.generations))}")
    click.echo(f"it promises   {', '.join(found.capabilities) or 'wrapping alone'}")
    for person in found.people:
        opens = ", ".join(map(str, person.generations))
        cost = f"{person.cost.memory_kib // 1024} MiB, {person.cost.passes} passes"
        said = "damaged" if person.damaged else f"opens generation {opens}, a try costs {cost}"
        yours = ", given just now" if person.open else ""
        click.echo(f"passphrase {person.number}  {said}{yours}")
    for count in found.keys:
        gone = f", {count.destroyed} destroyed" if count.destroyed else ""
        click.echo(
            f"keys          {count.purpose} under generation {count.generation}: {count.keys}{gone}"
        )
    for generation, items in found.items.items():
        click.echo(f"item keys     under generation {generation}: {items}")


@group.command()
@options.data
@passphrase_options
@click.option(
    "--new-passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="The new one; without it, it is asked for twice.",
)
@options.as_json
def add(
    data: Path,
    passphrase: Passphrase,
    new_passphrase_file: Path | None,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Let one more passphrase open the keyfile; hand it over in person."""
    from api.compose import custody

    secret = passphrase.ask()
    new = Passphrase(None, new_passphrase_file).ask(fresh=True)
    tell({"added": custody.add(data, secret, new)}, as_json=as_json)


@group.command()
@click.argument("number", type=int)
@options.data
@passphrase_options
@click.option("--leave-one", is_flag=True, help="Although one passphrase alone is left then.")
@options.as_json
def remove(
    number: int,
    data: Path,
    passphrase: Passphrase,
    leave_one: bool,  # noqa: FBT001 - click hands it over so
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Let a passphrase open the keyfile no more; NUMBER is what `keys show` tells."""
    from api.compose import custody

    custody.remove(data, passphrase.ask(), number, leave_one=leave_one)
    tell({"removed": number}, as_json=as_json)
    if not as_json:
        click.echo("Whoever kept a copy of the keyfile can open that copy: rotate the keys now.")


@group.command()
@options.data
@passphrase_options
@options.as_json
def check(data: Path, passphrase: Passphrase, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Unwrap every key and compare it with what the log says of it."""
    from api.compose import custody

    secret = passphrase.ask()
    with progress("keys", quiet=as_json) as step:
        found = custody.check(data, secret, step)
    told = {each: count for each, count in asdict(found).items() if each != "named"}
    if as_json:
        told["named"] = [{"key": key, "what": what} for key, what in found.named]
    tell(told, as_json=as_json)
    for key, what in found.named if not as_json else ():
        click.echo(f"{key}  {what}", err=True)
    sys.exit(options.BROKEN if found.wrong else 0)


for command in (rotate, renew):
    group.add_command(command)
