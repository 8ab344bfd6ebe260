"""Ratings of the working alliance: recorded, and corrected where a number was entered wrongly."""

from dataclasses import dataclass
from datetime import datetime

from domain import alliance as alliance_file, case as case_file
from domain.alliance import Rating
from domain.events import Event
from domain.events.alliance import AllianceRated, Rater, Scores
from domain.use_cases.desk import Desk
from domain.use_cases.members import by_alias
from domain.use_cases.on_case import OnCase
from domain.use_cases.on_item import begin, change
from domain.use_cases.sessions import must_be_of_case
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    ItemId,
    PractitionerId,
    Receipt,
    SessionId,
)

KIND = "alliance"


@dataclass(frozen=True, slots=True)
class NewRating:
    """Who rated what, and when; in a joint case a participant by her alias."""

    occurred_at: datetime
    rater: Rater
    scores: Scores
    session: SessionId | None = None
    alias: str | None = None


async def rate_alliance(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewRating, *, command: Command
) -> Receipt:
    """Record a rating; the receipt names the ``alliance``."""

    def decide(admitted: OnCase, rating: ItemId) -> tuple[Event, ...]:
        case_file.must_be_open(admitted.case)
        must_be_of_case(desk, case_id, new.session)
        if new.alias is not None:
            by_alias(desk, admitted.case, (new.alias,))
        rated = AllianceRated(
            rating=rating,
            case=case_id,
            author=PractitionerId(admitted.who.actor.id),
            occurred_at=new.occurred_at,
            rater=new.rater,
            scores=new.scores,
            session=new.session,
            alias=new.alias,
        )
        return alliance_file.rate(None, rated, now=desk.clock.now())

    return await begin(desk, who, case_id, KIND, decide, command=command)


async def correct_rating(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    rating_id: ItemId,
    scores: Scores,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Put other numbers in the place of wrong ones."""

    def decide(admitted: OnCase, state: Rating) -> tuple[Event, ...]:
        author = PractitionerId(admitted.who.actor.id)
        return alliance_file.correct(state, scores, author=author)

    return await change(
        desk,
        who,
        case_id,
        rating_id,
        KIND,
        alliance_file.fold,
        decide,
        expected=expected,
        command=command,
    )
