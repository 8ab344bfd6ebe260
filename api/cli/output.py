"""What the command line prints: JSON for scripts, lines and bars for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

STEPS = 10


def tell(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print an answer."""
    if as_json:
        click.echo(json_line(found))
        return
    width = max(len(name) for name in found)
    for name, value in found.items():
        if isinstance(value, Mapping):
            click.echo(f"{name}:")
            for inner, each in value.items():
                click.echo(f"  {inner:<{width}}  {each}")
        else:
            click.echo(f"{name:<{width}}  {value}")


def json_line(found: Mapping[str, Any]) -> str:
    """One object a line, for scripts that read as it comes."""
    return json.dumps(found, ensure_ascii=False, default=str)


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, a plain line at every tenth elsewhere; nothing where quiet."""
    if quiet:
        yield lambda _now, _of: None
        return
    if not sys.stderr.isatty():
        yield _lines(what)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda now, of: bar.update(task, completed=now, total=of)


def _lines(what: str) -> Callable[[int, int], None]:
    told = -1

    def line(now: int, of: int) -> None:
        nonlocal told
        tenth = now * STEPS // of if of else STEPS
        if tenth > told:
            told = tenth
            click.echo(f"{what}: {now} of {of}", err=True)

    return line
