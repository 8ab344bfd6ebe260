"""Shapes of crisis sheets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from api.crisis_sheets import SHORTEST
from api.http.schemas.common import Asked, Id, Instant, Words, example
from domain.crisis_sheet import MOST_CASES, Use
from domain.events.crisis_sheet import UseReason
from domain.values import CaseId, FreeText

Cases = Annotated[list[Id], Field(min_length=1, max_length=MOST_CASES)]


class NewCrisisSheet(Asked):
    """Which of one's own cases go onto it, until when it opens, and with which passphrase.

    The passphrase is kept nowhere: whoever forgets it has to make another sheet.
    """

    model_config = example(
        cases=["5f2c7b0d9e8a4c61b0d2f3a4c5e6f708"],
        valid_until="2026-03-05T18:00:00Z",
        passphrase="six quiet geese walk over frozen lake",  # noqa: S106 - an example
    )

    cases: Cases
    valid_until: Instant
    passphrase: Annotated[SecretStr, Field(min_length=SHORTEST, max_length=1000)]


class SheetUse(Asked):
    """When a sheet was opened, which cases were looked at, and why."""

    model_config = example(
        occurred_at="2026-02-23T09:00:00Z",
        cases=["5f2c7b0d9e8a4c61b0d2f3a4c5e6f708"],
        reason="outage",
        words="The line was down; she called from the station.",
    )

    occurred_at: Instant
    cases: Cases
    reason: UseReason
    words: Words

    def value(self) -> Use:
        """The domain's use."""
        cases = tuple(CaseId(each) for each in self.cases)
        return Use(self.occurred_at, cases, self.reason, FreeText(self.words))
