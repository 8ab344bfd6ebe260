"""Couples, families and groups: who takes part, joint notes with the members' parts, attendance."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import Field, StringConstraints

from api.http.schemas.common import Asked, Id, Instant, Told, Words, example
from domain.events.note import NoteKind

_ALIAS = r"^p[1-9][0-9]{0,5}$"
Alias = Annotated[str, StringConstraints(pattern=_ALIAS)]
PathAlias = Annotated[str, Path(pattern=_ALIAS, examples=["p7"])]
MOST_MEMBERS = 30


class NewPart(Asked):
    """What of a joint note concerns one member alone."""

    alias: Alias
    text: Words


class NewJointNote(Asked):
    """A note on a joint session; whoever it names stands in it as a token: ``{{p7}}``."""

    model_config = example(
        kind="session",
        occurred_at="2026-11-23T09:00:00Z",
        text="The couple spoke about the move for the first time.",
        parts=[],
    )

    kind: NoteKind
    occurred_at: Instant
    text: Words
    session: Id | None = None
    parts: Annotated[list[NewPart], Field(max_length=MOST_MEMBERS)]


class Attendance(Asked):
    """Who was there, and who was not; of whom it says nothing, nothing changes."""

    model_config = example(present=["p7", "p41"], absent=[])

    present: Annotated[list[Alias], Field(max_length=MOST_MEMBERS)]
    absent: Annotated[list[Alias], Field(max_length=MOST_MEMBERS)]


class MemberTold(Told):
    """Somebody who takes or took part; of somebody erased nobody can say by which alias."""

    client: str
    alias: str | None
    name: str | None
    removed: bool
    joined_at: datetime
    left_at: datetime | None


class PresentTold(Told):
    """Whether somebody was there."""

    alias: str
    name: str | None
    present: bool


class PartTold(Told):
    """What of a note concerns one member; without a text it has been made unreadable."""

    alias: str
    name: str | None
    text: str | None
