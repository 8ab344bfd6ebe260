"""A release of joint content: whose consent it has and whose is missing: State, evolve, decisions.

One consent that is missing keeps everything in; an extract without the others' data is another
release. That something goes out is recorded elsewhere (FAM-05).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain import guardianship
from domain.errors import InTheFuture
from domain.events.joint import (
    ReleaseConsented,
    ReleaseConsentWithdrawn,
    ReleaseEvent,
    ReleaseProposed,
)
from domain.guardianship import Voices
from domain.values import CaseId, ItemId
from domain.wording import worded

Given = tuple[str, ItemId | None]
"""By whom: the alias of a participant, and who spoke for her where it was not she herself."""


@dataclass(frozen=True, slots=True)
class Release:
    """What is known of a release so far."""

    id: ItemId
    case: CaseId
    given: frozenset[Given] = frozenset()


def evolve(state: Release | None, event: object) -> Release | None:
    """The state after the event."""
    match event:
        case ReleaseProposed():
            return Release(event.release, event.case)
        case ReleaseConsented() if state is not None:
            return replace(state, given=state.given | {(event.alias, event.representative)})
        case ReleaseConsentWithdrawn() if state is not None:
            return replace(state, given=state.given - {(event.alias, event.representative)})
        case _:
            return state


def fold(events: Iterable[object]) -> Release | None:
    """The release from its events."""
    state: Release | None = None
    for event in events:
        state = evolve(state, event)
    return state


def propose(state: Release | None, proposed: ReleaseProposed) -> tuple[ReleaseEvent, ...]:
    """Ask for the participants' consents."""
    if state is not None:
        return ()
    worded(proposed.recipient)
    worded(proposed.content)
    return (proposed,)


def consent(
    state: Release, consented: ReleaseConsented, *, now: datetime
) -> tuple[ReleaseEvent, ...]:
    """Record that somebody consents; again, it changes nothing."""
    if (consented.alias, consented.representative) in state.given:
        return ()
    if consented.occurred_at > now:
        raise InTheFuture("occurred_at")
    return (consented,)


def withdraw(
    state: Release, withdrawn: ReleaseConsentWithdrawn, *, now: datetime
) -> tuple[ReleaseEvent, ...]:
    """Record that somebody takes her consent back; what went out before went out lawfully."""
    if (withdrawn.alias, withdrawn.representative) not in state.given:
        return ()
    if withdrawn.occurred_at > now:
        raise InTheFuture("occurred_at")
    return (withdrawn,)


def missing(given: Iterable[Given], needed: Mapping[str, Voices]) -> dict[str, Voices]:
    """Whose consent is missing, by alias; nobody's, and the content may be released.

    ``needed`` says for everybody whom the content concerns, those who have left among them, whose
    word counts on this day. Of somebody who has been erased nobody can consent: she stays missing.
    """
    said = frozenset(given)
    found = {}
    for alias, voices in needed.items():
        speaking = {who for whom, who in said if whom == alias and who is not None}
        left = guardianship.missing(voices, own=(alias, None) in said, representatives=speaking)
        if not guardianship.complete(voices, left):
            found[alias] = left
    return found
