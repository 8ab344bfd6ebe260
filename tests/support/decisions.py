"""The law of every decision: taken again on the state that it led to, it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from domain.errors import WrongState

Decide = Callable[[Any], tuple[object, ...]]
"""A decision with all its words, waiting for a state."""


def must_be_retry_safe(
    fold: Callable[[Iterable[object]], object], history: Sequence[object], *decisions: Decide
) -> None:
    """Whatever has happened, each decision repeated gives no events; a refused one gives none."""
    for decide in decisions:
        try:
            decided = decide(fold(history))
        except WrongState:
            continue
        assert decide(fold([*history, *decided])) == ()
