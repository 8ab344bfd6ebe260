"""``powiernik crisis-sheet``: the emergency subset taken along, opened offline, and reported.

``open`` needs neither the data folder nor a network. Before it shows anything it writes into a
journal beside the sheet that it was opened; ``report`` brings the journal into the record.
"""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from api import compose
from api.cli import options
from api.cli.output import tell
from api.cli.own_sign_in import as_name, password_file, password_from, signed_in
from api.cli.passphrase import Passphrase, passphrase_options
from api.compose.crisis_sheets import about_sheet, open_sheet
from api.crisis_sheets import make_sheet
from domain.crisis_sheet import LONGEST, MOST_CASES, Use
from domain.events.crisis_sheet import UseReason
from domain.use_cases.caseload import own_cases
from domain.use_cases.crisis_sheets import report_crisis_sheet_use
from domain.values import CaseId, Command, FreeText, ItemId, PurposeOfUse

APPLICATION = "powiernik crisis-sheet"
JOURNAL = ".journal"
MOST_JOURNAL = 1024 * 1024
_WORDS = 3
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("crisis-sheet")
def group() -> None:
    """What has to be at hand when the clinic cannot be reached."""


@group.command()
@click.argument("sheet", type=click.Path(dir_okay=False, path_type=Path))
@options.data
@passphrase_options
@as_name
@password_file
@click.option("--sheet-passphrase-file", type=_FILE, default=None, help="The sheet's own.")
@click.option("--case", "cases", multiple=True, help="A case of yours; without it, all of them.")
@click.option(
    "--days",
    type=click.IntRange(1, LONGEST.days),
    default=7,
    show_default=True,
    help="How long it opens.",
)
def make(
    sheet: Path,
    data: Path,
    passphrase: Passphrase,
    name: str,
    password_file: Path | None,
    sheet_passphrase_file: Path | None,
    cases: tuple[str, ...],
    days: int,
) -> None:
    """Seal the emergency subset of your own cases into a new file SHEET.

    The look is recorded in the log of each client on it. The sheet's passphrase is kept nowhere.
    """
    if sheet.exists():
        msg = "The sheet's file is there already; it is not overwritten."
        raise click.UsageError(msg)
    secret, password = passphrase.ask(), password_from(password_file)
    own = _sheet_passphrase(sheet_passphrase_file, fresh=True)
    with compose.opened(data, secret) as clinic:
        who = signed_in(clinic, name, password, PurposeOfUse.TREAT, APPLICATION)
        clinic.show(clinic.last_position())
        known = (CaseId(line.case) for line in clinic.views.caseload.of(who.actor.id))
        chosen = tuple(CaseId(each) for each in cases) or tuple(own_cases(clinic.desk, who, known))
        until = clinic.clock.now() + timedelta(days=days)
        making = make_sheet(clinic, clinic.desk, who, chosen[:MOST_CASES], until, own)
        number, sealed = asyncio.run(making)
        compose.write_file(sheet, sealed)
    tell({"sheet": number, "cases": len(chosen), "valid_until": until.isoformat()}, as_json=False)


@group.command("open")
@click.argument("sheet", type=_FILE)
@passphrase_options
@click.option("--case", default=None, help="Show this case alone.")
@options.as_json
def open_(
    sheet: Path,
    passphrase: Passphrase,
    case: str | None,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Open SHEET and show it. That it was opened is written beside it first; report it later."""
    found = open_sheet(sheet.read_bytes(), passphrase.ask(), datetime.now(UTC))
    content = json.loads(found.content)
    shown = [each for each in content["cases"] if case in (None, each["case"])]
    if not shown:
        msg = "The sheet has no such case."
        raise click.UsageError(msg)
    _note_down(sheet, found.sheet, [each["case"] for each in shown])
    if as_json:
        click.echo(json.dumps({**content, "cases": shown}, ensure_ascii=False))
        return
    click.echo(f"Crisis sheet {found.sheet}, opens until {content['valid_until']}")
    for each in shown:
        click.echo("\n".join(_lines(each)))


@group.command()
@click.argument("sheet", type=_FILE)
@options.data
@passphrase_options
@as_name
@password_file
@click.option("--reason", type=click.Choice([each.value for each in UseReason]), required=True)
def report(
    sheet: Path,
    data: Path,
    passphrase: Passphrase,
    name: str,
    password_file: Path | None,
    reason: str,
) -> None:
    """Bring the journal of SHEET into the record: each look, with the instant of its own.

    What is there already is not written twice. What happened is asked for: it is no argument.
    """
    uses = _journal(sheet)
    secret, password = passphrase.ask(), password_from(password_file)
    words = str(click.prompt("What happened", err=True))
    number = ItemId(about_sheet(sheet.read_bytes()).sheet)
    with compose.opened(data, secret) as clinic:
        who = signed_in(clinic, name, password, PurposeOfUse.TREAT, APPLICATION)
        for occurred_at, cases in uses:
            used = Use(occurred_at, cases, UseReason(reason), FreeText(words))
            asyncio.run(
                report_crisis_sheet_use(
                    clinic.desk, who, number, used, command=_command(number, occurred_at, words)
                )
            )
    tell({"reported": len(uses)}, as_json=False)


def _sheet_passphrase(file: Path | None, *, fresh: bool) -> str:
    if file is None:
        click.echo("The sheet's own passphrase:", err=True)
    return Passphrase(None, file).ask(fresh=fresh)


def _note_down(sheet: Path, number: str, cases: list[str]) -> None:
    """Write down that the sheet is about to be shown; durable before anything is."""
    line = f"{datetime.now(UTC).isoformat()} {number} {','.join(cases)}\n"
    journal = sheet.with_name(sheet.name + JOURNAL)
    file = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line.encode())
        os.fsync(file)
    finally:
        os.close(file)


def _journal(sheet: Path) -> list[tuple[datetime, tuple[CaseId, ...]]]:
    """When the sheet was opened, and which cases were shown."""
    journal = sheet.with_name(sheet.name + JOURNAL)
    if not journal.exists():
        msg = "There is no journal beside the sheet: it was not opened here."
        raise click.UsageError(msg)
    found = []
    with journal.open("rb") as file:
        lines = file.read(MOST_JOURNAL).decode("ascii", "replace").splitlines()
    for each in lines:
        words = each.split(" ")
        try:
            instant = datetime.fromisoformat(words[0])
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None or len(words) != _WORDS:
            msg = "The journal beside the sheet is damaged; report by hand what happened."
            raise click.UsageError(msg)
        found.append((instant, tuple(CaseId(case) for case in words[2].split(","))))
    return found


def _command(number: str, occurred_at: datetime, words: str) -> Command:
    name = f"sheet-{number}-{occurred_at.isoformat()}"
    return Command(name, sha256(words.encode()).digest())


def _lines(case: dict[str, Any]) -> list[str]:
    """One case as somebody in a hurry reads it: whom to call, what is agreed, what is known."""
    lines = ["", f"== Case {case['case']}"]
    for each in case["contacts"]:
        reach = ", ".join(each[how] for how in ("phone", "email", "address") if each[how])
        lines.append(f"{each['name']} ({each['relation']}): {reach}")
    lines.extend(
        f"Diagnosis: {each['code']} {each['title']} ({each['certainty']})"
        for each in case["diagnoses"]
    )
    for each in case["medication"]:
        said = ", ".join(each[what] for what in ("dose", "words") if each[what])
        lines.append(f"Medication: {each['substance']} {said}".rstrip())
    lines.extend(f"Crisis since {each['occurred_at']}: {each['words']}" for each in case["crises"])
    assessed = case["assessment"]
    if assessed:
        levels = f"to self {assessed['to_self']}, to others {assessed['to_others']}"
        lines.append(f"Risk assessed {assessed['changed_at']}: {levels}")
        lines += _sections(assessed)
    if case["safety_plan"]:
        lines.append("Safety plan:")
        lines += _sections(case["safety_plan"])
    return lines


def _sections(item: dict[str, Any]) -> list[str]:
    return [f"  {each['code']}: {each['text']}" for each in item["sections"]]
