"""What happens to a session: scheduled, then held, cancelled, or missed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import ADMINISTRATIVE, MEMBERS_PART, Label
from domain.values import CaseId, FreeText, ItemId, NoteId, PractitionerId, SessionId


class CancelledBy(StrEnum):
    """Who called the session off."""

    CLIENT = "client"
    THERAPIST = "therapist"
    CLINIC = "clinic"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionScheduled:
    """A time, a room and a therapist were set aside."""

    NAME: ClassVar[str] = "session.scheduled"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    session: SessionId
    case: CaseId
    therapist: PractitionerId
    starts_at: datetime
    ends_at: datetime
    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHeld:
    """The session took place."""

    NAME: ClassVar[str] = "session.held"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    session: SessionId
    case: CaseId
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCancelled:
    """The session was called off before it began."""

    NAME: ClassVar[str] = "session.cancelled"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    session: SessionId
    case: CaseId
    by: CancelledBy


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMissed:
    """Nobody came, and nobody had cancelled."""

    NAME: ClassVar[str] = "session.no_show"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    session: SessionId
    case: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPartRecorded:
    """What of a joint note concerns one member alone, in a stream of hers and under her key."""

    NAME: ClassVar[str] = "session.part_recorded"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    part: ItemId
    case: CaseId
    note: NoteId
    alias: str
    author: PractitionerId
    text: FreeText
    session: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAttendanceRecorded:
    """Whether one member of a couple, a family or a group was there; the newest word stands."""

    NAME: ClassVar[str] = "session.attendance_recorded"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    attendance: ItemId
    case: CaseId
    session: SessionId
    alias: str
    present: bool


SessionEvent = (
    SessionScheduled
    | SessionHeld
    | SessionCancelled
    | SessionMissed
    | SessionPartRecorded
    | SessionAttendanceRecorded
)
EVENTS: tuple[type[SessionEvent], ...] = (
    SessionScheduled,
    SessionHeld,
    SessionCancelled,
    SessionMissed,
    SessionPartRecorded,
    SessionAttendanceRecorded,
)
