"""The parts that many requests and answers share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

_ID = r"^[0-9a-f]{32}$"
Id = Annotated[str, StringConstraints(pattern=_ID)]
PathId = Annotated[str, Path(pattern=_ID, examples=["5f2c7b0d9e8a4c61b0d2f3a4c5e6f708"])]
Instant = AwareDatetime
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=200_000)]


class Asked(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)
