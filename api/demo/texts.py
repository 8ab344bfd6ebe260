"""The demonstration's texts, by the case that they belong to: ``texts.toml``, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def words(case: str, what: str) -> str:
    """One of the texts, each paragraph on a line of its own."""
    return "\n\n".join(
        " ".join(paragraph.split()) for paragraph in _all()[case][what].strip().split("\n\n")
    )


def everything() -> tuple[str, ...]:
    """Every text, for whoever looks for traces of one."""
    return tuple(words(case, what) for case, texts in _all().items() for what in texts)


@cache
def _all() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = tomllib.loads(
        files("api.demo").joinpath("texts.toml").read_text(encoding="utf-8")
    )
    return found
