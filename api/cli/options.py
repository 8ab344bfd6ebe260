"""Options that several commands take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def json_line(found: Mapping[str, Any]) -> str:
    """One object a line, for scripts that read as it comes."""
    return json.dumps(found, ensure_ascii=False, default=str)
