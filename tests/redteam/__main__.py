"""``python -m tests.redteam``: every attack of the list, and under which code it was found.

It exits with 1 if one of them was accepted, or found under another code than it has to be.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from tests.redteam.harness import ACCEPTED, NUMBERS, Attack, Waiting
from tests.redteam.suite import Result, attacks, run, waiting


def _numbers(_context: click.Context, _parameter: click.Parameter, value: str) -> frozenset[int]:
    try:
        found = frozenset(int(each) for each in value.split(",") if each)
    except ValueError:
        raise click.BadParameter("numbers with commas between them") from None
    if not found <= frozenset(NUMBERS):
        raise click.BadParameter(f"numbers from {NUMBERS[0]} to {NUMBERS[-1]}")
    return found or frozenset(NUMBERS)


@click.command()
@click.option("--only", default="", metavar="23,25", callback=_numbers, help="Run these alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the results for a program.")
def main(only: frozenset[int], as_json: bool) -> None:
    """Attack freshly made clinics in every way of the list."""
    console = Console()
    wanted, later = attacks(only), waiting(only)
    if as_json:
        results = [run(each) for each in wanted]
        click.echo(json.dumps(told(results, later), indent=2))
    elif console.is_terminal:
        results = list(_with_a_bar(console, wanted))
        console.print(table(results))
        console.print(table_of_waiting(later))
        console.print(summary(results, later))
    else:
        results = []
        click.echo(_line(" no", "attack", "expected", "found", wanted))
        for each in wanted:
            results.append(run(each))
            cells = f"{each.number:>3}", each.title, _expected(each), results[-1].found
            click.echo(f"{_line(*cells, wanted)}  {'ok' if results[-1].good else 'NOT'}")
        for waits in later:
            click.echo(f"{waits.number:>3}  waits, {waits.title}: {waits.why}")
        click.echo(summary(results, later))
    for result in results:
        if result.trace:
            click.echo(f"\n{result.attack.number}:\n{result.trace}", err=True)
    sys.exit(0 if all(each.good for each in results) else 1)


def told(results: Iterable[Result], later: Iterable[Waiting]) -> dict[str, object]:
    """The results for a program."""
    return {
        "attacks": [
            {
                "number": each.attack.number,
                "attack": each.attack.title,
                "expected": each.attack.expects,
                "found": each.found,
                "ok": each.good,
                "seconds": round(each.seconds, 2),
            }
            for each in results
        ],
        "waiting": [
            {"number": each.number, "attack": each.title, "why": each.why} for each in later
        ],
    }


def table(results: Iterable[Result]) -> Table:
    """Each attack in a line."""
    made = Table(title="Attacks, each on a clinic of its own")
    made.add_column("no", justify="right")
    for heading in ("attack", "expected", "found", ""):
        made.add_column(heading)
    for each in results:
        verdict = "[green]ok[/]" if each.good else "[bold red]NOT[/]"
        expected = _expected(each.attack)
        number, title = str(each.attack.number), escape(each.attack.title)
        made.add_row(number, title, expected, escape(each.found), verdict)
    return made


def table_of_waiting(later: Iterable[Waiting]) -> Table:
    """What waits for a later issue, and why."""
    made = Table(title="Not run: they wait for what does not exist yet")
    made.add_column("no", justify="right")
    made.add_column("attack")
    made.add_column("why")
    for each in later:
        made.add_row(str(each.number), escape(each.title), escape(each.why))
    return made


def summary(results: Sequence[Result], later: Sequence[Waiting]) -> str:
    """All of it in a line."""
    good = sum(each.good for each in results)
    accepted = sum(ACCEPTED in each.found for each in results)
    numbers = {each.attack.number for each in results}
    whole = sum(each.number not in numbers for each in later)
    return (
        f"{len(results)} attacks run: {good} found under the expected code,"
        f" {len(results) - good} not, {accepted} accepted; {whole} wait for a later issue,"
        f" {len(later) - whole} in part; {sum(each.seconds for each in results):.0f} s"
    )


def _with_a_bar(console: Console, wanted: Sequence[Attack]) -> Iterator[Result]:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(wanted))
        for each in wanted:
            progress.update(task, description=f"{each.number} {escape(each.title)}")
            yield run(each)
            progress.advance(task)


def _line(number: str, title: str, expected: str, found: str, wanted: Sequence[Attack]) -> str:
    """A line of the table in columns that are as wide as what is to come."""
    titles = max((len(each.title) for each in wanted), default=0)
    codes = max((len(_expected(each)) for each in wanted), default=0)
    return f"{number}  {title:<{titles}}  {expected:<{codes}}  {found:<{codes}}"


def _expected(attack: Attack) -> str:
    return " or ".join(attack.expects)


if __name__ == "__main__":
    main()
