"""Shapes of ratings of the working alliance."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.http.schemas.common import Asked, Id, Instant, Line, Told, example
from domain.alliance import MOST
from domain.events.alliance import Rater, Scores
from domain.use_cases.alliance import NewRating
from domain.values import SessionId
from projections.chart.alliance import RatingLine

Score = Annotated[int, Field(ge=0, le=MOST)]


class AllianceScores(Asked):
    """From 0, not at all, to 10, entirely."""

    model_config = example(relationship=8, goals=7, approach=7, overall=8)

    relationship: Score
    goals: Score
    approach: Score
    overall: Score

    def value(self) -> Scores:
        """The domain's scores."""
        return Scores(self.relationship, self.goals, self.approach, self.overall)


class NewAllianceRating(Asked):
    """Who rated the alliance, when and how; in a joint case a participant by her alias."""

    model_config = example(
        occurred_at="2026-02-23T09:50:00Z",
        rater="client",
        scores={"relationship": 8, "goals": 7, "approach": 7, "overall": 8},
    )

    occurred_at: Instant
    rater: Rater
    scores: AllianceScores
    session: Id | None = None
    alias: Line | None = None

    def value(self) -> NewRating:
        """The domain's rating."""
        session = None if self.session is None else SessionId(self.session)
        return NewRating(self.occurred_at, self.rater, self.scores.value(), session, self.alias)


class RatingTold(Told):
    """One rating; ``change`` is against the one before by the same rater."""

    id: str
    version: int
    occurred_at: datetime
    rater: str
    alias: str | None
    session: str | None
    relationship: int
    goals: int
    approach: int
    overall: int
    total: int
    change: int | None
    corrected: bool


class AllianceTold(Told):
    """The ratings of a case by time: the trend of the alliance."""

    case: str
    ratings: list[RatingTold]


def rating_told(line: RatingLine) -> RatingTold:
    """The answer for a rating."""
    scores = line.scores
    return RatingTold(
        id=line.id,
        version=line.version,
        occurred_at=line.occurred_at,
        rater=line.rater,
        alias=line.alias,
        session=line.session,
        relationship=scores.relationship,
        goals=scores.goals,
        approach=scores.approach,
        overall=scores.overall,
        total=scores.total,
        change=line.change,
        corrected=line.corrected,
    )
