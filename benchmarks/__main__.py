"""``python -m benchmarks [ROW ...]``: the numbers that the design holds itself to.

Each row runs beside its peer in the same process run, on the same disk. Ratios count; absolute
numbers are those of this machine at this hour.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.append import append, bulk
from benchmarks.backup import backup
from benchmarks.export import export
from benchmarks.growth import growth
from benchmarks.ledger import ledger
from benchmarks.measure import Bench, Finding, Series
from benchmarks.opening import opening
from benchmarks.reads import reads
from benchmarks.rebuild import rebuild
from benchmarks.space import space
from benchmarks.verifying import verify

Row = Callable[[Bench], Iterator[Finding]]
ROWS: dict[str, Row] = {
    "append": append,
    "ledger": ledger,
    "bulk": bulk,
    "reads": reads,
    "rebuild": rebuild,
    "opening": opening,
    "verify": verify,
    "export": export,
    "space": space,
    "growth": growth,
    "backup": backup,
}


@click.command(epilog=f"Rows: {', '.join(ROWS)}.")
@click.argument("rows", nargs=-1, type=click.Choice(list(ROWS)), metavar="[ROW]...")
@click.option("--quick", is_flag=True, help="Less work and fewer rounds.")
@click.option("--json", "report", type=click.Path(dir_okay=False, path_type=Path), help="Write it.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build"),
    show_default=True,
    help="On which disk; a folder in memory would measure nothing.",
)
def main(rows: tuple[str, ...], quick: bool, report: Path | None, folder: Path) -> None:  # noqa: FBT001 - click hands it over so
    """Measure rows, all of them if none is named."""
    console = Console()
    folder.mkdir(parents=True, exist_ok=True)
    findings: list[Finding] = []
    for name in dict.fromkeys(rows or ROWS):
        with (
            tempfile.TemporaryDirectory(prefix="bench-", dir=folder) as place,
            console.status(name) as status,
        ):
            bench = Bench(Path(place), quick, status.update)
            for finding in ROWS[name](bench):
                findings.append(finding)
                status.update(f"{name}: {finding.work} done")
    console.print(table(findings))
    if report is not None:
        report.write_text(json.dumps(told(findings, quick=quick), indent=2) + "\n")


def table(findings: Iterable[Finding]) -> Table:
    """Each finding in a line."""
    made = Table(title="Medians, with their range")
    for heading in ("work", "ours", "beside", "theirs", "ratio", "goal"):
        made.add_column(heading, justify="right" if heading in ("ours", "theirs") else "left")
    for each in findings:
        made.add_row(
            each.work,
            _shown(each.ours),
            each.beside,
            "" if each.peer is None else _shown(each.peer),
            "" if each.ratio is None else f"{each.ratio:.2f}",
            _goal(each),
        )
    return made


def told(findings: Iterable[Finding], *, quick: bool) -> dict[str, object]:
    """The same for a program."""
    return {
        "at": int(time.time()),
        "quick": quick,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "findings": [
            {
                "row": each.row,
                "work": each.work,
                "unit": each.ours.unit,
                "ours": each.ours.values,
                "beside": each.beside or None,
                "theirs": None if each.peer is None else each.peer.values,
                "ratio": each.ratio,
                "least": None if each.goal is None else each.goal.least,
                "most": None if each.goal is None else each.goal.most,
                "met": each.met,
            }
            for each in findings
        ],
    }


def _shown(series: Series) -> str:
    if len(series.values) == 1:
        return f"{_number(series.median)} {series.unit}"
    low, high = _number(min(series.values)), _number(max(series.values))
    return f"{_number(series.median)} {series.unit} ({low}-{high})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _goal(finding: Finding) -> str:
    if finding.goal is None:
        return ""
    goal = finding.goal
    sign, bound = ("≥", goal.least) if goal.most is None else ("≤", goal.most)
    colour = "green" if finding.met else "red"
    return f"[{colour}]{sign} {bound:g}[/]"


if __name__ == "__main__":
    sys.exit(main())
