"""A rating of the working alliance: State, evolve, decisions."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from datetime import datetime

from domain.errors import InTheFuture, Invalid
from domain.events.alliance import (
    AllianceCorrected,
    AllianceEvent,
    AllianceRated,
    Rater,
    Scores,
)
from domain.values import CaseId, ItemId, PractitionerId

MOST = 10


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating as later decisions need to know it."""

    id: ItemId
    case: CaseId
    scores: Scores


def evolve(state: Rating | None, event: object) -> Rating | None:
    """The state after the event."""
    match event:
        case AllianceRated():
            return Rating(event.rating, event.case, event.scores)
        case AllianceCorrected() if state is not None:
            return replace(state, scores=event.scores)
        case _:
            return state


def fold(events: Iterable[object]) -> Rating | None:
    """The rating's state from its events."""
    state: Rating | None = None
    for event in events:
        state = evolve(state, event)
    return state


def rate(state: Rating | None, rated: AllianceRated, *, now: datetime) -> tuple[AllianceEvent, ...]:
    """Record a rating.

    Raises:
        Invalid: A number is outside its scale, or a therapist is said to have an alias.
        InTheFuture: It would have been given later than now.
    """
    if state is not None:
        return ()
    _check(rated.scores)
    if rated.rater is Rater.THERAPIST and rated.alias is not None:
        raise Invalid("alias", "is a participant's, not a therapist's")
    if rated.occurred_at > now:
        raise InTheFuture("occurred_at")
    return (rated,)


def correct(state: Rating, scores: Scores, *, author: PractitionerId) -> tuple[AllianceEvent, ...]:
    """Put other numbers in the place of wrong ones; the same again change nothing.

    Raises:
        Invalid: A number is outside its scale.
    """
    _check(scores)
    if scores == state.scores:
        return ()
    return (AllianceCorrected(rating=state.id, case=state.case, author=author, scores=scores),)


def _check(scores: Scores) -> None:
    if not all(0 <= each <= MOST for each in astuple(scores)):
        raise Invalid("scores", f"are between 0 and {MOST}")
