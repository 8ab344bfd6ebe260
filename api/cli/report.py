"""``powiernik access-report``: who looked at a client's record, for her to keep and to check.

Whoever makes it signs in: the look at the log is recorded like every other, and is the last line of
what the client is handed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from api import compose
from api.cli import options
from api.cli.output import json_line, tell
from api.cli.own_sign_in import as_name, password_file, password_from, signed_in
from api.cli.passphrase import Passphrase, passphrase_options
from api.compose import ledger
from domain.ports import Opening
from domain.use_cases import compliance
from domain.values import ActorKind, ClientId, PurposeOfUse
from projections.entries import Entry

MOST_ENTRIES = 100_000
WAIT_SECONDS = 120.0
APPLICATION = "powiernik access-report"


@click.command("access-report")
@click.argument("client")
@options.data
@passphrase_options
@as_name
@password_file
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Write what proves the log to be whole into this new file.",
)
@click.option(
    "--wait",
    type=float,
    default=WAIT_SECONDS,
    show_default=True,
    help="Seconds to wait for a checkpoint that covers the report.",
)
@options.as_json
def access_report(
    client: str,
    data: Path,
    passphrase: Passphrase,
    name: str,
    password_file: Path | None,
    bundle: Path | None,
    wait: float,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Who looked at the record of CLIENT (her id), when, at what and why."""
    if bundle is not None and bundle.exists():
        msg = "The bundle's file is there already; it is not overwritten."
        raise click.UsageError(msg)
    secret = passphrase.ask()
    password = password_from(password_file)
    with compose.opened(data, secret) as clinic:
        who = signed_in(clinic, name, password, PurposeOfUse.ACCESS_REVIEW, APPLICATION)
        look = compliance.look_at_access_log(clinic.desk, who, ClientId(client))
        opening, receipt = asyncio.run(look)
        collected = ledger.collect(clinic.folder, opening, client) if bundle else None
        clinic.show(receipt.last)
        entries = clinic.views.access_log.of(client, opening, limit=MOST_ENTRIES)
        names = _names(clinic, opening, entries)
        if bundle is None or collected is None:
            _print(entries, names, as_json=as_json)
            return
        found = ledger.bundle(clinic.folder, collected, names, clinic.clock.now(), wait)
        # For her eyes: readable to whoever made it alone.
        compose.write_file(bundle, found)
    # What her onboarding card says: whoever has it sees that no other log was handed to her.
    card = {"origin": clinic.desk.origin, "access_log": collected.stream.hex()}
    shown = {"bundle": bundle.name, **card, **asdict(ledger.counted(found))}
    tell(shown, as_json=as_json)


def _names(clinic: compose.Clinic, opening: Opening, entries: Iterable[Entry]) -> dict[str, str]:
    """The names of staff, as the clinic says them."""
    found = {}
    for actor in {each.actor for each in entries if each.actor_kind == ActorKind.STAFF.value}:
        card = clinic.views.name_cards.of(actor, opening)
        if card is not None:
            found[actor] = card.name
    return found


def _print(entries: Iterable[Entry], names: dict[str, str], *, as_json: bool) -> None:
    for each in entries:
        line = {
            "at": each.recorded_at.isoformat(timespec="seconds"),
            "who": names.get(each.actor, each.actor),
            "role": each.role,
            "why": each.purpose,
            "did": each.kind,
            "what": each.object_type,
            "classes": ", ".join(each.classes),
            "position": each.position,
        }
        if as_json:
            click.echo(json_line(line))
        else:
            click.echo("  ".join(str(value) for value in line.values() if value is not None))
