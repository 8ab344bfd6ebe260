"""The parts that many requests and answers share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

_ID = r"^[0-9a-f]{32}$"
# A line is one line; a text may have several, and tabs. Neither holds other control characters.
_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
_WORDS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _imaginable(instant: datetime) -> datetime:
    """An instant that every part of the system can count with."""
    if not _FIRST <= instant <= _LAST:
        msg = "is out of range"
        raise ValueError(msg)
    return instant


Id = Annotated[str, StringConstraints(pattern=_ID)]
PathId = Annotated[str, Path(pattern=_ID, examples=["5f2c7b0d9e8a4c61b0d2f3a4c5e6f708"])]
Instant = Annotated[AwareDatetime, AfterValidator(_imaginable)]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=_LINE)
]
Words = Annotated[str, StringConstraints(min_length=1, max_length=200_000, pattern=_WORDS)]


class Asked(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


def example(**fields: Any) -> ConfigDict:
    """What a request body may look like."""
    return ConfigDict(json_schema_extra={"example": fields})
