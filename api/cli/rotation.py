"""``powiernik keys rotate`` and ``renew``: keys that change while the clinic goes on.

See docs/custody.md.
"""

from __future__ import annotations

from pathlib import Path

import click

from api.cli import options
from api.cli.output import progress, tell
from api.cli.passphrase import Passphrase, passphrase_options


@click.command()
@options.data
@passphrase_options
@click.option(
    "--other-passphrase-file",
    "others",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another person's passphrase, once for each; without any, one more is asked for.",
)
@click.option(
    "--drop-others", is_flag=True, help="Whose passphrase is not given opens nothing any more."
)
@options.as_json
def rotate(
    data: Path,
    passphrase: Passphrase,
    others: tuple[Path, ...],
    drop_others: bool,  # noqa: FBT001 - click hands it over so
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Move every key to a new generation of the key-encryption key, and destroy the old one.

    The clinic goes on meanwhile; one that was cut short goes on where it was.
    """
    from api.compose import rotation

    passphrases = [passphrase.ask()]
    passphrases += [Passphrase(None, each).ask() for each in others]
    if not others and not drop_others and rotation.has_passphrases(data):
        passphrases.append(Passphrase(None, None).ask())
    with progress("rewrap", quiet=as_json) as step:
        found = rotation.rotate(data, passphrases, drop_closed=drop_others, progress=step)
    told = {
        "from": found.before,
        "to": found.after,
        "keys": found.keys,
        "item_keys": found.items,
        "seconds": round(found.seconds, 1),
        "evidence": found.evidence.decode(errors="replace"),
    }
    tell(told, as_json=as_json)


@click.command()
@click.option("--client", required=True, help="The client's id, or that of a joint case.")
@options.data
@passphrase_options
@options.as_json
def renew(
    client: str,
    data: Path,
    passphrase: Passphrase,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Begin a new epoch of a client's keys: what was sealed before opens as before."""
    from api.compose import rotation

    tell({"retired": rotation.renew(data, passphrase.ask(), client)}, as_json=as_json)
