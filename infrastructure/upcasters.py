"""What older versions of stored states become, one step each: by event name and version.

A state is a map of field numbers; an upcaster hands back the state of the next version. They are
for good: no record is ever written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Upcaster = Callable[[dict[int, Any]], dict[int, Any]]


def _nothing_more(state: dict[int, Any]) -> dict[int, Any]:
    """The next version has fields that may be absent, and here are."""
    return state


def _with(number: int, value: object) -> Upcaster:
    """The next version has one more field, and until then it was always this."""
    return lambda state: {**state, number: value}


def _by_outcome(state: dict[int, Any]) -> dict[int, Any]:
    """Version 1 said by its outcome alone who ended a therapy, and where it did not, nobody did."""
    ended_by = {"ended-by-client": "client", "ended-by-therapist": "therapist"}.get(state[1])
    return state if ended_by is None else {**state, 3: ended_by}


WORK: Mapping[tuple[str, int], Upcaster] = {
    # Version 2 says whether the ending was planned, by whom, and on which day.
    ("case.closed", 1): _by_outcome,
}

FRAME: Mapping[tuple[str, int], Upcaster] = {
    # Version 2 says where a session is held; until then it was a room.
    ("session.scheduled", 1): _with(6, "room"),
    # Version 2 says when it was told, how early that was, and whether that was late.
    ("session.cancelled", 1): _nothing_more,
    # Version 2 says what kind of thought it is.
    ("process_note.written", 1): _with(5, "thought"),
    # Version 2 says when it was said, and of a refusal or a withdrawal by whom and why.
    ("consent.given", 1): _nothing_more,
    ("consent.refused", 1): _nothing_more,
    ("consent.withdrawn", 1): _nothing_more,
}
